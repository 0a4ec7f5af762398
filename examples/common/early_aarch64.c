/* SPDX-License-Identifier: MIT */
/*
 * AArch64: what early.h asks for. TTBR1_EL1 is the kernel's, TTBR0_EL1 is left to user programs once
 * the switch is made.
 */

#include "early.h"

#include <vmm/aarch64.h>

static void clean(const struct vmm_bump *bump)
{
	vmm_aarch64_clean(vmm_frames_ptr(&bump->frames, vmm_pa_region_start(bump->memory)),
			  (size_t)vmm_pa_region_size(bump->memory));
}

enum vmm_err early_tables(struct kernel_early *early)
{
	struct vmm_table_config config = {
		.frames = &early->kernel.bump.frames,
		.half = VMM_UPPER_HALF,
	};
	enum vmm_err err;

	/* Old lines must not be written over what is stored past the caches from here on. */
	clean(&early->kernel.bump);
	err = EARLY(init)(&early->upper, &config);
	if (err == VMM_OK) {
		config.half = VMM_LOWER_HALF;
		err = EARLY(init)(&early->identity, &config);
	}
	return err == VMM_OK ? early_map_image(&early->identity, 0) : err;
}

enum vmm_err early_enable(struct kernel_early *early)
{
	struct vmm_aarch64_features features;
	struct vmm_aarch64_regs regs;
	enum vmm_err err;

	vmm_aarch64_probe(&features);
	err = vmm_aarch64_plan_enable(&early->identity, &early->upper, &features, &regs);
	if (err == VMM_OK) {
		/* Nor may old lines be read in place of the tables: the seam that would see to it
		 * is made of the linker's pointers, so the tables have none. */
		clean(&early->kernel.bump);
		vmm_aarch64_enable(&regs);
	}
	return err;
}
