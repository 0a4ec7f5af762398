/* SPDX-License-Identifier: MIT */
/* A pointer where an address belongs. */
/* must say: incompatible type for argument|passing .* to parameter of incompatible type */

#include <vmm/addr.h>

bool is_page(const char *text);
bool is_page(const char *text)
{
#ifdef FIXED
	return vmm_va_is_aligned(vmm_va_from_ptr(text), 12);
#else
	return vmm_va_is_aligned(text, 12);
#endif
}
