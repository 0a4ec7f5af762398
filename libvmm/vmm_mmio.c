/* SPDX-License-Identifier: MIT */
/* The MMIO window: device registers, mapped when a driver asks for them, and shared. */

#include "manager.h"

/* What a driver asks for, in whole pages. */
struct request {
	const char *name;
	vmm_pa_region_t pages;
	vmm_attr_t attr;
	vmm_attr_t stored;
	struct vmm_link_ *above; /* where its mapping is linked, if nothing has the pages */
};

/* Where a mapping has the first byte that it has in common with memory from `pa` on. */
static uint64_t common_va(const struct vmm_mapping *mapping, uint64_t pa)
{
	uint64_t va = vmm_va_raw(vmm_va_region_start(vmm_mapping_va(mapping)));

	return pa > mapping->pa ? va + (pa - mapping->pa) : va;
}

/*
 * Looks for a mapping to share. VMM_ERR_EXISTS: some of the pages are mapped as another type of
 * memory; VMM_ERR_NOENT: nothing has all of the pages with the same attributes.
 */
static enum vmm_err find_shared(const struct vmm *vmm, struct request *request,
				struct vmm_mapping **shared, struct vmm_detail *detail)
{
	uint64_t first = vmm_pa_raw(vmm_pa_region_start(request->pages));
	uint64_t last = vmm_pa_raw(vmm_pa_region_last(request->pages));
	enum vmm_err err = VMM_ERR_NOENT;
	struct vmm_mapping *mapping;

	mapping = vmm_record_seek_(&vmm->record, first, last, &request->above);
	if (mapping != NULL) {
		request->above = NULL;
	}
	for (; mapping != NULL; mapping = vmm_record_next_at_(mapping, first, last)) {
		if (vmm_attr_mem(mapping->stored) != vmm_attr_mem(request->stored)) {
			return vmm_fail_at_(detail, common_va(mapping, first), VMM_ERR_EXISTS);
		}
		if (err != VMM_OK && mapping->kind == VMM_MAPPING_MMIO && mapping->pa <= first &&
		    mapping->pa_last >= last &&
		    vmm_attr_is_same(mapping->stored, request->stored)) {
			*shared = mapping;
			err = VMM_OK;
		}
	}
	return err;
}

/* Looks for a place in the window, for what nothing can be shared with. */
static enum vmm_err look(struct vmm *vmm, const struct request *request, struct vmm_place_ *place)
{
	struct vmm_want want;

	if (vmm_va_region_is_empty(vmm_window_(vmm))) {
		return VMM_ERR_NOSPACE;
	}
	want.window = vmm_va_region_empty();
	want.fit = VMM_FIT_BEST;
	want.guards = vmm->mmio_guards;
	return vmm_look_congruent_(vmm->table, &vmm->window, request->pages, request->attr, true,
				   &want, place);
}

/* Maps and records; an entry is free. */
static enum vmm_err map_new(struct vmm *vmm, const struct request *request,
			    struct vmm_mapping **made, struct vmm_detail *detail)
{
	struct vmm_hold_ hold;
	enum vmm_err err = look(vmm, request, &hold.place);

	if (err != VMM_OK) {
		return vmm_fail_at_(detail, 0, err);
	}
	hold.name = request->name;
	hold.pa = vmm_pa_region_start(request->pages);
	hold.attr = request->attr;
	hold.stored = request->stored;
	hold.kind = VMM_MAPPING_MMIO;
	err = vmm_table_map(vmm->table, vmm_place_region_(&hold.place), hold.pa, hold.attr, detail);
	if (err == VMM_OK) {
		*made = vmm_hold_take_(&vmm->record, &vmm->window, &hold);
		vmm_record_link_below_(&vmm->record, *made, request->above);
	}
	return err;
}

/* Shares a mapping or makes one; what the driver uses goes to *used. */
static enum vmm_err map_request(struct vmm *vmm, struct request *request,
				struct vmm_mapping **used, struct vmm_detail *detail)
{
	enum vmm_err err = find_shared(vmm, request, used, detail);

	if (err != VMM_OK && err != VMM_ERR_NOENT) {
		return err;
	}
	if (!vmm_record_has_free_(&vmm->record, 1)) {
		return vmm_fail_at_(detail, 0, VMM_ERR_FULL);
	}
	if (err == VMM_ERR_NOENT) {
		return map_new(vmm, request, used, detail);
	}
	vmm_record_add_user_(*used, vmm_record_take_(&vmm->record, request->name,
						     VMM_MAPPING_MMIO));
	return VMM_OK;
}

static enum vmm_err pages_of(const struct vmm *vmm, vmm_pa_t pa, uint64_t size,
			     vmm_pa_region_t *pages)
{
	vmm_pa_region_t bytes;
	enum vmm_err err;

	if (size == 0) {
		return VMM_ERR_EMPTY;
	}
	err = vmm_pa_region(pa, size, &bytes);
	if (err != VMM_OK) {
		return err;
	}
	return vmm_pa_region_align_out(bytes, vmm_space_page_shift(&vmm->area), pages);
}

enum vmm_err vmm_map_mmio_as(struct vmm *vmm, const char *name, vmm_pa_t pa, uint64_t size,
			     vmm_attr_t attr, vmm_va_t *va, struct vmm_detail *detail)
{
	struct vmm_mapping *used = NULL;
	struct request request;
	enum vmm_err err;

	request.name = name;
	request.attr = attr;
	err = pages_of(vmm, pa, size, &request.pages);
	if (err == VMM_OK) {
		err = vmm_table_effective(vmm->table, attr, &request.stored);
	}
	if (err != VMM_OK) {
		return vmm_fail_at_(detail, 0, err);
	}
	err = map_request(vmm, &request, &used, detail);
	if (err != VMM_OK) {
		return err;
	}
	*va = vmm_va(common_va(used, vmm_pa_raw(pa)));
	return VMM_OK;
}

enum vmm_err vmm_map_mmio(struct vmm *vmm, const char *name, vmm_pa_t pa, uint64_t size,
			  vmm_va_t *va, struct vmm_detail *detail)
{
	return vmm_map_mmio_as(vmm, name, pa, size, VMM_DEVICE, va, detail);
}

static enum vmm_err unmap_last(struct vmm *vmm, struct vmm_mapping *mapping,
			       struct vmm_detail *detail)
{
	enum vmm_err err = vmm_table_unmap(vmm->table, vmm_mapping_va(mapping), detail);

	if (err == VMM_OK) {
		vmm_record_unlink_(&vmm->record, mapping);
		vmm_drop_(&vmm->record, &vmm->window, mapping);
	}
	return err;
}

enum vmm_err vmm_unmap_mmio(struct vmm *vmm, vmm_va_t va, const char *name,
			    struct vmm_detail *detail)
{
	struct vmm_mapping *mapping = NULL;
	struct vmm_mapping *user = NULL;
	bool in_guard = false;

	if (vmm_in_window_(vmm, va)) {
		mapping = vmm_entry_at_(vmm, va, &in_guard);
	}
	if (mapping != NULL && !in_guard) {
		user = vmm_record_drop_user_(mapping, name);
	}
	if (user == NULL) {
		return vmm_fail_at_(detail, vmm_va_raw(va), VMM_ERR_NOENT);
	}
	if (user == mapping) {
		return unmap_last(vmm, mapping, detail);
	}
	vmm_record_put_(&vmm->record, user);
	return VMM_OK;
}
