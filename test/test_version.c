/* SPDX-License-Identifier: MIT */
/* One version: of the build (PROJECT_VERSION, from Meson), of the headers and of the library. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <vmm/version.h>

static void the_library_has_the_version_of_the_build(void **state)
{
	(void)state;
	assert_string_equal(vmm_version(), PROJECT_VERSION);
	assert_string_equal(VMM_VERSION_STRING, PROJECT_VERSION);
}

static void the_string_is_made_of_the_three_numbers(void **state)
{
	char text[32];

	(void)state;
	(void)snprintf(text, sizeof(text), "%d.%d.%d", VMM_VERSION_MAJOR, VMM_VERSION_MINOR,
		       VMM_VERSION_PATCH);
	assert_string_equal(VMM_VERSION_STRING, text);
	assert_int_equal(
		vmm_version_number(),
		VMM_VERSION_NUMBER_OF(VMM_VERSION_MAJOR, VMM_VERSION_MINOR, VMM_VERSION_PATCH));
}

static void versions_compare_by_major_then_minor_then_patch(void **state)
{
	(void)state;
	assert_true(VMM_VERSION_NUMBER_OF(0, 1, 1) > VMM_VERSION_NUMBER_OF(0, 1, 0));
	assert_true(VMM_VERSION_NUMBER_OF(0, 2, 0) > VMM_VERSION_NUMBER_OF(0, 1, 999));
	assert_true(VMM_VERSION_NUMBER_OF(1, 0, 0) > VMM_VERSION_NUMBER_OF(0, 999, 999));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_library_has_the_version_of_the_build),
		cmocka_unit_test(the_string_is_made_of_the_three_numbers),
		cmocka_unit_test(versions_compare_by_major_then_minor_then_patch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
