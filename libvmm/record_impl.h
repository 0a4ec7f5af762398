/* SPDX-License-Identifier: MIT */
#ifndef VMM_RECORD_IMPL_H
#define VMM_RECORD_IMPL_H

/**
 * @file record_impl.h
 * The record behind the manager: free entries, and the tree by physical address. Private.
 *
 * An entry is free (chained, otherwise all zero), a further user of another entry, or holds a range
 * of a space. Of the last, those that are mapped as a whole stand in the tree.
 */

#include <vmm/record.h>

VMM_INLINE struct vmm_mapping *vmm_mapping_of_range_(struct vmm_range *range)
{
	return VMM_CONTAINER_OF(range, struct vmm_mapping, range);
}

/** Makes all `count` entries of the array free. */
void vmm_record_init_(struct vmm_record *record, struct vmm_mapping *pool, uint32_t count);

/** Whether one entry is free, or two (`count`). */
VMM_INLINE bool vmm_record_has_free_(const struct vmm_record *record, unsigned int count)
{
	return record->free != NULL && (count == 1 || record->free->users != NULL);
}

/** Takes the next free entry, of which there is one, and sets its name and kind. */
struct vmm_mapping *vmm_record_take_(struct vmm_record *record, const char *name,
				     enum vmm_mapping_kind kind);

/** Gives an entry back whose range is released and that is in no tree: the next to be taken. */
void vmm_record_put_(struct vmm_record *record, struct vmm_mapping *mapping);

/** Adds a mapping, whose range is reserved, to the tree by physical address. O(log n). */
void vmm_record_link_(struct vmm_record *record, struct vmm_mapping *mapping);

/**
 * As vmm_record_first_at_(); if it is NULL, a mapping of [first, last] is to be linked left below
 * *above; NULL: below the root, as it is, too, if one was found.
 */
struct vmm_mapping *vmm_record_seek_(const struct vmm_record *record, uint64_t first,
				     uint64_t last, struct vmm_link_ **above);

/** Adds a mapping left below `above`, which was sought for it since the tree last changed. */
void vmm_record_link_below_(struct vmm_record *record, struct vmm_mapping *mapping,
			    struct vmm_link_ *above);

/** Takes a mapping out of the tree. O(log n). */
void vmm_record_unlink_(struct vmm_record *record, struct vmm_mapping *mapping);

/** The first mapping by physical address that has a byte of [first, last], or NULL. O(log n). */
struct vmm_mapping *vmm_record_first_at_(const struct vmm_record *record, uint64_t first,
					 uint64_t last);

/** The next one behind `mapping`, or NULL. O(log n). */
struct vmm_mapping *vmm_record_next_at_(const struct vmm_mapping *mapping, uint64_t first,
					uint64_t last);

/** The mapping with the lowest, or next higher, physical start; NULL: there is none. */
struct vmm_mapping *vmm_record_lowest_(const struct vmm_record *record);
struct vmm_mapping *vmm_record_above_(const struct vmm_mapping *mapping);

/** Makes `user` the last of the mapping's further users. O(1). */
void vmm_record_add_user_(struct vmm_mapping *mapping, struct vmm_mapping *user);

/**
 * Takes the first user of that name out and returns the entry that became free; the mapping itself
 * if it has no other user; NULL: there is no user of that name. O(users).
 */
struct vmm_mapping *vmm_record_drop_user_(struct vmm_mapping *mapping, const char *name);

/** Whether `pointer` is an entry of the array. */
bool vmm_record_has_(const struct vmm_record *record, const void *pointer);

/**
 * Checks the free entries and the tree; `held` is the number of entries that hold a range, and
 * `users` that of further users, both as counted in the spaces.
 */
bool vmm_record_is_sound_(const struct vmm_record *record, uint64_t held, uint64_t users,
			  uint64_t mapped);

/** Adds `delta` to every stored pointer but those of the ranges, which are the spaces'. */
void vmm_record_rebase_(struct vmm_record *record, uint64_t delta);

#endif /* VMM_RECORD_IMPL_H */
