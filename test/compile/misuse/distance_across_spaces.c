/* SPDX-License-Identifier: MIT */
/* The distance from a virtual to a physical address. */
/* must say: incompatible type for argument|passing .* to parameter of incompatible type */

#include <vmm/addr.h>

enum vmm_err measure(vmm_va_t va, vmm_pa_t pa, uint64_t *size);
enum vmm_err measure(vmm_va_t va, vmm_pa_t pa, uint64_t *size)
{
#ifdef FIXED
	(void)pa;
	return vmm_va_distance(va, va, size);
#else
	return vmm_va_distance(va, pa, size);
#endif
}
