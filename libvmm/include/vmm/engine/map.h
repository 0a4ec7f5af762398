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
 */

#include <vmm/engine/runs.h>
#include <vmm/engine/shared.h>
#include <vmm/engine/walk.h>

/** A range on its way into the tables. */
struct vmm_range_ {
	uint64_t va;
	uint64_t pa;
	uint64_t left; /* bytes */
	unsigned int leaf_max; /* the highest level that a leaf may have: format and caller's limit */
};

VMM_INLINE void vmm_range_advance_(struct vmm_range_ *range, uint64_t bytes)
{
	range->va += bytes;
	range->pa += bytes;
	range->left -= bytes;
}

/** The highest level, at most @p level, of a leaf that fits alignment and size here. */
VMM_INLINE unsigned int vmm_fit_(const struct vmm_codec *codec, const struct vmm_range_ *range,
				 unsigned int level)
{
	unsigned int fit = level < range->leaf_max ? level : range->leaf_max;

	while (fit > 0 && (((range->va | range->pa) & (vmm_reach_(codec, fit) - 1)) != 0 ||
			   range->left < vmm_reach_(codec, fit))) {
		fit--;
	}
	return fit;
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
	unsigned int above;

	for (above = level; above > 0; above--) {
		unsigned int shift = vmm_shift_(codec, above);
		uint64_t mask = (UINT64_C(1) << shift) - 1;
		uint64_t low = (range->va + mask) >> shift;
		uint64_t high = (last + 1) >> shift;

		count += (last >> shift) - (range->va >> shift) + 1;
		if (above <= range->leaf_max && ((range->va ^ range->pa) & mask) == 0 && high > low) {
			count -= high - low;
		}
	}
	return count;
}

/** How many descriptors from spot on, at most @p count, are invalid. The first one is. */
VMM_INLINE unsigned int vmm_invalid_count_(const struct vmm_spot_ *spot, unsigned int count)
{
	const uint64_t *slot = &spot->descriptors[spot->index];
	struct vmm_survey_ survey;
	unsigned int i;

	vmm_words_survey_(slot, count, &survey);
	if (!vmm_is_valid_(survey.any)) {
		return count;
	}
	for (i = 1; i < count && !vmm_is_valid_(slot[i]); i++) {
	}
	return i;
}

/** Descriptors of the spot's table from the spot on that the next @p left bytes touch. */
VMM_INLINE unsigned int vmm_touched_(const struct vmm_codec *codec, const struct vmm_spot_ *spot,
				     uint64_t va, uint64_t left)
{
	uint64_t last = vmm_min_(va + (left - 1), vmm_table_last_(codec, spot->level, va));

	return vmm_index_(codec, spot->level, last) - spot->index + 1;
}

/** Counts the frames that the range needs; EXISTS or CORRUPT name the first descriptor in the way. */
VMM_INLINE enum vmm_err vmm_plan_map_(const struct vmm_codec *codec, const struct vmm_table *table,
				      struct vmm_range_ range, uint64_t *frame_count,
				      struct vmm_detail *detail)
{
	uint64_t need = 0;

	/* Invariant: everything before range.va can be mapped with `need` frames. */
	while (range.left > 0) {
		struct vmm_spot_ spot;
		unsigned int count;
		uint64_t bytes;
		enum vmm_err err;

		vmm_walk_(codec, table, range.va, &spot);
		err = vmm_leaf_at_(codec, table, &spot);
		if (err != VMM_ERR_NOENT) {
			return vmm_fail_(table, detail, err == VMM_OK ? VMM_ERR_EXISTS : err,
					 range.va, spot.desc, (int)spot.level);
		}
		count = vmm_invalid_count_(&spot,
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
	uint64_t *slot; /* NULL: none */
	uint64_t desc;
	uint64_t last;  /* the last address below it */
};

/** Makes a table for the level below the spot, with nothing in it that won't be written, and links it. */
VMM_INLINE void vmm_grow_(const struct vmm_codec *codec, const struct vmm_table *table,
			  struct vmm_spot_ *spot, const struct vmm_range_ *range,
			  struct vmm_chain_ *chain, struct vmm_pending_ *pending, bool hidden)
{
	uint64_t end = range->va | (vmm_reach_(codec, spot->level) - 1);
	uint64_t last = vmm_min_(range->va + (range->left - 1), end);
	unsigned int below = spot->level - 1;
	uint64_t *slot = &spot->descriptors[spot->index];
	bool is_clean;
	uint64_t pa = vmm_pop_(table, chain, &is_clean);
	uint64_t *descriptors = vmm_descriptors_(table, pa);

	/* Each descriptor from va's to last's will get a leaf or a table, as the range has no gap. */
	if (!is_clean) {
		unsigned int from = vmm_index_(codec, below, range->va);
		unsigned int to = vmm_index_(codec, below, last) + 1;

		vmm_words_fill_(descriptors, from, 0, 0);
		vmm_words_fill_(&descriptors[to], vmm_entries_(codec) - to, 0, 0);
	}
	vmm_clean_(table, descriptors, vmm_entries_(codec) * sizeof(uint64_t));
	vmm_count_set_(table, pa, 0);
	vmm_count_add_(table, spot->table_pa, 1);
	spot->desc = codec->table(pa);
	if (hidden) {
		*slot = spot->desc;
		vmm_clean_(table, slot, sizeof(*slot));
	} else {
		pending->slot = slot;
		pending->desc = spot->desc;
		pending->last = end;
	}
}

/**
 * Walks to where the next leaf belongs, growing tables on the way. Returns whether walkers can't see it.
 * @param first  where the range began: what lies between it and range->va is written
 */
VMM_INLINE bool vmm_reach_leaf_(const struct vmm_codec *codec, const struct vmm_table *table,
				const struct vmm_range_ *range, uint64_t first,
				struct vmm_chain_ *chain, struct vmm_pending_ *pending,
				struct vmm_spot_ *spot)
{
	bool hidden = false;

	vmm_spot_load_(codec, table, table->root, table->root_level, range->va, spot);
	for (;;) {
		uint64_t start = range->va & ~(vmm_reach_(codec, spot->level) - 1);

		if (pending->slot == &spot->descriptors[spot->index]) {
			spot->desc = pending->desc;
			hidden = true;
		} else if (hidden && vmm_max_(start, first) == range->va) {
			/* A new table may hold garbage where nothing was written yet. */
			spot->desc = 0;
		}
		if (!vmm_is_valid_(spot->desc)) {
			if (vmm_fit_(codec, range, spot->level) == spot->level) {
				return hidden;
			}
			vmm_grow_(codec, table, spot, range, chain, pending, hidden);
			hidden = true;
		}
		vmm_spot_load_(codec, table, codec->next(spot->desc), spot->level - 1, range->va,
			       spot);
	}
}

/** Writes the range into the tables with frames that suffice. Can't fail. */
VMM_INLINE void vmm_commit_map_(const struct vmm_codec *codec, const struct vmm_table *table,
				struct vmm_range_ range, uint64_t word, bool runs,
				struct vmm_chain_ *chain)
{
	struct vmm_pending_ pending = { NULL, 0, 0 };
	uint64_t first = range.va;
	uint64_t size = range.left;
	unsigned int lowest = VMM_LEVELS_MAX;
	bool linked = false;

	/* Invariant: [first, range.va) is mapped, but for a pending link. */
	while (range.left > 0) {
		struct vmm_spot_ spot;
		struct vmm_row_ row;
		bool hidden = vmm_reach_leaf_(codec, table, &range, first, chain, &pending,
					      &spot);
		unsigned int shift = vmm_shift_(codec, spot.level);

		row.descriptors = spot.descriptors;
		row.level = spot.level;
		row.index = spot.index;
		row.count = (unsigned int)vmm_min_(vmm_entries_(codec) - spot.index,
						   range.left >> shift);
		if (!hidden && spot.level > 0) {
			row.count = vmm_invalid_count_(&spot, row.count);
		}
		row.va = range.va;
		row.pa = range.pa;
		row.word = word;
		row.runs = runs;
		row.live = !hidden;
		vmm_put_row_(codec, table, &row);
		vmm_count_add_(table, spot.table_pa, row.count);
		lowest = spot.level < lowest ? spot.level : lowest;
		vmm_range_advance_(&range, (uint64_t)row.count << shift);
		if (pending.slot != NULL && (range.left == 0 || range.va > pending.last)) {
			vmm_publish_(table);
			vmm_store_(pending.slot, pending.desc);
			vmm_clean_(table, pending.slot, sizeof(*pending.slot));
			pending.slot = NULL;
			linked = true;
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

/** Plans a map; with @p commit, which is the same table, does it too. */
VMM_INLINE enum vmm_err vmm_engine_map_(const struct vmm_codec *codec,
					const struct vmm_table *table, struct vmm_table *commit,
					vmm_va_region_t va, vmm_pa_t pa, vmm_attr_t attr,
					uint64_t *frame_count, struct vmm_detail *detail)
{
	unsigned int page_shift = codec->geometry.page_shift;
	unsigned int limit = (attr.bits & VMM_ATTR_LEAF_MAX_MASK) >> 12;
	struct vmm_range_ range;
	struct vmm_chain_ chain;
	vmm_attr_t stored;
	enum vmm_err err;

	err = vmm_check_region_(table, page_shift, va, detail);
	if (err != VMM_OK) {
		return err;
	}
	range.va = va.bytes.start & table->va_mask;
	range.pa = vmm_pa_raw(pa);
	range.left = va.bytes.size;
	range.leaf_max = codec->geometry.leaf_level_max;
	if (limit != 0 && limit - 1 < range.leaf_max) {
		range.leaf_max = limit - 1;
	}
	err = vmm_check_output_(table, page_shift, range.va, pa, range.left, detail);
	if (err != VMM_OK) {
		return err;
	}
	err = vmm_effective_(codec, table, attr, &stored);
	if (err != VMM_OK) {
		return vmm_fail_(table, detail, err, range.va, 0, -1);
	}
	err = vmm_plan_map_(codec, table, range, frame_count, detail);
	if (err != VMM_OK || commit == NULL) {
		return err;
	}
	err = vmm_take_(commit, *frame_count, &chain);
	if (err != VMM_OK) {
		return vmm_fail_(table, detail, err, range.va, 0, -1);
	}
	if (vmm_attr_has(stored, VMM_ATTR_GLOBAL)) {
		commit->has_global = true;
	}
	vmm_commit_map_(codec, table, range, codec->attr_word(table, stored),
			vmm_attr_has(stored, VMM_ATTR_CONTIG), &chain);
	return VMM_OK;
}

#endif /* VMM_ENGINE_MAP_H */
