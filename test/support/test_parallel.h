/* SPDX-License-Identifier: MIT */
#ifndef TEST_PARALLEL_H
#define TEST_PARALLEL_H

/**
 * @file test_parallel.h
 * What tests with several CPUs need: threads that play them, a source of frames with a lock, and
 * random changes of a table that are compared with a model.
 *
 * A thread must not end a test: it notes what is wrong with test_parallel_expect(), and
 * test_parallel_run() fails when all have ended.
 */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <pthread.h>
#include <cmocka.h>

#include <vmm/buddy.h>
#include <vmm/table.h>

#include "test_random.h"

#define TEST_PARALLEL_MAX 4

/** What every fixture maps: an address and this many bytes more. Congruent for every leaf. */
#define TEST_PARALLEL_AWAY (UINT64_C(1) << 39)

/** A thread that plays a CPU. */
struct test_worker {
	void (*run)(struct test_worker *self);
	void *what;             /**< the test's own */
	unsigned int index;
	struct test_random random;
	const char *fault;      /**< the first thing that was wrong; NULL: nothing */
	struct test_parallel *all;
	pthread_t thread;
};

struct test_parallel {
	struct test_worker workers[TEST_PARALLEL_MAX];
	unsigned int count;
	unsigned int busy;      /* workers that are not done: by atomic accesses, as is what follows */
	unsigned int lookers;
	unsigned int looks;
	unsigned int changes;
	pthread_barrier_t start;
};

/** Adds a worker to a zeroed set. */
void test_parallel_add(struct test_parallel *self, void (*run)(struct test_worker *), void *what);

/** Lets all begin at once, waits for all, and fails if something was wrong. */
void test_parallel_run(struct test_parallel *self, struct test_random *random);

/** Notes that something is wrong unless it holds. Returns whether it does. */
bool test_parallel_expect(struct test_worker *self, bool holds, const char *sentence);

/** Whether a worker is still busy: for those that look on until the others have done. */
bool test_parallel_is_busy(struct test_worker *self);

/** The worker has done: those that look on may end. */
void test_parallel_done(struct test_worker *self);

/** The worker only looks on: it has done as far as others are concerned. */
void test_parallel_look_on(struct test_worker *self);

/** It has looked once: waits a little for a change, however busy the machine is. */
void test_parallel_looked(struct test_worker *self);

/** The worker has changed something: waits a little until somebody has looked, if there is anybody. */
void test_parallel_changed(struct test_worker *self);

/** A lock that can be left out, to see who notices. */
struct test_lock {
	pthread_rwlock_t lock;
};

/** Set: nobody waits for a lock. */
extern bool test_parallel_careless;

void test_lock_init(struct test_lock *self);
void test_lock_fini(struct test_lock *self);
void test_lock_take(struct test_lock *self);
/** For those that only read: beside each other. */
void test_lock_share(struct test_lock *self);
void test_lock_give(struct test_lock *self);

/** A buddy allocator as a source, with a lock of its own around alloc and free. */
struct test_locked {
	struct vmm_frames frames; /**< first */
	struct vmm_buddy buddy;
	struct test_lock lock;
	uint8_t *bytes;
	uint8_t *state;
	uint16_t *counts;
};

void test_locked_init(struct test_locked *self, unsigned int page_shift, unsigned int frame_count);
/** Fails if a frame is missing or the allocator is not sound. */
void test_locked_fini(struct test_locked *self);

/** A seam that does nothing but count, in a way that orders nothing between CPUs. */
extern const struct vmm_sync test_parallel_sync;

/** Addresses of a table that one worker changes, and the model: which pages are mapped. */
struct test_area {
	struct vmm_table *table;
	uint64_t start;
	uint64_t page_count;
	uint64_t page;
	bool *mapped;
};

/** Two leaves of level 1 and some pages, from `start`, a multiple of such a leaf. */
void test_area_init(struct test_area *self, struct vmm_table *table, uint64_t start);
void test_area_fini(struct test_area *self);

/** One random map, unmap or protect, and a look at a random page. */
void test_area_change(struct test_area *self, struct test_worker *worker);

/** A random address of the area. */
uint64_t test_area_any(const struct test_area *self, struct test_worker *worker);

/** Translates, queries and visits like somebody who knows of no changes. */
void test_area_look(const struct test_area *self, const struct vmm_table *table,
		    struct test_worker *worker);

#endif /* TEST_PARALLEL_H */
