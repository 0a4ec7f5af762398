/* SPDX-License-Identifier: MIT */
/*
 * Whole mappings of the area: made, recorded, taken away.
 *
 * An entry and a place are looked for, then the tables change, then entry and place are taken: of
 * these only the last changes anything besides the tables, and it can't fail.
 */

#include "manager.h"

/* Why a range of the area could not be reserved; the window's place is a case of its own. */
static enum vmm_err why_not_reserved(const struct vmm *vmm, vmm_va_region_t va, enum vmm_err err)
{
	if ((err == VMM_ERR_EXISTS || err == VMM_ERR_RANGE) &&
	    vmm_va_region_overlaps(va, vmm_window_(vmm))) {
		return VMM_ERR_BUSY;
	}
	return err;
}

static enum vmm_err check_hold(const struct vmm *vmm, struct vmm_hold_ *hold)
{
	uint64_t size = vmm_va_region_size(hold->va);
	uint64_t pa = vmm_pa_raw(hold->pa);
	enum vmm_err err;

	if (!VMM_REGION_FITS(pa, size)) {
		return VMM_ERR_PHYS;
	}
	if (!vmm_pa_is_aligned(hold->pa, vmm_space_page_shift(&vmm->area))) {
		return VMM_ERR_ALIGN;
	}
	err = vmm_table_effective(vmm->table, hold->attr, &hold->stored);
	if (err != VMM_OK) {
		return err;
	}
	return vmm_record_has_free_(&vmm->record, 1) ? VMM_OK : VMM_ERR_FULL;
}

enum vmm_err vmm_hold_look_(struct vmm *vmm, struct vmm_hold_ *hold, struct vmm_detail *detail)
{
	vmm_va_t at = vmm_va_region_start(hold->va);
	enum vmm_err err = check_hold(vmm, hold);

	if (err == VMM_OK) {
		err = vmm_space_look_at_(&vmm->area, hold->va, NULL, &hold->place, &at);
		if (err == VMM_OK) {
			return VMM_OK;
		}
		err = why_not_reserved(vmm, hold->va, err);
	}
	return vmm_fail_at_(detail, vmm_va_raw(at), err);
}

struct vmm_mapping *vmm_hold_take_(struct vmm_record *record, struct vmm_space *space,
				   const struct vmm_hold_ *hold)
{
	struct vmm_mapping *mapping = vmm_record_take_(record, hold->name, hold->kind);

	vmm_space_take_(space, &hold->place, &mapping->range);
	mapping->pa = vmm_pa_raw(hold->pa);
	mapping->asked = hold->attr;
	mapping->stored = hold->stored;
	return mapping;
}

void vmm_drop_(struct vmm_record *record, struct vmm_space *space, struct vmm_mapping *mapping)
{
	vmm_space_release(space, &mapping->range);
	vmm_record_put_(record, mapping);
}

static void set_hold(struct vmm_hold_ *hold, enum vmm_mapping_kind kind, const char *name,
		     vmm_va_region_t va, vmm_pa_t pa, vmm_attr_t attr)
{
	hold->name = name;
	hold->va = va;
	hold->pa = pa;
	hold->attr = attr;
	hold->kind = kind;
}

static void take_mapping(struct vmm *vmm, const struct vmm_hold_ *hold)
{
	vmm_record_link_(&vmm->record, vmm_hold_take_(&vmm->record, &vmm->area, hold));
}

enum vmm_err vmm_map_at(struct vmm *vmm, const char *name, vmm_va_region_t va, vmm_pa_t pa,
			vmm_attr_t attr, struct vmm_detail *detail)
{
	struct vmm_hold_ hold;
	enum vmm_err err;

	set_hold(&hold, VMM_MAPPING_PLAIN, name, va, pa, attr);
	err = vmm_hold_look_(vmm, &hold, detail);
	if (err == VMM_OK) {
		err = vmm_table_map(vmm->table, va, pa, attr, detail);
	}
	if (err == VMM_OK) {
		take_mapping(vmm, &hold);
	}
	return err;
}

static enum vmm_err hold_at(struct vmm *vmm, struct vmm_hold_ *hold, struct vmm_detail *detail)
{
	enum vmm_err err = vmm_hold_look_(vmm, hold, detail);

	if (err == VMM_OK) {
		vmm_hold_take_(&vmm->record, &vmm->area, hold);
	}
	return err;
}

enum vmm_err vmm_guard_at(struct vmm *vmm, const char *name, vmm_va_region_t va,
			  struct vmm_detail *detail)
{
	struct vmm_hold_ hold;

	set_hold(&hold, VMM_MAPPING_GUARD, name, va, vmm_pa(0), vmm_attr(0));
	return hold_at(vmm, &hold, detail);
}

enum vmm_err vmm_lazy_at(struct vmm *vmm, const char *name, vmm_va_region_t va, vmm_pa_t pa,
			 vmm_attr_t attr, struct vmm_detail *detail)
{
	struct vmm_hold_ hold;

	set_hold(&hold, VMM_MAPPING_LAZY, name, va, pa, attr);
	return hold_at(vmm, &hold, detail);
}

/* Whether the leaf maps `va` to what the entry shall say. */
static enum vmm_err compare_leaf(const struct vmm_hold_ *hold, const struct vmm_leaf *leaf,
				 uint64_t va)
{
	uint64_t start = vmm_va_raw(vmm_va_region_start(hold->va));

	if (vmm_pa_raw(leaf->pa) + (va - vmm_va_raw(leaf->va)) !=
	    vmm_pa_raw(hold->pa) + (va - start)) {
		return VMM_ERR_PHYS;
	}
	return vmm_attr_is_same(leaf->attr, hold->stored) ? VMM_OK : VMM_ERR_ATTR;
}

/* Whether the tables map what the entry shall say, leaf by leaf. */
static enum vmm_err compare_tables(const struct vmm *vmm, const struct vmm_hold_ *hold,
				   struct vmm_detail *detail)
{
	uint64_t va = vmm_va_raw(vmm_va_region_start(hold->va));
	uint64_t left = vmm_va_region_size(hold->va);
	struct vmm_leaf leaf;
	enum vmm_err err;
	uint64_t step;

	for (;;) {
		err = vmm_table_query(vmm->table, vmm_va(va), &leaf);
		if (err == VMM_OK) {
			err = compare_leaf(hold, &leaf, va);
		}
		if (err != VMM_OK) {
			return vmm_fail_at_(detail, va, err);
		}
		step = leaf.size - (va - vmm_va_raw(leaf.va));
		if (step >= left) {
			return VMM_OK;
		}
		va += step;
		left -= step;
	}
}

enum vmm_err vmm_adopt_at(struct vmm *vmm, const char *name, vmm_va_region_t va, vmm_pa_t pa,
			  vmm_attr_t attr, struct vmm_detail *detail)
{
	struct vmm_hold_ hold;
	enum vmm_err err;

	set_hold(&hold, VMM_MAPPING_PLAIN, name, va, pa, attr);
	err = vmm_hold_look_(vmm, &hold, detail);
	if (err == VMM_OK) {
		err = compare_tables(vmm, &hold, detail);
	}
	if (err == VMM_OK) {
		take_mapping(vmm, &hold);
	}
	return err;
}

/* Whether a leaf, or run, of 2^shift bytes lies in the region. */
static bool has_leaf(vmm_pa_region_t pa, unsigned int shift)
{
	uint64_t size = vmm_pa_region_size(pa);
	uint64_t lead = (0 - pa.bytes.start) & vmm_addr_mask_(shift);

	return lead < size && size - lead > vmm_addr_mask_(shift);
}

/* log2 of what is mapped as one by a leaf (even steps) or a run of leaves (odd ones), in bytes. */
static unsigned int step_shift(const struct vmm_table *table, unsigned int step, vmm_attr_t attr)
{
	const struct vmm_geometry *geometry = table->format->geometry;
	unsigned int level = step / 2;
	unsigned int shift = geometry->page_shift + level * geometry->index_bits;

	if (step % 2 != 0 && vmm_attr_has(attr, VMM_ATTR_CONTIG) &&
	    (table->flags & geometry->run_flag) == geometry->run_flag) {
		shift += geometry->run_shift[level];
	}
	return shift;
}

/* The highest level that can have a leaf for so many bytes. */
static unsigned int level_max(const struct vmm_table *table, vmm_attr_t attr, uint64_t size)
{
	const struct vmm_geometry *geometry = table->format->geometry;
	unsigned int limit = (attr.bits & VMM_ATTR_LEAF_MAX_MASK) >> 12;
	unsigned int level = geometry->leaf_level_max;

	/* What most devices are. */
	if (size >> (geometry->page_shift + geometry->index_bits) == 0) {
		return 0;
	}
	if (level > table->root_level) {
		level = table->root_level;
	}
	if (limit != 0 && limit - 1 < level) {
		level = limit - 1;
	}
	while (level > 0 && size >> (geometry->page_shift + level * geometry->index_bits) == 0) {
		level--;
	}
	return level;
}

enum vmm_err vmm_look_congruent_(const struct vmm_table *table, struct vmm_space *space,
				 vmm_pa_region_t pa, vmm_attr_t attr, bool improve,
				 struct vmm_want *want, struct vmm_place_ *place)
{
	enum vmm_err err = VMM_ERR_NOSPACE;
	unsigned int last_shift = 64;
	bool in_vain = false;
	unsigned int shift;

	want->size = vmm_pa_region_size(pa);
	for (unsigned int step = 2 * level_max(table, attr, want->size) + 2; step > 0; step--) {
		shift = step_shift(table, step - 1, attr);
		if (shift == last_shift || (step > 1 && !has_leaf(pa, shift))) {
			continue;
		}
		last_shift = shift;
		want->align_shift = (uint8_t)shift;
		want->align_offset = vmm_pa_offset(vmm_pa_region_start(pa), shift);
		err = vmm_space_look_(space, want, improve, place);
		if (err != VMM_OK && err != VMM_ERR_NOSPACE) {
			return err;
		}
		in_vain |= place->in_vain;
		if (err == VMM_OK) {
			break;
		}
	}
	place->in_vain = in_vain;
	return err;
}

/* What is wanted of the area; never address 0, which C takes for no address. */
static enum vmm_err want_from(const struct vmm *vmm, const struct vmm_place *place,
			      struct vmm_want *want)
{
	vmm_va_region_t area = vmm_space_area(&vmm->area);
	vmm_va_region_t page;

	want->fit = VMM_FIT_BEST;
	want->guards.before = 0;
	want->guards.after = 0;
	want->window = vmm_va_region_empty();
	if (place != NULL) {
		want->fit = place->fit;
		want->guards = place->guards;
		want->window = place->window;
	}
	if (vmm_va_raw(vmm_va_region_start(area)) != 0) {
		return VMM_OK;
	}
	if (vmm_va_region_is_empty(want->window)) {
		want->window = area;
	}
	if (vmm_va_raw(vmm_va_region_start(want->window)) != 0) {
		return VMM_OK;
	}
	if (vmm_va_region_size(want->window) <= vmm_table_page_size(vmm->table)) {
		return VMM_ERR_NOSPACE;
	}
	return vmm_va_region_split(want->window, vmm_table_page_size(vmm->table), &page,
				   &want->window);
}

/* Looks for entry, attributes and place; what is wanted of the place goes to *want. */
static enum vmm_err look_any(struct vmm *vmm, vmm_pa_region_t pa, const struct vmm_place *place,
			     struct vmm_hold_ *hold, struct vmm_want *want)
{
	enum vmm_err err;

	if (!vmm_record_has_free_(&vmm->record, 1)) {
		return VMM_ERR_FULL;
	}
	err = vmm_table_effective(vmm->table, hold->attr, &hold->stored);
	if (err != VMM_OK) {
		return err;
	}
	if (!vmm_pa_region_is_valid(pa)) {
		return VMM_ERR_WRAP;
	}
	err = want_from(vmm, place, want);
	if (err != VMM_OK) {
		return err;
	}
	return vmm_look_congruent_(vmm->table, &vmm->area, pa, hold->attr, false, want,
				   &hold->place);
}

/*
 * Looks for the same place again, and lowers bounds on the way. Not done before the tables had
 * changed, as a bound is something of the space, too, that an error leaves as it is.
 */
static void improve_bounds(struct vmm *vmm, vmm_pa_region_t pa, vmm_attr_t attr,
			   struct vmm_want *want)
{
	struct vmm_place_ place;
	enum vmm_err err;

	err = vmm_look_congruent_(vmm->table, &vmm->area, pa, attr, true, want, &place);
	(void)err;
}

enum vmm_err vmm_map_any(struct vmm *vmm, const char *name, vmm_pa_region_t pa, vmm_attr_t attr,
			 const struct vmm_place *place, vmm_va_t *va, struct vmm_detail *detail)
{
	struct vmm_hold_ hold;
	struct vmm_want want;
	enum vmm_err err;

	set_hold(&hold, VMM_MAPPING_PLAIN, name, vmm_va_region_empty(), vmm_pa_region_start(pa),
		 attr);
	err = look_any(vmm, pa, place, &hold, &want);
	if (err != VMM_OK) {
		return vmm_fail_at_(detail, 0, err);
	}
	hold.va = vmm_place_region_(&hold.place);
	err = vmm_table_map(vmm->table, hold.va, hold.pa, attr, detail);
	if (err != VMM_OK) {
		return err;
	}
	if (hold.place.in_vain) {
		improve_bounds(vmm, pa, attr, &want);
	}
	take_mapping(vmm, &hold);
	*va = vmm_va_region_start(hold.va);
	return VMM_OK;
}

enum vmm_err vmm_unmap(struct vmm *vmm, vmm_va_t va, struct vmm_detail *detail)
{
	struct vmm_mapping *mapping = vmm_entry_at_(vmm, va, NULL);
	vmm_va_region_t region;
	enum vmm_err err = VMM_OK;

	if (vmm_in_window_(vmm, va)) {
		return vmm_fail_at_(detail, vmm_va_raw(va), VMM_ERR_BUSY);
	}
	if (mapping == NULL) {
		return vmm_fail_at_(detail, vmm_va_raw(va), VMM_ERR_NOENT);
	}
	region = vmm_range_usable_(&mapping->range);
	if (!vmm_va_equal(vmm_va_region_start(region), va)) {
		return vmm_fail_at_(detail, vmm_va_raw(va), VMM_ERR_NOENT);
	}
	if (mapping->kind != VMM_MAPPING_GUARD) {
		err = vmm_table_unmap(vmm->table, region, detail);
	}
	if (err != VMM_OK) {
		return err;
	}
	if (mapping->kind == VMM_MAPPING_PLAIN) {
		vmm_record_unlink_(&vmm->record, mapping);
	}
	vmm_drop_(&vmm->record, &vmm->area, mapping);
	return VMM_OK;
}
