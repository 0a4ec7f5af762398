/* SPDX-License-Identifier: MIT */
/* A physical region reserved in a space of virtual addresses. */
/* must say: incompatible type for argument|passing .* to parameter of incompatible type */

#include <vmm/space.h>

enum vmm_err claim(struct vmm_space *space, struct vmm_range *range, vmm_va_region_t va,
		   vmm_pa_region_t pa);
enum vmm_err claim(struct vmm_space *space, struct vmm_range *range, vmm_va_region_t va,
		   vmm_pa_region_t pa)
{
#ifdef FIXED
	(void)pa;
	return vmm_space_reserve_at(space, va, NULL, range, NULL);
#else
	(void)va;
	return vmm_space_reserve_at(space, pa, NULL, range, NULL);
#endif
}
