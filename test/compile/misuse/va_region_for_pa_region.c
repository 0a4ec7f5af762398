/* SPDX-License-Identifier: MIT */
/* A virtual region where a physical one belongs. */
/* must say: incompatible type for argument|passing .* to parameter of incompatible type */

#include <vmm/region.h>

uint64_t measure(vmm_va_region_t va, vmm_pa_region_t pa);
uint64_t measure(vmm_va_region_t va, vmm_pa_region_t pa)
{
#ifdef FIXED
	(void)va;
	return vmm_pa_region_size(pa);
#else
	(void)pa;
	return vmm_pa_region_size(va);
#endif
}
