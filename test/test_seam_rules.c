/* SPDX-License-Identifier: MIT */
/*
 * The rules of the hardware, one test each: a scenario that the library passes, and the same with
 * the library seemingly broken, that the judge must report by that rule. Numbers and sources:
 * support/test_seam.h.
 */
#include <string.h>

#include "test_formats.h"
#include "test_seam.h"

static struct test_seam seam;

/*
 * Where the scenarios take place: in the last gigabyte or so of the table's lower part, or of its
 * upper half.
 */
static uint64_t here(void)
{
	uint64_t size = seam.table.va_mask + 1;
	uint64_t top = seam.table.half == VMM_BOTH_HALVES ? size >> 1 : size;
	uint64_t block = test_arch_reach(seam.arch, seam.arch->riscv ? 2 : 1);
	uint64_t extension = seam.table.half == VMM_UPPER_HALF ? ~seam.table.va_mask : 0;

	return (top - block) | extension;
}

static uint64_t pages(uint64_t count)
{
	return count << seam.arch->page_shift;
}

/* --- scenarios: what is there before, and the operation that is judged --- */

#define USER vmm_attr(VMM_ATTR_USER | VMM_ATTR_WRITE)
#define RUNS vmm_attr(VMM_ATTR_USER | VMM_ATTR_WRITE | VMM_ATTR_CONTIG)

static void nothing(void)
{
}

static void user_pages(void)
{
	assert_int_equal(test_seam_map(&seam, here(), 0, pages(4), USER), VMM_OK);
}

static void global_pages(void)
{
	assert_int_equal(test_seam_map(&seam, here(), 0, pages(4), VMM_KERNEL_RW), VMM_OK);
}

static void global_block(void)
{
	assert_int_equal(test_seam_map(&seam, here(), 0, test_arch_reach(seam.arch, 1),
				       VMM_KERNEL_RW),
			 VMM_OK);
}

/* On both sides of where one table ends: global pages in the one, private ones in the other. */
static void pages_of_two_tables(void)
{
	uint64_t end = here() + test_arch_reach(seam.arch, 1);

	assert_int_equal(test_seam_map(&seam, end - pages(4), 0, pages(4), VMM_KERNEL_RW), VMM_OK);
	assert_int_equal(test_seam_map(&seam, end, 0, pages(4), USER), VMM_OK);
}

static void unmap_of_two_tables(void)
{
	assert_int_equal(test_seam_unmap(&seam, here() + test_arch_reach(seam.arch, 1) - pages(1),
					 pages(2)),
			 VMM_OK);
}

/* Where one table ends and another begins. */
static uint64_t seam_of_two(void)
{
	return seam.arch->riscv ? here() + test_arch_reach(seam.arch, 1) : here();
}

/* So many on both sides that they are not looked at all at once, with one that is missing. */
static void many_pages_of_two_tables(void)
{
	uint64_t end = seam_of_two();

	assert_int_equal(test_seam_map(&seam, end - pages(90), 0, pages(90), VMM_KERNEL_RW),
			 VMM_OK);
	assert_int_equal(test_seam_map(&seam, end, 0, pages(90), USER), VMM_OK);
	assert_int_equal(test_seam_unmap(&seam, end - pages(70), pages(1)), VMM_OK);
	assert_int_equal(test_seam_unmap(&seam, end + pages(9), pages(1)), VMM_OK);
}

static void unmap_many_of_two_tables(void)
{
	assert_int_equal(test_seam_unmap(&seam, seam_of_two() - pages(80), pages(160)), VMM_OK);
}

/* Two of each; one more stays, so that the table does. */
static void pages_of_two_kinds(void)
{
	assert_int_equal(test_seam_map(&seam, here(), 0, pages(2), VMM_KERNEL_RW), VMM_OK);
	assert_int_equal(test_seam_map(&seam, here() + pages(2), 0, pages(3), USER), VMM_OK);
}

/* A cut at both ends: in a global block, and in a private one. */
static void blocks_of_two_kinds(void)
{
	uint64_t end = here() + test_arch_reach(seam.arch, 1);

	global_block();
	assert_int_equal(test_seam_map(&seam, end, 0, end - here(), USER), VMM_OK);
}

static void protect_global(void)
{
	assert_int_equal(test_seam_protect(&seam, here() + pages(1), pages(2), VMM_KERNEL_RO),
			 VMM_OK);
}

static void upper_user_pages(void)
{
	assert_int_equal(test_seam_map(&seam, 0 - pages(4), 0, pages(4), USER), VMM_OK);
}

static void user_run(void)
{
	uint64_t run = pages(seam.arch->run[0]);

	assert_int_equal(test_seam_map(&seam, here(), 0, 2 * run, RUNS), VMM_OK);
}

static void user_block(void)
{
	assert_int_equal(test_seam_map(&seam, here(), 0, test_arch_reach(seam.arch, 1), USER),
			 VMM_OK);
}

static void map_page(void)
{
	assert_int_equal(test_seam_map(&seam, here() + pages(4), 0, pages(1), USER), VMM_OK);
}

static void map_pages(void)
{
	assert_int_equal(test_seam_map(&seam, here(), 0, pages(3), USER), VMM_OK);
}

static void unmap_page(void)
{
	assert_int_equal(test_seam_unmap(&seam, here() + pages(1), pages(1)), VMM_OK);
}

static void unmap_two(void)
{
	assert_int_equal(test_seam_unmap(&seam, here() + pages(1), pages(2)), VMM_OK);
}

static void unmap_all(void)
{
	assert_int_equal(test_seam_unmap(&seam, here(), pages(4)), VMM_OK);
}

static void unmap_last_page(void)
{
	assert_int_equal(test_seam_unmap(&seam, 0 - pages(1), pages(1)), VMM_OK);
}

static void protect_two(void)
{
	assert_int_equal(test_seam_protect(&seam, here() + pages(1), pages(2), VMM_USER_RO),
			 VMM_OK);
}

/* The one in the middle is as asked already. */
static void pages_around_one(void)
{
	user_pages();
	assert_int_equal(test_seam_protect(&seam, here() + pages(2), pages(1), VMM_USER_RO),
			 VMM_OK);
}

static void pages_behind_one(void)
{
	user_pages();
	assert_int_equal(test_seam_protect(&seam, here() + pages(1), pages(1), VMM_USER_RO),
			 VMM_OK);
}

static void protect_three(void)
{
	assert_int_equal(test_seam_protect(&seam, here() + pages(1), pages(3), VMM_USER_RO),
			 VMM_OK);
}

static void protect_upper_pages(void)
{
	assert_int_equal(test_seam_protect(&seam, 0 - pages(3), pages(2), VMM_USER_RO), VMM_OK);
}

static void upper_user_blocks(void)
{
	uint64_t size = 2 * test_arch_reach(seam.arch, 1);

	assert_int_equal(test_seam_map(&seam, 0 - size, 0, size, USER), VMM_OK);
}

/* Cut at both ends, or at none. */
static void unmap_upper_middle(void)
{
	uint64_t size = test_arch_reach(seam.arch, 1);

	assert_int_equal(test_seam_unmap(&seam, 0 - size - pages(1), pages(2)), VMM_OK);
}

static void protect_upper_blocks(void)
{
	uint64_t size = 2 * test_arch_reach(seam.arch, 1);

	assert_int_equal(test_seam_protect(&seam, 0 - size, size, VMM_USER_RO), VMM_OK);
}

static void unmap_upper_block(void)
{
	uint64_t size = test_arch_reach(seam.arch, 1);

	assert_int_equal(test_seam_unmap(&seam, 0 - size, size), VMM_OK);
}

/* The first of the two is as asked already, so that a range may begin inside of it. */
static void upper_blocks_one_as_asked(void)
{
	uint64_t size = test_arch_reach(seam.arch, 1);

	upper_user_blocks();
	assert_int_equal(test_seam_protect(&seam, 0 - 2 * size, size, VMM_USER_RO), VMM_OK);
}

static void upper_user_block(void)
{
	uint64_t size = test_arch_reach(seam.arch, 1);

	assert_int_equal(test_seam_map(&seam, 0 - size, 0, size, USER), VMM_OK);
	assert_int_equal(test_seam_map(&seam, 0 - 4 * size, 0, size, USER), VMM_OK);
}

static void unmap_upper_from_within(void)
{
	uint64_t size = test_arch_reach(seam.arch, 1) + test_arch_reach(seam.arch, 1) / 2;

	assert_int_equal(test_seam_unmap(&seam, 0 - size, size), VMM_OK);
}

static void protect_upper_from_within(void)
{
	uint64_t size = test_arch_reach(seam.arch, 1) + test_arch_reach(seam.arch, 1) / 2;

	assert_int_equal(test_seam_protect(&seam, 0 - size, size, VMM_USER_RO), VMM_OK);
}

static void unmap_upper_pages(void)
{
	assert_int_equal(test_seam_unmap(&seam, 0 - pages(4), pages(4)), VMM_OK);
}

/* --- a scenario, and the same with the library seemingly broken --- */

struct setting {
	uint32_t flags;
	enum vmm_half half;
};

static const struct setting plain = {0, VMM_LOWER_HALF};
static const struct setting upper = {0, VMM_UPPER_HALF};

static void set_up(const struct vmm_format *format, const struct setting *setting,
		   void (*prepare)(void))
{
	bool is_riscv = test_formats_is_riscv(format);
	struct vmm_table_config config;

	memset(&config, 0, sizeof(config));
	config.format = format;
	config.flags = setting->flags | (is_riscv ? VMM_TABLE_SVNAPOT : 0);
	config.half = is_riscv ? VMM_BOTH_HALVES : setting->half;
	config.asid = 0x21;
	config.asid_bits = 8;
	config.flush_max = 200;
	test_seam_init(&seam, NULL, &config, 16);
	prepare();
}

static void expect(const char *rule)
{
	if (!test_seam_has(&seam, rule)) {
		print_error("not reported: %s in %s\n", rule, test_seam_trace(&seam));
		test_seam_assert_sound(&seam);
		fail_msg("the judge noticed nothing");
	}
}

static void judge_on(const struct vmm_format *format, const struct setting *setting,
		     void (*prepare)(void), void (*act)(void), enum test_seam_mutation mutation,
		     const char *rule)
{
	set_up(format, setting, prepare);
	act();
	test_seam_fini(&seam);
	set_up(format, setting, prepare);
	seam.mutation = mutation;
	act();
	expect(rule);
	test_seam_discard(&seam);
}

static void judge(const struct vmm_format *format, void (*prepare)(void), void (*act)(void),
		  enum test_seam_mutation mutation, const char *rule)
{
	judge_on(format, &plain, prepare, act, mutation, rule);
}

/* A word is stored behind the library's back, in an operation of its own. */
static uint64_t *slot_of(uint64_t va)
{
	uint64_t pa = seam.table.root;
	unsigned int level = seam.table.root_level;

	for (;;) {
		uint64_t *words = vmm_frames_ptr(&seam.frames.frames, vmm_pa(pa));
		uint64_t index = (va & seam.table.va_mask) >> test_arch_shift(seam.arch, level);
		uint64_t *slot = &words[index & (test_arch_entries(seam.arch) - 1)];

		if (seam.arch->what(seam.arch, *slot, level) != TEST_TABLE) {
			return slot;
		}
		pa = seam.arch->next(*slot);
		level--;
	}
}

static void store(uint64_t va, uint64_t desc)
{
	test_seam_begin(&seam);
	*slot_of(va) = desc;
	test_seam_end(&seam, VMM_OK);
}

/* --- Arm's rules, and RISC-V's where it has the same --- */

static void a1_a_leaf_keeps_its_size_while_it_is_valid(const struct vmm_format *format)
{
	static const struct setting live = {VMM_TABLE_RESIZE_LIVE, VMM_LOWER_HALF};

	set_up(format, &plain, user_block);
	protect_two();
	unmap_page();
	test_seam_fini(&seam);
	/* The library leaves the break out where it may; here the judge thinks that it may not. */
	set_up(format, &live, user_block);
	seam.judge_resize = true;
	seam.mutation = TEST_SEAM_ONE_ADDRESS;
	unmap_page();
	expect("A1");
	test_seam_discard(&seam);
}

static void a1_a_leaf_keeps_type_and_output_while_it_is_valid(const struct vmm_format *format)
{
	set_up(format, &plain, user_pages);
	store(here(), *slot_of(here()) ^ UINT64_C(1) << 16);
	expect("A1");
	test_seam_discard(&seam);
	set_up(format, &plain, user_pages);
	store(here(), *slot_of(here()) ^ UINT64_C(1) << 2);
	expect("A1");
	test_seam_discard(&seam);
}

static void a2_what_was_broken_is_made_again_after_completion(const struct vmm_format *format)
{
	judge(format, user_block, unmap_page, TEST_SEAM_LOSE_COMPLETE, "A2");
	judge(format, user_run, unmap_page, TEST_SEAM_LOSE_COMPLETE, "A2");
}

static void a2_what_was_unmapped_is_forgotten(const struct vmm_format *format)
{
	judge(format, user_pages, unmap_page, TEST_SEAM_LOSE_INVALIDATE, "A2");
	judge(format, user_pages, unmap_page, TEST_SEAM_LOSE_COMPLETE, "A2");
	judge(format, many_pages_of_two_tables, unmap_many_of_two_tables, TEST_SEAM_LOSE_COMPLETE,
	      "A2");
	judge(format, user_pages, unmap_two, TEST_SEAM_ONE_ADDRESS, "A2");
}

static void a3_old_permissions_are_forgotten(const struct vmm_format *format)
{
	judge(format, user_pages, protect_two, TEST_SEAM_LOSE_INVALIDATE, "A3");
	judge(format, user_pages, protect_two, TEST_SEAM_ONE_ADDRESS, "A3");
}

static void a4_r19_a_leaf_is_broken_only_where_it_must_be(const struct vmm_format *format)
{
	static const struct setting live = {VMM_TABLE_RESIZE_LIVE, VMM_LOWER_HALF};
	bool is_riscv = test_formats_is_riscv(format);

	/* By default Arm's leaves are broken; told so, they change their size live, as RISC-V's do. */
	set_up(format, &plain, user_block);
	unmap_page();
	assert_true((strstr(test_seam_trace(&seam), " complete store ") != NULL) == !is_riscv);
	test_seam_fini(&seam);
	set_up(format, is_riscv ? &plain : &live, user_block);
	unmap_page();
	assert_string_equal(test_seam_trace(&seam),
			    "take build publish store publish leaf complete");
	test_seam_fini(&seam);
	/* Old or new, but after the call only the new. */
	judge_on(format, is_riscv ? &plain : &live, user_block, unmap_page, TEST_SEAM_LOSE_COMPLETE,
		 is_riscv ? "R20" : "A2");
}

static void a_cut_run_is_broken_only_where_it_must_be(const struct vmm_format *format)
{
	static const struct setting live = {VMM_TABLE_RESIZE_LIVE, VMM_LOWER_HALF};
	bool is_riscv = test_formats_is_riscv(format);

	set_up(format, &plain, user_run);
	unmap_page();
	assert_non_null(strstr(test_seam_trace(&seam), " complete store"));
	test_seam_fini(&seam);
	set_up(format, is_riscv ? &plain : &live, user_run);
	unmap_page();
	assert_true((strstr(test_seam_trace(&seam), " complete store") != NULL) == is_riscv);
	test_seam_fini(&seam);
}

/* The scope of what the last operation told of as mapped. */
static enum vmm_scope mapped_scope(void)
{
	for (size_t i = 0; i < seam.event_count; i++) {
		if (seam.events[i].token == TEST_SEAM_MAPPED) {
			return seam.events[i].request.scope;
		}
	}
	fail_msg("nothing is told as mapped");
	return VMM_SCOPE_SPACE;
}

static void new_tables_are_told_only_if_there_are_any(const struct vmm_format *format)
{
	bool is_riscv = test_formats_is_riscv(format);
	uint64_t end;

	/* From one table into the next one, which is new, or there. */
	set_up(format, &plain, nothing);
	end = is_riscv ? here() + test_arch_reach(seam.arch, 1) : here();
	assert_int_equal(test_seam_map(&seam, end - pages(4), 0, pages(2), USER), VMM_OK);
	assert_int_equal(mapped_scope(), VMM_SCOPE_WALK);
	assert_int_equal(test_seam_map(&seam, end - pages(2), 0, pages(3), USER), VMM_OK);
	assert_int_equal(mapped_scope(), VMM_SCOPE_WALK);
	assert_int_equal(test_seam_unmap(&seam, end - pages(2), pages(2)), VMM_OK);
	assert_int_equal(test_seam_map(&seam, end + pages(1), 0, pages(1), USER), VMM_OK);
	assert_int_equal(mapped_scope(), VMM_SCOPE_LEAF);
	assert_int_equal(test_seam_unmap(&seam, end, pages(1)), VMM_OK);
	assert_int_equal(test_seam_map(&seam, end - pages(2), 0, pages(3), USER), VMM_OK);
	assert_int_equal(mapped_scope(), VMM_SCOPE_LEAF);
	test_seam_fini(&seam);
	/* What is broken and made again: a run without a table, a block with one. */
	set_up(format, &plain, user_run);
	unmap_page();
	assert_int_equal(mapped_scope(), VMM_SCOPE_LEAF);
	test_seam_fini(&seam);
	if (!is_riscv) {
		set_up(format, &plain, user_block);
		unmap_page();
		assert_int_equal(mapped_scope(), VMM_SCOPE_WALK);
		test_seam_fini(&seam);
	}
}

static void a5_r10_a_new_mapping_may_be_used_at_once(const struct vmm_format *format)
{
	const char *rule = test_formats_is_riscv(format) ? "R10" : "A5";

	judge(format, nothing, map_pages, TEST_SEAM_LOSE_MAPPED, rule);
	judge(format, user_pages, map_page, TEST_SEAM_LOSE_MAPPED, rule);
	judge(format, user_pages, map_page, TEST_SEAM_LOSE_PUBLISH, "A5");
	judge(format, nothing, map_pages, TEST_SEAM_ONE_ADDRESS, rule);
}

static void a5_what_was_broken_may_be_used_at_once(const struct vmm_format *format)
{
	judge(format, user_block, unmap_page, TEST_SEAM_LOSE_MAPPED, "A5");
}

static void a6_stores_are_published_before_they_are_invalidated(const struct vmm_format *format)
{
	judge(format, user_pages, unmap_page, TEST_SEAM_LOSE_PUBLISH, "A6");
	judge(format, user_pages, protect_two, TEST_SEAM_LOSE_PUBLISH, "A6");
	judge(format, user_pages, unmap_all, TEST_SEAM_LOSE_PUBLISH, "A6");
}

static void a7_whoever_invalidates_completes(const struct vmm_format *format)
{
	judge(format, user_pages, unmap_page, TEST_SEAM_LOSE_COMPLETE, "A7");
	judge(format, user_pages, protect_two, TEST_SEAM_LOSE_COMPLETE, "A7");
	judge(format, user_block, unmap_page, TEST_SEAM_LOSE_COMPLETE, "A7");
	judge(format, user_run, unmap_page, TEST_SEAM_LOSE_COMPLETE, "A7");
}

static void a9_a_frame_is_freed_after_walk_scope(const struct vmm_format *format)
{
	judge(format, user_pages, unmap_all, TEST_SEAM_LEAF_SCOPE, "A9");
	judge(format, user_pages, unmap_all, TEST_SEAM_LOSE_INVALIDATE, "A9");
}

static void a9_a_frame_is_freed_after_completion(const struct vmm_format *format)
{
	judge(format, user_pages, unmap_all, TEST_SEAM_LOSE_COMPLETE, "A9");
}

static void a9_a_table_over_global_leaves_is_forgotten_for_all(const struct vmm_format *format)
{
	judge(format, global_pages, unmap_all, TEST_SEAM_EXACT_ASID, "A9");
}

static void a9_a_table_of_the_upper_half_is_forgotten_for_all(const struct vmm_format *format)
{
	judge_on(format, &upper, upper_user_pages, unmap_upper_pages, TEST_SEAM_EXACT_ASID, "A9");
}

static void
a9_a_private_leaf_of_the_upper_half_is_forgotten_for_all(const struct vmm_format *format)
{
	judge_on(format, &upper, upper_user_pages, unmap_last_page, TEST_SEAM_EXACT_ASID, "A9");
}

static void shared_pages(void)
{
	uint64_t size = test_arch_reach(seam.arch, seam.table.root_level);
	vmm_va_region_t part = VMM_VA_REGION_INIT(here() & ~(size - 1), size);

	test_seam_begin(&seam);
	assert_int_equal(vmm_table_share(&seam.table, part, NULL), VMM_OK);
	test_seam_end(&seam, VMM_OK);
	test_seam_assert_sound(&seam);
	user_pages();
}

static void a9_what_tables_share_is_forgotten_for_all(const struct vmm_format *format)
{
	bool is_riscv = test_formats_is_riscv(format);

	judge(format, shared_pages, unmap_page, TEST_SEAM_EXACT_ASID, is_riscv ? "R13" : "A9");
	judge(format, shared_pages, unmap_all, TEST_SEAM_EXACT_ASID, "A9");
	judge(format, shared_pages, protect_two, TEST_SEAM_EXACT_ASID, is_riscv ? "R13" : "A9");
}

static void a9_the_end_of_a_table_forgets_before_it_frees(const struct vmm_format *format)
{
	set_up(format, &plain, user_pages);
	seam.mutation = TEST_SEAM_LOSE_COMPLETE;
	test_seam_begin_fini(&seam);
	vmm_table_fini(&seam.table);
	expect("A9");
	test_seam_discard(&seam);
}

static void a10_a_table_is_published_before_it_is_linked(const struct vmm_format *format)
{
	judge(format, nothing, map_pages, TEST_SEAM_LOSE_PUBLISH, "A10");
	judge(format, user_block, unmap_page, TEST_SEAM_LOSE_PUBLISH, "A10");
}

static void a11_every_store_is_cleaned(const struct vmm_format *format)
{
	judge(format, nothing, map_pages, TEST_SEAM_LOSE_CLEAN, "A11");
	judge(format, user_pages, map_page, TEST_SEAM_LOSE_CLEAN, "A11");
	judge(format, user_pages, unmap_page, TEST_SEAM_LOSE_CLEAN, "A11");
	judge(format, user_pages, protect_two, TEST_SEAM_LOSE_CLEAN, "A11");
	judge(format, user_block, unmap_page, TEST_SEAM_LOSE_CLEAN, "A11");
}

static void a12_an_invalidation_is_of_pages(const struct vmm_format *format)
{
	judge(format, user_pages, unmap_page, TEST_SEAM_MISALIGNED, "A12");
}

static void a12_an_invalidation_is_of_the_right_level(const struct vmm_format *format)
{
	judge(format, user_pages, unmap_page, TEST_SEAM_WRONG_LEVEL, "A12");
	judge(format, user_block, unmap_page, TEST_SEAM_WRONG_LEVEL, "A12");
}

static void a12_r14_an_invalidation_is_of_extended_addresses(const struct vmm_format *format)
{
	void (*const acts[][2])(void) = {
		{upper_user_pages, unmap_last_page},
		{upper_user_pages, protect_upper_pages},
		{upper_user_blocks, unmap_upper_middle},
		{upper_user_blocks, unmap_upper_block},
		{upper_user_blocks, protect_upper_blocks},
		{upper_blocks_one_as_asked, protect_upper_from_within},
		{upper_user_block, unmap_upper_from_within},
	};

	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
		judge_on(format, &upper, acts[i][0], acts[i][1], TEST_SEAM_NO_EXTENSION,
			 test_formats_is_riscv(format) ? "R14" : "A12");
	}
}

static void a13_an_invalidation_is_of_the_tables_asid(const struct vmm_format *format)
{
	judge(format, user_pages, unmap_page, TEST_SEAM_WRONG_ASID, "A13");
}

static void a15_r21_a_run_is_whole(const struct vmm_format *format)
{
	set_up(format, &plain, user_run);
	store(here() + pages(3), 0);
	expect(test_formats_is_riscv(format) ? "R21" : "A15");
	test_seam_discard(&seam);
}

static void a15_r21_a_run_is_alike(const struct vmm_format *format)
{
	/* A permission of one of its members: bit 7 of Arm, W of RISC-V. */
	uint64_t bit = test_formats_is_riscv(format) ? UINT64_C(1) << 2 : UINT64_C(1) << 7;

	set_up(format, &plain, user_run);
	store(here() + pages(3), *slot_of(here() + pages(3)) ^ bit);
	expect(test_formats_is_riscv(format) ? "R21" : "A15");
	test_seam_discard(&seam);
}

static void a17_r22_all_of_a_cut_run_is_forgotten(const struct vmm_format *format)
{
	judge(format, user_run, unmap_page, TEST_SEAM_ONE_ADDRESS,
	      test_formats_is_riscv(format) ? "R22" : "A17");
	judge(format, user_run, unmap_page, TEST_SEAM_LOSE_INVALIDATE,
	      test_formats_is_riscv(format) ? "R22" : "A17");
}

static void a31_r2_what_is_noted_in_tables_is_invalid(const struct vmm_format *format)
{
	/* Words to come and chains of dead tables: of those the walkers may read along. */
	static void (*const prepares[])(void) = {user_pages, user_block, user_run};

	for (size_t i = 0; i < sizeof(prepares) / sizeof(prepares[0]); i++) {
		set_up(format, &plain, prepares[i]);
		unmap_page();
		unmap_all();
		test_seam_fini(&seam);
	}
	set_up(format, &plain, user_pages);
	store(here(), vmm_pa_raw(vmm_table_root(&seam.table)) | 1);
	expect(test_formats_is_riscv(format) ? "R2" : "A31");
	test_seam_discard(&seam);
}

/* --- RISC-V's own --- */

static void r12_a_frame_is_freed_after_a_fence_of_all_addresses(const struct vmm_format *format)
{
	judge(format, user_pages, unmap_all, TEST_SEAM_WALK_SCOPE, "R12");
	judge(format, user_pages, unmap_all, TEST_SEAM_LEAF_SCOPE, "R12");
	judge(format, user_pages, unmap_all, TEST_SEAM_LOSE_COMPLETE, "A9");
}

static void r12_a_new_table_is_used_after_a_fence_of_all_addresses(const struct vmm_format *format)
{
	judge(format, nothing, map_pages, TEST_SEAM_LEAF_SCOPE, "R12");
}

static void r13_a_global_leaf_is_forgotten_for_all(const struct vmm_format *format)
{
	judge(format, global_pages, unmap_page, TEST_SEAM_EXACT_ASID, "R13");
	judge(format, global_pages, map_page, TEST_SEAM_EXACT_ASID, "R13");
	judge(format, global_pages, protect_global, TEST_SEAM_EXACT_ASID, "R13");
	judge(format, global_block, unmap_page, TEST_SEAM_EXACT_ASID, "R13");
	judge(format, global_block, protect_global, TEST_SEAM_EXACT_ASID, "R13");
	judge(format, blocks_of_two_kinds, unmap_of_two_tables, TEST_SEAM_EXACT_ASID, "R13");
	judge(format, many_pages_of_two_tables, unmap_many_of_two_tables, TEST_SEAM_EXACT_ASID,
	      "R13");
	judge(format, pages_of_two_kinds, unmap_all, TEST_SEAM_EXACT_ASID, "R13");
	judge(format, pages_of_two_tables, unmap_of_two_tables, TEST_SEAM_EXACT_ASID, "R13");
}

static void map_global_page(void)
{
	assert_int_equal(test_seam_map(&seam, here() + pages(4), 0, pages(1), VMM_KERNEL_RW),
			 VMM_OK);
}

static void r13_the_first_global_leaf_is_told_to_all(const struct vmm_format *format)
{
	judge(format, nothing, map_global_page, TEST_SEAM_EXACT_ASID, "R13");
	judge(format, user_pages, map_global_page, TEST_SEAM_EXACT_ASID, "R13");
}

static void r20_what_was_unmapped_is_forgotten(const struct vmm_format *format)
{
	judge(format, user_pages, unmap_page, TEST_SEAM_LOSE_INVALIDATE, "R20");
	judge(format, user_pages, unmap_page, TEST_SEAM_LOSE_COMPLETE, "R20");
	judge(format, user_pages, unmap_two, TEST_SEAM_ONE_ADDRESS, "R20");
	judge(format, user_block, unmap_page, TEST_SEAM_LOSE_COMPLETE, "R20");
}

static void r21_only_64k_runs_are_known(const struct vmm_format *format)
{
	set_up(format, &plain, user_run);
	store(here() + pages(3), *slot_of(here() + pages(3)) ^ UINT64_C(1) << 10);
	expect("R21");
	test_seam_discard(&seam);
}

static void r22_a_cut_run_is_made_again_after_completion(const struct vmm_format *format)
{
	judge(format, user_run, unmap_page, TEST_SEAM_LOSE_COMPLETE, "R22");
}

static void r30_no_fence_by_address_where_those_are_broken(const struct vmm_format *format)
{
	static const struct setting whole = {VMM_TABLE_FLUSH_WHOLE, VMM_LOWER_HALF};

	judge_on(format, &whole, user_pages, unmap_page, TEST_SEAM_LEAF_SCOPE, "R30");
}

/* --- and no more than the rules ask for --- */

static void no_invalidation_is_wider_than_needed(const struct vmm_format *format)
{
	judge(format, user_pages, unmap_page, TEST_SEAM_SPACE_SCOPE, "wide");
	judge(format, user_pages, unmap_page, TEST_SEAM_WALK_SCOPE, "wide");
	judge(format, user_pages, unmap_two, TEST_SEAM_ONE_MORE, "wide");
	judge(format, user_pages, protect_two, TEST_SEAM_ONE_MORE, "wide");
	judge(format, pages_around_one, protect_three, TEST_SEAM_ONE_MORE, "wide");
	judge(format, pages_behind_one, protect_three, TEST_SEAM_ONE_MORE, "wide");
}

static void a9_r15_no_other_asid_loses_what_was_private(const struct vmm_format *format)
{
	judge(format, user_pages, unmap_page, TEST_SEAM_ANY_ASID, "wide");
	judge(format, user_pages, unmap_all, TEST_SEAM_ANY_ASID, "wide");
}

int main(void)
{
	static const struct test_case cases[] = {
		TEST_CASE(a1_a_leaf_keeps_its_size_while_it_is_valid, TEST_ARM),
		TEST_CASE(a1_a_leaf_keeps_type_and_output_while_it_is_valid, TEST_ARM),
		TEST_CASE(a2_what_was_broken_is_made_again_after_completion, TEST_ARM),
		TEST_CASE(a2_what_was_unmapped_is_forgotten, TEST_ARM),
		TEST_CASE(a3_old_permissions_are_forgotten, TEST_ALL),
		TEST_CASE(a4_r19_a_leaf_is_broken_only_where_it_must_be, TEST_ALL),
		TEST_CASE(a_cut_run_is_broken_only_where_it_must_be, TEST_ALL),
		TEST_CASE(new_tables_are_told_only_if_there_are_any, TEST_ALL),
		TEST_CASE(a5_r10_a_new_mapping_may_be_used_at_once, TEST_ALL),
		TEST_CASE(a5_what_was_broken_may_be_used_at_once, TEST_ARM),
		TEST_CASE(a6_stores_are_published_before_they_are_invalidated, TEST_ALL),
		TEST_CASE(a7_whoever_invalidates_completes, TEST_ALL),
		TEST_CASE(a9_a_frame_is_freed_after_walk_scope, TEST_ARM),
		TEST_CASE(a9_a_frame_is_freed_after_completion, TEST_ALL),
		TEST_CASE(a9_a_table_over_global_leaves_is_forgotten_for_all, TEST_ALL),
		TEST_CASE(a9_a_table_of_the_upper_half_is_forgotten_for_all, TEST_ARM),
		TEST_CASE(a9_a_private_leaf_of_the_upper_half_is_forgotten_for_all, TEST_ARM),
		TEST_CASE(a9_what_tables_share_is_forgotten_for_all, TEST_ALL),
		TEST_CASE(a9_the_end_of_a_table_forgets_before_it_frees, TEST_ALL),
		TEST_CASE(a9_r15_no_other_asid_loses_what_was_private, TEST_ALL),
		TEST_CASE(a10_a_table_is_published_before_it_is_linked, TEST_ALL),
		TEST_CASE(a11_every_store_is_cleaned, TEST_ALL),
		TEST_CASE(a12_an_invalidation_is_of_pages, TEST_ALL),
		TEST_CASE(a12_an_invalidation_is_of_the_right_level, TEST_ALL),
		TEST_CASE(a12_r14_an_invalidation_is_of_extended_addresses, TEST_ALL),
		TEST_CASE(a13_an_invalidation_is_of_the_tables_asid, TEST_ALL),
		TEST_CASE(a15_r21_a_run_is_whole, TEST_ALL),
		TEST_CASE(a15_r21_a_run_is_alike, TEST_ALL),
		TEST_CASE(a17_r22_all_of_a_cut_run_is_forgotten, TEST_ALL),
		TEST_CASE(a31_r2_what_is_noted_in_tables_is_invalid, TEST_ALL),
		TEST_CASE(r12_a_frame_is_freed_after_a_fence_of_all_addresses, TEST_RISCV),
		TEST_CASE(r12_a_new_table_is_used_after_a_fence_of_all_addresses, TEST_RISCV),
		TEST_CASE(r13_a_global_leaf_is_forgotten_for_all, TEST_RISCV),
		TEST_CASE(r13_the_first_global_leaf_is_told_to_all, TEST_RISCV),
		TEST_CASE(r20_what_was_unmapped_is_forgotten, TEST_RISCV),
		TEST_CASE(r21_only_64k_runs_are_known, TEST_RISCV),
		TEST_CASE(r22_a_cut_run_is_made_again_after_completion, TEST_RISCV),
		TEST_CASE(r30_no_fence_by_address_where_those_are_broken, TEST_ALL),
		TEST_CASE(no_invalidation_is_wider_than_needed, TEST_ALL),
	};

	return test_formats_run("seam rules", cases, sizeof(cases) / sizeof(cases[0]));
}
