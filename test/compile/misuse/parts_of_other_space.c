/* SPDX-License-Identifier: MIT */
/* A virtual region split into physical ones. */
/* must say: incompatible pointer type */

#include <vmm/region.h>

enum vmm_err halve(vmm_va_region_t region, vmm_va_region_t *low, vmm_pa_region_t *high);
enum vmm_err halve(vmm_va_region_t region, vmm_va_region_t *low, vmm_pa_region_t *high)
{
#ifdef FIXED
	vmm_va_region_t rest;

	(void)high;
	return vmm_va_region_split(region, 4096, low, &rest);
#else
	return vmm_va_region_split(region, 4096, low, high);
#endif
}
