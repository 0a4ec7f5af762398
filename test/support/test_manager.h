/* SPDX-License-Identifier: MIT */
#ifndef TEST_MANAGER_H
#define TEST_MANAGER_H

/**
 * @file test_manager.h
 * A manager on a table of any format, with a suspicious source of frames, and copies of all that it
 * has for comparison.
 */

#include "test_frames.h"
#include "test_region.h"

#include <vmm/vmm.h>

#define TEST_POOL_COUNT 64

/** A sink that keeps the text; terminated. */
struct test_text {
	struct vmm_out out;
	size_t used;
	size_t piece_count;
	char text[16384];
};

void test_text_init(struct test_text *self);

struct test_manager {
	struct test_frames frames;
	struct vmm_table table;
	struct vmm vmm;
	struct vmm_mapping pool[TEST_POOL_COUNT];
	struct vmm_config config;
	struct test_text text;
};

/** What is set up. Members that are 0 mean the default. */
struct test_manager_config {
	const struct vmm_format *format;
	enum vmm_half half;
	uint8_t va_bits;
	uint32_t flags;
	uint32_t pool_count;     /**< default: TEST_POOL_COUNT */
	vmm_va_region_t area;
	vmm_va_region_t window;
	struct vmm_guards guards;
};

/** Sets everything up; fails the test if it can't. */
void test_manager_init(struct test_manager *self, const struct test_manager_config *config);

/** Checks the manager, gives everything back, and fails if a frame is missing. */
void test_manager_fini(struct test_manager *self);

/** Fails unless the manager is sound and audit finds nothing; prints what it finds. */
void test_manager_check(struct test_manager *self);

/** Everything that an operation which fails has to leave alone. */
struct test_manager_snapshot;

struct test_manager_snapshot *test_manager_save(const struct test_manager *self);

/**
 * Fails unless tables, frames, record, free entries and both spaces are as they were, bit for bit:
 * trees to the last link, color and bound.
 */
void test_manager_assert_same(const struct test_manager *self,
			      const struct test_manager_snapshot *before);

/** The same, but for the order of the frames that are not out: a step was done and undone. */
void test_manager_assert_undone(const struct test_manager *self,
				const struct test_manager_snapshot *before);

void test_manager_release(struct test_manager_snapshot *snapshot);

#endif /* TEST_MANAGER_H */
