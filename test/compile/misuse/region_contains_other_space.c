/* SPDX-License-Identifier: MIT */
/* A physical address looked for in a virtual region. */
/* must say: incompatible type for argument|passing .* to parameter of incompatible type */

#include <vmm/region.h>

bool is_in(vmm_va_region_t region, vmm_va_t va, vmm_pa_t pa);
bool is_in(vmm_va_region_t region, vmm_va_t va, vmm_pa_t pa)
{
#ifdef FIXED
	(void)pa;
	return vmm_va_region_contains(region, va);
#else
	(void)va;
	return vmm_va_region_contains(region, pa);
#endif
}
