/* SPDX-License-Identifier: MIT */
/* translate whose physical result goes into a virtual address. */
/* must say: incompatible pointer type */

#include <vmm/table.h>

enum vmm_err look(const struct vmm_table *table, vmm_va_t *va, vmm_pa_t *pa);
enum vmm_err look(const struct vmm_table *table, vmm_va_t *va, vmm_pa_t *pa)
{
#ifdef FIXED
	return vmm_table_translate(table, *va, pa);
#else
	(void)pa;
	return vmm_table_translate(table, *va, va);
#endif
}
