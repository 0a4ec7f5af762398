/* SPDX-License-Identifier: MIT */
/* The direct mapping asked for the virtual address of a virtual one. */
/* must say: incompatible type for argument|passing .* to parameter of incompatible type */

#include <vmm/layout.h>

enum vmm_err reach(const struct vmm_direct_map *map, vmm_pa_t pa, vmm_va_t *va);
enum vmm_err reach(const struct vmm_direct_map *map, vmm_pa_t pa, vmm_va_t *va)
{
#ifdef FIXED
	return vmm_direct_va(map, pa, va);
#else
	(void)pa;
	return vmm_direct_va(map, *va, va);
#endif
}
