/* SPDX-License-Identifier: MIT */
#ifndef VMM_SPACE_H
#define VMM_SPACE_H

/**
 * @file space.h
 * Who has which part of a virtual address space.
 *
 * A space is an area of whole pages and a set of ranges in it that do not overlap. It hands out
 * free ranges, takes them back and answers "what is at this address?". It knows nothing about
 * translation tables.
 *
 * A range is a node in the caller's memory; it carries its own size and the size of the free gap
 * behind it. A red-black tree orders the ranges by address, a second one orders their gaps by size
 * and address. So n ranges cost n nodes whatever the gaps between them are, neighboring gaps merge
 * by themselves, and giving back cannot fail.
 *
 *     area:  | gap  | range A | gap | range B | range C | gap            |
 *     owner: | head | A             | B       | C                        |
 *
 * Costs are in nodes looked at, for n reserved ranges. A red-black tree of n nodes is at most
 * 2 log2(n + 1) high.
 *
 * Callers serialize. The functions that take a const space only read and may run beside each
 * other. A zeroed space is a space without any room: every function here accepts it.
 */

#include <vmm/region.h>

VMM_BEGIN_DECLS

/** A place in a red-black tree; the color is the lowest bit of `parent`. Private. */
struct vmm_link_ {
	struct vmm_link_ *child[2];
	uintptr_t parent;
};

/**
 * A reserved range of a space, its guard pages included, and the gap behind it.
 *
 * The memory is the caller's, usually the first member of a larger record. It is zeroed before its
 * first use, must stay where it is from reserve to release, and is zeroed again by release.
 * Members are private; the layout is public so that you can embed it.
 */
struct vmm_range {
	/** @privatesection */
	/*
	 * What one descent reads lies together, and so that it seldom crosses a cache line: by_gap
	 * and start among the gaps, start and by_addr among the ranges; start and parent upward.
	 */
	/* In bytes. The low 12 bits, free as a page has 2^12 bytes or more, hold the guards. */
	uint64_t size;
	/* Free bytes between the last byte of this range and the next one or the end of the area. */
	uint64_t gap;
	/* Among the gaps of its bin by address, or among the large ones by size, then address. */
	struct vmm_link_ by_gap;
	/* The low 12 bits: unless gaps are exact, how large those of this subtree are at most. */
	uint64_t start;
	/* Among all ranges, by address. */
	struct vmm_link_ by_addr;
	union {
		/* Exact gaps: the largest one of this subtree of by_addr. */
		uint64_t largest;
		/* Else: how far the ranges before and behind are away in memory; 0: not known. */
		int32_t beside[2];
	};
};

VMM_STATIC_ASSERT(sizeof(void *) != 8 || sizeof(struct vmm_range) == 80,
		  "a range costs 80 bytes beside the caller's own fields");

/** The gaps of exactly one size, in a tree by address. Private. */
struct vmm_bin {
	/** @privatesection */
	struct vmm_link_ *root;
	struct vmm_link_ *lowest;
};

/** The largest number of bins that a space makes use of. */
#define VMM_SPACE_BINS_MAX 256

/** The largest number of guard pages on either side of a range. */
#define VMM_SPACE_GUARDS_MAX 15

/** An address space. Zeroed before init. Members are private. */
struct vmm_space {
	/** @privatesection */
	struct vmm_range head; /* of size 0, before all others: owns the gap before the first one */
	struct vmm_link_ *used;
	struct vmm_link_ *large;
	struct vmm_bin *bins;
	uint64_t bin_map[VMM_SPACE_BINS_MAX / 64]; /* bit i: bins[i] is not empty */
	uint64_t area_size;
	uint64_t free_size;
	uint64_t range_count;
	uint16_t bin_count;
	uint8_t page_shift;
	bool exact;
};

/** How a space is set up. Every member may be 0; a zeroed struct is the default. */
struct vmm_space_config {
	/**
	 * Memory for `bin_count` bins, which is the space's until fini; it need not be zeroed. Bin
	 * i keeps the gaps of i + 1 pages, so that neither finding nor filling one of those
	 * descends the tree of all gaps. Results are the same with and without.
	 *
	 * 64 bins cost 1 KiB, 256 cost 4 KiB. NULL with `bin_count` 0: none.
	 */
	struct vmm_bin *bins;
	uint32_t bin_count; /**< number of `bins` */
	/** log2 of the page size in bytes, 12 to 27; 0: 12. */
	uint8_t page_shift;
	/**
	 * False: every node has an upper bound of the gaps below it, which costs next to nothing
	 * to keep, and knows its neighbors. True: every node has the largest gap below it exactly,
	 * which every reserve and release pays for, and which makes searches by address O(log n)
	 * in the worst case.
	 */
	bool exact_gaps;
};

/** Which of the places where a request fits it gets. */
enum vmm_fit {
	/** The lowest address in the smallest gap; of equal gaps, in the lowest one. */
	VMM_FIT_BEST = 0,
	/** The lowest address. */
	VMM_FIT_LOWEST = 1,
	/** The highest address. */
	VMM_FIT_HIGHEST = 2
};

/**
 * Pages that belong to a range but are not to be used: directly before its first and behind its
 * last usable byte. At most VMM_SPACE_GUARDS_MAX each; reserve a range of its own for a larger one.
 */
struct vmm_guards {
	uint8_t before; /**< pages before the first usable byte */
	uint8_t after; /**< pages behind the last one */
};

/** What is wanted of reserve. All members but `size` may be 0. */
struct vmm_want {
	/** Usable bytes, without guards; a multiple of the page size. */
	uint64_t size;
	/** The usable part starts at `align_offset` modulo 2^align_shift; below a page: a page. */
	uint64_t align_offset;
	/**
	 * The range, guards included, lies in here; empty: in the whole area. A page that is only
	 * in part in the window is not in it.
	 */
	vmm_va_region_t window;
	enum vmm_fit fit; /**< which of the places */
	uint8_t align_shift; /**< log2 of the alignment in bytes, up to 63 */
	struct vmm_guards guards; /**< pages around the usable part */
};

/**
 * Sets up a space in which all of `area` is free.
 *
 * `area` may end with the last byte of the 64-bit space. `config` may be NULL for the defaults; it
 * is not kept. On a space that was set up with the same arguments it changes nothing, whatever is
 * reserved in it.
 *
 * VMM_ERR_EMPTY: `area` is empty. VMM_ERR_WRAP: it passes the last byte of the 64-bit space.
 * VMM_ERR_ALIGN: its start or size is no multiple of the page size. VMM_ERR_UNSUPPORTED: the page
 * size, or a number of bins above VMM_SPACE_BINS_MAX, or bins without memory. VMM_ERR_BUSY: the
 * space was set up with other arguments.
 *
 * Cost: O(bin_count).
 */
VMM_MUST_CHECK enum vmm_err vmm_space_init(struct vmm_space *space, vmm_va_region_t area,
					   const struct vmm_space_config *config);

/**
 * Releases all ranges and zeroes the space; it can be set up anew. Cost: O(n).
 */
void vmm_space_fini(struct vmm_space *space);

/**
 * Reserves a free range as `want` says.
 *
 * On success `range` is linked into the space; vmm_range_region tells where it is. Best fit takes
 * the smallest gap in which the request fits with its alignment, window and guards; VMM_ERR_NOSPACE
 * means that there is truly none.
 *
 * VMM_ERR_EMPTY: the size is 0. VMM_ERR_ALIGN: the size or `align_offset` is no multiple of the
 * page size, or `align_shift` is above 63, or `align_offset` is not below the alignment.
 * VMM_ERR_RANGE: the window is not enclosed by the area. VMM_ERR_WRAP: the window passes the last
 * byte of the 64-bit space. VMM_ERR_UNSUPPORTED: more than VMM_SPACE_GUARDS_MAX guard pages on a
 * side. VMM_ERR_BUSY: `range` is reserved already. VMM_ERR_NOSPACE: it fits nowhere.
 *
 * Cost of linking: O(log n). Cost of the search, for requests without alignment above a page:
 * - best fit without window: O(log n); O(1) where a bin has what is wanted.
 * - lowest and highest, with or without window: O(log n) if the space keeps exact gaps. Else O(n)
 *   in the worst case: a node that was looked at in vain gets a better bound, and is not looked at
 *   for that size again until something is released below it. From 8 MiB on bounds are rounded up,
 *   by a 32nd at most.
 * - best fit with a window: up to 64 gaps in the order of their sizes; if none of them has a place
 *   in the window, every gap of the window that has the size: O(log n + gaps in the window).
 * With an alignment above a page, also every gap that has the size, but not at such an address:
 * O(log n) for each. Best fit without window meets only those which are smaller than
 * size + alignment.
 */
VMM_MUST_CHECK enum vmm_err vmm_space_reserve(struct vmm_space *space, const struct vmm_want *want,
					      struct vmm_range *range);

/**
 * Finds the region, without guards, that reserve would choose, and reserves nothing.
 *
 * Changes no more than the bounds of nodes looked at. Errors and cost as of vmm_space_reserve,
 * without VMM_ERR_BUSY and linking.
 */
VMM_MUST_CHECK enum vmm_err vmm_space_probe(struct vmm_space *space, const struct vmm_want *want,
					    vmm_va_region_t *found);

/**
 * Reserves exactly `where`, with guard pages around it; `guards` may be NULL for none.
 *
 * `conflict` may be NULL. It is written only with VMM_ERR_EXISTS: the lowest address of `where` and
 * its guards that is reserved already, be it as a guard.
 *
 * VMM_ERR_EMPTY: `where` is empty. VMM_ERR_WRAP: it passes the last byte of the 64-bit space.
 * VMM_ERR_ALIGN: its start or size is no multiple of the page size. VMM_ERR_RANGE: it is, with its
 * guards, not enclosed by the area. VMM_ERR_UNSUPPORTED: more than VMM_SPACE_GUARDS_MAX guard pages
 * on a side. VMM_ERR_BUSY: `range` is reserved already. VMM_ERR_EXISTS: some page is not free.
 *
 * Cost: O(log n).
 */
VMM_MUST_CHECK enum vmm_err vmm_space_reserve_at(struct vmm_space *space, vmm_va_region_t where,
						 const struct vmm_guards *guards,
						 struct vmm_range *range, vmm_va_t *conflict);

/**
 * Gives a range back to the space it was reserved in, and zeroes it.
 *
 * Cannot fail. A range that is not reserved is left alone; one of another space damages both.
 *
 * Cost: O(log n).
 */
void vmm_space_release(struct vmm_space *space, struct vmm_range *range);

/**
 * Gives back the range whose usable part starts at `start`, and hands out its memory.
 *
 * `released` may be NULL.
 *
 * VMM_ERR_NOENT: no usable part starts there.
 *
 * Cost: O(log n).
 */
VMM_MUST_CHECK enum vmm_err vmm_space_release_at(struct vmm_space *space, vmm_va_t start,
						 struct vmm_range **released);

/**
 * Finds the range that has the byte at `va`, be it in a guard page; NULL if the byte is free or
 * outside the area.
 *
 * `in_guard` may be NULL; it is written only if there is a range: whether `va` is in one of its
 * guard pages.
 *
 * Cost: O(log n).
 */
struct vmm_range *vmm_space_find(const struct vmm_space *space, vmm_va_t va, bool *in_guard);

/**
 * The whole gap that has the byte at `va`; empty if the byte is reserved or outside the area.
 *
 * Cost: O(log n).
 */
vmm_va_region_t vmm_space_gap_at(const struct vmm_space *space, vmm_va_t va);

/** The range with the lowest address, or NULL. Cost: O(log n). */
struct vmm_range *vmm_space_first(const struct vmm_space *space);

/** The range with the highest address, or NULL. Cost: O(log n). */
struct vmm_range *vmm_space_last(const struct vmm_space *space);

/**
 * The range with the next higher address, or NULL. Cost: O(log n); O(n) for all together.
 *
 * To release while iterating, ask for the next one before.
 */
struct vmm_range *vmm_space_next(const struct vmm_space *space, const struct vmm_range *range);

/** The range with the next lower address, or NULL. Cost: O(log n); O(n) for all together. */
struct vmm_range *vmm_space_prev(const struct vmm_space *space, const struct vmm_range *range);

/** The area the space was set up with. Cost: O(1). */
vmm_va_region_t vmm_space_area(const struct vmm_space *space);

/** log2 of the page size; 0 before init. Cost: O(1). */
unsigned int vmm_space_page_shift(const struct vmm_space *space);

/** Bytes that are free, of all gaps together. Cost: O(1). */
uint64_t vmm_space_free_size(const struct vmm_space *space);

/** Bytes that are reserved, guards included. Cost: O(1). */
uint64_t vmm_space_used_size(const struct vmm_space *space);

/** The number of ranges. Cost: O(1). */
uint64_t vmm_space_range_count(const struct vmm_space *space);

/**
 * The largest gap, of equal ones the lowest; empty if nothing is free. Its size is the largest
 * that can be reserved with guards, if page alignment will do. Cost: O(log n).
 */
vmm_va_region_t vmm_space_largest_gap(const struct vmm_space *space);

/**
 * Checks every invariant of the space: both trees and all bins, order, colors, heights, bounds,
 * that each gap is filed once and in the right place, and the totals.
 *
 * Ends on any damage. It follows stored pointers, which must lead to readable memory; they may lead
 * in circles or to the wrong node.
 *
 * VMM_ERR_CORRUPT: something does not hold.
 *
 * Cost: O(n + bin_count).
 */
VMM_MUST_CHECK enum vmm_err vmm_space_check(const struct vmm_space *space);

/**
 * Makes a space usable at a new virtual address: adds `delta` to every stored pointer.
 *
 * For a space that was built before the program moved, such as from low to high memory. The space,
 * its bins and all its ranges have been moved by the same `delta` bytes (new minus old, modulo
 * 2^64), and `space` is the new address. The ranges' own start addresses do not change.
 *
 * Cost: O(n + bin_count).
 */
void vmm_space_rebase(struct vmm_space *space, uint64_t delta);

/** Whether the range is part of a space. Cost: O(1), as of all functions below. */
bool vmm_range_is_reserved(const struct vmm_range *range);

/** The usable part, without guards; empty if the range is not reserved. */
vmm_va_region_t vmm_range_region(const struct vmm_range *range);

/** All of it, guards included; empty if the range is not reserved. */
vmm_va_region_t vmm_range_whole(const struct vmm_range *range);

/** The gap between the range and the next one or the end of the area. */
vmm_va_region_t vmm_range_gap(const struct vmm_range *range);

/** The numbers of guard pages. */
struct vmm_guards vmm_range_guards(const struct vmm_range *range);

VMM_END_DECLS

#endif /* VMM_SPACE_H */
