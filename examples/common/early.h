/* SPDX-License-Identifier: MIT */
#ifndef EXAMPLES_EARLY_H
#define EXAMPLES_EARLY_H

/**
 * @file early.h
 * A kernel of the upper half, from the physical address that it is loaded at to the virtual one that
 * it is linked for: first early.c, then high.c. docs/higher-half.md tells why.
 */

#include <vmm/format.h>

#include "kernel.h"

/** What the first code leaves behind: with physical addresses as pointers, until high.c moves them. */
struct kernel_early {
	struct kernel kernel;
	struct vmm_table upper;    /**< the kernel's; on RISC-V it holds the lower half as well */
	struct vmm_table identity; /**< AArch64: the image where it is loaded, for the switch */
};

/**
 * PORT_FORMAT's plain function of that name: vmm_aarch64_4k_map for EARLY(map). vmm_table_map() would
 * go through the format's table of functions, whose pointers are the linker's: they lead to the upper
 * half, where nothing is mapped yet.
 */
#define EARLY_PASTE_(format, operation) format##_##operation
#define EARLY_PASTE(format, operation)  EARLY_PASTE_(format, operation)
#define EARLY(operation)                EARLY_PASTE(PORT_FORMAT, operation)

/** Maps the image section by section, `offset` above where it is. Guards are left out. */
VMM_MUST_CHECK enum vmm_err early_map_image(struct vmm_table *table, uint64_t offset);

/* --- early_<cpu>.c --- */

/** Sets up the tables, and maps the image to itself as the switch needs it. Translation is off. */
VMM_MUST_CHECK enum vmm_err early_tables(struct kernel_early *early);

/** Switches translation on, by the tables as they are now. */
VMM_MUST_CHECK enum vmm_err early_enable(struct kernel_early *early);

#endif /* EXAMPLES_EARLY_H */
