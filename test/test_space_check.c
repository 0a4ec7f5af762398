/* SPDX-License-Identifier: MIT */
/* Damage of a space by example, where changing one word at a time (test_space) says too little. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <vmm/space.h>

#define PAGE  UINT64_C(4096)
#define PAGES UINT64_C(64)
#define START UINT64_C(0x10000000)

struct fixture {
	struct vmm_space space;
	struct vmm_bin bins[2];
	struct vmm_range ranges[4];
};

static struct fixture f;

static int set_up(void **state)
{
	struct vmm_space_config config = { .bins = f.bins, .bin_count = 2 };
	vmm_va_region_t area = VMM_VA_REGION_INIT(START, PAGES * PAGE);

	(void)state;
	memset(&f, 0, sizeof(f));
	assert_int_equal(vmm_space_init(&f.space, area, &config), VMM_OK);
	return 0;
}

static void occupy(unsigned int index, uint64_t first_page, uint64_t page_count)
{
	vmm_va_region_t where = VMM_VA_REGION_INIT(START + first_page * PAGE, page_count * PAGE);

	assert_int_equal(vmm_space_reserve_at(&f.space, where, NULL, &f.ranges[index], NULL),
			 VMM_OK);
}

static void expect(const struct vmm_space *space, enum vmm_err err)
{
	assert_int_equal(vmm_space_check(space), err);
}

/* As many ranges as make none with head: 2^64 - 1 and one more. */
static void a_space_without_ranges_lacks_head_whatever_it_counts(void **state)
{
	(void)state;
	f.space.used = NULL;
	for (uint64_t count = UINT64_MAX - 1; count != 2; count++) {
		f.space.range_count = count;
		expect(&f.space, VMM_ERR_CORRUPT);
	}
}

static void a_space_without_room_has_nothing_else_either(void **state)
{
	static const struct vmm_space zero;
	struct vmm_space space = zero;

	(void)state;
	expect(&space, VMM_OK);
	space.used = &f.ranges[0].by_addr;
	expect(&space, VMM_ERR_CORRUPT);
	space = zero;
	space.large = &f.ranges[0].by_gap;
	expect(&space, VMM_ERR_CORRUPT);
	space = zero;
	space.free_size = PAGE;
	expect(&space, VMM_ERR_CORRUPT);
	space = zero;
	space.range_count = 1;
	expect(&space, VMM_ERR_CORRUPT);
	space = zero;
	space.bin_count = 1;
	expect(&space, VMM_ERR_CORRUPT);
}

static void a_set_up_that_init_would_refuse_is_damage(void **state)
{
	struct vmm_space whole = f.space;

	(void)state;
	expect(&f.space, VMM_OK);
	f.space.page_shift = 11;
	expect(&f.space, VMM_ERR_CORRUPT);
	f.space = whole;
	f.space.page_shift = 28;
	expect(&f.space, VMM_ERR_CORRUPT);
	f.space = whole;
	f.space.area_size += 8;
	expect(&f.space, VMM_ERR_CORRUPT);
	f.space = whole;
	/* Past the last byte of the 64-bit space. */
	f.space.head.start = 0 - PAGE;
	expect(&f.space, VMM_ERR_CORRUPT);
	f.space = whole;
	f.space.head.size = PAGE;
	expect(&f.space, VMM_ERR_CORRUPT);
	f.space = whole;
	expect(&f.space, VMM_OK);
}

static void a_range_is_of_whole_pages_of_the_space(void **state)
{
	struct vmm_range *range = &f.ranges[0];
	uint64_t size;

	(void)state;
	occupy(0, 4, 2);
	size = range->size;
	/* Above the 12 bits of guards and page size, a size of pages of 16 KiB. */
	f.space.page_shift = 14;
	expect(&f.space, VMM_ERR_CORRUPT);
	f.space.page_shift = 12;
	/* Guards that leave nothing between them: 1 before, 1 after, of 2 pages. */
	range->size |= 0x11;
	expect(&f.space, VMM_ERR_CORRUPT);
	range->size = size | 0x1;
	expect(&f.space, VMM_OK);
	range->size = size;
	expect(&f.space, VMM_OK);
}

static void a_page_of_a_space_may_be_larger(void **state)
{
	struct vmm_space_config config = { .page_shift = 14 };
	vmm_va_region_t area = VMM_VA_REGION_INIT(START, 64 * PAGE);
	vmm_va_region_t where = VMM_VA_REGION_INIT(START, 4 * PAGE);

	(void)state;
	memset(&f, 0, sizeof(f));
	assert_int_equal(vmm_space_init(&f.space, area, &config), VMM_OK);
	assert_int_equal(vmm_space_reserve_at(&f.space, where, NULL, &f.ranges[0], NULL), VMM_OK);
	expect(&f.space, VMM_OK);
	/* A range says of what pages it is. */
	f.space.page_shift = 13;
	expect(&f.space, VMM_ERR_CORRUPT);
	f.space.page_shift = 14;
	expect(&f.space, VMM_OK);
	/* Of pages of 4 KiB, and as much less of gap. */
	f.ranges[0].size += PAGE;
	f.ranges[0].gap -= PAGE;
	f.space.free_size -= PAGE;
	expect(&f.space, VMM_ERR_CORRUPT);
}

/* Three large gaps hang in one tree by size: a smaller one on the right side of a larger one. */
static void gaps_in_the_wrong_order_are_damage(void **state)
{
	struct vmm_link_ *root;
	struct vmm_link_ *child;

	(void)state;
	occupy(0, 10, 1);
	occupy(1, 31, 1);
	occupy(2, 63, 1);
	root = f.space.large;
	expect(&f.space, VMM_OK);
	child = root->child[0];
	root->child[0] = root->child[1];
	root->child[1] = child;
	expect(&f.space, VMM_ERR_CORRUPT);
}

/* Of equal gaps the one with the lower address comes first. */
static void equal_gaps_in_the_wrong_order_are_damage(void **state)
{
	struct vmm_link_ *root;
	struct vmm_link_ *child;

	(void)state;
	occupy(0, 10, 1);
	occupy(1, 21, 1);
	occupy(2, 32, 32);
	root = f.space.large;
	expect(&f.space, VMM_OK);
	child = root->child[0];
	root->child[0] = root->child[1];
	root->child[1] = child;
	expect(&f.space, VMM_ERR_CORRUPT);
}

static void a_range_that_passes_the_end_of_the_area_is_damage(void **state)
{
	(void)state;
	occupy(0, PAGES - 2, 2);
	expect(&f.space, VMM_OK);
	/* Its size does, and so does the size that its gap would make it end at. */
	f.ranges[0].size += PAGE;
	expect(&f.space, VMM_ERR_CORRUPT);
	f.ranges[0].size -= PAGE;
	f.ranges[0].gap = 0 - PAGE;
	expect(&f.space, VMM_ERR_CORRUPT);
	f.ranges[0].gap = 0;
	expect(&f.space, VMM_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_space_without_ranges_lacks_head_whatever_it_counts, set_up),
		cmocka_unit_test_setup(a_space_without_room_has_nothing_else_either, set_up),
		cmocka_unit_test_setup(a_set_up_that_init_would_refuse_is_damage, set_up),
		cmocka_unit_test_setup(a_range_is_of_whole_pages_of_the_space, set_up),
		cmocka_unit_test_setup(a_range_that_passes_the_end_of_the_area_is_damage, set_up),
		cmocka_unit_test_setup(a_page_of_a_space_may_be_larger, set_up),
		cmocka_unit_test_setup(gaps_in_the_wrong_order_are_damage, set_up),
		cmocka_unit_test_setup(equal_gaps_in_the_wrong_order_are_damage, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
