/* SPDX-License-Identifier: MIT */
/* Operations on tables of every format, against the model of extents and the independent reader. */

#include "fuzz.h"
#include "test_model_table.h"

#define STEPS 60

int fuzz_one(const uint8_t *data, size_t size)
{
	struct test_model_table_done done;
	struct test_random random;
	size_t variant;

	test_random_from(&random, data, size);
	variant = (size_t)test_random_below(&random, test_model_table_count());
	test_model_table_run(variant, &random, STEPS, &done);
	return 0;
}
