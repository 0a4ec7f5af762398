/* SPDX-License-Identifier: MIT */
/* map through a table that is only for reading. */
/* must say: discards .const. qualifier|discards qualifiers */

#include <vmm/table.h>

#ifdef FIXED
enum vmm_err map(struct vmm_table *table, vmm_va_region_t va, vmm_pa_t pa);
enum vmm_err map(struct vmm_table *table, vmm_va_region_t va, vmm_pa_t pa)
#else
enum vmm_err map(const struct vmm_table *table, vmm_va_region_t va, vmm_pa_t pa);
enum vmm_err map(const struct vmm_table *table, vmm_va_region_t va, vmm_pa_t pa)
#endif
{
	return vmm_table_map(table, va, pa, VMM_KERNEL_RW, NULL);
}
