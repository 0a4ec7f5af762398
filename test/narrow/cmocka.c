/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "cmocka.h"

jmp_buf narrow_expected;
int narrow_expects;

static jmp_buf ended;
static int was_skipped;

void narrow_fail(const char *file, int line)
{
	printf("%s:%d: failed\n", file, line);
	longjmp(ended, 1);
}

void narrow_skip(void)
{
	was_skipped = 1;
	longjmp(ended, 1);
}

void narrow_compare(uint64_t a, uint64_t b, int is_equal, const char *file, int line)
{
	if ((a == b) != is_equal) {
		printf("%#llx and %#llx\n", (unsigned long long)a, (unsigned long long)b);
		narrow_fail(file, line);
	}
}

void narrow_range(uint64_t value, uint64_t low, uint64_t high, const char *file, int line)
{
	if (value < low || value > high) {
		printf("%#llx is not in %#llx to %#llx\n", (unsigned long long)value,
		       (unsigned long long)low, (unsigned long long)high);
		narrow_fail(file, line);
	}
}

void narrow_memory(const void *a, const void *b, size_t size, int is_equal, const char *file,
		   int line)
{
	if ((memcmp(a, b, size) == 0) != is_equal) {
		printf("%zu bytes\n", size);
		narrow_fail(file, line);
	}
}

void mock_assert(int result, const char *expression, const char *file, int line)
{
	if (result) {
		return;
	}
	if (narrow_expects) {
		longjmp(narrow_expected, 1);
	}
	printf("%s\n", expression);
	narrow_fail(file, line);
}

/* Whether the part of a test ran to its end. */
static int runs(const struct CMUnitTest *test, CMFixtureFunction fixture, void **state)
{
	if (setjmp(ended) != 0) {
		return 0;
	}
	if (fixture != NULL) {
		return fixture(state) == 0;
	}
	test->test_func(state);
	return 1;
}

int _cmocka_run_group_tests(const char *name, const struct CMUnitTest *tests, size_t count,
			    CMFixtureFunction setup, CMFixtureFunction teardown)
{
	int failed = 0;
	void *group = NULL;

	if (setup != NULL && setup(&group) != 0) {
		return 1;
	}
	for (size_t i = 0; i < count; i++) {
		const struct CMUnitTest *test = &tests[i];
		void *state = test->initial_state != NULL ? test->initial_state : group;
		int good;

		was_skipped = 0;
		good = test->setup_func == NULL || runs(test, test->setup_func, &state);
		good = good && (runs(test, NULL, &state) || was_skipped);
		if (test->teardown_func != NULL) {
			good = runs(test, test->teardown_func, &state) && good;
		}
		if (!good) {
			printf("not ok: %s: %s\n", name, test->name);
			failed++;
		}
	}
	if (teardown != NULL) {
		(void)teardown(&group);
	}
	printf("%zu tests, %d failed\n", count, failed);
	return failed;
}
