/* SPDX-License-Identifier: MIT */
#ifndef TEST_FIXTURE_H
#define TEST_FIXTURE_H

/**
 * @file test_fixture.h
 * One table of any format on a suspicious source of frames: what most tests of tables begin with.
 *
 * With a manager it is test_manager.h; with a seam that is watched, test_seam.h.
 */

#include "test_arch.h"
#include "test_frames.h"
#include "test_region.h"

#include <vmm/table.h>

/** Where the source's frames pretend to begin: at a multiple of every page's size. */
#define TEST_FIXTURE_FIRST (UINT64_C(1) << 30)

struct test_fixture {
	struct test_frames frames;
	struct vmm_table table;
	const struct test_arch *arch;
	uint64_t page;  /**< bytes of a leaf of level 0 */
	uint64_t block; /**< bytes of a leaf of level 1 */
};

/**
 * Makes a source of `frame_count` frames and a table. The format and the source are filled in;
 * whatever else is to differ from zero, `config` says, or nothing if it is NULL. Fails the test if
 * there can be no such table.
 */
void test_fixture_init(struct test_fixture *self, const struct vmm_format *format,
		       size_t frame_count, const struct vmm_table_config *config);

/** Gives the table back and fails if a frame is missing, or was written to when it wasn't out. */
void test_fixture_fini(struct test_fixture *self);

#endif /* TEST_FIXTURE_H */
