/* SPDX-License-Identifier: MIT */
/* The address space against a plain array of pages. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "test_model_space.h"

static void a_space_agrees_with_an_array_of_pages_after_every_step(void **state)
{
	struct test_random random;
	uint64_t rounds;

	(void)state;
	test_random_init(&random, "space_model");
	rounds = test_random_steps(60);
	for (uint64_t round = 0; round < rounds; round++) {
		test_model_space_run(&random);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_space_agrees_with_an_array_of_pages_after_every_step),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
