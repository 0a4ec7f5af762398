/* SPDX-License-Identifier: MIT */
/*
 * The address space: what only reads it. Lookup, iteration, totals, and what a range says about
 * itself.
 */
#include "space_impl.h"

struct vmm_range *vmm_space_find(const struct vmm_space *space, vmm_va_t va, bool *in_guard)
{
	struct vmm_range *range = vmm_space_last_from_(space, vmm_va_raw(va), NULL);
	uint64_t offset;

	if (range == NULL) {
		return NULL;
	}
	offset = vmm_va_raw(va) - vmm_range_start_(range);
	if (offset >= vmm_range_size_(range)) {
		return NULL;
	}
	if (in_guard != NULL) {
		*in_guard = offset < vmm_range_before_(range) ||
			    offset >= vmm_range_size_(range) - vmm_range_after_(range);
	}
	return range;
}

vmm_va_region_t vmm_space_gap_at(const struct vmm_space *space, vmm_va_t va)
{
	const struct vmm_range *range = vmm_space_last_from_(space, vmm_va_raw(va), NULL);

	if (range == NULL || vmm_va_raw(va) - vmm_range_end_(range) >= range->gap) {
		return vmm_va_region_empty();
	}
	return vmm_range_gap(range);
}

/* The neighbor, unless that is head or none. */
static struct vmm_range *beside(const struct vmm_space *space, const struct vmm_range *range,
				unsigned int side)
{
	struct vmm_link_ *link = vmm_rb_beside_(&range->by_addr, side);

	return link != NULL && link != &space->head.by_addr ? vmm_range_of_addr_(link) : NULL;
}

struct vmm_range *vmm_space_first(const struct vmm_space *space)
{
	return beside(space, &space->head, 1);
}

struct vmm_range *vmm_space_last(const struct vmm_space *space)
{
	struct vmm_link_ *link;

	if (space->range_count == 0) {
		return NULL;
	}
	link = vmm_rb_outermost_(space->used, 1);
	return vmm_range_of_addr_(link);
}

struct vmm_range *vmm_space_next(const struct vmm_space *space, const struct vmm_range *range)
{
	return beside(space, range, 1);
}

struct vmm_range *vmm_space_prev(const struct vmm_space *space, const struct vmm_range *range)
{
	return beside(space, range, 0);
}

vmm_va_region_t vmm_space_area(const struct vmm_space *space)
{
	vmm_va_region_t area = VMM_VA_REGION_INIT(vmm_range_start_(&space->head), space->area_size);

	return area;
}

unsigned int vmm_space_page_shift(const struct vmm_space *space)
{
	return space->page_shift;
}

uint64_t vmm_space_free_size(const struct vmm_space *space)
{
	return space->free_size;
}

uint64_t vmm_space_used_size(const struct vmm_space *space)
{
	return space->area_size - space->free_size;
}

uint64_t vmm_space_range_count(const struct vmm_space *space)
{
	return space->range_count;
}

/* Any of the largest gaps, or NULL. */
static const struct vmm_range *a_largest(const struct vmm_space *space)
{
	if (space->large != NULL) {
		return vmm_range_of_gap_(vmm_rb_outermost_(space->large, 1));
	}
	for (unsigned int bin = space->bin_count; bin > 0; bin--) {
		if (space->bins[bin - 1].lowest != NULL) {
			return vmm_range_of_gap_(space->bins[bin - 1].lowest);
		}
	}
	return NULL;
}

vmm_va_region_t vmm_space_largest_gap(const struct vmm_space *space)
{
	const struct vmm_range *largest = a_largest(space);

	if (largest == NULL) {
		return vmm_va_region_empty();
	}
	return vmm_range_gap(vmm_space_smallest_(space, largest->gap));
}

bool vmm_range_is_reserved(const struct vmm_range *range)
{
	return range->size != 0;
}

vmm_va_region_t vmm_range_region(const struct vmm_range *range)
{
	return vmm_range_usable_(range);
}

vmm_va_region_t vmm_range_whole(const struct vmm_range *range)
{
	vmm_va_region_t region = VMM_VA_REGION_INIT(vmm_range_start_(range), vmm_range_size_(range));

	return region;
}

vmm_va_region_t vmm_range_gap(const struct vmm_range *range)
{
	vmm_va_region_t region = vmm_va_region_empty();

	if (range->gap != 0) {
		region.bytes.start = vmm_range_end_(range);
		region.bytes.size = range->gap;
	}
	return region;
}

struct vmm_guards vmm_range_guards(const struct vmm_range *range)
{
	struct vmm_guards guards;

	guards.before = (uint8_t)((range->size >> VMM_RANGE_BEFORE_SHIFT_) & VMM_RANGE_FIELD_);
	guards.after = (uint8_t)((range->size >> VMM_RANGE_AFTER_SHIFT_) & VMM_RANGE_FIELD_);
	return guards;
}
