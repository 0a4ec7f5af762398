/* SPDX-License-Identifier: MIT */
/*
 * The exact order of stores, barriers, invalidations and frames of each operation, on every
 * format. The words of a trace are explained at enum test_seam_token.
 */
#include <stdio.h>
#include <string.h>

#include "test_formats.h"
#include "test_seam.h"

#include <vmm/engine/shared.h>

#define USER      vmm_attr(VMM_ATTR_USER | VMM_ATTR_WRITE)
#define RUNS      vmm_attr(VMM_ATTR_USER | VMM_ATTR_WRITE | VMM_ATTR_CONTIG)
#define FLUSH_MAX 64

static struct test_seam seam;

static void set_up_with(const struct vmm_format *format, uint32_t flags, enum vmm_half half)
{
	bool is_riscv = test_formats_is_riscv(format);
	struct vmm_table_config config;

	memset(&config, 0, sizeof(config));
	config.format = format;
	config.flags = flags | (is_riscv ? VMM_TABLE_SVNAPOT : 0);
	config.half = is_riscv ? VMM_BOTH_HALVES : half;
	config.asid = 5;
	test_seam_init(&seam, NULL, &config, 16);
}

static void set_up(const struct vmm_format *format)
{
	set_up_with(format, 0, VMM_LOWER_HALF);
}

static uint64_t page(uint64_t number)
{
	return number << seam.arch->page_shift;
}

static uint64_t block(uint64_t number)
{
	return number * test_arch_reach(seam.arch, 1);
}

static bool is_riscv(void)
{
	return seam.arch->riscv;
}

static void map(uint64_t va, uint64_t size, vmm_attr_t attr)
{
	/* Output addresses that are congruent and never the same as the input. */
	assert_int_equal(test_seam_map(&seam, va, va % block(2) + block(4), size, attr), VMM_OK);
}

static void unmap(uint64_t va, uint64_t size)
{
	assert_int_equal(test_seam_unmap(&seam, va, size), VMM_OK);
}

static void protect(uint64_t va, uint64_t size)
{
	assert_int_equal(test_seam_protect(&seam, va, size, VMM_USER_RO), VMM_OK);
}

/* Compares the trace; in what is expected, %u are the numbers given. */
__attribute__((format(printf, 1, 2))) static void expect(const char *format, ...)
{
	char expected[1024];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(expected, sizeof(expected), format, arguments);
	va_end(arguments);
	assert_string_equal(test_seam_trace(&seam), expected);
}

/* The n-th event of a kind, from 0 on. */
static const struct vmm_invalidation *request(enum test_seam_token token, size_t n)
{
	for (size_t i = 0; i < seam.event_count; i++) {
		if (seam.events[i].token == token && n-- == 0) {
			return &seam.events[i].request;
		}
	}
	fail_msg("no such event in: %s", test_seam_trace(&seam));
	return NULL;
}

static void expect_request(enum test_seam_token token, size_t n, uint64_t va, uint64_t count,
			   unsigned int level)
{
	const struct vmm_invalidation *found = request(token, n);

	assert_int_equal(vmm_va_raw(found->va), va);
	assert_int_equal(found->count, count);
	assert_int_equal(found->level, level);
	assert_int_equal(found->stride_shift, test_arch_shift(seam.arch, level));
	assert_int_equal(found->asid, 5);
}

/* "take*2 build " for the tables between the root and the level. */
static const char *takes(unsigned int level)
{
	static char text[32];
	unsigned int count = seam.table.root_level - level;

	if (count > 1) {
		(void)snprintf(text, sizeof(text), "take*%u build ", count);
		return text;
	}
	return count == 1 ? "take build " : "";
}

/* --- map --- */

static void a_root_is_built_and_published(const struct vmm_format *format)
{
	set_up(format);
	expect("take build publish");
	test_seam_fini(&seam);
}

static void a_page_in_a_table_that_exists_is_one_store(const struct vmm_format *format)
{
	set_up(format);
	map(page(0), page(1), USER);
	map(page(7), page(1), USER);
	expect("store publish mapped");
	expect_request(TEST_SEAM_MAPPED, 0, page(7), 1, 0);
	assert_int_equal(request(TEST_SEAM_MAPPED, 0)->scope, VMM_SCOPE_LEAF);
	test_seam_fini(&seam);
}

static void new_tables_are_built_published_and_linked_by_one_store(const struct vmm_format *format)
{
	for (unsigned int fill = TEST_FRAMES_DIRTY; fill <= TEST_FRAMES_CLEAN; fill++) {
		set_up(format);
		seam.frames.fill = (enum test_frames_fill)fill;
		map(page(3), page(2), USER);
		expect("%spublish store publish mapped", takes(0));
		expect_request(TEST_SEAM_MAPPED, 0, page(3), 2, 0);
		assert_int_equal(request(TEST_SEAM_MAPPED, 0)->scope, VMM_SCOPE_WALK);
		test_seam_fini(&seam);
	}
}

static void a_block_is_one_store(const struct vmm_format *format)
{
	set_up(format);
	map(block(0), block(1), USER);
	expect("%spublish store publish mapped", takes(1));
	expect_request(TEST_SEAM_MAPPED, 0, 0, 1, 1);
	map(block(1), block(1), USER);
	expect("store publish mapped");
	test_seam_fini(&seam);
}

static void a_range_over_two_tables_links_each_when_it_is_full(const struct vmm_format *format)
{
	set_up(format);
	map(block(1) - page(2), page(4), USER);
	/* Both hang off one new table: a single link. */
	expect("take*%u build publish store publish mapped", seam.table.root_level + 1);
	test_seam_fini(&seam);
	set_up(format);
	map(block(3), page(1), USER);
	map(block(1) - page(2), page(4), USER);
	expect("take*2 build publish store build publish store publish mapped");
	test_seam_fini(&seam);
}

static void an_existing_mapping_is_refused_without_a_store(const struct vmm_format *format)
{
	set_up(format);
	map(page(5), page(1), USER);
	assert_int_equal(test_seam_map(&seam, page(0), block(4), page(9), USER), VMM_ERR_EXISTS);
	expect("%s", "");
	test_seam_fini(&seam);
}

static void
frames_that_do_not_suffice_come_back_without_a_live_store(const struct vmm_format *format)
{
	set_up(format);
	map(block(3), page(1), USER);
	test_frames_limit(&seam.frames, 1);
	assert_int_equal(test_seam_map(&seam, block(1) - page(1), block(4), page(2), USER),
			 VMM_ERR_NOMEM);
	expect("take free");
	test_frames_limit(&seam.frames, TEST_FRAMES_NO_LIMIT);
	test_seam_fini(&seam);
}

/* --- unmap --- */

static void a_page_unmapped_is_one_invalidation_of_a_leaf(const struct vmm_format *format)
{
	set_up(format);
	map(page(0), page(3), USER);
	unmap(page(1), page(1));
	expect("store publish leaf complete");
	expect_request(TEST_SEAM_LEAF, 0, page(1), 1, 0);
	assert_false(request(TEST_SEAM_LEAF, 0)->any_asid);
	test_seam_fini(&seam);
}

static void a_hole_unmapped_is_nothing(const struct vmm_format *format)
{
	set_up(format);
	map(page(0), page(1), USER);
	unmap(page(4), page(3));
	expect("%s", "");
	unmap(block(3), block(1));
	expect("%s", "");
	test_seam_fini(&seam);
}

static void the_last_page_of_a_table_takes_the_table_with_it(const struct vmm_format *format)
{
	unsigned int tables;

	set_up(format);
	tables = seam.table.root_level;
	map(page(9), page(1), USER);
	unmap(page(9), page(1));
	if (is_riscv()) {
		expect("store*%u publish space complete free*%u", tables + 1, tables);
	} else {
		expect("store*%u publish walk complete free*%u", tables + 1, tables);
		expect_request(TEST_SEAM_WALK, 0, page(9), 1, 0);
	}
	test_seam_fini(&seam);
}

static void only_the_table_that_is_empty_goes(const struct vmm_format *format)
{
	set_up(format);
	map(block(0), page(2), USER);
	map(block(1), page(2), USER);
	unmap(block(1), page(2));
	if (is_riscv()) {
		expect("store*3 publish space complete free");
	} else {
		expect("store*3 publish leaf*2 walk complete free");
		expect_request(TEST_SEAM_LEAF, 0, block(1), 2, 0);
		expect_request(TEST_SEAM_WALK, 0, block(1), 1, 0);
	}
	test_seam_fini(&seam);
}

static void pages_are_invalidated_one_by_one_up_to_flush_max(const struct vmm_format *format)
{
	static const unsigned int counts[] = {2, 3, FLUSH_MAX - 1, FLUSH_MAX};

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		unsigned int n = counts[i];

		set_up(format);
		map(page(0), page(FLUSH_MAX + 3), USER);
		unmap(page(1), page(n));
		expect("store*%u publish leaf*%u complete", n, n);
		expect_request(TEST_SEAM_LEAF, 0, page(1), n, 0);
		test_seam_fini(&seam);
	}
}

static void more_than_flush_max_is_one_invalidation_of_the_space(const struct vmm_format *format)
{
	set_up(format);
	map(page(0), page(FLUSH_MAX + 3), USER);
	unmap(page(1), page(FLUSH_MAX + 1));
	expect("store*%u publish space complete", FLUSH_MAX + 1);
	assert_int_equal(vmm_va_raw(request(TEST_SEAM_SPACE, 0)->va), page(1));
	assert_int_equal(request(TEST_SEAM_SPACE, 0)->asid, 5);
	assert_int_equal(request(TEST_SEAM_SPACE, 0)->count, 1);
	assert_int_equal(request(TEST_SEAM_SPACE, 0)->stride_shift, seam.arch->page_shift);
	assert_int_equal(request(TEST_SEAM_SPACE, 0)->level, 0);
	test_seam_fini(&seam);
}

static void flush_max_is_the_tables_own(const struct vmm_format *format)
{
	struct vmm_table_config config;

	memset(&config, 0, sizeof(config));
	config.format = format;
	config.flush_max = 3;
	test_seam_init(&seam, NULL, &config, 16);
	map(page(0), page(9), USER);
	unmap(page(1), page(3));
	expect("store*3 publish leaf*3 complete");
	unmap(page(4), page(4));
	expect("store*4 publish space complete");
	test_seam_fini(&seam);
}

static void holes_are_not_invalidated(const struct vmm_format *format)
{
	set_up(format);
	for (uint64_t i = 0; i < 8; i++) {
		map(page(i * 2), page(1), USER);
	}
	map(page(40), page(1), USER);
	unmap(page(0), page(20));
	expect("store*8 publish leaf leaf leaf leaf leaf leaf leaf leaf complete");
	expect_request(TEST_SEAM_LEAF, 3, page(6), 1, 0);
	test_seam_fini(&seam);
}

static void a_whole_table_is_unlinked_by_one_store(const struct vmm_format *format)
{
	set_up(format);
	map(block(0), page(1), USER);
	map(block(1), block(1) - page(1), USER);
	unmap(block(1), block(1));
	/* The link; and the first word of the dead table, which chains it. */
	expect("store*2 publish space complete free");
	test_seam_fini(&seam);
}

static void a_kept_table_stays_until_it_is_trimmed(const struct vmm_format *format)
{
	set_up_with(format, VMM_TABLE_KEEP, VMM_LOWER_HALF);
	map(page(9), page(1), USER);
	unmap(page(9), page(1));
	expect("store publish leaf complete");
	map(page(9), page(1), USER);
	expect("store publish mapped");
	unmap(block(0), block(1));
	expect("store publish leaf complete");
	test_seam_trim(&seam);
	expect("store*%u publish space complete free*%u", seam.table.root_level,
	       seam.table.root_level);
	test_seam_trim(&seam);
	expect("%s", "");
	test_seam_fini(&seam);
}

static void trim_leaves_tables_that_map_something(const struct vmm_format *format)
{
	set_up_with(format, VMM_TABLE_KEEP, VMM_LOWER_HALF);
	map(block(0), page(1), USER);
	map(block(1), page(1), USER);
	unmap(block(1), page(1));
	test_seam_trim(&seam);
	expect("store publish space complete free");
	unmap(block(0), page(1));
	test_seam_fini(&seam);
}

/* --- protect --- */

static void protect_stores_in_place(const struct vmm_format *format)
{
	set_up(format);
	map(page(0), page(5), USER);
	protect(page(1), page(3));
	expect("store*3 publish leaf*3 complete");
	expect_request(TEST_SEAM_LEAF, 0, page(1), 3, 0);
	protect(page(1), page(3));
	expect("%s", "");
	protect(page(0), page(3));
	expect("store publish leaf complete");
	expect_request(TEST_SEAM_LEAF, 0, page(0), 1, 0);
	test_seam_fini(&seam);
}

static void what_is_as_asked_between_what_changes_is_left_alone(const struct vmm_format *format)
{
	set_up(format);
	map(page(0), page(10), USER);
	protect(page(3), page(2));
	protect(page(6), page(1));
	protect(page(1), page(8));
	/* Pages 1 and 2, 5, 7 and 8; not 3, 4 and 6, which lie between them. */
	expect("store*5 publish leaf*2 leaf leaf*2 complete");
	expect_request(TEST_SEAM_LEAF, 0, page(1), 2, 0);
	expect_request(TEST_SEAM_LEAF, 1, page(5), 1, 0);
	expect_request(TEST_SEAM_LEAF, 2, page(7), 2, 0);
	test_seam_fini(&seam);
}

static void a_block_is_protected_in_place(const struct vmm_format *format)
{
	set_up(format);
	map(block(0), block(1), USER);
	protect(block(0), block(1));
	expect("store publish leaf complete");
	expect_request(TEST_SEAM_LEAF, 0, block(0), 1, 1);
	test_seam_fini(&seam);
}

static void a_run_is_protected_in_place(const struct vmm_format *format)
{
	unsigned int run = (unsigned int)test_formats_run_count(format);

	set_up(format);
	map(page(0), page(2 * run), RUNS);
	protect(page(0), page(run));
	if (run <= FLUSH_MAX) {
		expect("store*%u publish leaf*%u complete", run, run);
	} else {
		expect("store*%u publish space complete", run);
	}
	test_seam_fini(&seam);
}

/* --- cuts --- */

static void a_cut_block_is_broken_and_made(const struct vmm_format *format)
{
	set_up(format);
	map(block(0), block(2), USER);
	unmap(page(1), page(1));
	expect("take build publish store publish leaf complete store publish mapped");
	expect_request(TEST_SEAM_LEAF, 0, block(0), 1, 1);
	protect(block(1) + page(1), page(1));
	expect("take build publish store publish leaf complete store publish mapped");
	test_seam_fini(&seam);
}

/* Replaced by a single store: no invalid moment, so nothing becomes mapped. */
static void expect_replaced(void)
{
	map(block(0), block(2), USER);
	unmap(page(1), page(1));
	expect("take build publish store publish leaf complete");
	expect_request(TEST_SEAM_LEAF, 0, block(0), 1, 1);
	protect(block(1) + page(1), page(1));
	expect("take build publish store publish leaf complete");
	test_seam_fini(&seam);
}

static void a_cut_block_is_replaced_without_a_break(const struct vmm_format *format)
{
	set_up(format);
	expect_replaced();
}

static void resize_live_replaces_a_block_without_a_break(const struct vmm_format *format)
{
	set_up_with(format, VMM_TABLE_RESIZE_LIVE, VMM_LOWER_HALF);
	expect_replaced();
}

static void resize_live_cuts_a_run_without_a_break(const struct vmm_format *format)
{
	unsigned int run = (unsigned int)test_formats_run_count(format);

	set_up_with(format, VMM_TABLE_RESIZE_LIVE, VMM_LOWER_HALF);
	map(page(0), page(2 * run), RUNS);
	unmap(page(1), page(1));
	if (run <= FLUSH_MAX) {
		expect("store*%u publish leaf*%u complete", run, run);
	} else {
		expect("store*%u publish space complete", run);
	}
	test_seam_fini(&seam);
}

static void two_blocks_are_cut_in_one_round(const struct vmm_format *format)
{
	set_up(format);
	map(block(0), block(3), USER);
	unmap(block(1) - page(1), block(1) + page(2));
	if (is_riscv()) {
		expect("take*2 build store publish store*2 publish leaf leaf leaf complete");
	} else {
		expect("take*2 build store publish store*2 publish leaf leaf leaf complete "
		       "store*2 publish mapped mapped");
	}
	test_seam_fini(&seam);
}

static void a_cut_run_is_broken_and_made_of_plain_leaves(const struct vmm_format *format)
{
	unsigned int run = (unsigned int)test_formats_run_count(format);
	char how[32] = "space";

	set_up(format);
	if (run <= FLUSH_MAX) {
		(void)snprintf(how, sizeof(how), "leaf*%u", run);
	}
	map(page(0), page(2 * run), RUNS);
	unmap(page(1), page(1));
	expect("store*%u publish %s complete store*%u publish mapped", run, how, run - 1);
	protect(page(run + 1), page(2));
	expect("store*%u publish %s complete store*%u publish mapped", run, how, run);
	test_seam_fini(&seam);
}

/* --- whom it concerns --- */

static void a_global_leaf_is_forgotten_for_every_asid(const struct vmm_format *format)
{
	set_up(format);
	map(page(0), page(3), VMM_KERNEL_RW);
	unmap(page(1), page(1));
	expect("store publish leaf-any complete");
	test_seam_fini(&seam);
}

static void the_upper_half_is_forgotten_for_every_asid(const struct vmm_format *format)
{
	uint64_t first;

	set_up_with(format, 0, VMM_UPPER_HALF);
	first = 0 - page(3);
	map(first, page(3), USER);
	unmap(first + page(1), page(1));
	expect("store publish leaf-any complete");
	expect_request(TEST_SEAM_LEAF, 0, first + page(1), 1, 0);
	unmap(first, page(3));
	assert_non_null(strstr(test_seam_trace(&seam), " leaf-any walk-any complete"));
	test_seam_fini(&seam);
}

static void r14_addresses_of_the_upper_half_are_extended(const struct vmm_format *format)
{
	uint64_t first;

	set_up(format);
	first = 0 - page(3);
	map(first, page(3), USER);
	expect_request(TEST_SEAM_MAPPED, 0, first, 3, 0);
	unmap(first + page(2), page(1));
	expect("store publish leaf complete");
	expect_request(TEST_SEAM_LEAF, 0, first + page(2), 1, 0);
	test_seam_fini(&seam);
}

static void a_table_that_had_global_leaves_goes_for_every_asid(const struct vmm_format *format)
{
	set_up(format);
	map(block(0), page(1), VMM_KERNEL_RW);
	map(block(1), page(1), USER);
	unmap(block(1), page(1));
	expect(is_riscv() ? "store*2 publish space-any complete free"
			  : "store*2 publish walk-any complete free");
	test_seam_fini(&seam);
}

static void flush_whole_never_invalidates_by_address(const struct vmm_format *format)
{
	set_up_with(format, VMM_TABLE_FLUSH_WHOLE, VMM_LOWER_HALF);
	map(page(0), page(3), USER);
	unmap(page(1), page(1));
	expect("store publish space complete");
	protect(page(0), page(1));
	expect("store publish space complete");
	unmap(page(0), page(3));
	assert_non_null(strstr(test_seam_trace(&seam), " publish space complete free"));
	test_seam_fini(&seam);
}

static void the_end_of_a_table_is_one_invalidation_of_the_space(const struct vmm_format *format)
{
	set_up(format);
	map(page(3), page(2), USER);
	map(block(2), block(2), USER);
	test_seam_begin_fini(&seam);
	vmm_table_fini(&seam.table);
	expect("build publish space complete free*%u", (unsigned int)seam.frames.free_count);
	test_seam_assert_sound(&seam);
	test_frames_fini(&seam.frames);
	test_seam_discard(&seam);
}

/* --- what is gathered, where no operation of today asks for it --- */

static void gathered_runs_join_only_what_is_alike(const struct vmm_format *format)
{
	struct vmm_gather_ gather;
	unsigned int shift;
	uint64_t va;

	set_up(format);
	va = page(16);
	shift = seam.arch->page_shift;
	memset(&gather, 0, sizeof(gather));
	vmm_gather_more_(&seam.table, &gather, va, 1, shift, 0, false);
	vmm_gather_more_(&seam.table, &gather, va + page(1), 1, shift, 0, false);
	assert_int_equal(gather.run_count, 1);
	assert_int_equal(gather.count[0], 2);
	/* Leaves of another size are another run, even at its end. */
	vmm_gather_more_(&seam.table, &gather, va + page(2), 1, shift + 1, 0, false);
	assert_int_equal(gather.run_count, 2);
	/* Tables over more than the last run are not gone with it. */
	vmm_gather_more_(&seam.table, &gather, va + page(2), 4, shift, 0, true);
	assert_int_equal(gather.run_count, 3);
	assert_int_equal(gather.kind[1], 0);
	assert_int_equal(gather.kind[2], VMM_RUN_WALK_);
	assert_int_equal(gather.total, 2 + 1 + 4);
	/* Over as much or less they are. */
	vmm_gather_more_(&seam.table, &gather, va + page(2), 4, shift, 0, true);
	vmm_gather_more_(&seam.table, &gather, va + page(5), 1, shift, 0, true);
	assert_int_equal(gather.run_count, 3);
	assert_int_equal(gather.total, 2 + 1 + 4);
	/* A leaf that takes the table above it along stays a leaf of its level. */
	vmm_gather_more_(&seam.table, &gather, block(7), 1, test_arch_shift(seam.arch, 1), 1, false);
	vmm_gather_more_(&seam.table, &gather, block(7), 1, shift, 0, true);
	assert_int_equal(gather.run_count, 4);
	assert_int_equal(gather.kind[3], 1 | VMM_RUN_WALK_);
	test_seam_fini(&seam);
}

int main(void)
{
	static const struct test_case cases[] = {
		TEST_CASE(a_root_is_built_and_published, TEST_ALL),
		TEST_CASE(a_page_in_a_table_that_exists_is_one_store, TEST_ALL),
		TEST_CASE(new_tables_are_built_published_and_linked_by_one_store, TEST_ALL),
		TEST_CASE(a_block_is_one_store, TEST_ALL),
		TEST_CASE(a_range_over_two_tables_links_each_when_it_is_full, TEST_ALL),
		TEST_CASE(an_existing_mapping_is_refused_without_a_store, TEST_ALL),
		TEST_CASE(frames_that_do_not_suffice_come_back_without_a_live_store, TEST_ALL),
		TEST_CASE(a_page_unmapped_is_one_invalidation_of_a_leaf, TEST_ALL),
		TEST_CASE(a_hole_unmapped_is_nothing, TEST_ALL),
		TEST_CASE(the_last_page_of_a_table_takes_the_table_with_it, TEST_ALL),
		TEST_CASE(only_the_table_that_is_empty_goes, TEST_ALL),
		TEST_CASE(pages_are_invalidated_one_by_one_up_to_flush_max, TEST_ALL),
		TEST_CASE(more_than_flush_max_is_one_invalidation_of_the_space, TEST_ALL),
		TEST_CASE(flush_max_is_the_tables_own, TEST_ALL),
		TEST_CASE(holes_are_not_invalidated, TEST_ALL),
		TEST_CASE(a_whole_table_is_unlinked_by_one_store, TEST_ALL),
		TEST_CASE(a_kept_table_stays_until_it_is_trimmed, TEST_ALL),
		TEST_CASE(trim_leaves_tables_that_map_something, TEST_ALL),
		TEST_CASE(protect_stores_in_place, TEST_ALL),
		TEST_CASE(what_is_as_asked_between_what_changes_is_left_alone, TEST_ALL),
		TEST_CASE(a_block_is_protected_in_place, TEST_ALL),
		TEST_CASE(a_run_is_protected_in_place, TEST_ALL),
		TEST_CASE(a_cut_block_is_broken_and_made, TEST_ARM),
		TEST_CASE(a_cut_block_is_replaced_without_a_break, TEST_RISCV),
		TEST_CASE(resize_live_replaces_a_block_without_a_break, TEST_ARM),
		TEST_CASE(resize_live_cuts_a_run_without_a_break, TEST_ARM),
		TEST_CASE(two_blocks_are_cut_in_one_round, TEST_ALL),
		TEST_CASE(a_cut_run_is_broken_and_made_of_plain_leaves, TEST_ALL),
		TEST_CASE(a_global_leaf_is_forgotten_for_every_asid, TEST_ALL),
		TEST_CASE(the_upper_half_is_forgotten_for_every_asid, TEST_ARM),
		TEST_CASE(r14_addresses_of_the_upper_half_are_extended, TEST_RISCV),
		TEST_CASE(a_table_that_had_global_leaves_goes_for_every_asid, TEST_ALL),
		TEST_CASE(flush_whole_never_invalidates_by_address, TEST_ALL),
		TEST_CASE(gathered_runs_join_only_what_is_alike, TEST_ALL),
		TEST_CASE(the_end_of_a_table_is_one_invalidation_of_the_space, TEST_ALL),
	};

	return test_formats_run("seam", cases, sizeof(cases) / sizeof(cases[0]));
}
