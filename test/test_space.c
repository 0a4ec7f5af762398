/* SPDX-License-Identifier: MIT */
/*
 * The address space by example: what each call promises, each error it names, and the edges of the
 * 64-bit space.
 */
#include "support/test_area.h"

static int set_up(void **state)
{
	struct vmm_space_config config = { .bins = fixture.bins, .bin_count = 4 };

	*state = &fixture;
	set_up_space(&config);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	assert_int_equal(vmm_space_check(&fixture.space), VMM_OK);
	vmm_space_fini(&fixture.space);
	assert_int_equal(vmm_space_check(&fixture.space), VMM_OK);
	return 0;
}

static struct vmm_want want_pages(uint64_t page_count, enum vmm_fit fit)
{
	struct vmm_want want = { .size = page_count * PAGE, .fit = fit };

	return want;
}

/* The page that reserve chooses; the range is given back. */
static uint64_t page_chosen(const struct vmm_want *want)
{
	struct vmm_range range = { .size = 0 };
	vmm_va_region_t probed;
	uint64_t start;

	assert_int_equal(vmm_space_probe(&fixture.space, want, &probed), VMM_OK);
	assert_int_equal(vmm_space_reserve(&fixture.space, want, &range), VMM_OK);
	start = vmm_va_raw(vmm_va_region_start(vmm_range_region(&range)));
	assert_true(vmm_va_region_equal(vmm_range_region(&range), probed));
	assert_int_equal(vmm_space_check(&fixture.space), VMM_OK);
	vmm_space_release(&fixture.space, &range);
	return (start - START) / PAGE;
}

/* Gaps of 8, 3, 5, 3, and 25 pages at 0, 12, 20, 30, and 39. */
static void make_gaps(void)
{
	occupy(0, 8, 4);
	occupy(1, 15, 5);
	occupy(2, 25, 5);
	occupy(3, 33, 6);
}

static void best_fit_takes_the_smallest_gap_and_of_equal_ones_the_lowest(void **state)
{
	struct vmm_want want;

	(void)state;
	make_gaps();
	want = want_pages(3, VMM_FIT_BEST);
	assert_int_equal(page_chosen(&want), 12);
	want = want_pages(4, VMM_FIT_BEST);
	assert_int_equal(page_chosen(&want), 20);
	want = want_pages(6, VMM_FIT_BEST);
	assert_int_equal(page_chosen(&want), 0);
	want = want_pages(9, VMM_FIT_BEST);
	assert_int_equal(page_chosen(&want), 39);
}

static void lowest_and_highest_take_the_ends_whatever_the_gaps(void **state)
{
	struct vmm_want want;

	(void)state;
	make_gaps();
	want = want_pages(3, VMM_FIT_LOWEST);
	assert_int_equal(page_chosen(&want), 0);
	want = want_pages(9, VMM_FIT_LOWEST);
	assert_int_equal(page_chosen(&want), 39);
	want = want_pages(3, VMM_FIT_HIGHEST);
	assert_int_equal(page_chosen(&want), 61);
}

static void a_window_holds_the_whole_range(void **state)
{
	struct vmm_want want;

	(void)state;
	make_gaps();
	want = want_pages(3, VMM_FIT_BEST);
	want.window = region(13, 19);
	/* Of the gap at 12 and the one at 30 two pages each are inside. */
	assert_int_equal(page_chosen(&want), 20);
	want.fit = VMM_FIT_HIGHEST;
	assert_int_equal(page_chosen(&want), 22);
	want.window.bytes.start++;
	want.fit = VMM_FIT_LOWEST;
	assert_int_equal(page_chosen(&want), 20);
	want.window = region(21, 3);
	want.guards.before = 1;
	assert_int_equal(vmm_space_probe(&fixture.space, &want, &(vmm_va_region_t){ { 0, 0 } }),
			 VMM_ERR_NOSPACE);
}

static void alignment_and_offset_are_those_of_the_usable_part(void **state)
{
	struct vmm_want want = want_pages(2, VMM_FIT_BEST);

	(void)state;
	make_gaps();
	want.align_shift = 14;
	assert_int_equal(page_chosen(&want), 12);
	want.align_offset = 3 * PAGE;
	assert_int_equal(page_chosen(&want), 31);
	want.guards.before = 2;
	assert_int_equal(page_chosen(&want), 23);
	want.guards.after = 1;
	assert_int_equal(page_chosen(&want), 3);
	want.fit = VMM_FIT_HIGHEST;
	assert_int_equal(page_chosen(&want), 59);
}

static void guards_belong_to_the_range_but_not_to_its_region(void **state)
{
	struct vmm_want want = want_pages(2, VMM_FIT_LOWEST);
	struct vmm_range *range = &fixture.ranges[0];
	bool in_guard = false;

	(void)state;
	want.guards.before = 1;
	want.guards.after = 3;
	assert_int_equal(vmm_space_reserve(&fixture.space, &want, range), VMM_OK);
	assert_true(vmm_va_region_equal(vmm_range_region(range), region(1, 2)));
	assert_true(vmm_va_region_equal(vmm_range_whole(range), region(0, 6)));
	assert_true(vmm_va_region_equal(vmm_range_gap(range), region(6, PAGES - 6)));
	assert_int_equal(vmm_range_guards(range).before, 1);
	assert_int_equal(vmm_range_guards(range).after, 3);
	assert_true(vmm_space_used_size(&fixture.space) == 6 * PAGE);
	for (unsigned int page = 0; page < 6; page++) {
		assert_ptr_equal(vmm_space_find(&fixture.space, vmm_va(START + page * PAGE + 5),
						&in_guard), range);
		assert_true(in_guard == (page != 1 && page != 2));
	}
	assert_null(vmm_space_find(&fixture.space, vmm_va(START + 6 * PAGE), &in_guard));
	/* Nobody else gets a guard page, and a usable part is released by its own start. */
	assert_int_equal(vmm_space_reserve_at(&fixture.space, region(5, 1), NULL,
					      &fixture.ranges[1], NULL), VMM_ERR_EXISTS);
	assert_int_equal(vmm_space_release_at(&fixture.space, vmm_va(START), NULL), VMM_ERR_NOENT);
	assert_int_equal(vmm_space_release_at(&fixture.space, vmm_va(START + PAGE), NULL), VMM_OK);
}

static void the_largest_guards_fit_into_a_node(void **state)
{
	struct vmm_guards guards = { VMM_SPACE_GUARDS_MAX, VMM_SPACE_GUARDS_MAX };
	struct vmm_range *range = &fixture.ranges[0];

	(void)state;
	assert_int_equal(vmm_space_reserve_at(&fixture.space, region(15, 1), &guards, range, NULL),
			 VMM_OK);
	assert_true(vmm_va_region_equal(vmm_range_region(range), region(15, 1)));
	assert_true(vmm_va_region_equal(vmm_range_whole(range), region(0, 31)));
	guards.after++;
	assert_int_equal(vmm_space_reserve_at(&fixture.space, region(47, 1), &guards,
					      &fixture.ranges[1], NULL), VMM_ERR_UNSUPPORTED);
}

static void a_fixed_range_in_the_way_is_named_by_its_first_address(void **state)
{
	vmm_va_t conflict = vmm_va(7);
	struct vmm_guards guards = { 2, 0 };

	(void)state;
	occupy(0, 8, 4);
	assert_int_equal(vmm_space_reserve_at(&fixture.space, region(10, 9), NULL,
					      &fixture.ranges[1], &conflict), VMM_ERR_EXISTS);
	assert_true(vmm_va_raw(conflict) == START + 10 * PAGE);
	assert_int_equal(vmm_space_reserve_at(&fixture.space, region(2, 7), NULL,
					      &fixture.ranges[1], &conflict), VMM_ERR_EXISTS);
	assert_true(vmm_va_raw(conflict) == START + 8 * PAGE);
	assert_int_equal(vmm_space_reserve_at(&fixture.space, region(13, 1), &guards,
					      &fixture.ranges[1], &conflict), VMM_ERR_EXISTS);
	assert_true(vmm_va_raw(conflict) == START + 11 * PAGE);
	assert_false(vmm_range_is_reserved(&fixture.ranges[1]));
	occupy(1, 2, 6);
	occupy(2, 12, 1);
}

static void released_neighbors_merge_in_every_order(void **state)
{
	static const unsigned int orders[6][3] = {
		{ 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 },
	};

	(void)state;
	for (unsigned int i = 0; i < 6; i++) {
		for (unsigned int j = 0; j < 3; j++) {
			occupy(j, 10 * j + 5, 10);
		}
		for (unsigned int j = 0; j < 3; j++) {
			vmm_space_release(&fixture.space, &fixture.ranges[orders[i][j]]);
			assert_int_equal(vmm_space_check(&fixture.space), VMM_OK);
		}
		assert_true(vmm_va_region_equal(vmm_space_largest_gap(&fixture.space),
						region(0, PAGES)));
	}
}

static void a_range_is_zeroed_by_release_and_can_be_released_twice(void **state)
{
	static const struct vmm_range zeroed;
	struct vmm_range *range = occupy(0, 3, 3);
	struct vmm_range *released = NULL;

	(void)state;
	occupy(1, 9, 3);
	vmm_space_release(&fixture.space, range);
	assert_memory_equal(range, &zeroed, sizeof(zeroed));
	vmm_space_release(&fixture.space, range);
	assert_true(vmm_space_range_count(&fixture.space) == 1);
	assert_int_equal(vmm_space_release_at(&fixture.space, vmm_va(START + 9 * PAGE), &released),
			 VMM_OK);
	assert_ptr_equal(released, &fixture.ranges[1]);
	assert_int_equal(vmm_space_release_at(&fixture.space, vmm_va(START + 9 * PAGE), &released),
			 VMM_ERR_NOENT);
}

static void ranges_are_visited_in_order_from_both_ends(void **state)
{
	const struct vmm_space *space = &fixture.space;

	(void)state;
	assert_null(vmm_space_first(space));
	assert_null(vmm_space_last(space));
	occupy(1, 20, 1);
	occupy(0, 0, 1);
	occupy(2, 40, 1);
	assert_ptr_equal(vmm_space_first(space), &fixture.ranges[0]);
	assert_ptr_equal(vmm_space_next(space, &fixture.ranges[0]), &fixture.ranges[1]);
	assert_ptr_equal(vmm_space_next(space, &fixture.ranges[1]), &fixture.ranges[2]);
	assert_null(vmm_space_next(space, &fixture.ranges[2]));
	assert_ptr_equal(vmm_space_last(space), &fixture.ranges[2]);
	assert_ptr_equal(vmm_space_prev(space, &fixture.ranges[1]), &fixture.ranges[0]);
	assert_null(vmm_space_prev(space, &fixture.ranges[0]));
}

static void a_full_space_has_no_room_and_all_totals_say_so(void **state)
{
	struct vmm_want want = want_pages(1, VMM_FIT_BEST);

	(void)state;
	occupy(0, 0, PAGES);
	for (want.fit = VMM_FIT_BEST; want.fit <= VMM_FIT_HIGHEST;
	     want.fit = (enum vmm_fit)(want.fit + 1)) {
		assert_int_equal(vmm_space_reserve(&fixture.space, &want, &fixture.ranges[1]),
				 VMM_ERR_NOSPACE);
	}
	assert_true(vmm_space_free_size(&fixture.space) == 0);
	assert_true(vmm_space_used_size(&fixture.space) == PAGES * PAGE);
	assert_true(vmm_va_region_is_empty(vmm_space_largest_gap(&fixture.space)));
	assert_true(vmm_va_region_is_empty(vmm_space_gap_at(&fixture.space, vmm_va(START))));
}

static void addresses_outside_the_area_are_nobodys(void **state)
{
	(void)state;
	occupy(0, 0, PAGES);
	assert_null(vmm_space_find(&fixture.space, vmm_va(START - 1), NULL));
	assert_null(vmm_space_find(&fixture.space, vmm_va(START + PAGES * PAGE), NULL));
	vmm_space_release(&fixture.space, &fixture.ranges[0]);
	assert_true(vmm_va_region_is_empty(vmm_space_gap_at(&fixture.space, vmm_va(START - 1))));
	assert_true(vmm_va_region_is_empty(
		vmm_space_gap_at(&fixture.space, vmm_va(START + PAGES * PAGE))));
	assert_true(vmm_va_region_equal(vmm_space_gap_at(&fixture.space, vmm_va(START)),
					region(0, PAGES)));
}

static void reserve_names_what_is_wrong_with_a_request(void **state)
{
	struct vmm_want good = want_pages(2, VMM_FIT_BEST);
	struct vmm_want want = good;
	struct vmm_range *range = &fixture.ranges[0];
	struct vmm_space *space = &fixture.space;

	(void)state;
	want.size = 0;
	assert_int_equal(vmm_space_reserve(space, &want, range), VMM_ERR_EMPTY);
	want.size = PAGE + 1;
	assert_int_equal(vmm_space_reserve(space, &want, range), VMM_ERR_ALIGN);
	want = good;
	want.align_shift = 64;
	assert_int_equal(vmm_space_reserve(space, &want, range), VMM_ERR_ALIGN);
	want = good;
	want.align_shift = 13;
	want.align_offset = 2 * PAGE;
	assert_int_equal(vmm_space_reserve(space, &want, range), VMM_ERR_ALIGN);
	want.align_offset = 1;
	assert_int_equal(vmm_space_reserve(space, &want, range), VMM_ERR_ALIGN);
	want = good;
	want.align_offset = PAGE;
	assert_int_equal(vmm_space_reserve(space, &want, range), VMM_ERR_ALIGN);
	want = good;
	want.window = region(PAGES - 1, 2);
	assert_int_equal(vmm_space_reserve(space, &want, range), VMM_ERR_RANGE);
	want.window.bytes.size = UINT64_MAX;
	assert_int_equal(vmm_space_reserve(space, &want, range), VMM_ERR_WRAP);
	want = good;
	want.guards.before = VMM_SPACE_GUARDS_MAX + 1;
	assert_int_equal(vmm_space_reserve(space, &want, range), VMM_ERR_UNSUPPORTED);
	want = want_pages(PAGES + 1, VMM_FIT_LOWEST);
	assert_int_equal(vmm_space_reserve(space, &want, range), VMM_ERR_NOSPACE);
	want = want_pages(PAGES, VMM_FIT_LOWEST);
	want.guards.after = 1;
	assert_int_equal(vmm_space_reserve(space, &want, range), VMM_ERR_NOSPACE);
	want.size = UINT64_MAX - PAGE + 1;
	assert_int_equal(vmm_space_reserve(space, &want, range), VMM_ERR_NOSPACE);
	want = good;
	want.align_shift = 63;
	assert_int_equal(vmm_space_reserve(space, &want, range), VMM_ERR_NOSPACE);
	assert_int_equal(vmm_space_reserve(space, &good, range), VMM_OK);
	assert_int_equal(vmm_space_reserve(space, &good, range), VMM_ERR_BUSY);
}

static void reserve_at_names_what_is_wrong_with_a_region(void **state)
{
	struct vmm_guards guards = { 1, 1 };
	struct vmm_range *range = &fixture.ranges[0];
	struct vmm_space *space = &fixture.space;
	vmm_va_t conflict = vmm_va(7);
	vmm_va_region_t where = region(2, 2);

	(void)state;
	assert_int_equal(vmm_space_reserve_at(space, region(2, 0), NULL, range, &conflict),
			 VMM_ERR_EMPTY);
	where.bytes.start += 16;
	assert_int_equal(vmm_space_reserve_at(space, where, NULL, range, &conflict),
			 VMM_ERR_ALIGN);
	where.bytes.size = UINT64_MAX;
	assert_int_equal(vmm_space_reserve_at(space, where, NULL, range, &conflict), VMM_ERR_WRAP);
	assert_int_equal(vmm_space_reserve_at(space, region(PAGES - 1, 2), NULL, range, &conflict),
			 VMM_ERR_RANGE);
	assert_int_equal(vmm_space_reserve_at(space, region(0, 2), &guards, range, &conflict),
			 VMM_ERR_RANGE);
	assert_int_equal(vmm_space_reserve_at(space, region(PAGES - 2, 2), &guards, range,
					      &conflict), VMM_ERR_RANGE);
	assert_true(vmm_va_raw(conflict) == 7);
	assert_int_equal(vmm_space_reserve_at(space, region(1, PAGES - 2), &guards, range,
					      &conflict), VMM_OK);
	assert_int_equal(vmm_space_reserve_at(space, region(1, 1), NULL, range, &conflict),
			 VMM_ERR_BUSY);
}

static void init_names_what_is_wrong_with_a_set_up(void **state)
{
	struct vmm_space space;
	struct vmm_space_config config = { .page_shift = 12 };
	vmm_va_region_t area = region(0, 1);

	(void)state;
	memset(&space, 0, sizeof(space));
	assert_int_equal(vmm_space_init(&space, region(0, 0), NULL), VMM_ERR_EMPTY);
	area.bytes.start += 8;
	assert_int_equal(vmm_space_init(&space, area, NULL), VMM_ERR_ALIGN);
	area = region(0, 1);
	area.bytes.size += 8;
	assert_int_equal(vmm_space_init(&space, area, NULL), VMM_ERR_ALIGN);
	area.bytes.size = UINT64_MAX;
	assert_int_equal(vmm_space_init(&space, area, NULL), VMM_ERR_WRAP);
	config.page_shift = 11;
	assert_int_equal(vmm_space_init(&space, region(0, 1), &config), VMM_ERR_UNSUPPORTED);
	config.page_shift = 28;
	assert_int_equal(vmm_space_init(&space, region(0, 1), &config), VMM_ERR_UNSUPPORTED);
	config.page_shift = 16;
	assert_int_equal(vmm_space_init(&space, region(0, 1), &config), VMM_ERR_ALIGN);
	config.bin_count = 1;
	assert_int_equal(vmm_space_init(&space, region(0, 16), &config), VMM_ERR_UNSUPPORTED);
	config.bins = fixture.bins;
	config.bin_count = VMM_SPACE_BINS_MAX + 1;
	assert_int_equal(vmm_space_init(&space, region(0, 16), &config), VMM_ERR_UNSUPPORTED);
	assert_int_equal(vmm_space_page_shift(&space), 0);
	config.bin_count = 2;
	assert_int_equal(vmm_space_init(&space, region(0, 16), &config), VMM_OK);
	assert_int_equal(vmm_space_page_shift(&space), 16);
	assert_int_equal(vmm_space_check(&space), VMM_OK);
}

static void init_again_with_the_same_arguments_changes_nothing_with_others_it_is_refused(
	void **state)
{
	struct vmm_space_config config = { .bins = fixture.bins, .bin_count = 4 };
	struct fixture before;

	(void)state;
	occupy(0, 3, 3);
	before = fixture;
	assert_int_equal(vmm_space_init(&fixture.space, region(0, PAGES), &config), VMM_OK);
	assert_int_equal(vmm_space_init(&fixture.space, region(0, PAGES - 1), &config),
			 VMM_ERR_BUSY);
	assert_int_equal(vmm_space_init(&fixture.space, region(0, PAGES), NULL), VMM_ERR_BUSY);
	config.bin_count = 3;
	assert_int_equal(vmm_space_init(&fixture.space, region(0, PAGES), &config), VMM_ERR_BUSY);
	config.bin_count = 4;
	config.exact_gaps = true;
	assert_int_equal(vmm_space_init(&fixture.space, region(0, PAGES), &config), VMM_ERR_BUSY);
	config.exact_gaps = false;
	config.page_shift = 13;
	assert_int_equal(vmm_space_init(&fixture.space, region(0, PAGES), &config), VMM_ERR_BUSY);
	assert_memory_equal(&fixture, &before, sizeof(before));
}

static void without_a_configuration_gaps_are_not_exact(void **state)
{
	struct vmm_space space;

	(void)state;
	memset(&space, 0, sizeof(space));
	assert_int_equal(vmm_space_init(&space, region(0, PAGES), NULL), VMM_OK);
	assert_int_equal(space.exact, false);
	assert_int_equal(vmm_space_page_shift(&space), 12);
	vmm_space_fini(&space);
}

static void a_zeroed_space_is_a_space_without_room(void **state)
{
	struct vmm_space space;
	struct vmm_want want = want_pages(1, VMM_FIT_BEST);
	struct vmm_range range = { .size = 0 };
	vmm_va_region_t found;

	(void)state;
	memset(&space, 0, sizeof(space));
	assert_int_equal(vmm_space_check(&space), VMM_OK);
	assert_int_equal(vmm_space_reserve(&space, &want, &range), VMM_ERR_NOSPACE);
	assert_int_equal(vmm_space_probe(&space, &want, &found), VMM_ERR_NOSPACE);
	assert_int_equal(vmm_space_reserve_at(&space, region(0, 1), NULL, &range, NULL),
			 VMM_ERR_RANGE);
	assert_int_equal(vmm_space_release_at(&space, vmm_va(0), NULL), VMM_ERR_NOENT);
	assert_null(vmm_space_find(&space, vmm_va(0), NULL));
	assert_null(vmm_space_first(&space));
	assert_null(vmm_space_last(&space));
	assert_true(vmm_va_region_is_empty(vmm_space_gap_at(&space, vmm_va(0))));
	assert_true(vmm_va_region_is_empty(vmm_space_largest_gap(&space)));
	assert_true(vmm_va_region_is_empty(vmm_space_area(&space)));
	vmm_space_rebase(&space, 16);
	vmm_space_fini(&space);
	assert_int_equal(vmm_space_check(&space), VMM_OK);
}

static void a_space_ends_with_the_last_byte_of_64_bits(void **state)
{
	struct vmm_space space;
	struct vmm_range ranges[3];
	struct vmm_want want = want_pages(2, VMM_FIT_HIGHEST);
	vmm_va_region_t area = VMM_VA_REGION_INIT(UINT64_C(1) << 63, UINT64_C(1) << 63);
	vmm_va_region_t last_page = VMM_VA_REGION_INIT(UINT64_MAX - PAGE + 1, PAGE);
	vmm_va_t conflict = vmm_va(0);

	(void)state;
	memset(&space, 0, sizeof(space));
	memset(ranges, 0, sizeof(ranges));
	assert_int_equal(vmm_space_init(&space, area, NULL), VMM_OK);
	assert_int_equal(vmm_space_reserve(&space, &want, &ranges[0]), VMM_OK);
	assert_true(vmm_va_raw(vmm_va_region_last(vmm_range_region(&ranges[0]))) == UINT64_MAX);
	assert_true(vmm_va_region_is_empty(vmm_range_gap(&ranges[0])));
	assert_int_equal(vmm_range_gap(&ranges[0]).bytes.start, 0);
	assert_ptr_equal(vmm_space_find(&space, vmm_va(UINT64_MAX), NULL), &ranges[0]);
	assert_null(vmm_space_find(&space, vmm_va(0), NULL));
	assert_int_equal(vmm_space_reserve_at(&space, last_page, NULL, &ranges[1], &conflict),
			 VMM_ERR_EXISTS);
	assert_true(vmm_va_raw(conflict) == UINT64_MAX - PAGE + 1);
	vmm_space_release(&space, &ranges[0]);
	assert_int_equal(vmm_space_reserve_at(&space, last_page, NULL, &ranges[1], &conflict),
			 VMM_OK);
	assert_int_equal(vmm_space_reserve(&space, &want, &ranges[0]), VMM_OK);
	assert_true(vmm_va_raw(vmm_va_region_start(vmm_range_region(&ranges[0]))) ==
		    UINT64_MAX - 3 * PAGE + 1);
	want = want_pages(1, VMM_FIT_LOWEST);
	want.window = last_page;
	assert_int_equal(vmm_space_reserve(&space, &want, &ranges[2]), VMM_ERR_NOSPACE);
	assert_int_equal(vmm_space_check(&space), VMM_OK);
	vmm_space_fini(&space);
}

static void the_largest_area_is_all_but_one_page_of_the_space(void **state)
{
	struct vmm_space space;
	struct vmm_range range = { .size = 0 };
	vmm_va_region_t area = VMM_VA_REGION_INIT(PAGE, UINT64_MAX - PAGE + 1);
	struct vmm_want want = { .size = UINT64_MAX - PAGE + 1, .fit = VMM_FIT_BEST };

	(void)state;
	memset(&space, 0, sizeof(space));
	assert_int_equal(vmm_space_init(&space, area, NULL), VMM_OK);
	for (; want.fit <= VMM_FIT_HIGHEST; want.fit = (enum vmm_fit)(want.fit + 1)) {
		assert_int_equal(vmm_space_reserve(&space, &want, &range), VMM_OK);
		assert_true(vmm_va_region_equal(vmm_range_region(&range), area));
		assert_int_equal(vmm_space_check(&space), VMM_OK);
		vmm_space_release(&space, &range);
	}
	vmm_space_fini(&space);
}

static void a_space_is_used_on_after_it_has_moved(void **state)
{
	static struct fixture moved;
	uint64_t delta = (uint64_t)(uintptr_t)&moved - (uint64_t)(uintptr_t)&fixture;

	(void)state;
	make_gaps();
	moved = fixture;
	memset(&fixture, 0xa5, sizeof(fixture));
	vmm_space_rebase(&moved.space, delta);
	assert_int_equal(vmm_space_check(&moved.space), VMM_OK);
	assert_ptr_equal(vmm_space_find(&moved.space, vmm_va(START + 8 * PAGE), NULL),
			 &moved.ranges[0]);
	vmm_space_release(&moved.space, &moved.ranges[1]);
	assert_int_equal(vmm_space_check(&moved.space), VMM_OK);
	fixture = moved;
	vmm_space_rebase(&fixture.space, 0 - delta);
}

/* --- bins --- */

static struct vmm_bin all_bins[VMM_SPACE_BINS_MAX];

/* Whatever is in the array of bins, and in pages of the largest size there is. */
static void set_up_bins(struct vmm_space *space, uint64_t page_count)
{
	const struct vmm_space_config config = {
		.bins = all_bins,
		.bin_count = VMM_SPACE_BINS_MAX,
		.page_shift = 27,
		.exact_gaps = page_count % 2 != 0,
	};
	const vmm_va_region_t area = VMM_VA_REGION_INIT(0, page_count << 27);

	memset(all_bins, 0xa5, sizeof(all_bins));
	memset(space, 0, sizeof(*space));
	assert_int_equal(vmm_space_init(space, area, &config), VMM_OK);
	assert_int_equal(vmm_space_check(space), VMM_OK);
}

static void occupy_page(struct vmm_space *space, uint64_t page, struct vmm_range *range)
{
	const vmm_va_region_t one = VMM_VA_REGION_INIT(page << 27, UINT64_C(1) << 27);

	memset(range, 0, sizeof(*range));
	assert_int_equal(vmm_space_reserve_at(space, one, NULL, range, NULL), VMM_OK);
}

/* One gap, of each size that has a bin and some that have none. */
static void a_gap_of_any_size_is_found_for_any_smaller_size(void **state)
{
	static const struct vmm_space zero;

	(void)state;
	for (uint64_t gap = 1; gap <= VMM_SPACE_BINS_MAX + 2; gap++) {
		const uint64_t sizes[] = { 1, gap / 2, gap / 64 * 64, gap / 64 * 64 + 1, gap };
		struct vmm_range ranges[3];
		struct vmm_space space;

		set_up_bins(&space, gap + 2);
		occupy_page(&space, 0, &ranges[0]);
		occupy_page(&space, gap + 1, &ranges[1]);
		assert_int_equal(vmm_space_check(&space), VMM_OK);
		assert_int_equal(vmm_va_region_size(vmm_space_largest_gap(&space)), gap << 27);
		for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			const struct vmm_want want = { .size = sizes[i] << 27 };

			if (sizes[i] == 0 || sizes[i] > gap) {
				continue;
			}
			memset(&ranges[2], 0, sizeof(ranges[2]));
			assert_int_equal(vmm_space_reserve(&space, &want, &ranges[2]), VMM_OK);
			assert_int_equal(vmm_va_raw(vmm_va_region_start(
						 vmm_range_region(&ranges[2]))), UINT64_C(1) << 27);
			assert_int_equal(vmm_space_check(&space), VMM_OK);
			vmm_space_release(&space, &ranges[2]);
		}
		vmm_space_fini(&space);
		assert_memory_equal(&space, &zero, sizeof(space));
	}
}

/* The larger of two gaps is in the bin that a search for more than the smaller comes to next. */
static void of_two_gaps_the_one_that_is_large_enough_is_found(void **state)
{
	(void)state;
	for (uint64_t small = 1; small <= 130; small++) {
		const struct vmm_want want = { .size = (small + 1) << 27 };
		struct vmm_range ranges[4];
		struct vmm_space space;

		set_up_bins(&space, 2 * small + 5);
		occupy_page(&space, 0, &ranges[0]);
		occupy_page(&space, small + 1, &ranges[1]);
		occupy_page(&space, 2 * small + 4, &ranges[2]);
		memset(&ranges[3], 0, sizeof(ranges[3]));
		assert_int_equal(vmm_space_reserve(&space, &want, &ranges[3]), VMM_OK);
		assert_int_equal(vmm_va_raw(vmm_va_region_start(vmm_range_region(&ranges[3]))),
				 (small + 2) << 27);
		assert_int_equal(vmm_space_check(&space), VMM_OK);
		vmm_space_fini(&space);
	}
}

static void guards_are_of_the_pages_of_the_space(void **state)
{
	const struct vmm_space_config config = { .page_shift = 14 };
	const vmm_va_region_t area = VMM_VA_REGION_INIT(START, 64 * PAGE);
	const struct vmm_want want = { .size = 4 * PAGE, .guards = { 2, 1 } };
	struct vmm_range range = { .size = 0 };
	struct vmm_space space;

	(void)state;
	memset(&space, 0, sizeof(space));
	assert_int_equal(vmm_space_init(&space, area, &config), VMM_OK);
	assert_int_equal(vmm_space_reserve(&space, &want, &range), VMM_OK);
	assert_int_equal(vmm_va_raw(vmm_va_region_start(vmm_range_region(&range))),
			 START + 8 * PAGE);
	assert_int_equal(vmm_va_region_size(vmm_range_region(&range)), 4 * PAGE);
	assert_int_equal(vmm_space_check(&space), VMM_OK);
	vmm_space_fini(&space);
}

static void a_space_without_bins_has_none_where_it_moves_to(void **state)
{
	static struct vmm_space spaces[2];

	(void)state;
	memset(spaces, 0, sizeof(spaces));
	assert_int_equal(vmm_space_init(&spaces[0], region(0, PAGES), NULL), VMM_OK);
	spaces[1] = spaces[0];
	vmm_space_rebase(&spaces[1], sizeof(spaces[0]));
	assert_null(spaces[1].bins);
	assert_int_equal(vmm_space_check(&spaces[1]), VMM_OK);
}

/* More pages than 32 bits can count, where there is a gap of as many as their low bits say. */
static void a_request_of_very_many_pages_is_not_taken_for_a_small_one(void **state)
{
	const struct vmm_space_config config = { .bins = all_bins, .bin_count = 8 };
	const vmm_va_region_t area = VMM_VA_REGION_INIT(0, UINT64_C(1) << 46);
	const struct vmm_want want = { .size = (UINT64_C(1) << 44) + PAGE };
	struct vmm_range ranges[3] = { { .size = 0 } };
	struct vmm_space space;

	(void)state;
	memset(&space, 0, sizeof(space));
	assert_int_equal(vmm_space_init(&space, area, &config), VMM_OK);
	for (unsigned int i = 0; i < 2; i++) {
		const vmm_va_region_t page = VMM_VA_REGION_INIT(2 * i * PAGE, PAGE);

		assert_int_equal(vmm_space_reserve_at(&space, page, NULL, &ranges[i], NULL),
				 VMM_OK);
	}
	assert_int_equal(vmm_space_reserve(&space, &want, &ranges[2]), VMM_OK);
	assert_int_equal(vmm_va_raw(vmm_va_region_start(vmm_range_region(&ranges[2]))), 3 * PAGE);
	assert_int_equal(vmm_space_check(&space), VMM_OK);
}

/* Nothing else of a space that is all free says of what pages it is, or how many bins there are. */
static void pages_and_bins_beyond_what_there_is_are_damage(void **state)
{
	static struct vmm_bin more_bins[VMM_SPACE_BINS_MAX + 2];
	const struct vmm_space_config config = { .bins = more_bins,
						 .bin_count = VMM_SPACE_BINS_MAX,
						 .page_shift = 27 };
	const vmm_va_region_t area = VMM_VA_REGION_INIT(0, UINT64_C(1) << 40);
	struct vmm_space space;

	(void)state;
	memset(&space, 0, sizeof(space));
	assert_int_equal(vmm_space_init(&space, area, &config), VMM_OK);
	assert_int_equal(vmm_space_check(&space), VMM_OK);
	space.page_shift = 28;
	assert_int_equal(vmm_space_check(&space), VMM_ERR_CORRUPT);
	space.page_shift = 27;
	space.bin_count = VMM_SPACE_BINS_MAX + 1;
	assert_int_equal(vmm_space_check(&space), VMM_ERR_CORRUPT);
	space.bin_count = VMM_SPACE_BINS_MAX;
	assert_int_equal(vmm_space_check(&space), VMM_OK);
}

/* Two ranges of half of all addresses more: sums come out as before, but neither is in the area. */
static void ranges_that_wrap_together_are_damage(void **state)
{
	const uint64_t half = UINT64_C(1) << 63;

	(void)state;
	set_up_space(NULL);
	occupy(0, 2, 2);
	occupy(1, 6, 2);
	occupy(2, 10, 2);
	occupy(3, 12, 2);
	/* Without a gap there is no place for one either. */
	assert_int_equal(vmm_range_gap(&fixture.ranges[2]).bytes.start, 0);
	assert_true(vmm_va_region_is_empty(vmm_range_gap(&fixture.ranges[2])));
	assert_int_equal(vmm_space_check(&fixture.space), VMM_OK);
	fixture.ranges[0].size += half;
	fixture.ranges[1].start += half;
	fixture.ranges[1].size += half;
	assert_int_equal(vmm_space_check(&fixture.space), VMM_ERR_CORRUPT);
	fixture.ranges[0].size -= half;
	fixture.ranges[1].start -= half;
	fixture.ranges[1].size -= half;
	assert_int_equal(vmm_space_check(&fixture.space), VMM_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define EXAMPLE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		EXAMPLE(best_fit_takes_the_smallest_gap_and_of_equal_ones_the_lowest),
		EXAMPLE(lowest_and_highest_take_the_ends_whatever_the_gaps),
		EXAMPLE(a_window_holds_the_whole_range),
		EXAMPLE(alignment_and_offset_are_those_of_the_usable_part),
		EXAMPLE(guards_belong_to_the_range_but_not_to_its_region),
		EXAMPLE(the_largest_guards_fit_into_a_node),
		EXAMPLE(a_fixed_range_in_the_way_is_named_by_its_first_address),
		EXAMPLE(released_neighbors_merge_in_every_order),
		EXAMPLE(a_range_is_zeroed_by_release_and_can_be_released_twice),
		EXAMPLE(ranges_are_visited_in_order_from_both_ends),
		EXAMPLE(a_full_space_has_no_room_and_all_totals_say_so),
		EXAMPLE(addresses_outside_the_area_are_nobodys),
		EXAMPLE(reserve_names_what_is_wrong_with_a_request),
		EXAMPLE(reserve_at_names_what_is_wrong_with_a_region),
		EXAMPLE(init_again_with_the_same_arguments_changes_nothing_with_others_it_is_refused),
		EXAMPLE(a_space_is_used_on_after_it_has_moved),
#undef EXAMPLE
		cmocka_unit_test(init_names_what_is_wrong_with_a_set_up),
		cmocka_unit_test(a_gap_of_any_size_is_found_for_any_smaller_size),
		cmocka_unit_test(of_two_gaps_the_one_that_is_large_enough_is_found),
		cmocka_unit_test(without_a_configuration_gaps_are_not_exact),
		cmocka_unit_test(guards_are_of_the_pages_of_the_space),
		cmocka_unit_test(a_space_without_bins_has_none_where_it_moves_to),
		cmocka_unit_test(pages_and_bins_beyond_what_there_is_are_damage),
		cmocka_unit_test(ranges_that_wrap_together_are_damage),
		cmocka_unit_test(a_request_of_very_many_pages_is_not_taken_for_a_small_one),
		cmocka_unit_test(a_zeroed_space_is_a_space_without_room),
		cmocka_unit_test(a_space_ends_with_the_last_byte_of_64_bits),
		cmocka_unit_test(the_largest_area_is_all_but_one_page_of_the_space),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
