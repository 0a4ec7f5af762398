/* SPDX-License-Identifier: MIT */
#ifndef VMM_MANAGER_H
#define VMM_MANAGER_H

/**
 * @file manager.h
 * What the files of the manager share. Private.
 */

#include <vmm/vmm.h>

#include "record_impl.h"
#include "space_impl.h"

/** Says where it failed, if someone wants to know, and returns `err`. */
VMM_INLINE enum vmm_err vmm_fail_at_(struct vmm_detail *detail, uint64_t va, enum vmm_err err)
{
	if (detail != NULL) {
		detail->va = vmm_va(va);
		detail->descriptor = 0;
		detail->level = -1;
	}
	return err;
}

/** The MMIO window; empty if there is none. */
VMM_INLINE vmm_va_region_t vmm_window_(const struct vmm *vmm)
{
	return vmm_space_area(&vmm->window);
}

/** Whether the byte at `va` is in the MMIO window. */
VMM_INLINE bool vmm_in_window_(const struct vmm *vmm, vmm_va_t va)
{
	return vmm_va_region_contains(vmm_window_(vmm), va);
}

/** The space that the byte at `va` belongs to. */
VMM_INLINE const struct vmm_space *vmm_space_of_(const struct vmm *vmm, vmm_va_t va)
{
	return vmm_in_window_(vmm, va) ? &vmm->window : &vmm->area;
}

/**
 * The entry that has `va`, be it in one of its guard pages, or NULL. `in_guard` is written only if
 * there is one.
 */
struct vmm_mapping *vmm_entry_at_(const struct vmm *vmm, vmm_va_t va, bool *in_guard);

/*
 * Whatever takes an entry and a range looks for both first, which changes nothing; then the tables
 * are changed, which may fail; then it takes what it found, which can't. So there is nothing to undo.
 */

/** What an entry shall be. */
struct vmm_hold_ {
	const char *name;
	vmm_va_region_t va;
	vmm_pa_t pa;
	vmm_attr_t attr;
	enum vmm_mapping_kind kind;
	vmm_attr_t stored;        /* found by vmm_hold_look_() */
	struct vmm_place_ place;
};

/**
 * Looks whether `va` of the area can be held, and an entry be had. Errors as of vmm_map_at(), without
 * those of the tables.
 */
VMM_MUST_CHECK enum vmm_err vmm_hold_look_(struct vmm *vmm, struct vmm_hold_ *hold,
					   struct vmm_detail *detail);

/**
 * Takes an entry, there being a free one, and the place in the space. The entry is not yet in the
 * tree by physical address.
 */
struct vmm_mapping *vmm_hold_take_(struct vmm_record *record, struct vmm_space *space,
				   const struct vmm_hold_ *hold);

/** Releases the entry's range and makes the entry free. It is in no tree by physical address. */
void vmm_drop_(struct vmm_record *record, struct vmm_space *space, struct vmm_mapping *mapping);

/**
 * Looks for a place for `pa` at an address congruent to it modulo the largest leaf that can be used
 * for it, as `want` says otherwise; its size and alignment are filled in. With `improve` it lowers
 * bounds that are too high on the way. Errors as of vmm_space_probe().
 */
VMM_MUST_CHECK enum vmm_err vmm_look_congruent_(const struct vmm_table *table,
						struct vmm_space *space, vmm_pa_region_t pa,
						vmm_attr_t attr, bool improve,
						struct vmm_want *want, struct vmm_place_ *place);

/** Zeroes a cursor, without the call of memset that an initializer may become. */
void vmm_audit_start_(struct vmm_audit_cursor *audit);

#endif /* VMM_MANAGER_H */
