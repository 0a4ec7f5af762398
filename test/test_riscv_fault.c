/* SPDX-License-Identifier: MIT */
/*
 * What scause, stval and sstatus say, and what the tables add to it.
 */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <vmm/riscv.h>

#define SPP 0x100
#define SUM 0x40000
#define MXR 0x80000

static void each_cause_has_its_kind_and_access(void **state)
{
	static const struct {
		uint64_t scause;
		enum vmm_fault_kind kind;
		enum vmm_fault_access access;
	} causes[] = {
		{ 0, VMM_FAULT_ALIGNMENT, VMM_FAULT_EXECUTE },
		{ 1, VMM_FAULT_EXTERNAL, VMM_FAULT_EXECUTE },
		{ 4, VMM_FAULT_ALIGNMENT, VMM_FAULT_READ },
		{ 5, VMM_FAULT_EXTERNAL, VMM_FAULT_READ },
		{ 6, VMM_FAULT_ALIGNMENT, VMM_FAULT_WRITE },
		{ 7, VMM_FAULT_EXTERNAL, VMM_FAULT_WRITE },
		{ 12, VMM_FAULT_PAGE, VMM_FAULT_EXECUTE },
		{ 13, VMM_FAULT_PAGE, VMM_FAULT_READ },
		{ 15, VMM_FAULT_PAGE, VMM_FAULT_WRITE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(causes) / sizeof(causes[0]); i++) {
		/* Whatever it was before. */
		struct vmm_fault fault = { .kind = VMM_FAULT_OTHER, .on_walk = true,
					   .has_level = true, .level = 3 };

		vmm_riscv_fault_decode(causes[i].scause, 0x240000000, SPP, &fault);
		assert_int_equal(fault.kind, causes[i].kind);
		assert_int_equal(fault.access, causes[i].access);
		assert_false(fault.user);
		assert_true(fault.has_va);
		assert_int_equal(vmm_va_raw(fault.va), 0x240000000);
		assert_false(fault.on_walk);
		assert_false(fault.has_level);
		assert_int_equal(fault.level, 0);
		assert_int_equal(fault.raw, causes[i].scause);
	}
}

static void what_is_no_access_to_memory_is_no_fault(void **state)
{
	static const uint64_t others[] = { 2, 3, 8, 9, 10, 11, 14, 16, 18, 19, 24, 63 };
	struct vmm_fault fault;

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		fault.has_va = true;
		vmm_riscv_fault_decode(others[i], 0x1234, 0, &fault);
		assert_int_equal(fault.kind, VMM_FAULT_OTHER);
		assert_false(fault.has_va);
		assert_int_equal(vmm_va_raw(fault.va), 0);
		assert_int_equal(fault.raw, others[i]);
	}
	/* A supervisor timer interrupt, and the one with a page fault's number. */
	vmm_riscv_fault_decode(UINT64_C(1) << 63 | 5, 0, 0, &fault);
	assert_int_equal(fault.kind, VMM_FAULT_OTHER);
	vmm_riscv_fault_decode(UINT64_C(1) << 63 | 13, 0, 0, &fault);
	assert_int_equal(fault.kind, VMM_FAULT_OTHER);
}

static void user_mode_is_told_from_supervisor_mode(void **state)
{
	struct vmm_fault fault;

	(void)state;
	vmm_riscv_fault_decode(13, 0, 0, &fault);
	assert_true(fault.user);
	vmm_riscv_fault_decode(13, 0, SPP, &fault);
	assert_false(fault.user);
}

/* A table of which only the answer to a query matters, so that any descriptor can stand in it. */
static uint64_t descriptor;

static enum vmm_err query(const struct vmm_table *table, vmm_va_t va, struct vmm_leaf *leaf)
{
	(void)table;
	(void)va;
	if (descriptor == 0) {
		return VMM_ERR_NOENT;
	}
	leaf->descriptor = descriptor;
	return VMM_OK;
}

static const struct vmm_format format = { .query = query };
static const struct vmm_table table = { .format = &format };

static enum vmm_fault_kind refined(uint64_t desc, uint64_t scause, uint64_t sstatus)
{
	struct vmm_fault fault;
	bool spurious;

	descriptor = desc;
	vmm_riscv_fault_decode(scause, 0x1000, sstatus, &fault);
	spurious = vmm_riscv_is_spurious(&table, sstatus, &fault);
	vmm_riscv_fault_refine(&table, sstatus, &fault);
	assert_int_equal(spurious, fault.kind == VMM_FAULT_PAGE);
	return fault.kind;
}

#define FETCH 12
#define LOAD 13
#define STORE 15
#define AD 0xc1u

static void a_hole_is_a_translation_fault(void **state)
{
	(void)state;
	assert_int_equal(refined(0, LOAD, SPP), VMM_FAULT_TRANSLATION);
	assert_int_equal(refined(0, STORE, 0), VMM_FAULT_TRANSLATION);
}

static void an_access_that_the_tables_allow_was_spurious(void **state)
{
	(void)state;
	assert_int_equal(refined(AD | 0x2, LOAD, SPP), VMM_FAULT_PAGE);
	assert_int_equal(refined(AD | 0x6, STORE, SPP), VMM_FAULT_PAGE);
	assert_int_equal(refined(AD | 0xa, FETCH, SPP), VMM_FAULT_PAGE);
	assert_int_equal(refined(AD | 0x16, STORE, 0), VMM_FAULT_PAGE);
	assert_int_equal(refined(AD | 0x1a, FETCH, 0), VMM_FAULT_PAGE);
}

static void an_access_that_the_tables_deny_is_a_permission_fault(void **state)
{
	(void)state;
	assert_int_equal(refined(AD | 0x2, STORE, SPP), VMM_FAULT_PERMISSION);
	assert_int_equal(refined(AD | 0x6, FETCH, SPP), VMM_FAULT_PERMISSION);
	assert_int_equal(refined(AD | 0x6, LOAD, 0), VMM_FAULT_PERMISSION);
	assert_int_equal(refined(AD | 0xa, FETCH, 0), VMM_FAULT_PERMISSION);
}

/* With SUM the supervisor loads and stores there; it never executes there. */
static void the_supervisor_needs_sum_for_pages_of_user_mode(void **state)
{
	(void)state;
	assert_int_equal(refined(AD | 0x16, LOAD, SPP), VMM_FAULT_PERMISSION);
	assert_int_equal(refined(AD | 0x16, LOAD, SPP | SUM), VMM_FAULT_PAGE);
	assert_int_equal(refined(AD | 0x16, STORE, SPP | SUM), VMM_FAULT_PAGE);
	assert_int_equal(refined(AD | 0x1a, FETCH, SPP | SUM), VMM_FAULT_PERMISSION);
	assert_int_equal(refined(AD | 0x6, LOAD, SUM), VMM_FAULT_PERMISSION);
}

static void mxr_makes_executable_pages_readable(void **state)
{
	(void)state;
	assert_int_equal(refined(AD | 0x8, LOAD, SPP), VMM_FAULT_PERMISSION);
	assert_int_equal(refined(AD | 0x8, LOAD, SPP | MXR), VMM_FAULT_PAGE);
	assert_int_equal(refined(AD | 0x8, STORE, SPP | MXR), VMM_FAULT_PERMISSION);
}

/* Svade: A clear, or D clear and a store. Returning from the trap would fault for ever. */
static void clear_accessed_and_dirty_bits_are_told(void **state)
{
	(void)state;
	assert_int_equal(refined(0x87, LOAD, SPP), VMM_FAULT_ACCESS_FLAG);
	assert_int_equal(refined(0x47, STORE, SPP), VMM_FAULT_ACCESS_FLAG);
	assert_int_equal(refined(0x47, LOAD, SPP), VMM_FAULT_PAGE);
}

static void other_kinds_stay_as_they_are(void **state)
{
	(void)state;
	assert_int_equal(refined(AD | 0x6, 5, SPP), VMM_FAULT_EXTERNAL);
	assert_int_equal(refined(0, 7, SPP), VMM_FAULT_EXTERNAL);
	assert_int_equal(refined(AD | 0x6, 2, SPP), VMM_FAULT_OTHER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_cause_has_its_kind_and_access),
		cmocka_unit_test(what_is_no_access_to_memory_is_no_fault),
		cmocka_unit_test(user_mode_is_told_from_supervisor_mode),
		cmocka_unit_test(a_hole_is_a_translation_fault),
		cmocka_unit_test(an_access_that_the_tables_allow_was_spurious),
		cmocka_unit_test(an_access_that_the_tables_deny_is_a_permission_fault),
		cmocka_unit_test(the_supervisor_needs_sum_for_pages_of_user_mode),
		cmocka_unit_test(mxr_makes_executable_pages_readable),
		cmocka_unit_test(clear_accessed_and_dirty_bits_are_told),
		cmocka_unit_test(other_kinds_stay_as_they_are),
	};

	return cmocka_run_group_tests_name("riscv_fault", tests, NULL, NULL);
}
