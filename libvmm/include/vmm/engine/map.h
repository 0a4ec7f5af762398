/* SPDX-License-Identifier: MIT */
#ifndef VMM_ENGINE_MAP_H
#define VMM_ENGINE_MAP_H

/**
 * @file map.h
 * Engine: map, in two passes.
 *
 * The plan walks the range once, finds every conflict and counts, hole by hole and in closed form, the
 * tables that are missing. The frames are taken, and the commit writes, which can't fail. New tables
 * are filled while nobody can see them and linked once, when they are complete (Arm ARM K11.5.3; A10).
 *
 * Pages that all go into one table that is there, as one page nearly always does, go a short way without a plan.
 */

#include <vmm/engine/runs.h>
#include <vmm/engine/shared.h>
#include <vmm/engine/walk.h>

/** A range on its way into the tables. */
struct vmm_range_ {
	uint64_t va;
	uint64_t pa;
	uint64_t left; /* bytes */
	unsigned int leaf_max; /* the highest level that a leaf can have: by format, caller and
	                          congruence of va and pa, which stays what it is on the way */
};

VMM_INLINE void vmm_range_advance_(struct vmm_range_ *range, uint64_t bytes)
{
	range->va += bytes;
	range->pa += bytes;
	range->left -= bytes;
}

/** Whether a leaf of @p level fits alignment and size here. */
VMM_INLINE bool vmm_fits_(const struct vmm_codec *codec, const struct vmm_range_ *range,
			  unsigned int level)
{
	uint64_t reach = vmm_reach_(codec, level);

	return level <= range->leaf_max && (range->va & (reach - 1)) == 0 && range->left >= reach;
}

/** Sets leaf_max: a leaf's address and what it maps to are alike below its size. */
VMM_INLINE void vmm_range_limit_(const struct vmm_codec *codec, struct vmm_range_ *range,
				 vmm_attr_t attr)
{
	unsigned int limit = (attr.bits & VMM_ATTR_LEAF_MAX_MASK) >> 12;
	unsigned int level = codec->geometry.leaf_level_max;

	if (limit != 0 && limit - 1 < level) {
		level = limit - 1;
	}
	while (level > 0 && ((range->va ^ range->pa) & (vmm_reach_(codec, level) - 1)) != 0) {
		level--;
	}
	range->leaf_max = level;
}

/**
 * The tables needed below adjacent invalid descriptors of @p level to map @p bytes from range->va on.
 *
 * A level-k table is needed for each descriptor of level k + 1 that the range touches and that no leaf of level
 * k + 1 or above covers. Leaves of level j cover exactly the aligned blocks of that level inside the range if
 * va and pa agree modulo the block, as the blocks of higher levels are unions of them.
 */
VMM_INLINE uint64_t vmm_tables_below_(const struct vmm_codec *codec, const struct vmm_range_ *range,
				      uint64_t bytes, unsigned int level)
{
	uint64_t last = range->va + (bytes - 1);
	uint64_t count = 0;

	for (; level > 0; level--) {
		unsigned int shift = vmm_shift_(codec, level);
		uint64_t low = (range->va + ((UINT64_C(1) << shift) - 1)) >> shift;
		uint64_t high = (last + 1) >> shift;

		count += (last >> shift) - (range->va >> shift) + 1;
		if (level <= range->leaf_max && high > low) {
			count -= high - low;
		}
	}
	return count;
}

/** How many descriptors from a slot on, at most @p count, are invalid. The first one is. */
VMM_INLINE unsigned int vmm_invalid_count_(const uint64_t *slot, unsigned int count)
{
	unsigned int i = 1;

	if (!VMM_FOR_SIZE && !vmm_has_valid_(slot, count)) {
		return count;
	}
	while (i < count && !vmm_is_valid_(slot[i])) {
		i++;
	}
	return i;
}

/** Counts the frames that the range needs; EXISTS or CORRUPT name the first descriptor in the way. */
VMM_INLINE enum vmm_err vmm_plan_map_(const struct vmm_engine_ *engine,
				      const struct vmm_table *table, struct vmm_range_ range,
				      uint64_t *frame_count, struct vmm_detail *detail)
{
	const struct vmm_codec *codec = engine->codec;
	uint64_t need = 0;

	/* Invariant: everything before range.va can be mapped with `need` frames. */
	while (range.left > 0) {
		struct vmm_spot_ spot;
		unsigned int count;
		uint64_t bytes;

		engine->walk(table, range.va, &spot);
		if (vmm_is_valid_(spot.desc)) {
			enum vmm_err err = vmm_leaf_at_(codec, table, &spot);

			return vmm_fail_(table, detail, err == VMM_OK ? VMM_ERR_EXISTS : err,
					 range.va, spot.desc, (int)spot.level);
		}
		count = vmm_invalid_count_(spot.slot,
					   vmm_touched_(codec, &spot, range.va, range.left));
		bytes = ((uint64_t)count << vmm_shift_(codec, spot.level)) -
			(range.va & (vmm_reach_(codec, spot.level) - 1));
		bytes = vmm_min_(bytes, range.left);
		need += vmm_tables_below_(codec, &range, bytes, spot.level);
		vmm_range_advance_(&range, bytes);
	}
	*frame_count = need;
	return VMM_OK;
}

/** The link that makes a finished subtree visible, held back until it is finished. */
struct vmm_pending_ {
	uint64_t *slot;
	uint64_t desc;
	unsigned int level; /* of the slot: tables below are hidden; 0: there is none */
};

/** Makes a table for the level below @p slot, with nothing in it that won't be written, and links it. */
VMM_INLINE uint64_t vmm_grow_(const struct vmm_codec *codec, const struct vmm_table *table,
			      uint64_t *slot, unsigned int level, const struct vmm_range_ *range,
			      struct vmm_chain_ *chain, struct vmm_pending_ *pending)
{
	uint64_t last = vmm_min_(range->va + (range->left - 1),
				 range->va | (vmm_reach_(codec, level) - 1));
	bool is_clean;
	uint64_t pa = vmm_pop_(table, chain, &is_clean);
	uint64_t *descriptors = vmm_descriptors_(table, pa);

	/* Each descriptor from va's to last's will get a leaf or a table, as the range has no gap. */
	if (!is_clean) {
		unsigned int from = vmm_index_(codec, level - 1, range->va);
		unsigned int to = vmm_index_(codec, level - 1, last) + 1;

		vmm_words_zero_(descriptors, from);
		vmm_words_zero_(&descriptors[to], vmm_entries_(codec) - to);
	}
	vmm_clean_(table, descriptors, vmm_entries_(codec) * sizeof(uint64_t));
	vmm_count_set_(table, pa, 0);
	if (pending->level != 0) {
		*slot = codec->table(pa);
		vmm_clean_(table, slot, sizeof(*slot));
	} else {
		pending->slot = slot;
		pending->desc = codec->table(pa);
		pending->level = level;
	}
	return pa;
}

VMM_INLINE void vmm_link_pending_(const struct vmm_table *table, struct vmm_pending_ *pending)
{
	vmm_publish_(table);
	vmm_store_(pending->slot, pending->desc);
	vmm_clean_(table, pending->slot, sizeof(*pending->slot));
	pending->level = 0;
}

/** Writes the range into the tables with frames that suffice. Can't fail. */
VMM_INLINE void vmm_commit_map_(const struct vmm_engine_ *engine, const struct vmm_table *table,
				struct vmm_range_ range, uint64_t word, bool runs,
				struct vmm_chain_ *chain)
{
	const struct vmm_codec *codec = engine->codec;
	struct vmm_pending_ pending = { NULL, 0, 0 };
	uint64_t at[VMM_LEVELS_MAX];
	uint64_t first = range.va;
	uint64_t size = range.left;
	unsigned int level = table->root_level;
	unsigned int lowest = level;
	bool linked = false;

	at[level] = table->root;
	/* Invariant: [first, range.va) is mapped but for a pending link; range.va is in the table at
	   at[level]. */
	while (range.left > 0) {
		bool hidden = level < pending.level;
		uint64_t *slot = vmm_slot_(codec, table, at[level], level, range.va);
		/* A new table may hold garbage where nothing was written yet. */
		uint64_t desc = hidden ? 0 : vmm_load_(slot);
		struct vmm_row_ row;

		if (vmm_is_valid_(desc)) {
			at[--level] = codec->next(desc);
			continue;
		}
		if (!vmm_fits_(codec, &range, level)) {
			uint64_t pa = vmm_grow_(codec, table, slot, level, &range, chain, &pending);

			vmm_count_add_(table, at[level], 1);
			at[--level] = pa;
			linked = true;
			continue;
		}
		row.slot = slot;
		row.va = range.va;
		row.pa = range.pa;
		row.word = word;
		row.level = level;
		row.count = (unsigned int)vmm_min_(
			vmm_entries_(codec) - vmm_index_(codec, level, range.va),
			range.left >> vmm_shift_(codec, level));
		row.runs = runs;
		row.live = !hidden;
		if (!hidden && level > 0) {
			row.count = vmm_invalid_count_(slot, row.count);
		}
		engine->put_row(table, &row);
		vmm_count_add_(table, at[level], row.count);
		lowest = level < lowest ? level : lowest;
		vmm_range_advance_(&range, (uint64_t)row.count << vmm_shift_(codec, level));
		while (level < table->root_level &&
		       (range.va & (vmm_reach_(codec, level + 1) - 1)) == 0) {
			level++;
		}
		if (pending.level != 0 && (range.left == 0 || level >= pending.level)) {
			vmm_link_pending_(table, &pending);
		}
	}
	vmm_publish_(table);
	vmm_mapped_(table, first, size, vmm_shift_(codec, lowest), lowest, linked);
}

/** Effective attributes, after the rules that hold for every format. */
VMM_INLINE enum vmm_err vmm_effective_(const struct vmm_codec *codec,
				       const struct vmm_table *table, vmm_attr_t attr,
				       vmm_attr_t *stored)
{
	enum vmm_err err = vmm_attr_check(attr, (table->flags & VMM_TABLE_ALLOW_WX) != 0);

	return err != VMM_OK ? err : codec->effective(table, attr, stored);
}

/** The attributes that will be stored, and their word. */
VMM_INLINE enum vmm_err vmm_attr_word_(const struct vmm_codec *codec, const struct vmm_table *table,
				       vmm_attr_t attr, vmm_attr_t *stored, uint64_t *word)
{
	enum vmm_err err = vmm_effective_(codec, table, attr, stored);

	if (err == VMM_OK) {
		*word = codec->attr_word(table, *stored);
	}
	return err;
}

/** The same, from memory if they are those of the operation before. */
VMM_INLINE bool vmm_attr_recall_(const struct vmm_engine_ *engine, const struct vmm_table *table,
				 vmm_attr_t attr, vmm_attr_t *stored, uint64_t *word)
{
	if (attr.bits != table->last_attr.bits || table->last_word == 0) {
		return engine->attr_word(table, attr, stored, word) == VMM_OK;
	}
	*stored = table->last_stored;
	*word = table->last_word;
	return true;
}

VMM_HELPER void vmm_attr_remember_(struct vmm_table *table, vmm_attr_t attr, vmm_attr_t stored,
				   uint64_t word)
{
	table->last_attr = attr;
	table->last_stored = stored;
	table->last_word = word;
}

/**
 * The short way: maps pages that all go into one table, which is there. False, with nothing done, if that
 * isn't so or something is wrong: then vmm_engine_map_() finds out what.
 */
VMM_INLINE bool vmm_map_short_(const struct vmm_engine_ *engine, struct vmm_table *table,
			       uint64_t start, uint64_t size, uint64_t pa, vmm_attr_t attr)
{
	const struct vmm_codec *codec = engine->codec;
	unsigned int page_shift = codec->geometry.page_shift;
	unsigned int count = (unsigned int)(size >> page_shift);
	uint64_t va = start & table->va_mask;
	struct vmm_spot_ spot;
	vmm_attr_t stored;
	uint64_t word;

	if (size - 1 > vmm_table_last_(codec, 0, va) - va ||
	    !vmm_is_region_(table, page_shift, start, size) ||
	    !vmm_is_output_(table, page_shift, pa, size)) {
		return false;
	}
	vmm_walk_straight_(codec, table, va, &spot);
	if (spot.level != 0 ||
	    vmm_is_valid_(vmm_survey_row_(spot.slot, spot.desc, count).any) ||
	    !vmm_attr_recall_(engine, table, attr, &stored, &word)) {
		return false;
	}
	if (count == 1) {
		vmm_store_(spot.slot, codec->leaf(word, pa, 0));
		vmm_clean_(table, spot.slot, sizeof(uint64_t));
	} else if (!vmm_attr_has(stored, VMM_ATTR_CONTIG)) {
		vmm_words_store_(spot.slot, count, codec->leaf(word, pa, 0),
				 vmm_reach_(codec, 0) >> codec->output_rshift);
		vmm_clean_(table, spot.slot, count * sizeof(uint64_t));
	} else {
		const struct vmm_row_ row = { spot.slot, va,    pa,
					      word,      0,     count,
					      true,      true };

		engine->put_row(table, &row);
	}
	vmm_attr_remember_(table, attr, stored, word);
	vmm_count_add_(table, spot.table_pa, count);
	table->has_global |= vmm_attr_has(stored, VMM_ATTR_GLOBAL);
	vmm_publish_(table);
	vmm_mapped_(table, va, size, page_shift, 0, false);
	return true;
}

/** Plans a map; with @p commit, which is the same table, does it too. */
VMM_INLINE enum vmm_err vmm_engine_map_(const struct vmm_engine_ *engine,
					const struct vmm_table *table, struct vmm_table *commit,
					uint64_t start, uint64_t size, uint64_t pa, vmm_attr_t attr,
					uint64_t *frame_count, struct vmm_detail *detail)
{
	const struct vmm_codec *codec = engine->codec;
	unsigned int page_shift = codec->geometry.page_shift;
	struct vmm_range_ range;
	struct vmm_chain_ chain;
	vmm_attr_t stored;
	uint64_t word;
	enum vmm_err err;

	err = vmm_check_region_(table, page_shift, start, size, detail);
	if (err != VMM_OK) {
		return err;
	}
	range.va = start & table->va_mask;
	range.pa = pa;
	range.left = size;
	err = vmm_check_output_(table, page_shift, range.va, pa, size, detail);
	if (err != VMM_OK) {
		return err;
	}
	err = engine->attr_word(table, attr, &stored, &word);
	if (err != VMM_OK) {
		return vmm_fail_(table, detail, err, range.va, 0, -1);
	}
	vmm_range_limit_(codec, &range, attr);
	err = vmm_plan_map_(engine, table, range, frame_count, detail);
	if (err != VMM_OK || commit == NULL) {
		return err;
	}
	err = vmm_take_(commit, *frame_count, &chain);
	if (err != VMM_OK) {
		return vmm_fail_(table, detail, err, range.va, 0, -1);
	}
	commit->has_global |= vmm_attr_has(stored, VMM_ATTR_GLOBAL);
	vmm_commit_map_(engine, table, range, word, vmm_attr_has(stored, VMM_ATTR_CONTIG), &chain);
	return VMM_OK;
}

#endif /* VMM_ENGINE_MAP_H */
