/* SPDX-License-Identifier: MIT */
#ifndef VMM_ENGINE_SHARED_H
#define VMM_ENGINE_SHARED_H

/**
 * @file shared.h
 * Engine: what is the same for every format and therefore compiled once (libvmm/engine.c,
 * libvmm/reclaim.c, libvmm/invalidate.c).
 */

#include <vmm/table.h>

VMM_BEGIN_DECLS

/* --- arguments (libvmm/engine.c) --- */

/** Writes *detail, if there is one, and returns @p err. Level -1: no descriptor was looked at. */
enum vmm_err vmm_fail_(const struct vmm_table *table, struct vmm_detail *detail, enum vmm_err err,
		       uint64_t va, uint64_t desc, int level);

/** Puts the extension back: the address that people and the CPU know. */
VMM_HELPER uint64_t vmm_extend_(const struct vmm_table *table, uint64_t va)
{
	return table->origin + ((va - table->origin) & table->va_mask);
}

/** Whether @p raw is an address of the table: in its half, or canonical. */
VMM_INLINE bool vmm_covers_(const struct vmm_table *table, uint64_t raw)
{
	return raw - table->origin <= table->va_mask;
}

/** Names what is wrong with a region: EMPTY, WRAP, ALIGN, RANGE, and BUSY if nothing else is. */
enum vmm_err vmm_refuse_region_(const struct vmm_table *table, unsigned int page_shift,
				vmm_va_region_t va, struct vmm_detail *detail);
/** The same for the output side: ALIGN, PHYS. */
enum vmm_err vmm_refuse_output_(const struct vmm_table *table, unsigned int page_shift, uint64_t va,
				uint64_t pa, struct vmm_detail *detail);

/** Whether a region is one of the table's to change: whole pages, in its half, not another table's. */
VMM_HELPER bool vmm_is_region_(const struct vmm_table *table, unsigned int page_shift,
			       uint64_t start, uint64_t size)
{
	const vmm_va_region_t va = { { start, size } };
	uint64_t offset = start - table->origin;

	/* One comparison for both ends: a size of 0 is the largest there is. */
	return offset <= table->va_mask && size - 1 <= table->va_mask - offset &&
	       start + (size - 1) >= start && ((start | size) & vmm_addr_mask_(page_shift)) == 0 &&
	       (table->owner == NULL || !vmm_va_region_overlaps(table->shared, va));
}

/** Checks a region: EMPTY, WRAP, ALIGN, RANGE, BUSY. */
VMM_HELPER enum vmm_err vmm_check_region_(const struct vmm_table *table, unsigned int page_shift,
					  uint64_t start, uint64_t size, struct vmm_detail *detail)
{
	const vmm_va_region_t va = { { start, size } };

	if (vmm_is_region_(table, page_shift, start, size)) {
		return VMM_OK;
	}
	return vmm_refuse_region_(table, page_shift, va, detail);
}

/** The largest physical address that the table's output address size allows. */
VMM_INLINE uint64_t vmm_last_output_(const struct vmm_table *table)
{
	return UINT64_MAX >> (64 - table->pa_bits);
}

/** Whether memory is the table's to map: whole pages, within its output addresses. */
VMM_HELPER bool vmm_is_output_(const struct vmm_table *table, unsigned int page_shift, uint64_t pa,
			       uint64_t size)
{
	uint64_t last = vmm_last_output_(table);

	return (pa & vmm_addr_mask_(page_shift)) == 0 && pa <= last && size - 1 <= last - pa;
}

/** Checks the output side of a map: ALIGN, PHYS. @p va is without its extension. */
VMM_HELPER enum vmm_err vmm_check_output_(const struct vmm_table *table, unsigned int page_shift,
					  uint64_t va, uint64_t pa, uint64_t size,
					  struct vmm_detail *detail)
{
	if (vmm_is_output_(table, page_shift, pa, size)) {
		return VMM_OK;
	}
	return vmm_refuse_output_(table, page_shift, va, pa, detail);
}

/* --- set up (libvmm/engine.c) --- */

enum vmm_err vmm_init_(struct vmm_table *table, const struct vmm_format *format,
		       const struct vmm_geometry *geometry, const struct vmm_table_config *config);

/** vmm_table_init() with another seam than the configuration's: for ports, which have one of their own. */
VMM_MUST_CHECK enum vmm_err vmm_table_init_with_(struct vmm_table *table,
						 const struct vmm_table_config *config,
						 const struct vmm_sync *sync);

/** The largest address of a page that the table's output address size allows. */
VMM_INLINE uint64_t vmm_last_page_(const struct vmm_table *table)
{
	return vmm_last_output_(table) & ~vmm_addr_mask_(table->frames->page_shift);
}

/** Forgets the root descriptors that were copied from an owner. They are the owner's to free. */
void vmm_leave_(struct vmm_table *table);
/** Makes the object what it was before init. */
void vmm_reset_(struct vmm_table *table);

/* --- tables for a format's plain functions alone (libvmm/bare.c) --- */

enum vmm_err vmm_bare_init_(struct vmm_table *table, const struct vmm_table_config *config);
enum vmm_err vmm_bare_effective_(const struct vmm_table *table, vmm_attr_t attr,
				 vmm_attr_t *stored);
enum vmm_err vmm_bare_need_(const struct vmm_table *table, const struct vmm_request *request,
			    uint64_t *frame_count, struct vmm_detail *detail);
enum vmm_err vmm_bare_map_(struct vmm_table *table, vmm_va_region_t va, vmm_pa_t pa,
			   vmm_attr_t attr, struct vmm_detail *detail);
/** unmap and share */
enum vmm_err vmm_bare_change_(struct vmm_table *table, vmm_va_region_t va,
			      struct vmm_detail *detail);
enum vmm_err vmm_bare_protect_(struct vmm_table *table, vmm_va_region_t va, vmm_attr_t attr,
			       struct vmm_detail *detail);
enum vmm_err vmm_bare_translate_(const struct vmm_table *table, vmm_va_t va, vmm_pa_t *pa);
enum vmm_err vmm_bare_query_(const struct vmm_table *table, vmm_va_t va, struct vmm_leaf *leaf);
enum vmm_err vmm_bare_visit_(const struct vmm_table *table, struct vmm_cursor *cursor,
			     struct vmm_leaf *leaf, struct vmm_detail *detail);
/** trim and fini, which can't say that they did nothing */
void vmm_bare_end_(struct vmm_table *table);

/* --- frames: taken in the plan, given back after the invalidation (libvmm/reclaim.c) --- */

/**
 * Frames chained through their first words. Page addresses leave the low bits of a link free: bit 2 makes it
 * differ from the end of the chain also for a frame at address 0; bit 1 says that the frame it points to
 * is clean but for its own link; and bit 0, clear, makes it an invalid descriptor, so that a stale walk that
 * still reads a dead table finds nothing there.
 */
struct vmm_chain_ {
	uint64_t head; /* a link; 0: the chain is empty */
};
#define VMM_CHAIN_CLEAN_ UINT64_C(2)
#define VMM_CHAIN_LINK_ UINT64_C(4)

/** Takes @p count frames, or none: NOMEM, PHYS, the source's errors. */
enum vmm_err vmm_take_(struct vmm_table *table, uint64_t count, struct vmm_chain_ *chain);
/** Takes the first frame of the chain out: its address; *clean: every byte is zero. */
uint64_t vmm_pop_(const struct vmm_table *table, struct vmm_chain_ *chain, bool *clean);
/**
 * Marks a table that is no longer linked. False if there is nothing to be done with it or below it: a damaged
 * table may be linked twice, and a damaged link may lead outside of the source's and the borrowed frames.
 */
bool vmm_bury_(const struct vmm_table *table, uint64_t pa);
/** Chains a table that was buried. Borrowed frames are left alone. */
void vmm_chain_dead_(const struct vmm_table *table, struct vmm_chain_ *dead, uint64_t pa, bool clean);
/** Gives every frame of the chain back to the source. */
void vmm_give_back_(struct vmm_table *table, struct vmm_chain_ *chain);

/** Whether a table may be at @p pa: the frame is the source's, or borrowed. */
VMM_HELPER bool vmm_has_frame_(const struct vmm_table *table, uint64_t pa)
{
	return vmm_frames_owns(table->frames, vmm_pa(pa)) ||
	       vmm_pa_region_contains(table->borrowed, vmm_pa(pa));
}

/** In a table's count: tables of other roots link it too, so no operation may unlink or free it. */
#define VMM_COUNT_SHARED_ UINT16_C(0x8000)

/** The count of a table's valid descriptors, with VMM_COUNT_SHARED_ in a shared one; NULL for a borrowed
 *  frame, which nobody counts. */
VMM_HELPER uint16_t *vmm_count_(const struct vmm_table *table, uint64_t pa)
{
	const struct vmm_frames *frames = table->frames;
	uint64_t index = (pa - frames->first) >> frames->page_shift;

	return index < frames->frame_count ? &frames->counts[index] : NULL;
}

/** Starts the count of a new table, whose frame is the source's: vmm_take_() has seen to that. */
VMM_HELPER void vmm_count_set_(const struct vmm_table *table, uint64_t pa, unsigned int count)
{
	const struct vmm_frames *frames = table->frames;

	frames->counts[(pa - frames->first) >> frames->page_shift] = (uint16_t)count;
}

VMM_HELPER void vmm_count_add_(const struct vmm_table *table, uint64_t pa, unsigned int count)
{
	uint16_t *valid = vmm_count_(table, pa);

	if (valid != NULL) {
		*valid = (uint16_t)(*valid + count);
	}
}

/** Whether a table with so many valid descriptors has nothing left in it and is to go. */
VMM_INLINE bool vmm_is_spent_(const struct vmm_table *table, uint16_t valid)
{
	return valid == 0 && (table->flags & VMM_TABLE_KEEP) == 0;
}

/** Returns whether the table is to go. */
VMM_HELPER bool vmm_count_sub_(const struct vmm_table *table, uint64_t pa, unsigned int count)
{
	uint16_t *valid = vmm_count_(table, pa);

	if (valid == NULL) {
		return false;
	}
	*valid = (uint16_t)(*valid - count);
	return vmm_is_spent_(table, *valid);
}

/** Marks the table at @p pa: it is linked from other roots too. Borrowed ones are never freed anyway. */
VMM_HELPER void vmm_mark_shared_(const struct vmm_table *table, uint64_t pa)
{
	uint16_t *valid = vmm_count_(table, pa);

	if (valid != NULL) {
		*valid = (uint16_t)(*valid | VMM_COUNT_SHARED_);
	}
}

/** Whether the descriptor at @p va of the root belongs to what is shared. */
VMM_HELPER bool vmm_is_shared_(const struct vmm_table *table, uint64_t va)
{
	return vmm_extend_(table, va) - table->shared.bytes.start < table->shared.bytes.size;
}

/* --- rows of descriptors (libvmm/words.c) --- */

/** What a row of words has in common. */
struct vmm_survey_ {
	uint64_t any; /* bits that at least one word has */
	uint64_t all; /* bits that all words have */
};

void vmm_words_survey_(const uint64_t *words, unsigned int count, struct vmm_survey_ *survey);

/** The same; @p first is words[0], which has been loaded already and is often the only one. */
VMM_HELPER struct vmm_survey_ vmm_survey_row_(const uint64_t *words, uint64_t first,
					       unsigned int count)
{
	struct vmm_survey_ survey = { first, first };

	if (count > 1) {
		vmm_words_survey_(words, count, &survey);
	}
	return survey;
}

/** words[i] = 0, where no walker looks. */
void vmm_words_zero_(uint64_t *words, unsigned int count);
/** words[i] = first + i * step, where no walker looks: stores may be combined. */
void vmm_words_fill_(uint64_t *words, unsigned int count, uint64_t first, uint64_t step);
/** The same where walkers read along: one 64-bit store for each word. */
void vmm_words_store_(uint64_t *words, unsigned int count, uint64_t first, uint64_t step);
/**
 * words[i] = 0, by one 64-bit load and store for each, four at a time as long as all of the next four are valid.
 * Returns how many, and what they had in common.
 */
unsigned int vmm_words_clear_(uint64_t *words, unsigned int count, struct vmm_survey_ *survey);
/** words[i] = (words[i] & ~mask) | value, by one 64-bit load and store for each. */
void vmm_words_change_(uint64_t *words, unsigned int count, uint64_t mask, uint64_t value);

/* --- the seam (libvmm/invalidate.c) --- */

#define VMM_GATHER_RUNS_ 8

/**
 * What an operation must have forgotten, gathered while it stores and issued once: runs of leaves side by
 * side, and of the tables above them. Member by member, not run by run: it lies on the stack and has no holes so.
 */
struct vmm_gather_ {
	uint64_t va[VMM_GATHER_RUNS_];    /* as the CPU knows it */
	uint16_t count[VMM_GATHER_RUNS_]; /* leaves; no more than flush_max */
	uint8_t shift[VMM_GATHER_RUNS_];  /* log2 of a leaf's size */
	uint8_t kind[VMM_GATHER_RUNS_];   /* the leaves' level, and VMM_RUN_WALK_ */
	uint64_t first;  /* the first address gathered */
	uint32_t total;  /* addresses in all runs */
	uint8_t run_count;
	bool any;    /* something was gathered; never without a sync */
	bool whole;  /* too much for invalidations by address */
	bool walk;   /* table descriptors were removed */
	bool global; /* a global leaf was removed or changed */
};
/* Of vmm_gather_::kind: the table descriptors on the way, too. */
#define VMM_RUN_WALK_ 0x80u

/** vmm_gather_add_() where somebody is to be told. */
void vmm_gather_more_(const struct vmm_table *table, struct vmm_gather_ *gather, uint64_t va,
		      uint64_t count, unsigned int shift, unsigned int level, bool walk);

/** Adds @p count leaves of 2^shift bytes from @p va on; walk: and the table descriptors above. */
VMM_HELPER void vmm_gather_add_(const struct vmm_table *table, struct vmm_gather_ *gather,
				uint64_t va, uint64_t count, unsigned int shift,
				unsigned int level, bool walk)
{
	if (table->sync != NULL && count != 0) {
		vmm_gather_more_(table, gather, va, count, shift, level, walk);
	}
}

/** Issues what was gathered. walk_by_space: see vmm_codec. */
void vmm_gather_issue_(const struct vmm_table *table, const struct vmm_gather_ *gather,
		       bool walk_by_space);

/** The last part of a change that breaks nothing: what was gathered is forgotten, on every CPU. */
void vmm_forget_(const struct vmm_table *table, const struct vmm_gather_ *gather,
		 bool walk_by_space);

VMM_HELPER void vmm_publish_(const struct vmm_table *table)
{
	if (table->sync != NULL) {
		table->sync->publish(table);
	}
}

VMM_HELPER void vmm_complete_(const struct vmm_table *table)
{
	if (table->sync != NULL) {
		table->sync->complete(table);
	}
}

VMM_HELPER void vmm_clean_(const struct vmm_table *table, const void *start, size_t size)
{
	if (table->sync != NULL && table->sync->clean != NULL) {
		table->sync->clean(table, start, size);
	}
}

/** Tells of new leaves: vmm_mapped_() where there is somebody to tell. */
void vmm_tell_mapped_(const struct vmm_table *table, uint64_t va, uint64_t size, unsigned int shift,
		      unsigned int level, bool linked);

/**
 * New leaves of 2^shift bytes from @p va on, all published: the CPU may use them. linked: new table
 * descriptors lead to them, which matters where invalid descriptors are cached (RISC-V).
 */
VMM_HELPER void vmm_mapped_(const struct vmm_table *table, uint64_t va, uint64_t size,
			    unsigned int shift, unsigned int level, bool linked)
{
	if (table->sync != NULL) {
		vmm_tell_mapped_(table, va, size, shift, level, linked);
	}
}

/** Forgets the whole address space, table descriptors included, and waits for it. */
void vmm_forget_space_(const struct vmm_table *table);

/* --- break-before-make (libvmm/engine.c) --- */

/** A leaf, or the leaves of one run, that change size together. */
struct vmm_unit_ {
	uint64_t *slot;   /* the first descriptor */
	uint64_t first;   /* the first address covered */
	uint64_t link;    /* the table descriptor that takes the split leaf's place */
	uint16_t count;   /* descriptors; 0: there is no such unit */
	uint16_t split;   /* which one the range cuts in two, or VMM_SPLIT_NONE_ */
	uint8_t level;
	uint8_t shift;    /* log2 of the bytes that one descriptor covers */
	bool is_run;
	bool breaks;      /* must be invalid for a moment */
};
#define VMM_SPLIT_NONE_ UINT16_MAX

/** The last address that a unit covers. */
VMM_HELPER uint64_t vmm_unit_last_(const struct vmm_unit_ *unit)
{
	return unit->first + (((uint64_t)unit->count << unit->shift) - 1);
}

/**
 * Whether the unit may be invalid for a moment: VMM_ERR_PINNED if it holds a pinned range or, where this
 * CPU translates by the table, what the change itself stands on.
 * @param units  both units of the change; @p unit is one of them
 * @param code   address of the function that has it broken and made
 * @param store  address of the function that breaks
 */
enum vmm_err vmm_may_break_(const struct vmm_table *table, const struct vmm_unit_ *units,
			    const struct vmm_unit_ *unit, uintptr_t code, uintptr_t store,
			    struct vmm_detail *detail);

/**
 * The last part of a change: what was stored is published, what was gathered is forgotten, and then
 * the units that were broken are made again by setting VMM_DESCRIPTOR_VALID in each word that isn't
 * zero (Arm ARM D8.17.1: invalid, DSB, TLBI, DSB, new, DSB, ISB).
 */
void vmm_settle_(const struct vmm_table *table, const struct vmm_gather_ *gather,
		 bool walk_by_space, const struct vmm_unit_ *units, unsigned int page_shift);

VMM_END_DECLS

#endif /* VMM_ENGINE_SHARED_H */
