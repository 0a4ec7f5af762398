/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "support/test_buddies.h"

static void sizes_of_the_arrays_count_every_frame_that_the_span_touches(void **state)
{
	(void)state;
	assert_int_equal(vmm_buddy_state_size(buddies_region(0x1000, 0x3000), 12), 3);
	assert_int_equal(vmm_buddy_counts_size(buddies_region(0x1000, 0x3000), 12), 6);
	assert_int_equal(vmm_buddy_state_size(buddies_region(0x1fff, 2), 12), 2);
	assert_int_equal(vmm_buddy_state_size(buddies_region(0x1fff, 0), 12), 0);
	assert_true(vmm_buddy_counts_size(buddies_region(0, UINT64_MAX), 4) == UINT64_C(1) << 61);
}

static void an_allocator_without_memory_has_none(void **state)
{
	struct buddies before = buddies;
	unsigned int order = 77;
	vmm_pa_t first = vmm_pa(1);

	(void)state;
	assert_int_equal(vmm_buddy_alloc(&buddies.buddy, 0, &first), VMM_ERR_NOMEM);
	assert_int_equal(vmm_pa_raw(first), 1);
	assert_false(vmm_buddy_largest_order(&buddies.buddy, &order));
	assert_int_equal(order, 77);
	assert_int_equal(vmm_buddy_total(&buddies.buddy), 0);
	assert_int_equal(vmm_buddy_available(&buddies.buddy), 0);
	buddies_assert_same(&before);
}

static void memory_becomes_the_largest_aligned_blocks(void **state)
{
	unsigned int order = 0;

	(void)state;
	/* Numbers 3 to 130 modulo 64 of BUDDIES_NUMBER: 3, 4-7, 8-15, 16-31, 32-63, 64-127, 128-130. */
	buddies_add(0, BUDDIES_FRAMES);
	assert_int_equal(vmm_buddy_total(&buddies.buddy), BUDDIES_FRAMES);
	assert_int_equal(vmm_buddy_available(&buddies.buddy), BUDDIES_FRAMES);
	assert_true(vmm_buddy_largest_order(&buddies.buddy, &order));
	assert_int_equal(order, 6);
	assert_int_equal(buddies_index_of(buddies_take(6)), 61);
	assert_int_equal(buddies_index_of(buddies_take(5)), 29);
	assert_int_equal(buddies_index_of(buddies_take(4)), 13);
	assert_int_equal(buddies_index_of(buddies_take(3)), 5);
	assert_int_equal(buddies_index_of(buddies_take(2)), 1);
	assert_int_equal(buddies_index_of(buddies_take(1)), 125);
	assert_int_equal(buddies_index_of(buddies_take(0)), 0);
	assert_int_equal(buddies_index_of(buddies_take(0)), 127);
	assert_int_equal(vmm_buddy_available(&buddies.buddy), 0);
	assert_int_equal(vmm_buddy_alloc(&buddies.buddy, 0, &(vmm_pa_t){0}), VMM_ERR_NOMEM);
}

static void a_large_block_splits_as_far_as_needed_and_merges_again(void **state)
{
	unsigned int order;
	vmm_pa_t one;

	(void)state;
	buddies_add(61, 64);
	one = buddies_take(0);
	assert_int_equal(buddies_index_of(one), 61);
	assert_true(vmm_buddy_largest_order(&buddies.buddy, &order));
	assert_int_equal(order, 5);
	assert_int_equal(buddies_index_of(buddies_take(0)), 62);
	assert_int_equal(buddies_index_of(buddies_take(1)), 63);
	buddies_give_back(buddies_frame(62), 0);
	buddies_give_back(one, 0);
	buddies_give_back(buddies_frame(63), 1);
	assert_true(vmm_buddy_largest_order(&buddies.buddy, &order));
	assert_int_equal(order, 6);
	assert_int_equal(vmm_buddy_available(&buddies.buddy), 64);
}

static void blocks_do_not_merge_across_a_hole(void **state)
{
	unsigned int order;
	vmm_pa_t block[3];

	(void)state;
	/* Of the 64 frames from 61 on, all but frame 93, the first of the upper half. */
	buddies_add(61, 32);
	buddies_add(94, 31);
	assert_true(vmm_buddy_largest_order(&buddies.buddy, &order));
	assert_int_equal(order, 5);
	block[0] = buddies_take(5);
	block[1] = buddies_take(4);
	assert_int_equal(buddies_index_of(block[0]), 61);
	assert_int_equal(buddies_index_of(block[1]), 61 + 48);
	block[2] = buddies_take(0);
	assert_int_equal(buddies_index_of(block[2]), 94);
	buddies_give_back(block[0], 5);
	buddies_give_back(block[2], 0);
	buddies_give_back(block[1], 4);
	assert_true(vmm_buddy_largest_order(&buddies.buddy, &order));
	assert_int_equal(order, 5);
	/* The hole filled, everything is one. */
	buddies_add(93, 1);
	assert_true(vmm_buddy_largest_order(&buddies.buddy, &order));
	assert_int_equal(order, 6);
	assert_int_equal(vmm_buddy_total(&buddies.buddy), 64);
}

static void memory_that_is_not_aligned_is_rounded_inward(void **state)
{
	(void)state;
	assert_int_equal(
		vmm_buddy_add(&buddies.buddy, buddies_region(BUDDIES_FIRST + 1, 3 * BUDDIES_SIZE)),
		VMM_OK);
	assert_int_equal(vmm_buddy_total(&buddies.buddy), 2);
	assert_int_equal(
		vmm_buddy_add(&buddies.buddy, buddies_region(BUDDIES_FIRST + 5 * BUDDIES_SIZE - 1,
							     BUDDIES_SIZE + 2)),
		VMM_OK);
	assert_int_equal(vmm_buddy_total(&buddies.buddy), 3);
	assert_int_equal(vmm_buddy_check(&buddies.buddy), VMM_OK);
	assert_int_equal(buddies_index_of(buddies_take(0)), 5);
}

static void memory_that_cannot_be_added_changes_nothing(void **state)
{
	struct buddies before;
	struct vmm_buddy *buddy = &buddies.buddy;

	(void)state;
	buddies_add(10, 20);
	before = buddies;
	assert_int_equal(vmm_buddy_add(buddy, buddies_frames(40, 0)), VMM_ERR_EMPTY);
	assert_int_equal(vmm_buddy_add(buddy, buddies_region(BUDDIES_FIRST, UINT64_MAX)),
			 VMM_ERR_WRAP);
	assert_int_equal(
		vmm_buddy_add(buddy, buddies_region(BUDDIES_FIRST + 1, 2 * BUDDIES_SIZE - 2)),
		VMM_ERR_NOMEM);
	assert_int_equal(vmm_buddy_add(buddy, buddies_region(BUDDIES_FIRST, BUDDIES_SIZE - 1)),
			 VMM_ERR_NOMEM);
	assert_int_equal(vmm_buddy_add(buddy, buddies_region(BUDDIES_FIRST + 1, 2)), VMM_ERR_NOMEM);
	assert_int_equal(vmm_buddy_add(buddy, buddies_region(UINT64_MAX, 1)), VMM_ERR_NOMEM);
	assert_int_equal(vmm_buddy_add(buddy, buddies_region(0, 4 * BUDDIES_SIZE)), VMM_ERR_RANGE);
	assert_int_equal(vmm_buddy_add(buddy, buddies_region(BUDDIES_FIRST - BUDDIES_SIZE,
							     2 * BUDDIES_SIZE)),
			 VMM_ERR_RANGE);
	assert_int_equal(vmm_buddy_add(buddy, buddies_frames(BUDDIES_FRAMES, 1)), VMM_ERR_RANGE);
	assert_int_equal(vmm_buddy_add(buddy, buddies_frames(BUDDIES_FRAMES - 1, 2)),
			 VMM_ERR_RANGE);
	assert_int_equal(vmm_buddy_add(buddy, buddies_frames(10, 20)), VMM_ERR_EXISTS);
	assert_int_equal(vmm_buddy_add(buddy, buddies_frames(0, 11)), VMM_ERR_EXISTS);
	assert_int_equal(vmm_buddy_add(buddy, buddies_frames(29, 11)), VMM_ERR_EXISTS);
	assert_int_equal(vmm_buddy_add(buddy, buddies_frames(0, BUDDIES_FRAMES)), VMM_ERR_EXISTS);
	assert_int_equal(vmm_buddy_add(buddy, buddies_frames(15, 1)), VMM_ERR_EXISTS);
	buddies_assert_same(&before);
	/* Memory that is out was added, too. */
	(void)buddies_take(4);
	assert_int_equal(vmm_buddy_add(buddy, buddies_frames(13, 1)), VMM_ERR_EXISTS);
	assert_int_equal(vmm_buddy_add(buddy, buddies_frames(20, 1)), VMM_ERR_EXISTS);
}

static void double_foreign_misaligned_and_wrong_order_frees_are_refused(void **state)
{
	struct vmm_buddy *buddy = &buddies.buddy;
	struct buddies before;
	vmm_pa_t block;

	(void)state;
	buddies_add(0, 100);
	block = buddies_take(3);
	before = buddies;
	for (unsigned int order = 0; order < 70; order++) {
		if (order != 3) {
			assert_int_equal(vmm_buddy_free(buddy, block, order), VMM_ERR_CORRUPT);
		}
		for (uint64_t i = 0; i < BUDDIES_FRAMES; i++) {
			if (i != buddies_index_of(block)) {
				assert_int_equal(vmm_buddy_free(buddy, buddies_frame(i), order),
						 VMM_ERR_CORRUPT);
			}
		}
		assert_int_equal(vmm_buddy_free(buddy, vmm_pa(vmm_pa_raw(block) + 8), order),
				 VMM_ERR_CORRUPT);
		assert_int_equal(vmm_buddy_free(buddy, vmm_pa(0), order), VMM_ERR_CORRUPT);
		assert_int_equal(vmm_buddy_free(buddy, buddies_frame(BUDDIES_FRAMES), order),
				 VMM_ERR_CORRUPT);
		assert_int_equal(vmm_buddy_free(buddy, vmm_pa(BUDDIES_FIRST - BUDDIES_SIZE), order),
				 VMM_ERR_CORRUPT);
		assert_int_equal(vmm_buddy_free(buddy, vmm_pa(UINT64_MAX), order), VMM_ERR_CORRUPT);
	}
	buddies_assert_same(&before);
	buddies_give_back(block, 3);
	before = buddies;
	assert_int_equal(vmm_buddy_free(buddy, block, 3), VMM_ERR_CORRUPT);
	buddies_assert_same(&before);
}

static void orders_that_do_not_exist_are_out_of_range(void **state)
{
	vmm_pa_t first = vmm_pa(1);

	(void)state;
	buddies_add(0, BUDDIES_FRAMES);
	assert_int_equal(vmm_buddy_alloc(&buddies.buddy, VMM_BUDDY_ORDERS, &first), VMM_ERR_RANGE);
	assert_int_equal(vmm_buddy_alloc(&buddies.buddy, 0xffffffff, &first), VMM_ERR_RANGE);
	assert_int_equal(vmm_buddy_alloc(&buddies.buddy, VMM_BUDDY_ORDERS - 1, &first),
			 VMM_ERR_NOMEM);
	assert_int_equal(vmm_pa_raw(first), 1);
}

static void as_a_source_it_hands_out_dirty_frames_and_takes_them_back(void **state)
{
	struct vmm_frames *source = &buddies.buddy.frames;
	bool clean = true;
	vmm_pa_t taken[100];

	(void)state;
	assert_int_equal(source->alloc(source, &taken[0], &clean), VMM_ERR_NOMEM);
	assert_true(clean);
	buddies_add(0, 60);
	buddies_add(70, 40);
	for (size_t i = 0; i < 100; i++) {
		assert_int_equal(source->alloc(source, &taken[i], &clean), VMM_OK);
		assert_false(clean);
		assert_true(vmm_frames_owns(source, taken[i]));
		source->counts[buddies_index_of(taken[i])] = 1;
		memset(vmm_frames_ptr(source, taken[i]), 0, BUDDIES_SIZE);
	}
	assert_int_equal(source->alloc(source, &taken[0], &clean), VMM_ERR_NOMEM);
	assert_int_equal(vmm_buddy_check(&buddies.buddy), VMM_OK);
	for (size_t i = 0; i < 100; i++) {
		source->free(source, taken[i], i % 2 != 0);
		assert_int_equal(vmm_buddy_check(&buddies.buddy), VMM_OK);
	}
	assert_int_equal(vmm_buddy_available(&buddies.buddy), 100);
	assert_true(buddies_is_garbage(buddies.memory + (1 + 60) * BUDDIES_SIZE / 8,
				       10 * BUDDIES_SIZE));
}

static void a_frame_that_the_source_refused_is_told_by_check(void **state)
{
	struct vmm_frames *source = &buddies.buddy.frames;
	bool clean;
	vmm_pa_t taken;

	(void)state;
	buddies_add(0, 10);
	assert_int_equal(source->alloc(source, &taken, &clean), VMM_OK);
	source->free(source, taken, false);
	assert_int_equal(vmm_buddy_check(&buddies.buddy), VMM_OK);
	source->free(source, taken, false);
	assert_int_equal(vmm_buddy_available(&buddies.buddy), 10);
	assert_int_equal(vmm_buddy_check(&buddies.buddy), VMM_ERR_CORRUPT);
}

static void configurations_that_are_wrong_are_refused_and_change_nothing(void **state)
{
	struct vmm_buddy buddy, untouched;
	struct vmm_buddy_config config = buddies.config;

	(void)state;
	memset(&buddy, 0, sizeof(buddy));
	memset(&untouched, 0, sizeof(untouched));
	config.span = buddies_frames(0, 0);
	assert_int_equal(vmm_buddy_init(&buddy, &config), VMM_ERR_EMPTY);
	config.span = buddies_region(BUDDIES_FIRST, UINT64_MAX);
	assert_int_equal(vmm_buddy_init(&buddy, &config), VMM_ERR_WRAP);
	config.span = buddies.config.span;
	config.page_shift = 3;
	assert_int_equal(vmm_buddy_init(&buddy, &config), VMM_ERR_UNSUPPORTED);
	config.page_shift = 45;
	assert_int_equal(vmm_buddy_init(&buddy, &config), VMM_ERR_UNSUPPORTED);
	config.page_shift = BUDDIES_SHIFT;
	config.window += 4;
	assert_int_equal(vmm_buddy_init(&buddy, &config), VMM_ERR_ALIGN);
	config.window -= 4;
	config.counts = (uint16_t *)((uintptr_t)config.counts + 1);
	assert_int_equal(vmm_buddy_init(&buddy, &config), VMM_ERR_ALIGN);
	config.counts = NULL;
	assert_int_equal(vmm_buddy_init(&buddy, &config), VMM_ERR_NOMEM);
	config = buddies.config;
	config.state = NULL;
	assert_int_equal(vmm_buddy_init(&buddy, &config), VMM_ERR_NOMEM);
	assert_memory_equal(&buddy, &untouched, sizeof(buddy));
	/* The largest frames of which a block of the largest order has a size. */
	config = buddies.config;
	config.page_shift = 44;
	assert_int_equal(vmm_buddy_init(&buddy, &config), VMM_OK);
}

static void a_second_init_changes_nothing_and_needs_the_same_configuration(void **state)
{
	struct buddies before;
	struct vmm_buddy_config other = buddies.config;
	uint8_t state_elsewhere[BUDDIES_FRAMES];
	uint16_t counts_elsewhere[BUDDIES_FRAMES];

	(void)state;
	buddies_add(0, 50);
	(void)buddies_take(2);
	before = buddies;
	assert_int_equal(vmm_buddy_init(&buddies.buddy, &buddies.config), VMM_OK);
	other.span = buddies_frames(0, BUDDIES_FRAMES - 1);
	assert_int_equal(vmm_buddy_init(&buddies.buddy, &other), VMM_ERR_BUSY);
	other.span = buddies_frames(1, BUDDIES_FRAMES);
	assert_int_equal(vmm_buddy_init(&buddies.buddy, &other), VMM_ERR_BUSY);
	other = buddies.config;
	other.page_shift++;
	assert_int_equal(vmm_buddy_init(&buddies.buddy, &other), VMM_ERR_BUSY);
	other = buddies.config;
	other.window += 8;
	assert_int_equal(vmm_buddy_init(&buddies.buddy, &other), VMM_ERR_BUSY);
	other = buddies.config;
	other.state = state_elsewhere;
	assert_int_equal(vmm_buddy_init(&buddies.buddy, &other), VMM_ERR_BUSY);
	other = buddies.config;
	other.counts = counts_elsewhere;
	assert_int_equal(vmm_buddy_init(&buddies.buddy, &other), VMM_ERR_BUSY);
	buddies_assert_same(&before);
}

static void memory_at_both_ends_of_the_space_is_memory(void **state)
{
	/* Frames 0 and up play the first ones; the window makes the last ones meet them. */
	static uint64_t memory[8 * BUDDIES_SIZE / 8];
	struct vmm_buddy_config config = buddies.config;
	vmm_pa_t first;

	(void)state;
	config.window = (uint64_t)(uintptr_t)memory;
	config.span = buddies_region(0, 8 * BUDDIES_SIZE);
	memset(&buddies.buddy, 0, sizeof(buddies.buddy));
	assert_int_equal(vmm_buddy_init(&buddies.buddy, &config), VMM_OK);
	assert_int_equal(vmm_buddy_add(&buddies.buddy, config.span), VMM_OK);
	assert_int_equal(vmm_buddy_check(&buddies.buddy), VMM_OK);
	first = buddies_take(0);
	assert_true(vmm_pa_raw(first) == 0);
	assert_true(vmm_pa_raw(buddies_take(2)) == 4 * BUDDIES_SIZE);
	buddies_give_back(first, 0);
	buddies_give_back(vmm_pa(4 * BUDDIES_SIZE), 2);
	assert_true(vmm_pa_raw(buddies_take(3)) == 0);

	config.span = buddies_region(-(8 * BUDDIES_SIZE), 8 * BUDDIES_SIZE);
	config.window += 8 * BUDDIES_SIZE;
	memset(&buddies.buddy, 0, sizeof(buddies.buddy));
	assert_int_equal(vmm_buddy_init(&buddies.buddy, &config), VMM_OK);
	assert_int_equal(vmm_buddy_add(&buddies.buddy, config.span), VMM_OK);
	first = buddies_take(3);
	assert_true(vmm_pa_raw(first) == -(8 * BUDDIES_SIZE));
	buddies_give_back(first, 3);
	first = buddies_take(0);
	assert_true(vmm_pa_raw(first) == -(8 * BUDDIES_SIZE));
	buddies_give_back(first, 0);
}

static void blocks_of_the_largest_order_do_not_merge(void **state)
{
	/* 2^20 frames of 16 bytes, of which only the first words of each block are ever touched. */
	enum {
		COUNT = 1 << VMM_BUDDY_ORDERS
	};
	static uint8_t state_array[COUNT];
	static uint16_t counts[COUNT];
	static uint64_t memory[COUNT * 2];
	struct vmm_buddy_config config = {buddies_region(UINT64_C(1) << 40, COUNT * 16), 4, 0,
					  state_array, counts};
	unsigned int order;
	vmm_pa_t block[2];

	(void)state;
	config.window = (uint64_t)(uintptr_t)memory - (UINT64_C(1) << 40);
	memset(&buddies.buddy, 0, sizeof(buddies.buddy));
	assert_int_equal(vmm_buddy_init(&buddies.buddy, &config), VMM_OK);
	assert_int_equal(vmm_buddy_add(&buddies.buddy, config.span), VMM_OK);
	assert_true(vmm_buddy_largest_order(&buddies.buddy, &order));
	assert_int_equal(order, VMM_BUDDY_ORDERS - 1);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(vmm_buddy_alloc(&buddies.buddy, order, &block[i]), VMM_OK);
	}
	assert_int_equal(vmm_buddy_available(&buddies.buddy), 0);
	assert_int_equal(vmm_buddy_free(&buddies.buddy, block[1], order), VMM_OK);
	assert_int_equal(vmm_buddy_free(&buddies.buddy, block[0], order), VMM_OK);
	assert_int_equal(vmm_buddy_available(&buddies.buddy), COUNT);
	assert_int_equal(vmm_buddy_check(&buddies.buddy), VMM_OK);
	/* Their halves do. */
	assert_int_equal(vmm_buddy_alloc(&buddies.buddy, order - 1, &block[0]), VMM_OK);
	assert_int_equal(vmm_buddy_free(&buddies.buddy, block[0], order - 1), VMM_OK);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(vmm_buddy_alloc(&buddies.buddy, order, &block[i]), VMM_OK);
	}
	for (int i = 0; i < 2; i++) {
		assert_int_equal(vmm_buddy_free(&buddies.buddy, block[i], order), VMM_OK);
	}
	/* Nor does check believe in a block of both, which no list could hold. */
	state_array[0] = 0x40 | VMM_BUDDY_ORDERS;
	state_array[COUNT / 2] = 1;
	assert_int_equal(vmm_buddy_check(&buddies.buddy), VMM_ERR_CORRUPT);
}

static void rebase_moves_window_arrays_and_functions_each_by_its_own_delta(void **state)
{
	static struct buddies moved;
	enum vmm_err (*alloc)(struct vmm_frames *, vmm_pa_t *, bool *) = buddies.buddy.frames.alloc;
	uint64_t distance = (uint64_t)(uintptr_t)&moved - (uint64_t)(uintptr_t)&buddies;
	vmm_pa_t first;

	(void)state;
	buddies_add(0, 100);
	first = buddies_take(2);
	moved = buddies;
	vmm_buddy_rebase(&moved.buddy, 0x40, distance, distance);
	assert_true((uintptr_t)moved.buddy.frames.alloc == (uintptr_t)alloc + 0x40);
	assert_ptr_equal(moved.buddy.state, moved.state + 1);
	assert_ptr_equal(moved.buddy.frames.counts, moved.counts);
	vmm_buddy_rebase(&moved.buddy, -UINT64_C(0x40), 0, 0);
	assert_true(moved.buddy.frames.alloc == alloc);
	assert_true(moved.buddy.frames.window == buddies.config.window + distance);
	memset(&buddies, BUDDIES_GARBAGE, sizeof(buddies));
	assert_int_equal(vmm_buddy_check(&moved.buddy), VMM_OK);
	assert_int_equal(vmm_buddy_free(&moved.buddy, first, 2), VMM_OK);
	assert_int_equal(vmm_buddy_check(&moved.buddy), VMM_OK);
	assert_true(buddies_is_garbage(&buddies, sizeof(buddies)));
}

#define BUDDY_TEST(test) \
	cmocka_unit_test_setup_teardown(test, buddies_set_up, buddies_guards_are_intact)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BUDDY_TEST(sizes_of_the_arrays_count_every_frame_that_the_span_touches),
		BUDDY_TEST(an_allocator_without_memory_has_none),
		BUDDY_TEST(memory_becomes_the_largest_aligned_blocks),
		BUDDY_TEST(a_large_block_splits_as_far_as_needed_and_merges_again),
		BUDDY_TEST(blocks_do_not_merge_across_a_hole),
		BUDDY_TEST(memory_that_is_not_aligned_is_rounded_inward),
		BUDDY_TEST(memory_that_cannot_be_added_changes_nothing),
		BUDDY_TEST(double_foreign_misaligned_and_wrong_order_frees_are_refused),
		BUDDY_TEST(orders_that_do_not_exist_are_out_of_range),
		BUDDY_TEST(as_a_source_it_hands_out_dirty_frames_and_takes_them_back),
		BUDDY_TEST(a_frame_that_the_source_refused_is_told_by_check),
		BUDDY_TEST(configurations_that_are_wrong_are_refused_and_change_nothing),
		BUDDY_TEST(a_second_init_changes_nothing_and_needs_the_same_configuration),
		BUDDY_TEST(memory_at_both_ends_of_the_space_is_memory),
		BUDDY_TEST(blocks_of_the_largest_order_do_not_merge),
		BUDDY_TEST(rebase_moves_window_arrays_and_functions_each_by_its_own_delta),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
