/* SPDX-License-Identifier: MIT */
/*
 * The address space as a whole: the check of all its invariants, and its move to other addresses.
 */
#include "space_impl.h"

/* What the ranges say, for comparison with what the space and the trees of gaps say. */
struct tally {
	uint64_t range_count; /* with head */
	uint64_t gap_count;
	uint64_t free_size;
	uint64_t offset; /* from the start of the area to the end of what was looked at */
	const struct vmm_range *last; /* what was looked at before */
};

/* The order of the gaps in one tree, and how many more there may be in all. */
struct filed {
	uint64_t gap_count;
	uint64_t last_gap;
	uint64_t last_start;
	bool empty;
};

static bool is_zeroed(const struct vmm_space *space)
{
	return space->used == NULL && space->large == NULL && space->free_size == 0 &&
	       space->range_count == 0 && space->bin_count == 0;
}

static bool is_bit_set(const struct vmm_space *space, unsigned int bin)
{
	return (space->bin_map[bin / 64] >> (bin % 64) & 1) != 0;
}

static bool is_setup_sound(const struct vmm_space *space)
{
	const struct vmm_span area = { vmm_range_start_(&space->head), space->area_size };

	if (space->page_shift < VMM_SPACE_PAGE_SHIFT_ ||
	    space->page_shift > VMM_SPACE_PAGE_SHIFT_ + VMM_RANGE_FIELD_ ||
	    !vmm_span_is_aligned_(area, space->page_shift) || !vmm_span_is_valid_(area) ||
	    space->bin_count > VMM_SPACE_BINS_MAX ||
	    (space->bin_count != 0 && space->bins == NULL) || space->head.size != 0) {
		return false;
	}
	for (unsigned int bin = space->bin_count; bin < VMM_SPACE_BINS_MAX; bin++) {
		if (is_bit_set(space, bin)) {
			return false;
		}
	}
	return true;
}

/* Whether guards and page size of a range can be: something usable is between the guards. */
static bool is_size_sound(const struct vmm_space *space, const struct vmm_range *range)
{
	uint64_t size = vmm_range_size_(range);
	uint64_t page_shift = (range->size >> VMM_RANGE_PAGE_SHIFT_) & VMM_RANGE_FIELD_;

	return page_shift + VMM_SPACE_PAGE_SHIFT_ == space->page_shift &&
	       (size & vmm_addr_mask_(space->page_shift)) == 0 &&
	       vmm_range_before_(range) + vmm_range_after_(range) < size;
}

static bool is_bound_sound(const struct vmm_space *space, const struct vmm_range *range)
{
	uint64_t best = vmm_range_best_bound_(range, space->exact);
	uint64_t bound = vmm_range_bound_(range, space->exact);

	return space->exact ? bound == best && vmm_range_start_(range) == range->start
			    : bound >= best;
}

/* Whether two neighbors know each other, or neither knows the other; `before` NULL: there is none. */
static bool are_neighbors_sound(const struct vmm_space *space, const struct vmm_range *before,
				const struct vmm_range *range)
{
	if (space->exact) {
		return true;
	}
	if (before == NULL) {
		return range->beside[0] == 0;
	}
	return before->beside[1] == -(int64_t)range->beside[0] &&
	       (range->beside[0] == 0 || vmm_range_known_(range, 0) == before);
}

/* Whether the gap of a range hangs in the tree for its size. */
static bool is_filed(const struct vmm_space *space, const struct vmm_range *range)
{
	const struct vmm_bin *bin = vmm_space_bin_(space, range->gap);

	return vmm_rb_is_hung_(bin != NULL ? bin->root : space->large, &range->by_gap);
}

/* Whether a range starts where the gap before it ends, and does not pass the end of the area. */
static bool is_range_sound(const struct vmm_space *space, const struct vmm_range *range,
			   struct tally *tally)
{
	uint64_t size = vmm_range_size_(range);
	bool is_head = range == &space->head;

	if (is_head != (tally->range_count == 0) || (!is_head && !is_size_sound(space, range)) ||
	    vmm_range_start_(range) - vmm_range_start_(&space->head) != tally->offset ||
	    size > space->area_size - tally->offset ||
	    range->gap > space->area_size - tally->offset - size ||
	    (range->gap & vmm_addr_mask_(space->page_shift)) != 0 ||
	    !is_bound_sound(space, range) || !are_neighbors_sound(space, tally->last, range) ||
	    (range->gap != 0 && !is_filed(space, range))) {
		return false;
	}
	tally->offset += size + range->gap;
	tally->free_size += range->gap;
	tally->gap_count += range->gap != 0;
	tally->range_count++;
	tally->last = range;
	return true;
}

static bool check_ranges(const struct vmm_space *space, struct tally *tally)
{
	struct vmm_rb_walk_ walk;
	struct vmm_link_ *link;

	tally->range_count = 0;
	tally->gap_count = 0;
	tally->free_size = 0;
	tally->offset = 0;
	tally->last = NULL;
	/* With head. 2^64 - 1 ranges would be more than there are pages. */
	link = vmm_rb_walk_first_(&walk, space->used, space->range_count + 1);
	for (; link != NULL; link = vmm_rb_walk_next_(&walk)) {
		if (!is_range_sound(space, vmm_range_of_addr_(link), tally)) {
			return false;
		}
	}
	/* No range, not even head: a count of 2^64 - 1 would go with that. */
	return !walk.corrupt && tally->last != NULL &&
	       tally->range_count == space->range_count + 1 &&
	       (space->exact || tally->last->beside[1] == 0) &&
	       tally->offset == space->area_size && tally->free_size == space->free_size;
}

/* Whether a gap in the tree for `bin` (NULL: large) belongs there, behind the ones before. */
static bool is_gap_sound(const struct vmm_space *space, const struct vmm_bin *bin,
			 const struct vmm_range *range, struct filed *filed)
{
	bool in_order = filed->empty || range->gap > filed->last_gap ||
			(range->gap == filed->last_gap && range->start > filed->last_start);

	if (range->gap == 0 || !in_order || vmm_space_bin_(space, range->gap) != bin ||
	    !vmm_rb_is_hung_(space->used, &range->by_addr)) {
		return false;
	}
	filed->empty = false;
	filed->last_gap = range->gap;
	filed->last_start = range->start;
	filed->gap_count++;
	return true;
}

/* Adds the gaps of one tree to `gap_count`, which is not to pass `limit`. */
static bool check_gaps(const struct vmm_space *space, const struct vmm_bin *bin,
		       struct vmm_link_ *root, uint64_t limit, uint64_t *gap_count)
{
	struct filed filed = { *gap_count, 0, 0, true };
	struct vmm_rb_walk_ walk;
	struct vmm_link_ *link = vmm_rb_walk_first_(&walk, root, limit - *gap_count);

	if (bin != NULL && bin->lowest != link) {
		return false;
	}
	for (; link != NULL; link = vmm_rb_walk_next_(&walk)) {
		if (!is_gap_sound(space, bin, vmm_range_of_gap_(link), &filed)) {
			return false;
		}
	}
	*gap_count = filed.gap_count;
	return !walk.corrupt;
}

/*
 * Each range with a gap hangs in the tree for it, all nodes of these trees are in order and hang
 * in the used tree, and there are as many of the one as of the other: so they are the same.
 */
enum vmm_err vmm_space_check(const struct vmm_space *space)
{
	struct tally tally;
	uint64_t gap_count = 0;

	if (space->area_size == 0) {
		return is_zeroed(space) ? VMM_OK : VMM_ERR_CORRUPT;
	}
	if (!is_setup_sound(space) || !check_ranges(space, &tally)) {
		return VMM_ERR_CORRUPT;
	}
	for (unsigned int i = 0; i < space->bin_count; i++) {
		const struct vmm_bin *bin = &space->bins[i];

		if (is_bit_set(space, i) != (bin->root != NULL) ||
		    !check_gaps(space, bin, bin->root, tally.gap_count, &gap_count)) {
			return VMM_ERR_CORRUPT;
		}
	}
	if (!check_gaps(space, NULL, space->large, tally.gap_count, &gap_count) ||
	    gap_count != tally.gap_count) {
		return VMM_ERR_CORRUPT;
	}
	return VMM_OK;
}

static void rebase_range(struct vmm_link_ *link, uint64_t delta)
{
	vmm_rb_rebase_(link, delta);
	vmm_rb_rebase_(&vmm_range_of_addr_(link)->by_gap, delta);
}

/* From the top down: a node's own pointers are moved when it is reached, so they lead on. */
static void rebase_ranges(struct vmm_link_ *link, uint64_t delta)
{
	if (link != NULL) {
		rebase_range(link, delta);
	}
	while (link != NULL) {
		struct vmm_link_ *below = NULL;
		struct vmm_link_ *next = link->child[link->child[0] == NULL];

		/* Nothing below: to the next right side above that was not gone into. */
		while (next == NULL) {
			below = link;
			link = vmm_rb_parent_(below);
			if (link == NULL) {
				return;
			}
			next = link->child[1] != below ? link->child[1] : NULL;
		}
		link = next;
		rebase_range(link, delta);
	}
}

void vmm_space_rebase(struct vmm_space *space, uint64_t delta)
{
	space->used = vmm_rb_moved_(space->used, delta);
	space->large = vmm_rb_moved_(space->large, delta);
	if (space->bins != NULL) {
		space->bins = (struct vmm_bin *)((uintptr_t)space->bins + (uintptr_t)delta);
	}
	for (unsigned int i = 0; i < space->bin_count; i++) {
		space->bins[i].root = vmm_rb_moved_(space->bins[i].root, delta);
		space->bins[i].lowest = vmm_rb_moved_(space->bins[i].lowest, delta);
	}
	rebase_ranges(space->used, delta);
}
