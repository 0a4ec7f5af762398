/* SPDX-License-Identifier: MIT */
/*
 * A kernel that runs where it is loaded: from nothing to translation by tables that map it 1:1.
 * drivers/main.c does the same step by step.
 */

#include "kernel.h"

const char *const kernel_how = "built by kernel_main()";

static struct kernel kernel;

struct kernel *kernel_set_up(void)
{
	vmm_pa_region_t frames = kernel_take_ram(KERNEL_FRAME_COUNT);
	struct vmm_detail detail = {.level = -1};

	kernel_require("bump",
		       vmm_bump_init(&kernel.bump, frames, machine_format->geometry->page_shift, 0),
		       NULL);
	kernel_require("table",
		       machine_table_init(
			       &(struct vmm_table_config){
				       .format = machine_format,
				       .frames = &kernel.bump.frames,
			       },
			       &kernel.table),
		       NULL);
	kernel_require("manager",
		       vmm_init(&kernel.vmm,
				&(struct vmm_config){
					.table = kernel.table,
					.pool = kernel.pool,
					.pool_count = sizeof(kernel.pool) / sizeof(kernel.pool[0]),
					.mmio_window = VMM_VA_REGION_INIT(KERNEL_MMIO_START,
									  KERNEL_MMIO_SIZE),
				}),
		       NULL);
	kernel_require("kernel", kernel_map_self(&kernel.vmm, frames, &detail), &detail);
	kernel_require("enable", machine_enable(kernel.table), NULL);
	kernel_require("drivers", kernel_start_drivers(&kernel.vmm, &detail), &detail);
	return &kernel;
}
