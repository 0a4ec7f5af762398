/* SPDX-License-Identifier: MIT */
/* A bare integer where an address belongs. */
/* must say: incompatible type for argument|passing .* to parameter of incompatible type */

#include <vmm/addr.h>

vmm_va_t page(void);
vmm_va_t page(void)
{
#ifdef FIXED
	return vmm_va_align_down(vmm_va(0x1234), 12);
#else
	return vmm_va_align_down(0x1234, 12);
#endif
}
