/* SPDX-License-Identifier: MIT */
#ifndef VMM_REGION_H
#define VMM_REGION_H

/**
 * @file region.h
 * Contiguous bytes of the virtual or of the physical address space, as two types that do not mix.
 *
 * A region is a start and a size in bytes, passed by value. It may end with the last byte of the
 * 64-bit space; the whole space, 2^64 bytes, is the one that cannot be expressed. Regions are sets
 * of bytes: all empty ones (size 0) are equal, overlap nothing and are enclosed by everything,
 * wherever they start. The empty parts that intersect, align_out, split and take produce start at
 * 0, as a zeroed region does.
 *
 * The functions that make a region refuse one that would pass the last byte. A struct written by
 * hand can still be invalid in that way. No function here breaks on it, but the answers are without
 * meaning: check with vmm_va_region_is_valid where a region comes from outside.
 *
 * `shift` is as in addr.h. On an error all out-parameters are as before. They may be the
 * objects that the inputs came from, but must differ from each other. Everything is O(1).
 */

#include <vmm/span.h>

VMM_BEGIN_DECLS

/** Bytes of a virtual address space. */
typedef struct vmm_va_region_t {
	struct vmm_span bytes; /**< start and size; use the functions below */
} vmm_va_region_t;

/** Bytes of the physical address space. */
typedef struct vmm_pa_region_t {
	struct vmm_span bytes; /**< start and size; use the functions below */
} vmm_pa_region_t;

/**
 * Initializers for static data, from two integers. Nothing checks them; do so beside the object:
 * `VMM_STATIC_ASSERT(VMM_REGION_FITS(start, size), "the region ends inside the space");`
 */
#define VMM_VA_REGION_INIT(start, size) \
	{                               \
		{                       \
			(start), (size) \
		}                       \
	}
/** The same for a physical region. */
#define VMM_PA_REGION_INIT(start, size) \
	{                               \
		{                       \
			(start), (size) \
		}                       \
	}

/** Whether `size` bytes from `start` on are a valid region; a constant expression if both are. */
#define VMM_REGION_FITS(start, size) VMM_SPAN_IS_VALID_(start, size)

/**
 * Makes a region of `size` bytes that starts at `start`; `size` 0 makes an empty one.
 *
 * VMM_ERR_WRAP: it would pass the last byte of the space.
 */
VMM_INLINE VMM_MUST_CHECK enum vmm_err vmm_va_region(vmm_va_t start, uint64_t size,
						     vmm_va_region_t *out)
{
	return vmm_span_from_(start.raw, size, &out->bytes);
}

/**
 * Makes a region of `page_count` pages of 2^shift bytes that starts at `start`.
 *
 * VMM_ERR_ALIGN: `start` is no multiple of 2^shift. VMM_ERR_WRAP: it would pass the last byte of
 * the space.
 */
VMM_INLINE VMM_MUST_CHECK enum vmm_err vmm_va_region_from_pages(vmm_va_t start, uint64_t page_count,
								unsigned int shift,
								vmm_va_region_t *out)
{
	return vmm_span_from_pages_(start.raw, page_count, shift, &out->bytes);
}

/**
 * Makes a region from its first and its last byte.
 *
 * VMM_ERR_RANGE: `last` is below `first`. VMM_ERR_WRAP: the two are the first and the last byte of
 * the space, whose size cannot be expressed.
 */
VMM_INLINE VMM_MUST_CHECK enum vmm_err vmm_va_region_from_last(vmm_va_t first, vmm_va_t last,
							       vmm_va_region_t *out)
{
	return vmm_span_from_last_(first.raw, last.raw, &out->bytes);
}

/** An empty region; a zeroed object is one, too. */
VMM_INLINE vmm_va_region_t vmm_va_region_empty(void)
{
	vmm_va_region_t region = VMM_VA_REGION_INIT(0, 0);

	return region;
}

/** The address of the first byte; of an empty region, what it was made with. */
VMM_INLINE vmm_va_t vmm_va_region_start(vmm_va_region_t region)
{
	return vmm_va(region.bytes.start);
}

/** The address of the last byte; of an empty region, its start. */
VMM_INLINE vmm_va_t vmm_va_region_last(vmm_va_region_t region)
{
	return vmm_va(vmm_span_last_(region.bytes));
}

/** The number of bytes. */
VMM_INLINE uint64_t vmm_va_region_size(vmm_va_region_t region)
{
	return region.bytes.size;
}

/** Whether the region ends inside the 64-bit space. False only for a struct made by hand. */
VMM_INLINE bool vmm_va_region_is_valid(vmm_va_region_t region)
{
	return vmm_span_is_valid_(region.bytes);
}

/** Whether there is no byte in the region. */
VMM_INLINE bool vmm_va_region_is_empty(vmm_va_region_t region)
{
	return region.bytes.size == 0;
}

/** Whether start and size are multiples of 2^shift. */
VMM_INLINE bool vmm_va_region_is_aligned(vmm_va_region_t region, unsigned int shift)
{
	return vmm_span_is_aligned_(region.bytes, shift);
}

/** Whether the byte at `va` is in the region. */
VMM_INLINE bool vmm_va_region_contains(vmm_va_region_t region, vmm_va_t va)
{
	return vmm_span_contains_(region.bytes, va.raw);
}

/** Whether some byte is in both. */
VMM_INLINE bool vmm_va_region_overlaps(vmm_va_region_t a, vmm_va_region_t b)
{
	return vmm_span_overlaps_(a.bytes, b.bytes);
}

/** Whether every byte of `inner` is in `outer`; true for every empty `inner`. */
VMM_INLINE bool vmm_va_region_encloses(vmm_va_region_t outer, vmm_va_region_t inner)
{
	return vmm_span_encloses_(outer.bytes, inner.bytes);
}

/** Whether both have the same bytes; true for any two empty ones. */
VMM_INLINE bool vmm_va_region_equal(vmm_va_region_t a, vmm_va_region_t b)
{
	return vmm_span_equal_(a.bytes, b.bytes);
}

/** The bytes that are in both. */
VMM_INLINE vmm_va_region_t vmm_va_region_intersect(vmm_va_region_t a, vmm_va_region_t b)
{
	vmm_va_region_t region;

	region.bytes = vmm_span_intersect_(a.bytes, b.bytes);
	return region;
}

/**
 * Finds the smallest region of whole units of 2^shift bytes that encloses this one; of an empty
 * region, an empty one.
 *
 * VMM_ERR_WRAP: that would be the whole space.
 */
VMM_INLINE VMM_MUST_CHECK enum vmm_err
vmm_va_region_align_out(vmm_va_region_t region, unsigned int shift, vmm_va_region_t *out)
{
	return vmm_span_align_out_(region.bytes, shift, &out->bytes);
}

/**
 * Cuts a region in two: `low` gets the first `low_size` bytes, `high` the rest. Either may come out
 * empty.
 *
 * VMM_ERR_RANGE: the region has fewer bytes than `low_size`.
 */
VMM_INLINE VMM_MUST_CHECK enum vmm_err vmm_va_region_split(vmm_va_region_t region,
							   uint64_t low_size, vmm_va_region_t *low,
							   vmm_va_region_t *high)
{
	return vmm_span_split_(region.bytes, low_size, &low->bytes, &high->bytes);
}

/**
 * Takes the first `page_count` pages of 2^shift bytes off `rest` and hands them out in `taken`.
 *
 * VMM_ERR_ALIGN: `rest` does not start at a multiple of 2^shift. VMM_ERR_RANGE: it has fewer whole
 * pages.
 */
VMM_INLINE VMM_MUST_CHECK enum vmm_err vmm_va_region_take(vmm_va_region_t *rest,
							  uint64_t page_count, unsigned int shift,
							  vmm_va_region_t *taken)
{
	return vmm_span_take_(&rest->bytes, page_count, shift, &taken->bytes);
}

/** The number of pages of 2^shift bytes that have a byte of the region. */
VMM_INLINE uint64_t vmm_va_region_page_count(vmm_va_region_t region, unsigned int shift)
{
	return vmm_span_page_count_(region.bytes, shift);
}

/**
 * Starts to visit the pages of 2^shift bytes that have a byte of the region, lowest first:
 *
 *     for (more = vmm_va_region_first_page(region, 12, &page); more;
 *          more = vmm_va_region_next_page(region, 12, &page)) {
 *
 * `page` is the first byte of the page, even if the region starts behind it. False, with `page` as
 * before, if the region is empty.
 */
VMM_INLINE bool vmm_va_region_first_page(vmm_va_region_t region, unsigned int shift, vmm_va_t *page)
{
	return vmm_span_first_page_(region.bytes, shift, &page->raw);
}

/**
 * Goes on to the next page. False, with `page` as before, if `page` was the last one; that is also
 * how it ends at the last page of the space.
 */
VMM_INLINE bool vmm_va_region_next_page(vmm_va_region_t region, unsigned int shift, vmm_va_t *page)
{
	return vmm_span_next_page_(region.bytes, shift, &page->raw);
}

/*
 * The same for physical regions, with the same contracts.
 */

/** As vmm_va_region: VMM_ERR_WRAP. */
VMM_INLINE VMM_MUST_CHECK enum vmm_err vmm_pa_region(vmm_pa_t start, uint64_t size,
						     vmm_pa_region_t *out)
{
	return vmm_span_from_(start.raw, size, &out->bytes);
}

/** As vmm_va_region_from_pages: VMM_ERR_ALIGN, VMM_ERR_WRAP. */
VMM_INLINE VMM_MUST_CHECK enum vmm_err vmm_pa_region_from_pages(vmm_pa_t start, uint64_t page_count,
								unsigned int shift,
								vmm_pa_region_t *out)
{
	return vmm_span_from_pages_(start.raw, page_count, shift, &out->bytes);
}

/** As vmm_va_region_from_last: VMM_ERR_RANGE, VMM_ERR_WRAP. */
VMM_INLINE VMM_MUST_CHECK enum vmm_err vmm_pa_region_from_last(vmm_pa_t first, vmm_pa_t last,
							       vmm_pa_region_t *out)
{
	return vmm_span_from_last_(first.raw, last.raw, &out->bytes);
}

/** As vmm_va_region_empty. */
VMM_INLINE vmm_pa_region_t vmm_pa_region_empty(void)
{
	vmm_pa_region_t region = VMM_PA_REGION_INIT(0, 0);

	return region;
}

/** As vmm_va_region_start. */
VMM_INLINE vmm_pa_t vmm_pa_region_start(vmm_pa_region_t region)
{
	return vmm_pa(region.bytes.start);
}

/** As vmm_va_region_last. */
VMM_INLINE vmm_pa_t vmm_pa_region_last(vmm_pa_region_t region)
{
	return vmm_pa(vmm_span_last_(region.bytes));
}

/** As vmm_va_region_size. */
VMM_INLINE uint64_t vmm_pa_region_size(vmm_pa_region_t region)
{
	return region.bytes.size;
}

/** As vmm_va_region_is_valid. */
VMM_INLINE bool vmm_pa_region_is_valid(vmm_pa_region_t region)
{
	return vmm_span_is_valid_(region.bytes);
}

/** As vmm_va_region_is_empty. */
VMM_INLINE bool vmm_pa_region_is_empty(vmm_pa_region_t region)
{
	return region.bytes.size == 0;
}

/** As vmm_va_region_is_aligned. */
VMM_INLINE bool vmm_pa_region_is_aligned(vmm_pa_region_t region, unsigned int shift)
{
	return vmm_span_is_aligned_(region.bytes, shift);
}

/** As vmm_va_region_contains. */
VMM_INLINE bool vmm_pa_region_contains(vmm_pa_region_t region, vmm_pa_t pa)
{
	return vmm_span_contains_(region.bytes, pa.raw);
}

/** As vmm_va_region_overlaps. */
VMM_INLINE bool vmm_pa_region_overlaps(vmm_pa_region_t a, vmm_pa_region_t b)
{
	return vmm_span_overlaps_(a.bytes, b.bytes);
}

/** As vmm_va_region_encloses. */
VMM_INLINE bool vmm_pa_region_encloses(vmm_pa_region_t outer, vmm_pa_region_t inner)
{
	return vmm_span_encloses_(outer.bytes, inner.bytes);
}

/** As vmm_va_region_equal. */
VMM_INLINE bool vmm_pa_region_equal(vmm_pa_region_t a, vmm_pa_region_t b)
{
	return vmm_span_equal_(a.bytes, b.bytes);
}

/** As vmm_va_region_intersect. */
VMM_INLINE vmm_pa_region_t vmm_pa_region_intersect(vmm_pa_region_t a, vmm_pa_region_t b)
{
	vmm_pa_region_t region;

	region.bytes = vmm_span_intersect_(a.bytes, b.bytes);
	return region;
}

/** As vmm_va_region_align_out: VMM_ERR_WRAP. */
VMM_INLINE VMM_MUST_CHECK enum vmm_err
vmm_pa_region_align_out(vmm_pa_region_t region, unsigned int shift, vmm_pa_region_t *out)
{
	return vmm_span_align_out_(region.bytes, shift, &out->bytes);
}

/** As vmm_va_region_split: VMM_ERR_RANGE. */
VMM_INLINE VMM_MUST_CHECK enum vmm_err vmm_pa_region_split(vmm_pa_region_t region,
							   uint64_t low_size, vmm_pa_region_t *low,
							   vmm_pa_region_t *high)
{
	return vmm_span_split_(region.bytes, low_size, &low->bytes, &high->bytes);
}

/** As vmm_va_region_take: VMM_ERR_ALIGN, VMM_ERR_RANGE. */
VMM_INLINE VMM_MUST_CHECK enum vmm_err vmm_pa_region_take(vmm_pa_region_t *rest,
							  uint64_t page_count, unsigned int shift,
							  vmm_pa_region_t *taken)
{
	return vmm_span_take_(&rest->bytes, page_count, shift, &taken->bytes);
}

/** As vmm_va_region_page_count. */
VMM_INLINE uint64_t vmm_pa_region_page_count(vmm_pa_region_t region, unsigned int shift)
{
	return vmm_span_page_count_(region.bytes, shift);
}

/** As vmm_va_region_first_page. */
VMM_INLINE bool vmm_pa_region_first_page(vmm_pa_region_t region, unsigned int shift, vmm_pa_t *page)
{
	return vmm_span_first_page_(region.bytes, shift, &page->raw);
}

/** As vmm_va_region_next_page. */
VMM_INLINE bool vmm_pa_region_next_page(vmm_pa_region_t region, unsigned int shift, vmm_pa_t *page)
{
	return vmm_span_next_page_(region.bytes, shift, &page->raw);
}

VMM_END_DECLS

#endif /* VMM_REGION_H */
