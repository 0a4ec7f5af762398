/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <vmm/bump.h>

#include "support/test_random.h"

/** Pretended physical memory: the window turns PHYS into the first byte of `memory`. */
#define PHYS        UINT64_C(0x80000000)
#define MEMORY_SIZE 4096
#define GUARD       0x5a

struct world {
	struct vmm_bump bump;
	_Alignas(64) uint64_t words[(MEMORY_SIZE + 256) / 8];
	uint8_t *memory; /* behind 128 guard bytes, before 128 more */
	uint64_t window;
};

static struct world world;

static int set_up(void **state)
{
	(void)state;
	memset(&world, 0, sizeof(world));
	world.memory = (uint8_t *)world.words + 128;
	memset(world.words, GUARD, sizeof(world.words));
	memset(world.memory, 0xee, MEMORY_SIZE);
	world.window = (uint64_t)(uintptr_t)world.memory - PHYS;
	return 0;
}

static int guards_are_intact(void **state)
{
	(void)state;
	for (size_t i = 0; i < 128; i++) {
		if (world.memory[-1 - (ptrdiff_t)i] != GUARD ||
		    world.memory[MEMORY_SIZE + i] != GUARD) {
			return -1;
		}
	}
	return 0;
}

static vmm_pa_region_t region(uint64_t start, uint64_t size)
{
	vmm_pa_region_t made = VMM_PA_REGION_INIT(start, size);

	return made;
}

static vmm_pa_t take(bool *clean)
{
	vmm_pa_t frame = vmm_pa(UINT64_MAX);

	assert_int_equal(world.bump.frames.alloc(&world.bump.frames, &frame, clean), VMM_OK);
	return frame;
}

static void give_back(vmm_pa_t frame, bool clean)
{
	world.bump.frames.free(&world.bump.frames, frame, clean);
}

static uint64_t *words_of(vmm_pa_t frame)
{
	return (uint64_t *)vmm_frames_ptr(&world.bump.frames, frame);
}

static void memory_of_aligned_pages_holds_counts_first_and_frames_to_the_end(void **state)
{
	bool clean = true;

	(void)state;
	/* 64 frames of 64 bytes: the counts of 62 take 124 bytes, so two frames. */
	assert_int_equal(vmm_bump_init(&world.bump, region(PHYS, MEMORY_SIZE), 6, world.window),
			 VMM_OK);
	assert_ptr_equal(world.bump.frames.counts, world.memory);
	assert_true(world.bump.frames.first == PHYS + 128);
	assert_true(world.bump.frames.frame_count == 62);
	assert_int_equal(world.bump.frames.page_shift, 6);
	assert_int_equal(vmm_bump_available(&world.bump), 62);
	assert_true(vmm_pa_raw(take(&clean)) == PHYS + 128);
	assert_false(clean);
	assert_true(vmm_pa_raw(take(&clean)) == PHYS + 192);
	assert_int_equal(vmm_bump_available(&world.bump), 60);
}

/** For every start and size: nothing overlaps, nothing sticks out, and one more would not fit. */
static void any_start_and_size_gives_as_many_frames_as_fit(void **state)
{
	(void)state;
	for (uint64_t start = PHYS; start < PHYS + 70; start++) {
		for (uint64_t size = 1; size <= 700; size++) {
			struct vmm_bump bump;
			uint64_t counts = (start + 1) & ~UINT64_C(1);
			uint64_t end = (start + size) & ~UINT64_C(31);
			uint64_t count = 0;
			enum vmm_err err;

			while (counts + 2 * (count + 1) + 32 * (count + 1) <= end) {
				count++;
			}
			memset(&bump, 0, sizeof(bump));
			err = vmm_bump_init(&bump, region(start, size), 5, world.window);
			assert_int_equal(err, count == 0 ? VMM_ERR_NOMEM : VMM_OK);
			if (err != VMM_OK) {
				assert_null(bump.frames.alloc);
				continue;
			}
			assert_true(bump.frames.frame_count == count);
			assert_true(bump.frames.first == end - 32 * count);
			assert_ptr_equal(bump.frames.counts, world.memory + (counts - PHYS));
		}
	}
}

static void every_frame_is_handed_out_once_and_then_none(void **state)
{
	bool seen[64] = {false};
	bool clean;
	vmm_pa_t frame = vmm_pa(1);

	(void)state;
	assert_int_equal(vmm_bump_init(&world.bump, region(PHYS, MEMORY_SIZE), 6, world.window),
			 VMM_OK);
	for (int i = 0; i < 62; i++) {
		size_t index = (size_t)((vmm_pa_raw(take(&clean)) - PHYS) / 64);

		assert_in_range(index, 2, 63);
		assert_false(seen[index]);
		seen[index] = true;
	}
	clean = true;
	assert_int_equal(world.bump.frames.alloc(&world.bump.frames, &frame, &clean),
			 VMM_ERR_NOMEM);
	assert_true(vmm_pa_raw(frame) == 1 && clean);
	assert_int_equal(vmm_bump_available(&world.bump), 0);
}

static void init_touches_no_memory(void **state)
{
	(void)state;
	assert_int_equal(vmm_bump_init(&world.bump, region(PHYS, MEMORY_SIZE), 6, world.window),
			 VMM_OK);
	for (size_t i = 0; i < MEMORY_SIZE; i++) {
		assert_int_equal(world.memory[i], 0xee);
	}
}

static void frames_given_back_come_again_last_in_first_out_before_fresh_ones(void **state)
{
	bool clean;
	vmm_pa_t frame[5];

	(void)state;
	assert_int_equal(vmm_bump_init(&world.bump, region(PHYS, MEMORY_SIZE), 6, world.window),
			 VMM_OK);
	for (int i = 0; i < 4; i++) {
		frame[i] = take(&clean);
	}
	give_back(frame[0], false);
	give_back(frame[2], false);
	assert_int_equal(vmm_bump_available(&world.bump), 60);
	assert_true(vmm_pa_equal(take(&clean), frame[2]));
	assert_true(vmm_pa_equal(take(&clean), frame[0]));
	frame[4] = take(&clean);
	assert_true(vmm_pa_raw(frame[4]) == vmm_pa_raw(frame[3]) + 64);
}

static void a_frame_given_back_as_clean_comes_back_all_zero(void **state)
{
	bool clean = true;
	vmm_pa_t frame[3];

	(void)state;
	assert_int_equal(vmm_bump_init(&world.bump, region(PHYS, MEMORY_SIZE), 6, world.window),
			 VMM_OK);
	for (int i = 0; i < 3; i++) {
		frame[i] = take(&clean);
		assert_false(clean);
		memset(words_of(frame[i]), 0, 64);
	}
	give_back(frame[0], true);
	give_back(frame[1], false);
	give_back(frame[2], true);
	for (int i = 2; i >= 0; i--) {
		assert_true(vmm_pa_equal(take(&clean), frame[i]));
		assert_int_equal(clean, i != 1);
		for (int word = 0; clean && word < 8; word++) {
			assert_true(words_of(frame[i])[word] == 0);
		}
	}
}

static void zeroed_memory_gives_clean_frames_the_first_time_only(void **state)
{
	bool clean = false;
	vmm_pa_t frame;

	(void)state;
	memset(world.memory, 0, MEMORY_SIZE);
	assert_int_equal(
		vmm_bump_init_zeroed(&world.bump, region(PHYS, MEMORY_SIZE), 6, world.window),
		VMM_OK);
	frame = take(&clean);
	assert_true(clean);
	*words_of(frame) = 1;
	give_back(frame, false);
	assert_true(vmm_pa_equal(take(&clean), frame));
	assert_false(clean);
	(void)take(&clean);
	assert_true(clean);
}

static void memory_may_be_at_either_end_of_the_space(void **state)
{
	bool clean;
	vmm_pa_t frame;

	(void)state;
	/* Memory that ends with the last byte of the space. */
	world.window = (uint64_t)(uintptr_t)world.memory + 256;
	assert_int_equal(vmm_bump_init(&world.bump, region(-UINT64_C(256), 256), 6, world.window),
			 VMM_OK);
	assert_true(world.bump.frames.frame_count == 3);
	assert_true(world.bump.frames.first == -UINT64_C(192));
	frame = take(&clean);
	(void)take(&clean);
	assert_true(vmm_pa_raw(take(&clean)) == -UINT64_C(64));
	assert_int_equal(vmm_bump_available(&world.bump), 0);
	give_back(frame, false);
	assert_true(vmm_pa_equal(take(&clean), frame));

	/* By hand, as the counts in front keep every source off the very first frame. */
	memset(&world.bump, 0, sizeof(world.bump));
	world.window = (uint64_t)(uintptr_t)world.memory;
	assert_int_equal(vmm_bump_init(&world.bump, region(0, 256), 6, world.window), VMM_OK);
	world.bump.frames.first = 0;
	world.bump.next = 0;
	world.bump.fresh_count = 4;
	frame = take(&clean);
	assert_true(vmm_pa_raw(frame) == 0);
	(void)take(&clean);
	give_back(frame, true);
	assert_int_equal(vmm_bump_available(&world.bump), 3);
	assert_true(vmm_pa_equal(take(&clean), frame));
	assert_true(clean);
	give_back(frame, false);
	assert_int_equal(vmm_bump_available(&world.bump), 3);
	assert_true(vmm_pa_equal(take(&clean), frame));
}

static void arguments_that_are_wrong_are_refused_and_change_nothing(void **state)
{
	struct vmm_bump untouched;
	struct vmm_bump *bump = &world.bump;
	vmm_pa_region_t good = region(PHYS, MEMORY_SIZE);

	(void)state;
	memset(&untouched, 0, sizeof(untouched));
	assert_int_equal(vmm_bump_init(bump, region(PHYS, 0), 6, world.window), VMM_ERR_EMPTY);
	assert_int_equal(vmm_bump_init(bump, region(2, UINT64_MAX), 6, world.window), VMM_ERR_WRAP);
	assert_int_equal(vmm_bump_init(bump, good, 2, world.window), VMM_ERR_UNSUPPORTED);
	assert_int_equal(vmm_bump_init(bump, good, 64, world.window), VMM_ERR_UNSUPPORTED);
	assert_int_equal(vmm_bump_init(bump, good, 63, world.window), VMM_ERR_NOMEM);
	assert_int_equal(vmm_bump_init(bump, good, 6, world.window + 4), VMM_ERR_ALIGN);
	assert_int_equal(vmm_bump_init(bump, region(UINT64_MAX, 1), 6, world.window),
			 VMM_ERR_NOMEM);
	assert_memory_equal(bump, &untouched, sizeof(untouched));
	/* The smallest frame that holds a link. */
	assert_int_equal(vmm_bump_init(bump, good, 3, world.window), VMM_OK);
}

static void a_second_init_changes_nothing_and_needs_the_same_arguments(void **state)
{
	struct vmm_bump before;
	struct vmm_bump *bump = &world.bump;
	vmm_pa_region_t memory = region(PHYS, MEMORY_SIZE);
	bool clean;

	(void)state;
	assert_int_equal(vmm_bump_init(bump, memory, 6, world.window), VMM_OK);
	(void)take(&clean);
	before = *bump;
	assert_int_equal(vmm_bump_init(bump, memory, 6, world.window), VMM_OK);
	assert_int_equal(vmm_bump_init(bump, memory, 7, world.window), VMM_ERR_BUSY);
	assert_int_equal(vmm_bump_init(bump, memory, 6, world.window + 8), VMM_ERR_BUSY);
	assert_int_equal(vmm_bump_init_zeroed(bump, memory, 6, world.window), VMM_ERR_BUSY);
	assert_int_equal(vmm_bump_init(bump, region(PHYS, 1024), 6, world.window), VMM_ERR_BUSY);
	assert_int_equal(vmm_bump_init(bump, region(PHYS + 64, MEMORY_SIZE), 6, world.window),
			 VMM_ERR_BUSY);
	assert_memory_equal(bump, &before, sizeof(before));
}

static void a_foreign_frame_is_not_taken_back(void **state)
{
	struct vmm_bump before;
	vmm_pa_t frame;
	bool clean;

	(void)state;
	assert_int_equal(vmm_bump_init(&world.bump, region(PHYS, MEMORY_SIZE), 6, world.window),
			 VMM_OK);
	frame = take(&clean);
	(void)take(&clean);
	before = world.bump;
	give_back(vmm_pa(PHYS), false);               /* the counts */
	give_back(vmm_pa(PHYS + 128 + 8), false);     /* inside a frame */
	give_back(vmm_pa(PHYS + 256), false);         /* fresh */
	give_back(vmm_pa(PHYS + MEMORY_SIZE), false); /* behind the last */
	give_back(vmm_pa(0), true);
	assert_memory_equal(&world.bump, &before, sizeof(before));
	give_back(frame, false);
	assert_int_equal(vmm_bump_available(&world.bump), 61);
}

static void a_chained_frame_that_was_written_to_is_found_before_it_does_harm(void **state)
{
	static const uint64_t garbage[] = {UINT64_MAX, PHYS + 128,     PHYS + 129 + 8,
					   2,          PHYS + 256 + 1, PHYS + 64 + 1};
	struct vmm_bump before;
	vmm_pa_t frame[2];
	bool clean;

	(void)state;
	assert_int_equal(vmm_bump_init(&world.bump, region(PHYS, MEMORY_SIZE), 6, world.window),
			 VMM_OK);
	frame[0] = take(&clean);
	frame[1] = take(&clean);
	give_back(frame[0], false);
	before = world.bump;
	for (size_t i = 0; i < sizeof(garbage) / sizeof(garbage[0]); i++) {
		*words_of(frame[0]) = garbage[i];
		assert_int_equal(world.bump.frames.alloc(&world.bump.frames, &frame[1], &clean),
				 VMM_ERR_CORRUPT);
		assert_memory_equal(&world.bump, &before, sizeof(before));
	}
}

static void rebase_keeps_frames_and_counts_reachable_through_the_new_window(void **state)
{
	static uint64_t elsewhere[(MEMORY_SIZE + 64) / 8];
	uint64_t moved;
	enum vmm_err (*alloc)(struct vmm_frames *, vmm_pa_t *, bool *);
	vmm_pa_t frame[2];
	bool clean;

	(void)state;
	assert_int_equal(vmm_bump_init(&world.bump, region(PHYS, MEMORY_SIZE), 6, world.window),
			 VMM_OK);
	frame[0] = take(&clean);
	frame[1] = take(&clean);
	memset(words_of(frame[0]), 0, 64);
	give_back(frame[0], true);
	give_back(frame[1], false);
	alloc = world.bump.frames.alloc;
	memcpy(elsewhere, world.memory, MEMORY_SIZE);
	moved = (uint64_t)(uintptr_t)elsewhere - (uint64_t)(uintptr_t)world.memory;
	vmm_bump_rebase(&world.bump, 0x1000, moved);
	assert_true((uintptr_t)world.bump.frames.alloc == (uintptr_t)alloc + 0x1000);
	vmm_bump_rebase(&world.bump, -UINT64_C(0x1000), 0);
	assert_true(world.bump.frames.alloc == alloc);
	assert_true(world.bump.frames.window == world.window + moved);
	assert_ptr_equal(world.bump.frames.counts, elsewhere);
	memset(world.memory, 0x11, MEMORY_SIZE);
	assert_true(vmm_pa_equal(take(&clean), frame[1]));
	assert_true(vmm_pa_equal(take(&clean), frame[0]));
	assert_true(clean);
	assert_true(words_of(frame[0])[0] == 0);
	assert_true((uint8_t *)words_of(frame[0]) >= (uint8_t *)elsewhere &&
		    (uint8_t *)words_of(frame[0]) < (uint8_t *)elsewhere + MEMORY_SIZE);
}

/*
 * Model: the stack of frames given back and the number of fresh ones, kept beside the source.
 * Each frame that is out is filled by its owner and must still be so when it is given back.
 */

struct owner {
	vmm_pa_t frame;
	bool clean; /* its contents now, not what it came as */
};

struct model {
	struct test_random random;
	struct owner out[64];
	size_t out_count;
	bool zeroed;
};

static void fill(vmm_pa_t frame, bool clean)
{
	for (uint64_t i = 0; i < 8; i++) {
		words_of(frame)[i] = clean ? 0 : vmm_pa_raw(frame) * 31 + i;
	}
}

static void assert_filled(const struct owner *owner)
{
	for (uint64_t i = 0; i < 8; i++) {
		assert_true(words_of(owner->frame)[i] ==
			    (owner->clean ? 0 : vmm_pa_raw(owner->frame) * 31 + i));
	}
}

static void model_take(struct model *model)
{
	struct owner *owner = &model->out[model->out_count++];

	owner->frame = take(&owner->clean);
	if (owner->clean) {
		assert_filled(owner);
	}
	owner->clean = test_random_one_in(&model->random, 2);
	fill(owner->frame, owner->clean);
}

static void model_give_back(struct model *model)
{
	size_t index = (size_t)test_random_below(&model->random, model->out_count);

	assert_filled(&model->out[index]);
	give_back(model->out[index].frame, model->out[index].clean);
	model->out[index] = model->out[--model->out_count];
}

/** Takes some frames and gives them back in reverse: everything must be as before, bit for bit. */
static void model_roll_back(struct model *model)
{
	static uint8_t memory[MEMORY_SIZE];
	struct vmm_bump before = world.bump;
	struct owner taken[64];
	size_t count =
		(size_t)test_random_below(&model->random, vmm_bump_available(&world.bump) + 1);

	memcpy(memory, world.memory, MEMORY_SIZE);
	for (size_t i = 0; i < count; i++) {
		taken[i].frame = take(&taken[i].clean);
	}
	while (count-- > 0) {
		give_back(taken[count].frame, taken[count].clean);
	}
	assert_memory_equal(&world.bump, &before, sizeof(before));
	assert_memory_equal(world.memory, memory, MEMORY_SIZE);
}

static void random_use_matches_the_model(void **state)
{
	static struct model model;
	uint64_t rounds = test_random_steps(200);

	(void)state;
	test_random_init(&model.random, "random_use_matches_the_model");
	for (uint64_t round = 0; round < rounds; round++) {
		enum vmm_err err;
		size_t total;

		memset(&world.bump, 0, sizeof(world.bump));
		model.out_count = 0;
		model.zeroed = test_random_one_in(&model.random, 2);
		memset(world.memory, model.zeroed ? 0 : 0xee, MEMORY_SIZE);
		err = (model.zeroed ? vmm_bump_init_zeroed : vmm_bump_init)(
			&world.bump, region(PHYS, 300 + test_random_below(&model.random, 3700)), 6,
			world.window);
		assert_int_equal(err, VMM_OK);
		total = (size_t)world.bump.frames.frame_count;
		for (int step = 0; step < 200; step++) {
			if (test_random_one_in(&model.random, 8)) {
				model_roll_back(&model);
			} else if (model.out_count > 0 && (test_random_one_in(&model.random, 2) ||
							   model.out_count == total)) {
				model_give_back(&model);
			} else {
				model_take(&model);
			}
			assert_int_equal(vmm_bump_available(&world.bump), total - model.out_count);
		}
	}
}

#define BUMP_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, guards_are_intact)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BUMP_TEST(memory_of_aligned_pages_holds_counts_first_and_frames_to_the_end),
		BUMP_TEST(any_start_and_size_gives_as_many_frames_as_fit),
		BUMP_TEST(every_frame_is_handed_out_once_and_then_none),
		BUMP_TEST(init_touches_no_memory),
		BUMP_TEST(frames_given_back_come_again_last_in_first_out_before_fresh_ones),
		BUMP_TEST(a_frame_given_back_as_clean_comes_back_all_zero),
		BUMP_TEST(zeroed_memory_gives_clean_frames_the_first_time_only),
		BUMP_TEST(memory_may_be_at_either_end_of_the_space),
		BUMP_TEST(arguments_that_are_wrong_are_refused_and_change_nothing),
		BUMP_TEST(a_second_init_changes_nothing_and_needs_the_same_arguments),
		BUMP_TEST(a_foreign_frame_is_not_taken_back),
		BUMP_TEST(a_chained_frame_that_was_written_to_is_found_before_it_does_harm),
		BUMP_TEST(rebase_keeps_frames_and_counts_reachable_through_the_new_window),
		BUMP_TEST(random_use_matches_the_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
