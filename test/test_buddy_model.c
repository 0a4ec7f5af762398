/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "support/test_buddies.h"
#include "support/test_random.h"

/*
 * Model: for each frame, whether it is a hole, free, or in which block. A block of an order can be
 * had exactly if there is an aligned run of so many free frames.
 */

#define MODEL_HOLE (-2)
#define MODEL_FREE (-1)

struct block {
	vmm_pa_t first;
	unsigned int order;
};

struct model {
	struct test_random random;
	int owner[BUDDIES_FRAMES]; /* a hole, free, or the index of the block's first frame */
	struct block out[BUDDIES_FRAMES];
	size_t out_count;
	size_t total;
	size_t available;
};

static struct model model;

static bool is_run_free(uint64_t index, uint64_t count)
{
	for (uint64_t i = index; i < index + count; i++) {
		if (i >= BUDDIES_FRAMES || model.owner[i] != MODEL_FREE) {
			return false;
		}
	}
	return true;
}

static bool model_has(unsigned int order)
{
	uint64_t size = UINT64_C(1) << order;

	for (uint64_t i = 0; i < BUDDIES_FRAMES; i++) {
		if ((BUDDIES_NUMBER + i) % size == 0 && is_run_free(i, size)) {
			return true;
		}
	}
	return false;
}

static void model_mark(uint64_t index, unsigned int order, int owner)
{
	for (uint64_t i = index; i < index + (UINT64_C(1) << order); i++) {
		model.owner[i] = owner;
	}
}

static void fill_block(struct block block)
{
	memset(buddies_links_at(buddies_index_of(block.first)), (int)buddies_index_of(block.first),
	       BUDDIES_SIZE << block.order);
}

static void assert_filled(struct block block)
{
	const uint8_t *bytes = (const uint8_t *)buddies_links_at(buddies_index_of(block.first));

	for (uint64_t i = 0; i < BUDDIES_SIZE << block.order; i++) {
		assert_int_equal(bytes[i], buddies_index_of(block.first));
	}
}

static void model_add(void)
{
	uint64_t index = test_random_below(&model.random, BUDDIES_FRAMES);
	uint64_t count = 1 + test_random_below(&model.random, 20);
	enum vmm_err expected = index + count > BUDDIES_FRAMES ? VMM_ERR_RANGE : VMM_OK;

	for (uint64_t i = index; expected == VMM_OK && i < index + count; i++) {
		expected = model.owner[i] == MODEL_HOLE ? VMM_OK : VMM_ERR_EXISTS;
	}
	assert_int_equal(vmm_buddy_add(&buddies.buddy, buddies_frames(index, count)), expected);
	for (uint64_t i = index; expected == VMM_OK && i < index + count; i++) {
		model.owner[i] = MODEL_FREE;
		model.total++;
		model.available++;
	}
}

static void model_take(void)
{
	struct block *block = &model.out[model.out_count];
	unsigned int order = (unsigned int)test_random_below(&model.random, 7);
	bool expected = model_has(order);
	enum vmm_err err = vmm_buddy_alloc(&buddies.buddy, order, &block->first);

	assert_int_equal(err, expected ? VMM_OK : VMM_ERR_NOMEM);
	if (expected) {
		uint64_t index = buddies_index_of(block->first);

		assert_true((BUDDIES_NUMBER + index) % (UINT64_C(1) << order) == 0);
		assert_true(is_run_free(index, UINT64_C(1) << order));
		block->order = order;
		model_mark(index, order, (int)index);
		fill_block(*block);
		model.out_count++;
		model.available -= (size_t)1 << order;
	}
}

static void model_give_back(void)
{
	size_t which = (size_t)test_random_below(&model.random, model.out_count);
	struct block block = model.out[which];

	assert_filled(block);
	assert_int_equal(vmm_buddy_free(&buddies.buddy, block.first, block.order), VMM_OK);
	model_mark(buddies_index_of(block.first), block.order, MODEL_FREE);
	model.available += (size_t)1 << block.order;
	model.out[which] = model.out[--model.out_count];
}

static void model_give_back_wrongly(void)
{
	uint64_t index = test_random_below(&model.random, BUDDIES_FRAMES + 4);
	unsigned int order = (unsigned int)test_random_below(&model.random, 7);

	for (size_t i = 0; i < model.out_count; i++) {
		if (vmm_pa_equal(model.out[i].first, buddies_frame(index)) &&
		    model.out[i].order == order) {
			return;
		}
	}
	assert_int_equal(vmm_buddy_free(&buddies.buddy, buddies_frame(index), order),
			 VMM_ERR_CORRUPT);
}

/** Of blocks that are free in `before` the links must be as they were; the rest need not. */
static void assert_restored(const struct buddies *before)
{
	assert_memory_equal(&buddies.buddy, &before->buddy, sizeof(buddies.buddy));
	assert_memory_equal(buddies.state, before->state, sizeof(buddies.state));
	assert_memory_equal(buddies.counts, before->counts, sizeof(buddies.counts));
	for (uint64_t i = 0; i < BUDDIES_FRAMES; i++) {
		if (model.owner[i] != MODEL_FREE) {
			assert_memory_equal(buddies_links_at(i),
					    &before->memory[(1 + i) * BUDDIES_SIZE / 8],
					    BUDDIES_SIZE);
		} else if ((buddies.state[1 + i] & 0xc0) == 0x40) {
			assert_memory_equal(buddies_links_at(i),
					    &before->memory[(1 + i) * BUDDIES_SIZE / 8], 16);
		}
	}
}

static void model_roll_back(void)
{
	static struct buddies before;
	struct block taken[BUDDIES_FRAMES];
	size_t count = 0;
	size_t wanted = (size_t)test_random_below(&model.random, 30);

	before = buddies;
	while (count < wanted) {
		taken[count].order = (unsigned int)test_random_below(&model.random, 5);
		if (vmm_buddy_alloc(&buddies.buddy, taken[count].order, &taken[count].first) !=
		    VMM_OK) {
			break;
		}
		count++;
	}
	while (count-- > 0) {
		assert_int_equal(
			vmm_buddy_free(&buddies.buddy, taken[count].first, taken[count].order),
			VMM_OK);
	}
	assert_restored(&before);
}

static void model_compare(void)
{
	unsigned int largest = 99;
	bool any = vmm_buddy_largest_order(&buddies.buddy, &largest);

	assert_int_equal(vmm_buddy_check(&buddies.buddy), VMM_OK);
	assert_int_equal(vmm_buddy_total(&buddies.buddy), model.total);
	assert_int_equal(vmm_buddy_available(&buddies.buddy), model.available);
	assert_int_equal(any, model.available != 0);
	assert_true(!any || (model_has(largest) && !model_has(largest + 1)));
	for (uint64_t i = 0; i < BUDDIES_FRAMES; i++) {
		if (model.owner[i] == MODEL_HOLE) {
			assert_true(buddies_is_garbage(buddies_links_at(i), BUDDIES_SIZE));
		}
	}
	assert_int_equal(buddies_guards_are_intact(NULL), 0);
}

static void random_use_matches_the_model(void **state)
{
	uint64_t rounds = test_random_steps(40);

	(void)state;
	test_random_init(&model.random, "random_use_matches_the_model");
	for (uint64_t round = 0; round < rounds; round++) {
		buddies_reset();
		model.out_count = 0;
		model.total = 0;
		model.available = 0;
		for (size_t i = 0; i < BUDDIES_FRAMES; i++) {
			model.owner[i] = MODEL_HOLE;
		}
		for (int step = 0; step < 300; step++) {
			uint64_t dice = test_random_below(&model.random, 100);

			if (dice < 6) {
				model_add();
			} else if (dice < 50) {
				model_take();
			} else if (dice < 85 && model.out_count > 0) {
				model_give_back();
			} else if (dice < 93) {
				model_give_back_wrongly();
			} else {
				model_roll_back();
			}
			model_compare();
		}
		/* All back in any order: the blocks that a fresh allocator makes of this memory. */
		while (model.out_count > 0) {
			model_give_back();
			model_compare();
		}
	}
}

#define BUDDY_TEST(test) \
	cmocka_unit_test_setup_teardown(test, buddies_set_up, buddies_guards_are_intact)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BUDDY_TEST(random_use_matches_the_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
