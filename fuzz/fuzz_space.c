/* SPDX-License-Identifier: MIT */
/* Operations on an address space, against an array of pages. */

#include "fuzz.h"
#include "test_model_space.h"

int fuzz_one(const uint8_t *data, size_t size)
{
	struct test_random random;

	test_random_from(&random, data, size);
	test_model_space_run(&random);
	return 0;
}
