/* SPDX-License-Identifier: MIT */
/* The untyped inside of a region where the region belongs. */
/* must say: incompatible type for argument|passing .* to parameter of incompatible type */

#include <vmm/region.h>

uint64_t measure(vmm_va_region_t region);
uint64_t measure(vmm_va_region_t region)
{
#ifdef FIXED
	return vmm_va_region_size(region);
#else
	return vmm_va_region_size(region.bytes);
#endif
}
