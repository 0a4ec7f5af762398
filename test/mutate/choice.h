/* SPDX-License-Identifier: MIT */
#ifndef MUTATE_CHOICE_H
#define MUTATE_CHOICE_H

/* Included before everything when all changes are compiled at once: see mutate.py. */

/* The number of the change that is in effect; 0: none. */
extern int vmm_mutant;

/* By slot: whether it was come to. */
extern unsigned char vmm_slot[];

/* Whether the change in effect may be one of the slot's, `first` to `last`. */
#define VMM_SLOT_(number, first, last)                                              \
	(vmm_slot[number] = 1,                                                      \
	 __builtin_expect(vmm_mutant >= (first), 0) && vmm_mutant <= (last))

#endif /* MUTATE_CHOICE_H */
