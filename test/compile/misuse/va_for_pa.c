/* SPDX-License-Identifier: MIT */
/* A virtual address where a physical one belongs. */
/* must say: incompatible type for argument|passing .* to parameter of incompatible type */

#include <vmm/addr.h>

uint64_t offset(vmm_va_t va, vmm_pa_t pa);
uint64_t offset(vmm_va_t va, vmm_pa_t pa)
{
#ifdef FIXED
	(void)va;
	return vmm_pa_offset(pa, 12);
#else
	(void)pa;
	return vmm_pa_offset(va, 12);
#endif
}
