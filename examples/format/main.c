/* SPDX-License-Identifier: MIT */
/* The seventh format at work: the same calls as for the six that come with the library. */

#include <inttypes.h>

#include <vmm/bump.h>
#include <vmm/vmm.h>

#include "../host/host.h"
#include "x86_64.h"

static struct vmm_bump bump;
static struct vmm_table table;
static struct vmm_mapping pool[8];
static struct vmm vmm;

static void show(uint64_t va)
{
	struct vmm_leaf leaf;

	require("query", vmm_table_query(&table, vmm_va(va), &leaf));
	printf("0x%016" PRIx64 ": descriptor 0x%016" PRIx64 ", %" PRIu64 " KiB\n", va,
	       leaf.descriptor, leaf.size / 1024);
}

int main(void)
{
	struct vmm_table_config table_config = {.format = &x86_64, .frames = &bump.frames};
	struct vmm_config config = {
		.table = &table,
		.pool = pool,
		.pool_count = 8,
		.area = VMM_VA_REGION_INIT(UINT64_C(0xffff800000000000), UINT64_C(1) << 47),
		.mmio_window = VMM_VA_REGION_INIT(UINT64_C(0xfffff00000000000), 0x10000000),
	};
	vmm_va_region_t code = VMM_VA_REGION_INIT(UINT64_C(0xffffffff80000000), 0x200000);
	vmm_va_region_t data = VMM_VA_REGION_INIT(UINT64_C(0xffffffff80200000), 0x3000);
	vmm_va_region_t hot = VMM_VA_REGION_INIT(UINT64_C(0xffffffff80100000), 0x1000);
	vmm_va_t apic;

	require("bump", vmm_bump_init(&bump, ram, 12, ram_window()));
	require("table", vmm_table_init(&table, &table_config));
	require("manager", vmm_init(&vmm, &config));
	require("code",
		vmm_map_at(&vmm, "Kernel code", code, vmm_pa(0x200000), VMM_KERNEL_RX, NULL));
	require("data",
		vmm_map_at(&vmm, "Kernel data", data, vmm_pa(0x400000), VMM_KERNEL_RW, NULL));
	require("APIC", vmm_map_mmio(&vmm, "Local APIC", vmm_pa(0xfee00000), 0x400, &apic, NULL));
	show(vmm_va_raw(vmm_va_region_start(code)));
	require("part", vmm_protect_part(&vmm, hot, VMM_KERNEL_RO, NULL));
	show(vmm_va_raw(vmm_va_region_start(code)));
	show(vmm_va_raw(vmm_va_region_start(hot)));
	show(vmm_va_raw(apic));
	vmm_print_chars(&vmm, put);
	printf("%" PRIu64 " differences between record and tables\n", vmm_audit(&vmm, NULL));
	return 0;
}
