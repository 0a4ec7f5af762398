/* SPDX-License-Identifier: MIT */
/*
 * Adoption: a table and a record for tables that exist.
 *
 * Entries are made first, from the blob or from what a visit finds, without a look at whether the
 * tables agree. Then one audit compares all of it: what it would name is what the adoption refuses.
 * Visit and audit check every link before they follow it, which a query does not.
 */

#include <vmm/adopt.h>
#include <vmm/engine/shared.h>

#include "manager.h"

static bool is_same_text(const char *a, const char *b)
{
	while (*a == *b && *a != '\0') {
		a++;
		b++;
	}
	return *a == *b;
}

/* Member by member: a copy of the whole may call memcpy, and the library depends on nothing. */
static void copy_tables(const struct vmm_table_config *from, struct vmm_table_config *to)
{
	to->format = from->format;
	to->frames = from->frames;
	to->sync = from->sync;
	to->half = from->half;
	to->va_bits = from->va_bits;
	to->pa_bits = from->pa_bits;
	to->asid_bits = from->asid_bits;
	to->asid = from->asid;
	to->flush_max = from->flush_max;
	to->flags = from->flags;
	to->borrowed = from->borrowed;
	to->root = from->root;
}

static void copy_manager(const struct vmm_config *from, struct vmm_config *to)
{
	to->table = from->table;
	to->pool = from->pool;
	to->pool_count = from->pool_count;
	to->bin_count = from->bin_count;
	to->bins = from->bins;
	to->area = from->area;
	to->mmio_window = from->mmio_window;
	to->mmio_guards = from->mmio_guards;
}

VMM_STATIC_ASSERT(sizeof(void *) != 8 || (sizeof(struct vmm_table_config) == 64 &&
					  sizeof(struct vmm_config) == 72),
		  "every member of the two is copied above");

/* Opens the blob, if there is one, and fills in what it says. */
static enum vmm_err use_blob(const struct vmm_adoption *adoption, struct vmm_blob *blob,
			     struct vmm_table_config *tables, struct vmm_config *manager)
{
	const struct vmm_geometry *geometry = tables->format->geometry;
	enum vmm_err err = vmm_blob_open(blob, adoption->blob, adoption->blob_size);

	if (err != VMM_OK) {
		return err;
	}
	if (!is_same_text(blob->head.format, geometry->name) ||
	    blob->head.page_shift != geometry->page_shift) {
		return VMM_ERR_UNSUPPORTED;
	}
	if (vmm_pa_raw(tables->root) != 0 && !vmm_pa_equal(tables->root, blob->head.root)) {
		return VMM_ERR_CORRUPT;
	}
	tables->half = blob->head.half;
	tables->va_bits = blob->head.va_bits;
	tables->pa_bits = tables->pa_bits != 0 ? tables->pa_bits : blob->head.pa_bits;
	tables->flags |= blob->head.flags;
	tables->borrowed = blob->head.borrowed;
	tables->root = blob->head.root;
	if (vmm_va_region_is_empty(manager->mmio_window)) {
		manager->mmio_window = blob->head.window;
	}
	return VMM_OK;
}

static void set_hold(struct vmm_hold_ *hold, const struct vmm_blob_entry *entry)
{
	hold->name = entry->name;
	hold->va = entry->va;
	hold->pa = entry->pa;
	hold->attr = entry->attr;
	hold->kind = entry->kind;
}

/* An entry in the MMIO window, without guard pages, which the tables have no room for. */
static enum vmm_err hold_in_window(struct vmm *vmm, const struct vmm_blob_entry *entry,
				   struct vmm_detail *detail)
{
	vmm_va_t at = vmm_va_region_start(entry->va);
	struct vmm_hold_ hold;
	enum vmm_err err;

	set_hold(&hold, entry);
	err = vmm_table_effective(vmm->table, entry->attr, &hold.stored);
	if (err == VMM_OK && !vmm_record_has_free_(&vmm->record, 1)) {
		err = VMM_ERR_FULL;
	}
	if (err == VMM_OK) {
		err = vmm_space_look_at_(&vmm->window, entry->va, NULL, &hold.place, &at);
	}
	if (err != VMM_OK) {
		return vmm_fail_at_(detail, vmm_va_raw(at), err);
	}
	vmm_record_link_(&vmm->record, vmm_hold_take_(&vmm->record, &vmm->window, &hold));
	return VMM_OK;
}

static enum vmm_err hold_in_area(struct vmm *vmm, const struct vmm_blob_entry *entry,
				 struct vmm_detail *detail)
{
	struct vmm_mapping *mapping;
	struct vmm_hold_ hold;
	enum vmm_err err;

	set_hold(&hold, entry);
	err = vmm_hold_look_(vmm, &hold, detail);
	if (err != VMM_OK) {
		return err;
	}
	mapping = vmm_hold_take_(&vmm->record, &vmm->area, &hold);
	if (entry->kind == VMM_MAPPING_PLAIN) {
		vmm_record_link_(&vmm->record, mapping);
	}
	return VMM_OK;
}

static enum vmm_err hold(struct vmm *vmm, const struct vmm_blob_entry *entry,
			 struct vmm_detail *detail)
{
	if (entry->kind == VMM_MAPPING_MMIO) {
		return vmm_va_region_overlaps(vmm_window_(vmm), entry->va)
			       ? hold_in_window(vmm, entry, detail)
			       : VMM_OK;
	}
	return vmm_va_region_overlaps(vmm_space_area(&vmm->area), entry->va)
		       ? hold_in_area(vmm, entry, detail)
		       : VMM_OK;
}

static enum vmm_err hold_listed(struct vmm *vmm, const struct vmm_blob *blob,
				struct vmm_detail *detail)
{
	struct vmm_blob_entry entry;
	enum vmm_err err = VMM_OK;

	for (uint32_t i = 0; i < blob->head.entry_count && err == VMM_OK; i++) {
		vmm_blob_get(blob, i, &entry);
		err = hold(vmm, &entry, detail);
	}
	return err;
}

/* An entry for the part of a leaf that is in the area. */
static enum vmm_err hold_leaf(struct vmm *vmm, const struct vmm_leaf *leaf, const char *name,
			      struct vmm_detail *detail)
{
	vmm_va_region_t region = VMM_VA_REGION_INIT(vmm_va_raw(leaf->va), leaf->size);
	struct vmm_blob_entry entry;

	if (vmm_va_region_overlaps(vmm_window_(vmm), region)) {
		return vmm_fail_at_(detail, vmm_va_raw(leaf->va), VMM_ERR_BUSY);
	}
	entry.name = name;
	entry.va = vmm_va_region_intersect(region, vmm_space_area(&vmm->area));
	entry.pa = vmm_pa(vmm_pa_raw(leaf->pa) + (entry.va.bytes.start - region.bytes.start));
	entry.attr = vmm_attr(leaf->attr.bits & ~VMM_ATTR_HINTS);
	entry.kind = VMM_MAPPING_PLAIN;
	return vmm_va_region_is_empty(entry.va) ? VMM_OK : hold_in_area(vmm, &entry, detail);
}

static enum vmm_err hold_found(struct vmm *vmm, const char *name, struct vmm_detail *detail)
{
	struct vmm_cursor cursor = {0, false, false};
	struct vmm_leaf leaf;
	enum vmm_err err;

	for (;;) {
		err = vmm_table_visit(vmm->table, &cursor, &leaf, detail);
		if (err == VMM_ERR_NOENT) {
			return VMM_OK;
		}
		if (err == VMM_OK) {
			err = hold_leaf(vmm, &leaf, name, detail);
		}
		if (err != VMM_OK) {
			return err;
		}
	}
}

/* What a difference between record and tables means here. VMM_OK: nothing. */
static enum vmm_err err_of(enum vmm_difference_kind kind)
{
	switch (kind) {
	case VMM_DIFFERENCE_UNMAPPED:
		return VMM_ERR_NOENT;
	case VMM_DIFFERENCE_UNRECORDED:
	case VMM_DIFFERENCE_GUARD:
		return VMM_ERR_EXISTS;
	case VMM_DIFFERENCE_PHYSICAL:
		return VMM_ERR_PHYS;
	case VMM_DIFFERENCE_ATTR:
		return VMM_ERR_ATTR;
	case VMM_DIFFERENCE_ALIAS_WX:
	case VMM_DIFFERENCE_ALIAS_TYPE:
		return VMM_OK;
	case VMM_DIFFERENCE_DESCRIPTOR:
	case VMM_DIFFERENCE_RECORD:
		break;
	}
	return VMM_ERR_CORRUPT;
}

static enum vmm_err compare(const struct vmm *vmm, struct vmm_detail *detail)
{
	struct vmm_audit_cursor audit;
	struct vmm_difference difference;
	enum vmm_err err;

	/* Only the first difference counts: aliases, which are allowed, come after all others. */
	vmm_audit_start_(&audit);
	if (vmm_audit_next(vmm, &audit, &difference) != VMM_OK) {
		return VMM_OK;
	}
	err = err_of(difference.kind);
	if (err != VMM_OK && detail != NULL) {
		detail->va = vmm_va_region_start(difference.va);
		detail->descriptor = difference.descriptor;
		detail->level = difference.level;
	}
	return err;
}

static enum vmm_err fill(struct vmm *vmm, const struct vmm_adoption *adoption,
			 const struct vmm_blob *blob, struct vmm_detail *detail)
{
	enum vmm_err err;

	if (adoption->blob != NULL) {
		err = hold_listed(vmm, blob, detail);
	} else {
		err = hold_found(vmm, adoption->name, detail);
	}
	return err == VMM_OK ? compare(vmm, detail) : err;
}

static enum vmm_err check_adoption(const struct vmm *vmm, const struct vmm_adoption *adoption)
{
	const struct vmm_table *table = adoption->manager.table;

	if (table == NULL || adoption->tables.format == NULL || adoption->tables.frames == NULL) {
		return VMM_ERR_UNSUPPORTED;
	}
	if (vmm->table != NULL || table->format != NULL) {
		return VMM_ERR_BUSY;
	}
	if (adoption->blob == NULL && vmm_pa_region_is_empty(adoption->tables.borrowed)) {
		return VMM_ERR_EMPTY;
	}
	return VMM_OK;
}

enum vmm_err vmm_adopt(struct vmm *vmm, const struct vmm_adoption *adoption,
		       struct vmm_detail *detail)
{
	struct vmm_table *table = adoption->manager.table;
	struct vmm_table_config tables;
	struct vmm_config manager;
	struct vmm_blob blob;
	enum vmm_err err = check_adoption(vmm, adoption);

	if (err != VMM_OK) {
		return err;
	}
	copy_tables(&adoption->tables, &tables);
	copy_manager(&adoption->manager, &manager);
	if (adoption->blob != NULL) {
		err = use_blob(adoption, &blob, &tables, &manager);
	}
	if (err == VMM_OK) {
		err = vmm_table_init(table, &tables);
	}
	if (err != VMM_OK) {
		return err;
	}
	err = vmm_init(vmm, &manager);
	if (err == VMM_OK) {
		err = fill(vmm, adoption, &blob, detail);
		if (err != VMM_OK) {
			vmm_fini(vmm);
		}
	}
	if (err != VMM_OK) {
		vmm_reset_(table);
	}
	return err;
}
