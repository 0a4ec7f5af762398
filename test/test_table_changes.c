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

static void unmap(uint64_t va, uint64_t size)
{
	assert_int_equal(vmm_table_unmap(&f.table, test_va_region(va, size), NULL), VMM_OK);
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

/* A range that begins and ends where runs do cuts none of them. */
static void runs_that_are_covered_whole_stay_runs(const struct vmm_format *format)
{
	uint64_t page = test_formats_page(format);
	uint64_t run = test_formats_run_count(format) * page;

	set_up(format);
	map(run, run, 4 * run, VMM_ATTR_WRITE | VMM_ATTR_CONTIG);
	assert_int_equal(protect(run, run, 0), VMM_OK);
	assert_int_equal(protect(3 * run, 2 * run, 0), VMM_OK);
	for (uint64_t va = run; va < 5 * run; va += page) {
		struct vmm_leaf leaf = leaf_at(va);

		assert_true(vmm_attr_has(leaf.attr, VMM_ATTR_CONTIG));
		assert_true(vmm_attr_has(leaf.attr, VMM_ATTR_WRITE) ==
			    (va >= 2 * run && va < 3 * run));
	}
	tear_down();
}

/* Page by page: where there is something, and that it is where it was. */
static void expect_gap(uint64_t start, uint64_t size, uint64_t gap, uint64_t gap_size)
{
	for (uint64_t va = start; va < start + size; va += f.page) {
		bool is_gap = va >= gap && va < gap + gap_size;
		vmm_pa_t pa = vmm_pa(0);

		assert_int_equal(vmm_table_translate(&f.table, vmm_va(va), &pa),
				 is_gap ? VMM_ERR_NOENT : VMM_OK);
		assert_int_equal(vmm_pa_raw(pa), is_gap ? 0 : va);
	}
}

/* Both ends in one run, each in a block of its own; or one end between two blocks. */
static void a_run_of_blocks_is_cut_in_two_of_them(const struct vmm_format *format)
{
	uint64_t block = test_formats_leaf(format, 1);
	bool has_large_runs = format->geometry->run_shift[1] != 0;
	uint64_t count = has_large_runs ? UINT64_C(1) << format->geometry->run_shift[1] : 4;
	uint64_t start = count * block;
	uint64_t gaps[][2] = {
		{start + block / 2, block},
		{start + block, block + block / 2},
		{start + block / 2, block + block / 2},
		{start + 2 * block + block / 4, block / 4},
	};

	for (size_t i = 0; i < sizeof(gaps) / sizeof(gaps[0]); i++) {
		set_up(format);
		map(start, start, count * block, VMM_ATTR_WRITE | VMM_ATTR_CONTIG);
		unmap(gaps[i][0], gaps[i][1]);
		expect_gap(start, 4 * block, gaps[i][0], gaps[i][1]);
		tear_down();
	}
}

/* A block that is as asked is not cut, wherever the range begins; what follows is changed. */
static void protect_goes_on_behind_a_block_that_is_as_asked(const struct vmm_format *format)
{
	uint64_t block = test_formats_leaf(format, 1);
	uint64_t end = test_formats_leaf(format, 2); /* of the table that holds the block */
	uint64_t va = end - block;

	set_up(format);
	map(va, block, block, 0);
	map(end, 2 * block, block, VMM_ATTR_WRITE);
	assert_int_equal(protect(va + block / 2, block + block / 2, 0), VMM_OK);
	assert_int_equal(leaf_at(va).level, 1);
	assert_false(vmm_attr_has(leaf_at(end).attr, VMM_ATTR_WRITE));
	assert_false(vmm_attr_has(leaf_at(end + block - 1).attr, VMM_ATTR_WRITE));
	tear_down();
}

/* A block, and behind it pages in a table of their own. */
static void protect_changes_blocks_and_pages_at_once(const struct vmm_format *format)
{
	uint64_t block = test_formats_leaf(format, 1);

	set_up(format);
	map(2 * block, 2 * block, block, VMM_ATTR_WRITE);
	map(3 * block, 3 * block, block, VMM_ATTR_WRITE | VMM_ATTR_LEAF_MAX(0));
	map(4 * block, 4 * block, block, VMM_ATTR_WRITE);
	assert_int_equal(protect(2 * block, 3 * block, 0), VMM_OK);
	for (unsigned int i = 2; i < 5; i++) {
		assert_int_equal(leaf_at(i * block).level, i == 3 ? 0 : 1);
		assert_false(vmm_attr_has(leaf_at(i * block).attr, VMM_ATTR_WRITE));
		assert_false(vmm_attr_has(leaf_at((i + 1) * block - 1).attr, VMM_ATTR_WRITE));
	}
	tear_down();
}

static void a_leaf_is_no_larger_than_the_format_has(const struct vmm_format *format)
{
	unsigned int level = format->geometry->leaf_level_max;
	uint64_t size = test_formats_leaf(format, level)
			<< (format->geometry->page_shift - 3);

	set_up(format);
	map(size, 0, size, VMM_ATTR_WRITE | VMM_ATTR_LEAF_MAX(level + 1));
	assert_int_equal(leaf_at(size).level, level);
	assert_int_equal(leaf_at(2 * size - 1).level, level);
	tear_down();
}

/* Blocks are put around a table that is kept, not over it. */
static void blocks_go_around_a_table_that_is_kept(const struct vmm_format *format)
{
	uint64_t page = test_formats_page(format);
	uint64_t block = test_formats_leaf(format, 1);
	struct vmm_table_config config;

	memset(&config, 0, sizeof(config));
	config.flags = VMM_TABLE_KEEP;
	test_fixture_init(&f, format, FRAME_COUNT, &config);
	map(2 * block, 2 * block, page, 0);
	unmap(2 * block, page);
	map(block, block, 3 * block, VMM_ATTR_WRITE);
	for (unsigned int i = 1; i < 4; i++) {
		assert_int_equal(leaf_at(i * block).level, i == 2 ? 0 : 1);
		assert_int_equal(vmm_pa_raw(leaf_at(i * block).pa), i * block);
	}
	tear_down();
}

/* Attributes that are those of the operation before, and attributes that only look like it. */
static void each_mapping_has_its_own_attributes(const struct vmm_format *format)
{
	uint64_t page = test_formats_page(format);
	uint64_t run = test_formats_run_count(format) * page;

	set_up(format);
	map(0, 0, page, VMM_ATTR_USER | VMM_ATTR_WRITE);
	map(2 * page, 0, page, 0);
	assert_int_equal(leaf_at(2 * page).attr.bits & (VMM_ATTR_USER | VMM_ATTR_WRITE), 0);
	for (unsigned int i = 1; i <= 4; i++) {
		uint32_t hint = i <= 2 ? 0 : VMM_ATTR_CONTIG;

		map(i * run, i * run, run, VMM_ATTR_WRITE | hint);
		assert_int_equal(leaf_at(i * run).attr.bits & VMM_ATTR_CONTIG, hint);
		assert_true(vmm_attr_has(leaf_at(i * run).attr, VMM_ATTR_WRITE));
	}
	tear_down();
}

static uint64_t need_of_unmap(uint64_t va, uint64_t size)
{
	struct vmm_request request;
	uint64_t need;

	memset(&request, 0, sizeof(request));
	request.op = VMM_OP_UNMAP;
	request.va = test_va_region(va, size);
	assert_int_equal(vmm_table_need(&f.table, &request, &need, NULL), VMM_OK);
	return need;
}

/* One for the leaf, and one for each block of it that the range has a part of. */
static void a_cut_takes_as_many_tables_as_it_needs(const struct vmm_format *format)
{
	uint64_t page = test_formats_page(format);
	uint64_t block = test_formats_leaf(format, 1);
	uint64_t leaf = test_formats_leaf(format, 2);
	const uint64_t cuts[][3] = {
		{0, block, 1},
		{block, block, 1},
		{block, leaf - block, 1},
		{page, page, 2},
		{block + page, leaf - block - page, 2},
		{0, block - page, 2},
		{page, leaf - 2 * page, 3},
		{page, block, 3},
	};

	if (format->geometry->leaf_level_max < 2) {
		return;
	}
	for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
		size_t before;

		set_up(format);
		map(leaf, leaf, leaf, VMM_ATTR_WRITE);
		before = f.frames.out_count;
		assert_int_equal(need_of_unmap(leaf + cuts[i][0], cuts[i][1]), cuts[i][2]);
		unmap(leaf + cuts[i][0], cuts[i][1]);
		assert_int_equal(f.frames.out_count, before + cuts[i][2]);
		tear_down();
	}
}

int main(void)
{
	static const struct test_case cases[] = {
		TEST_CASE(protect_changes_access_execute_user_and_software_bits, TEST_ALL),
		TEST_CASE(protect_keeps_type_and_globality, TEST_ALL),
		TEST_CASE(the_largest_leaf_can_be_limited, TEST_ALL),
		TEST_CASE(runs_are_set_again_where_they_are_whole, TEST_ALL),
		TEST_CASE(a_run_that_is_not_cut_stays_one, TEST_ALL),
		TEST_CASE(runs_that_are_covered_whole_stay_runs, TEST_ALL),
		TEST_CASE(a_run_of_blocks_is_cut_in_two_of_them, TEST_ALL),
		TEST_CASE(a_cut_takes_as_many_tables_as_it_needs, TEST_ALL),
		TEST_CASE(protect_goes_on_behind_a_block_that_is_as_asked, TEST_ALL),
		TEST_CASE(protect_changes_blocks_and_pages_at_once, TEST_ALL),
		TEST_CASE(a_leaf_is_no_larger_than_the_format_has, TEST_ARM),
		TEST_CASE(blocks_go_around_a_table_that_is_kept, TEST_ALL),
		TEST_CASE(each_mapping_has_its_own_attributes, TEST_ALL),
	};

	return test_formats_run("table changes", cases, sizeof(cases) / sizeof(cases[0]));
}
