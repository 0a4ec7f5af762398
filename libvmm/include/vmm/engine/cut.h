/* SPDX-License-Identifier: MIT */
#ifndef VMM_ENGINE_CUT_H
#define VMM_ENGINE_CUT_H

/**
 * @file cut.h
 * Engine: a range that ends inside a leaf or a run.
 *
 * A range has two ends, so it cuts at most two leaves and at most two runs. A cut leaf is replaced by a
 * subtree that maps what was mapped, but for the part inside the range:
 *
 *     before   |------------ one leaf of level 2 ------------|
 *     range              [=====)
 *     after    |--1--|--1--|000|=|==|--1--|--1--|--1--|--1--|     0: pages, 1: level-1 leaves
 *
 * A cut run loses its mark: its members become plain leaves. Whatever changes size that way is a *unit*; where
 * the architecture demands break-before-make, the whole unit is invalid for a moment (Arm ARM D8.17.1 RWHZWS;
 * Svnapot's note on updates). Then each slot of the unit already holds the word to come, but for its valid bit,
 * so that no memory is needed to make it again.
 */

#include <vmm/engine/runs.h>
#include <vmm/engine/shared.h>
#include <vmm/engine/walk.h>

/** A change of a range: unmap, or protect with the bits of `word`. */
struct vmm_change_ {
	uint64_t first; /* addresses, inclusive */
	uint64_t last;
	uint64_t word;  /* attribute word; protect only */
	bool protect;
};

/** What a leaf word becomes inside the range of a protect. */
VMM_INLINE uint64_t vmm_permit_(const struct vmm_codec *codec, uint64_t desc, uint64_t word)
{
	return (desc & ~codec->permission) | (word & codec->permission);
}

/** Whether a leaf has the permissions of an attribute word already. */
VMM_INLINE bool vmm_is_permitted_(const struct vmm_codec *codec, uint64_t desc, uint64_t word)
{
	return ((desc ^ word) & codec->permission) == 0;
}

/** A leaf to be replaced by a subtree. */
struct vmm_split_ {
	uint64_t desc;
	uint64_t first; /* its first address */
	unsigned int level;
};

/** What a change does to leaves and runs at its two ends. */
struct vmm_cut_ {
	struct vmm_unit_ unit[2];
	uint64_t frame_count;
};

VMM_INLINE bool vmm_is_split_(const struct vmm_unit_ *unit)
{
	return unit->split != VMM_SPLIT_NONE_;
}

/** The leaf of a unit that is split; there is one. */
VMM_HELPER struct vmm_split_ vmm_split_of_(const struct vmm_unit_ *unit)
{
	const struct vmm_split_ split = {
		vmm_load_(&unit->slot[unit->split]),
		unit->first + ((uint64_t)unit->split << unit->shift),
		unit->level,
	};

	return split;
}

/** Whether a unit goes on up to @p va, which is not before it. */
VMM_HELPER bool vmm_unit_reaches_(const struct vmm_unit_ *unit, uint64_t va)
{
	return unit->count != 0 && va <= vmm_unit_last_(unit);
}

/**
 * Tables needed to split a leaf: one for each descriptor that the range covers in part, from the leaf downwards.
 */
VMM_INLINE uint64_t vmm_split_tables_(const struct vmm_codec *codec,
				      const struct vmm_split_ *split,
				      const struct vmm_change_ *change)
{
	uint64_t end = split->first + (vmm_reach_(codec, split->level) - 1);
	uint64_t count = 1;
	unsigned int level;

	for (level = split->level - 1; level > 0; level--) {
		uint64_t mask = vmm_reach_(codec, level) - 1;
		bool low = change->first > split->first && (change->first & mask) != 0;
		bool high = change->last < end && ((change->last + 1) & mask) != 0;
		bool same = (change->first | mask) == (change->last | mask);

		count += (low && high && same) ? 1u : (unsigned int)low + (unsigned int)high;
	}
	return count;
}

/** Whether and how the change cuts what stands at @p va, one of its ends. */
VMM_INLINE enum vmm_err vmm_find_cut_(const struct vmm_engine_ *engine,
				      const struct vmm_table *table,
				      const struct vmm_change_ *change, uint64_t va,
				      struct vmm_unit_ *unit, struct vmm_detail *detail)
{
	const struct vmm_codec *codec = engine->codec;
	bool resize_live = (table->flags & VMM_TABLE_RESIZE_LIVE) != 0;
	struct vmm_spot_ spot;
	uint64_t first, last, run_reach;
	enum vmm_err err;

	unit->count = 0;
	unit->split = VMM_SPLIT_NONE_;
	unit->breaks = false;
	engine->walk(table, va, &spot);
	first = va & ~(vmm_reach_(codec, spot.level) - 1);
	last = first + (vmm_reach_(codec, spot.level) - 1);
	err = vmm_leaf_at_(codec, table, &spot);
	if (err == VMM_ERR_NOENT || (err == VMM_ERR_CORRUPT && change->first <= first &&
				     last <= change->last)) {
		return VMM_OK;
	}
	if (err != VMM_OK) {
		return vmm_fail_(table, detail, err, va, spot.desc, (int)spot.level);
	}
	if (change->protect && vmm_is_permitted_(codec, spot.desc, change->word)) {
		return VMM_OK;
	}
	unit->slot = spot.slot;
	unit->first = first;
	unit->level = (uint8_t)spot.level;
	unit->shift = (uint8_t)vmm_shift_(codec, spot.level);
	unit->is_run = false;
	unit->breaks = codec->break_resize && !resize_live;
	if (first < change->first || change->last < last) {
		unit->split = 0;
		unit->count = 1;
	}
	run_reach = vmm_run_reach_(codec, table, spot.level);
	if (run_reach != 0 && codec->in_run(spot.desc, spot.level)) {
		uint64_t before = (first & (run_reach - 1)) >> unit->shift;

		first &= ~(run_reach - 1);
		last = first + (run_reach - 1);
		if (first < change->first || change->last < last) {
			unit->slot -= before;
			unit->first = first;
			unit->split = unit->count != 0 ? (uint16_t)before : VMM_SPLIT_NONE_;
			unit->count = (uint16_t)(1u << codec->geometry.run_shift[spot.level]);
			unit->is_run = true;
			unit->breaks = codec->break_run && !(codec->break_resize && resize_live);
		}
	}
	return VMM_OK;
}

/** Finds the cuts at both ends and counts the frames they need. */
VMM_INLINE enum vmm_err vmm_plan_cut_(const struct vmm_engine_ *engine,
				      const struct vmm_table *table,
				      const struct vmm_change_ *change, struct vmm_cut_ *cut,
				      struct vmm_detail *detail)
{
	unsigned int i;
	enum vmm_err err;

	cut->frame_count = 0;
	for (i = 0; i < 2; i++) {
		struct vmm_unit_ *unit = &cut->unit[i];

		err = vmm_find_cut_(engine, table, change, i == 0 ? change->first : change->last,
				    unit, detail);
		if (err != VMM_OK) {
			return err;
		}
		if (i == 1 && vmm_unit_reaches_(&cut->unit[0], change->last)) {
			/* One unit holds both ends; perhaps even one leaf does. */
			unit->count = 0;
			if (vmm_is_split_(unit) && vmm_is_split_(&cut->unit[0]) &&
			    vmm_split_of_(unit).first == vmm_split_of_(&cut->unit[0]).first) {
				unit->split = VMM_SPLIT_NONE_;
			}
		}
		if (vmm_is_split_(unit)) {
			const struct vmm_split_ split = vmm_split_of_(unit);

			cut->frame_count += vmm_split_tables_(engine->codec, &split, change);
		}
	}
	return VMM_OK;
}

/** A table under construction in place of a leaf. */
struct vmm_piece_ {
	uint64_t pa;
	uint64_t first; /* the first address it covers */
};

/**
 * Fills one table of a split leaf: leaves outside the range as before, inside as the change says, and a new
 * table for each descriptor that the range covers in part (at most two, appended to @p below).
 */
VMM_INLINE unsigned int vmm_fill_split_(const struct vmm_engine_ *engine,
					const struct vmm_table *table,
					const struct vmm_split_ *split,
					const struct vmm_change_ *change, unsigned int level,
					const struct vmm_piece_ *piece, struct vmm_piece_ *below,
					struct vmm_chain_ *chain)
{
	const struct vmm_codec *codec = engine->codec;
	uint64_t mask = vmm_reach_(codec, level) - 1;
	uint64_t va = piece->first;
	uint64_t last = vmm_table_last_(codec, level, va);
	uint64_t plain = codec->word(split->desc, split->level);
	unsigned int below_count = 0;
	unsigned int valid = 0;
	struct vmm_row_ row;

	row.slot = vmm_descriptors_(table, piece->pa);
	row.level = level;
	row.runs = codec->in_run(split->desc, split->level);
	row.live = false;
	/* Invariant: [piece->first, va) is written; va starts a descriptor, which is row.slot. */
	while (va <= last) {
		bool inside = change->first <= va && va <= change->last;
		uint64_t end = inside ? change->last : last;

		if (va < change->first) {
			end = change->first - 1;
		}
		end = vmm_min_(end, last);
		row.count = 1;
		if (end - va < mask) {
			bool is_clean;

			below[below_count].pa = vmm_pop_(table, chain, &is_clean);
			below[below_count].first = va;
			*row.slot = codec->table(below[below_count].pa);
			below_count++;
			valid++;
		} else {
			row.count = (unsigned int)((end - va + 1) >> vmm_shift_(codec, level));
			if (inside && !change->protect) {
				vmm_words_zero_(row.slot, row.count);
			} else {
				row.va = va;
				row.pa = codec->output(split->desc, split->level, va);
				row.word = inside ? vmm_permit_(codec, plain, change->word)
						  : plain;
				engine->put_row(table, &row);
				valid += row.count;
			}
		}
		row.slot += row.count;
		va += (uint64_t)row.count << vmm_shift_(codec, level);
	}
	vmm_clean_(table, vmm_descriptors_(table, piece->pa),
		   vmm_entries_(codec) * sizeof(uint64_t));
	vmm_count_set_(table, piece->pa, valid);
	return below_count;
}

/** Builds the subtree that takes a unit's split leaf's place. Nobody can see it yet. */
VMM_INLINE void vmm_build_split_(const struct vmm_engine_ *engine, const struct vmm_table *table,
				 struct vmm_unit_ *unit, const struct vmm_change_ *change,
				 struct vmm_chain_ *chain)
{
	const struct vmm_split_ split = vmm_split_of_(unit);
	struct vmm_piece_ pieces[2];
	unsigned int count = 1;
	unsigned int level = split.level;
	bool is_clean;

	pieces[0].pa = vmm_pop_(table, chain, &is_clean);
	pieces[0].first = split.first;
	unit->link = engine->codec->table(pieces[0].pa);
	/* The range has two ends, and each lies in one table of a level: never more than two tables, and
	   where there are two, at most one below each, which takes its place in the array. */
	while (count > 0) {
		unsigned int below = 0;
		unsigned int i;

		level--;
		for (i = 0; i < count; i++) {
			const struct vmm_piece_ piece = pieces[i];

			below += vmm_fill_split_(engine, table, &split, change, level, &piece,
						 &pieces[below], chain);
		}
		count = below;
	}
}

/** What a slot of a unit that holds @p desc will hold; 0: it is unmapped. */
VMM_INLINE uint64_t vmm_unit_word_(const struct vmm_codec *codec, const struct vmm_cut_ *cut,
				   const struct vmm_change_ *change, const struct vmm_unit_ *unit,
				   unsigned int index, uint64_t desc)
{
	const uint64_t *slot = &unit->slot[index];
	uint64_t va = unit->first + ((uint64_t)index << unit->shift);
	bool inside = change->first <= va && va <= change->last;
	uint64_t word;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		if (vmm_is_split_(&cut->unit[i]) &&
		    slot == &cut->unit[i].slot[cut->unit[i].split]) {
			return cut->unit[i].link;
		}
	}
	if (!vmm_is_valid_(desc) || (inside && !change->protect)) {
		return 0;
	}
	word = codec->word(desc, unit->level);
	if (inside) {
		word = vmm_permit_(codec, word, change->word);
	}
	return codec->leaf(word, codec->output(desc, unit->level, va), unit->level);
}

/**
 * Stores what the unit's slots will hold: invalid for now where the unit must break. From here until it
 * is made again nothing may be touched but the slots, the stack and the table object: see
 * vmm_may_break_(), which checks that these lie elsewhere. Returns how many descriptors are lost.
 */
VMM_INLINE unsigned int vmm_store_unit_(const struct vmm_codec *codec,
					const struct vmm_table *table, const struct vmm_cut_ *cut,
					const struct vmm_change_ *change,
					const struct vmm_unit_ *unit, struct vmm_gather_ *gather)
{
	uint64_t hide = unit->breaks ? VMM_DESCRIPTOR_VALID : 0;
	unsigned int gone = 0;
	unsigned int i;

	for (i = 0; i < unit->count; i++) {
		uint64_t old = vmm_load_(&unit->slot[i]);
		uint64_t word = vmm_unit_word_(codec, cut, change, unit, i, old);

		if (vmm_is_valid_(old)) {
			gather->global |= codec->is_global(old);
			gone += word == 0;
		}
		vmm_store_(&unit->slot[i], word & ~hide);
	}
	vmm_clean_(table, unit->slot, unit->count * sizeof(uint64_t));
	return gone;
}

#endif /* VMM_ENGINE_CUT_H */
