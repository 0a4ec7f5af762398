/* SPDX-License-Identifier: MIT */
/*
 * Changes of a mapping, or of a part of it.
 *
 * A part of a mapping that becomes different, or goes, cuts its entry in up to three:
 *
 *     entry:  | guard |  mapping                          | guard |
 *     part:               [ part )
 *     after:  | guard | L | part or nothing | R           | guard |
 *
 * That there are entries enough is known before the tables change; cutting takes nothing else.
 */

#include "manager.h"

/* What an entry is cut into: L, part, R, of which some may be empty. */
struct cut {
	struct vmm_mapping *mapping;    /* what is cut */
	vmm_va_region_t whole;          /* the mapping's pages */
	struct vmm_guards guards;
	uint64_t pa;
	vmm_va_region_t piece[3];       /* L, part, R; empty: not there, or to be unmapped */
};

static enum vmm_err check_part(const struct vmm *vmm, vmm_va_region_t part)
{
	if (vmm_va_region_is_empty(part)) {
		return VMM_ERR_EMPTY;
	}
	if (!vmm_va_region_is_valid(part)) {
		return VMM_ERR_WRAP;
	}
	if (!vmm_va_region_is_aligned(part, vmm_space_page_shift(&vmm->area))) {
		return VMM_ERR_ALIGN;
	}
	if (vmm_va_region_overlaps(part, vmm_window_(vmm))) {
		return VMM_ERR_BUSY;
	}
	return VMM_OK;
}

/* The entry that has all of the part in its usable pages. */
static enum vmm_err find_part(const struct vmm *vmm, vmm_va_region_t part,
			      struct vmm_mapping **found, struct vmm_detail *detail)
{
	vmm_va_t va = vmm_va_region_start(part);
	enum vmm_err err = check_part(vmm, part);

	if (err == VMM_OK) {
		*found = vmm_entry_at_(vmm, va, NULL);
		if (*found == NULL || !vmm_va_region_encloses(vmm_mapping_va(*found), part)) {
			err = VMM_ERR_NOENT;
		}
	}
	return err == VMM_OK ? VMM_OK : vmm_fail_at_(detail, vmm_va_raw(va), err);
}

enum vmm_err vmm_map_part(struct vmm *vmm, vmm_va_region_t va, struct vmm_detail *detail)
{
	struct vmm_mapping *mapping;
	uint64_t offset;
	enum vmm_err err;

	err = find_part(vmm, va, &mapping, detail);
	if (err != VMM_OK) {
		return err;
	}
	if (mapping->kind != VMM_MAPPING_LAZY) {
		return vmm_fail_at_(detail, va.bytes.start, VMM_ERR_NOENT);
	}
	offset = va.bytes.start - vmm_mapping_va(mapping).bytes.start;
	return vmm_table_map(vmm->table, va, vmm_pa(mapping->pa + offset), mapping->asked, detail);
}

/* Plans the cut; VMM_ERR_FULL: there are too few entries for it. `keep`: the part stays. */
static enum vmm_err plan_cut(const struct vmm_record *record, struct vmm_mapping *mapping,
			     vmm_va_region_t part, bool keep, struct cut *cut)
{
	uint64_t before = part.bytes.start - vmm_mapping_va(mapping).bytes.start;
	unsigned int count = 0;

	cut->mapping = mapping;
	cut->whole = vmm_mapping_va(mapping);
	cut->guards = vmm_range_guards(&mapping->range);
	cut->pa = mapping->pa;
	cut->piece[0] = cut->whole;
	cut->piece[0].bytes.size = before;
	cut->piece[1] = part;
	cut->piece[1].bytes.size = keep ? part.bytes.size : 0;
	cut->piece[2].bytes.start = part.bytes.start + part.bytes.size;
	cut->piece[2].bytes.size = cut->whole.bytes.size - before - part.bytes.size;
	for (unsigned int i = 0; i < 3; i++) {
		count += cut->piece[i].bytes.size != 0;
	}
	/* One of the pieces has the mapping's own. */
	return count <= 1 || vmm_record_has_free_(record, count - 1) ? VMM_OK : VMM_ERR_FULL;
}

/* The guards of a piece: those of the mapping, where the piece has that end of it. */
static struct vmm_guards guards_of(const struct cut *cut, vmm_va_region_t piece)
{
	struct vmm_guards guards = cut->guards;

	if (piece.bytes.start != cut->whole.bytes.start) {
		guards.before = 0;
	}
	if (vmm_va_raw(vmm_va_region_last(piece)) != vmm_va_raw(vmm_va_region_last(cut->whole))) {
		guards.after = 0;
	}
	return guards;
}

/* Makes an entry the one of a piece, in the gap behind `owner`. */
static void place_piece(struct vmm *vmm, const struct cut *cut, vmm_va_region_t piece,
			struct vmm_range *owner, struct vmm_mapping *entry)
{
	struct vmm_guards guards = guards_of(cut, piece);
	struct vmm_place_ place;

	vmm_space_place_behind_(&vmm->area, owner, piece, guards, &place);
	vmm_space_take_(&vmm->area, &place, &entry->range);
	entry->asked = cut->mapping->asked;
	entry->stored = cut->mapping->stored;
	if (entry->kind == VMM_MAPPING_PLAIN) {
		entry->pa = cut->pa + (piece.bytes.start - cut->whole.bytes.start);
		vmm_record_link_(&vmm->record, entry);
	}
}

/* Replaces the entry by its pieces. Returns that of the part, NULL if the part goes. */
static struct vmm_mapping *carry_out(struct vmm *vmm, const struct cut *cut)
{
	struct vmm_mapping *entry = cut->mapping;
	struct vmm_range *owner = vmm_space_before_(&vmm->area, &entry->range);
	struct vmm_mapping *part = NULL;

	if (entry->kind == VMM_MAPPING_PLAIN) {
		vmm_record_unlink_(&vmm->record, entry);
	}
	vmm_space_release(&vmm->area, &entry->range);
	for (unsigned int i = 0; i < 3; i++) {
		if (cut->piece[i].bytes.size == 0) {
			continue;
		}
		if (entry == NULL) {
			entry = vmm_record_take_(&vmm->record, cut->mapping->name,
						 (enum vmm_mapping_kind)cut->mapping->kind);
		}
		place_piece(vmm, cut, cut->piece[i], owner, entry);
		part = i == 1 ? entry : part;
		owner = &entry->range;
		entry = NULL;
	}
	return part;
}

enum vmm_err vmm_unmap_part(struct vmm *vmm, vmm_va_region_t va, struct vmm_detail *detail)
{
	struct vmm_mapping *mapping;
	struct cut cut;
	enum vmm_err err;

	err = find_part(vmm, va, &mapping, detail);
	if (err != VMM_OK) {
		return err;
	}
	if (mapping->kind == VMM_MAPPING_LAZY) {
		return vmm_table_unmap(vmm->table, va, detail);
	}
	if (vmm_va_region_equal(va, vmm_mapping_va(mapping))) {
		return vmm_unmap(vmm, vmm_va_region_start(va), detail);
	}
	err = plan_cut(&vmm->record, mapping, va, false, &cut);
	if (err != VMM_OK) {
		return vmm_fail_at_(detail, va.bytes.start, err);
	}
	if (mapping->kind != VMM_MAPPING_GUARD) {
		err = vmm_table_unmap(vmm->table, va, detail);
	}
	if (err == VMM_OK) {
		carry_out(vmm, &cut);
	}
	return err;
}

/* Changes the part in the tables; the attributes as asked, and as stored, go to the two words. */
static enum vmm_err protect_tables(struct vmm *vmm, const struct vmm_mapping *mapping,
				   vmm_va_region_t va, vmm_attr_t *asked, vmm_attr_t *stored,
				   struct vmm_detail *detail)
{
	enum vmm_err err;

	/* Hints say how it was laid out, which stays. */
	asked->bits = (asked->bits & ~VMM_ATTR_HINTS) | (mapping->asked.bits & VMM_ATTR_HINTS);
	err = vmm_table_effective(vmm->table, *asked, stored);
	if (err != VMM_OK) {
		return vmm_fail_at_(detail, va.bytes.start, err);
	}
	return vmm_table_protect(vmm->table, va, *asked, detail);
}

static enum vmm_err protect(struct vmm *vmm, struct vmm_mapping *mapping, vmm_va_region_t va,
			    vmm_attr_t attr, struct vmm_detail *detail)
{
	struct cut cut;
	vmm_attr_t stored;
	enum vmm_err err;

	if (mapping->kind != VMM_MAPPING_PLAIN) {
		return vmm_fail_at_(detail, va.bytes.start, VMM_ERR_NOENT);
	}
	err = plan_cut(&vmm->record, mapping, va, true, &cut);
	if (err != VMM_OK) {
		return vmm_fail_at_(detail, va.bytes.start, err);
	}
	err = protect_tables(vmm, mapping, va, &attr, &stored, detail);
	if (err != VMM_OK) {
		return err;
	}
	if (!vmm_va_region_equal(va, cut.whole)) {
		mapping = carry_out(vmm, &cut);
	}
	mapping->asked = attr;
	mapping->stored = stored;
	return VMM_OK;
}

enum vmm_err vmm_protect_part(struct vmm *vmm, vmm_va_region_t va, vmm_attr_t attr,
			      struct vmm_detail *detail)
{
	struct vmm_mapping *mapping;
	enum vmm_err err = find_part(vmm, va, &mapping, detail);

	return err == VMM_OK ? protect(vmm, mapping, va, attr, detail) : err;
}

enum vmm_err vmm_protect(struct vmm *vmm, vmm_va_t va, vmm_attr_t attr, struct vmm_detail *detail)
{
	struct vmm_mapping *mapping = vmm_entry_at_(vmm, va, NULL);

	if (vmm_in_window_(vmm, va)) {
		return vmm_fail_at_(detail, vmm_va_raw(va), VMM_ERR_BUSY);
	}
	if (mapping == NULL || !vmm_va_equal(vmm_va_region_start(vmm_mapping_va(mapping)), va)) {
		return vmm_fail_at_(detail, vmm_va_raw(va), VMM_ERR_NOENT);
	}
	return protect(vmm, mapping, vmm_mapping_va(mapping), attr, detail);
}
