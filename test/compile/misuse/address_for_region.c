/* SPDX-License-Identifier: MIT */
/* An address where a region belongs. */
/* must say: incompatible type for argument|passing .* to parameter of incompatible type */

#include <vmm/region.h>

bool is_empty(vmm_va_t va, vmm_va_region_t region);
bool is_empty(vmm_va_t va, vmm_va_region_t region)
{
#ifdef FIXED
	(void)va;
	return vmm_va_region_is_empty(region);
#else
	(void)region;
	return vmm_va_region_is_empty(va);
#endif
}
