/* SPDX-License-Identifier: MIT */
/*
 * RISC-V: what early.h asks for. One table has both halves, so the image is mapped to itself in the
 * kernel's own.
 */

#include "early.h"

#include <vmm/riscv.h>

enum vmm_err early_tables(struct kernel_early *early)
{
	const struct vmm_table_config config = {
		.frames = &early->kernel.bump.frames,
	};
	enum vmm_err err = EARLY(init)(&early->upper, &config);

	return err == VMM_OK ? early_map_image(&early->upper, 0) : err;
}

/* A mode that the CPU doesn't have leaves satp as it is. */
enum vmm_err early_enable(struct kernel_early *early)
{
	struct vmm_riscv_regs regs;
	enum vmm_err err = vmm_riscv_plan_enable(&early->upper, &regs);

	if (err == VMM_OK && !vmm_riscv_enable(&regs)) {
		err = VMM_ERR_UNSUPPORTED;
	}
	return err;
}
