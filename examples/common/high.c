/* SPDX-License-Identifier: MIT */
/*
 * A kernel of the upper half: what early.c built moves up with the kernel, and what the switch needed
 * goes.
 */

#include "early.h"

/* The objects are where they were; their new addresses, and those of all that they point to, are
 * BOARD_VIRTUAL_OFFSET above the old ones. The frames' window has moved before. */
static void move_up(struct kernel_early *early)
{
	vmm_bump_rebase(&early->kernel.bump, BOARD_VIRTUAL_OFFSET, 0);
	vmm_table_rebase(&early->upper, BOARD_VIRTUAL_OFFSET);
	vmm_table_set_sync(&early->upper, machine_sync);
	vmm_table_rebase(&early->identity, BOARD_VIRTUAL_OFFSET);
	vmm_table_set_sync(&early->identity, machine_sync);
	vmm_rebase(&early->kernel.vmm, BOARD_VIRTUAL_OFFSET);
	early->kernel.table = &early->upper;
}

const char *const kernel_how = "built by its first code";

struct kernel *kernel_set_up(void)
{
	struct kernel_early *early = &kernel_early_objects;
	uint64_t start = vmm_pa_raw(vmm_pa_region_start(board_section(BOARD_SECTION_CODE)));
	vmm_va_region_t image = VMM_VA_REGION_INIT(start, vmm_pa_raw(board_image_end()) - start);
	struct vmm_detail detail = {.level = -1};

	move_up(early);
	/* The first frames of free memory are the tables' already. */
	if (!vmm_pa_region_equal(kernel_take_ram(KERNEL_FRAME_COUNT), early->kernel.bump.memory)) {
		kernel_fail("early.c took other memory for its frames");
	}
	kernel_require("identity", machine_drop_identity(&early->upper, &early->identity, image),
		       NULL);
	kernel_require("drivers", kernel_start_drivers(&early->kernel.vmm, &detail), &detail);
	return &early->kernel;
}
