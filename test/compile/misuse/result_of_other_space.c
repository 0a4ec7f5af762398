/* SPDX-License-Identifier: MIT */
/* A virtual result stored in a physical address. */
/* must say: incompatible pointer type */

#include <vmm/addr.h>

enum vmm_err up(vmm_va_t *va, vmm_pa_t *pa);
enum vmm_err up(vmm_va_t *va, vmm_pa_t *pa)
{
#ifdef FIXED
	(void)pa;
	return vmm_va_align_up(*va, 12, va);
#else
	return vmm_va_align_up(*va, 12, pa);
#endif
}
