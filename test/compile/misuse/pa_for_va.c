/* SPDX-License-Identifier: MIT */
/* A physical address where a virtual one belongs. */
/* must say: incompatible type for argument|passing .* to parameter of incompatible type */

#include <vmm/addr.h>

bool is_page(vmm_va_t va, vmm_pa_t pa);
bool is_page(vmm_va_t va, vmm_pa_t pa)
{
#ifdef FIXED
	(void)pa;
	return vmm_va_is_aligned(va, 12);
#else
	(void)va;
	return vmm_va_is_aligned(pa, 12);
#endif
}
