/* SPDX-License-Identifier: MIT */
#ifndef TEST_SEAM_H
#define TEST_SEAM_H

/**
 * @file test_seam.h
 * A table behind a seam that watches: every store, barrier, invalidation and frame, judged by the
 * rules of the hardware.
 *
 * Stores are plain, so they are seen by comparing the frames with a copy at each call through the
 * seam. Of each word the value at the last publish is kept, too: until the next one a walker may
 * read either. At each call, everything that a walker could read, through the tables as they are
 * or through table descriptors that it cached before, joins the model of the CPUs' caches
 * (test_tlb.h); only invalidations that are complete take anything out. Reports begin with a
 * rule:
 *
 *   A1   a live leaf changed size, type or output address without an invalid moment (Arm ARM
 *        D8.17.1)
 *   A2   made again, or an operation ended, before the old translation was forgotten (D8.17.1)
 *   A3   old permissions can still be used when the operation ends
 *   A5   a new mapping that the code which follows may not use yet (D8.17 IWZCBG); R10 on RISC-V
 *   A6   an invalidation before the store that it is about was published (K11.5.3)
 *   A7   an invalidation that the operation which started it leaves to others to complete (K11.5.3)
 *   A9   a frame is given back, or the operation ends, while a walk may still go through it
 *        (D8.17); R12 on RISC-V, also for a new table and a fence that leaves links alone
 *   A10  a table was linked before its contents were published (K11.5.3)
 *   A11  a store that walkers which bypass the caches can't see
 *   A12  an invalidation of what is no page of the table; of a wrong level
 *   A13  an invalidation of an ASID that isn't the table's
 *   A15  a contiguous run that is not whole or not alike (D8.7.1); R21 on RISC-V
 *   A17  part of a run was not forgotten (D8.7.1); R22 on RISC-V
 *   A31  a word where a walker reads that is valid and no descriptor, as what the library notes for
 *        itself must not be (D8.3); R2 on RISC-V
 *   R13  a global leaf, and a fence of one ASID
 *   R14  a fence of an address that is none ("SFENCE.VMA")
 *   R20  a translation that was valid before the last fence can still be used
 *   R22  a NAPOT run and its plain leaves could be cached at once ("Svnapot")
 *   R30  a fence by address where the table says that those are broken
 *   wide more was invalidated than had to be
 *
 * A test makes its operations by test_seam_map() and its like, which fail it if there is a
 * report, or else sets `mutation`: what the recorder then pretends that the library did, to see
 * that the judge notices.
 */

#include "test_frames.h"
#include "test_tlb.h"

/** What the recorder pretends. Requests are changed before they are judged. */
enum test_seam_mutation {
	TEST_SEAM_FAITHFUL,
	TEST_SEAM_LOSE_PUBLISH,
	TEST_SEAM_LOSE_INVALIDATE,
	TEST_SEAM_LOSE_COMPLETE,
	TEST_SEAM_LOSE_MAPPED,
	TEST_SEAM_LOSE_CLEAN,
	TEST_SEAM_LEAF_SCOPE,
	TEST_SEAM_WALK_SCOPE,
	TEST_SEAM_SPACE_SCOPE,
	TEST_SEAM_ONE_ADDRESS,
	TEST_SEAM_ONE_MORE,
	TEST_SEAM_WRONG_LEVEL,
	TEST_SEAM_WRONG_ASID,
	TEST_SEAM_EXACT_ASID,
	TEST_SEAM_ANY_ASID,
	TEST_SEAM_NO_EXTENSION, /**< addresses of the upper half as they index the tables */
	TEST_SEAM_MISALIGNED
};

/** What happened, in order; a count of stores, addresses or frames. */
enum test_seam_token {
	TEST_SEAM_TAKE,    /**< "take*n": frames */
	TEST_SEAM_BUILD,   /**< "build": stores to frames that no walker reaches */
	TEST_SEAM_STORE,   /**< "store*n": to those that it does, of words that are valid or were */
	TEST_SEAM_PUBLISH, /**< "publish" */
	TEST_SEAM_LEAF,    /**< "leaf*n", "leaf-any*n": addresses, for one ASID or all */
	TEST_SEAM_WALK,    /**< "walk*n", "walk-any*n" */
	TEST_SEAM_SPACE,   /**< "space", "space-any" */
	TEST_SEAM_COMPLETE, /**< "complete" */
	TEST_SEAM_MAPPED,   /**< "mapped" */
	TEST_SEAM_FREE      /**< "free*n": frames */
};

#define TEST_SEAM_EVENTS  256
#define TEST_SEAM_REPORTS 32

struct test_seam_event {
	enum test_seam_token token;
	uint64_t count;
	struct vmm_invalidation request; /**< leaf, walk, space and mapped */
};

/** Addresses that became mapped and may not be used yet. */
struct test_seam_fresh {
	uint64_t first;
	uint64_t last;
	bool published;
	bool linked; /**< a new table leads to them */
};

struct test_seam {
	struct test_frames frames;
	struct vmm_sync sync;
	struct vmm_table table;
	const struct test_arch *arch;

	enum test_seam_mutation mutation; /**< set at any time */
	unsigned int mutate_nth; /**< set: only the n-th such call of an operation; 0: each */
	bool is_active;          /**< set: what the library hears of is_active() */
	bool judge_resize; /**< set: judge as if the table did not have VMM_TABLE_RESIZE_LIVE */

	struct test_seam_event events[TEST_SEAM_EVENTS]; /**< of the last operation */
	size_t event_count;
	char reports[TEST_SEAM_REPORTS][160]; /**< of the last operation */
	size_t report_count;
	uint64_t op_count;

	/* Private. Words of frames are indexed by frame and word in one array each. */
	struct test_tlb tlb;
	uint64_t *now;    /* as last seen */
	uint64_t *base;   /* as last published */
	uint8_t *unclean; /* words not cleaned since they were stored */
	uint8_t *live;    /* frames that a walker may read */
	uint8_t *level;   /* of a live frame's descriptors */
	uint64_t *va;     /* of a live frame's first descriptor */
	struct test_seam_change *changes;
	size_t change_capacity;
	struct test_seam_fresh *fresh;
	size_t fresh_count;
	size_t fresh_capacity;
	struct vmm_invalidation queue[32]; /* started, not complete */
	size_t queue_count;
	unsigned int mutable_count;
	bool in_op;
	bool is_warm;     /* the cache holds what was readable before the operation */
	bool is_halted;   /* no CPU walks any more */
	bool has_direct;  /* a valid leaf was replaced by another one in a single store */
	bool has_dropped; /* a table was unlinked with something in it */
	bool may_be_wide;
	uint64_t unmap_first; /* range of an unmap, without extension; first > last: none */
	uint64_t unmap_last;
	char trace[1024];
};

/**
 * Sets up a table of `config`, with frames and sync of its own, and judges that, too.
 * @param arch  NULL for one of the six formats
 */
void test_seam_init(struct test_seam *self, const struct test_arch *arch,
		    const struct vmm_table_config *config, size_t frame_count);

/** Ends the table, judges that, and frees the host's memory. */
void test_seam_fini(struct test_seam *self);

/** Ends the fixture without a look: after damage, or a mutation. */
void test_seam_discard(struct test_seam *self);

/**
 * The table's operations, watched. Fail the test on any report while `mutation` is FAITHFUL. One
 * that fails has to have changed nothing that a walker could see.
 */
enum vmm_err test_seam_map(struct test_seam *self, uint64_t va, uint64_t pa, uint64_t size,
			   vmm_attr_t attr);
enum vmm_err test_seam_unmap(struct test_seam *self, uint64_t va, uint64_t size);
enum vmm_err test_seam_protect(struct test_seam *self, uint64_t va, uint64_t size, vmm_attr_t attr);
void test_seam_trim(struct test_seam *self);

/** Begins the end of the table: no CPU walks it any more, but CPUs may have cached all of it. */
void test_seam_begin_fini(struct test_seam *self);

/**
 * Begins and ends an operation of the test's own. end() leaves judging the reports to the caller.
 */
void test_seam_begin(struct test_seam *self);
void test_seam_end(struct test_seam *self, enum vmm_err err);

/** The last operation in words, as listed at enum test_seam_token. */
const char *test_seam_trace(struct test_seam *self);

/** Whether the last operation was reported by that rule: "A9". */
bool test_seam_has(const struct test_seam *self, const char *rule);

/** Prints the reports and fails, if there are any. */
void test_seam_assert_sound(const struct test_seam *self);

#endif /* TEST_SEAM_H */
