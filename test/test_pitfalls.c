/* SPDX-License-Identifier: MIT */
/*
 * Mistakes that translation tables invite and that no rule of the hardware names. docs/rules.md lists
 * these and all others, with the test for each.
 */

#include <string.h>

#include "test_fixture.h"
#include "test_formats.h"

#define FRAME_COUNT 24

static struct test_fixture f;

static void set_up(const struct vmm_format *format)
{
	test_fixture_init(&f, format, FRAME_COUNT, NULL);
}

static void tear_down(void)
{
	test_fixture_fini(&f);
}

static enum vmm_err map(uint64_t va, uint64_t pa, uint64_t size)
{
	return vmm_table_map(&f.table, test_va_region(va, size), vmm_pa(pa), VMM_KERNEL_RW, NULL);
}

static unsigned int level_at(uint64_t va)
{
	struct vmm_leaf leaf;

	assert_int_equal(vmm_table_query(&f.table, vmm_va(va), &leaf), VMM_OK);
	return (unsigned int)leaf.level;
}

/* A block at an aligned address that leads to one that isn't maps the wrong memory. */
static void a_leaf_is_as_large_as_both_addresses_allow(const struct vmm_format *format)
{
	uint64_t page = test_formats_page(format);

	for (unsigned int level = 1; level <= format->geometry->leaf_level_max; level++) {
		uint64_t leaf = test_formats_leaf(format, level);
		uint64_t below = test_formats_leaf(format, level - 1);
		vmm_pa_t pa;

		set_up(format);
		if (leaf > f.table.va_mask >> 2) {
			tear_down();
			break;
		}
		assert_int_equal(map(leaf, leaf, leaf), VMM_OK);
		assert_int_equal(level_at(leaf), level);
		assert_int_equal(vmm_table_unmap(&f.table, test_va_region(leaf, leaf), NULL),
				 VMM_OK);
		/* Aligned on one side only, then on neither but alike: */
		assert_int_equal(map(leaf, leaf + below, leaf), VMM_OK);
		assert_int_equal(level_at(leaf), level - 1);
		assert_int_equal(vmm_table_translate(&f.table, vmm_va(leaf + page), &pa), VMM_OK);
		assert_int_equal(vmm_pa_raw(pa), leaf + below + page);
		assert_int_equal(vmm_table_unmap(&f.table, test_va_region(leaf, leaf), NULL),
				 VMM_OK);
		assert_int_equal(map(leaf + below, leaf, leaf), VMM_OK);
		assert_int_equal(level_at(leaf + below), level - 1);
		assert_int_equal(
			vmm_table_unmap(&f.table, test_va_region(leaf + below, leaf), NULL),
			VMM_OK);
		tear_down();
	}
}

/* A part of a block that its range does not fill would map more than was asked for. */
static void a_leaf_is_no_larger_than_its_range(const struct vmm_format *format)
{
	uint64_t leaf = test_formats_leaf(format, 1);
	uint64_t page = test_formats_page(format);
	vmm_pa_t pa;

	set_up(format);
	assert_int_equal(map(leaf, leaf, leaf - page), VMM_OK);
	assert_int_equal(level_at(leaf), 0);
	assert_int_equal(vmm_table_translate(&f.table, vmm_va(2 * leaf - page), &pa),
			 VMM_ERR_NOENT);
	tear_down();
}

static vmm_va_region_t watched;
static unsigned int look_count;
static enum vmm_err before;
static enum vmm_err (*real_alloc)(struct vmm_frames *frames, vmm_pa_t *frame, bool *clean);

/* A source that asks the table, as one that maps its own memory would: nothing is half done yet. */
static enum vmm_err alloc_that_looks(struct vmm_frames *frames, vmm_pa_t *frame, bool *clean)
{
	struct vmm_cursor cursor;
	struct vmm_detail detail;
	struct vmm_leaf leaf;
	vmm_pa_t pa;
	unsigned int count = 0;
	enum vmm_err err;

	assert_int_equal(vmm_table_translate(&f.table, vmm_va_region_start(watched), &pa), before);
	memset(&cursor, 0, sizeof(cursor));
	while ((err = vmm_table_visit(&f.table, &cursor, &leaf, &detail)) == VMM_OK) {
		count++;
	}
	assert_int_equal(err, VMM_ERR_NOENT);
	assert_int_equal(count, before == VMM_OK);
	look_count++;
	return real_alloc(frames, frame, clean);
}

static void all_frames_are_taken_before_anything_is_stored(const struct vmm_format *format)
{
	uint64_t leaf = test_formats_leaf(format, 1);
	uint64_t page = test_formats_page(format);

	set_up(format);
	real_alloc = f.frames.frames.alloc;
	f.frames.frames.alloc = alloc_that_looks;
	look_count = 0;
	/* Map: over two tables at least; then a cut at both ends of a block. */
	watched = test_va_region(leaf - page, 2 * page);
	before = VMM_ERR_NOENT;
	assert_int_equal(vmm_table_map(&f.table, watched, vmm_pa(page), VMM_KERNEL_RW, NULL),
			 VMM_OK);
	assert_true(look_count >= 2);
	f.frames.frames.alloc = real_alloc;
	assert_int_equal(vmm_table_unmap(&f.table, watched, NULL), VMM_OK);
	assert_int_equal(map(leaf, leaf, leaf), VMM_OK);
	f.frames.frames.alloc = alloc_that_looks;
	look_count = 0;
	watched = test_va_region(leaf + page, page);
	before = VMM_OK;
	assert_int_equal(vmm_table_unmap(&f.table, watched, NULL), VMM_OK);
	assert_int_equal(look_count, 1);
	f.frames.frames.alloc = real_alloc;
	tear_down();
}

/* All ones look like a descriptor: whatever isn't written in a new table would be one. */
static void what_was_in_a_frame_is_never_a_mapping(const struct vmm_format *format)
{
	uint64_t page = test_formats_page(format);
	uint64_t leaf = test_formats_leaf(format, 1);
	uint64_t places[] = {3 * page, leaf - page, 2 * leaf + 5 * page};

	set_up(format);
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		struct vmm_cursor cursor;
		struct vmm_leaf found;
		unsigned int count = 0;

		assert_int_equal(map(places[i], page, page), VMM_OK);
		memset(&cursor, 0, sizeof(cursor));
		cursor.each = true;
		while (vmm_table_visit(&f.table, &cursor, &found, NULL) == VMM_OK) {
			count++;
		}
		assert_int_equal(count, i + 1);
		assert_true(cursor.done);
	}
	tear_down();
}

int main(void)
{
	static const struct test_case cases[] = {
		TEST_CASE(a_leaf_is_as_large_as_both_addresses_allow, TEST_ALL),
		TEST_CASE(a_leaf_is_no_larger_than_its_range, TEST_ALL),
		TEST_CASE(all_frames_are_taken_before_anything_is_stored, TEST_ALL),
		TEST_CASE(what_was_in_a_frame_is_never_a_mapping, TEST_ALL),
	};

	return test_formats_run("pitfalls", cases, sizeof(cases) / sizeof(cases[0]));
}
