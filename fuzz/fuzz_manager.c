/* SPDX-License-Identifier: MIT */
/* Operations of the manager on every format, against a list of entries. */

#include "fuzz.h"
#include "test_model_manager.h"

#define STEPS 300

int fuzz_one(const uint8_t *data, size_t size)
{
	uint64_t done[TEST_MODEL_MANAGER_OPS] = { 0 };
	struct test_random random;
	size_t variant;

	test_random_from(&random, data, size);
	variant = (size_t)test_random_below(&random, test_model_manager_count());
	test_model_manager_run(variant, &random, STEPS, done);
	return 0;
}
