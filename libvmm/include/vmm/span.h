/* SPDX-License-Identifier: MIT */
#ifndef VMM_SPAN_H
#define VMM_SPAN_H

/**
 * @file span.h
 * The arithmetic of regions, once for virtual and physical ones. Installed because region.h needs
 * it; use region.h. The contracts are there, too.
 */

#include <vmm/addr.h>

VMM_BEGIN_DECLS

/**
 * `size` bytes from `start` on. Valid if it has no byte past the last one of the 64-bit space.
 * Nothing here relies on `start + size`, which is 2^64 for a span that ends with the last byte.
 */
struct vmm_span {
	uint64_t start; /**< the first byte */
	uint64_t size; /**< in bytes; 0: empty, wherever it starts */
};

/** Whether these are a valid span; a constant expression if both are. */
#define VMM_SPAN_IS_VALID_(start, size) \
	((size) == 0 || UINT64_MAX - (start) >= ((uint64_t)(size)) - 1)

VMM_INLINE bool vmm_span_is_valid_(struct vmm_span span)
{
	return VMM_SPAN_IS_VALID_(span.start, span.size);
}

VMM_INLINE uint64_t vmm_span_last_(struct vmm_span span)
{
	return span.size == 0 ? span.start : span.start + (span.size - 1);
}

VMM_INLINE bool vmm_span_contains_(struct vmm_span span, uint64_t addr)
{
	return addr - span.start < span.size;
}

VMM_INLINE bool vmm_span_is_aligned_(struct vmm_span span, unsigned int shift)
{
	return ((span.start | span.size) & vmm_addr_mask_(shift)) == 0;
}

VMM_MUST_CHECK enum vmm_err vmm_span_from_(uint64_t start, uint64_t size, struct vmm_span *out);
VMM_MUST_CHECK enum vmm_err vmm_span_from_pages_(uint64_t start, uint64_t page_count,
						 unsigned int shift, struct vmm_span *out);
VMM_MUST_CHECK enum vmm_err vmm_span_from_last_(uint64_t first, uint64_t last,
						struct vmm_span *out);
bool vmm_span_overlaps_(struct vmm_span a, struct vmm_span b);
bool vmm_span_encloses_(struct vmm_span outer, struct vmm_span inner);
bool vmm_span_equal_(struct vmm_span a, struct vmm_span b);
struct vmm_span vmm_span_intersect_(struct vmm_span a, struct vmm_span b);
VMM_MUST_CHECK enum vmm_err vmm_span_align_out_(struct vmm_span span, unsigned int shift,
						struct vmm_span *out);
VMM_MUST_CHECK enum vmm_err vmm_span_split_(struct vmm_span span, uint64_t low_size,
					    struct vmm_span *low, struct vmm_span *high);
VMM_MUST_CHECK enum vmm_err vmm_span_take_(struct vmm_span *rest, uint64_t page_count,
					   unsigned int shift, struct vmm_span *taken);
uint64_t vmm_span_page_count_(struct vmm_span span, unsigned int shift);
bool vmm_span_first_page_(struct vmm_span span, unsigned int shift, uint64_t *page);
bool vmm_span_next_page_(struct vmm_span span, unsigned int shift, uint64_t *page);

VMM_END_DECLS

#endif /* VMM_SPAN_H */
