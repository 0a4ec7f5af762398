/* SPDX-License-Identifier: MIT */
#ifndef NARROW_CMOCKA_H
#define NARROW_CMOCKA_H

/**
 * @file cmocka.h
 * As much of CMocka's interface as the tests here use, for a machine that has no CMocka: a host's
 * compiler that also makes programs with pointers of 32 bits, where the library is only there for 64.
 * See ../narrow.py. A failure prints where it is, and the test ends; the others go on.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

typedef void (*CMUnitTestFunction)(void **state);
typedef int (*CMFixtureFunction)(void **state);

struct CMUnitTest {
	const char *name;
	CMUnitTestFunction test_func;
	CMFixtureFunction setup_func;
	CMFixtureFunction teardown_func;
	void *initial_state;
};

#define cmocka_unit_test(f) { #f, f, NULL, NULL, NULL }
#define cmocka_unit_test_setup(f, setup) { #f, f, setup, NULL, NULL }
#define cmocka_unit_test_teardown(f, teardown) { #f, f, NULL, teardown, NULL }
#define cmocka_unit_test_setup_teardown(f, setup, teardown) { #f, f, setup, teardown, NULL }
#define cmocka_unit_test_prestate(f, state) { #f, f, NULL, NULL, state }
#define cmocka_run_group_tests(tests, setup, teardown)                                  \
	_cmocka_run_group_tests(#tests, tests, sizeof(tests) / sizeof((tests)[0]), setup, \
				teardown)
#define cmocka_run_group_tests_name(name, tests, setup, teardown)                     \
	_cmocka_run_group_tests(name, tests, sizeof(tests) / sizeof((tests)[0]), setup, \
				teardown)

int _cmocka_run_group_tests(const char *name, const struct CMUnitTest *tests, size_t count,
			    CMFixtureFunction setup, CMFixtureFunction teardown);

/** Ends the test that runs. */
_Noreturn void narrow_fail(const char *file, int line);
void narrow_compare(uint64_t a, uint64_t b, int is_equal, const char *file, int line);
void narrow_range(uint64_t value, uint64_t low, uint64_t high, const char *file, int line);
void narrow_memory(const void *a, const void *b, size_t size, int is_equal, const char *file,
		   int line);
void narrow_skip(void);

/* As CMocka's: an argument is evaluated once, and every number compared as an unsigned one of its largest type. */
#define NARROW_INT_(v) ((uint64_t)(int64_t)(v))
#define assert_true(c) \
	do { if (!(c)) { printf("false: %s\n", #c); narrow_fail(__FILE__, __LINE__); } } while (0)
#define assert_false(c) assert_true(!(c))
#define assert_null(p) assert_true((p) == NULL)
#define assert_non_null(p) assert_true((p) != NULL)
#define assert_ptr_equal(a, b) assert_true((const volatile void *)(a) == (const volatile void *)(b))
#define assert_ptr_not_equal(a, b) assert_false((const volatile void *)(a) == (const volatile void *)(b))
#define assert_int_equal(a, b) \
	narrow_compare(NARROW_INT_(a), NARROW_INT_(b), 1, __FILE__, __LINE__)
#define assert_int_not_equal(a, b) \
	narrow_compare(NARROW_INT_(a), NARROW_INT_(b), 0, __FILE__, __LINE__)
#define assert_in_range(v, low, high) \
	narrow_range(NARROW_INT_(v), NARROW_INT_(low), NARROW_INT_(high), __FILE__, __LINE__)
#define assert_string_equal(a, b) assert_true(strcmp((a), (b)) == 0)
#define assert_string_not_equal(a, b) assert_true(strcmp((a), (b)) != 0)
#define assert_memory_equal(a, b, size) narrow_memory((a), (b), (size), 1, __FILE__, __LINE__)
#define assert_memory_not_equal(a, b, size) narrow_memory((a), (b), (size), 0, __FILE__, __LINE__)
#define print_message(...) printf(__VA_ARGS__)
#define print_error(...) printf(__VA_ARGS__)
#define fail_msg(...) do { printf(__VA_ARGS__); narrow_fail(__FILE__, __LINE__); } while (0)
#define fail() narrow_fail(__FILE__, __LINE__)
#define skip() narrow_skip()

/* A rule that a test means to break. */
extern jmp_buf narrow_expected;
extern int narrow_expects;
void mock_assert(int result, const char *expression, const char *file, int line);
#define expect_assert_failure(call)                                                  \
	do {                                                                         \
		narrow_expects = 1;                                                  \
		if (setjmp(narrow_expected) == 0) {                                  \
			call;                                                        \
			narrow_expects = 0;                                          \
			printf("no failure of %s\n", #call);                         \
			narrow_fail(__FILE__, __LINE__);                             \
		}                                                                    \
		narrow_expects = 0;                                                  \
	} while (0)

#endif /* NARROW_CMOCKA_H */
