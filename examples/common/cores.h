/* SPDX-License-Identifier: MIT */
#ifndef EXAMPLES_CORES_H
#define EXAMPLES_CORES_H

/**
 * @file cores.h
 * More cores than one, in a kernel of the upper half.
 */

#include "kernel.h"

/** The most cores that run, the first one included. */
#define CORES_MAX 4

/**
 * Starts every further core that the machine has, up to CORES_MAX together, and returns how many
 * there are, the first one included. Each has stacks with guard pages of its own, translates by the
 * kernel's table and calls fn with its number, 1 and on.
 */
unsigned int cores_start(struct kernel *kernel, void (*fn)(unsigned int number));

/** A lock: 0 when nobody has it. */
struct lock {
	unsigned int taken;
};

void lock_take(struct lock *lock);
void lock_give(struct lock *lock);

/** Tells the core that it waits for another one. */
void cores_pause(void);

/* --- cores_<cpu>.c --- */

/**
 * Makes the registers by which a core switches translation on where it is loaded, to go on in the
 * upper half: the kernel's table, and the image's code where it is loaded.
 */
VMM_MUST_CHECK enum vmm_err cores_machine_regs(struct kernel *kernel, uint64_t *regs);

/** On such a core: only the kernel's table from here on, and all that was cached is forgotten. */
VMM_MUST_CHECK enum vmm_err cores_machine_settle(struct kernel *kernel);

/** When all cores have settled: ends the mapping that the switch needed. */
void cores_machine_done(void);

/**
 * vmm_sync::invalidate for tables that several cores translate by: on all of them. The second one
 * is wrong on purpose: on this core only.
 */
void cores_machine_invalidate(const struct vmm_table *table,
			      const struct vmm_invalidation *request);
void cores_machine_invalidate_here(const struct vmm_table *table,
				   const struct vmm_invalidation *request);

#endif /* EXAMPLES_CORES_H */
