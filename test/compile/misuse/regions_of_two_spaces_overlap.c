/* SPDX-License-Identifier: MIT */
/* A virtual region tested against a physical one. */
/* must say: incompatible type for argument|passing .* to parameter of incompatible type */

#include <vmm/region.h>

bool meet(vmm_va_region_t va, vmm_pa_region_t pa);
bool meet(vmm_va_region_t va, vmm_pa_region_t pa)
{
#ifdef FIXED
	(void)pa;
	return vmm_va_region_overlaps(va, va);
#else
	return vmm_va_region_overlaps(va, pa);
#endif
}
