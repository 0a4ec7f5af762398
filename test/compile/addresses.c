/* SPDX-License-Identifier: MIT */
/* Addresses of one space don't go where the other's belong, and results aren't dropped. */

#include <vmm/region.h>

int use(vmm_va_t va, vmm_pa_t pa, vmm_va_region_t va_region, vmm_pa_region_t pa_region, uint64_t raw);

int use(vmm_va_t va, vmm_pa_t pa, vmm_va_region_t va_region, vmm_pa_region_t pa_region, uint64_t raw)
{
	vmm_va_t out;

	if (vmm_va_add(va, raw, &out) != VMM_OK || vmm_pa_equal(pa, vmm_pa(raw))) {
		return 1;
	}
#if CASE == 1 /* a physical address as a virtual one: incompatible type */
	return vmm_va_raw(pa) == 0;
#endif
#if CASE == 2 /* a virtual address as a physical one: incompatible type */
	return vmm_pa_raw(va) == 0;
#endif
#if CASE == 3 /* an integer as an address: incompatible type */
	return vmm_va_raw(raw) == 0;
#endif
#if CASE == 4 /* an address as an integer: invalid operands */
	return va + raw != 0;
#endif
#if CASE == 5 /* assigning a physical address to a virtual one: incompatible type */
	out = pa;
	return vmm_va_raw(out) == 0;
#endif
#if CASE == 6 /* a virtual region as a physical one: incompatible type */
	return vmm_pa_region_is_empty(va_region);
#endif
#if CASE == 7 /* a physical address in a virtual region: incompatible type */
	return vmm_va_region_contains(va_region, pa);
#endif
#if CASE == 8 /* a virtual address for the result of physical arithmetic: incompatible[ -]pointer */
	return vmm_pa_add(pa, raw, &out) == VMM_OK;
#endif
#if CASE == 9 /* an error that nobody looks at: unused[ -]result|warn_unused_result */
	vmm_va_add(va, raw, &out);
#endif
#if CASE == 10 /* comparing an address with ==: invalid operands */
	return va == out;
#endif
	return vmm_va_region_contains(va_region, out) && vmm_pa_region_contains(pa_region, pa);
}
