/* SPDX-License-Identifier: MIT */
/* Random operations on tables of every format against a model that knows only extents. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "test_model_table.h"

#define VARIANTS_MAX 40

static size_t indices[VARIANTS_MAX];

static void model_of_variant(void **state)
{
	size_t variant = *(const size_t *)*state;
	struct test_model_table_done done;
	struct test_random random;
	uint64_t steps = test_random_steps(300);

	test_random_init(&random, test_model_table_name(variant));
	test_model_table_run(variant, &random, steps, &done);
	print_message("# %s: %llu steps; mapped %llu, unmapped %llu, protected %llu\n",
		      test_model_table_name(variant), (unsigned long long)steps,
		      (unsigned long long)done.mapped, (unsigned long long)done.unmapped,
		      (unsigned long long)done.protected);
	assert_true(done.mapped > 0 && done.unmapped > 0);
}

int main(void)
{
	static struct CMUnitTest tests[VARIANTS_MAX];
	size_t count = test_model_table_count();

	if (count > VARIANTS_MAX) {
		return 1;
	}
	for (size_t i = 0; i < count; i++) {
		indices[i] = i;
		memset(&tests[i], 0, sizeof(tests[i]));
		tests[i].name = test_model_table_name(i);
		tests[i].test_func = model_of_variant;
		tests[i].initial_state = &indices[i];
	}
	return _cmocka_run_group_tests("table model", tests, count, NULL, NULL);
}
