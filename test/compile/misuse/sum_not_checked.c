/* SPDX-License-Identifier: MIT */
/* A sum whose wrap nobody looks at. */
/* must say: ignoring return value */

#include <vmm/addr.h>

vmm_va_t next(vmm_va_t va);
vmm_va_t next(vmm_va_t va)
{
#ifdef FIXED
	if (vmm_va_add(va, 4096, &va) != VMM_OK) {
		return vmm_va(0);
	}
	return va;
#else
	vmm_va_add(va, 4096, &va);
	return va;
#endif
}
