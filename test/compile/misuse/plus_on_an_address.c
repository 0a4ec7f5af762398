/* SPDX-License-Identifier: MIT */
/* An address stepped with +, which could wrap. */
/* must say: invalid operands to binary */

#include <vmm/addr.h>

enum vmm_err next(vmm_va_t *va);
enum vmm_err next(vmm_va_t *va)
{
#ifdef FIXED
	return vmm_va_add(*va, 4096, va);
#else
	*va = *va + 4096;
	return VMM_OK;
#endif
}
