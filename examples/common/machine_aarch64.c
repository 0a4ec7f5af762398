/* SPDX-License-Identifier: MIT */
/*
 * AArch64: what machine.h asks for.
 */

#include "machine.h"

#include <vmm/aarch64.h>

const struct vmm_format *const machine_format = &PORT_FORMAT;
const vmm_va_t machine_free_va = VMM_VA_INIT(0x80000000);
const char *const machine_translate_how = "AT S1E1R";
uint32_t machine_return_instruction = 0xd65f03c0;

static struct vmm_aarch64_table kernel_table;

enum vmm_err machine_table_init(const struct vmm_table_config *config, struct vmm_table **table)
{
	enum vmm_err err = vmm_aarch64_table_init(&kernel_table, config);

	if (err == VMM_OK) {
		*table = &kernel_table.base;
	}
	return err;
}

enum vmm_err machine_enable(const struct vmm_table *table)
{
	struct vmm_aarch64_features features;
	struct vmm_aarch64_regs regs;
	enum vmm_err err;

	vmm_aarch64_probe(&features);
	err = vmm_aarch64_plan_enable(table, NULL, &features, &regs);
	if (err == VMM_OK) {
		vmm_aarch64_enable(&regs);
	}
	return err;
}

bool machine_is_enabled(void)
{
	return vmm_aarch64_is_enabled();
}

enum vmm_err machine_translate(vmm_va_t va, vmm_pa_t *pa)
{
	return vmm_aarch64_translate(va, VMM_AARCH64_KERNEL_READ, pa);
}

bool machine_fault_decode(const struct vmm_table *table, const struct board_trap *trap,
			  struct vmm_fault *fault)
{
	(void)table;
	vmm_aarch64_fault_decode(trap->cause, trap->address, fault);
	return fault->kind != VMM_FAULT_OTHER;
}
