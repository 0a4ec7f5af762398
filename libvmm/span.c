/* SPDX-License-Identifier: MIT */
/*
 * The arithmetic of regions, once for the virtual and the physical space. Contracts: region.h, at
 * the typed functions. All comparisons are between sizes and last bytes, never with the byte behind
 * the end, which does not exist for a span that ends with the space.
 */

#include <vmm/span.h>

static struct vmm_span make_span(uint64_t start, uint64_t size)
{
	struct vmm_span made;

	made.start = start;
	made.size = size;
	return made;
}

/** From first to last byte. The caller knows that first <= last and that it isn't everything. */
static struct vmm_span span_between(uint64_t first, uint64_t last)
{
	return make_span(first, last - first + 1);
}

enum vmm_err vmm_span_from_(uint64_t start, uint64_t size, struct vmm_span *out)
{
	struct vmm_span made = make_span(start, size);

	if (!vmm_span_is_valid_(made)) {
		return VMM_ERR_WRAP;
	}
	*out = made;
	return VMM_OK;
}

enum vmm_err vmm_span_from_pages_(uint64_t start, uint64_t page_count, unsigned int shift,
				  struct vmm_span *out)
{
	uint64_t size;
	enum vmm_err err;

	if ((start & vmm_addr_mask_(shift)) != 0) {
		return VMM_ERR_ALIGN;
	}
	err = vmm_addr_page_size_(page_count, shift, &size);
	return err == VMM_OK ? vmm_span_from_(start, size, out) : err;
}

enum vmm_err vmm_span_from_last_(uint64_t first, uint64_t last, struct vmm_span *out)
{
	if (last < first) {
		return VMM_ERR_RANGE;
	}
	if (last - first == UINT64_MAX) {
		return VMM_ERR_WRAP;
	}
	*out = span_between(first, last);
	return VMM_OK;
}

/* Of two spans with a common byte, the one that starts later starts inside the other. */
bool vmm_span_overlaps_(struct vmm_span a, struct vmm_span b)
{
	return a.size != 0 && b.size != 0 &&
	       (vmm_span_contains_(a, b.start) || vmm_span_contains_(b, a.start));
}

bool vmm_span_encloses_(struct vmm_span outer, struct vmm_span inner)
{
	uint64_t before = inner.start - outer.start;

	return inner.size == 0 || (before < outer.size && inner.size <= outer.size - before);
}

bool vmm_span_equal_(struct vmm_span a, struct vmm_span b)
{
	return a.size == b.size && (a.size == 0 || a.start == b.start);
}

struct vmm_span vmm_span_intersect_(struct vmm_span a, struct vmm_span b)
{
	uint64_t a_last = vmm_span_last_(a);
	uint64_t b_last = vmm_span_last_(b);

	if (!vmm_span_overlaps_(a, b)) {
		return make_span(0, 0);
	}
	return span_between(a.start > b.start ? a.start : b.start,
			    a_last < b_last ? a_last : b_last);
}

enum vmm_err vmm_span_align_out_(struct vmm_span inner, unsigned int shift, struct vmm_span *out)
{
	uint64_t mask = vmm_addr_mask_(shift);

	if (inner.size == 0) {
		*out = make_span(0, 0);
		return VMM_OK;
	}
	return vmm_span_from_last_(inner.start & ~mask, vmm_span_last_(inner) | mask, out);
}

enum vmm_err vmm_span_split_(struct vmm_span whole, uint64_t low_size, struct vmm_span *low,
			     struct vmm_span *high)
{
	uint64_t high_size = whole.size - low_size;

	if (low_size > whole.size) {
		return VMM_ERR_RANGE;
	}
	*low = make_span(low_size == 0 ? 0 : whole.start, low_size);
	*high = make_span(high_size == 0 ? 0 : whole.start + low_size, high_size);
	return VMM_OK;
}

enum vmm_err vmm_span_take_(struct vmm_span *rest, uint64_t page_count, unsigned int shift,
			    struct vmm_span *taken)
{
	uint64_t size;

	if ((rest->start & vmm_addr_mask_(shift)) != 0) {
		return VMM_ERR_ALIGN;
	}
	if (vmm_addr_page_size_(page_count, shift, &size) != VMM_OK) {
		return VMM_ERR_RANGE;
	}
	return vmm_span_split_(*rest, size, taken, rest);
}

uint64_t vmm_span_page_count_(struct vmm_span of, unsigned int shift)
{
	if (of.size == 0) {
		return 0;
	}
	if (shift > 63) {
		return 1;
	}
	return (vmm_span_last_(of) >> shift) - (of.start >> shift) + 1;
}

bool vmm_span_first_page_(struct vmm_span of, unsigned int shift, uint64_t *page)
{
	if (of.size == 0) {
		return false;
	}
	*page = of.start & ~vmm_addr_mask_(shift);
	return true;
}

bool vmm_span_next_page_(struct vmm_span of, unsigned int shift, uint64_t *page)
{
	uint64_t mask = vmm_addr_mask_(shift);

	/* Compared before it is stepped: behind the last page there need not be an address. */
	if (of.size == 0 || *page >= (vmm_span_last_(of) & ~mask)) {
		return false;
	}
	*page += mask + 1;
	return true;
}
