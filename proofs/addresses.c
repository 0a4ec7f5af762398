/* SPDX-License-Identifier: MIT */
/*
 * Arithmetic of addresses and regions: every result is that of integers without bounds, or an error
 * says that there is none. 128 bits are without bounds enough for sums of 64-bit numbers.
 */

#include "../libvmm/addr.c"
#include "../libvmm/span.c"

#include "prove.h"

bool prove_addr_add(uint64_t addr, uint64_t size, uint64_t before)
{
	uint64_t out = before;
	enum vmm_err err = vmm_addr_add_(addr, size, &out);
	wide sum = (wide)addr + size;

	HOLDS((err == VMM_OK) == (sum >> 64 == 0));
	HOLDS(err == VMM_OK || err == VMM_ERR_WRAP);
	HOLDS(out == (err == VMM_OK ? (uint64_t)sum : before));
	return true;
}

bool prove_addr_sub(uint64_t addr, uint64_t size, uint64_t before)
{
	uint64_t out = before;
	enum vmm_err err = vmm_addr_sub_(addr, size, &out);

	HOLDS(err == (size <= addr ? VMM_OK : VMM_ERR_WRAP));
	HOLDS(err != VMM_OK || (wide)out + size == addr);
	HOLDS(err == VMM_OK || out == before);
	return true;
}

bool prove_addr_distance(uint64_t low, uint64_t high, uint64_t before)
{
	uint64_t size = before;
	enum vmm_err err = vmm_addr_distance_(low, high, &size);

	HOLDS(err == (low <= high ? VMM_OK : VMM_ERR_RANGE));
	HOLDS(err == VMM_OK ? (wide)low + size == high : size == before);
	return true;
}

bool prove_addr_align_up(uint64_t addr, uint32_t shift, uint64_t before)
{
	uint64_t out = before;
	enum vmm_err err = vmm_addr_align_up_(addr, shift, &out);
	uint64_t unit;

	if (shift > 63) {
		/* Only 0 is a multiple of a unit that is larger than the space. */
		HOLDS(err == (addr == 0 ? VMM_OK : VMM_ERR_WRAP));
		HOLDS(out == (addr == 0 ? 0 : before));
		return true;
	}
	unit = UINT64_C(1) << shift;
	if (err != VMM_OK) {
		/* Beyond the largest multiple that there is. */
		HOLDS(err == VMM_ERR_WRAP && out == before);
		HOLDS(addr > 0 - unit);
		return true;
	}
	HOLDS(out >= addr && out - addr < unit);
	HOLDS((out & (unit - 1)) == 0);
	return true;
}

bool prove_addr_pages(uint64_t addr, uint64_t count, uint32_t shift, uint64_t before)
{
	uint64_t out = before;
	uint64_t size = before;
	wide bytes;

	ONLY_IF(shift < 64);
	bytes = (wide)count << shift;
	HOLDS(vmm_addr_page_size_(count, shift, &size) == (bytes >> 64 == 0 ? VMM_OK : VMM_ERR_WRAP));
	HOLDS(size == (bytes >> 64 == 0 ? (uint64_t)bytes : before));
	HOLDS((vmm_addr_add_pages_(addr, count, shift, &out) == VMM_OK) ==
	      ((addr + bytes) >> 64 == 0));
	HOLDS(out == ((addr + bytes) >> 64 == 0 ? (uint64_t)(addr + bytes) : before));
	out = before;
	HOLDS((vmm_addr_sub_pages_(addr, count, shift, &out) == VMM_OK) == (bytes <= addr));
	HOLDS(bytes <= addr ? out + bytes == addr : out == before);
	return true;
}

bool prove_addr_pages_larger_than_the_space(uint64_t addr, uint64_t count, uint32_t shift)
{
	uint64_t out = 7;

	ONLY_IF(shift > 63);
	HOLDS(vmm_addr_add_pages_(addr, count, shift, &out) == (count == 0 ? VMM_OK : VMM_ERR_WRAP));
	HOLDS(out == (count == 0 ? addr : 7));
	return true;
}

bool prove_addr_alignment(uint64_t addr, uint32_t shift)
{
	vmm_va_t down = vmm_va_align_down(vmm_va(addr), shift);
	uint64_t offset = vmm_va_offset(vmm_va(addr), shift);

	HOLDS(down.raw + offset == addr && down.raw <= addr);
	HOLDS(vmm_va_is_aligned(down, shift));
	HOLDS(vmm_va_is_aligned(vmm_va(addr), shift) == (offset == 0));
	HOLDS(shift > 63 ? down.raw == 0 : offset >> shift == 0);
	return true;
}

/* --- regions --- */

static bool is_valid(struct vmm_span span)
{
	return (wide)span.start + span.size <= (wide)1 << 64;
}

static wide end_of(struct vmm_span span)
{
	return (wide)span.start + span.size;
}

static bool has(struct vmm_span span, uint64_t addr)
{
	return addr >= span.start && addr < end_of(span);
}

static struct vmm_span span_of(uint64_t start, uint64_t size)
{
	struct vmm_span span;

	span.start = start;
	span.size = size;
	return span;
}

bool prove_span_made(uint64_t start, uint64_t size, uint64_t last)
{
	struct vmm_span out = span_of(1, 2);
	enum vmm_err err = vmm_span_from_(start, size, &out);

	HOLDS(vmm_span_is_valid_(span_of(start, size)) == is_valid(span_of(start, size)));
	HOLDS(err == (is_valid(span_of(start, size)) ? VMM_OK : VMM_ERR_WRAP));
	HOLDS(err == VMM_OK ? out.start == start && out.size == size : out.start == 1 && out.size == 2);
	out = span_of(1, 2);
	err = vmm_span_from_last_(start, last, &out);
	HOLDS(err == (last < start ? VMM_ERR_RANGE :
		      start == 0 && last == UINT64_MAX ? VMM_ERR_WRAP : VMM_OK));
	HOLDS(err == VMM_OK ? end_of(out) == (wide)last + 1 && out.start == start : out.start == 1);
	return true;
}

bool prove_span_contains(uint64_t start, uint64_t size, uint64_t addr)
{
	struct vmm_span span = span_of(start, size);

	ONLY_IF(is_valid(span));
	HOLDS(vmm_span_contains_(span, addr) == has(span, addr));
	HOLDS(size == 0 || vmm_span_last_(span) == (uint64_t)(end_of(span) - 1));
	return true;
}

/* By any byte, and by the one that two overlapping spans have for sure: the later start. */
bool prove_span_overlaps(uint64_t a_start, uint64_t a_size, uint64_t b_start, uint64_t b_size,
			 uint64_t addr)
{
	struct vmm_span a = span_of(a_start, a_size);
	struct vmm_span b = span_of(b_start, b_size);
	uint64_t first = a_start > b_start ? a_start : b_start;
	bool is_overlap;

	ONLY_IF(is_valid(a) && is_valid(b));
	is_overlap = vmm_span_overlaps_(a, b);
	HOLDS(is_overlap ? has(a, first) && has(b, first) : !(has(a, addr) && has(b, addr)));
	return true;
}

/* What overlaps has the later start and the earlier last byte, which are bytes of both. */
bool prove_span_intersect(uint64_t a_start, uint64_t a_size, uint64_t b_start, uint64_t b_size)
{
	struct vmm_span a = span_of(a_start, a_size);
	struct vmm_span b = span_of(b_start, b_size);
	uint64_t first = a_start > b_start ? a_start : b_start;
	uint64_t a_last = a_start + (a_size - 1);
	uint64_t b_last = b_start + (b_size - 1);
	struct vmm_span common;

	ONLY_IF(is_valid(a) && is_valid(b) && vmm_span_overlaps_(a, b));
	common = vmm_span_intersect_(a, b);
	HOLDS(common.size != 0 && common.start == first);
	HOLDS(common.start + (common.size - 1) == (a_last < b_last ? a_last : b_last));
	return true;
}

bool prove_span_intersect_nothing(uint64_t a_start, uint64_t a_size, uint64_t b_start,
				  uint64_t b_size)
{
	struct vmm_span a = span_of(a_start, a_size);
	struct vmm_span b = span_of(b_start, b_size);

	HOLDS(vmm_span_overlaps_(a, b) || vmm_span_intersect_(a, b).size == 0);
	return true;
}

/* Of the bytes of b, the first and the last decide; of nothing, all are anywhere. */
bool prove_span_encloses(uint64_t a_start, uint64_t a_size, uint64_t b_start, uint64_t b_size,
			 uint64_t addr)
{
	struct vmm_span a = span_of(a_start, a_size);
	struct vmm_span b = span_of(b_start, b_size);
	bool is_enclosed;

	ONLY_IF(is_valid(a) && is_valid(b));
	is_enclosed = vmm_span_encloses_(a, b);
	HOLDS(!is_enclosed || !has(b, addr) || has(a, addr));
	HOLDS(is_enclosed || (b_size != 0 && !(has(a, b_start) && has(a, b_start + (b_size - 1)))));
	return true;
}

bool prove_span_equal(uint64_t a_start, uint64_t a_size, uint64_t b_start, uint64_t b_size,
		      uint64_t addr)
{
	struct vmm_span a = span_of(a_start, a_size);
	struct vmm_span b = span_of(b_start, b_size);

	ONLY_IF(is_valid(a) && is_valid(b) && vmm_span_equal_(a, b));
	/* Equal ones have the same bytes. */
	HOLDS(has(a, addr) == has(b, addr));
	return true;
}

bool prove_span_align_out(uint64_t start, uint64_t size, uint32_t shift, uint64_t addr)
{
	struct vmm_span span = span_of(start, size);
	struct vmm_span out = span_of(1, 2);
	uint64_t mask;
	enum vmm_err err;

	ONLY_IF(is_valid(span) && size != 0 && shift < 64);
	mask = (UINT64_C(1) << shift) - 1;
	err = vmm_span_align_out_(span, shift, &out);
	if (err != VMM_OK) {
		/* Only all 2^64 bytes have no size. */
		HOLDS(err == VMM_ERR_WRAP && out.start == 1 && out.size == 2);
		HOLDS(start <= mask && (uint64_t)(end_of(span) - 1) >= ~mask);
		return true;
	}
	HOLDS(is_valid(out) && vmm_span_is_aligned_(out, shift));
	HOLDS(vmm_span_encloses_(out, span));
	/* And nothing that isn't of a unit that the span touches. */
	ONLY_IF(has(out, addr));
	HOLDS((addr & ~mask) <= (uint64_t)(end_of(span) - 1) && (addr | mask) >= start);
	return true;
}

bool prove_span_split(uint64_t start, uint64_t size, uint64_t low_size)
{
	struct vmm_span span = span_of(start, size);
	struct vmm_span low = span_of(1, 2);
	struct vmm_span high = span_of(3, 4);
	enum vmm_err err = vmm_span_split_(span, low_size, &low, &high);

	ONLY_IF(is_valid(span));
	HOLDS(err == (low_size <= size ? VMM_OK : VMM_ERR_RANGE));
	if (err != VMM_OK) {
		HOLDS(low.start == 1 && low.size == 2 && high.start == 3 && high.size == 4);
		return true;
	}
	HOLDS(low.size == low_size && high.size == size - low_size);
	HOLDS(low.size == 0 || low.start == start);
	HOLDS(high.size == 0 || (wide)high.start == (wide)start + low_size);
	return true;
}

bool prove_span_pages(uint64_t start, uint64_t size, uint32_t shift, uint64_t pages_on)
{
	struct vmm_span span = span_of(start, size);
	uint64_t last = start + (size - 1);
	uint64_t first = 7;
	uint64_t next, before;
	uint64_t unit;

	ONLY_IF(is_valid(span) && shift < 64);
	unit = UINT64_C(1) << shift;
	HOLDS(vmm_span_first_page_(span, shift, &first) == (size != 0));
	if (size == 0) {
		HOLDS(first == 7 && vmm_span_page_count_(span, shift) == 0);
		return true;
	}
	HOLDS((first & (unit - 1)) == 0 && first <= start && start - first < unit);
	/* From any page of the region to the one behind it, or to none. */
	next = first + (pages_on & ~(unit - 1));
	before = next;
	ONLY_IF(next >= first && next <= last);
	if (vmm_span_next_page_(span, shift, &next)) {
		HOLDS(next == before + unit && next > before && next <= last);
	} else {
		HOLDS(next == before && last - before < unit);
	}
	return true;
}

bool prove_span_page_count(uint64_t start, uint64_t size, uint32_t shift)
{
	struct vmm_span span = span_of(start, size);
	uint64_t count = vmm_span_page_count_(span, shift);
	uint64_t last = start + (size - 1);
	uint64_t unit;

	ONLY_IF(is_valid(span) && size != 0);
	if (shift > 63) {
		HOLDS(count == 1);
		return true;
	}
	unit = UINT64_C(1) << shift;
	/* So many from the first one on, and the last byte is in the last one. */
	HOLDS(count != 0 && (start & ~(unit - 1)) + ((count - 1) << shift) == (last & ~(unit - 1)));
	HOLDS((count - 1) << shift >> shift == count - 1);
	return true;
}
