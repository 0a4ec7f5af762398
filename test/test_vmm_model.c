/* SPDX-License-Identifier: MIT */
/* Random operations of the manager on every format against a plain list of entries. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <vmm/record.h>

#include "test_model_manager.h"

static void the_manager_does_what_a_list_of_entries_says(void **state)
{
	uint64_t done[TEST_MODEL_MANAGER_OPS] = { 0 };
	struct test_random random;

	(void)state;
	test_random_init(&random, "vmm_model");
	for (size_t i = 0; i < test_model_manager_count(); i++) {
		test_model_manager_run(i, &random, test_random_steps(1500), done);
	}
	for (size_t i = 0; i < TEST_MODEL_MANAGER_OPS; i++) {
		assert_true(done[i] > 0 || i == VMM_MAPPING_MMIO);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_manager_does_what_a_list_of_entries_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
