/* SPDX-License-Identifier: MIT */
/*
 * The operations of a table that was set up for a format's plain functions alone: what is called through it
 * is refused. So the linker leaves out every operation that a small program doesn't call.
 */

#include <vmm/engine/shared.h>

enum vmm_err vmm_bare_init_(struct vmm_table *table, const struct vmm_table_config *config)
{
	(void)table;
	(void)config;
	return VMM_ERR_UNSUPPORTED;
}

enum vmm_err vmm_bare_effective_(const struct vmm_table *table, vmm_attr_t attr, vmm_attr_t *stored)
{
	(void)table;
	(void)attr;
	(void)stored;
	return VMM_ERR_UNSUPPORTED;
}

enum vmm_err vmm_bare_need_(const struct vmm_table *table, const struct vmm_request *request,
			    uint64_t *frame_count, struct vmm_detail *detail)
{
	(void)frame_count;
	return vmm_fail_(table, detail, VMM_ERR_UNSUPPORTED, request->va.bytes.start, 0, -1);
}

enum vmm_err vmm_bare_map_(struct vmm_table *table, vmm_va_region_t va, vmm_pa_t pa,
			   vmm_attr_t attr, struct vmm_detail *detail)
{
	(void)pa;
	(void)attr;
	return vmm_fail_(table, detail, VMM_ERR_UNSUPPORTED, va.bytes.start, 0, -1);
}

enum vmm_err vmm_bare_change_(struct vmm_table *table, vmm_va_region_t va,
			      struct vmm_detail *detail)
{
	return vmm_fail_(table, detail, VMM_ERR_UNSUPPORTED, va.bytes.start, 0, -1);
}

enum vmm_err vmm_bare_protect_(struct vmm_table *table, vmm_va_region_t va, vmm_attr_t attr,
			       struct vmm_detail *detail)
{
	(void)attr;
	return vmm_fail_(table, detail, VMM_ERR_UNSUPPORTED, va.bytes.start, 0, -1);
}

enum vmm_err vmm_bare_translate_(const struct vmm_table *table, vmm_va_t va, vmm_pa_t *pa)
{
	(void)table;
	(void)va;
	(void)pa;
	return VMM_ERR_UNSUPPORTED;
}

enum vmm_err vmm_bare_query_(const struct vmm_table *table, vmm_va_t va, struct vmm_leaf *leaf)
{
	(void)table;
	(void)va;
	(void)leaf;
	return VMM_ERR_UNSUPPORTED;
}

enum vmm_err vmm_bare_visit_(const struct vmm_table *table, struct vmm_cursor *cursor,
			     struct vmm_leaf *leaf, struct vmm_detail *detail)
{
	(void)leaf;
	return vmm_fail_(table, detail, VMM_ERR_UNSUPPORTED, cursor->next, 0, -1);
}

void vmm_bare_end_(struct vmm_table *table)
{
	(void)table;
}
