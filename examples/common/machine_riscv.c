/* SPDX-License-Identifier: MIT */
/*
 * RISC-V: what machine.h asks for.
 */

#include "machine.h"

#include <vmm/riscv.h>

const struct vmm_format *const machine_format = &PORT_FORMAT;
const struct vmm_layout *const machine_layout = &PORT_LAYOUT;
const struct vmm_sync *const machine_sync = &vmm_riscv_sync;
/* 0x80000000, where other machines have nothing, is firmware's memory here. */
const vmm_va_t machine_free_va = VMM_VA_INIT(0xc0000000);
const char *const machine_translate_how = "a walk from satp";
uint32_t machine_return_instruction = 0x00008067;

static struct vmm_riscv_table kernel_table;

/* vmm_riscv_probe() makes a table here, before there is another. */
static _Alignas(4096) uint64_t scratch[512];

enum vmm_err machine_table_init(const struct vmm_table_config *config, struct vmm_table **table)
{
	enum vmm_err err = vmm_riscv_table_init(&kernel_table, config);

	if (err == VMM_OK) {
		*table = &kernel_table.base;
	}
	return err;
}

enum vmm_err machine_enable(const struct vmm_table *table)
{
	struct vmm_riscv_features features;
	struct vmm_riscv_regs regs;
	enum vmm_err err = vmm_riscv_probe(scratch, &features);

	if (err == VMM_OK && features.va_bits < machine_format->geometry->va_bits_max) {
		err = VMM_ERR_UNSUPPORTED;
	}
	if (err == VMM_OK) {
		err = vmm_riscv_plan_enable(table, &regs);
	}
	if (err == VMM_OK && !vmm_riscv_enable(&regs)) {
		err = VMM_ERR_UNSUPPORTED;
	}
	return err;
}

bool machine_is_enabled(void)
{
	return vmm_riscv_is_enabled();
}

bool machine_is_planned(const struct vmm_table *table)
{
	uint64_t satp;

	__asm__("csrr %0, satp" : "=r"(satp));
	return satp != 0 && satp == vmm_riscv_satp(table);
}

/* Holes between its sections may be unmapped as well. */
enum vmm_err machine_drop_identity(struct vmm_table *table, struct vmm_table *lower,
				   vmm_va_region_t image)
{
	(void)lower;
	return vmm_table_unmap(table, image, NULL);
}

/* Tables are as far above their physical addresses as the image is. */
enum vmm_err machine_translate(vmm_va_t va, vmm_pa_t *pa)
{
	return vmm_riscv_translate(BOARD_VIRTUAL_OFFSET, va, false, pa);
}

bool machine_fault_decode(const struct vmm_table *table, const struct board_trap *trap,
			  struct vmm_fault *fault)
{
	vmm_riscv_fault_decode(trap->cause, trap->address, trap->status, fault);
	vmm_riscv_fault_refine(table, trap->status, fault);
	return fault->kind != VMM_FAULT_OTHER;
}
