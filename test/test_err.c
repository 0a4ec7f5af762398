/* SPDX-License-Identifier: MIT */
/* The error list: stable numbers, one text each. */

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <vmm/err.h>

/* Written out again on purpose: the numbers are part of the interface. */
static const struct {
	enum vmm_err err;
	int number;
} errors[] = {
	{VMM_OK, 0},
	{VMM_ERR_EMPTY, -1},
	{VMM_ERR_ALIGN, -2},
	{VMM_ERR_WRAP, -3},
	{VMM_ERR_RANGE, -4},
	{VMM_ERR_PHYS, -5},
	{VMM_ERR_ATTR, -6},
	{VMM_ERR_WX, -7},
	{VMM_ERR_EXISTS, -8},
	{VMM_ERR_NOENT, -9},
	{VMM_ERR_NOMEM, -10},
	{VMM_ERR_NOSPACE, -11},
	{VMM_ERR_FULL, -12},
	{VMM_ERR_BUSY, -13},
	{VMM_ERR_UNSUPPORTED, -14},
	{VMM_ERR_CORRUPT, -15},
	{VMM_ERR_PINNED, -16},
};

#define ERROR_COUNT (sizeof(errors) / sizeof(errors[0]))

static void every_error_has_its_number(void **state)
{
	(void)state;
	for (size_t i = 0; i < ERROR_COUNT; i++) {
		assert_int_equal(errors[i].err, errors[i].number);
	}
}

static void every_error_has_a_text_of_its_own(void **state)
{
	(void)state;
	for (size_t i = 0; i < ERROR_COUNT; i++) {
		const char *text = vmm_err_str(errors[i].err);

		assert_non_null(text);
		assert_true(strlen(text) > 0);
		assert_string_not_equal(text, "unknown error");
		for (size_t k = 0; k < i; k++) {
			assert_string_not_equal(text, vmm_err_str(errors[k].err));
		}
	}
}

static void a_text_stands_at_the_number_it_describes(void **state)
{
	(void)state;
	assert_string_equal(vmm_err_str(VMM_OK), "success");
	assert_string_equal(vmm_err_str(VMM_ERR_WX), "writable and executable");
	assert_string_equal(vmm_err_str(VMM_ERR_FULL), "record is full");
	assert_string_equal(vmm_err_str(VMM_ERR_CORRUPT), "damaged");
}

static void a_value_outside_the_list_is_an_unknown_error(void **state)
{
	static const int strangers[] = {1, 2, -17, -1000, INT_MAX, INT_MIN};

	(void)state;
	for (size_t i = 0; i < sizeof(strangers) / sizeof(strangers[0]); i++) {
		assert_string_equal(vmm_err_str((enum vmm_err)strangers[i]), "unknown error");
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_error_has_its_number),
		cmocka_unit_test(every_error_has_a_text_of_its_own),
		cmocka_unit_test(a_text_stands_at_the_number_it_describes),
		cmocka_unit_test(a_value_outside_the_list_is_an_unknown_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
