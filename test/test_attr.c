/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <vmm/attr.h>

/** The rules of attr.h once more, by the numbers of the bits. */
static enum vmm_err expected(uint32_t word, bool allow_wx)
{
	static const bool is_device[16] = {[3] = true, [4] = true, [5] = true};
	uint32_t mem = word & 15;
	uint32_t exec = (word >> 4) & 3;
	bool write = (word >> 6) & 1;
	bool user = (word >> 7) & 1;

	if (word >> 15 != 0 || mem > 6 || exec == 3) {
		return VMM_ERR_ATTR;
	}
	if ((exec == 2 && !user) || (exec != 0 && is_device[mem])) {
		return VMM_ERR_ATTR;
	}
	return exec != 0 && write && !allow_wx ? VMM_ERR_WX : VMM_OK;
}

static void every_word_of_defined_bits_is_judged_by_the_rules(void **state)
{
	unsigned int accepted = 0;

	(void)state;
	for (uint32_t word = 0; word <= VMM_ATTR_ALL; word++) {
		assert_int_equal(vmm_attr_check(vmm_attr(word), false), expected(word, false));
		assert_int_equal(vmm_attr_check(vmm_attr(word), true), expected(word, true));
		accepted += vmm_attr_check(vmm_attr(word), false) == VMM_OK;
	}
	/*
	 * 128 words of global, contiguous, software bits and leaf limit for each of: 7 types that
	 * nobody executes, with and without write and user; 4 types that are no device, executed
	 * by the kernel, with and without user, or by user code.
	 */
	assert_int_equal(accepted, 128 * (7 * 4 + 4 * 3));
}

static void every_undefined_bit_is_refused(void **state)
{
	(void)state;
	for (unsigned int bit = 15; bit < 32; bit++) {
		for (uint32_t word = 0; word <= VMM_ATTR_ALL; word += 0x11) {
			vmm_attr_t attr = vmm_attr(word | UINT32_C(1) << bit);

			assert_int_equal(vmm_attr_check(attr, false), VMM_ERR_ATTR);
			assert_int_equal(vmm_attr_check(attr, true), VMM_ERR_ATTR);
		}
	}
}

static void fields_do_not_overlap_and_fill_the_word(void **state)
{
	const uint32_t fields[] = {VMM_ATTR_MEM_MASK, VMM_ATTR_EXEC_MASK,    VMM_ATTR_WRITE,
				   VMM_ATTR_USER,     VMM_ATTR_GLOBAL,       VMM_ATTR_CONTIG,
				   VMM_ATTR_SW_MASK,  VMM_ATTR_LEAF_MAX_MASK};
	uint32_t seen = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		assert_int_equal(seen & fields[i], 0);
		seen |= fields[i];
	}
	assert_int_equal(seen, VMM_ATTR_ALL);
	assert_int_equal(VMM_ATTR_SW(3), VMM_ATTR_SW_MASK);
	assert_int_equal(VMM_ATTR_LEAF_MAX(0), 0x1000);
	assert_int_equal(VMM_ATTR_LEAF_MAX(6), VMM_ATTR_LEAF_MAX_MASK);
}

static void the_usual_attributes_are_accepted(void **state)
{
	const vmm_attr_t usual[] = {VMM_KERNEL_RX, VMM_KERNEL_RO, VMM_KERNEL_RW, VMM_DEVICE,
				    VMM_USER_RX,   VMM_USER_RO,   VMM_USER_RW};

	(void)state;
	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
		assert_int_equal(vmm_attr_check(usual[i], false), VMM_OK);
	}
}

static void device_memory_is_never_executable_even_where_wx_is_allowed(void **state)
{
	uint32_t exec = VMM_ATTR_EXEC(VMM_EXEC_KERNEL);

	(void)state;
	assert_int_equal(vmm_attr_check(vmm_attr(VMM_DEVICE.bits | exec), true), VMM_ERR_ATTR);
	assert_int_equal(vmm_attr_check(vmm_attr(VMM_DEVICE.bits | exec), false), VMM_ERR_ATTR);
}

static void writable_and_executable_needs_permission(void **state)
{
	vmm_attr_t attr = vmm_attr(VMM_KERNEL_RX.bits | VMM_ATTR_WRITE);

	(void)state;
	assert_int_equal(vmm_attr_check(attr, false), VMM_ERR_WX);
	assert_int_equal(vmm_attr_check(attr, true), VMM_OK);
}

static void hints_do_not_make_attributes_differ(void **state)
{
	vmm_attr_t plain = VMM_KERNEL_RW;

	(void)state;
	for (uint32_t word = 0; word <= VMM_ATTR_ALL; word++) {
		uint32_t other = word & ~UINT32_C(0x7200); /* leaf limit and contiguous */

		assert_int_equal(vmm_attr_is_same(plain, vmm_attr(word)), other == plain.bits);
	}
}

static void three_types_are_devices(void **state)
{
	(void)state;
	for (uint32_t mem = 0; mem < 16; mem++) {
		vmm_attr_t attr = vmm_attr(VMM_ATTR_MEM(mem) | VMM_ATTR_WRITE);

		assert_int_equal(vmm_attr_is_device(attr), mem >= 3 && mem <= 5);
		assert_int_equal(vmm_attr_mem(attr), mem);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_word_of_defined_bits_is_judged_by_the_rules),
		cmocka_unit_test(every_undefined_bit_is_refused),
		cmocka_unit_test(fields_do_not_overlap_and_fill_the_word),
		cmocka_unit_test(the_usual_attributes_are_accepted),
		cmocka_unit_test(device_memory_is_never_executable_even_where_wx_is_allowed),
		cmocka_unit_test(writable_and_executable_needs_permission),
		cmocka_unit_test(hints_do_not_make_attributes_differ),
		cmocka_unit_test(three_types_are_devices),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
