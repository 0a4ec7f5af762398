/* SPDX-License-Identifier: MIT */
/* An address where a number of bytes belongs. */
/* must say: incompatible type for argument|passing .* to parameter of incompatible type */

#include <vmm/addr.h>

enum vmm_err move(vmm_va_t by, vmm_va_t *va);
enum vmm_err move(vmm_va_t by, vmm_va_t *va)
{
#ifdef FIXED
	return vmm_va_add(*va, vmm_va_raw(by), va);
#else
	return vmm_va_add(*va, by, va);
#endif
}
