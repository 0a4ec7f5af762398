/* SPDX-License-Identifier: MIT */
/*
 * The first C code of a kernel of the upper half, at the physical address that it was loaded at.
 *
 * Up to early_enable() nothing may follow an address that the linker stored: no pointer in constant
 * data, no format's table of functions, no name in an array. Code and data are reached from the PC,
 * and pointers are made at run time; test/checks/check_early.py judges the linked kernel.
 */

#include "early.h"

#define DECLARE(format) VMM_FORMAT_DECLARE(format)
DECLARE(PORT_FORMAT);

/* Of no known address, so that the compiler can't make constants of pointers into it. */
struct kernel_early kernel_early_objects;

static enum vmm_err map(struct vmm_table *table, vmm_pa_region_t pa, uint64_t offset,
			vmm_attr_t attr)
{
	vmm_va_region_t va = VMM_VA_REGION_INIT(vmm_pa_raw(vmm_pa_region_start(pa)) + offset,
						vmm_pa_region_size(pa));

	return EARLY(map)(table, va, vmm_pa_region_start(pa), attr, NULL);
}

enum vmm_err early_map_image(struct vmm_table *table, uint64_t offset)
{
	enum vmm_err err = VMM_OK;

	for (unsigned int i = 0; i < BOARD_SECTION_COUNT && err == VMM_OK; i++) {
		enum board_section section = (enum board_section)i;
		vmm_pa_region_t pa = board_section(section);

		if (!kernel_section_is_guard(section) && !vmm_pa_region_is_empty(pa)) {
			err = map(table, pa, offset, kernel_section_attr(section));
		}
	}
	return err;
}

/* The frames are the first memory behind the image, as kernel_take_ram() will have it. */
static enum vmm_err build(struct kernel_early *early)
{
	unsigned int shift = __builtin_ctz(PORT_PAGE_SIZE);
	vmm_pa_region_t frames = VMM_PA_REGION_INIT(vmm_pa_raw(board_image_end()),
						    (uint64_t)KERNEL_FRAME_COUNT << shift);
	enum vmm_err err = vmm_bump_init(&early->kernel.bump, frames, shift, 0);

	if (err == VMM_OK) {
		err = early_tables(early);
	}
	if (err == VMM_OK) {
		err = early_map_image(&early->upper, BOARD_VIRTUAL_OFFSET);
	}
	if (err == VMM_OK) {
		err = map(&early->upper, frames, BOARD_VIRTUAL_OFFSET, VMM_KERNEL_RW);
	}
	return err;
}

/*
 * What was mapped goes into the record. The manager works through the format's table of functions,
 * whose pointers lead somewhere now that translation is on, though this code still runs at physical
 * addresses and leaves such pointers in the objects. The frames are only mapped in the upper half.
 */
static __attribute__((noinline)) enum vmm_err early_record(struct kernel_early *early)
{
	struct kernel *kernel = &early->kernel;
	const struct vmm_config config = {
		.table = &early->upper,
		.pool = kernel->pool,
		.pool_count = sizeof(kernel->pool) / sizeof(kernel->pool[0]),
		.area = vmm_table_region(&early->upper, VMM_UPPER_HALF),
		.mmio_window = machine_layout->areas[VMM_AREA_IO],
	};
	enum vmm_err err;

	vmm_bump_rebase(&kernel->bump, 0, BOARD_VIRTUAL_OFFSET);
	err = vmm_init(&kernel->vmm, &config);
	return err == VMM_OK ? kernel_adopt_self(&kernel->vmm, kernel->bump.memory, NULL) : err;
}

enum vmm_err kernel_early(struct kernel_early *early)
{
	enum vmm_err err = build(early);

	if (err == VMM_OK) {
		err = early_enable(early);
	}
	return err == VMM_OK ? early_record(early) : err;
}
