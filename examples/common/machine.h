/* SPDX-License-Identifier: MIT */
#ifndef EXAMPLES_MACHINE_H
#define EXAMPLES_MACHINE_H

/**
 * @file machine.h
 * What differs between AArch64 and RISC-V in the example kernels: a table's type, the way to switch
 * translation on, to ask where an address leads, and to read a trap. machine_<cpu>.c is no more
 * than the calls that a kernel for one CPU would make itself.
 */

#include <board.h>
#include <vmm/fault.h>
#include <vmm/layout.h>
#include <vmm/table.h>

/** The format that this kernel was built for. */
extern const struct vmm_format *const machine_format;

/** What a kernel of the upper half uses which addresses for. */
extern const struct vmm_layout *const machine_layout;

/** The seam for tables that this CPU walks. */
extern const struct vmm_sync *const machine_sync;

/** A page that no board has memory or devices at: free for a kernel that maps memory 1:1. */
extern const vmm_va_t machine_free_va;

/** How machine_translate() knows, for people. */
extern const char *const machine_translate_how;

/** A function that returns at once, as the CPU reads it. Data, so it can't be executed. */
extern uint32_t machine_return_instruction;

/** vmm_aarch64_table_init() or vmm_riscv_table_init() for the kernel's one table, in *table. */
VMM_MUST_CHECK enum vmm_err machine_table_init(const struct vmm_table_config *config,
					       struct vmm_table **table);

/**
 * Finds out what the CPU has, and switches translation by `table` on.
 *
 * VMM_ERR_UNSUPPORTED: the CPU doesn't have this format. The other errors are those of
 * vmm_aarch64_plan_enable() and vmm_riscv_plan_enable().
 */
VMM_MUST_CHECK enum vmm_err machine_enable(const struct vmm_table *table);

/** Whether translation is on. */
bool machine_is_enabled(void);

/**
 * Whether translation is on with the words that the library plans for `table`, that of the upper half,
 * whoever wrote them.
 */
bool machine_is_planned(const struct vmm_table *table);

/**
 * Takes away what the switch to the upper half needed, `image` mapped to itself: on AArch64 by
 * `lower`, which ends; on RISC-V by `table`, the kernel's own.
 */
VMM_MUST_CHECK enum vmm_err machine_drop_identity(struct vmm_table *table, struct vmm_table *lower,
						  vmm_va_region_t image);

/**
 * Asks the hardware, past the library's tables, where `va` leads when the kernel reads there: on
 * AArch64 by an instruction, on RISC-V, which has none, by a walk from satp. An address that can't be
 * read has no answer but VMM_ERR_NOENT, so what is in *pa after VMM_OK is memory or a device.
 */
VMM_MUST_CHECK enum vmm_err machine_translate(vmm_va_t va, vmm_pa_t *pa);

/**
 * Reads a trap that happened while the CPU translated by `table`. False: it was no memory fault. A
 * RISC-V CPU tells neither the level nor why; there the tables are asked why.
 */
bool machine_fault_decode(const struct vmm_table *table, const struct board_trap *trap,
			  struct vmm_fault *fault);

#endif /* EXAMPLES_MACHINE_H */
