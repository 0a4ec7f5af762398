/* SPDX-License-Identifier: MIT */
/*
 * A kernel of the upper half whose tables vmm-precompute makes when it is built: what the tool is
 * asked for, and how the kernel takes over what it finds.
 */

#include "kernel.h"

#include <precompute.h>
#include <vmm/adopt.h>

VMM_PRECOMPUTE_FORMAT(PORT_TOOL_FORMAT, PORT_VA_BITS, 0, "");
VMM_PRECOMPUTE_MAP("Kernel code", __text_start, __text_end, "rx");
VMM_PRECOMPUTE_MAP("Kernel read-only data", __rodata_start, __rodata_end, "ro");
VMM_PRECOMPUTE_MAP("Kernel data", __data_start, __data_end, "rw");
VMM_PRECOMPUTE_GUARD("Kernel stack", __stack_guard, __stack_bottom);
VMM_PRECOMPUTE_MAP("Kernel stack", __stack_bottom, __stack_top, "rw");
VMM_PRECOMPUTE_GUARD("Trap stack", __trap_guard, __trap_stack_bottom);
VMM_PRECOMPUTE_MAP("Trap stack", __trap_stack_bottom, __trap_stack_top, "rw");
/* Frames for what is mapped later: the first memory behind the image. */
VMM_PRECOMPUTE_MAP_AT("Table frames", __free_start, KERNEL_FRAME_COUNT * PORT_PAGE_SIZE,
		      __free_start - BOARD_VIRTUAL_OFFSET, "rw");
/* What switches translation on: kernel.ld has it in the first page. */
VMM_PRECOMPUTE_IDENTITY("The switch", __text_start, __text_start + PORT_PAGE_SIZE, "rx");

const char *const kernel_how = "made with the kernel";

static struct kernel kernel;
static struct vmm_table table;
static struct vmm_table identity;

/* The area is all that is above the image's offset: in each layout that is the kernel's. */
static enum vmm_err adopt(struct vmm_detail *detail)
{
	const struct vmm_adoption adoption = {
		.manager =
			{
				.table = &table,
				.pool = kernel.pool,
				.pool_count = sizeof(kernel.pool) / sizeof(kernel.pool[0]),
				.area = VMM_VA_REGION_INIT(BOARD_VIRTUAL_OFFSET,
							   0 - (uint64_t)BOARD_VIRTUAL_OFFSET),
				.mmio_window = machine_layout->areas[VMM_AREA_IO],
			},
		.tables =
			{
				.format = machine_format,
				.frames = &kernel.bump.frames,
				.sync = machine_sync,
			},
		.blob = &vmm_precomputed_blob[vmm_precomputed.upper_blob],
		.blob_size = vmm_precomputed.upper_blob_size,
	};

	return vmm_adopt(&kernel.vmm, &adoption, detail);
}

/* On AArch64 the switch has a table of its own. */
static enum vmm_err drop_identity(void)
{
	vmm_pa_region_t code = board_section(BOARD_SECTION_CODE);
	vmm_va_region_t page = VMM_VA_REGION_INIT(vmm_pa_raw(vmm_pa_region_start(code)),
						  PORT_PAGE_SIZE);
	const struct vmm_table_config config = {
		.format = machine_format,
		.frames = &kernel.bump.frames,
		.sync = machine_sync,
		.borrowed = VMM_PA_REGION_INIT(vmm_precomputed.tables, vmm_precomputed.tables_size),
		.root = VMM_PA_INIT(vmm_precomputed.lower_root),
	};
	enum vmm_err err = vmm_table_init(&identity, &config);

	return err == VMM_OK ? machine_drop_identity(&table, &identity, page) : err;
}

struct kernel *kernel_set_up(void)
{
	vmm_pa_region_t frames = kernel_take_ram(KERNEL_FRAME_COUNT);
	struct vmm_detail detail = {.level = -1};

	kernel_require("bump",
		       vmm_bump_init(&kernel.bump, frames, machine_format->geometry->page_shift,
				     BOARD_VIRTUAL_OFFSET),
		       NULL);
	kernel_require("adopt", adopt(&detail), &detail);
	if (!machine_is_planned(&table)) {
		kernel_fail("the first instructions set the CPU up in another way");
	}
	kernel_require("identity", drop_identity(), NULL);
	kernel_require("drivers", kernel_start_drivers(&kernel.vmm, &detail), &detail);
	kernel.table = &table;
	return &kernel;
}
