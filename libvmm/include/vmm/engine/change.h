/* SPDX-License-Identifier: MIT */
#ifndef VMM_ENGINE_CHANGE_H
#define VMM_ENGINE_CHANGE_H

/**
 * @file change.h
 * Engine: unmap and protect.
 *
 * Both plan their cuts (cut.h), take the frames for them, build the subtrees, and then store: first
 * whatever lies whole inside the range, then the units at its ends, so that while a unit is invalid nothing
 * but its own slots is touched. One invalidation follows; only after it broken units are made again and
 * tables that became empty go back to their source.
 */

#include <vmm/engine/cut.h>
#include <vmm/engine/map.h>
#include <vmm/engine/reclaim.h>
#include <vmm/engine/shared.h>
#include <vmm/engine/walk.h>

/** Whether all words of a survey are pages of the type in an attribute word. */
VMM_INLINE bool vmm_are_pages_of_type_(const struct vmm_codec *codec, struct vmm_survey_ survey,
				       uint64_t word)
{
	/* Bits that every page has: valid, and on Arm what tells a page from a reserved encoding. */
	uint64_t must = codec->leaf(VMM_DESCRIPTOR_VALID, 0, 0);
	uint64_t expected = (word & codec->type) | must;

	return (expected & ~survey.all) == 0 &&
	       (survey.any & ~expected & (codec->type | must)) == 0;
}

/** protect's plan: leaves everywhere, of the type that is asked for. */
VMM_INLINE enum vmm_err vmm_check_type_(const struct vmm_engine_ *engine,
					const struct vmm_table *table,
					const struct vmm_change_ *change,
					struct vmm_detail *detail)
{
	const struct vmm_codec *codec = engine->codec;
	uint64_t va = change->first;
	struct vmm_spot_ spot;
	unsigned int i, count;
	enum vmm_err err;

	/* Invariant: [change->first, va) is mapped with the right type. */
	for (;;) {
		engine->walk(table, va, &spot);
		count = vmm_touched_(codec, &spot, va, change->last - va + 1);
		if (!VMM_FOR_SIZE && spot.level == 0 &&
		    vmm_are_pages_of_type_(codec, vmm_survey_row_(spot.slot, spot.desc, count),
					   change->word)) {
			va += ((uint64_t)count << codec->geometry.page_shift) - 1;
			if (va >= change->last) {
				return VMM_OK;
			}
			va++;
			continue;
		}
		for (i = 0; i < count; i++) {
			spot.desc = vmm_load_(spot.slot);
			err = vmm_leaf_at_(codec, table, &spot);
			if (vmm_is_link_(codec, table, spot.desc, spot.level)) {
				break;
			}
			if (err == VMM_OK && ((spot.desc ^ change->word) & codec->type) != 0) {
				err = VMM_ERR_ATTR;
			}
			if (err != VMM_OK) {
				return vmm_fail_(table, detail, err, va, spot.desc,
						 (int)spot.level);
			}
			va |= vmm_reach_(codec, spot.level) - 1;
			if (va >= change->last) {
				return VMM_OK;
			}
			va++;
			spot.slot++;
		}
	}
}

/** Leaves, of the descriptors from the spot on, that stand side by side before the next table. */
VMM_INLINE unsigned int vmm_leaf_row_(const struct vmm_codec *codec, const struct vmm_table *table,
				      const struct vmm_spot_ *spot, unsigned int count)
{
	unsigned int i = 0;

	if (spot->level == 0) {
		return count;
	}
	while (i < count && !vmm_is_link_(codec, table, vmm_load_(&spot->slot[i]), spot->level)) {
		i++;
	}
	return i;
}

/** Changes leaves side by side, all of which differ from what is asked. */
VMM_INLINE void vmm_protect_leaves_(const struct vmm_codec *codec, const struct vmm_table *table,
				    uint64_t *slot, uint64_t va, unsigned int count,
				    unsigned int level, uint64_t word, struct vmm_gather_ *gather)
{
	if (count == 0) {
		return;
	}
	vmm_words_change_(slot, count, codec->permission, word & codec->permission);
	gather->global |= codec->is_global(word);
	vmm_clean_(table, slot, count * sizeof(*slot));
	vmm_gather_add_(table, gather, va, count, vmm_shift_(codec, level), level, false);
}

/**
 * Changes the leaves of one table from the spot on, in place. Returns how many descriptors it passed. What is as
 * asked already isn't stored and not invalidated.
 * @param va  where the spot's descriptor starts
 */
VMM_INLINE unsigned int vmm_protect_row_(const struct vmm_codec *codec,
					 const struct vmm_table *table,
					 const struct vmm_spot_ *spot, uint64_t va,
					 unsigned int count, uint64_t word,
					 struct vmm_gather_ *gather)
{
	uint64_t *slot = spot->slot;
	unsigned int shift = vmm_shift_(codec, spot->level);
	unsigned int start = 0;
	unsigned int i = 0;
	struct vmm_survey_ survey;

	count = vmm_leaf_row_(codec, table, spot, count);
	va = vmm_extend_(table, va);
	if (!VMM_FOR_SIZE) {
		survey = vmm_survey_row_(slot, vmm_load_(slot), count);
		if (((survey.any ^ survey.all) & codec->permission) == 0) {
			/* Alike, as they nearly always are: either all change, or none. */
			if (vmm_is_permitted_(codec, survey.all, word)) {
				return count;
			}
			i = count;
		}
	}
	/* Invariant: [start, i) are to be changed; what is before start is done with. */
	for (; i <= count; i++) {
		if (i < count && !vmm_is_permitted_(codec, vmm_load_(&slot[i]), word)) {
			continue;
		}
		vmm_protect_leaves_(codec, table, &slot[start], va + ((uint64_t)start << shift),
				    i - start, spot->level, word, gather);
		start = i + 1;
	}
	return count;
}

/** Changes every leaf of a range that is mapped and cuts none. */
VMM_INLINE void vmm_protect_inside_(const struct vmm_engine_ *engine, const struct vmm_table *table,
				    uint64_t va, uint64_t left, uint64_t word,
				    struct vmm_gather_ *gather)
{
	const struct vmm_codec *codec = engine->codec;

	while (left > 0) {
		struct vmm_spot_ spot;
		uint64_t offset, bytes;

		engine->walk(table, va, &spot);
		/* A leaf that reaches beyond the range is there only if nothing changes in it. */
		offset = va & (vmm_reach_(codec, spot.level) - 1);
		bytes = (uint64_t)engine->protect_row(table, &spot, va - offset,
						      vmm_touched_(codec, &spot, va, left), word,
						      gather)
			<< vmm_shift_(codec, spot.level);
		bytes = vmm_min_(bytes - offset, left);
		va += bytes;
		left -= bytes;
	}
}

/**
 * Gathers the stretches of valid descriptors in a row that also has holes. Returns how many are valid.
 * @param va  where the first one starts, as the CPU knows it
 */
VMM_INLINE unsigned int vmm_gather_row_(const struct vmm_codec *codec,
					const struct vmm_table *table,
					const struct vmm_spot_ *spot, uint64_t va,
					unsigned int count, struct vmm_gather_ *gather)
{
	const uint64_t *slot = spot->slot;
	unsigned int shift = vmm_shift_(codec, spot->level);
	unsigned int start = 0;
	unsigned int valid = 0;
	unsigned int i;

	/* Invariant: [start, i) are valid and not gathered; what is before start is done with. */
	for (i = 0; i <= count; i++) {
		if (i < count && vmm_is_valid_(slot[i])) {
			gather->global |= codec->is_global(slot[i]);
			valid++;
			continue;
		}
		vmm_gather_add_(table, gather, va + ((uint64_t)start << shift), i - start, shift,
				spot->level, false);
		start = i + 1;
	}
	return valid;
}

/** Whether one of some leaves is global: whichever way round a format marks it, one of the two tells. */
VMM_INLINE bool vmm_is_any_global_(const struct vmm_codec *codec, const struct vmm_survey_ *survey)
{
	return codec->is_global(survey->any) || codec->is_global(survey->all);
}

/* Descriptors looked at before they are cleared, where some are holes: few enough to be at hand still. */
#define VMM_CLEAR_STEP_ 64u

/**
 * Clears the leaves of one table from the spot on. Returns how many descriptors it passed.
 * @param va  where the spot's descriptor starts
 */
VMM_INLINE unsigned int vmm_clear_row_(const struct vmm_codec *codec,
				       const struct vmm_table *table, const struct vmm_spot_ *spot,
				       uint64_t va, unsigned int count, struct vmm_gather_ *gather)
{
	unsigned int shift = vmm_shift_(codec, spot->level);
	struct vmm_spot_ here = *spot;
	unsigned int valid = 0;
	unsigned int done = 0;
	unsigned int step;
	struct vmm_survey_ survey;

	count = vmm_leaf_row_(codec, table, spot, count);
	va = vmm_extend_(table, va);
	/* Invariant: `done` descriptors are cleared and gathered, `valid` of them were valid. */
	for (; done < count; done += step) {
		step = VMM_FOR_SIZE ? 0 : vmm_words_clear_(here.slot, count - done, &survey);
		if (step != 0) {
			gather->global |= vmm_is_any_global_(codec, &survey);
			vmm_gather_add_(table, gather, va, step, shift, spot->level, false);
			valid += step;
		} else {
			step = count - done < VMM_CLEAR_STEP_ ? count - done : VMM_CLEAR_STEP_;
			if (VMM_FOR_SIZE || vmm_has_valid_(here.slot, step)) {
				valid += vmm_gather_row_(codec, table, &here, va, step, gather);
			}
			vmm_words_store_(here.slot, step, 0, 0);
		}
		here.slot += step;
		va += (uint64_t)step << shift;
	}
	vmm_clean_(table, spot->slot, count * sizeof(uint64_t));
	vmm_count_sub_(table, spot->table_pa, valid);
	return count;
}

/** Clears everything in a range that cuts no leaf; tables left empty are chained to @p dead. */
VMM_INLINE void vmm_unmap_inside_(const struct vmm_engine_ *engine, const struct vmm_table *table,
				  uint64_t va, uint64_t left, struct vmm_gather_ *gather,
				  struct vmm_chain_ *dead)
{
	const struct vmm_codec *codec = engine->codec;

	/* Invariant: nothing below va is mapped in the range; left bytes follow. */
	while (left > 0) {
		struct vmm_spot_ spot;
		uint64_t bytes;

		vmm_walk_to_drop_(codec, table, va, left, &spot);
		if (vmm_is_link_(codec, table, spot.desc, spot.level)) {
			vmm_drop_(engine, table, &spot, va, gather, dead);
			bytes = vmm_reach_(codec, spot.level);
		} else {
			unsigned int count = vmm_touched_(codec, &spot, va, left);
			uint64_t offset = va & (vmm_reach_(codec, spot.level) - 1);

			count = engine->clear_row(table, &spot, va - offset, count, gather);
			bytes = ((uint64_t)count << vmm_shift_(codec, spot.level)) - offset;
		}
		if (vmm_is_empty_(table, spot.table_pa)) {
			engine->prune(table, spot.level, va, gather, dead);
		}
		bytes = vmm_min_(bytes, left);
		va += bytes;
		left -= bytes;
	}
}

VMM_INLINE void vmm_gather_start_(struct vmm_gather_ *gather)
{
	gather->any = gather->whole = gather->walk = gather->global = false;
	gather->total = 0;
	gather->first = 0;
	gather->run_count = 0;
}

/** Changes what lies whole inside the range: everything but the units at its ends. */
VMM_INLINE void vmm_change_inside_(const struct vmm_engine_ *engine, const struct vmm_table *table,
				   const struct vmm_change_ *change, const struct vmm_cut_ *cut,
				   struct vmm_gather_ *gather, struct vmm_chain_ *dead)
{
	uint64_t first = change->first;
	uint64_t end = change->last + 1;

	if (cut->unit[0].count != 0) {
		first = vmm_unit_last_(&cut->unit[0]) + 1;
	}
	if (cut->unit[1].count != 0) {
		end = cut->unit[1].first;
	}
	if (first >= end) {
		return;
	}
	if (change->protect) {
		vmm_protect_inside_(engine, table, first, end - first, change->word, gather);
	} else {
		vmm_unmap_inside_(engine, table, first, end - first, gather, dead);
	}
}

/** Everything after the frames were taken. Can't fail. */
VMM_INLINE void vmm_commit_change_(const struct vmm_engine_ *engine, const struct vmm_table *table,
				   const struct vmm_change_ *change, struct vmm_cut_ *cut,
				   struct vmm_chain_ *chain, struct vmm_chain_ *dead)
{
	const struct vmm_codec *codec = engine->codec;
	struct vmm_gather_ gather;
	unsigned int gone[2] = { 0, 0 };
	unsigned int i;

	vmm_gather_start_(&gather);
	for (i = 0; i < 2; i++) {
		if (vmm_is_split_(&cut->unit[i])) {
			engine->build_split(table, &cut->unit[i], change, chain);
		}
	}
	engine->change_inside(table, change, cut, &gather, dead);
	for (i = 0; i < 2; i++) {
		const struct vmm_unit_ *unit = &cut->unit[i];

		vmm_gather_add_(table, &gather, vmm_extend_(table, unit->first), unit->count,
				unit->shift, unit->level, false);
	}
	/* Subtrees are complete before a walker can reach them. */
	if (cut->frame_count != 0) {
		vmm_publish_(table);
	}
	for (i = 0; i < 2; i++) {
		if (cut->unit[i].count != 0) {
			gone[i] = engine->store_unit(table, cut, change, &cut->unit[i], &gather);
		}
	}
	if (gather.any || cut->unit[0].count != 0 || cut->unit[1].count != 0) {
		vmm_settle_(table, &gather, codec->walk_by_space, cut->unit,
			    codec->geometry.page_shift);
	}
	for (i = 0; i < 2; i++) {
		if (gone[i] != 0) {
			vmm_count_sub_(table, vmm_home_(codec, table, cut->unit[i].slot), gone[i]);
		}
	}
}

/** Whether pages side by side cut no run at either end. */
VMM_INLINE bool vmm_cuts_no_run_(const struct vmm_codec *codec, const struct vmm_table *table,
				 const struct vmm_spot_ *spot, unsigned int count)
{
	return vmm_run_reach_(codec, table, 0) == 0 ||
	       (!codec->in_run(spot->desc, 0) &&
		!codec->in_run(vmm_load_(&spot->slot[count - 1]), 0));
}

/** Unmaps pages of one table: the spot's and those behind it. */
VMM_INLINE void vmm_unmap_pages_(const struct vmm_engine_ *engine, struct vmm_table *table,
				 uint64_t va, unsigned int count, const struct vmm_spot_ *spot)
{
	const struct vmm_codec *codec = engine->codec;
	unsigned int page_shift = codec->geometry.page_shift;
	struct vmm_chain_ dead = { 0 };
	struct vmm_gather_ gather;
	struct vmm_survey_ survey;
	unsigned int cleared;
	bool is_empty = false;

	vmm_gather_start_(&gather);
	if (count == 1 && vmm_is_valid_(spot->desc)) {
		vmm_store_(spot->slot, 0);
		survey.any = survey.all = spot->desc;
		cleared = 1;
	} else {
		cleared = vmm_words_clear_(spot->slot, count, &survey);
	}
	if (cleared != 0) {
		vmm_clean_(table, spot->slot, cleared * sizeof(uint64_t));
		is_empty = vmm_count_sub_(table, spot->table_pa, cleared);
		gather.global = vmm_is_any_global_(codec, &survey);
		vmm_gather_add_(table, &gather, vmm_extend_(table, va), cleared, page_shift, 0,
				false);
	}
	if (cleared < count) {
		/* Of its own, so that the walk's spot stays in registers. */
		const struct vmm_spot_ rest = {
			&spot->slot[cleared],
			0,
			spot->table_pa,
			0,
		};

		engine->clear_row(table, &rest, va + ((uint64_t)cleared << page_shift),
				  count - cleared, &gather);
		is_empty = vmm_is_empty_(table, spot->table_pa);
	}
	if (is_empty) {
		engine->prune(table, 0, va, &gather, &dead);
	}
	if (gather.any) {
		vmm_forget_(table, &gather, codec->walk_by_space);
	}
	if (dead.head != 0) {
		vmm_give_back_(table, &dead);
	}
}

/**
 * The short way: unmaps pages that are all in one table. False, with nothing done, if it's not only that or something
 * is wrong: then vmm_engine_change_() finds out what.
 */
VMM_INLINE bool vmm_unmap_short_(const struct vmm_engine_ *engine, struct vmm_table *table,
				 uint64_t start, uint64_t size)
{
	const struct vmm_codec *codec = engine->codec;
	unsigned int count = (unsigned int)(size >> codec->geometry.page_shift);
	uint64_t va = start & table->va_mask;
	struct vmm_spot_ spot;

	/* A table that is covered whole is dropped instead. */
	if (size - 1 > vmm_table_last_(codec, 0, va) - va ||
	    count == vmm_entries_(codec) ||
	    !vmm_is_region_(table, codec->geometry.page_shift, start, size)) {
		return false;
	}
	vmm_walk_straight_(codec, table, va, &spot);
	if (spot.level != 0 || !vmm_cuts_no_run_(codec, table, &spot, count)) {
		return false;
	}
	vmm_unmap_pages_(engine, table, va, count, &spot);
	return true;
}

/** The same for protect. */
VMM_INLINE bool vmm_protect_short_(const struct vmm_engine_ *engine, struct vmm_table *table,
				   uint64_t start, uint64_t size, vmm_attr_t attr)
{
	const struct vmm_codec *codec = engine->codec;
	unsigned int count = (unsigned int)(size >> codec->geometry.page_shift);
	uint64_t va = start & table->va_mask;
	struct vmm_spot_ spot;
	struct vmm_gather_ gather;
	vmm_attr_t stored;
	uint64_t word;

	if (size - 1 > vmm_table_last_(codec, 0, va) - va ||
	    !vmm_is_region_(table, codec->geometry.page_shift, start, size) ||
	    !vmm_attr_recall_(engine, table, attr, &stored, &word)) {
		return false;
	}
	vmm_walk_straight_(codec, table, va, &spot);
	if (spot.level != 0 || !vmm_cuts_no_run_(codec, table, &spot, count)) {
		return false;
	}
	if (!vmm_are_pages_of_type_(codec, vmm_survey_row_(spot.slot, spot.desc, count), word)) {
		return false;
	}
	vmm_gather_start_(&gather);
	engine->protect_row(table, &spot, va, count, word, &gather);
	vmm_attr_remember_(table, attr, stored, word);
	if (gather.any) {
		vmm_forget_(table, &gather, codec->walk_by_space);
	}
	return true;
}

/** Everything before the frames are taken, for a range whose addresses are right. */
VMM_INLINE enum vmm_err vmm_plan_change_(const struct vmm_engine_ *engine,
					 const struct vmm_table *table, const vmm_attr_t *attr,
					 struct vmm_change_ *change, struct vmm_cut_ *cut,
					 struct vmm_detail *detail)
{
	vmm_attr_t stored;
	enum vmm_err err;

	change->protect = attr != NULL;
	change->word = 0;
	if (change->protect) {
		err = engine->attr_word(table, *attr, &stored, &change->word);
		if (err != VMM_OK) {
			return vmm_fail_(table, detail, err, change->first, 0, -1);
		}
		err = vmm_check_type_(engine, table, change, detail);
		if (err != VMM_OK) {
			return err;
		}
	}
	return vmm_plan_cut_(engine, table, change, cut, detail);
}

/** Plans a change; with @p commit, which is the same table, does it too. @p code: the function that this is. */
VMM_INLINE enum vmm_err vmm_engine_change_(const struct vmm_engine_ *engine,
					   const struct vmm_table *table, struct vmm_table *commit,
					   uint64_t start, uint64_t size, const vmm_attr_t *attr,
					   uintptr_t code, uint64_t *frame_count,
					   struct vmm_detail *detail)
{
	struct vmm_chain_ dead = { 0 };
	struct vmm_change_ change;
	struct vmm_cut_ cut;
	struct vmm_chain_ chain;
	unsigned int i;
	enum vmm_err err;

	err = vmm_check_region_(table, engine->codec->geometry.page_shift, start, size, detail);
	if (err != VMM_OK) {
		return err;
	}
	change.first = start & table->va_mask;
	change.last = change.first + (size - 1);
	err = engine->plan_change(table, attr, &change, &cut, detail);
	if (err != VMM_OK) {
		return err;
	}
	*frame_count = cut.frame_count;
	if (commit == NULL) {
		return VMM_OK;
	}
	for (i = 0; i < 2; i++) {
		err = vmm_may_break_(table, cut.unit, &cut.unit[i], code,
				     (uintptr_t)engine->store_unit, detail);
		if (err != VMM_OK) {
			return err;
		}
	}
	err = vmm_take_(commit, cut.frame_count, &chain);
	if (err != VMM_OK) {
		return vmm_fail_(table, detail, err, change.first, 0, -1);
	}
	vmm_commit_change_(engine, commit, &change, &cut, &chain, &dead);
	vmm_give_back_(commit, &dead);
	return VMM_OK;
}

#endif /* VMM_ENGINE_CHANGE_H */
