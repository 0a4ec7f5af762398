/* SPDX-License-Identifier: MIT */
/*
 * AArch64: what machine.h asks for.
 */

#include "machine.h"

#include <vmm/aarch64.h>

#define TCR_EPD0 (UINT64_C(1) << 7)

/* Halves have tables of their own, so that areas share nothing by entries of a root table, and the
 * quarters of the upper half do for every granule. */
static const struct vmm_layout machine_aarch64_layout = {
	.va_bits = 49,
	.entry_shift = 46,
	.areas =
		{
			[VMM_AREA_USER] = VMM_VA_REGION_INIT(0, UINT64_C(1) << 48),
			[VMM_AREA_KERNEL] =
				VMM_VA_REGION_INIT(UINT64_C(0xffff000000000000), UINT64_C(1) << 46),
			[VMM_AREA_IO] =
				VMM_VA_REGION_INIT(UINT64_C(0xffff400000000000), UINT64_C(1) << 46),
			[VMM_AREA_DIRECT] =
				VMM_VA_REGION_INIT(UINT64_C(0xffff800000000000), UINT64_C(1) << 46),
		},
};

const struct vmm_format *const machine_format = &PORT_FORMAT;
const struct vmm_layout *const machine_layout = &PORT_LAYOUT;
const struct vmm_sync *const machine_sync = &vmm_aarch64_sync;
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

bool machine_is_planned(const struct vmm_table *table)
{
	struct vmm_aarch64_features features;
	struct vmm_aarch64_regs regs;
	uint64_t mair, tcr, ttbr1, sctlr;

	vmm_aarch64_probe(&features);
	if (vmm_aarch64_plan_enable(NULL, table, &features, &regs) != VMM_OK) {
		return false;
	}
	__asm__("mrs %0, mair_el1" : "=r"(mair));
	__asm__("mrs %0, tcr_el1" : "=r"(tcr));
	__asm__("mrs %0, ttbr1_el1" : "=r"(ttbr1));
	__asm__("mrs %0, sctlr_el1" : "=r"(sctlr));
	return mair == regs.mair && (tcr | TCR_EPD0) == regs.tcr && ttbr1 == regs.ttbr1 &&
	       sctlr == regs.sctlr;
}

/*
 * No walk may begin in the table when its frames are given back: EPD0 forbids walks of TTBR0_EL1
 * (Arm ARM D24.2, TCR_EL1), and vmm_table_fini() takes what was cached.
 */
enum vmm_err machine_drop_identity(struct vmm_table *table, struct vmm_table *lower,
				   vmm_va_region_t image)
{
	struct vmm_aarch64_features features;
	struct vmm_aarch64_regs regs;
	enum vmm_err err;

	(void)image;
	vmm_aarch64_probe(&features);
	err = vmm_aarch64_plan_enable(NULL, table, &features, &regs);
	if (err == VMM_OK) {
		vmm_aarch64_reload(&regs);
		vmm_table_fini(lower);
	}
	return err;
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
