/* SPDX-License-Identifier: MIT */
/*
 * The audit: do record and tables say the same?
 *
 * Both are sequences in the order of addresses, so they are compared as two sorted lists are: what
 * is left of the current entry against what is left of the current leaf. Each step uses up a piece
 * of one or of both, which is why it ends whatever the tables hold.
 *
 *     record:   [ entry A        ]      [ entry B    ]
 *     tables:   [ leaf   ][ leaf         ]   [ leaf      ]
 *     steps:    | same   | same  | only | B's | same  | only
 */

#include "manager.h"

/* What is done when. Zero is the beginning, as in a zeroed cursor. */
enum stage {
	STAGE_START,
	STAGE_COMPARE, /* record and tables */
	STAGE_TABLES,  /* the record is damaged: only the descriptors are looked at */
	STAGE_ALIASES, /* mappings of the same memory */
	STAGE_END
};

/* How mappings of the same memory may conflict. Each class has its mapping that reaches highest. */
enum alias_class {
	CLASS_WRITE,
	CLASS_EXECUTE,
	CLASS_MEM, /* and one for each memory type */
	CLASS_COUNT = CLASS_MEM + VMM_MEM_PLATFORM + 1
};

VMM_STATIC_ASSERT(sizeof(((struct vmm_audit_cursor *)0)->widest) / sizeof(void *) == CLASS_COUNT,
		  "the cursor has room for every class");

/* A piece of the address space, what the tables have there, and what the record has. */
struct piece {
	uint64_t start;
	uint64_t size;
	bool recorded;
	bool mapped;
};

static void describe(struct vmm_difference *difference, enum vmm_difference_kind kind,
		     uint64_t start, uint64_t size, const struct vmm_mapping *mapping)
{
	difference->kind = kind;
	difference->va.bytes.start = start;
	difference->va.bytes.size = size;
	difference->mapping = mapping;
	difference->other = NULL;
	difference->pa = vmm_pa(0);
	difference->attr = vmm_attr(0);
	difference->descriptor = 0;
	difference->level = -1;
}

/* All that a bad descriptor stands for counts as one leaf, so that nothing in it is named twice. */
static void describe_bad(const struct vmm *vmm, struct vmm_audit_cursor *audit,
			 const struct vmm_detail *detail, struct vmm_difference *difference)
{
	const struct vmm_geometry *geometry = vmm->table->format->geometry;
	int level = detail->level > 0 ? detail->level : 0;
	unsigned int shift = geometry->page_shift + (unsigned int)level * geometry->index_bits;
	vmm_va_t start = vmm_va_align_down(detail->va, shift);

	audit->leaf.va = start;
	audit->leaf.size = vmm_addr_mask_(shift) + 1;
	audit->leaf_is_bad = true;
	describe(difference, VMM_DIFFERENCE_DESCRIPTOR, vmm_va_raw(start), audit->leaf.size,
		 audit->stage == STAGE_TABLES ? NULL : vmm_find(vmm, start));
	difference->descriptor = detail->descriptor;
	difference->level = level;
}

/* Gets the next leaf, if none is left. True: a bad descriptor was found instead, and described. */
static bool fetch_leaf(const struct vmm *vmm, struct vmm_audit_cursor *audit,
		       struct vmm_difference *difference)
{
	struct vmm_detail detail;
	enum vmm_err err;

	if (audit->leaf.size != 0 || audit->no_leaf) {
		return false;
	}
	audit->leaf_is_bad = false;
	detail.va = vmm_va(0);
	detail.descriptor = 0;
	detail.level = 0;
	err = vmm_table_visit(vmm->table, &audit->cursor, &audit->leaf, &detail);
	if (err == VMM_ERR_CORRUPT) {
		describe_bad(vmm, audit, &detail, difference);
		return true;
	}
	if (err != VMM_OK) {
		audit->leaf.size = 0;
		audit->no_leaf = true;
	}
	return false;
}

static void use_leaf(struct vmm_audit_cursor *audit, uint64_t size)
{
	audit->leaf.va.raw += size;
	audit->leaf.pa.raw += size;
	audit->leaf.size -= size;
}

static void use_entry(const struct vmm *vmm, struct vmm_audit_cursor *audit, uint64_t size)
{
	audit->used += size;
	if (audit->used == vmm_va_region_size(vmm_mapping_va(audit->mapping))) {
		audit->mapping = vmm_next(vmm, audit->mapping);
		audit->used = 0;
	}
}

/* The part of the leaf that is in the area or in the window, the lower one if it is in both. */
static vmm_va_region_t managed_part(const struct vmm *vmm, const struct vmm_leaf *leaf)
{
	vmm_va_region_t region;
	vmm_va_region_t in_area;
	vmm_va_region_t in_window;

	region.bytes.start = vmm_va_raw(leaf->va);
	region.bytes.size = leaf->size;
	in_area = vmm_va_region_intersect(region, vmm_space_area(&vmm->area));
	in_window = vmm_va_region_intersect(region, vmm_window_(vmm));
	if (vmm_va_region_is_empty(in_area) ||
	    (!vmm_va_region_is_empty(in_window) && in_window.bytes.start < in_area.bytes.start)) {
		return in_window;
	}
	return in_area;
}

/* Drops what of the leaf is not managed here. False: nothing is left. */
static bool trim_leaf(const struct vmm *vmm, struct vmm_audit_cursor *audit, vmm_va_region_t *part)
{
	if (audit->leaf.size == 0) {
		return false;
	}
	*part = managed_part(vmm, &audit->leaf);
	if (vmm_va_region_is_empty(*part)) {
		audit->leaf.size = 0;
		return false;
	}
	use_leaf(audit, part->bytes.start - vmm_va_raw(audit->leaf.va));
	return true;
}

/* The next piece of which the same can be said throughout. False: there is no more. */
static bool next_piece(const struct vmm *vmm, struct vmm_audit_cursor *audit, struct piece *piece)
{
	vmm_va_region_t leaf = VMM_VA_REGION_INIT(0, 0);
	struct vmm_span entry = { 0, 0 };

	piece->mapped = trim_leaf(vmm, audit, &leaf);
	piece->recorded = audit->mapping != NULL;
	if (piece->recorded) {
		entry = vmm_mapping_va(audit->mapping).bytes;
		entry.start += audit->used;
		entry.size -= audit->used;
	}
	if (!piece->mapped || !piece->recorded) {
		piece->start = piece->mapped ? leaf.bytes.start : entry.start;
		piece->size = piece->mapped ? leaf.bytes.size : entry.size;
		return piece->mapped || piece->recorded;
	}
	piece->mapped = leaf.bytes.start <= entry.start;
	piece->recorded = entry.start <= leaf.bytes.start;
	piece->start = piece->mapped ? leaf.bytes.start : entry.start;
	piece->size = piece->mapped ? leaf.bytes.size : entry.size;
	if (piece->mapped && piece->recorded && entry.size < piece->size) {
		piece->size = entry.size;
	}
	if (!piece->recorded && entry.start - piece->start < piece->size) {
		piece->size = entry.start - piece->start;
	}
	if (!piece->mapped && leaf.bytes.start - piece->start < piece->size) {
		piece->size = leaf.bytes.start - piece->start;
	}
	return true;
}

static bool conflict_wx(vmm_attr_t a, vmm_attr_t b)
{
	return (vmm_attr_has(a, VMM_ATTR_WRITE) && vmm_attr_exec(b) != VMM_EXEC_NEVER) ||
	       (vmm_attr_has(b, VMM_ATTR_WRITE) && vmm_attr_exec(a) != VMM_EXEC_NEVER);
}

/*
 * A lazy range is in no tree by physical address, so what is mapped of it is looked up there piece
 * by piece. A piece ends where the first conflict ends, so that the rest is looked at next.
 */
static bool compare_lazy(const struct vmm *vmm, const struct vmm_audit_cursor *audit,
			 struct piece *piece, struct vmm_difference *difference)
{
	const struct vmm_mapping *lazy = audit->mapping;
	uint64_t first = vmm_pa_raw(audit->leaf.pa);
	uint64_t last = first + (piece->size - 1);
	const struct vmm_mapping *other;
	bool other_type;

	for (other = vmm_record_first_at_(&vmm->record, first, last); other != NULL;
	     other = vmm_record_next_at_(other, first, last)) {
		other_type = vmm_attr_mem(lazy->stored) != vmm_attr_mem(other->stored);
		if (!other_type && !conflict_wx(lazy->stored, other->stored)) {
			continue;
		}
		if (other->pa_last < last) {
			piece->size = other->pa_last - first + 1;
		}
		describe(difference,
			 other_type ? VMM_DIFFERENCE_ALIAS_TYPE : VMM_DIFFERENCE_ALIAS_WX,
			 piece->start, piece->size, lazy);
		difference->other = other;
		difference->pa = vmm_pa(other->pa > first ? other->pa : first);
		return true;
	}
	return false;
}

/* Whether a piece that is in both differs. */
static bool compare_both(const struct vmm *vmm, const struct vmm_audit_cursor *audit,
			 struct piece *piece, struct vmm_difference *difference)
{
	const struct vmm_mapping *mapping = audit->mapping;

	describe(difference, VMM_DIFFERENCE_GUARD, piece->start, piece->size, mapping);
	difference->pa = audit->leaf.pa;
	difference->attr = audit->leaf.attr;
	if (mapping->kind == VMM_MAPPING_GUARD) {
		return true;
	}
	difference->kind = VMM_DIFFERENCE_PHYSICAL;
	if (vmm_pa_raw(audit->leaf.pa) != mapping->pa + audit->used) {
		return true;
	}
	difference->kind = VMM_DIFFERENCE_ATTR;
	if (!vmm_attr_is_same(audit->leaf.attr, mapping->stored)) {
		return true;
	}
	return mapping->kind == VMM_MAPPING_LAZY && compare_lazy(vmm, audit, piece, difference);
}

static bool compare_piece(const struct vmm *vmm, const struct vmm_audit_cursor *audit,
			  struct piece *piece, struct vmm_difference *difference)
{
	const struct vmm_mapping *mapping = audit->mapping;

	if (piece->mapped && audit->leaf_is_bad) {
		return false; /* named when it was found */
	}
	if (piece->mapped && piece->recorded) {
		return compare_both(vmm, audit, piece, difference);
	}
	if (piece->mapped) {
		/* Some entry may have it as a guard page. */
		mapping = vmm_entry_at_(vmm, vmm_va(piece->start), NULL);
		describe(difference,
			 mapping != NULL ? VMM_DIFFERENCE_GUARD : VMM_DIFFERENCE_UNRECORDED,
			 piece->start, piece->size, mapping);
		difference->pa = audit->leaf.pa;
		difference->attr = audit->leaf.attr;
		return true;
	}
	describe(difference, VMM_DIFFERENCE_UNMAPPED, piece->start, piece->size, mapping);
	return mapping->kind == VMM_MAPPING_PLAIN || mapping->kind == VMM_MAPPING_MMIO;
}

/* Goes on comparing record and tables up to the next difference. */
static bool compare(const struct vmm *vmm, struct vmm_audit_cursor *audit,
		    struct vmm_difference *difference)
{
	struct piece piece;
	bool differs = false;

	while (!differs) {
		if (fetch_leaf(vmm, audit, difference)) {
			return true;
		}
		if (!next_piece(vmm, audit, &piece)) {
			if (audit->no_leaf) {
				return false;
			}
			continue;
		}
		if (!piece.mapped && !audit->no_leaf && audit->leaf.size == 0) {
			continue; /* the leaf was not managed here: the next one may come first */
		}
		differs = compare_piece(vmm, audit, &piece, difference);
		if (piece.mapped) {
			use_leaf(audit, piece.size);
		}
		if (piece.recorded) {
			use_entry(vmm, audit, piece.size);
		}
	}
	return true;
}

/* Goes on through the tables up to the next bad descriptor. */
static bool visit_tables(const struct vmm *vmm, struct vmm_audit_cursor *audit,
			 struct vmm_difference *difference)
{
	while (!audit->no_leaf) {
		audit->leaf.size = 0;
		if (fetch_leaf(vmm, audit, difference)) {
			return true;
		}
	}
	return false;
}

static bool is_in_class(vmm_attr_t attr, unsigned int class)
{
	switch (class) {
	case CLASS_WRITE:
		return vmm_attr_has(attr, VMM_ATTR_WRITE);
	case CLASS_EXECUTE:
		return vmm_attr_exec(attr) != VMM_EXEC_NEVER;
	default:
		return (unsigned int)vmm_attr_mem(attr) == class - CLASS_MEM;
	}
}

/* Whether a mapping with these attributes conflicts with every mapping of the class. */
static bool conflicts_with(vmm_attr_t attr, unsigned int class)
{
	switch (class) {
	case CLASS_WRITE:
		return is_in_class(attr, CLASS_EXECUTE);
	case CLASS_EXECUTE:
		return is_in_class(attr, CLASS_WRITE);
	default:
		return !is_in_class(attr, class);
	}
}

/* Whether the current mapping shares memory with a lower one of a class that it conflicts with. */
static bool is_alias(const struct vmm_audit_cursor *audit, unsigned int class,
		     struct vmm_difference *difference)
{
	const struct vmm_mapping *mapping = audit->mapping;
	const struct vmm_mapping *other = audit->widest[class];
	uint64_t last;

	if (other == NULL || other->pa_last < mapping->pa ||
	    !conflicts_with(mapping->stored, class)) {
		return false;
	}
	last = other->pa_last < mapping->pa_last ? other->pa_last : mapping->pa_last;
	describe(difference,
		 class < CLASS_MEM ? VMM_DIFFERENCE_ALIAS_WX : VMM_DIFFERENCE_ALIAS_TYPE,
		 vmm_mapping_va(mapping).bytes.start, last - mapping->pa + 1, mapping);
	difference->other = other;
	difference->pa = vmm_pa(mapping->pa);
	return true;
}

static void widen(struct vmm_audit_cursor *audit, unsigned int class)
{
	const struct vmm_mapping *mapping = audit->mapping;

	if (is_in_class(mapping->stored, class) &&
	    (audit->widest[class] == NULL || audit->widest[class]->pa_last < mapping->pa_last)) {
		audit->widest[class] = mapping;
	}
}

/*
 * Goes on in the order of physical addresses up to the next conflict.
 *
 * Invariant: of every class, widest[] is the mapping that reaches highest of those before the
 * current one. If one of them shares memory with the current mapping, then widest[] does.
 */
static bool find_alias(struct vmm_audit_cursor *audit, struct vmm_difference *difference)
{
	while (audit->mapping != NULL) {
		while (audit->part < CLASS_COUNT) {
			audit->part++;
			if (is_alias(audit, audit->part - 1u, difference)) {
				return true;
			}
		}
		for (unsigned int class = 0; class < CLASS_COUNT; class++) {
			widen(audit, class);
		}
		audit->mapping = vmm_record_above_(audit->mapping);
		audit->part = 0;
	}
	return false;
}

static bool go_on(const struct vmm *vmm, struct vmm_audit_cursor *audit,
		  struct vmm_difference *difference)
{
	switch (audit->stage) {
	case STAGE_START:
		audit->stage = STAGE_TABLES;
		if (vmm_check(vmm) != VMM_OK) {
			describe(difference, VMM_DIFFERENCE_RECORD, 0, 0, NULL);
			return true;
		}
		audit->stage = STAGE_COMPARE;
		audit->mapping = vmm_first(vmm);
		return false;
	case STAGE_COMPARE:
		if (compare(vmm, audit, difference)) {
			return true;
		}
		audit->stage = STAGE_ALIASES;
		audit->mapping = vmm_record_lowest_(&vmm->record);
		return false;
	case STAGE_TABLES:
		if (visit_tables(vmm, audit, difference)) {
			return true;
		}
		break;
	default:
		if (find_alias(audit, difference)) {
			return true;
		}
		break;
	}
	audit->stage = STAGE_END;
	return false;
}

enum vmm_err vmm_audit_next(const struct vmm *vmm, struct vmm_audit_cursor *audit,
			    struct vmm_difference *difference)
{
	while (audit->stage != STAGE_END) {
		if (go_on(vmm, audit, difference)) {
			return VMM_OK;
		}
	}
	return VMM_ERR_NOENT;
}
