/* SPDX-License-Identifier: MIT */
#ifndef VMM_SPACE_IMPL_H
#define VMM_SPACE_IMPL_H

/**
 * @file space_impl.h
 * What the files of the address space share. Private.
 *
 * Addresses are uint64_t here. The end of a range, start + size, is 2^64 and therefore 0 if the
 * range ends with the last byte of the 64-bit space; nothing compares ends, only distances.
 */

#include "rb.h"

/* vmm_range.size: the number of guard pages before and after, and the page size. */
#define VMM_RANGE_BEFORE_SHIFT_ 0
#define VMM_RANGE_AFTER_SHIFT_ 4
#define VMM_RANGE_PAGE_SHIFT_ 8
#define VMM_RANGE_FIELD_ UINT64_C(15)
#define VMM_RANGE_BITS_ UINT64_C(4095)

/* vmm_range.start: bounds of gaps, as a class. The first classes are of one page each, then there are so
 * many for each doubling. */
#define VMM_CLASS_FINE_ UINT64_C(2048)
#define VMM_CLASS_STEPS_ UINT64_C(32)

/* The page size that a zero in the configuration means, and the smallest one. */
#define VMM_SPACE_PAGE_SHIFT_ 12

VMM_STATIC_ASSERT(VMM_SPACE_GUARDS_MAX == VMM_RANGE_FIELD_, "a number of guards fills its field");

/** What reserve looks for, in bytes, from arguments that were checked. */
struct vmm_search_ {
	uint64_t size;        /* guards included */
	uint64_t before;      /* bytes of guard pages before the usable part */
	uint64_t align_mask;  /* the usable part starts at align_offset modulo align_mask + 1 */
	uint64_t align_offset;
	uint64_t first;       /* the first and the last byte of the window */
	uint64_t last;
	uint64_t bound;       /* what nodes above such a gap have for a bound, at least */
	bool exact;           /* as of the space */
	bool windowed;        /* the window is not the whole area */
	bool improve;         /* bounds that are found to be too high are lowered */
};

/**
 * A place for a range: `lead` bytes behind the end of `owner`. No owner: there is none. Found but
 * not taken it holds until the space next changes.
 */
struct vmm_place_ {
	struct vmm_range *owner;
	uint64_t lead;
	uint64_t size; /* as vmm_range.size: guards included, their numbers in the low bits */
	bool in_vain;  /* nodes were looked at in vain, whose bounds could be lowered */
};

VMM_INLINE struct vmm_range *vmm_range_of_addr_(struct vmm_link_ *link)
{
	return VMM_CONTAINER_OF(link, struct vmm_range, by_addr);
}

VMM_INLINE struct vmm_range *vmm_range_of_gap_(struct vmm_link_ *link)
{
	return VMM_CONTAINER_OF(link, struct vmm_range, by_gap);
}

VMM_INLINE uint64_t vmm_range_size_(const struct vmm_range *range)
{
	return range->size & ~VMM_RANGE_BITS_;
}

VMM_INLINE uint64_t vmm_range_start_(const struct vmm_range *range)
{
	return range->start & ~VMM_RANGE_BITS_;
}

/** Where the gap starts. */
VMM_INLINE uint64_t vmm_range_end_(const struct vmm_range *range)
{
	return vmm_range_start_(range) + vmm_range_size_(range);
}

VMM_INLINE uint64_t vmm_range_before_(const struct vmm_range *range)
{
	uint64_t page_shift = (range->size >> VMM_RANGE_PAGE_SHIFT_) & VMM_RANGE_FIELD_;

	return ((range->size >> VMM_RANGE_BEFORE_SHIFT_) & VMM_RANGE_FIELD_)
	       << (page_shift + VMM_SPACE_PAGE_SHIFT_);
}

VMM_INLINE uint64_t vmm_range_after_(const struct vmm_range *range)
{
	uint64_t page_shift = (range->size >> VMM_RANGE_PAGE_SHIFT_) & VMM_RANGE_FIELD_;

	return ((range->size >> VMM_RANGE_AFTER_SHIFT_) & VMM_RANGE_FIELD_)
	       << (page_shift + VMM_SPACE_PAGE_SHIFT_);
}

/** The index of the lowest bit set, by a multiplication with a de Bruijn sequence. */
VMM_INLINE unsigned int vmm_lowest_bit_anywhere_(uint64_t word)
{
	static const uint8_t index[64] = {
		0,  1,  2,  53, 3,  7,  54, 27, 4,  38, 41, 8,  34, 55, 48, 28,
		62, 5,  39, 46, 44, 42, 22, 9,  24, 35, 59, 56, 49, 18, 29, 11,
		63, 52, 6,  26, 37, 40, 33, 47, 61, 45, 43, 21, 23, 58, 17, 10,
		51, 25, 36, 32, 60, 20, 57, 16, 50, 31, 19, 15, 30, 14, 13, 12,
	};

	return index[((word & (0 - word)) * UINT64_C(0x022fdd63cc95386d)) >> 58];
}

/** The same in the way that this CPU has for it. */
VMM_INLINE unsigned int vmm_lowest_bit_(uint64_t word)
{
	return VMM_HAS_CTZ_ ? (unsigned int)__builtin_ctzll(word) : vmm_lowest_bit_anywhere_(word);
}

/** vmm_range_region(), where a call is too much. */
VMM_INLINE vmm_va_region_t vmm_range_usable_(const struct vmm_range *range)
{
	uint64_t before = vmm_range_before_(range);
	vmm_va_region_t region = VMM_VA_REGION_INIT(
		vmm_range_start_(range) + before,
		vmm_range_size_(range) - before - vmm_range_after_(range));

	return region;
}

/**
 * A gap as a bound of a subtree. If bounds are exact: its size. Else the class of its size, which
 * leaves room for more in the node: pages of 4 KiB one by one, and from 2048 on in steps of a 32nd
 * to a 64th. A larger gap is of no lower class; so one of a lower class is smaller.
 */
VMM_INLINE uint64_t vmm_bound_of_(uint64_t gap, bool exact)
{
	uint64_t pages = gap >> VMM_SPACE_PAGE_SHIFT_;
	uint64_t rest = pages / (VMM_CLASS_FINE_ / VMM_CLASS_STEPS_);
	uint64_t class = VMM_CLASS_FINE_ - VMM_CLASS_STEPS_;
	unsigned int shift;

	if (exact) {
		return gap;
	}
	if (pages < VMM_CLASS_FINE_) {
		return pages;
	}
	/* Invariant: rest is pages in the steps of `class`, and at least VMM_CLASS_STEPS_. */
	for (shift = 32; shift > 0; shift /= 2) {
		if (rest >> shift >= VMM_CLASS_STEPS_) {
			rest >>= shift;
			class += shift * VMM_CLASS_STEPS_;
		}
	}
	return class + rest;
}

/** At least the bound of `gap` and of each child. */
VMM_INLINE uint64_t vmm_range_bound_(const struct vmm_range *range, bool exact)
{
	return exact ? range->largest : range->start & VMM_RANGE_BITS_;
}

VMM_INLINE void vmm_range_set_bound_(struct vmm_range *range, uint64_t bound, bool exact)
{
	if (exact) {
		range->largest = bound;
	} else {
		range->start = vmm_range_start_(range) | bound;
	}
}

/** What the bound of a node would be at best: by its gap and the bounds of its children. */
VMM_INLINE uint64_t vmm_range_best_bound_(const struct vmm_range *range, bool exact)
{
	uint64_t best = vmm_bound_of_(range->gap, exact);

	for (unsigned int side = 0; side < 2; side++) {
		struct vmm_link_ *child = range->by_addr.child[side];
		uint64_t bound = 0;

		if (child != NULL) {
			bound = vmm_range_bound_(vmm_range_of_addr_(child), exact);
		}
		best = bound > best ? bound : best;
	}
	return best;
}

/*
 * Neighbors. Unless bounds are exact a node knows the ones before and behind it, by their distance
 * in memory, which is the same seen from both. If it doesn't fit, neither knows the other, and who
 * wants to know has to go through the tree.
 */
#define VMM_RANGE_UNIT_ ((int64_t)_Alignof(struct vmm_range))

/** The neighbor before (side 0, maybe head) or behind (side 1), which the range knows. */
VMM_INLINE struct vmm_range *vmm_range_known_(const struct vmm_range *range, unsigned int side)
{
	int64_t distance = range->beside[side] * VMM_RANGE_UNIT_;

	return (struct vmm_range *)((uintptr_t)range + (uintptr_t)distance);
}

/** Makes two ranges known to each other, of which `behind` is the one behind `before`. */
VMM_INLINE void vmm_range_acquaint_(struct vmm_range *before, struct vmm_range *behind)
{
	int64_t distance = (int64_t)((uint64_t)(uintptr_t)behind - (uint64_t)(uintptr_t)before) /
			   VMM_RANGE_UNIT_;
	bool fits = distance >= -INT32_MAX && distance <= INT32_MAX;

	before->beside[1] = fits ? (int32_t)distance : 0;
	behind->beside[0] = fits ? (int32_t)-distance : 0;
}

/** The range, or head, directly before a range that is reserved. */
VMM_INLINE struct vmm_range *vmm_space_before_(const struct vmm_space *space,
					       const struct vmm_range *range)
{
	if (!space->exact && range->beside[0] != 0) {
		return vmm_range_known_(range, 0);
	}
	return vmm_range_of_addr_(vmm_rb_known_beside_(&range->by_addr, 0));
}

/** The bin for gaps of this size, NULL if it belongs to the large ones. */
VMM_INLINE struct vmm_bin *vmm_space_bin_(const struct vmm_space *space, uint64_t gap)
{
	uint64_t pages = gap >> space->page_shift;

	return pages <= space->bin_count ? &space->bins[pages - 1] : NULL;
}

/** The last range that starts at `addr` or before, head included; `none` before the area. */
VMM_INLINE struct vmm_range *vmm_space_last_from_(const struct vmm_space *space,
						  uint64_t addr, struct vmm_range *none)
{
	struct vmm_link_ *link = space->used;
	struct vmm_range *last = none;

	/* What is in the low bits of start makes no difference to a page's last byte. */
	addr |= VMM_RANGE_BITS_;
	while (link != NULL) {
		struct vmm_range *range = vmm_range_of_addr_(link);
		bool after = range->start <= addr;

		last = after ? range : last;
		link = link->child[after];
	}
	return last;
}

/* space_search.c */

/** The lowest of the smallest gaps of at least `size` bytes, or NULL. */
struct vmm_range *vmm_space_smallest_(const struct vmm_space *space, uint64_t size);

/** Where reserve would put it; the size is not filled in. */
void vmm_space_search_(struct vmm_space *space, const struct vmm_search_ *search,
		       enum vmm_fit fit, struct vmm_place_ *best);

/* space.c: reserving in two steps, of which the second can't fail. */

/**
 * Finds the place that vmm_space_reserve() would take. Changes nothing, but with `improve` bounds of
 * nodes, to better ones. Errors as of vmm_space_probe().
 */
VMM_MUST_CHECK enum vmm_err vmm_space_look_(struct vmm_space *space, const struct vmm_want *want,
					    bool improve, struct vmm_place_ *place);

/** The same for vmm_space_reserve_at(), without VMM_ERR_BUSY. Changes nothing. */
VMM_MUST_CHECK enum vmm_err vmm_space_look_at_(struct vmm_space *space, vmm_va_region_t where,
					       const struct vmm_guards *guards,
					       struct vmm_place_ *place, vmm_va_t *conflict);

/** The place of `where` in the gap behind `owner`, where it and its guard pages are known to fit. */
void vmm_space_place_behind_(const struct vmm_space *space, struct vmm_range *owner,
			     vmm_va_region_t where, struct vmm_guards guards,
			     struct vmm_place_ *place);

/** Reserves a place that was found, for a range that is not reserved. */
void vmm_space_take_(struct vmm_space *space, const struct vmm_place_ *place,
		     struct vmm_range *range);

/** The usable part of a place that was found. */
VMM_INLINE vmm_va_region_t vmm_place_region_(const struct vmm_place_ *place)
{
	struct vmm_range range;

	range.start = vmm_range_end_(place->owner) + place->lead;
	range.size = place->size;
	return vmm_range_usable_(&range);
}

#endif /* VMM_SPACE_IMPL_H */
