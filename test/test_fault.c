/* SPDX-License-Identifier: MIT */
/* The words for memory faults. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <vmm/fault.h>

static void every_kind_has_its_words(void **state)
{
	(void)state;
	assert_string_equal(vmm_fault_kind_str(VMM_FAULT_OTHER), "other fault");
	assert_string_equal(vmm_fault_kind_str(VMM_FAULT_TRANSLATION), "translation fault");
	assert_string_equal(vmm_fault_kind_str(VMM_FAULT_PERMISSION), "permission fault");
	assert_string_equal(vmm_fault_kind_str(VMM_FAULT_ACCESS_FLAG), "access flag fault");
	assert_string_equal(vmm_fault_kind_str(VMM_FAULT_ADDRESS_SIZE), "address size fault");
	assert_string_equal(vmm_fault_kind_str(VMM_FAULT_ALIGNMENT), "alignment fault");
	assert_string_equal(vmm_fault_kind_str(VMM_FAULT_CONFLICT), "TLB conflict");
	assert_string_equal(vmm_fault_kind_str(VMM_FAULT_EXTERNAL), "external abort");
	assert_string_equal(vmm_fault_kind_str(VMM_FAULT_PAGE), "page fault");
}

static void every_access_has_its_word(void **state)
{
	(void)state;
	assert_string_equal(vmm_fault_access_str(VMM_FAULT_READ), "read");
	assert_string_equal(vmm_fault_access_str(VMM_FAULT_WRITE), "write");
	assert_string_equal(vmm_fault_access_str(VMM_FAULT_EXECUTE), "execute");
	assert_string_equal(vmm_fault_access_str(VMM_FAULT_MAINTENANCE), "maintenance");
}

static void values_that_are_not_in_the_list_have_words_too(void **state)
{
	(void)state;
	assert_string_equal(vmm_fault_kind_str((enum vmm_fault_kind)(VMM_FAULT_PAGE + 1)),
			    "other fault");
	assert_string_equal(vmm_fault_kind_str((enum vmm_fault_kind) - 1), "other fault");
	assert_string_equal(
		vmm_fault_access_str((enum vmm_fault_access)(VMM_FAULT_MAINTENANCE + 1)), "access");
	assert_string_equal(vmm_fault_access_str((enum vmm_fault_access) - 1), "access");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_has_its_words),
		cmocka_unit_test(every_access_has_its_word),
		cmocka_unit_test(values_that_are_not_in_the_list_have_words_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
