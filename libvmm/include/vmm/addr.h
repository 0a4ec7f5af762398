/* SPDX-License-Identifier: MIT */
#ifndef VMM_ADDR_H
#define VMM_ADDR_H

/**
 * @file addr.h
 * Virtual and physical addresses as two types that do not mix.
 *
 * Each is a struct around one 64-bit word: it travels in a register, and a physical address where
 * a virtual one belongs, or a bare integer where an address belongs, does not compile. Both types
 * have the same functions, except that only a virtual address has a pointer.
 *
 * `shift` is the binary logarithm of a unit in bytes: 12 for pages of 4 KiB. Every value is
 * defined: a unit of 2^64 bytes or more (`shift` above 63) is larger than the space, so that only
 * address 0 is a multiple of it.
 *
 * Arithmetic never wraps: where the result would lie outside the 64-bit space, VMM_ERR_WRAP is
 * returned and the out-parameter is as before. The out-parameter may be the object that the input
 * came from. Everything here is O(1) and touches no memory but the out-parameter.
 */

#include <vmm/err.h>

VMM_BEGIN_DECLS

/** An address that a CPU with its MMU on would translate. */
typedef struct vmm_va_t {
	uint64_t raw; /**< the integer; use the functions below */
} vmm_va_t;

/** An address on the bus: what translation ends with. */
typedef struct vmm_pa_t {
	uint64_t raw; /**< the integer; use the functions below */
} vmm_pa_t;

VMM_STATIC_ASSERT(sizeof(vmm_va_t) == 8, "a virtual address is one 64-bit word");
VMM_STATIC_ASSERT(sizeof(vmm_pa_t) == 8, "a physical address is one 64-bit word");

/** Initializers for static data: `static const vmm_pa_t uart = VMM_PA_INIT(0x09000000);` */
#define VMM_VA_INIT(raw) \
	{                \
		(raw)    \
	}
/** The same for a physical address. */
#define VMM_PA_INIT(raw) \
	{                \
		(raw)    \
	}

/*
 * The logic, once for both spaces. Private: a trailing underscore is no part of the interface.
 */

/** The bits below a unit of 2^shift bytes; a shift of 64 or more leaves no bit above it. */
VMM_INLINE uint64_t vmm_addr_mask_(unsigned int shift)
{
	return shift < 64 ? (UINT64_C(1) << shift) - 1 : UINT64_MAX;
}

VMM_MUST_CHECK enum vmm_err vmm_addr_align_up_(uint64_t addr, unsigned int shift, uint64_t *out);
VMM_MUST_CHECK enum vmm_err vmm_addr_add_(uint64_t addr, uint64_t size, uint64_t *out);
VMM_MUST_CHECK enum vmm_err vmm_addr_sub_(uint64_t addr, uint64_t size, uint64_t *out);
VMM_MUST_CHECK enum vmm_err vmm_addr_distance_(uint64_t low, uint64_t high, uint64_t *size);
VMM_MUST_CHECK enum vmm_err vmm_addr_page_size_(uint64_t page_count, unsigned int shift,
						uint64_t *size);
VMM_MUST_CHECK enum vmm_err vmm_addr_add_pages_(uint64_t addr, uint64_t page_count,
						unsigned int shift, uint64_t *out);
VMM_MUST_CHECK enum vmm_err vmm_addr_sub_pages_(uint64_t addr, uint64_t page_count,
						unsigned int shift, uint64_t *out);

/** Makes a virtual address of an integer. Any value; the table knows which are canonical. */
VMM_INLINE vmm_va_t vmm_va(uint64_t raw)
{
	vmm_va_t va;

	va.raw = raw;
	return va;
}

/** The integer that a virtual address is made of. */
VMM_INLINE uint64_t vmm_va_raw(vmm_va_t va)
{
	return va.raw;
}

/**
 * The virtual address of an object of the running program. Zero-extended where pointers have 32
 * bits.
 */
VMM_INLINE vmm_va_t vmm_va_from_ptr(const volatile void *pointer)
{
	return vmm_va((uint64_t)(uintptr_t)pointer);
}

/**
 * The pointer to a virtual address of the running program. Where pointers have 32 bits the upper
 * half of the address is lost; nothing checks that.
 */
VMM_INLINE void *vmm_va_ptr(vmm_va_t va)
{
	return (void *)(uintptr_t)va.raw;
}

/** Whether the address is a multiple of 2^shift. */
VMM_INLINE bool vmm_va_is_aligned(vmm_va_t va, unsigned int shift)
{
	return (va.raw & vmm_addr_mask_(shift)) == 0;
}

/** The largest multiple of 2^shift that is not above the address. */
VMM_INLINE vmm_va_t vmm_va_align_down(vmm_va_t va, unsigned int shift)
{
	return vmm_va(va.raw & ~vmm_addr_mask_(shift));
}

/** The distance in bytes from the largest multiple of 2^shift that is not above the address. */
VMM_INLINE uint64_t vmm_va_offset(vmm_va_t va, unsigned int shift)
{
	return va.raw & vmm_addr_mask_(shift);
}

/**
 * Finds the smallest multiple of 2^shift that is not below the address.
 *
 * VMM_ERR_WRAP: it would be 2^64 or more.
 */
VMM_INLINE VMM_MUST_CHECK enum vmm_err vmm_va_align_up(vmm_va_t va, unsigned int shift,
						       vmm_va_t *out)
{
	return vmm_addr_align_up_(va.raw, shift, &out->raw);
}

/** Adds `size` bytes. VMM_ERR_WRAP: the sum would be 2^64 or more. */
VMM_INLINE VMM_MUST_CHECK enum vmm_err vmm_va_add(vmm_va_t va, uint64_t size, vmm_va_t *out)
{
	return vmm_addr_add_(va.raw, size, &out->raw);
}

/** Subtracts `size` bytes. VMM_ERR_WRAP: the difference would be below 0. */
VMM_INLINE VMM_MUST_CHECK enum vmm_err vmm_va_sub(vmm_va_t va, uint64_t size, vmm_va_t *out)
{
	return vmm_addr_sub_(va.raw, size, &out->raw);
}

/**
 * Adds `page_count` pages of 2^shift bytes. The address need not be aligned and keeps its offset.
 *
 * VMM_ERR_WRAP: the sum, or the size of so many pages, would be 2^64 or more.
 */
VMM_INLINE VMM_MUST_CHECK enum vmm_err vmm_va_add_pages(vmm_va_t va, uint64_t page_count,
							unsigned int shift, vmm_va_t *out)
{
	return vmm_addr_add_pages_(va.raw, page_count, shift, &out->raw);
}

/**
 * Subtracts `page_count` pages of 2^shift bytes. The address need not be aligned and keeps its
 * offset.
 *
 * VMM_ERR_WRAP: the difference would be below 0.
 */
VMM_INLINE VMM_MUST_CHECK enum vmm_err vmm_va_sub_pages(vmm_va_t va, uint64_t page_count,
							unsigned int shift, vmm_va_t *out)
{
	return vmm_addr_sub_pages_(va.raw, page_count, shift, &out->raw);
}

/** Counts the bytes from `low` to before `high`. VMM_ERR_RANGE: `high` is below `low`. */
VMM_INLINE VMM_MUST_CHECK enum vmm_err vmm_va_distance(vmm_va_t low, vmm_va_t high, uint64_t *size)
{
	return vmm_addr_distance_(low.raw, high.raw, size);
}

/** Below 0 if `a` is below `b`, 0 if they are equal, above 0 if `a` is above `b`. Unsigned. */
VMM_INLINE int vmm_va_compare(vmm_va_t a, vmm_va_t b)
{
	return (a.raw > b.raw) - (a.raw < b.raw);
}

/** Whether both are the same address. */
VMM_INLINE bool vmm_va_equal(vmm_va_t a, vmm_va_t b)
{
	return a.raw == b.raw;
}

/*
 * The same for physical addresses, with the same contracts. There is no vmm_pa_ptr: a physical
 * address becomes a pointer only through a window that someone mapped.
 */

/** Makes a physical address of an integer. Any value; the table knows how many bits it has. */
VMM_INLINE vmm_pa_t vmm_pa(uint64_t raw)
{
	vmm_pa_t pa;

	pa.raw = raw;
	return pa;
}

/** The integer that a physical address is made of. */
VMM_INLINE uint64_t vmm_pa_raw(vmm_pa_t pa)
{
	return pa.raw;
}

/** As vmm_va_is_aligned. */
VMM_INLINE bool vmm_pa_is_aligned(vmm_pa_t pa, unsigned int shift)
{
	return (pa.raw & vmm_addr_mask_(shift)) == 0;
}

/** As vmm_va_align_down. */
VMM_INLINE vmm_pa_t vmm_pa_align_down(vmm_pa_t pa, unsigned int shift)
{
	return vmm_pa(pa.raw & ~vmm_addr_mask_(shift));
}

/** As vmm_va_offset. */
VMM_INLINE uint64_t vmm_pa_offset(vmm_pa_t pa, unsigned int shift)
{
	return pa.raw & vmm_addr_mask_(shift);
}

/** As vmm_va_align_up: VMM_ERR_WRAP. */
VMM_INLINE VMM_MUST_CHECK enum vmm_err vmm_pa_align_up(vmm_pa_t pa, unsigned int shift,
						       vmm_pa_t *out)
{
	return vmm_addr_align_up_(pa.raw, shift, &out->raw);
}

/** As vmm_va_add: VMM_ERR_WRAP. */
VMM_INLINE VMM_MUST_CHECK enum vmm_err vmm_pa_add(vmm_pa_t pa, uint64_t size, vmm_pa_t *out)
{
	return vmm_addr_add_(pa.raw, size, &out->raw);
}

/** As vmm_va_sub: VMM_ERR_WRAP. */
VMM_INLINE VMM_MUST_CHECK enum vmm_err vmm_pa_sub(vmm_pa_t pa, uint64_t size, vmm_pa_t *out)
{
	return vmm_addr_sub_(pa.raw, size, &out->raw);
}

/** As vmm_va_add_pages: VMM_ERR_WRAP. */
VMM_INLINE VMM_MUST_CHECK enum vmm_err vmm_pa_add_pages(vmm_pa_t pa, uint64_t page_count,
							unsigned int shift, vmm_pa_t *out)
{
	return vmm_addr_add_pages_(pa.raw, page_count, shift, &out->raw);
}

/** As vmm_va_sub_pages: VMM_ERR_WRAP. */
VMM_INLINE VMM_MUST_CHECK enum vmm_err vmm_pa_sub_pages(vmm_pa_t pa, uint64_t page_count,
							unsigned int shift, vmm_pa_t *out)
{
	return vmm_addr_sub_pages_(pa.raw, page_count, shift, &out->raw);
}

/** As vmm_va_distance: VMM_ERR_RANGE. */
VMM_INLINE VMM_MUST_CHECK enum vmm_err vmm_pa_distance(vmm_pa_t low, vmm_pa_t high, uint64_t *size)
{
	return vmm_addr_distance_(low.raw, high.raw, size);
}

/** As vmm_va_compare. */
VMM_INLINE int vmm_pa_compare(vmm_pa_t a, vmm_pa_t b)
{
	return (a.raw > b.raw) - (a.raw < b.raw);
}

/** As vmm_va_equal. */
VMM_INLINE bool vmm_pa_equal(vmm_pa_t a, vmm_pa_t b)
{
	return a.raw == b.raw;
}

VMM_END_DECLS

#endif /* VMM_ADDR_H */
