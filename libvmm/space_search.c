/* SPDX-License-Identifier: MIT */
/*
 * Which gap a request gets. Two orders are there to go through: gaps by size, in the bins and the
 * tree of the large ones, and gaps by address, which is the tree of ranges itself, pruned by the
 * bound that every node has on the gaps below it.
 */
#include "space_impl.h"

/* Best fit in a window looks at so many gaps by size before it looks at the window's instead. */
#define SEARCH_TRIES 64

/* The first bin from `from` on that is not empty; bin_count if there is none. */
static unsigned int next_bin(const struct vmm_space *space, unsigned int from)
{
	unsigned int word = from / 64;
	uint64_t bits;

	if (from >= space->bin_count) {
		return space->bin_count;
	}
	/* Bits from bin_count on are never set. */
	bits = space->bin_map[word] & (UINT64_MAX << (from % 64));
	while (bits == 0) {
		word++;
		if (word >= VMM_SPACE_BINS_MAX / 64) {
			return space->bin_count;
		}
		bits = space->bin_map[word];
	}
	return word * 64 + vmm_lowest_bit_(bits);
}

/* The lowest of the smallest large gaps of at least `size` bytes, or NULL. */
static struct vmm_range *smallest_large(const struct vmm_space *space, uint64_t size)
{
	struct vmm_link_ *link = space->large;
	struct vmm_range *smallest = NULL;

	while (link != NULL) {
		struct vmm_range *range = vmm_range_of_gap_(link);
		bool fits = range->gap >= size;

		smallest = fits ? range : smallest;
		link = link->child[!fits];
	}
	return smallest;
}

/* The first gap, in the order of sizes, of the bins from `from` on and of the large ones. */
static struct vmm_range *first_from_bin(const struct vmm_space *space, unsigned int from,
					uint64_t size)
{
	unsigned int bin = next_bin(space, from);

	if (bin < space->bin_count) {
		return vmm_range_of_gap_(space->bins[bin].lowest);
	}
	return smallest_large(space, size);
}

struct vmm_range *vmm_space_smallest_(const struct vmm_space *space, uint64_t size)
{
	uint64_t pages = size >> space->page_shift;

	if (pages > space->bin_count) {
		return smallest_large(space, size);
	}
	return first_from_bin(space, (unsigned int)pages - 1, size);
}

/* The gap behind this one in the order of sizes, then addresses; NULL at the end. */
static struct vmm_range *next_larger(const struct vmm_space *space, const struct vmm_range *range)
{
	struct vmm_link_ *link = vmm_rb_beside_(&range->by_gap, 1);

	if (link != NULL) {
		return vmm_range_of_gap_(link);
	}
	if (vmm_space_bin_(space, range->gap) == NULL) {
		return NULL;
	}
	return first_from_bin(space, (unsigned int)(range->gap >> space->page_shift), 0);
}

/*
 * Whether the request fits into the gap of `owner`, and where: at its lowest possible address, or
 * at its highest. Everything is a distance from the start of the gap, so that nothing wraps.
 */
static bool fits(const struct vmm_search_ *search, const struct vmm_range *owner, bool highest,
		 uint64_t *lead)
{
	uint64_t gap_first = vmm_range_end_(owner);
	uint64_t low = 0;
	uint64_t room = owner->gap;
	uint64_t skip;

	if (room < search->size) {
		return false;
	}
	/* Cut to the window. A gap has a last byte, so gap_first has not wrapped. */
	if (gap_first < search->first) {
		low = search->first - gap_first;
	}
	if (gap_first + (room - 1) > search->last) {
		if (gap_first > search->last) {
			return false;
		}
		room = search->last - gap_first + 1;
	}
	if (room < low || room - low < search->size) {
		return false;
	}
	room -= low + search->size;
	/* room: by how much the request can be moved up from low. */
	if (highest) {
		low += room;
		skip = (gap_first + low + search->before - search->align_offset) & search->align_mask;
		*lead = low - skip;
	} else {
		skip = (search->align_offset - (gap_first + low + search->before)) & search->align_mask;
		*lead = low + skip;
	}
	return skip <= room;
}

/*
 * Whether the gaps on `side` of a node can hold the request: one of them is large enough, as far as
 * the bound knows, and enough of the window is on that side.
 */
static bool is_promising(const struct vmm_search_ *search, const struct vmm_range *range,
			 unsigned int side)
{
	struct vmm_link_ *child = range->by_addr.child[side];
	uint64_t end;

	if (child == NULL ||
	    vmm_range_bound_(vmm_range_of_addr_(child), search->exact) < search->bound) {
		return false;
	}
	if (side == 0) {
		/* The gaps there end before this range starts. */
		return vmm_range_start_(range) > search->first &&
		       vmm_range_start_(range) - search->first >= search->size;
	}
	/* The gaps there start behind the next range. As there is one, end has not wrapped. */
	end = vmm_range_end_(range);
	return end < search->last && search->last - end > search->size;
}

/* After its subtree was looked through in vain a node has no better use for a bound too high. */
static void lower_bound(struct vmm_range *range, bool exact)
{
	uint64_t best = vmm_range_best_bound_(range, exact);

	if (vmm_range_bound_(range, exact) != best) {
		vmm_range_set_bound_(range, best, exact);
	}
}

/*
 * Climbs from a node whose subtree is done to the next one to look at: the nearest node above whose
 * `near` side that was. NULL at the top.
 */
static struct vmm_link_ *climb(struct vmm_link_ *link, unsigned int near,
			       const struct vmm_search_ *search)
{
	struct vmm_link_ *below;

	do {
		below = link;
		if (search->improve) {
			lower_bound(vmm_range_of_addr_(below), search->exact);
		}
		link = vmm_rb_parent_(below);
	} while (link != NULL && link->child[near] != below);
	return link;
}

/*
 * Goes through the gaps by address, from the near side, and leaves out what is not promising. Takes
 * the first place, or for best fit the first of those in the smallest gap.
 */
static void search_by_addr(struct vmm_space *space, const struct vmm_search_ *search,
			   enum vmm_fit fit, struct vmm_place_ *best)
{
	unsigned int near = fit == VMM_FIT_HIGHEST;
	struct vmm_link_ *link = space->used;
	bool entered = true; /* link was reached from above: nothing below it was looked at */

	while (link != NULL) {
		struct vmm_range *range = vmm_range_of_addr_(link);
		uint64_t lead;

		if (entered && is_promising(search, range, near)) {
			link = link->child[near];
			continue;
		}
		if (fits(search, range, near != 0, &lead) &&
		    (best->owner == NULL || range->gap < best->owner->gap)) {
			best->owner = range;
			best->lead = lead;
			if (fit != VMM_FIT_BEST || range->gap == search->size) {
				break;
			}
		}
		entered = is_promising(search, range, !near);
		if (entered) {
			link = link->child[!near];
		} else {
			link = climb(link, near, search);
			best->in_vain = true;
		}
	}
}

/* Goes through the gaps by size; the first place is the best. */
static void search_by_size(struct vmm_space *space, const struct vmm_search_ *search,
			   struct vmm_place_ *best)
{
	struct vmm_range *range = vmm_space_smallest_(space, search->size);
	unsigned int tries = 0;

	for (; range != NULL; range = next_larger(space, range)) {
		if (fits(search, range, false, &best->lead)) {
			best->owner = range;
			break;
		}
		tries++;
		if (search->windowed && tries == SEARCH_TRIES) {
			search_by_addr(space, search, VMM_FIT_BEST, best);
			break;
		}
	}
}

void vmm_space_search_(struct vmm_space *space, const struct vmm_search_ *search,
		       enum vmm_fit fit, struct vmm_place_ *best)
{
	best->owner = NULL;
	best->lead = 0;
	best->in_vain = false;
	if (fit == VMM_FIT_BEST) {
		search_by_size(space, search, best);
	} else {
		search_by_addr(space, search, fit, best);
	}
}
