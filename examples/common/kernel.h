/* SPDX-License-Identifier: MIT */
#ifndef EXAMPLES_KERNEL_H
#define EXAMPLES_KERNEL_H

/**
 * @file kernel.h
 * What the example kernels share beyond board and machine.
 */

#include <board.h>
#include <vmm/bump.h>
#include <vmm/vmm.h>

#include "machine.h"

/** Where the manager puts devices if memory is mapped 1:1: above all that the boards have. */
#define KERNEL_MMIO_START UINT64_C(0x100000000)
#define KERNEL_MMIO_SIZE  UINT64_C(0x10000000)

/** Frames that a kernel here gives to its tables; most need fewer than 20. */
#ifndef KERNEL_FRAME_COUNT
#define KERNEL_FRAME_COUNT 64
#endif

/** The first frames of free memory, for tables and tests; further calls give the next ones. */
vmm_pa_region_t kernel_take_ram(uint64_t page_count);

/** Where the image and the tables are mapped: 1:1, or BOARD_VIRTUAL_OFFSET above in the upper half. */
vmm_va_region_t kernel_va(vmm_pa_region_t pa);

/** What a kernel needs to map memory: frames, a table, and the manager with its record. */
struct kernel {
	struct vmm_bump bump;
	struct vmm_table *table;
	struct vmm vmm;
	struct vmm_mapping pool[32]; /**< one for each mapping, and for each further driver of one */
};

/** How the kernel's tables came about, for people. */
extern const char *const kernel_how;

/**
 * From the start of kernel_main() to a kernel whose image and drivers are mapped and recorded, with
 * translation on. In low.c it builds everything; in high.c it takes over what the first code built, in
 * precomputed.c what a tool built with the kernel.
 */
struct kernel *kernel_set_up(void);

/** Whether a section is a guard, to be left unmapped. */
bool kernel_section_is_guard(enum board_section section);

/** What the kernel may do with a section: no memory is both writable and executable. */
vmm_attr_t kernel_section_attr(enum board_section section);

/**
 * Maps the image section by section under its names, guards its guard pages, and maps `frames`,
 * where the tables are.
 */
VMM_MUST_CHECK enum vmm_err kernel_map_self(struct vmm *vmm, vmm_pa_region_t frames,
					    struct vmm_detail *detail);

/** The same where all of it is mapped already, past the record. */
VMM_MUST_CHECK enum vmm_err kernel_adopt_self(struct vmm *vmm, vmm_pa_region_t frames,
					      struct vmm_detail *detail);

/**
 * Brings up every driver of the board: maps its registers into the MMIO window under the driver's
 * name, tells the board, and starts the device there.
 */
VMM_MUST_CHECK enum vmm_err kernel_start_drivers(struct vmm *vmm, struct vmm_detail *detail);

/** Ends the kernel with status 1 if `err` is an error, and says what failed where. */
void kernel_require(const char *what, enum vmm_err err, const struct vmm_detail *detail);

/** Ends the kernel with status 1 and says why. */
_Noreturn void kernel_fail(const char *why);

/** Prints a text and a number. Works with translation off, where printf doesn't. */
void kernel_show(const char *text, uint64_t value);

#endif /* EXAMPLES_KERNEL_H */
