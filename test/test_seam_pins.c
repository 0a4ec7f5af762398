/* SPDX-License-Identifier: MIT */
/*
 * What the caller pinned must not vanish, not even for the moment of a break. Arm breaks blocks and
 * runs; RISC-V breaks runs only.
 */
#include <string.h>

#include "test_formats.h"
#include "test_seam.h"

#define USER vmm_attr(VMM_ATTR_USER | VMM_ATTR_WRITE)
#define RUNS vmm_attr(VMM_ATTR_USER | VMM_ATTR_WRITE | VMM_ATTR_CONTIG)

static struct test_seam seam;

static void set_up_with(const struct vmm_format *format, uint32_t flags)
{
	bool is_riscv = test_formats_is_riscv(format);
	struct vmm_table_config config;

	memset(&config, 0, sizeof(config));
	config.format = format;
	config.flags = flags | (is_riscv ? VMM_TABLE_SVNAPOT : 0);
	test_seam_init(&seam, NULL, &config, 16);
}

static void set_up(const struct vmm_format *format)
{
	set_up_with(format, 0);
}

static uint64_t page(uint64_t number)
{
	return number << seam.arch->page_shift;
}

/* Arm: a block of level 1. RISC-V: a run. Both break where they are cut. */
static uint64_t unit_size(void)
{
	return seam.arch->riscv ? page(16) : test_arch_reach(seam.arch, 1);
}

static void map_unit(uint64_t va)
{
	uint64_t first = va & ~(unit_size() - 1);

	assert_int_equal(test_seam_map(&seam, first, unit_size(), unit_size(), RUNS), VMM_OK);
}

static vmm_va_region_t region(uint64_t va, uint64_t size)
{
	vmm_va_region_t made;

	made.bytes.start = va;
	made.bytes.size = size;
	return made;
}

/* Unmap and protect are refused, nothing has changed, and detail names the unit's first leaf. */
static void expect_pinned(uint64_t cut)
{
	struct test_frames_snapshot *before = test_frames_save(&seam.frames);
	struct vmm_detail detail;
	struct vmm_leaf leaf;
	uint64_t first = cut & ~(unit_size() - 1);

	assert_int_equal(vmm_table_query(&seam.table, vmm_va(first), &leaf), VMM_OK);
	for (unsigned int i = 0; i < 2; i++) {
		enum vmm_err err;

		memset(&detail, 0, sizeof(detail));
		test_seam_begin(&seam);
		err = i == 0 ? vmm_table_unmap(&seam.table, region(cut, page(1)), &detail)
			     : vmm_table_protect(&seam.table, region(cut, page(1)), VMM_USER_RO,
						 &detail);
		test_seam_end(&seam, err);
		assert_int_equal(err, VMM_ERR_PINNED);
		assert_string_equal(test_seam_trace(&seam), "");
		assert_int_equal(vmm_va_raw(detail.va), first);
		assert_int_equal(detail.descriptor, leaf.descriptor);
		assert_int_equal(detail.level, leaf.level);
	}
	test_frames_assert_same(&seam.frames, before);
	test_frames_release(before);
}

static void expect_cut(uint64_t cut)
{
	assert_int_equal(test_seam_unmap(&seam, cut, page(1)), VMM_OK);
}

/* --- what the caller pinned --- */

#define PLACE (UINT64_C(1) << 33)

static void pin(struct vmm_pin *made, uint64_t va, uint64_t size)
{
	memset(made, 0, sizeof(*made));
	made->range = region(va, size);
	vmm_table_pin(&seam.table, made);
}

static void a_pinned_range_does_not_vanish(const struct vmm_format *format)
{
	struct vmm_pin pins[2];
	uint64_t va = PLACE;

	set_up(format);
	map_unit(va);
	pin(&pins[0], va + page(5) + 1, 1);
	pin(&pins[1], PLACE * 4, page(1));
	expect_pinned(va);
	expect_pinned(va + page(15));
	assert_int_equal(vmm_table_unpin(&seam.table, &pins[0]), VMM_OK);
	expect_cut(va);
	test_seam_fini(&seam);
}

static void the_first_and_the_last_byte_count(const struct vmm_format *format)
{
	struct vmm_pin made;
	uint64_t ends[2];

	set_up(format);
	map_unit(PLACE);
	ends[0] = PLACE;
	ends[1] = PLACE + unit_size() - 1;
	for (unsigned int i = 0; i < 2; i++) {
		pin(&made, ends[i], 1);
		expect_pinned(PLACE + page(2));
		assert_int_equal(vmm_table_unpin(&seam.table, &made), VMM_OK);
	}
	pin(&made, PLACE - 1, 1);
	expect_cut(PLACE + page(2));
	test_seam_fini(&seam);
}

static void a_neighbor_may_be_pinned(const struct vmm_format *format)
{
	struct vmm_pin pins[3];

	set_up(format);
	map_unit(PLACE);
	map_unit(PLACE + unit_size());
	pin(&pins[0], PLACE - page(1), page(1));
	pin(&pins[1], PLACE + unit_size(), page(1));
	pin(&pins[2], PLACE + page(3), 0);
	expect_cut(PLACE + page(2));
	expect_pinned(PLACE + unit_size() + page(2));
	test_seam_fini(&seam);
}

static void a_pinned_range_may_be_unmapped_on_purpose(const struct vmm_format *format)
{
	struct vmm_pin made;

	set_up(format);
	map_unit(PLACE);
	pin(&made, PLACE + page(3), page(1));
	assert_int_equal(test_seam_unmap(&seam, PLACE, unit_size()), VMM_OK);
	map_unit(PLACE);
	assert_int_equal(test_seam_protect(&seam, PLACE, unit_size(), VMM_USER_RO), VMM_OK);
	test_seam_fini(&seam);
}

static void a_page_may_be_unmapped_beside_a_pinned_one(const struct vmm_format *format)
{
	struct vmm_pin made;

	set_up(format);
	assert_int_equal(test_seam_map(&seam, PLACE, unit_size(), page(4), USER), VMM_OK);
	pin(&made, PLACE + page(1), page(1));
	expect_cut(PLACE);
	expect_cut(PLACE + page(1));
	test_seam_fini(&seam);
}

static void either_end_of_a_range_is_looked_at(const struct vmm_format *format)
{
	struct vmm_pin made;

	set_up(format);
	for (uint64_t i = 0; i < 3; i++) {
		map_unit(PLACE + i * unit_size());
	}
	for (uint64_t i = 0; i < 3; i += 2) {
		struct test_frames_snapshot *before = test_frames_save(&seam.frames);

		pin(&made, PLACE + i * unit_size(), page(1));
		assert_int_equal(test_seam_unmap(&seam, PLACE + page(1), 2 * unit_size() + page(2)),
				 VMM_ERR_PINNED);
		assert_string_equal(test_seam_trace(&seam), "");
		test_frames_assert_same(&seam.frames, before);
		test_frames_release(before);
		assert_int_equal(vmm_table_unpin(&seam.table, &made), VMM_OK);
	}
	/* In the middle it goes on purpose. */
	pin(&made, PLACE + unit_size(), page(1));
	assert_int_equal(test_seam_unmap(&seam, PLACE + page(1), 2 * unit_size() + page(2)),
			 VMM_OK);
	test_seam_fini(&seam);
}

static void what_does_not_break_may_hold_pins(const struct vmm_format *format)
{
	struct vmm_pin made;
	uint64_t block;

	set_up_with(format, test_formats_is_riscv(format) ? 0 : VMM_TABLE_RESIZE_LIVE);
	block = test_arch_reach(seam.arch, 1);
	assert_int_equal(test_seam_map(&seam, PLACE, 0, block, USER), VMM_OK);
	pin(&made, PLACE, block);
	seam.is_active = true;
	assert_int_equal(test_seam_unmap(&seam, PLACE + page(1), page(1)), VMM_OK);
	test_seam_fini(&seam);
}

static void unpin_knows_its_pins(const struct vmm_format *format)
{
	struct vmm_pin pins[3];
	struct vmm_pin other;

	set_up(format);
	memset(&other, 0, sizeof(other));
	for (unsigned int i = 0; i < 3; i++) {
		pin(&pins[i], page(i), page(1));
	}
	assert_int_equal(vmm_table_unpin(&seam.table, &other), VMM_ERR_NOENT);
	assert_int_equal(vmm_table_unpin(&seam.table, &pins[1]), VMM_OK);
	assert_int_equal(vmm_table_unpin(&seam.table, &pins[1]), VMM_ERR_NOENT);
	assert_int_equal(vmm_table_unpin(&seam.table, &pins[2]), VMM_OK);
	assert_int_equal(vmm_table_unpin(&seam.table, &pins[0]), VMM_OK);
	assert_int_equal(vmm_table_unpin(&seam.table, &pins[0]), VMM_ERR_NOENT);
	test_seam_fini(&seam);
}

static void a_protect_that_changes_nothing_needs_no_break(const struct vmm_format *format)
{
	struct vmm_pin made;

	set_up(format);
	map_unit(PLACE);
	pin(&made, PLACE, page(1));
	assert_int_equal(test_seam_protect(&seam, PLACE + page(1), page(1), USER), VMM_OK);
	assert_string_equal(test_seam_trace(&seam), "");
	test_seam_fini(&seam);
}

int main(void)
{
	static const struct test_case cases[] = {
		TEST_CASE(a_pinned_range_does_not_vanish, TEST_ALL),
		TEST_CASE(the_first_and_the_last_byte_count, TEST_ALL),
		TEST_CASE(a_neighbor_may_be_pinned, TEST_ALL),
		TEST_CASE(a_pinned_range_may_be_unmapped_on_purpose, TEST_ALL),
		TEST_CASE(a_page_may_be_unmapped_beside_a_pinned_one, TEST_ALL),
		TEST_CASE(either_end_of_a_range_is_looked_at, TEST_ALL),
		TEST_CASE(what_does_not_break_may_hold_pins, TEST_ALL),
		TEST_CASE(unpin_knows_its_pins, TEST_ALL),
		TEST_CASE(a_protect_that_changes_nothing_needs_no_break, TEST_ALL),
	};

	return test_formats_run("seam pins", cases, sizeof(cases) / sizeof(cases[0]));
}
