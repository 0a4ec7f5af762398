/* SPDX-License-Identifier: MIT */
/* ESR_EL1 and FAR_EL1 into words, with syndromes as QEMU and the manual give them. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <vmm/aarch64.h>

#define FAR         UINT64_C(0xffff000012345678)
#define DATA_SAME   UINT64_C(0x96000000)
#define DATA_LOWER  UINT64_C(0x92000000)
#define FETCH_SAME  UINT64_C(0x86000000)
#define FETCH_LOWER UINT64_C(0x82000000)

static struct vmm_fault decode(uint64_t esr)
{
	struct vmm_fault fault;

	/* What the object held before is no part of the answer. */
	memset(&fault, 1, sizeof(fault));
	vmm_aarch64_fault_decode(esr, FAR, &fault);
	assert_int_equal(fault.raw, esr);
	return fault;
}

static void a_read_of_an_unmapped_address_is_a_translation_fault(void **state)
{
	struct vmm_fault fault = decode(0x96000005);

	(void)state;
	assert_int_equal(fault.kind, VMM_FAULT_TRANSLATION);
	assert_int_equal(fault.access, VMM_FAULT_READ);
	assert_true(fault.has_level);
	assert_int_equal(fault.level, 1);
	assert_true(fault.has_va);
	assert_int_equal(vmm_va_raw(fault.va), FAR);
	assert_false(fault.user);
}

static void a_write_to_code_is_a_permission_fault(void **state)
{
	struct vmm_fault fault = decode(0x9600004f);

	(void)state;
	assert_int_equal(fault.kind, VMM_FAULT_PERMISSION);
	assert_int_equal(fault.access, VMM_FAULT_WRITE);
	assert_int_equal(fault.level, 3);
}

static void a_fetch_from_data_is_a_permission_fault(void **state)
{
	struct vmm_fault fault = decode(0x8600000e);

	(void)state;
	assert_int_equal(fault.kind, VMM_FAULT_PERMISSION);
	assert_int_equal(fault.access, VMM_FAULT_EXECUTE);
	assert_int_equal(fault.level, 2);
	assert_true(fault.has_va);
}

static void faults_from_a_lower_level_are_users(void **state)
{
	(void)state;
	assert_true(decode(DATA_LOWER | 7).user);
	assert_true(decode(FETCH_LOWER | 7).user);
	assert_false(decode(DATA_SAME | 7).user);
	assert_false(decode(FETCH_SAME | 7).user);
}

/* Bit 6 is set for these too, whatever they need. */
static void cache_maintenance_is_not_a_write(void **state)
{
	(void)state;
	assert_int_equal(decode(0x96000147).access, VMM_FAULT_MAINTENANCE);
}

static void mmu_off_code_with_an_unaligned_access_is_an_alignment_fault(void **state)
{
	struct vmm_fault fault = decode(0x96000061);

	(void)state;
	assert_int_equal(fault.kind, VMM_FAULT_ALIGNMENT);
	assert_int_equal(fault.access, VMM_FAULT_WRITE);
	assert_false(fault.has_level);
	assert_true(fault.has_va);
}

/* The manual's tables of DFSC and IFSC, all 64 codes. */
static void every_status_code_has_its_kind_and_level(void **state)
{
	enum {
		NONE = 9
	};
	static const struct {
		enum vmm_fault_kind kind;
		int level;
		bool on_walk;
	} codes[64] = {
		[0x00] = {VMM_FAULT_ADDRESS_SIZE, 0, false},
		[0x01] = {VMM_FAULT_ADDRESS_SIZE, 1, false},
		[0x02] = {VMM_FAULT_ADDRESS_SIZE, 2, false},
		[0x03] = {VMM_FAULT_ADDRESS_SIZE, 3, false},
		[0x04] = {VMM_FAULT_TRANSLATION, 0, false},
		[0x05] = {VMM_FAULT_TRANSLATION, 1, false},
		[0x06] = {VMM_FAULT_TRANSLATION, 2, false},
		[0x07] = {VMM_FAULT_TRANSLATION, 3, false},
		[0x08] = {VMM_FAULT_ACCESS_FLAG, 0, false},
		[0x09] = {VMM_FAULT_ACCESS_FLAG, 1, false},
		[0x0a] = {VMM_FAULT_ACCESS_FLAG, 2, false},
		[0x0b] = {VMM_FAULT_ACCESS_FLAG, 3, false},
		[0x0c] = {VMM_FAULT_PERMISSION, 0, false},
		[0x0d] = {VMM_FAULT_PERMISSION, 1, false},
		[0x0e] = {VMM_FAULT_PERMISSION, 2, false},
		[0x0f] = {VMM_FAULT_PERMISSION, 3, false},
		[0x10] = {VMM_FAULT_EXTERNAL, NONE, false},
		[0x12] = {VMM_FAULT_EXTERNAL, -2, true},
		[0x13] = {VMM_FAULT_EXTERNAL, -1, true},
		[0x14] = {VMM_FAULT_EXTERNAL, 0, true},
		[0x15] = {VMM_FAULT_EXTERNAL, 1, true},
		[0x16] = {VMM_FAULT_EXTERNAL, 2, true},
		[0x17] = {VMM_FAULT_EXTERNAL, 3, true},
		[0x18] = {VMM_FAULT_EXTERNAL, NONE, false},
		[0x1b] = {VMM_FAULT_EXTERNAL, -1, true},
		[0x1c] = {VMM_FAULT_EXTERNAL, 0, true},
		[0x1d] = {VMM_FAULT_EXTERNAL, 1, true},
		[0x1e] = {VMM_FAULT_EXTERNAL, 2, true},
		[0x1f] = {VMM_FAULT_EXTERNAL, 3, true},
		[0x21] = {VMM_FAULT_ALIGNMENT, NONE, false},
		[0x22] = {VMM_FAULT_EXTERNAL, -2, true},
		[0x23] = {VMM_FAULT_EXTERNAL, -1, true},
		[0x24] = {VMM_FAULT_EXTERNAL, 0, true},
		[0x25] = {VMM_FAULT_EXTERNAL, 1, true},
		[0x26] = {VMM_FAULT_EXTERNAL, 2, true},
		[0x27] = {VMM_FAULT_EXTERNAL, 3, true},
		[0x28] = {VMM_FAULT_EXTERNAL, NONE, false},
		[0x29] = {VMM_FAULT_ADDRESS_SIZE, -1, false},
		[0x2a] = {VMM_FAULT_TRANSLATION, -2, false},
		[0x2b] = {VMM_FAULT_TRANSLATION, -1, false},
		[0x2c] = {VMM_FAULT_ADDRESS_SIZE, -2, false},
		[0x30] = {VMM_FAULT_CONFLICT, NONE, false},
	};
	unsigned int code;

	(void)state;
	for (code = 0; code < 64; code++) {
		struct vmm_fault fault = decode(DATA_SAME | code);
		bool leveled = codes[code].kind != VMM_FAULT_OTHER && codes[code].level != NONE;

		assert_int_equal(fault.kind, codes[code].kind);
		assert_int_equal(fault.on_walk, codes[code].on_walk);
		assert_int_equal(fault.has_level, leveled);
		assert_int_equal(fault.level, leveled ? codes[code].level : 0);
		assert_int_equal(decode(FETCH_SAME | code).kind, codes[code].kind);
	}
}

static void an_external_abort_may_not_know_its_address(void **state)
{
	(void)state;
	assert_true(decode(DATA_SAME | 0x10).has_va);
	assert_false(decode(DATA_SAME | 0x410).has_va);
	assert_int_equal(vmm_va_raw(decode(DATA_SAME | 0x410).va), 0);
	assert_false(decode(FETCH_SAME | 0x410).has_va);
	/* For other codes the bit is RES0. */
	assert_true(decode(DATA_SAME | 0x414).has_va);
}

static void a_misaligned_pc_has_an_address_and_a_misaligned_sp_has_none(void **state)
{
	struct vmm_fault pc = decode(0x8a000000), sp = decode(0x9a000000);

	(void)state;
	assert_int_equal(pc.kind, VMM_FAULT_ALIGNMENT);
	assert_int_equal(pc.access, VMM_FAULT_EXECUTE);
	assert_true(pc.has_va);
	assert_false(pc.user);
	assert_int_equal(sp.kind, VMM_FAULT_ALIGNMENT);
	assert_int_equal(sp.access, VMM_FAULT_READ);
	assert_false(sp.user);
	assert_false(sp.has_va);
}

/* SVC, undefined instruction, SError, breakpoint. */
static void other_exceptions_are_no_memory_faults(void **state)
{
	static const uint64_t others[] = {0x56000000, 0x02000000, 0xbe000010, 0xf2000000};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		struct vmm_fault fault = decode(others[i]);

		assert_int_equal(fault.kind, VMM_FAULT_OTHER);
		assert_int_equal(fault.access, VMM_FAULT_READ);
		assert_false(fault.user);
		assert_false(fault.has_va);
		assert_false(fault.has_level);
		assert_int_equal(vmm_va_raw(fault.va), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_read_of_an_unmapped_address_is_a_translation_fault),
		cmocka_unit_test(a_write_to_code_is_a_permission_fault),
		cmocka_unit_test(a_fetch_from_data_is_a_permission_fault),
		cmocka_unit_test(faults_from_a_lower_level_are_users),
		cmocka_unit_test(cache_maintenance_is_not_a_write),
		cmocka_unit_test(mmu_off_code_with_an_unaligned_access_is_an_alignment_fault),
		cmocka_unit_test(every_status_code_has_its_kind_and_level),
		cmocka_unit_test(an_external_abort_may_not_know_its_address),
		cmocka_unit_test(a_misaligned_pc_has_an_address_and_a_misaligned_sp_has_none),
		cmocka_unit_test(other_exceptions_are_no_memory_faults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
