/* SPDX-License-Identifier: MIT */
/* The pointer of a physical address: only a virtual one has one. */
/* must say: (implicit declaration of|call to undeclared) function .vmm_pa_ptr */

#include <vmm/addr.h>

bool is_null(vmm_va_t va, vmm_pa_t pa);
bool is_null(vmm_va_t va, vmm_pa_t pa)
{
#ifdef FIXED
	(void)pa;
	return vmm_va_ptr(va) == 0;
#else
	(void)va;
	return vmm_pa_ptr(pa) == 0;
#endif
}
