/* SPDX-License-Identifier: MIT */
#ifndef TEST_MODEL_TABLE_H
#define TEST_MODEL_TABLE_H

/**
 * @file test_model_table.h
 * Random operations on a table against a model that knows only extents.
 *
 * After each step the tables are read by an independent reader, `need` has to be exact, and an
 * operation that must fail has to leave every frame as it was, bit for bit. Variants are ways to set
 * up a table: every format, and within it halves, sizes and options.
 */

#include <stddef.h>

#include "test_random.h"

/** How many operations succeeded. */
struct test_model_table_done {
	uint64_t mapped;
	uint64_t unmapped;
	uint64_t protected;
};

size_t test_model_table_count(void);
const char *test_model_table_name(size_t variant);

/** Runs so many steps on a new table, fewer if the bytes behind `random` are used up. */
void test_model_table_run(size_t variant, struct test_random *random, uint64_t steps,
			  struct test_model_table_done *done);

#endif /* TEST_MODEL_TABLE_H */
