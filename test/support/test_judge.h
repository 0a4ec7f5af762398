/* SPDX-License-Identifier: MIT */
#ifndef TEST_JUDGE_H
#define TEST_JUDGE_H

/**
 * @file test_judge.h
 * The judge behind test_seam.h: the copies of the table frames, what walkers could read and
 * cache, and the rules.
 */

#include "test_seam.h"

/** A word that was stored since the last look. */
struct test_seam_change {
	size_t frame;
	size_t word;
	uint64_t old;
};

void test_judge_init(struct test_seam *self);
void test_judge_fini(struct test_seam *self);

/** An operation begins: what is in the frames now, walkers see. */
void test_judge_begin(struct test_seam *self);

/** Fills the caches with all that was readable at the last look. */
void test_judge_warm(struct test_seam *self);

/**
 * Finds what was stored: words in frames that no walker reads, and valid words in those that it
 * does.
 */
void test_judge_look(struct test_seam *self, uint64_t *built, uint64_t *stored);

/* What happens at the seam and to the frames, each after a look. */
void test_judge_publish(struct test_seam *self);
void test_judge_mapped(struct test_seam *self, const struct vmm_invalidation *added);
void test_judge_invalidate(struct test_seam *self, const struct vmm_invalidation *request);
void test_judge_complete(struct test_seam *self);
void test_judge_clean(struct test_seam *self, const void *start, size_t size);
void test_judge_taken(struct test_seam *self, vmm_pa_t frame);
void test_judge_returned(struct test_seam *self, vmm_pa_t frame);

/** An operation ends: nothing may be left that a CPU could still do wrong. */
void test_judge_end(struct test_seam *self);

/* --- between test_judge.c and test_judge_end.c --- */

__attribute__((format(printf, 2, 3))) void test_judge_report(struct test_seam *self,
							     const char *format, ...);

static inline size_t test_judge_words(const struct test_seam *self)
{
	return (size_t)1 << self->arch->index_bits;
}

static inline vmm_pa_t test_judge_pa(const struct test_seam *self, size_t frame)
{
	return vmm_pa(self->frames.frames.first + ((uint64_t)frame << self->arch->page_shift));
}

/** Index of an owned frame. */
static inline size_t test_judge_frame(const struct test_seam *self, uint64_t pa)
{
	return (size_t)((pa - self->frames.frames.first) >> self->arch->page_shift);
}

static inline bool test_judge_is_riscv(const struct test_seam *self)
{
	return self->arch->riscv;
}

/** Whether a frame that walkers read has words that they may see or not. */
bool test_judge_is_pending(const struct test_seam *self, size_t frame);

/** Raises the epoch and stamps the items that the tables as they are now hold. */
void test_judge_stamp_current(struct test_seam *self);

/** Whether what was started is more than the rules ask for. The current items are stamped. */
void test_judge_width(struct test_seam *self);

#endif /* TEST_JUDGE_H */
