/* SPDX-License-Identifier: MIT */
/*
 * Checked arithmetic on the words behind addresses, once for the virtual and the physical space.
 * Contracts: addr.h, at the typed functions.
 */

#include <vmm/addr.h>

enum vmm_err vmm_addr_add_(uint64_t addr, uint64_t size, uint64_t *out)
{
	if (size > UINT64_MAX - addr) {
		return VMM_ERR_WRAP;
	}
	*out = addr + size;
	return VMM_OK;
}

enum vmm_err vmm_addr_sub_(uint64_t addr, uint64_t size, uint64_t *out)
{
	if (size > addr) {
		return VMM_ERR_WRAP;
	}
	*out = addr - size;
	return VMM_OK;
}

enum vmm_err vmm_addr_distance_(uint64_t low, uint64_t high, uint64_t *size)
{
	if (high < low) {
		return VMM_ERR_RANGE;
	}
	*size = high - low;
	return VMM_OK;
}

enum vmm_err vmm_addr_align_up_(uint64_t addr, unsigned int shift, uint64_t *out)
{
	uint64_t mask = vmm_addr_mask_(shift);
	uint64_t offset = addr & mask;

	/* Offset 0 is there already: mask - offset + 1 would be a whole unit, or wrap to 0. */
	return vmm_addr_add_(addr, offset == 0 ? 0 : mask - offset + 1, out);
}

enum vmm_err vmm_addr_page_size_(uint64_t page_count, unsigned int shift, uint64_t *size)
{
	if (page_count == 0) {
		*size = 0;
		return VMM_OK;
	}
	if (shift > 63 || page_count > UINT64_MAX >> shift) {
		return VMM_ERR_WRAP;
	}
	*size = page_count << shift;
	return VMM_OK;
}

enum vmm_err vmm_addr_add_pages_(uint64_t addr, uint64_t page_count, unsigned int shift,
				 uint64_t *out)
{
	uint64_t size;
	enum vmm_err err = vmm_addr_page_size_(page_count, shift, &size);

	return err == VMM_OK ? vmm_addr_add_(addr, size, out) : err;
}

enum vmm_err vmm_addr_sub_pages_(uint64_t addr, uint64_t page_count, unsigned int shift,
				 uint64_t *out)
{
	uint64_t size;
	enum vmm_err err = vmm_addr_page_size_(page_count, shift, &size);

	return err == VMM_OK ? vmm_addr_sub_(addr, size, out) : err;
}
