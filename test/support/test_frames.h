/* SPDX-License-Identifier: MIT */
#ifndef TEST_FRAMES_H
#define TEST_FRAMES_H

/**
 * @file test_frames.h
 * A source of frames for tests of tables: suspicious, forgetful on demand, and exactly restorable.
 *
 * The frames are a host buffer that plays physical memory at an address of your choice; the window
 * is the difference. It is set up to catch what goes unnoticed with real memory:
 *
 * - Frames come in a scrambled order, never neighbors by chance, with garbage in their counts.
 * - Frames come dirty, full of descriptors that look valid, or clean, or in turn.
 * - A frame given back as clean must be zero. One that isn't out, or was never a frame, fails.
 * - Every frame that is not out is full of poison, that looks like a valid descriptor, too; it is
 *   judged when the frame is handed out again and by test_frames_check(): a store into a frame
 *   after it was given back fails, a table that still links it is wrong visibly.
 * - One frame of poison on each side of the span, and a word on each side of the counts, are judged
 *   in the same way.
 * - Frames are reused last in first out, so that giving back in the reverse order of taking
 *   restores the source; see test_frames_mark() and test_frames_save().
 *
 * Whatever is wrong fails the running CMocka test with a sentence that names the frame.
 *
 *     struct test_frames source;
 *
 *     test_frames_init(&source, 12, 64, 0x80000000);
 *     config.frames = &source.frames;
 *     ...
 *     before = test_frames_save(&source);
 *     mark = test_frames_mark(&source);
 *     test_frames_limit(&source, n);
 *     assert_int_equal(vmm_table_map(...), VMM_ERR_NOMEM);
 *     test_frames_assert_rolled_back(&source, mark);
 *     test_frames_assert_same(&source, before);
 *     test_frames_release(before);
 *     test_frames_limit(&source, TEST_FRAMES_NO_LIMIT);
 *     ...
 *     test_frames_fini(&source);
 *
 * A rule that is broken is reported through cmocka's mock_assert(), so that a test of a deliberate
 * misuse can say expect_assert_failure().
 */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <vmm/frames.h>

#define TEST_FRAMES_NO_LIMIT UINT64_MAX

/** What is in a frame when it is handed out. */
enum test_frames_fill {
	TEST_FRAMES_DIRTY,       /**< word i is dirt + i * dirt_step; by default every bit is set */
	TEST_FRAMES_CLEAN,       /**< zero, and said to be clean */
	TEST_FRAMES_ZERO_UNTOLD, /**< zero, but not said to be clean */
	TEST_FRAMES_IN_TURN      /**< dirty, clean, dirty, clean... */
};

/** Set what is marked so at any time; read the counters; the rest is private. */
struct test_frames {
	struct vmm_frames frames; /**< first member, as in every source */

	enum test_frames_fill fill; /**< set: default TEST_FRAMES_DIRTY */
	uint64_t dirt;              /**< set: default all ones */
	uint64_t dirt_step;         /**< set: default 0 */
	enum vmm_err fail_err;      /**< set: what a failing alloc returns; default VMM_ERR_NOMEM */
	/** Set: called after each event; `frame` is the one taken or given back. Default: none. */
	void (*taken)(struct test_frames *self, vmm_pa_t frame);
	void (*returned)(struct test_frames *self, vmm_pa_t frame, bool clean);

	uint64_t alloc_count; /**< successful allocations so far */
	uint64_t free_count;  /**< frames given back so far */
	uint64_t fail_count;  /**< allocations that failed so far */
	size_t out_count;     /**< frames that are out now */
	size_t out_peak;      /**< the most there ever were; may be set back */

	uint8_t *allocation; /* what malloc returned for the buffer */
	uint8_t *buffer;     /* guard frame, frames, guard frame */
	uint16_t *count_buffer;
	size_t frame_count;
	bool *is_out;      /* for each frame */
	size_t *stack;     /* the frames not out; the last one is handed out next */
	size_t *open;      /* room for test_frames_assert_rolled_back() */
	uint64_t limit;    /* allocations that still succeed */
	uint64_t fail_nth; /* the allocation that fails once; 0 for none */
	struct test_frames_event *events;
	size_t event_count;
	size_t event_capacity;
};

/** A copy of everything that an undone operation must have restored. */
struct test_frames_snapshot;

/**
 * Makes a source of `frame_count` frames of 2^page_shift bytes, from 3 to 20, at the pretended
 * physical address `first`, a multiple of the frame size. One frame below and one above it are
 * guards, so `first` is at least one frame. fini gives the host memory back.
 */
void test_frames_init(struct test_frames *self, unsigned int page_shift, size_t frame_count,
		      uint64_t first);

/** Fails if a frame is still out or test_frames_check() does; then frees the host memory. */
void test_frames_fini(struct test_frames *self);

/** Frees the host memory and checks nothing: for the teardown of tests that damage tables. */
void test_frames_discard(struct test_frames *self);

/** Fails if poison or guards were written to. Costs a look at the whole memory. */
void test_frames_check(const struct test_frames *self);

/** Lets the next `count` allocations succeed and all others fail, until it is called again. */
void test_frames_limit(struct test_frames *self, uint64_t count);

/** Lets the n-th allocation from now on fail, and only that; 1 is the next, 0 is none. */
void test_frames_fail_nth(struct test_frames *self, uint64_t n);

/** Whether the frame at `pa` is out. False for an address that is no frame. */
bool test_frames_is_out(const struct test_frames *self, vmm_pa_t pa);

/** The frames that can still be had, whatever the limit. */
size_t test_frames_available(const struct test_frames *self);

/** The word `index` of the frame, or of any frame of the span, at `pa`. */
uint64_t test_frames_word(const struct test_frames *self, vmm_pa_t pa, size_t index);

/** Notes where an operation begins, for test_frames_assert_rolled_back(). */
size_t test_frames_mark(const struct test_frames *self);

/**
 * Fails unless what was taken since the mark was given back, all of it, in the reverse order, as
 * clean as it came, and nothing else.
 */
void test_frames_assert_rolled_back(const struct test_frames *self, size_t mark);

/** Copies memory, counts of the frames that are out, and the order of the others. */
struct test_frames_snapshot *test_frames_save(const struct test_frames *self);

/** Fails unless everything is as in the snapshot, bit for bit, and names the first difference. */
void test_frames_assert_same(const struct test_frames *self,
			     const struct test_frames_snapshot *before);

/** The same, but frames that are not out may be in another order: something was done and undone. */
void test_frames_assert_same_set(const struct test_frames *self,
				 const struct test_frames_snapshot *before);

/** Frees a snapshot. */
void test_frames_release(struct test_frames_snapshot *snapshot);

#endif /* TEST_FRAMES_H */
