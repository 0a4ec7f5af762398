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
	uint64_t va = vmm_va_raw(vmm_va_region_start(vmm_range_usable_(&mapping->range)));

	return pa > mapping->pa ? va + (pa - mapping->pa) : va;
}

/*
 * Looks for a mapping to share. VMM_ERR_EXISTS: some of the pages are mapped as another type of
 * memory; VMM_ERR_NOENT: nothing has all of the pages with the same attributes.
 */
static enum vmm_err find_shared(const struct vmm *vmm, struct request *request,
				struct vmm_mapping **shared, struct vmm_detail *detail)
{
	uint64_t first = request->pages.bytes.start;
	uint64_t last = first + (request->pages.bytes.size - 1);
	enum vmm_err err = VMM_ERR_NOENT;
	struct vmm_mapping *mapping;

	mapping = vmm_record_seek_(&vmm->record, first, last, &request->above);
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

/* Maps and records, at *start; an entry is free. */
static enum vmm_err map_new(struct vmm *vmm, const struct request *request, uint64_t *start,
			    struct vmm_detail *detail)
{
	struct vmm_mapping *mapping;
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
	hold.va = vmm_place_region_(&hold.place);
	err = vmm_table_map(vmm->table, hold.va, hold.pa, hold.attr, detail);
	if (err == VMM_OK) {
		mapping = vmm_hold_take_(&vmm->record, &vmm->window, &hold);
		vmm_record_link_below_(&vmm->record, mapping, request->above);
		*start = hold.va.bytes.start;
	}
	return err;
}

/* Shares a mapping or makes one; where it has the pages goes to *start. */
static enum vmm_err map_request(struct vmm *vmm, struct request *request, uint64_t *start,
				struct vmm_detail *detail)
{
	struct vmm_mapping *shared = NULL;
	enum vmm_err err = find_shared(vmm, request, &shared, detail);

	if (err != VMM_OK && err != VMM_ERR_NOENT) {
		return err;
	}
	if (!vmm_record_has_free_(&vmm->record, 1)) {
		return vmm_fail_at_(detail, 0, VMM_ERR_FULL);
	}
	if (err == VMM_ERR_NOENT) {
		return map_new(vmm, request, start, detail);
	}
	vmm_record_add_user_(shared, vmm_record_take_(&vmm->record, request->name,
						      VMM_MAPPING_MMIO));
	*start = common_va(shared, request->pages.bytes.start);
	return VMM_OK;
}

/* The whole pages of [pa, pa + size): as vmm_pa_region() and vmm_pa_region_align_out(), in line. */
static enum vmm_err pages_of(const struct vmm *vmm, uint64_t pa, uint64_t size,
			     vmm_pa_region_t *pages)
{
	uint64_t mask = vmm_addr_mask_(vmm->area.page_shift);
	uint64_t first = pa & ~mask;
	uint64_t last;

	if (size == 0) {
		return VMM_ERR_EMPTY;
	}
	last = (pa + (size - 1)) | mask;
	if (size - 1 > UINT64_MAX - pa || last - first == UINT64_MAX) {
		return VMM_ERR_WRAP;
	}
	pages->bytes.start = first;
	pages->bytes.size = last - first + 1;
	return VMM_OK;
}

enum vmm_err vmm_map_mmio_as(struct vmm *vmm, const char *name, vmm_pa_t pa, uint64_t size,
			     vmm_attr_t attr, vmm_va_t *va, struct vmm_detail *detail)
{
	struct request request;
	uint64_t start;
	enum vmm_err err;

	request.name = name;
	request.attr = attr;
	err = pages_of(vmm, vmm_pa_raw(pa), size, &request.pages);
	if (err == VMM_OK) {
		err = vmm_table_effective(vmm->table, attr, &request.stored);
	}
	if (err != VMM_OK) {
		return vmm_fail_at_(detail, 0, err);
	}
	err = map_request(vmm, &request, &start, detail);
	if (err != VMM_OK) {
		return err;
	}
	*va = vmm_va(start + (vmm_pa_raw(pa) - request.pages.bytes.start));
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
	enum vmm_err err = vmm_table_unmap(vmm->table, vmm_range_usable_(&mapping->range),
					   detail);

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
