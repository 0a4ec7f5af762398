/* SPDX-License-Identifier: MIT */
#ifndef TEST_READER_H
#define TEST_READER_H

/**
 * @file test_reader.h
 * A reader of translation tables that shares nothing with the library: written from the manuals' walk
 * (Arm ARM D8.2, RISC-V Privileged "Virtual Address Translation Process").
 *
 * It also judges what a CPU would not tell: contiguous runs that are not whole, tables that are empty,
 * frames that are used twice, counts that are wrong, frames that are out and not linked.
 */

#include <vmm/table.h>

#include "test_frames.h"

/** What a table holds, besides what it maps. */
struct test_census {
	uint64_t leaf_count;
	uint64_t table_count;
	uint64_t run_count;
};

/** Physical address that a CPU would get for the index address @p va; false: it would fault. */
bool test_reader_translate(const struct vmm_table *table, uint64_t va, uint64_t *pa, uint64_t *desc);

/**
 * Reads all tables and fails the test on anything unsound.
 * @param keeps_empty  tables without a descriptor are all right
 */
void test_reader_check(const struct vmm_table *table, const struct test_frames *frames,
		       bool keeps_empty, struct test_census *census);

#endif /* TEST_READER_H */
