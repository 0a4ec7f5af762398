/* SPDX-License-Identifier: MIT */
/* What a change of a range does to leaves and runs, and what it leaves alone, on every format. */

#include <string.h>

#include "test_fixture.h"
#include "test_formats.h"

#define FRAME_COUNT 24

static struct test_fixture f;

static void set_up(const struct vmm_format *format)
{
	struct vmm_table_config config;

	memset(&config, 0, sizeof(config));
	config.flags = test_formats_is_riscv(format) ? VMM_TABLE_SVNAPOT : 0;
	test_fixture_init(&f, format, FRAME_COUNT, &config);
}

static void tear_down(void)
{
	test_fixture_fini(&f);
}

static void map(uint64_t va, uint64_t pa, uint64_t size, uint32_t attr)
{
	assert_int_equal(
		vmm_table_map(&f.table, test_va_region(va, size), vmm_pa(pa), vmm_attr(attr), NULL),
		VMM_OK);
}

static enum vmm_err protect(uint64_t va, uint64_t size, uint32_t attr)
{
	return vmm_table_protect(&f.table, test_va_region(va, size), vmm_attr(attr), NULL);
}

static struct vmm_leaf leaf_at(uint64_t va)
{
	struct vmm_leaf leaf;

	assert_int_equal(vmm_table_query(&f.table, vmm_va(va), &leaf), VMM_OK);
	return leaf;
}

/* From each to each: access, execute, user and software bits. */
static const uint32_t permissions[] = {
	0,
	VMM_ATTR_WRITE,
	VMM_ATTR_USER,
	VMM_ATTR_USER | VMM_ATTR_WRITE,
	VMM_ATTR_EXEC(VMM_EXEC_KERNEL),
	VMM_ATTR_USER | VMM_ATTR_EXEC(VMM_EXEC_USER),
	VMM_ATTR_SW(1),
	VMM_ATTR_SW(2) | VMM_ATTR_WRITE,
	VMM_ATTR_SW(3),
};

#define PERMISSION_COUNT (sizeof(permissions) / sizeof(permissions[0]))

/* Pages go a short way, blocks do not. */
static void expect_each_protected(const struct vmm_format *format, uint64_t size)
{
	for (size_t i = 0; i < PERMISSION_COUNT; i++) {
		for (size_t j = 0; j < PERMISSION_COUNT; j++) {
			struct vmm_leaf before, after;

			set_up(format);
			map(size, 3 * size, size, permissions[i]);
			before = leaf_at(size);
			assert_int_equal(protect(size, size, permissions[j]), VMM_OK);
			after = leaf_at(size);
			assert_int_equal((before.attr.bits ^ permissions[i]) & ~VMM_ATTR_MEM_MASK,
					 0);
			assert_int_equal((after.attr.bits ^ permissions[j]) & ~VMM_ATTR_MEM_MASK, 0);
			assert_int_equal(vmm_attr_mem(after.attr), vmm_attr_mem(before.attr));
			assert_int_equal(vmm_pa_raw(after.pa), 3 * size);
			assert_int_equal(after.level, before.level);
			tear_down();
		}
	}
}

static void protect_changes_access_execute_user_and_software_bits(const struct vmm_format *format)
{
	expect_each_protected(format, test_formats_page(format));
	expect_each_protected(format, test_formats_leaf(format, 1));
}

static void protect_keeps_type_and_globality(const struct vmm_format *format)
{
	uint64_t page = test_formats_page(format);
	uint64_t block = test_formats_leaf(format, 1);
	uint64_t sizes[] = {page, 3 * page, block};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct vmm_leaf before;

		set_up(format);
		map(block, block, sizes[i], VMM_ATTR_WRITE | VMM_ATTR_GLOBAL);
		before = leaf_at(block);
		assert_int_equal(protect(block, sizes[i], 0), VMM_ERR_ATTR);
		if (!test_formats_is_riscv(format)) {
			assert_int_equal(protect(block, sizes[i],
						 VMM_ATTR_GLOBAL | VMM_ATTR_MEM(VMM_MEM_NC)),
					 VMM_ERR_ATTR);
		}
		assert_int_equal(leaf_at(block).descriptor, before.descriptor);
		assert_int_equal(protect(block, sizes[i], VMM_ATTR_GLOBAL), VMM_OK);
		tear_down();
	}
}

static void the_largest_leaf_can_be_limited(const struct vmm_format *format)
{
	uint64_t block = test_formats_leaf(format, 1);

	for (unsigned int level = 0; level <= 1; level++) {
		set_up(format);
		map(block, block, block, VMM_ATTR_WRITE | VMM_ATTR_LEAF_MAX(level));
		assert_int_equal(leaf_at(block).level, level);
		assert_int_equal(leaf_at(2 * block - 1).level, level);
		tear_down();
	}
}

/* A block in a run is cut: of the pages that take its place all whole runs are marked, but the cut one. */
static void runs_are_set_again_where_they_are_whole(const struct vmm_format *format)
{
	uint64_t page = test_formats_page(format);
	uint64_t block = test_formats_leaf(format, 1);
	uint64_t run = test_formats_run_count(format) * page;
	bool has_large_runs = format->geometry->run_shift[1] != 0;
	uint64_t count = has_large_runs ? UINT64_C(1) << format->geometry->run_shift[1] : 1;
	uint64_t start = count * block;

	set_up(format);
	map(start, start, count * block, VMM_ATTR_WRITE | VMM_ATTR_CONTIG);
	assert_int_equal(leaf_at(start).level, 1);
	assert_true(vmm_attr_has(leaf_at(start).attr, VMM_ATTR_CONTIG) == has_large_runs);
	assert_int_equal(protect(start + run, page, 0), VMM_OK);
	for (uint64_t va = start; va < start + block; va += page) {
		struct vmm_leaf leaf = leaf_at(va);
		bool is_cut = va >= start + run && va < start + 2 * run;

		assert_int_equal(leaf.level, 0);
		assert_int_equal(vmm_pa_raw(leaf.pa), va);
		assert_true(vmm_attr_has(leaf.attr, VMM_ATTR_WRITE) == (va != start + run));
		assert_true(vmm_attr_has(leaf.attr, VMM_ATTR_CONTIG) == (has_large_runs && !is_cut));
	}
	/* The other blocks of what was a run. */
	for (uint64_t i = 1; i < count; i++) {
		struct vmm_leaf leaf = leaf_at(start + i * block);

		assert_int_equal(leaf.level, 1);
		assert_false(vmm_attr_has(leaf.attr, VMM_ATTR_CONTIG));
	}
	tear_down();
}

static void a_run_that_is_not_cut_stays_one(const struct vmm_format *format)
{
	uint64_t page = test_formats_page(format);
	uint64_t run = test_formats_run_count(format) * page;

	set_up(format);
	map(run, run, 3 * run, VMM_ATTR_WRITE | VMM_ATTR_CONTIG);
	/* Whole ones in the middle, cut ones at the ends. */
	assert_int_equal(protect(2 * run - page, run + 2 * page, 0), VMM_OK);
	for (uint64_t va = run; va < 4 * run; va += page) {
		struct vmm_leaf leaf = leaf_at(va);

		assert_true(vmm_attr_has(leaf.attr, VMM_ATTR_CONTIG) ==
			    (va >= 2 * run && va < 3 * run));
		assert_true(vmm_attr_has(leaf.attr, VMM_ATTR_WRITE) ==
			    (va < 2 * run - page || va >= 3 * run + page));
	}
	tear_down();
}

int main(void)
{
	static const struct test_case cases[] = {
		TEST_CASE(protect_changes_access_execute_user_and_software_bits, TEST_ALL),
		TEST_CASE(protect_keeps_type_and_globality, TEST_ALL),
		TEST_CASE(the_largest_leaf_can_be_limited, TEST_ALL),
		TEST_CASE(runs_are_set_again_where_they_are_whole, TEST_ALL),
		TEST_CASE(a_run_that_is_not_cut_stays_one, TEST_ALL),
	};

	return test_formats_run("table changes", cases, sizeof(cases) / sizeof(cases[0]));
}
