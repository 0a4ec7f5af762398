/* SPDX-License-Identifier: MIT */
/* vmm/direct.h: a direct mapping of all memory that is mapped piece by piece, as it is used. */

#include <inttypes.h>

#include <vmm/bump.h>
#include <vmm/direct.h>
#include <vmm/riscv.h>

#include "host.h"

static struct vmm_bump bump;
static struct vmm_table table;
static struct vmm_mapping pool[4];
static struct vmm vmm;
static struct vmm_direct direct;

int main(void)
{
	/* 1 GiB of memory, of which firmware keeps the first 2 MiB. */
	static const vmm_pa_region_t memory = VMM_PA_REGION_INIT(0x80000000, 0x40000000);
	static const vmm_pa_region_t firmware = VMM_PA_REGION_INIT(0x80000000, 0x200000);
	struct vmm_table_config table_config = {.format = &vmm_riscv_sv39, .frames = &bump.frames};
	struct vmm_config config = {
		.table = &table,
		.pool = pool,
		.pool_count = 4,
		.area = VMM_VA_REGION_INIT(VMM_SV39_DIRECT_START, VMM_SV39_DIRECT_SIZE),
	};
	struct vmm_direct_config direct_config = {
		.name = "Memory",
		.map = VMM_DIRECT_MAP_INIT(VMM_SV39_DIRECT_START, 0x40000000, 0x80000000),
		.memory = &memory,
		.memory_count = 1,
		.holes = &firmware,
		.hole_count = 1,
	};
	vmm_pa_region_t page = VMM_PA_REGION_INIT(0x90001000, 0x1000);
	struct vmm_leaf leaf;
	vmm_va_t va;

	require("bump", vmm_bump_init(&bump, ram, 12, ram_window()));
	require("table", vmm_table_init(&table, &table_config));
	require("manager", vmm_init(&vmm, &config));
	require("direct", vmm_direct_init(&direct, &vmm, &direct_config, NULL));

	require("va", vmm_direct_va(&direct.map, vmm_pa_region_start(page), &va));
	printf("the page will be at 0x%" PRIx64 "; now: %s\n", vmm_va_raw(va),
	       vmm_err_str(vmm_table_query(&table, va, &leaf)));
	require("ensure", vmm_direct_ensure(&direct, page, &va, NULL));
	require("query", vmm_table_query(&table, va, &leaf));
	printf("it is there, in a leaf of %" PRIu64 " KiB\n", leaf.size / 1024);
	printf("firmware's memory: %s\n",
	       vmm_err_str(vmm_direct_ensure(&direct, firmware, NULL, NULL)));
	return 0;
}
