/* SPDX-License-Identifier: MIT */
/* map with a bare number for the attributes. */
/* must say: incompatible type for argument|passing .* to parameter of incompatible type */

#include <vmm/table.h>

enum vmm_err map(struct vmm_table *table, vmm_va_region_t va, vmm_pa_t pa);
enum vmm_err map(struct vmm_table *table, vmm_va_region_t va, vmm_pa_t pa)
{
#ifdef FIXED
	return vmm_table_map(table, va, pa, VMM_KERNEL_RW, NULL);
#else
	return vmm_table_map(table, va, pa, VMM_ATTR_WRITE, NULL);
#endif
}
