/* SPDX-License-Identifier: MIT */
/*
 * The address space: set-up, reserve and release.
 *
 * A range carries the gap behind it, and `head`, a range without bytes before all others, the gap
 * before the first one. Reserving takes a part out of one gap; what is left of it before the new
 * range stays with the gap's owner, what is left behind it goes to the new range. Releasing gives
 * the range and its gap to the range before.
 */
#include "space_impl.h"

/* Files the gap of a range under its size; a range without a gap is in no tree of gaps. */
static void file_gap(struct vmm_space *space, struct vmm_range *range)
{
	struct vmm_bin *bin;
	struct vmm_link_ **root = &space->large;
	struct vmm_link_ *parent = NULL;
	struct vmm_link_ *link;
	unsigned int side = 0;

	if (range->gap == 0) {
		return;
	}
	bin = vmm_space_bin_(space, range->gap);
	if (bin == NULL) {
		for (link = space->large; link != NULL; link = link->child[side]) {
			const struct vmm_range *other = vmm_range_of_gap_(link);

			side = other->gap < range->gap ||
			       (other->gap == range->gap && other->start < range->start);
			parent = link;
		}
	} else {
		root = &bin->root;
		link = bin->lowest;
		if (link == NULL) {
			size_t index = (size_t)(bin - space->bins);

			space->bin_map[index / 64] |= UINT64_C(1) << (index % 64);
			bin->lowest = &range->by_gap;
		} else if (range->start < vmm_range_of_gap_(link)->start) {
			parent = link;
			bin->lowest = &range->by_gap;
		} else {
			for (link = bin->root; link != NULL; link = link->child[side]) {
				side = vmm_range_of_gap_(link)->start < range->start;
				parent = link;
			}
		}
	}
	vmm_rb_insert_(root, parent, side, &range->by_gap, &vmm_rb_plain_, false);
}

/* Takes the gap of a range out of its bin or tree. `gap` itself stays as it is. */
static void unfile_gap(struct vmm_space *space, struct vmm_range *range)
{
	struct vmm_bin *bin;

	if (range->gap == 0) {
		return;
	}
	bin = vmm_space_bin_(space, range->gap);
	if (bin != NULL && bin->lowest == &range->by_gap) {
		/* Behind the lowest one comes its only child, which has none, or else its parent. */
		bin->lowest = range->by_gap.child[1] != NULL ? range->by_gap.child[1]
							     : vmm_rb_parent_(&range->by_gap);
		if (bin->lowest == NULL) {
			size_t index = (size_t)(bin - space->bins);

			space->bin_map[index / 64] &= ~(UINT64_C(1) << (index % 64));
		}
	}
	vmm_rb_erase_(bin != NULL ? &bin->root : &space->large, &range->by_gap, &vmm_rb_plain_,
		      false);
}

/*
 * The bounds. Upper bounds: bound >= gap and >= the bound of each child. Exact ones (flag set): the
 * maximum of these, so the largest gap of the subtree.
 */
static void bound_rotated(struct vmm_link_ *riser, struct vmm_link_ *sinker, bool exact)
{
	/* The riser has the sinker's old subtree. The sinker's bound is too high at worst. */
	struct vmm_range *low = vmm_range_of_addr_(sinker);

	vmm_range_set_bound_(vmm_range_of_addr_(riser), vmm_range_bound_(low, exact), exact);
	if (exact) {
		low->largest = vmm_range_best_bound_(low, true);
	}
}

/* Makes exact bounds exact again from `link` upward, to the first that already is. */
static void bound_settle(struct vmm_link_ *link)
{
	for (; link != NULL; link = vmm_rb_parent_(link)) {
		struct vmm_range *range = vmm_range_of_addr_(link);
		uint64_t bound = vmm_range_best_bound_(range, true);

		if (range->largest == bound) {
			return;
		}
		range->largest = bound;
	}
}

static void bound_replaced(struct vmm_link_ *heir, const struct vmm_link_ *gone,
			   struct vmm_link_ *from, bool exact)
{
	/* The range that is gone had no gap any more, so the heir has its largest gap. */
	vmm_range_set_bound_(vmm_range_of_addr_(heir),
			     vmm_range_bound_(VMM_CONTAINER_OF_CONST(gone, struct vmm_range,
								     by_addr), exact), exact);
	if (exact && from != heir) {
		bound_settle(from);
	}
}

static const struct vmm_rb_hooks_ bound_hooks = {
	.rotated = bound_rotated,
	.replaced = bound_replaced,
};

/* Makes the bounds from `link` upward hold for a gap below or at it. */
static void bound_raise(struct vmm_link_ *link, uint64_t gap, bool exact)
{
	uint64_t bound = vmm_bound_of_(gap, exact);

	/* No bound is below that of a child: the first that is high enough ends it. */
	while (link != NULL && vmm_range_bound_(vmm_range_of_addr_(link), exact) < bound) {
		vmm_range_set_bound_(vmm_range_of_addr_(link), bound, exact);
		link = vmm_rb_parent_(link);
	}
}

/* Makes a new range, and the one behind it, known to their new neighbors. */
static void meet(struct vmm_range *owner, struct vmm_range *range)
{
	range->beside[1] = 0;
	if (owner->beside[1] != 0) {
		vmm_range_acquaint_(range, vmm_range_known_(owner, 1));
	}
	vmm_range_acquaint_(owner, range);
}

/* Makes the neighbors of a range that goes known to each other, if it knows the one behind it. */
static void part(struct vmm_range *before, const struct vmm_range *range)
{
	before->beside[1] = 0;
	if (range->beside[1] != 0) {
		vmm_range_acquaint_(before, vmm_range_known_(range, 1));
	}
}

/* Links a range, whose gap is set, directly behind `owner`: no address needs to be compared. */
static void link_behind(struct vmm_space *space, struct vmm_range *owner, struct vmm_range *range)
{
	struct vmm_link_ *parent = &owner->by_addr;
	unsigned int side = 1;

	if (parent->child[1] != NULL) {
		side = 0;
		if (!space->exact && owner->beside[1] != 0) {
			parent = &vmm_range_known_(owner, 1)->by_addr;
		} else {
			parent = vmm_rb_outermost_(parent->child[1], 0);
		}
	}
	vmm_range_set_bound_(range, vmm_bound_of_(range->gap, space->exact), space->exact);
	vmm_rb_link_(&space->used, parent, side, &range->by_addr);
	if (side == 0) {
		bound_raise(parent, range->gap, space->exact);
	}
	if (space->exact) {
		/* The owner's gap has shrunk. */
		bound_settle(&owner->by_addr);
	}
	vmm_rb_balance_(&space->used, &range->by_addr, &bound_hooks, space->exact);
}

void vmm_space_take_(struct vmm_space *space, const struct vmm_place_ *place,
		     struct vmm_range *range)
{
	struct vmm_range *owner = place->owner;
	uint64_t size;

	range->start = vmm_range_end_(owner) + place->lead;
	range->size = place->size;
	size = vmm_range_size_(range);
	range->gap = owner->gap - place->lead - size;
	unfile_gap(space, owner);
	owner->gap = place->lead;
	if (place->lead != 0) {
		file_gap(space, owner);
	}
	file_gap(space, range);
	link_behind(space, owner, range);
	if (!space->exact) {
		meet(owner, range);
	}
	space->free_size -= size;
	space->range_count++;
}

static void zero_link(struct vmm_link_ *link)
{
	link->child[0] = NULL;
	link->child[1] = NULL;
	link->parent = 0;
}

/* Member by member: a struct assignment may become a call of memset, which a kernel may lack. */
static void zero_range(struct vmm_range *range)
{
	zero_link(&range->by_addr);
	zero_link(&range->by_gap);
	range->largest = 0;
	range->size = 0;
	range->start = 0;
	range->gap = 0;
}

static void zero_space(struct vmm_space *space)
{
	zero_range(&space->head);
	space->used = NULL;
	space->large = NULL;
	space->bins = NULL;
	for (unsigned int i = 0; i < VMM_SPACE_BINS_MAX / 64; i++) {
		space->bin_map[i] = 0;
	}
	space->area_size = 0;
	space->free_size = 0;
	space->range_count = 0;
	space->bin_count = 0;
	space->page_shift = 0;
	space->exact = false;
}

static enum vmm_err check_setup(vmm_va_region_t area, unsigned int page_shift,
				const struct vmm_bin *bins, uint32_t bin_count)
{
	if (vmm_va_region_is_empty(area)) {
		return VMM_ERR_EMPTY;
	}
	if (!vmm_va_region_is_valid(area)) {
		return VMM_ERR_WRAP;
	}
	if (page_shift < VMM_SPACE_PAGE_SHIFT_ ||
	    page_shift > VMM_SPACE_PAGE_SHIFT_ + VMM_RANGE_FIELD_ ||
	    bin_count > VMM_SPACE_BINS_MAX || (bins == NULL && bin_count != 0)) {
		return VMM_ERR_UNSUPPORTED;
	}
	return vmm_va_region_is_aligned(area, page_shift) ? VMM_OK : VMM_ERR_ALIGN;
}

enum vmm_err vmm_space_init(struct vmm_space *space, vmm_va_region_t area,
			    const struct vmm_space_config *config)
{
	unsigned int page_shift = VMM_SPACE_PAGE_SHIFT_;
	struct vmm_bin *bins = NULL;
	uint32_t bin_count = 0;
	bool exact = false;
	enum vmm_err err;

	if (config != NULL) {
		page_shift = config->page_shift != 0 ? config->page_shift : page_shift;
		bins = config->bins;
		bin_count = config->bin_count;
		exact = config->exact_gaps;
	}
	err = check_setup(area, page_shift, bins, bin_count);
	if (err != VMM_OK) {
		return err;
	}
	if (space->area_size != 0) {
		bool same = vmm_va_region_equal(vmm_space_area(space), area) &&
			    space->page_shift == page_shift && space->bins == bins &&
			    space->bin_count == bin_count && space->exact == exact;

		return same ? VMM_OK : VMM_ERR_BUSY;
	}
	zero_space(space);
	space->bins = bins;
	space->bin_count = (uint16_t)bin_count;
	for (uint32_t i = 0; i < bin_count; i++) {
		bins[i].root = NULL;
		bins[i].lowest = NULL;
	}
	space->page_shift = (uint8_t)page_shift;
	space->exact = exact;
	space->area_size = vmm_va_region_size(area);
	space->free_size = space->area_size;
	space->head.start = vmm_va_raw(vmm_va_region_start(area));
	space->head.gap = space->area_size;
	vmm_range_set_bound_(&space->head, vmm_bound_of_(space->area_size, exact), exact);
	vmm_rb_insert_(&space->used, NULL, 0, &space->head.by_addr, &vmm_rb_plain_, false);
	file_gap(space, &space->head);
	return VMM_OK;
}

/* Takes leaves off the tree, so that nothing has to be remembered on the way. */
void vmm_space_fini(struct vmm_space *space)
{
	struct vmm_link_ *link = space->used;

	while (link != NULL) {
		struct vmm_link_ *child = link->child[link->child[0] == NULL];
		struct vmm_link_ *parent = vmm_rb_parent_(link);

		if (child != NULL) {
			link = child;
			continue;
		}
		vmm_rb_hang_(&space->used, parent, link, NULL);
		zero_range(vmm_range_of_addr_(link));
		link = parent;
	}
	zero_space(space);
}

/* The guards as bits of vmm_range.size, with the page size. */
static uint64_t guard_bits(const struct vmm_space *space, struct vmm_guards guards)
{
	return (uint64_t)guards.before << VMM_RANGE_BEFORE_SHIFT_ |
	       (uint64_t)guards.after << VMM_RANGE_AFTER_SHIFT_ |
	       (uint64_t)(space->page_shift - VMM_SPACE_PAGE_SHIFT_) << VMM_RANGE_PAGE_SHIFT_;
}

static enum vmm_err check_guards(struct vmm_guards guards)
{
	if (guards.before > VMM_SPACE_GUARDS_MAX || guards.after > VMM_SPACE_GUARDS_MAX) {
		return VMM_ERR_UNSUPPORTED;
	}
	return VMM_OK;
}

static enum vmm_err read_window(const struct vmm_space *space, vmm_va_region_t window,
				struct vmm_search_ *search)
{
	search->windowed = !vmm_va_region_is_empty(window);
	if (!search->windowed) {
		window = vmm_space_area(space);
	} else if (!vmm_va_region_is_valid(window)) {
		return VMM_ERR_WRAP;
	} else if (!vmm_va_region_encloses(vmm_space_area(space), window)) {
		return VMM_ERR_RANGE;
	}
	search->first = vmm_va_raw(vmm_va_region_start(window));
	search->last = vmm_va_raw(vmm_va_region_last(window));
	return VMM_OK;
}

/* Whether any gap of the size will do: what most callers want, and what is found fastest. */
static bool is_plain(const struct vmm_space *space, const struct vmm_want *want)
{
	return want->fit == VMM_FIT_BEST && want->align_shift <= space->page_shift &&
	       want->align_offset == 0 && vmm_va_region_is_empty(want->window);
}

static enum vmm_err search_place(struct vmm_space *space, const struct vmm_want *want, uint64_t size,
				 bool improve, struct vmm_place_ *place)
{
	uint64_t page_mask = vmm_addr_mask_(space->page_shift);
	struct vmm_search_ search;
	enum vmm_err err;

	search.size = size;
	search.before = (uint64_t)want->guards.before << space->page_shift;
	search.align_mask = vmm_addr_mask_(want->align_shift) | page_mask;
	search.align_offset = want->align_offset;
	search.bound = vmm_bound_of_(size, space->exact);
	search.exact = space->exact;
	search.improve = improve;
	if (want->align_shift > 63 || (want->align_offset & page_mask) != 0 ||
	    want->align_offset > search.align_mask) {
		return VMM_ERR_ALIGN;
	}
	err = read_window(space, want->window, &search);
	if (err == VMM_OK) {
		vmm_space_search_(space, &search, want->fit, place);
	}
	return err;
}

enum vmm_err vmm_space_look_(struct vmm_space *space, const struct vmm_want *want, bool improve,
			     struct vmm_place_ *place)
{
	uint64_t guard_size = (uint64_t)(want->guards.before + want->guards.after)
			      << space->page_shift;
	uint64_t size;
	enum vmm_err err;

	if (want->size == 0) {
		return VMM_ERR_EMPTY;
	}
	if ((want->size & vmm_addr_mask_(space->page_shift)) != 0) {
		return VMM_ERR_ALIGN;
	}
	err = check_guards(want->guards);
	if (err != VMM_OK) {
		return err;
	}
	/* A size that would wrap fits nowhere. */
	size = want->size <= UINT64_MAX - guard_size ? want->size + guard_size : UINT64_MAX;
	if (is_plain(space, want)) {
		place->owner = size <= space->free_size ? vmm_space_smallest_(space, size) : NULL;
		place->lead = 0;
		place->in_vain = false;
	} else {
		err = search_place(space, want, size, improve, place);
		if (err != VMM_OK) {
			return err;
		}
	}
	place->size = size | guard_bits(space, want->guards);
	return place->owner != NULL ? VMM_OK : VMM_ERR_NOSPACE;
}

enum vmm_err vmm_space_reserve(struct vmm_space *space, const struct vmm_want *want,
			       struct vmm_range *range)
{
	struct vmm_place_ place;
	enum vmm_err err;

	if (range->size != 0) {
		return VMM_ERR_BUSY;
	}
	err = vmm_space_look_(space, want, true, &place);
	if (err == VMM_OK) {
		vmm_space_take_(space, &place, range);
	}
	return err;
}

enum vmm_err vmm_space_probe(struct vmm_space *space, const struct vmm_want *want,
			     vmm_va_region_t *found)
{
	struct vmm_place_ place;
	enum vmm_err err = vmm_space_look_(space, want, true, &place);

	if (err == VMM_OK) {
		*found = vmm_place_region_(&place);
	}
	return err;
}

/* Checks a fixed place, guards included, against the area; `whole` then has no wrap. */
static enum vmm_err read_where(const struct vmm_space *space, vmm_va_region_t where,
			       struct vmm_guards guards, struct vmm_span *whole)
{
	uint64_t before = (uint64_t)guards.before << space->page_shift;
	uint64_t after = (uint64_t)guards.after << space->page_shift;
	uint64_t offset = where.bytes.start - vmm_range_start_(&space->head);

	if (vmm_va_region_is_empty(where)) {
		return VMM_ERR_EMPTY;
	}
	if (!vmm_va_region_is_valid(where)) {
		return VMM_ERR_WRAP;
	}
	if (!vmm_va_region_is_aligned(where, space->page_shift)) {
		return VMM_ERR_ALIGN;
	}
	if (!vmm_va_region_encloses(vmm_space_area(space), where) || offset < before ||
	    space->area_size - offset - where.bytes.size < after) {
		return VMM_ERR_RANGE;
	}
	whole->start = where.bytes.start - before;
	whole->size = before + where.bytes.size + after;
	return VMM_OK;
}

enum vmm_err vmm_space_look_at_(struct vmm_space *space, vmm_va_region_t where,
				const struct vmm_guards *guards, struct vmm_place_ *place,
				vmm_va_t *conflict)
{
	struct vmm_guards around = { 0, 0 };
	struct vmm_span whole;
	enum vmm_err err;

	if (guards != NULL) {
		around = *guards;
	}
	err = check_guards(around);
	if (err == VMM_OK) {
		err = read_where(space, where, around, &whole);
	}
	if (err != VMM_OK) {
		return err;
	}
	place->owner = vmm_space_last_from_(space, whole.start, &space->head);
	place->lead = whole.start - vmm_range_end_(place->owner);
	place->size = whole.size | guard_bits(space, around);
	place->in_vain = false;
	/* Inside the range before, lead is negative, which is more than any gap. */
	if (place->lead < place->owner->gap &&
	    whole.size <= place->owner->gap - place->lead) {
		return VMM_OK;
	}
	if (conflict != NULL) {
		/* Its first page if that is reserved, else the end of the gap: the next range. */
		*conflict = vmm_va(place->lead < place->owner->gap ?
				   whole.start + (place->owner->gap - place->lead) : whole.start);
	}
	return VMM_ERR_EXISTS;
}

void vmm_space_place_behind_(const struct vmm_space *space, struct vmm_range *owner,
			     vmm_va_region_t where, struct vmm_guards guards,
			     struct vmm_place_ *place)
{
	uint64_t before = (uint64_t)guards.before << space->page_shift;
	uint64_t after = (uint64_t)guards.after << space->page_shift;

	place->owner = owner;
	place->lead = where.bytes.start - before - vmm_range_end_(owner);
	place->size = (before + where.bytes.size + after) | guard_bits(space, guards);
	place->in_vain = false;
}

enum vmm_err vmm_space_reserve_at(struct vmm_space *space, vmm_va_region_t where,
				  const struct vmm_guards *guards, struct vmm_range *range,
				  vmm_va_t *conflict)
{
	struct vmm_place_ place;
	enum vmm_err err;

	if (range->size != 0) {
		return VMM_ERR_BUSY;
	}
	err = vmm_space_look_at_(space, where, guards, &place, conflict);
	if (err == VMM_OK) {
		vmm_space_take_(space, &place, range);
	}
	return err;
}

void vmm_space_release(struct vmm_space *space, struct vmm_range *range)
{
	struct vmm_range *before;
	uint64_t size = vmm_range_size_(range);

	if (range->size == 0) {
		return;
	}
	before = vmm_space_before_(space, range);
	unfile_gap(space, range);
	unfile_gap(space, before);
	before->gap += size + range->gap;
	file_gap(space, before);
	bound_raise(&before->by_addr, before->gap, space->exact);
	if (space->exact) {
		range->gap = 0;
		bound_settle(&range->by_addr);
	} else {
		part(before, range);
	}
	vmm_rb_erase_behind_(&space->used, &range->by_addr, &before->by_addr, &bound_hooks,
			     space->exact);
	zero_range(range);
	space->free_size += size;
	space->range_count--;
}

enum vmm_err vmm_space_release_at(struct vmm_space *space, vmm_va_t start,
				  struct vmm_range **released)
{
	struct vmm_range *range = vmm_space_find(space, start, NULL);

	if (range == NULL || vmm_range_start_(range) + vmm_range_before_(range) != vmm_va_raw(start)) {
		return VMM_ERR_NOENT;
	}
	vmm_space_release(space, range);
	if (released != NULL) {
		*released = range;
	}
	return VMM_OK;
}
