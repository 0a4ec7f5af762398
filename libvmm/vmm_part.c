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
 * All entries are taken before the tables change; cutting the range needs nothing more.
 */

#include "manager.h"

/* What an entry is cut into: L, part, R, of which some may be empty. */
struct cut {
	struct vmm_mapping *mapping;    /* what is cut */
	vmm_va_region_t whole;          /* the mapping's pages */
	vmm_va_region_t part;
	vmm_va_region_t piece[3];       /* L, part, R; empty: not there, or to be unmapped */
	struct vmm_mapping *entry[3];   /* one for each piece that is not empty */
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

static void give_back(struct vmm_record *record, struct cut *cut)
{
	/* In the reverse order of taking, so that the chain is as before. */
	for (unsigned int i = 3; i > 0; i--) {
		if (cut->entry[i - 1] != NULL && cut->entry[i - 1] != cut->mapping) {
			vmm_record_put_(record, cut->entry[i - 1]);
		}
	}
}

/* Plans the cut and takes the entries that it needs. `keep`: the part stays, as an entry. */
static enum vmm_err plan_cut(struct vmm_record *record, struct vmm_mapping *mapping,
			     vmm_va_region_t part, bool keep, struct cut *cut)
{
	struct vmm_mapping *entry = mapping;
	uint64_t before = part.bytes.start - vmm_mapping_va(mapping).bytes.start;

	cut->mapping = mapping;
	cut->whole = vmm_mapping_va(mapping);
	cut->part = part;
	cut->piece[0] = cut->whole;
	cut->piece[0].bytes.size = before;
	cut->piece[1] = part;
	cut->piece[1].bytes.size = keep ? part.bytes.size : 0;
	cut->piece[2].bytes.start = part.bytes.start + part.bytes.size;
	cut->piece[2].bytes.size = cut->whole.bytes.size - before - part.bytes.size;
	for (unsigned int i = 0; i < 3; i++) {
		cut->entry[i] = NULL;
	}
	for (unsigned int i = 0; i < 3; i++) {
		if (cut->piece[i].bytes.size == 0) {
			continue;
		}
		if (entry == NULL) {
			entry = vmm_record_take_(record, mapping->name,
						 (enum vmm_mapping_kind)mapping->kind);
		}
		if (entry == NULL) {
			give_back(record, cut);
			return VMM_ERR_FULL;
		}
		cut->entry[i] = entry;
		entry = NULL;
	}
	return VMM_OK;
}

/* The guards of a piece: those of the mapping, where the piece has that end of it. */
static struct vmm_guards guards_of(const struct cut *cut, vmm_va_region_t piece,
				   struct vmm_guards guards)
{
	if (piece.bytes.start != cut->whole.bytes.start) {
		guards.before = 0;
	}
	if (vmm_va_raw(vmm_va_region_last(piece)) != vmm_va_raw(vmm_va_region_last(cut->whole))) {
		guards.after = 0;
	}
	return guards;
}

static enum vmm_err place_piece(struct vmm *vmm, const struct cut *cut, unsigned int i,
				uint64_t pa, struct vmm_guards guards)
{
	struct vmm_mapping *entry = cut->entry[i];
	enum vmm_err err;

	guards = guards_of(cut, cut->piece[i], guards);
	err = vmm_space_reserve_at(&vmm->area, cut->piece[i], &guards, &entry->range, NULL);
	if (err != VMM_OK) {
		return err;
	}
	entry->asked = cut->mapping->asked;
	entry->stored = cut->mapping->stored;
	if (entry->kind == VMM_MAPPING_PLAIN) {
		entry->pa = pa + (cut->piece[i].bytes.start - cut->whole.bytes.start);
		vmm_record_link_(&vmm->record, entry);
	}
	return VMM_OK;
}

/*
 * Replaces the entry by its pieces. Their ranges are free as soon as the whole is released, so an
 * error here means that the space is damaged.
 */
static enum vmm_err carry_out(struct vmm *vmm, struct cut *cut)
{
	struct vmm_guards guards = vmm_range_guards(&cut->mapping->range);
	uint64_t pa = cut->mapping->pa;

	if (cut->mapping->kind == VMM_MAPPING_PLAIN) {
		vmm_record_unlink_(&vmm->record, cut->mapping);
	}
	vmm_space_release(&vmm->area, &cut->mapping->range);
	for (unsigned int i = 0; i < 3; i++) {
		if (cut->entry[i] != NULL && place_piece(vmm, cut, i, pa, guards) != VMM_OK) {
			return VMM_ERR_CORRUPT;
		}
	}
	return VMM_OK;
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
	if (err != VMM_OK) {
		give_back(&vmm->record, &cut);
		return err;
	}
	return carry_out(vmm, &cut);
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
		give_back(&vmm->record, &cut);
		return err;
	}
	if (!vmm_va_region_equal(va, cut.whole)) {
		err = carry_out(vmm, &cut);
	}
	cut.entry[1]->asked = attr;
	cut.entry[1]->stored = stored;
	return err;
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
