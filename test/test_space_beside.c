/* SPDX-License-Identifier: MIT */
/*
 * What a range keeps in the bits that its numbers leave: its neighbors, by their distance in memory,
 * and the class of the gaps below it.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include <vmm/space.h>

#include "space_impl.h"
#include "support/test_random.h"

#define PAGE UINT64_C(0x1000)
#define START UINT64_C(0x100000000)
#define PAGES 400
#define RANGES 64

static struct vmm_space space;
static struct vmm_bin bins[8];
static struct vmm_range nodes_near[RANGES];
static struct test_random dice;

static void start(uint64_t page_count, uint32_t bin_count)
{
	struct vmm_space_config config = { .bins = bin_count != 0 ? bins : NULL,
					   .bin_count = bin_count };
	vmm_va_region_t area = VMM_VA_REGION_INIT(START, page_count * PAGE);

	memset(&space, 0, sizeof(space));
	memset(nodes_near, 0, sizeof(nodes_near));
	assert_int_equal(vmm_space_init(&space, area, &config), VMM_OK);
}

static void occupy(struct vmm_range *range, uint64_t first_page, uint64_t page_count)
{
	vmm_va_region_t where = VMM_VA_REGION_INIT(START + first_page * PAGE, page_count * PAGE);

	assert_int_equal(vmm_space_reserve_at(&space, where, NULL, range, NULL), VMM_OK);
}

/* Reserves and releases at random; `nodes` are anywhere in memory. */
static void stir(struct vmm_range *nodes[RANGES], void (*look)(void))
{
	for (unsigned int i = 0; i < 5000; i++) {
		struct vmm_range *range = nodes[test_random_below(&dice, RANGES)];
		struct vmm_want want = {
			.size = (1 + test_random_below(&dice, 9)) * PAGE,
			.fit = (enum vmm_fit)test_random_below(&dice, 3),
		};

		if (vmm_range_is_reserved(range)) {
			vmm_space_release(&space, range);
		} else {
			enum vmm_err err = vmm_space_reserve(&space, &want, range);

			assert_true(err == VMM_OK || err == VMM_ERR_NOSPACE);
		}
		assert_int_equal(vmm_space_check(&space), VMM_OK);
		look();
	}
	for (unsigned int i = 0; i < RANGES; i++) {
		vmm_space_release(&space, nodes[i]);
		assert_int_equal(vmm_space_check(&space), VMM_OK);
	}
	assert_int_equal(vmm_va_region_size(vmm_space_largest_gap(&space)), (RANGES * 9) * PAGE);
}

static void nothing(void)
{
}

/* Each range knows the ones beside it, the first one head. */
static void everybody_knows(void)
{
	struct vmm_range *before = &space.head;
	struct vmm_range *range = vmm_space_first(&space);

	assert_int_equal(space.head.beside[0], 0);
	for (; range != NULL; range = vmm_space_next(&space, range)) {
		assert_ptr_equal(vmm_range_known_(range, 0), before);
		assert_ptr_equal(vmm_range_known_(before, 1), range);
		before = range;
	}
	assert_int_equal(before->beside[1], 0);
}

static void neighbors_near_each_other_in_memory_know_each_other(void **state)
{
	struct vmm_range *nodes[RANGES];

	(void)state;
	for (unsigned int i = 0; i < RANGES; i++) {
		nodes[i] = &nodes_near[i];
	}
	start(RANGES * 9, 8);
	stir(nodes, everybody_knows);
	start(RANGES * 9, 0);
	stir(nodes, everybody_knows);
}

/* On a machine of 64 bits stack and data are farther apart than a distance can be. */
static void neighbors_far_apart_in_memory_are_found_through_the_tree(void **state)
{
	struct vmm_range far[RANGES / 2];
	struct vmm_range *nodes[RANGES];

	(void)state;
	memset(far, 0, sizeof(far));
	for (unsigned int i = 0; i < RANGES; i++) {
		nodes[i] = i % 2 != 0 ? &far[i / 2] : &nodes_near[i];
	}
	start(RANGES * 9, 8);
	occupy(nodes[1], 3, 1);
	if (sizeof(void *) == 8) {
		assert_int_equal(space.head.beside[1], 0);
		assert_int_equal(far[0].beside[0], 0);
	}
	occupy(nodes[3], 5, 1);
	assert_ptr_equal(vmm_range_known_(nodes[1], 1), nodes[3]);
	vmm_space_release(&space, nodes[1]);
	vmm_space_release(&space, nodes[3]);
	stir(nodes, nothing);
}

static void the_lowest_bit_is_found_with_and_without_an_instruction_for_it(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 64; i++) {
		uint64_t word = test_random_next(&dice) << i;

		word |= UINT64_C(1) << i;
		assert_int_equal(vmm_lowest_bit_anywhere_(word), i);
		assert_int_equal(vmm_lowest_bit_anywhere_(UINT64_C(1) << i), i);
		assert_int_equal(vmm_lowest_bit_(word), i);
	}
}

static void the_class_of_a_larger_gap_is_no_lower(void **state)
{
	static const uint64_t pages[] = {
		0, 1, 2, 2046, 2047, 2048, 2111, 2112, 2175, 2176, 4031, 4032, 4095, 4096, 4097,
		(UINT64_C(1) << 22) - 1, UINT64_C(1) << 22, UINT64_C(1) << 43, UINT64_C(1) << 51,
		(UINT64_C(1) << 52) - 1,
	};
	uint64_t last = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		uint64_t bound = vmm_bound_of_(pages[i] * PAGE, false);

		assert_true(bound >= last);
		assert_true(bound <= VMM_RANGE_BITS_);
		assert_true(i == 0 || pages[i] > 2048 || bound > last);
		assert_int_equal(vmm_bound_of_(pages[i] * PAGE, true), pages[i] * PAGE);
		last = bound;
	}
	assert_int_equal(vmm_bound_of_(2048 * PAGE, false), 2048);
	assert_int_equal(vmm_bound_of_(2111 * PAGE, false), 2048);
	assert_int_equal(vmm_bound_of_(2112 * PAGE, false), 2049);
	assert_int_equal(vmm_bound_of_(4095 * PAGE, false), 2048 + 31);
	assert_int_equal(vmm_bound_of_(4096 * PAGE, false), 2048 + 32);
	assert_int_equal(last, 2048 + 40 * 32 + 31);
}

/* So a search for a size looks in vain at no gap that is smaller by more than a 32nd, of whatever size. */
static void gaps_that_differ_by_a_32nd_are_of_different_classes(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 100000; i++) {
		unsigned int bits = 11 + (unsigned int)test_random_below(&dice, 40);
		uint64_t pages = (UINT64_C(1) << bits) +
				 test_random_below(&dice, UINT64_C(1) << bits);
		uint64_t class = vmm_bound_of_(pages * PAGE, false);

		assert_true(vmm_bound_of_((pages + 1) * PAGE, false) - class <= 1);
		assert_true(vmm_bound_of_((pages + pages / 32 + 1) * PAGE, false) > class);
		assert_true(vmm_bound_of_((pages - pages / 33) * PAGE, false) <= class);
	}
}

/* Gaps around the limits of classes, each between two ranges, in a random order. */
static void the_lowest_of_large_gaps_is_found_whatever_its_class(void **state)
{
	static const uint64_t gaps[] = {
		2046, 2047, 2048, 2049, 2111, 2112, 4095, 4096, 4097, (UINT64_C(1) << 22) - 1,
		UINT64_C(1) << 22, (UINT64_C(1) << 22) + 1,
	};
	enum { COUNT = sizeof(gaps) / sizeof(gaps[0]) };
	uint64_t at[COUNT];
	uint64_t page;

	(void)state;
	for (unsigned int turn = 0; turn < 50; turn++) {
		struct vmm_want want = { .fit = VMM_FIT_LOWEST };
		vmm_va_region_t found;

		start(UINT64_C(1) << 26, 8);
		page = 0;
		for (unsigned int i = 0; i < COUNT; i++) {
			at[i] = gaps[test_random_below(&dice, COUNT)];
			occupy(&nodes_near[i], page, 1);
			page += 1 + at[i];
		}
		occupy(&nodes_near[COUNT], page, (UINT64_C(1) << 26) - page);
		for (unsigned int i = 0; i < COUNT; i++) {
			unsigned int expected = 0;

			want.size = gaps[i] * PAGE;
			page = 1;
			while (expected < COUNT && at[expected] < gaps[i]) {
				page += 1 + at[expected];
				expected++;
			}
			if (expected == COUNT) {
				assert_int_equal(vmm_space_probe(&space, &want, &found),
						 VMM_ERR_NOSPACE);
				continue;
			}
			assert_int_equal(vmm_space_probe(&space, &want, &found), VMM_OK);
			assert_int_equal(vmm_va_raw(vmm_va_region_start(found)),
					 START + page * PAGE);
		}
		assert_int_equal(vmm_space_check(&space), VMM_OK);
	}
}

static int set_up(void **state)
{
	(void)state;
	test_random_init(&dice, "space_beside");
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(neighbors_near_each_other_in_memory_know_each_other),
		cmocka_unit_test(neighbors_far_apart_in_memory_are_found_through_the_tree),
		cmocka_unit_test(the_lowest_bit_is_found_with_and_without_an_instruction_for_it),
		cmocka_unit_test(the_class_of_a_larger_gap_is_no_lower),
		cmocka_unit_test(gaps_that_differ_by_a_32nd_are_of_different_classes),
		cmocka_unit_test(the_lowest_of_large_gaps_is_found_whatever_its_class),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
