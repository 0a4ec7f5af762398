/* SPDX-License-Identifier: MIT */
/* vmm/vmm.h, vmm/record.h, vmm/out.h: the manager, and what it knows. */

#include <inttypes.h>

#include <vmm/aarch64.h>
#include <vmm/bump.h>
#include <vmm/vmm.h>

#include "host.h"

static struct vmm_bump bump;
static struct vmm_aarch64_table table;
static struct vmm_mapping pool[16];
static struct vmm vmm;

static void map(const char *name, uint64_t va, uint64_t size, uint64_t pa, vmm_attr_t attr)
{
	vmm_va_region_t where = VMM_VA_REGION_INIT(va, size);
	struct vmm_detail detail;

	require(name, vmm_map_at(&vmm, name, where, vmm_pa(pa), attr, &detail));
}

static vmm_va_t map_registers(const char *name, uint64_t pa, uint64_t size)
{
	vmm_va_t va;

	require(name, vmm_map_mmio(&vmm, name, vmm_pa(pa), size, &va, NULL));
	return va;
}

int main(void)
{
	struct vmm_table_config table_config = {.format = &vmm_aarch64_64k, .frames = &bump.frames};
	struct vmm_config config = {
		.table = &table.base,
		.pool = pool,
		.pool_count = sizeof(pool) / sizeof(pool[0]),
		.mmio_window = VMM_VA_REGION_INIT(0x100000000, 0x10000000),
	};
	vmm_va_region_t part = VMM_VA_REGION_INIT(0x20000000, 0x10000);
	struct vmm_out_chars out;
	vmm_va_t uart;

	require("bump", vmm_bump_init(&bump, ram, 16, ram_window()));
	require("table", vmm_aarch64_table_init(&table, &table_config));
	require("manager", vmm_init(&vmm, &config));
	vmm_out_chars_init(&out, put);

	map("Kernel code", 0x80000, 0x10000, 0x80000, VMM_KERNEL_RX);
	map("Kernel data", 0x90000, 0x20000, 0x90000, VMM_KERNEL_RW);
	map("Heap", 0x20000000, 0x100000, 0x1000000, VMM_KERNEL_RW);

	/* Two drivers whose registers share a page share a mapping, and either may go first. */
	uart = map_registers("UART", 0x3f201000, 0x90);
	(void)map_registers("GPIO", 0x3f200000, 0xb4);
	printf("the UART's registers are at 0x%" PRIx64 "\n\n", vmm_va_raw(uart));
	vmm_print(&vmm, &out.out);

	/* A part of a mapping can go; what is left keeps its name. */
	require("part", vmm_unmap_part(&vmm, part, NULL));
	require("UART", vmm_unmap_mmio(&vmm, uart, "UART", NULL));
	printf("\nthe heap begins later now, and GPIO is alone:\n");
	vmm_print(&vmm, &out.out);

	/* Past the manager somebody changes the tables: the audit finds it. */
	require("behind its back",
		vmm_table_unmap(&table.base, vmm_mapping_va(vmm_first(&vmm)), NULL));
	printf("\nthe audit says:\n");
	printf("%" PRIu64 " difference\n", vmm_audit(&vmm, &out.out));
	return 0;
}
