/* SPDX-License-Identifier: MIT */
/* A physical address used as a pointer. */
/* must say: cannot convert to a pointer type|operand of type .* where arithmetic or pointer type is required */

#include <vmm/addr.h>

void *reach(vmm_pa_t pa, uint64_t window);
void *reach(vmm_pa_t pa, uint64_t window)
{
#ifdef FIXED
	return (void *)(uintptr_t)(vmm_pa_raw(pa) + window);
#else
	(void)window;
	return (void *)pa;
#endif
}
