/* SPDX-License-Identifier: MIT */
/*
 * Register words, operands of fences, arguments of SBI calls, and the walk, on a host.
 */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <vmm/riscv.h>

#include "../ports/riscv/regs.h"

static struct vmm_table table_of(const struct vmm_format *format, uint8_t va_bits)
{
	struct vmm_table table = { 0 };

	table.format = format;
	table.va_bits = va_bits;
	table.half = VMM_BOTH_HALVES;
	table.root = 0x80300000;
	table.asid = 1;
	table.flush_max = 64;
	return table;
}

static void satp_is_the_golden_word(void **state)
{
	struct vmm_table sv39 = table_of(&vmm_riscv_sv39, 39);
	struct vmm_table sv48 = table_of(&vmm_riscv_sv48, 48);
	struct vmm_table sv57 = table_of(&vmm_riscv_sv57, 57);

	(void)state;
	assert_int_equal(vmm_riscv_satp(&sv39), 0x8000100000080300);
	assert_int_equal(vmm_riscv_satp(&sv48), 0x9000100000080300);
	assert_int_equal(vmm_riscv_satp(&sv57), 0xA000100000080300);
	sv39.asid = 0xffff;
	sv39.root = (UINT64_C(1) << 56) - 0x1000;
	assert_int_equal(vmm_riscv_satp(&sv39), 0x8FFFFFFFFFFFFFFF);
}

static void satp_of_what_is_no_table_is_0(void **state)
{
	struct vmm_table none = { 0 };
	struct vmm_table other = table_of(&vmm_riscv_sv39, 42);
	struct vmm_table one_half = table_of(&vmm_riscv_sv48, 48);

	(void)state;
	one_half.half = VMM_LOWER_HALF;
	assert_int_equal(vmm_riscv_satp(&none), 0);
	assert_int_equal(vmm_riscv_satp(&other), 0);
	assert_int_equal(vmm_riscv_satp(&one_half), 0);
}

/* An address that isn't canonical makes SFENCE.VMA do nothing. */
static void addresses_are_sign_extended(void **state)
{
	(void)state;
	assert_int_equal(vmm_riscv_sign_extend_(39, 0x3FFFFFFFFF), 0x3FFFFFFFFF);
	assert_int_equal(vmm_riscv_sign_extend_(39, 0x4000000000), 0xFFFFFFC000000000);
	assert_int_equal(vmm_riscv_sign_extend_(39, 0xFFFFFFC000000000), 0xFFFFFFC000000000);
	assert_int_equal(vmm_riscv_sign_extend_(39, 0x7FFFFFF000), 0xFFFFFFFFFFFFF000);
	assert_int_equal(vmm_riscv_sign_extend_(48, 0x7FFFFFFFFFFF), 0x7FFFFFFFFFFF);
	assert_int_equal(vmm_riscv_sign_extend_(48, 0x800000000000), 0xFFFF800000000000);
	assert_int_equal(vmm_riscv_sign_extend_(57, 0x0100000000000000), 0xFF00000000000000);
	assert_int_equal(vmm_riscv_sign_extend_(57, 0x00FFFFFFFFFFF000), 0x00FFFFFFFFFFF000);
}

static struct vmm_invalidation leaves(uint64_t va, uint64_t count, uint8_t stride_shift)
{
	struct vmm_invalidation request = { 0 };

	request.scope = VMM_SCOPE_LEAF;
	request.asid = 1;
	request.stride_shift = stride_shift;
	request.va = vmm_va(va);
	request.count = count;
	return request;
}

static void a_few_leaves_are_fenced_by_address_and_asid(void **state)
{
	struct vmm_table table = table_of(&vmm_riscv_sv39, 39);
	struct vmm_invalidation request = leaves(0x4000001000, 64, 12);
	struct vmm_riscv_fence_ fence = vmm_riscv_fence_(&table, &request);

	(void)state;
	assert_true(fence.by_address);
	assert_true(fence.by_asid);
	assert_int_equal(fence.asid, 1);
	assert_int_equal(fence.first, 0xFFFFFFC000001000);
	assert_int_equal(fence.stride, 0x1000);
	assert_int_equal(fence.count, 64);
}

/* Global leaves survive a fence with an ASID, so rs2 must be x0; and ASID 0 is an ASID. */
static void global_leaves_are_fenced_for_every_asid(void **state)
{
	struct vmm_table table = table_of(&vmm_riscv_sv39, 39);
	struct vmm_invalidation request = leaves(0x1000, 1, 12);

	(void)state;
	request.any_asid = true;
	assert_false(vmm_riscv_fence_(&table, &request).by_asid);
	request.any_asid = false;
	request.asid = 0;
	assert_true(vmm_riscv_fence_(&table, &request).by_asid);
}

/* A fence by address reaches leaves only: table descriptors need rs1 = x0. */
static void removed_tables_are_fenced_with_the_whole_space(void **state)
{
	struct vmm_table table = table_of(&vmm_riscv_sv39, 39);
	struct vmm_invalidation request = leaves(0x200000, 1, 21);

	(void)state;
	request.scope = VMM_SCOPE_WALK;
	assert_false(vmm_riscv_fence_(&table, &request).by_address);
	/* And no address is told. */
	assert_int_equal(vmm_riscv_fence_(&table, &request).first, 0);
	assert_int_equal(vmm_riscv_fence_(&table, &request).stride, 0);
	assert_int_equal(vmm_riscv_fence_(&table, &request).count, 0);
	request.scope = VMM_SCOPE_SPACE;
	assert_false(vmm_riscv_fence_(&table, &request).by_address);
}

static void many_leaves_are_fenced_with_the_whole_space(void **state)
{
	struct vmm_table table = table_of(&vmm_riscv_sv39, 39);
	struct vmm_invalidation request = leaves(0x1000, 65, 12);

	(void)state;
	assert_false(vmm_riscv_fence_(&table, &request).by_address);
	table.flush_max = 65;
	assert_true(vmm_riscv_fence_(&table, &request).by_address);
}

/* For CPUs whose fence by address is broken. */
static void no_leaf_is_fenced_by_address_where_that_is_ruled_out(void **state)
{
	struct vmm_table table = table_of(&vmm_riscv_sv39, 39);
	struct vmm_invalidation request = leaves(0x1000, 1, 12);

	(void)state;
	table.flags = VMM_TABLE_FLUSH_WHOLE;
	assert_false(vmm_riscv_fence_(&table, &request).by_address);
}

static void check_call(struct vmm_riscv_rfence_ call, uint64_t function, uint64_t start,
		       uint64_t size, uint64_t asid)
{
	assert_int_equal(call.function, function);
	assert_int_equal(call.start, start);
	assert_int_equal(call.size, size);
	assert_int_equal(call.asid, asid);
}

static void a_remote_fence_of_leaves_is_a_range_of_sbi(void **state)
{
	struct vmm_riscv_fence_ fence = { true, true, 7, 0xFFFFFFC000001000, 0x1000, 3 };

	(void)state;
	check_call(vmm_riscv_rfence_(&fence), 2, 0xFFFFFFC000001000, 0x3000, 7);
	fence.by_asid = false;
	check_call(vmm_riscv_rfence_(&fence), 1, 0xFFFFFFC000001000, 0x3000, 0);
	fence.stride = 0x200000;
	check_call(vmm_riscv_rfence_(&fence), 1, 0xFFFFFFC000001000, 0x401000, 0);
	fence.count = 1;
	check_call(vmm_riscv_rfence_(&fence), 1, 0xFFFFFFC000001000, 0x1000, 0);
	/* No address is not none of them. */
	fence.count = 0;
	check_call(vmm_riscv_rfence_(&fence), 1, 0, UINT64_MAX, 0);
}

/* A range becomes one SFENCE.VMA per page, which no table descriptor hears: size -1 is rs1 = x0. */
static void a_remote_fence_of_tables_is_the_whole_space_of_sbi(void **state)
{
	struct vmm_riscv_fence_ fence = { false, true, 0, 0, 0, 0 };

	(void)state;
	check_call(vmm_riscv_rfence_(&fence), 2, 0, UINT64_MAX, 0);
	fence.by_asid = false;
	check_call(vmm_riscv_rfence_(&fence), 1, 0, UINT64_MAX, 0);
}

static void sbi_is_called_by_its_numbers(void **state)
{
	(void)state;
	assert_memory_equal("CNFR", &(uint32_t){ (uint32_t)VMM_SBI_RFENCE }, 4);
	assert_int_equal(VMM_SBI_BASE, 0x10);
	assert_int_equal(VMM_SBI_BASE_PROBE_EXTENSION, 3);
}

/* The walk, over five tables that play physical memory at 0x80000000. */

#define MEMORY_PA UINT64_C(0x80000000)

static _Alignas(4096) uint64_t memory[5][512];

static uint64_t window(void)
{
	return (uint64_t)(uintptr_t)memory - MEMORY_PA;
}

static uint64_t link_to(unsigned int index)
{
	return (MEMORY_PA + 4096 * (uint64_t)index) >> 2 | 1;
}

static uint64_t satp_of(uint64_t mode)
{
	return mode << 60 | UINT64_C(3) << 44 | MEMORY_PA >> 12;
}

static int forget_memory(void **state)
{
	(void)state;
	memset(memory, 0, sizeof(memory));
	return 0;
}

static void check_walk(uint64_t mode, uint64_t va, bool write, uint64_t expected)
{
	vmm_pa_t pa = vmm_pa(0xdead);

	assert_int_equal(vmm_riscv_walk(satp_of(mode), window(), vmm_va(va), write, &pa), VMM_OK);
	assert_int_equal(vmm_pa_raw(pa), expected);
}

static void check_walk_fails(uint64_t mode, uint64_t va, bool write, enum vmm_err err)
{
	vmm_pa_t pa = vmm_pa(0xdead);

	assert_int_equal(vmm_riscv_walk(satp_of(mode), window(), vmm_va(va), write, &pa), err);
	assert_int_equal(vmm_pa_raw(pa), 0xdead);
}

static void the_walk_finds_a_page_in_every_mode(void **state)
{
	(void)state;
	for (unsigned int mode = 8; mode <= 10; mode++) {
		unsigned int levels = mode - 5;
		uint64_t va = 0x123;

		forget_memory(NULL);
		/* The i-th level from the root uses index i + 1. */
		for (unsigned int i = 0; i < levels; i++) {
			uint64_t leaf = UINT64_C(0x90001000) >> 2 | 0xc7;

			memory[i][i + 1] = i + 1 < levels ? link_to(i + 1) : leaf;
			va |= (uint64_t)(i + 1) << (12 + 9 * (levels - 1 - i));
		}
		check_walk(mode, va, true, 0x90001123);
		check_walk_fails(mode, va + 0x1000, false, VMM_ERR_NOENT);
	}
}

static void the_walk_finds_superpages_in_both_halves(void **state)
{
	(void)state;
	memory[0][1] = UINT64_C(0x40000000) >> 2 | 0xc3;
	memory[0][511] = UINT64_C(0x80000000) >> 2 | 0xc7;
	check_walk(8, 0x40123456, false, 0x40123456);
	check_walk(8, 0xFFFFFFFFC0000010, true, 0x80000010);
	check_walk_fails(8, 0x40123456, true, VMM_ERR_NOENT);
}

static void the_walk_finds_every_page_of_a_run(void **state)
{
	(void)state;
	memory[0][0] = link_to(1);
	memory[1][0] = link_to(2);
	for (unsigned int i = 16; i < 32; i++) {
		memory[2][i] = 0x80000000200860E7;
		check_walk(8, (uint64_t)i << 12 | 5, true,
			   0x80210005 + (uint64_t)(i - 16) * 0x1000);
	}
}

static void the_walk_refuses_what_the_cpu_would(void **state)
{
	(void)state;
	memory[0][0] = link_to(1);
	memory[0][1] = UINT64_C(0x40001000) >> 2 | 0xc7; /* a gigabyte, misaligned */
	memory[0][2] = 0xc5;                             /* W without R */
	memory[0][3] = link_to(1) | 0x40;                /* a table with A */
	memory[1][0] = link_to(2);
	memory[2][0] = link_to(3);                       /* a table where pages are */
	check_walk_fails(8, 0x40000000, false, VMM_ERR_CORRUPT);
	check_walk_fails(8, 0x80000000, false, VMM_ERR_CORRUPT);
	check_walk_fails(8, 0xC0000000, false, VMM_ERR_CORRUPT);
	check_walk_fails(8, 0, false, VMM_ERR_CORRUPT);
	check_walk_fails(8, 0x200000, false, VMM_ERR_NOENT);
	check_walk_fails(8, 0x4000000000, false, VMM_ERR_RANGE);
	check_walk_fails(8, 0xFFFFFFBFFFFFFFFF, false, VMM_ERR_RANGE);
	check_walk_fails(9, 0x800000000000, false, VMM_ERR_RANGE);
	check_walk_fails(10, 0x100000000000000, false, VMM_ERR_RANGE);
	check_walk_fails(7, 0, false, VMM_ERR_UNSUPPORTED);
	check_walk_fails(11, 0, false, VMM_ERR_UNSUPPORTED);
}

static void without_translation_every_address_is_its_own(void **state)
{
	vmm_pa_t pa;

	(void)state;
	assert_int_equal(vmm_riscv_walk(0, 0, vmm_va(0x12345678), true, &pa), VMM_OK);
	assert_int_equal(vmm_pa_raw(pa), 0x12345678);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(satp_is_the_golden_word),
		cmocka_unit_test(satp_of_what_is_no_table_is_0),
		cmocka_unit_test(addresses_are_sign_extended),
		cmocka_unit_test(a_few_leaves_are_fenced_by_address_and_asid),
		cmocka_unit_test(global_leaves_are_fenced_for_every_asid),
		cmocka_unit_test(removed_tables_are_fenced_with_the_whole_space),
		cmocka_unit_test(many_leaves_are_fenced_with_the_whole_space),
		cmocka_unit_test(no_leaf_is_fenced_by_address_where_that_is_ruled_out),
		cmocka_unit_test(a_remote_fence_of_leaves_is_a_range_of_sbi),
		cmocka_unit_test(a_remote_fence_of_tables_is_the_whole_space_of_sbi),
		cmocka_unit_test(sbi_is_called_by_its_numbers),
		cmocka_unit_test_setup(the_walk_finds_a_page_in_every_mode, forget_memory),
		cmocka_unit_test_setup(the_walk_finds_superpages_in_both_halves, forget_memory),
		cmocka_unit_test_setup(the_walk_finds_every_page_of_a_run, forget_memory),
		cmocka_unit_test_setup(the_walk_refuses_what_the_cpu_would, forget_memory),
		cmocka_unit_test(without_translation_every_address_is_its_own),
	};

	return cmocka_run_group_tests_name("riscv_regs", tests, NULL, NULL);
}
