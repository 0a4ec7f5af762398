/* SPDX-License-Identifier: MIT */
/* Virtual and physical address compared. */
/* must say: invalid operands to binary */

#include <vmm/addr.h>

bool is_identity(vmm_va_t va, vmm_pa_t pa);
bool is_identity(vmm_va_t va, vmm_pa_t pa)
{
#ifdef FIXED
	return vmm_va_raw(va) == vmm_pa_raw(pa);
#else
	return va == pa;
#endif
}
