/* SPDX-License-Identifier: MIT */
/*
 * The costs that space.h states, counted: the library's code is compiled so that it calls the
 * function below at each basic block it enters. A cost of O(log n) is allowed to grow as the
 * logarithm and half of that more between a small and a large space; one of O(n) grows by far more.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <vmm/space.h>

#include "support/test_random.h"

#define PAGE UINT64_C(0x1000)
#define START UINT64_C(0x100000000)
#define SMALL_LOG 8
#define LARGE_LOG 14
#define SMALL (1u << SMALL_LOG)
#define LARGE (1u << LARGE_LOG)
#define SAMPLES 1000
/* Each range and the gap behind it have so many pages in all. */
#define PITCH 16

static uint64_t steps;

void __sanitizer_cov_trace_pc(void);

void __sanitizer_cov_trace_pc(void)
{
	steps++;
}

static struct vmm_space space;
static struct vmm_bin bins[VMM_SPACE_BINS_MAX];
static struct vmm_range ranges[LARGE + 1];
static struct test_random dice;

/* The order in which the space was filled: each makes other trees. */
enum filling { ASCENDING, DESCENDING, RANDOM, FILLINGS };

static vmm_va_region_t region(uint64_t first_page, uint64_t page_count)
{
	vmm_va_region_t r = VMM_VA_REGION_INIT(START + first_page * PAGE, page_count * PAGE);

	return r;
}

static void shuffle(unsigned int order[], unsigned int n)
{
	for (unsigned int i = n - 1; i > 0; i--) {
		unsigned int j = (unsigned int)test_random_below(&dice, i + 1);
		unsigned int saved = order[i];

		order[i] = order[j];
		order[j] = saved;
	}
}

/* n ranges, range i at page i * PITCH with `used(i)` pages. */
static void fill(unsigned int n, enum filling filling, bool exact, uint32_t bin_count,
		 uint64_t (*used)(unsigned int i, unsigned int n))
{
	static unsigned int order[LARGE];
	struct vmm_space_config config = {
		.bins = bin_count != 0 ? bins : NULL, .bin_count = bin_count, .exact_gaps = exact,
	};

	vmm_space_fini(&space);
	assert_int_equal(vmm_space_init(&space, region(0, (uint64_t)n * PITCH), &config), VMM_OK);
	for (unsigned int i = 0; i < n; i++) {
		order[i] = filling == DESCENDING ? n - 1 - i : i;
	}
	if (filling == RANDOM) {
		shuffle(order, n);
	}
	for (unsigned int i = 0; i < n; i++) {
		unsigned int index = order[i];

		assert_int_equal(vmm_space_reserve_at(&space,
						      region((uint64_t)index * PITCH,
							     used(index, n)),
						      NULL, &ranges[index], NULL), VMM_OK);
	}
	assert_int_equal(vmm_space_check(&space), VMM_OK);
}

/* Gaps of 1 to 8 pages. */
static uint64_t mixed(unsigned int i, unsigned int n)
{
	(void)n;
	return 8 + (i * 2654435761u >> 16) % 8;
}

/* Gaps of 4 pages, but for one range in the middle without. */
static uint64_t equal(unsigned int i, unsigned int n)
{
	return i == n / 2 ? PITCH : PITCH - 4;
}

static unsigned int any(unsigned int n)
{
	return (unsigned int)test_random_below(&dice, n);
}

static uint64_t since(uint64_t before)
{
	return steps - before;
}

/* One call of what is measured, on a space of n ranges that looks the same afterwards. */
typedef uint64_t (*operation)(unsigned int n);

static uint64_t find(unsigned int n)
{
	vmm_va_t va = vmm_va(START + any(n) * PITCH * PAGE + any(PITCH) * PAGE);
	bool in_guard;
	uint64_t before = steps;

	(void)vmm_space_find(&space, va, &in_guard);
	(void)vmm_space_gap_at(&space, va);
	return since(before);
}

static uint64_t step_aside(unsigned int n)
{
	const struct vmm_range *range = &ranges[any(n)];
	uint64_t before = steps;

	(void)vmm_space_next(&space, range);
	(void)vmm_space_prev(&space, range);
	(void)vmm_space_first(&space);
	(void)vmm_space_last(&space);
	return since(before);
}

static uint64_t largest(unsigned int n)
{
	uint64_t before = steps;

	(void)n;
	(void)vmm_space_largest_gap(&space);
	return since(before);
}

static uint64_t release_and_reserve_at(unsigned int n)
{
	struct vmm_range *range = &ranges[any(n)];
	vmm_va_region_t where = vmm_range_region(range);
	uint64_t before = steps;

	assert_int_equal(vmm_space_release_at(&space, vmm_va_region_start(where), NULL), VMM_OK);
	assert_int_equal(vmm_space_reserve_at(&space, where, NULL, range, NULL), VMM_OK);
	return since(before);
}

static uint64_t reserve_and_release(unsigned int n, struct vmm_want *want)
{
	struct vmm_range *range = &ranges[n];
	uint64_t before = steps;

	want->size = (1 + any(8)) * PAGE;
	if (vmm_space_reserve(&space, want, range) != VMM_OK) {
		return since(before);
	}
	vmm_space_release(&space, range);
	return since(before);
}

static uint64_t best_fit(unsigned int n)
{
	struct vmm_want want = { .fit = VMM_FIT_BEST };

	return reserve_and_release(n, &want);
}

static uint64_t lowest_or_highest(unsigned int n)
{
	struct vmm_want want = { .fit = any(2) == 0 ? VMM_FIT_LOWEST : VMM_FIT_HIGHEST };

	return reserve_and_release(n, &want);
}

static uint64_t lowest_or_highest_in_window(unsigned int n)
{
	struct vmm_want want = { .fit = any(2) == 0 ? VMM_FIT_LOWEST : VMM_FIT_HIGHEST };
	uint64_t first = any(n * PITCH);

	want.window = region(first, 1 + any((unsigned int)(n * PITCH - first)));
	return reserve_and_release(n, &want);
}

/* Four pages in the window around the one place that has none: all other gaps are in vain. */
static uint64_t best_fit_in_window(unsigned int n)
{
	struct vmm_want want = { .size = 4 * PAGE, .fit = VMM_FIT_BEST };
	vmm_va_region_t found;
	uint64_t before = steps;

	want.window = region((uint64_t)n / 2 * PITCH, PITCH);
	assert_int_equal(vmm_space_probe(&space, &want, &found), VMM_ERR_NOSPACE);
	return since(before);
}

/* No gap has 8 pages, all have 4, none is large enough for the alignment. */
static uint64_t best_fit_aligned(unsigned int n)
{
	struct vmm_want want = { .size = 5 * PAGE, .align_shift = 14, .fit = VMM_FIT_BEST };
	vmm_va_region_t found;
	uint64_t before = steps;

	(void)n;
	assert_int_equal(vmm_space_probe(&space, &want, &found), VMM_ERR_NOSPACE);
	return since(before);
}

static uint64_t probe_best(unsigned int n)
{
	struct vmm_want want = { .size = (1 + any(7)) * PAGE, .fit = VMM_FIT_BEST };
	vmm_va_region_t found;
	uint64_t before = steps;

	(void)n;
	assert_int_equal(vmm_space_probe(&space, &want, &found), VMM_OK);
	return since(before);
}

static uint64_t most(operation op, unsigned int n)
{
	uint64_t worst = 0;

	for (unsigned int i = 0; i < SAMPLES; i++) {
		uint64_t cost = op(n);

		worst = cost > worst ? cost : worst;
	}
	assert_true(worst > 0);
	assert_int_equal(vmm_space_check(&space), VMM_OK);
	return worst;
}

static void assert_logarithmic(operation op, bool exact, uint32_t bin_count,
			       uint64_t (*used)(unsigned int i, unsigned int n))
{
	for (enum filling filling = ASCENDING; filling < FILLINGS;
	     filling = (enum filling)(filling + 1)) {
		uint64_t small;
		uint64_t large;

		fill(SMALL, filling, exact, bin_count, used);
		small = most(op, SMALL);
		fill(LARGE, filling, exact, bin_count, used);
		large = most(op, LARGE);
		assert_in_range(large, 1, small * 3 * LARGE_LOG / (2 * SMALL_LOG));
	}
}

static void finding_and_iterating_are_logarithmic(void **state)
{
	(void)state;
	assert_logarithmic(find, false, 0, mixed);
	assert_logarithmic(step_aside, false, 0, mixed);
	assert_logarithmic(largest, false, 0, mixed);
	assert_logarithmic(largest, false, VMM_SPACE_BINS_MAX, mixed);
}

static void reserving_at_an_address_and_releasing_are_logarithmic(void **state)
{
	(void)state;
	assert_logarithmic(release_and_reserve_at, false, 0, mixed);
	assert_logarithmic(release_and_reserve_at, false, 4, mixed);
	assert_logarithmic(release_and_reserve_at, true, 0, mixed);
}

static void best_fit_is_logarithmic(void **state)
{
	(void)state;
	assert_logarithmic(best_fit, false, 0, mixed);
	assert_logarithmic(best_fit, false, 4, mixed);
	assert_logarithmic(best_fit, true, 0, mixed);
	assert_logarithmic(best_fit, false, 0, equal);
	assert_logarithmic(best_fit, false, VMM_SPACE_BINS_MAX, equal);
}

static void best_fit_looks_up_a_bin_in_constant_time(void **state)
{
	uint64_t small;
	uint64_t large;

	(void)state;
	fill(SMALL, RANDOM, false, VMM_SPACE_BINS_MAX, mixed);
	small = most(probe_best, SMALL);
	fill(LARGE, RANDOM, false, VMM_SPACE_BINS_MAX, mixed);
	large = most(probe_best, LARGE);
	assert_true(large == small);
}

static void exact_gaps_make_lowest_and_highest_logarithmic_with_and_without_window(void **state)
{
	(void)state;
	assert_logarithmic(lowest_or_highest, true, 0, mixed);
	assert_logarithmic(lowest_or_highest_in_window, true, 0, mixed);
	assert_logarithmic(lowest_or_highest_in_window, true, 0, equal);
}

static void best_fit_in_a_window_meets_a_fixed_number_of_gaps_outside(void **state)
{
	(void)state;
	assert_logarithmic(best_fit_in_window, true, 0, equal);
	assert_logarithmic(best_fit_in_window, false, VMM_SPACE_BINS_MAX, equal);
}

static void best_fit_with_alignment_meets_no_gap_of_another_size(void **state)
{
	(void)state;
	assert_logarithmic(best_fit_aligned, false, 0, equal);
}

/* A probe for the one gap that is large, after all others were large and are not any more. */
static uint64_t search_after_best_fits(unsigned int n, bool exact, uint64_t *again)
{
	struct vmm_want want = { .size = 4 * PAGE, .fit = VMM_FIT_LOWEST };
	vmm_va_region_t found;
	uint64_t before;

	fill(n, RANDOM, exact, 0, mixed);
	for (unsigned int i = 0; i < n; i++) {
		vmm_va_region_t where = vmm_range_region(&ranges[i]);

		vmm_space_release(&space, &ranges[i]);
		/* All but the last take all but one page of their gap. */
		where.bytes.size = (i < n - 1 ? PITCH - 1 : 1) * PAGE;
		assert_int_equal(vmm_space_reserve_at(&space, where, NULL, &ranges[i], NULL),
				 VMM_OK);
	}
	before = steps;
	assert_int_equal(vmm_space_probe(&space, &want, &found), VMM_OK);
	*again = steps;
	before = *again - before;
	assert_int_equal(vmm_space_probe(&space, &want, &found), VMM_OK);
	*again = steps - *again;
	return before;
}

static void without_exact_gaps_a_search_in_vain_is_paid_once(void **state)
{
	uint64_t small_again;
	uint64_t large_again;
	uint64_t limit;
	uint64_t large;

	(void)state;
	(void)search_after_best_fits(SMALL, true, &small_again);
	large = search_after_best_fits(LARGE, true, &large_again);
	/* One search each, which may end deep in one tree and high in the other: twice the slack. */
	limit = small_again * 3 * LARGE_LOG / SMALL_LOG;
	assert_in_range(large, 1, limit);
	/* The same with upper bounds: many nodes of the first search promise too much. */
	large = search_after_best_fits(LARGE, false, &large_again);
	assert_in_range(large, 8 * limit, 128 * LARGE);
	assert_in_range(large_again, 1, limit);
}

static uint64_t cost_of_all(unsigned int n, unsigned int what)
{
	struct vmm_range *range;
	uint64_t before = steps;

	switch (what) {
	case 0:
		assert_int_equal(vmm_space_check(&space), VMM_OK);
		break;
	case 1:
		for (range = vmm_space_first(&space); range != NULL;
		     range = vmm_space_next(&space, range)) {
		}
		break;
	case 2:
		/* By nothing: every pointer is visited, and stays. */
		vmm_space_rebase(&space, 0);
		break;
	default:
		vmm_space_fini(&space);
		break;
	}
	return since(before) / n;
}

static void what_visits_all_ranges_is_linear(void **state)
{
	(void)state;
	for (unsigned int what = 0; what < 4; what++) {
		uint64_t small;

		fill(SMALL, RANDOM, false, 4, mixed);
		small = cost_of_all(SMALL, what);
		fill(LARGE, RANDOM, false, 4, mixed);
		assert_in_range(cost_of_all(LARGE, what), 1, small + small / 4);
	}
}

static int seed(void **state)
{
	(void)state;
	test_random_init(&dice, "space_cost");
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finding_and_iterating_are_logarithmic),
		cmocka_unit_test(reserving_at_an_address_and_releasing_are_logarithmic),
		cmocka_unit_test(best_fit_is_logarithmic),
		cmocka_unit_test(best_fit_looks_up_a_bin_in_constant_time),
		cmocka_unit_test(
			exact_gaps_make_lowest_and_highest_logarithmic_with_and_without_window),
		cmocka_unit_test(best_fit_in_a_window_meets_a_fixed_number_of_gaps_outside),
		cmocka_unit_test(best_fit_with_alignment_meets_no_gap_of_another_size),
		cmocka_unit_test(without_exact_gaps_a_search_in_vain_is_paid_once),
		cmocka_unit_test(what_visits_all_ranges_is_linear),
	};

	return cmocka_run_group_tests(tests, seed, NULL);
}
