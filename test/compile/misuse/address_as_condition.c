/* SPDX-License-Identifier: MIT */
/* An address used as a truth value. */
/* must say: used struct type value where scalar is required|statement requires expression of scalar type */

#include <vmm/addr.h>

int is_set(vmm_va_t va);
int is_set(vmm_va_t va)
{
#ifdef FIXED
	if (vmm_va_raw(va) != 0) {
		return 1;
	}
	return 0;
#else
	if (va) {
		return 1;
	}
	return 0;
#endif
}
