/* SPDX-License-Identifier: MIT */
/* vmm/blob.h, vmm/adopt.h: tables from an earlier stage, with the record of what they map. */

#include <vmm/adopt.h>
#include <vmm/aarch64.h>
#include <vmm/blob.h>
#include <vmm/bump.h>

#include "host.h"

#define TABLES_SIZE UINT64_C(0x10000)

static const struct vmm_blob_entry entries[] = {
	{"Kernel code", VMM_VA_REGION_INIT(0x80000, 0x4000), VMM_PA_INIT(0x80000),
	 {VMM_ATTR_EXEC(VMM_EXEC_KERNEL) | VMM_ATTR_GLOBAL}, VMM_MAPPING_PLAIN},
	{"Boot stack", VMM_VA_REGION_INIT(0x90000, 0x1000), VMM_PA_INIT(0), {0},
	 VMM_MAPPING_GUARD},
	{"Kernel data", VMM_VA_REGION_INIT(0x91000, 0x8000), VMM_PA_INIT(0x91000),
	 {VMM_ATTR_WRITE | VMM_ATTR_GLOBAL}, VMM_MAPPING_PLAIN},
};
#define ENTRY_COUNT (sizeof(entries) / sizeof(entries[0]))

static unsigned char blob[512];

/* The earlier stage: a loader, or a tool at build time. It leaves memory, a root and a blob. */
static void first_stage(vmm_pa_region_t tables)
{
	static struct vmm_bump bump;
	static struct vmm_table table;
	struct vmm_table_config config = {.format = &vmm_aarch64_4k, .frames = &bump.frames};
	struct vmm_blob_head head = {
		.format = vmm_aarch64_4k.geometry->name,
		.half = VMM_LOWER_HALF,
		.va_bits = 48,
		.pa_bits = 48,
		.page_shift = 12,
		.borrowed = tables,
		.entry_count = ENTRY_COUNT,
	};

	require("bump", vmm_bump_init(&bump, tables, 12, ram_window()));
	require("table", vmm_table_init(&table, &config));
	for (unsigned int i = 0; i < ENTRY_COUNT; i++) {
		if (entries[i].kind == VMM_MAPPING_PLAIN) {
			require(entries[i].name, vmm_table_map(&table, entries[i].va, entries[i].pa,
							       entries[i].attr, NULL));
		}
	}
	head.root = vmm_table_root(&table);
	require("blob", vmm_blob_write(blob, sizeof(blob), &head, entries));
}

int main(void)
{
	static struct vmm_bump bump;
	static struct vmm_table table;
	static struct vmm_mapping pool[8];
	static struct vmm vmm;
	struct vmm_adoption adoption = {
		.manager = {.table = &table, .pool = pool, .pool_count = 8},
		.tables = {.format = &vmm_aarch64_4k, .frames = &bump.frames},
		.blob = blob,
		.blob_size = sizeof(blob),
	};
	struct vmm_detail detail;
	vmm_pa_region_t tables;
	vmm_pa_region_t rest;

	require("split", vmm_pa_region_split(ram, TABLES_SIZE, &tables, &rest));
	first_stage(tables);

	/* Now the kernel, with frames of its own for what it will map from here on. */
	require("bump", vmm_bump_init(&bump, rest, 12, ram_window()));
	require("adopt", vmm_adopt(&vmm, &adoption, &detail));
	vmm_print_chars(&vmm, put);
	printf("record and tables agree: %s\n", vmm_audit(&vmm, NULL) == 0 ? "yes" : "no");
	return 0;
}
