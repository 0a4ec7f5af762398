/* SPDX-License-Identifier: MIT */
/*
 * Where an operation fails, told exactly; and the ends of things: the last page of a space, a root
 * that is the last level, a table in the first frame of memory, a mapping of all there is.
 */
#include <stdlib.h>
#include <string.h>

#include "test_fixture.h"
#include "test_formats.h"
#include "test_reader.h"

#define FRAME_COUNT 16
#define USER        vmm_attr(VMM_ATTR_USER | VMM_ATTR_WRITE)

static struct test_fixture f;

static void set_up_with(const struct vmm_format *format, struct vmm_table_config config)
{
	test_fixture_init(&f, format, FRAME_COUNT, &config);
}

static void set_up(const struct vmm_format *format)
{
	test_fixture_init(&f, format, FRAME_COUNT, NULL);
}

static void tear_down(void)
{
	test_reader_check(&f.table, &f.frames, false, NULL);
	test_fixture_fini(&f);
}

static enum vmm_err map_at(uint64_t va, uint64_t pa, uint64_t size, struct vmm_detail *detail)
{
	return vmm_table_map(&f.table, test_va_region(va, size), vmm_pa(pa), USER, detail);
}

/* What map() maps an address to: itself, as far as there is memory. */
static uint64_t identity(uint64_t va)
{
	return va & f.table.va_mask & ((UINT64_C(1) << f.table.pa_bits) - 1);
}

static void map(uint64_t va, uint64_t size)
{
	assert_int_equal(map_at(va, identity(va), size, NULL), VMM_OK);
}

static struct vmm_leaf leaf_at(uint64_t va)
{
	struct vmm_leaf leaf;

	assert_int_equal(vmm_table_query(&f.table, vmm_va(va), &leaf), VMM_OK);
	return leaf;
}

static void expect_at(const struct vmm_detail *detail, uint64_t va, uint64_t descriptor, int level)
{
	assert_int_equal(vmm_va_raw(detail->va), va);
	assert_int_equal(detail->descriptor, descriptor);
	assert_int_equal(detail->level, level);
}

/* --- where it failed --- */

static void the_first_mapping_in_the_way_is_named(const struct vmm_format *format)
{
	struct vmm_detail detail;

	set_up(format);
	map(7 * f.page, f.page);
	map(9 * f.page, f.page);
	map(2 * f.block, f.block);
	/* A page in the middle; a block from its start, from within, and behind everything else. */
	assert_int_equal(map_at(0, 0, 12 * f.page, &detail), VMM_ERR_EXISTS);
	expect_at(&detail, 7 * f.page, leaf_at(7 * f.page).descriptor, 0);
	assert_int_equal(map_at(8 * f.page, 0, 3 * f.page, &detail), VMM_ERR_EXISTS);
	expect_at(&detail, 9 * f.page, leaf_at(9 * f.page).descriptor, 0);
	assert_int_equal(map_at(f.block, 0, 2 * f.block, &detail), VMM_ERR_EXISTS);
	expect_at(&detail, 2 * f.block, leaf_at(2 * f.block).descriptor, 1);
	assert_int_equal(map_at(2 * f.block + 3 * f.page, 0, f.page, &detail), VMM_ERR_EXISTS);
	expect_at(&detail, 2 * f.block + 3 * f.page, leaf_at(2 * f.block).descriptor, 1);
	/* A block over a table: the first page in it. */
	assert_int_equal(map_at(0, 0, f.block, &detail), VMM_ERR_EXISTS);
	expect_at(&detail, 7 * f.page, leaf_at(7 * f.page).descriptor, 0);
	tear_down();
}

static void the_first_hole_is_named(const struct vmm_format *format)
{
	struct vmm_detail detail;

	set_up(format);
	map(0, 4 * f.page);
	map(f.block, 2 * f.block);
	assert_int_equal(
		vmm_table_protect(&f.table, test_va_region(0, 5 * f.page), VMM_USER_RO, &detail),
		VMM_ERR_NOENT);
	expect_at(&detail, 4 * f.page, 0, 0);
	assert_int_equal(vmm_table_protect(&f.table, test_va_region(f.block, 3 * f.block),
					   VMM_USER_RO, &detail),
			 VMM_ERR_NOENT);
	expect_at(&detail, 3 * f.block, 0, 1);
	assert_int_equal(vmm_table_protect(&f.table, test_va_region(5 * f.block + f.page, f.page),
					   VMM_USER_RO, &detail),
			 VMM_ERR_NOENT);
	assert_int_equal(vmm_va_raw(detail.va), 5 * f.block + f.page);
	tear_down();
}

static void the_first_other_type_is_named(const struct vmm_format *format)
{
	struct vmm_detail detail;

	set_up(format);
	map(0, 3 * f.page);
	assert_int_equal(vmm_table_map(&f.table, test_va_region(3 * f.page, f.page), vmm_pa(0),
				       VMM_KERNEL_RW, NULL),
			 VMM_OK);
	assert_int_equal(vmm_table_protect(&f.table, test_va_region(f.page, 3 * f.page),
					   VMM_USER_RO, &detail),
			 VMM_ERR_ATTR);
	expect_at(&detail, 3 * f.page, leaf_at(3 * f.page).descriptor, 0);
	tear_down();
}

static void a_hole_behind_a_table_of_pages_is_named(const struct vmm_format *format)
{
	struct vmm_detail detail;
	uint64_t start;

	set_up(format);
	start = f.block - 2 * f.page;
	map(start, 3 * f.page);
	assert_int_equal(vmm_table_protect(&f.table, test_va_region(start, 4 * f.page), VMM_USER_RO,
					   &detail),
			 VMM_ERR_NOENT);
	expect_at(&detail, f.block + f.page, 0, 0);
	assert_true(vmm_attr_has(leaf_at(f.block - f.page).attr, VMM_ATTR_WRITE));
	assert_int_equal(vmm_table_protect(&f.table, test_va_region(start, 3 * f.page), VMM_USER_RO,
					   &detail),
			 VMM_OK);
	assert_false(vmm_attr_has(leaf_at(f.block).attr, VMM_ATTR_WRITE));
	tear_down();
}

static void a_wrong_attribute_is_named_without_a_descriptor(const struct vmm_format *format)
{
	vmm_attr_t wrong = vmm_attr(UINT32_C(1) << 30);
	struct vmm_detail detail;

	set_up(format);
	assert_int_equal(vmm_table_map(&f.table, test_va_region(f.block, f.page), vmm_pa(0), wrong,
				       &detail),
			 VMM_ERR_ATTR);
	expect_at(&detail, f.block, 0, -1);
	map(f.block, f.page);
	assert_int_equal(
		vmm_table_protect(&f.table, test_va_region(f.block, f.page), wrong, &detail),
		VMM_ERR_ATTR);
	expect_at(&detail, f.block, 0, -1);
	tear_down();
}

static void a_leaf_is_named_by_its_first_address(const struct vmm_format *format)
{
	set_up(format);
	map(f.block, f.block);
	map(2 * f.block, f.page);
	for (uint64_t offset = 0; offset < 4; offset++) {
		assert_int_equal(vmm_va_raw(leaf_at(f.block + offset).va), f.block);
		assert_int_equal(vmm_pa_raw(leaf_at(f.block + offset).pa), f.block);
		assert_int_equal(vmm_va_raw(leaf_at(2 * f.block + offset).va), 2 * f.block);
	}
	tear_down();
}

/* The table of what was seen may go, or become a block, before the visit goes on. */
static void a_visit_goes_on_where_it_was(const struct vmm_format *format)
{
	struct vmm_cursor cursor = {0, false, true};
	struct vmm_leaf leaf;
	uint64_t end;

	set_up(format);
	end = vmm_table_region(&f.table, VMM_LOWER_HALF).bytes.size;
	map(f.page, f.page);
	map(3 * f.block, f.page);
	map(end - f.block, f.page);
	assert_int_equal(vmm_table_visit(&f.table, &cursor, &leaf, NULL), VMM_OK);
	assert_int_equal(vmm_table_unmap(&f.table, test_va_region(f.page, f.page), NULL), VMM_OK);
	assert_int_equal(vmm_table_visit(&f.table, &cursor, &leaf, NULL), VMM_OK);
	assert_int_equal(vmm_va_raw(leaf.va), 3 * f.block);
	assert_int_equal(vmm_table_unmap(&f.table, test_va_region(3 * f.block, f.page), NULL),
			 VMM_OK);
	map(3 * f.block, f.block);
	/* The cursor is inside what is a block now: the rest of it is seen once. */
	assert_int_equal(vmm_table_visit(&f.table, &cursor, &leaf, NULL), VMM_OK);
	assert_int_equal(vmm_va_raw(leaf.va), 3 * f.block);
	assert_int_equal(vmm_table_visit(&f.table, &cursor, &leaf, NULL), VMM_OK);
	assert_int_equal(vmm_va_raw(leaf.va), end - f.block);
	assert_int_equal(vmm_table_unmap(&f.table, test_va_region(end - f.block, f.page), NULL),
			 VMM_OK);
	assert_int_equal(vmm_table_visit(&f.table, &cursor, &leaf, NULL), VMM_ERR_NOENT);
	tear_down();
}

/* From the middle of a block where nothing is into a table of pages. */
static void unmap_goes_on_behind_half_a_hole(const struct vmm_format *format)
{
	uint64_t half;
	vmm_pa_t pa;

	set_up(format);
	half = f.block / 2;
	map(2 * f.block, 2 * f.page);
	assert_int_equal(
		vmm_table_unmap(&f.table, test_va_region(3 * half, half + f.page), NULL), VMM_OK);
	assert_int_equal(vmm_table_translate(&f.table, vmm_va(2 * f.block), &pa), VMM_ERR_NOENT);
	assert_int_equal(vmm_table_translate(&f.table, vmm_va(2 * f.block + f.page), &pa), VMM_OK);
	tear_down();
}

static void addresses_of_the_upper_half_are_named_extended(const struct vmm_format *format)
{
	struct vmm_table_config config;
	struct vmm_detail detail;
	uint64_t last;

	memset(&config, 0, sizeof(config));
	config.half = test_formats_is_riscv(format) ? VMM_BOTH_HALVES : VMM_UPPER_HALF;
	set_up_with(format, config);
	last = 0 - f.page;
	assert_int_equal(map_at(last, 0, f.page, NULL), VMM_OK);
	assert_int_equal(map_at(last - f.page, 0, 2 * f.page, &detail), VMM_ERR_EXISTS);
	expect_at(&detail, last, leaf_at(last).descriptor, 0);
	assert_int_equal(vmm_table_protect(&f.table, test_va_region(last - f.page, 2 * f.page),
					   VMM_USER_RO, &detail),
			 VMM_ERR_NOENT);
	expect_at(&detail, last - f.page, 0, 0);
	tear_down();
}

/* --- the ends of a space --- */

/* Maps, reads, changes and unmaps the page that ends a half. */
static void use_last_page(uint64_t last)
{
	struct vmm_cursor cursor = {0, false, false};
	struct vmm_leaf leaf;
	vmm_pa_t pa;

	map(last, f.page);
	assert_int_equal(vmm_table_translate(&f.table, vmm_va(last + f.page - 1), &pa), VMM_OK);
	assert_int_equal(vmm_pa_raw(pa), identity(last) + f.page - 1);
	assert_int_equal(vmm_table_visit(&f.table, &cursor, &leaf, NULL), VMM_OK);
	assert_int_equal(vmm_va_raw(leaf.va), last);
	assert_int_equal(leaf.size, f.page);
	assert_int_equal(vmm_table_visit(&f.table, &cursor, &leaf, NULL), VMM_ERR_NOENT);
	assert_int_equal(vmm_table_visit(&f.table, &cursor, &leaf, NULL), VMM_ERR_NOENT);
	assert_int_equal(map_at(last, 0, f.page, NULL), VMM_ERR_EXISTS);
	assert_int_equal(
		vmm_table_protect(&f.table, test_va_region(last, f.page), VMM_USER_RO, NULL),
		VMM_OK);
	assert_false(vmm_attr_has(leaf_at(last).attr, VMM_ATTR_WRITE));
	assert_int_equal(vmm_table_unmap(&f.table, test_va_region(last, f.page), NULL), VMM_OK);
	assert_int_equal(vmm_table_translate(&f.table, vmm_va(last), &pa), VMM_ERR_NOENT);
	assert_int_equal(f.frames.out_count, 1);
}

static void the_last_page_is_one_like_others(const struct vmm_format *format)
{
	struct vmm_table_config config;
	uint64_t end;

	set_up(format);
	end = vmm_table_region(&f.table, VMM_LOWER_HALF).bytes.size;
	use_last_page(end - f.page);
	/* The whole last block, and a cut that ends with the space. */
	map(end - f.block, f.block);
	assert_int_equal(vmm_table_unmap(&f.table, test_va_region(end - f.page, f.page), NULL),
			 VMM_OK);
	assert_int_equal(leaf_at(end - 2 * f.page).level, 0);
	tear_down();
	memset(&config, 0, sizeof(config));
	config.half = test_formats_is_riscv(format) ? VMM_BOTH_HALVES : VMM_UPPER_HALF;
	set_up_with(format, config);
	use_last_page(0 - f.page);
	map(0 - f.block, f.block);
	assert_int_equal(vmm_table_unmap(&f.table, test_va_region(0 - f.page, f.page), NULL),
			 VMM_OK);
	assert_int_equal(leaf_at(0 - 2 * f.page).level, 0);
	tear_down();
}

static void the_last_physical_page_is_one_like_others(const struct vmm_format *format)
{
	struct vmm_detail detail;
	uint64_t last;
	vmm_pa_t pa;

	set_up(format);
	last = (UINT64_C(1) << f.table.pa_bits) - f.page;
	assert_int_equal(map_at(0, last, f.page, NULL), VMM_OK);
	assert_int_equal(vmm_table_translate(&f.table, vmm_va(1), &pa), VMM_OK);
	assert_int_equal(vmm_pa_raw(pa), last + 1);
	assert_int_equal(map_at(f.block, last, 2 * f.page, &detail), VMM_ERR_PHYS);
	expect_at(&detail, f.block, 0, -1);
	tear_down();
}

/* A half of one piece: as many leaves of the root as there are, or of the level below it. */
static void all_of_a_half_is_one_mapping(const struct vmm_format *format)
{
	struct vmm_cursor cursor = {0, false, false};
	struct vmm_table_config config;
	struct vmm_leaf leaf;
	vmm_va_region_t all;

	memset(&config, 0, sizeof(config));
	config.va_bits = test_formats_is_riscv(format) ? 0 : 36;
	set_up_with(format, config);
	all = vmm_table_region(&f.table, VMM_LOWER_HALF);
	if (all.bytes.size > UINT64_C(1) << f.table.pa_bits) {
		tear_down();
		return;
	}
	assert_int_equal(vmm_table_map(&f.table, all, vmm_pa(0), USER, NULL), VMM_OK);
	assert_int_equal(vmm_table_visit(&f.table, &cursor, &leaf, NULL), VMM_OK);
	assert_int_equal(leaf.size, all.bytes.size);
	assert_int_equal(vmm_table_protect(&f.table, all, VMM_USER_RO, NULL), VMM_OK);
	assert_int_equal(vmm_table_unmap(&f.table, all, NULL), VMM_OK);
	assert_int_equal(f.frames.out_count, 1);
	tear_down();
}

/* --- a root that is the last level --- */

static void a_root_may_be_the_last_level(const struct vmm_format *format)
{
	struct vmm_cursor cursor = {0, false, false};
	struct vmm_table_config config;
	struct vmm_leaf leaf;
	uint64_t size, need;
	struct vmm_request request;

	memset(&config, 0, sizeof(config));
	config.va_bits = 25;
	if (test_arch_shift(test_arch_of(format), 1) < 25) {
		return; /* 4 KiB: 25 bits are two levels */
	}
	set_up_with(format, config);
	assert_int_equal(f.table.root_level, 0);
	size = f.table.va_mask + 1;
	memset(&request, 0, sizeof(request));
	request.op = VMM_OP_MAP;
	request.va = test_va_region(0, size);
	request.attr = vmm_attr(VMM_ATTR_USER | VMM_ATTR_CONTIG);
	assert_int_equal(vmm_table_need(&f.table, &request, &need, NULL), VMM_OK);
	assert_int_equal(need, 0);
	assert_int_equal(vmm_table_map(&f.table, request.va, vmm_pa(0), request.attr, NULL),
			 VMM_OK);
	assert_int_equal(vmm_table_visit(&f.table, &cursor, &leaf, NULL), VMM_OK);
	assert_int_equal(leaf.size, size);
	assert_int_equal(vmm_table_unmap(&f.table, test_va_region(f.page, f.page), NULL), VMM_OK);
	assert_int_equal(
		vmm_table_protect(&f.table, test_va_region(size - f.page, f.page), USER, NULL),
		VMM_OK);
	vmm_table_trim(&f.table);
	assert_int_equal(vmm_table_unmap(&f.table, test_va_region(0, size), NULL), VMM_OK);
	vmm_table_trim(&f.table);
	assert_int_equal(f.frames.out_count, 1);
	tear_down();
}

/* --- frames --- */

/* A source whose first frame is at physical address 0. */
struct zero_source {
	struct vmm_frames frames;
	uint8_t *memory;
	uint16_t counts[FRAME_COUNT];
	bool is_out[FRAME_COUNT];
	unsigned int limit; /* of frames that are out */
};

static enum vmm_err take_lowest(struct vmm_frames *frames, vmm_pa_t *frame, bool *clean)
{
	struct zero_source *self = VMM_CONTAINER_OF(frames, struct zero_source, frames);

	for (unsigned int i = 0; i < self->limit; i++) {
		if (!self->is_out[i]) {
			self->is_out[i] = true;
			memset(self->memory + ((size_t)i << frames->page_shift), 0xff,
			       (size_t)1 << frames->page_shift);
			*frame = vmm_pa((uint64_t)i << frames->page_shift);
			*clean = false;
			return VMM_OK;
		}
	}
	return VMM_ERR_NOMEM;
}

static void give_back(struct vmm_frames *frames, vmm_pa_t frame, bool clean)
{
	struct zero_source *self = VMM_CONTAINER_OF(frames, struct zero_source, frames);
	size_t index = (size_t)(vmm_pa_raw(frame) >> frames->page_shift);

	(void)clean;
	assert_true(index < FRAME_COUNT && self->is_out[index]);
	self->is_out[index] = false;
}

static struct zero_source zero;

static void zero_init(const struct vmm_format *format)
{
	memset(&zero, 0, sizeof(zero));
	zero.memory = malloc((size_t)FRAME_COUNT << format->geometry->page_shift);
	assert_non_null(zero.memory);
	zero.frames.alloc = take_lowest;
	zero.frames.free = give_back;
	zero.frames.window = (uint64_t)(uintptr_t)zero.memory;
	zero.frames.frame_count = FRAME_COUNT;
	zero.frames.counts = zero.counts;
	zero.frames.page_shift = format->geometry->page_shift;
	zero.limit = FRAME_COUNT;
}

static unsigned int zero_out(void)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < FRAME_COUNT; i++) {
		count += zero.is_out[i];
	}
	return count;
}

/* Maps and unmaps with a table of each level in that frame. */
static void a_frame_at_address_0_is_one_like_others(const struct vmm_format *format)
{
	for (unsigned int skipped = 0; skipped < 4; skipped++) {
		uint64_t page = test_formats_page(format);
		uint64_t block = test_formats_leaf(format, 1);
		struct vmm_table_config config;
		vmm_pa_t pa;

		zero_init(format);
		memset(&f.table, 0, sizeof(f.table));
		memset(&config, 0, sizeof(config));
		config.format = format;
		config.frames = &zero.frames;
		/* All but the first are taken in the order of their addresses. */
		zero.is_out[0] = skipped > 0;
		assert_int_equal(vmm_table_init(&f.table, &config), VMM_OK);
		assert_int_equal(vmm_pa_raw(vmm_table_root(&f.table)), skipped > 0 ? page : 0);
		if (skipped > 1) {
			assert_int_equal(map_at(skipped == 2 ? 0 : block, 0, page, NULL), VMM_OK);
		}
		zero.is_out[0] = skipped == 0;
		assert_int_equal(map_at(4 * block, 0, block, NULL), VMM_OK);
		assert_int_equal(
			vmm_table_unmap(&f.table, test_va_region(4 * block + page, page), NULL),
			VMM_OK);
		assert_int_equal(vmm_table_translate(&f.table, vmm_va(4 * block), &pa), VMM_OK);
		assert_true(zero.is_out[0]);
		/* A map that lacks its last frame gives the others back. */
		zero.limit = zero_out() + 1;
		assert_int_equal(map_at(8 * block - page, 0, 2 * page, NULL), VMM_ERR_NOMEM);
		assert_int_equal(zero_out() + 1, zero.limit);
		zero.limit = FRAME_COUNT;
		assert_int_equal(vmm_table_unmap(&f.table, test_va_region(4 * block, block), NULL),
				 VMM_OK);
		vmm_table_fini(&f.table);
		assert_int_equal(zero_out(), 0);
		free(zero.memory);
	}
}

/* A range goes from one table into the next, not into the frame behind, which is another one. */
static void a_range_ends_where_its_table_does(const struct vmm_format *format)
{
	uint64_t page = test_formats_page(format);
	uint64_t block = test_formats_leaf(format, 1);
	vmm_va_region_t range = test_va_region(block - page, 2 * page);
	struct vmm_table_config config;
	unsigned int out;
	vmm_pa_t pa;

	zero_init(format);
	memset(&f.table, 0, sizeof(f.table));
	memset(&config, 0, sizeof(config));
	config.format = format;
	config.frames = &zero.frames;
	assert_int_equal(vmm_table_init(&f.table, &config), VMM_OK);
	/* The tables above, and then two tables of pages in frames side by side. */
	assert_int_equal(map_at(6 * block, 0, page, NULL), VMM_OK);
	assert_int_equal(map_at(0, 0, page, NULL), VMM_OK);
	out = zero_out();
	assert_int_equal(map_at(3 * block + 5 * page, 0, page, NULL), VMM_OK);
	assert_int_equal(zero_out(), out + 1);
	assert_int_equal(map_at(block - page, 0, 2 * page, NULL), VMM_OK);
	assert_int_equal(vmm_table_translate(&f.table, vmm_va(block), &pa), VMM_OK);
	assert_int_equal(vmm_pa_raw(pa), page);
	assert_int_equal(vmm_table_translate(&f.table, vmm_va(3 * block), &pa), VMM_ERR_NOENT);
	assert_int_equal(map_at(3 * block, 0, page, NULL), VMM_OK);
	assert_int_equal(vmm_table_protect(&f.table, range, VMM_USER_RO, NULL), VMM_OK);
	assert_false(vmm_attr_has(leaf_at(block).attr, VMM_ATTR_WRITE));
	assert_true(vmm_attr_has(leaf_at(3 * block).attr, VMM_ATTR_WRITE));
	assert_int_equal(vmm_table_unmap(&f.table, range, NULL), VMM_OK);
	assert_int_equal(vmm_table_translate(&f.table, vmm_va(block), &pa), VMM_ERR_NOENT);
	assert_int_equal(vmm_table_translate(&f.table, vmm_va(3 * block), &pa), VMM_OK);
	vmm_table_fini(&f.table);
	assert_int_equal(zero_out(), 0);
	free(zero.memory);
}

static unsigned int dirty_returns;

static void count_dirty(struct test_frames *self, vmm_pa_t frame, bool clean)
{
	(void)self;
	(void)frame;
	dirty_returns += !clean;
}

static void a_table_emptied_page_by_page_goes_back_clean(const struct vmm_format *format)
{
	set_up(format);
	f.frames.returned = count_dirty;
	dirty_returns = 0;
	map(7 * f.page, 3 * f.page);
	assert_int_equal(vmm_table_unmap(&f.table, test_va_region(8 * f.page, f.page), NULL),
			 VMM_OK);
	assert_int_equal(vmm_table_unmap(&f.table, test_va_region(7 * f.page, 3 * f.page), NULL),
			 VMM_OK);
	assert_int_equal(f.frames.out_count, 1);
	assert_int_equal(dirty_returns, 0);
	f.frames.returned = NULL;
	tear_down();
}

int main(void)
{
	static const struct test_case cases[] = {
		TEST_CASE(the_first_mapping_in_the_way_is_named, TEST_ALL),
		TEST_CASE(the_first_hole_is_named, TEST_ALL),
		TEST_CASE(the_first_other_type_is_named, TEST_ALL),
		TEST_CASE(a_hole_behind_a_table_of_pages_is_named, TEST_ALL),
		TEST_CASE(a_wrong_attribute_is_named_without_a_descriptor, TEST_ALL),
		TEST_CASE(a_leaf_is_named_by_its_first_address, TEST_ALL),
		TEST_CASE(a_visit_goes_on_where_it_was, TEST_ALL),
		TEST_CASE(unmap_goes_on_behind_half_a_hole, TEST_ALL),
		TEST_CASE(addresses_of_the_upper_half_are_named_extended, TEST_ALL),
		TEST_CASE(the_last_page_is_one_like_others, TEST_ALL),
		TEST_CASE(the_last_physical_page_is_one_like_others, TEST_ALL),
		TEST_CASE(all_of_a_half_is_one_mapping, TEST_ALL),
		TEST_CASE(a_root_may_be_the_last_level, TEST_ARM),
		TEST_CASE(a_frame_at_address_0_is_one_like_others, TEST_ALL),
		TEST_CASE(a_range_ends_where_its_table_does, TEST_ALL),
		TEST_CASE(a_table_emptied_page_by_page_goes_back_clean, TEST_ALL),
	};

	return test_formats_run("table edges", cases, sizeof(cases) / sizeof(cases[0]));
}
