/* SPDX-License-Identifier: MIT */
/* Searches that give up on order of size: best fit in a window with very many gaps outside of it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <vmm/space.h>

#define PAGE  UINT64_C(4096)
#define START UINT64_C(0x10000000)
/* More than a best fit looks at by size before it goes through the window by address. */
#define MANY  70

struct fixture {
	struct vmm_space space;
	struct vmm_range ranges[MANY + 16];
	unsigned int count;
	uint64_t page; /* the first one behind all ranges */
};

static struct fixture f;

static int set_up(void **state)
{
	vmm_va_region_t area = VMM_VA_REGION_INIT(START, 1024 * PAGE);

	(void)state;
	memset(&f, 0, sizeof(f));
	assert_int_equal(vmm_space_init(&f.space, area, NULL), VMM_OK);
	return 0;
}

/* Leaves a gap, and reserves the page behind it. */
static uint64_t leave(uint64_t page_count)
{
	uint64_t start = START + f.page * PAGE;
	vmm_va_region_t behind = VMM_VA_REGION_INIT(start + page_count * PAGE, PAGE);

	assert_int_equal(vmm_space_reserve_at(&f.space, behind, NULL, &f.ranges[f.count], NULL),
			 VMM_OK);
	f.count++;
	f.page += page_count + 1;
	return start;
}

static uint64_t best_in(uint64_t first, uint64_t page_count)
{
	struct vmm_want want = { .size = page_count * PAGE };
	vmm_va_region_t found;

	want.window.bytes.start = first;
	want.window.bytes.size = START + f.page * PAGE - first;
	assert_int_equal(vmm_space_probe(&f.space, &want, &found), VMM_OK);
	assert_int_equal(found.bytes.size, page_count * PAGE);
	return found.bytes.start;
}

static void best_fit_is_the_smallest_gap_of_the_window(void **state)
{
	uint64_t first, smallest;

	(void)state;
	for (unsigned int i = 0; i < MANY; i++) {
		leave(2);
	}
	first = leave(5);
	leave(4);
	smallest = leave(3);
	leave(4);
	leave(3);
	assert_int_equal(best_in(first, 2), smallest);
}

static void best_fit_ends_with_a_gap_that_fits_exactly(void **state)
{
	uint64_t first, exact;

	(void)state;
	for (unsigned int i = 0; i < MANY; i++) {
		leave(2);
	}
	first = leave(5);
	exact = leave(2);
	leave(2);
	assert_int_equal(best_in(first, 2), exact);
}

static void nothing_fits_where_the_window_has_only_small_gaps(void **state)
{
	struct vmm_want want = { .size = 2 * PAGE };
	vmm_va_region_t found;
	uint64_t first;

	(void)state;
	for (unsigned int i = 0; i < MANY; i++) {
		leave(2);
	}
	first = leave(1);
	leave(1);
	want.window.bytes.start = first;
	want.window.bytes.size = START + f.page * PAGE - first;
	assert_int_equal(vmm_space_probe(&f.space, &want, &found), VMM_ERR_NOSPACE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(best_fit_is_the_smallest_gap_of_the_window, set_up),
		cmocka_unit_test_setup(best_fit_ends_with_a_gap_that_fits_exactly, set_up),
		cmocka_unit_test_setup(nothing_fits_where_the_window_has_only_small_gaps, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
