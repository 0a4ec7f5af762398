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

/** A row of leaves to be written. */
struct vmm_row_ {
	uint64_t *descriptors; /* of the table */
	unsigned int level;
	unsigned int index;    /* of the first leaf */
	unsigned int count;
	uint64_t va;           /* of the first leaf */
	uint64_t pa;
	uint64_t word;         /* attribute word */
	bool runs;             /* the caller allows runs */
	bool live;             /* the table is linked: walkers read along */
};

/** Leaves [index, index + count) of a row, no runs. */
VMM_INLINE void vmm_put_leaves_(const struct vmm_row_ *row, unsigned int index, unsigned int count,
				uint64_t desc, uint64_t step)
{
	uint64_t *slot = &row->descriptors[index];
	unsigned int i;

	if (row->live) {
		for (i = 0; i < count; i++, desc += step) {
			vmm_store_(&slot[i], desc);
		}
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
	unsigned int head = row->count;
	unsigned int run = 1;
	unsigned int done, i;

	if (run_reach != 0 && ((row->va ^ row->pa) & (run_reach - 1)) == 0) {
		run = 1u << codec->geometry.run_shift[row->level];
		head = (unsigned int)vmm_min_((0u - row->index) & (run - 1), row->count);
	}
	vmm_put_leaves_(row, row->index, head, desc, step);
	/* Invariant: [index, index + done) is written, and done leads to a run's first leaf. */
	for (done = head; done < row->count && row->count - done >= run; done += run) {
		uint64_t member = codec->run(desc + done * step, row->level);

		for (i = 0; i < run; i++) {
			vmm_store_(&row->descriptors[row->index + done + i],
				   codec->run_is_one_word ? member : member + i * step);
		}
	}
	if (done < row->count) {
		vmm_put_leaves_(row, row->index + done, row->count - done, desc + done * step, step);
	}
	vmm_clean_(table, &row->descriptors[row->index], row->count * sizeof(uint64_t));
}

#endif /* VMM_ENGINE_RUNS_H */
