/* SPDX-License-Identifier: MIT */
/*
 * What the RISC-V privileged specification demands of descriptors, registers and operands, one test by
 * each rule's number in docs/rules.md. What it demands of the order of stores and fences:
 * test_seam_rules.c.
 */

#include <string.h>

#include <vmm/riscv.h>

#include "test_formats.h"
#include "test_frames.h"
#include "test_manager.h"

#include "codec.h"
#include "regs.h"

#define BIT(n) (UINT64_C(1) << (n))
#define V BIT(0)
#define R BIT(1)
#define W BIT(2)
#define X BIT(3)
#define U BIT(4)
#define G BIT(5)
#define A BIT(6)
#define D BIT(7)
#define N BIT(63)

static struct test_frames source;
static struct vmm_table table;

static void set_up_with(const struct vmm_format *format, uint32_t flags)
{
	struct vmm_table_config config;

	memset(&config, 0, sizeof(config));
	memset(&table, 0, sizeof(table));
	test_frames_init(&source, 12, 24, 0x80000000);
	config.format = format;
	config.frames = &source.frames;
	config.asid = 5;
	config.flags = flags;
	assert_int_equal(vmm_table_init(&table, &config), VMM_OK);
}

static void set_up(const struct vmm_format *format)
{
	set_up_with(format, 0);
}

static void tear_down(void)
{
	vmm_table_fini(&table);
	test_frames_fini(&source);
}

static vmm_va_region_t region(uint64_t start, uint64_t size)
{
	return test_va_region(start, size);
}

static enum vmm_err try_map(uint64_t va, uint64_t pa, uint64_t size, vmm_attr_t attr)
{
	return vmm_table_map(&table, region(va, size), vmm_pa(pa), attr, NULL);
}

static void map(uint64_t va, uint64_t pa, uint64_t size, vmm_attr_t attr)
{
	assert_int_equal(try_map(va, pa, size, attr), VMM_OK);
}

static struct vmm_leaf leaf_at(uint64_t va)
{
	struct vmm_leaf leaf;

	assert_int_equal(vmm_table_query(&table, vmm_va(va), &leaf), VMM_OK);
	return leaf;
}

static enum vmm_kind kind(uint64_t desc, unsigned int level)
{
	return vmm_riscv_kind_(&table, desc, level);
}

/* The descriptor that decides about va in a table of one page, to be damaged. */
static uint64_t *slot_of(uint64_t va)
{
	vmm_pa_t at = vmm_table_root(&table);
	unsigned int level = table.root_level;

	for (;; level--) {
		uint64_t *words = vmm_frames_ptr(&source.frames, at);
		uint64_t *slot = &words[(va & table.va_mask) >> (12 + 9 * level) & 511];

		if (level == 0 || (*slot & (R | W | X)) != 0 || (*slot & V) == 0) {
			return slot;
		}
		at = vmm_pa((*slot & (BIT(54) - BIT(10))) << 2);
	}
}

/* Calls a function with every attribute word that vmm_attr_check() accepts. */
static void for_each_attr(void (*act)(vmm_attr_t attr, uint64_t word))
{
	for (uint32_t bits = 0; bits <= VMM_ATTR_ALL >> 3; bits++) {
		vmm_attr_t attr = vmm_attr(bits & ~VMM_ATTR_HINTS);
		vmm_attr_t stored;

		if (vmm_attr_check(attr, true) == VMM_OK &&
		    vmm_riscv_effective_(&table, attr, &stored) == VMM_OK) {
			act(attr, vmm_riscv_attr_word_(&table, stored));
		}
	}
}

static void r1_only_canonical_addresses_are_mapped(const struct vmm_format *format)
{
	uint64_t half;

	set_up(format);
	half = BIT(format->geometry->va_bits_max - 1);
	map(half - 0x1000, 0, 0x1000, VMM_KERNEL_RW);
	map(0 - half, 0, 0x1000, VMM_KERNEL_RW);
	assert_int_equal(try_map(half, 0, 0x1000, VMM_KERNEL_RW), VMM_ERR_RANGE);
	assert_int_equal(try_map(0 - half - 0x1000, 0, 0x1000, VMM_KERNEL_RW), VMM_ERR_RANGE);
	assert_int_equal(try_map(half - 0x2000, 0, 0x4000, VMM_KERNEL_RW), VMM_ERR_RANGE);
	/* Zero-extended, as it indexes the tables, it is none. */
	assert_int_equal(try_map(2 * half - 0x1000, 0, 0x1000, VMM_KERNEL_RW), VMM_ERR_RANGE);
	tear_down();
}

static void expect_readable(vmm_attr_t attr, uint64_t word)
{
	(void)attr;
	assert_int_equal(word & (V | R), V | R);
}

static void r3_reserved_permissions_are_neither_made_nor_read(const struct vmm_format *format)
{
	set_up(format);
	for_each_attr(expect_readable);
	assert_int_equal(kind(V | W, 0), VMM_KIND_BAD);
	assert_int_equal(kind(V | W | X, 0), VMM_KIND_BAD);
	assert_int_equal(kind(V | W | X, 1), VMM_KIND_BAD);
	assert_int_equal(kind(V, 1), VMM_KIND_TABLE);
	assert_int_equal(kind(V, 0), VMM_KIND_BAD);
	tear_down();
}

static void r4_a_table_descriptor_holds_nothing_but_an_address(const struct vmm_format *format)
{
	static const uint64_t bits[] = {A, D, U, BIT(61), BIT(62), N};

	set_up_with(format, VMM_TABLE_SVNAPOT | VMM_TABLE_SVPBMT);
	map(0, 0, 0x1000, VMM_KERNEL_RW);
	assert_int_equal(test_frames_word(&source, vmm_table_root(&table), 0) &
				 ~(BIT(54) - BIT(10)),
			 V);
	for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
		assert_int_equal(kind(V | bits[i], 1), VMM_KIND_BAD);
	}
	tear_down();
}

static void expect_no_reserved_bit(vmm_attr_t attr, uint64_t word)
{
	(void)attr;
	assert_int_equal(word & (UINT64_C(0x7f) << 54 | N), 0);
	assert_int_equal(word & BIT(61) & BIT(62), 0);
	if ((table.flags & VMM_TABLE_SVPBMT) == 0) {
		assert_int_equal(word >> 54, 0);
	}
}

static void r5_reserved_bits_are_clear(const struct vmm_format *format)
{
	for (unsigned int i = 0; i < 2; i++) {
		set_up_with(format, i == 0 ? 0 : VMM_TABLE_SVPBMT);
		for_each_attr(expect_no_reserved_bit);
		for (unsigned int bit = 54; bit < 64; bit++) {
			bool is_known = i == 1 && (bit == 61 || bit == 62);

			assert_int_equal(kind(V | R | A | D | BIT(bit), 0),
					 is_known ? VMM_KIND_LEAF : VMM_KIND_BAD);
		}
		/* Without Svnapot the hint makes no run. */
		map(0, 0, 0x10000, vmm_attr(VMM_ATTR_CONTIG));
		assert_int_equal(leaf_at(0).descriptor >> 54, 0);
		tear_down();
	}
}

static void r6_leaves_of_every_level_are_aligned(const struct vmm_format *format)
{
	set_up(format);
	for (unsigned int level = 0; level <= table.root_level; level++) {
		uint64_t size = BIT(12 + 9 * level);

		if (size < BIT(56)) {
			map(size, size, size, VMM_KERNEL_RW);
			assert_int_equal(leaf_at(size).level, level);
			assert_int_equal(vmm_table_unmap(&table, region(size, size), NULL), VMM_OK);
		}
		assert_int_equal(kind(V | R | BIT(10 + 9 * level), level), VMM_KIND_LEAF);
		for (unsigned int bit = 10; bit < 10 + 9 * level; bit++) {
			assert_int_equal(kind(V | R | BIT(bit), level), VMM_KIND_BAD);
		}
	}
	/* Congruent to a page only: no superpage, however large. */
	map(BIT(21), BIT(21) + 0x1000, BIT(21), VMM_KERNEL_RW);
	assert_int_equal(leaf_at(BIT(21)).level, 0);
	tear_down();
}

static void expect_accessed_and_dirty(vmm_attr_t attr, uint64_t word)
{
	(void)attr;
	assert_int_equal(word & (A | D), A | D);
}

static void r7_accessed_and_dirty_are_set_from_the_start(const struct vmm_format *format)
{
	set_up(format);
	for_each_attr(expect_accessed_and_dirty);
	/* Read-only first: D is there when it becomes writable. */
	map(0, 0, 0x1000, VMM_USER_RO);
	assert_int_equal(leaf_at(0).descriptor & (A | D), A | D);
	tear_down();
}

static void r8_protect_sets_the_bits_that_hardware_would(const struct vmm_format *format)
{
	set_up(format);
	map(0, 0, 0x1000, VMM_USER_RO);
	*slot_of(0) &= ~(A | D);
	assert_int_equal(vmm_table_protect(&table, region(0, 0x1000), VMM_USER_RW, NULL), VMM_OK);
	assert_int_equal(*slot_of(0) & (W | A | D), W | A | D);
	tear_down();
}

static void r9_a_global_table_descriptor_is_damage(const struct vmm_format *format)
{
	struct vmm_detail detail;
	struct vmm_cursor cursor;
	struct vmm_leaf leaf;
	uint64_t *root;

	set_up(format);
	map(0, 0, 0x1000, VMM_KERNEL_RW);
	assert_int_equal(leaf_at(0).descriptor & G, G);
	root = vmm_frames_ptr(&source.frames, vmm_table_root(&table));
	assert_int_equal(root[0] & G, 0);
	assert_int_equal(kind(V | G, 1), VMM_KIND_BAD);
	root[0] |= G;
	memset(&cursor, 0, sizeof(cursor));
	assert_int_equal(vmm_table_visit(&table, &cursor, &leaf, &detail), VMM_ERR_CORRUPT);
	assert_int_equal(detail.descriptor, root[0]);
	root[0] &= ~G;
	tear_down();
}

/* --- fences --- */

static struct vmm_riscv_fence_ fence_of(enum vmm_scope scope, uint64_t va, bool any_asid,
					uint16_t asid)
{
	struct vmm_invalidation request;

	memset(&request, 0, sizeof(request));
	request.scope = scope;
	request.va = vmm_va(va);
	request.count = 2;
	request.stride_shift = 21;
	request.any_asid = any_asid;
	request.asid = asid;
	return vmm_riscv_fence_(&table, &request);
}

static void r12_only_leaves_are_fenced_by_address(const struct vmm_format *format)
{
	set_up(format);
	assert_true(fence_of(VMM_SCOPE_LEAF, 0, false, 5).by_address);
	assert_false(fence_of(VMM_SCOPE_WALK, 0, false, 5).by_address);
	assert_false(fence_of(VMM_SCOPE_SPACE, 0, false, 5).by_address);
	tear_down();
}

static void r13_r15_asid_0_is_an_asid_and_every_asid_is_none(const struct vmm_format *format)
{
	set_up(format);
	assert_true(fence_of(VMM_SCOPE_LEAF, 0, false, 0).by_asid);
	assert_true(fence_of(VMM_SCOPE_SPACE, 0, false, 0).by_asid);
	assert_int_equal(fence_of(VMM_SCOPE_LEAF, 0, false, 0).asid, 0);
	assert_false(fence_of(VMM_SCOPE_LEAF, 0, true, 5).by_asid);
	assert_false(fence_of(VMM_SCOPE_SPACE, 0, true, 5).by_asid);
	tear_down();
}

static void r14_a_fenced_address_is_sign_extended(const struct vmm_format *format)
{
	uint64_t half;

	set_up(format);
	half = BIT(format->geometry->va_bits_max - 1);
	assert_int_equal(fence_of(VMM_SCOPE_LEAF, half, false, 5).first, 0 - half);
	assert_int_equal(fence_of(VMM_SCOPE_LEAF, 0 - half, false, 5).first, 0 - half);
	assert_int_equal(fence_of(VMM_SCOPE_LEAF, half - 0x1000, false, 5).first, half - 0x1000);
	tear_down();
}

static void r30_a_remote_fence_of_tables_is_of_all_addresses(const struct vmm_format *format)
{
	struct vmm_riscv_fence_ leaves, tables, global;

	set_up(format);
	leaves = fence_of(VMM_SCOPE_LEAF, BIT(30), false, 5);
	tables = fence_of(VMM_SCOPE_WALK, BIT(30), false, 5);
	global = fence_of(VMM_SCOPE_LEAF, BIT(30), true, 5);
	assert_int_equal(vmm_riscv_rfence_(&leaves).function, VMM_SBI_REMOTE_SFENCE_VMA_ASID);
	assert_int_equal(vmm_riscv_rfence_(&leaves).start, BIT(30));
	assert_int_equal(vmm_riscv_rfence_(&leaves).size, BIT(21) + 0x1000);
	assert_int_equal(vmm_riscv_rfence_(&tables).start, 0);
	assert_int_equal(vmm_riscv_rfence_(&tables).size, UINT64_MAX);
	assert_int_equal(vmm_riscv_rfence_(&global).function, VMM_SBI_REMOTE_SFENCE_VMA);
	table.flags |= VMM_TABLE_FLUSH_WHOLE;
	leaves = fence_of(VMM_SCOPE_LEAF, BIT(30), false, 5);
	assert_int_equal(vmm_riscv_rfence_(&leaves).size, UINT64_MAX);
	table.flags = 0;
	table.flush_max = 1;
	leaves = fence_of(VMM_SCOPE_LEAF, BIT(30), false, 5);
	assert_int_equal(vmm_riscv_rfence_(&leaves).size, UINT64_MAX);
	tear_down();
}

/* --- satp --- */

static void r17_satp_is_0_where_the_cpu_has_no_such_mode(const struct vmm_format *format)
{
	uint64_t mode;

	set_up(format);
	mode = format->geometry->va_bits_max == 39 ? 8 : format->geometry->va_bits_max == 48 ? 9 : 10;
	assert_int_equal(vmm_riscv_satp(&table),
			 mode << 60 | UINT64_C(5) << 44 |
				 vmm_pa_raw(vmm_table_root(&table)) >> 12);
	table.va_bits = 40;
	assert_int_equal(vmm_riscv_satp(&table), 0);
	table.va_bits = format->geometry->va_bits_max;
	tear_down();
}

static void r29_sizes_are_probed_from_the_largest_down(const struct vmm_format *format)
{
	uint8_t expected = format->geometry->va_bits_max;
	uint8_t size = VMM_RISCV_VA_BITS_MAX;

	/* The CPU has this format and so every smaller one: what is found is this one. */
	while (size > expected) {
		size = vmm_riscv_smaller_(size);
	}
	assert_int_equal(size, expected);
	assert_int_equal(vmm_riscv_smaller_(39), 0);
}

/* --- runs, types, users, addresses --- */

static void r21_a_run_has_one_encoding(const struct vmm_format *format)
{
	set_up_with(format, VMM_TABLE_SVNAPOT);
	map(0x10000, 0x80210000, 0x20000, vmm_attr(VMM_ATTR_WRITE | VMM_ATTR_CONTIG));
	for (uint64_t i = 0; i < 32; i++) {
		assert_int_equal(leaf_at(0x10000 + i * 0x1000).descriptor,
				 N | (UINT64_C(0x80210000) + (i / 16) * 0x10000) >> 2 |
					 UINT64_C(8) << 10 | D | A | W | R | V);
	}
	for (uint64_t low = 0; low < 16; low++) {
		assert_int_equal(kind(N | V | R | low << 10, 0),
				 low == 8 ? VMM_KIND_LEAF : VMM_KIND_BAD);
	}
	assert_int_equal(kind(N | V | R | UINT64_C(8) << 10, 1), VMM_KIND_BAD);
	tear_down();
}

static void r23_memory_types_are_those_of_svpbmt(const struct vmm_format *format)
{
	static const struct {
		enum vmm_mem mem;
		uint64_t pbmt;
	} types[] = {{VMM_MEM_WB, 0},
		     {VMM_MEM_NC, 1},
		     {VMM_MEM_DEV_NGNRNE, 2},
		     {VMM_MEM_DEV_NGNRE, 2},
		     {VMM_MEM_DEV_GRE, 2}};

	set_up_with(format, VMM_TABLE_SVPBMT);
	for (uint64_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		map(i << 12, 0x1000, 0x1000, vmm_attr(VMM_ATTR_MEM(types[i].mem)));
		assert_int_equal(leaf_at(i << 12).descriptor >> 61, types[i].pbmt);
	}
	assert_int_equal(kind(V | R | UINT64_C(3) << 61, 0), VMM_KIND_BAD);
	tear_down();
}

static void expect_told_apart(vmm_attr_t attr, uint64_t word)
{
	assert_true((word & U) != 0 || vmm_attr_exec(attr) != VMM_EXEC_USER);
	assert_true((word & (U | X)) != (U | X) || vmm_attr_exec(attr) == VMM_EXEC_USER);
}

static void r25_the_supervisor_never_executes_pages_of_users(const struct vmm_format *format)
{
	vmm_attr_t both = vmm_attr(VMM_ATTR_USER | VMM_ATTR_EXEC(VMM_EXEC_KERNEL));

	set_up(format);
	for_each_attr(expect_told_apart);
	assert_int_equal(try_map(0, 0, 0x1000, both), VMM_ERR_ATTR);
	map(0, 0, 0x1000, VMM_USER_RX);
	assert_int_equal(leaf_at(0).descriptor & (U | X), U | X);
	map(0x1000, 0, 0x1000, VMM_KERNEL_RX);
	assert_int_equal(leaf_at(0x1000).descriptor & (U | X), X);
	tear_down();
}

static void r27_all_44_bits_of_a_page_number_count(const struct vmm_format *format)
{
	vmm_pa_t pa;

	set_up(format);
	map(0, BIT(56) - 0x1000, 0x1000, VMM_KERNEL_RW);
	assert_int_equal(leaf_at(0).descriptor >> 10, BIT(44) - 1);
	assert_int_equal(vmm_table_translate(&table, vmm_va(5), &pa), VMM_OK);
	assert_int_equal(vmm_pa_raw(pa), BIT(56) - 0x1000 + 5);
	assert_int_equal(try_map(0x1000, BIT(56), 0x1000, VMM_KERNEL_RW), VMM_ERR_PHYS);
	tear_down();
}

int main(void)
{
	static const struct test_case cases[] = {
		TEST_CASE(r1_only_canonical_addresses_are_mapped, TEST_RISCV),
		TEST_CASE(r3_reserved_permissions_are_neither_made_nor_read, TEST_RISCV),
		TEST_CASE(r4_a_table_descriptor_holds_nothing_but_an_address, TEST_RISCV),
		TEST_CASE(r5_reserved_bits_are_clear, TEST_RISCV),
		TEST_CASE(r6_leaves_of_every_level_are_aligned, TEST_RISCV),
		TEST_CASE(r7_accessed_and_dirty_are_set_from_the_start, TEST_RISCV),
		TEST_CASE(r8_protect_sets_the_bits_that_hardware_would, TEST_RISCV),
		TEST_CASE(r9_a_global_table_descriptor_is_damage, TEST_RISCV),
		TEST_CASE(r12_only_leaves_are_fenced_by_address, TEST_RISCV),
		TEST_CASE(r13_r15_asid_0_is_an_asid_and_every_asid_is_none, TEST_RISCV),
		TEST_CASE(r14_a_fenced_address_is_sign_extended, TEST_RISCV),
		TEST_CASE(r17_satp_is_0_where_the_cpu_has_no_such_mode, TEST_RISCV),
		TEST_CASE(r21_a_run_has_one_encoding, TEST_RISCV),
		TEST_CASE(r23_memory_types_are_those_of_svpbmt, TEST_RISCV),
		TEST_CASE(r25_the_supervisor_never_executes_pages_of_users, TEST_RISCV),
		TEST_CASE(r27_all_44_bits_of_a_page_number_count, TEST_RISCV),
		TEST_CASE(r29_sizes_are_probed_from_the_largest_down, TEST_RISCV),
		TEST_CASE(r30_a_remote_fence_of_tables_is_of_all_addresses, TEST_RISCV),
	};

	return test_formats_run("riscv rules", cases, sizeof(cases) / sizeof(cases[0]));
}
