/* SPDX-License-Identifier: MIT */
#ifndef VMM_ENGINE_RUNS_H
#define VMM_ENGINE_RUNS_H

/**
 * @file runs.h
 * Engine: writing leaves side by side, and the one place where the contiguous bit is set.
 *
 * A contiguous run (Arm ARM D8.7.1; RISC-V Svnapot) is an aligned set of 2^run_shift leaves with
 * contiguous, equally aligned output addresses and equal attributes, each marked as a member. A run is only
 * ever written whole: every member is written by the same call with the same attributes, so the set lies
 * inside the table's input range and the output range that was checked.
 */

#include <vmm/engine/shared.h>
#include <vmm/engine/walk.h>

/** Whether one of some descriptors, all of one table, is valid. */
VMM_INLINE bool vmm_has_valid_(const uint64_t *slot, unsigned int count)
{
	return vmm_is_valid_(vmm_survey_row_(slot, vmm_load_(slot), count).any);
}

/** A row of leaves to be written, all in one table. */
struct vmm_row_ {
	uint64_t *slot;     /* of the first leaf */
	uint64_t va;        /* of the first leaf */
	uint64_t pa;
	uint64_t word;      /* attribute word */
	unsigned int level;
	unsigned int count;
	bool runs;          /* the caller allows runs */
	bool live;          /* the table is linked: walkers read along */
};

/** Leaves side by side that are no run. */
VMM_INLINE void vmm_put_leaves_(const struct vmm_row_ *row, uint64_t *slot, unsigned int count,
				uint64_t desc, uint64_t step)
{
	if (row->live) {
		vmm_words_store_(slot, count, desc, step);
	} else {
		vmm_words_fill_(slot, count, desc, step);
	}
}

/** Writes a row; where runs are allowed, whole aligned ones in the middle are marked. */
VMM_INLINE void vmm_put_row_(const struct vmm_codec *codec, const struct vmm_table *table,
			     const struct vmm_row_ *row)
{
	uint64_t reach = vmm_reach_(codec, row->level);
	uint64_t step = reach >> codec->output_rshift;
	uint64_t desc = codec->leaf(row->word, row->pa, row->level);
	uint64_t run_reach = row->runs ? vmm_run_reach_(codec, table, row->level) : 0;
	uint64_t *slot = row->slot;
	unsigned int left = row->count;

	if (run_reach != 0 && ((row->va ^ row->pa) & (run_reach - 1)) == 0) {
		unsigned int run = 1u << codec->geometry.run_shift[row->level];
		uint64_t offset = (0 - row->va) & (run_reach - 1);
		unsigned int head = (unsigned int)vmm_min_(
			offset >> vmm_shift_(codec, row->level), left);

		vmm_put_leaves_(row, slot, head, desc, step);
		/* Invariant: what is before slot is written, and slot is where a run may start. */
		for (left -= head, slot += head, desc += head * step; left >= run; left -= run) {
			uint64_t member = codec->run(desc, row->level);

			vmm_put_leaves_(row, slot, run, member, codec->run_is_one_word ? 0 : step);
			slot += run;
			desc += run * step;
		}
	}
	vmm_put_leaves_(row, slot, left, desc, step);
	vmm_clean_(table, row->slot, row->count * sizeof(uint64_t));
}

#endif /* VMM_ENGINE_RUNS_H */
