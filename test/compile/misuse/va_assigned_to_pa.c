/* SPDX-License-Identifier: MIT */
/* A virtual address kept in a physical one. */
/* must say: incompatible types when assigning|from incompatible type */

#include <vmm/addr.h>

vmm_pa_t keep(vmm_va_t va);
vmm_pa_t keep(vmm_va_t va)
{
#ifdef FIXED
	vmm_pa_t pa;

	pa = vmm_pa(vmm_va_raw(va));
	return pa;
#else
	vmm_pa_t pa;

	pa = va;
	return pa;
#endif
}
