/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "support/test_buddies.h"
#include "support/test_random.h"

/** A world with free and used blocks of several orders, and two holes. */
static void set_up_mixture(void)
{
	buddies_reset();
	buddies_add(0, 50);
	buddies_add(60, 40);
	buddies_add(110, 18);
	for (unsigned int i = 0; i < 12; i++) {
		(void)buddies_take(i % 4);
	}
	buddies_give_back(buddies_frame(1), 2);
}

static void check_finds_every_wrong_byte_of_the_state(void **state)
{
	struct buddies before;

	(void)state;
	set_up_mixture();
	before = buddies;
	for (size_t i = 0; i < BUDDIES_FRAMES; i++) {
		for (unsigned int value = 0; value < 256; value++) {
			uint8_t *byte = &buddies.state[1 + i];

			if (value == before.state[1 + i]) {
				continue;
			}
			*byte = (uint8_t)value;
			assert_int_equal(vmm_buddy_check(&buddies.buddy), VMM_ERR_CORRUPT);
			*byte = before.state[1 + i];
		}
	}
	buddies_assert_same(&before);
}

/** Words that a link may be damaged to: anything, or what looks like another link. */
static uint64_t bad_link(struct test_random *random, uint64_t good)
{
	uint64_t link = good;

	while (link == good) {
		switch (test_random_below(random, 4)) {
		case 0:
			link = test_random_next(random);
			break;
		case 1:
			link = 0;
			break;
		case 2:
			link = good ^ (UINT64_C(1) << test_random_below(random, 64));
			break;
		default:
			link = (BUDDIES_FIRST +
				test_random_below(random, BUDDIES_FRAMES) * BUDDIES_SIZE) |
			       1;
			break;
		}
	}
	return link;
}

static void check_finds_every_wrong_link_and_alloc_and_free_do_no_harm(void **state)
{
	struct test_random random;
	struct buddies before, damaged;

	(void)state;
	test_random_init(&random, "check_finds_every_wrong_link_and_alloc_and_free_do_no_harm");
	set_up_mixture();
	before = buddies;
	for (int round = 0; round < 3000; round++) {
		uint64_t index = test_random_below(&random, BUDDIES_FRAMES);
		uint64_t *word = buddies_links_at(index) + test_random_below(&random, 2);
		vmm_pa_t taken;

		if (round % 8 == 0) {
			word = &buddies.buddy.heads[test_random_below(&random, VMM_BUDDY_ORDERS)];
		} else if ((buddies.state[1 + index] & 0xc0) != 0x40) {
			continue;
		}
		*word = bad_link(&random, *word);
		assert_int_equal(vmm_buddy_check(&buddies.buddy), VMM_ERR_CORRUPT);
		assert_int_equal(vmm_buddy_add(&buddies.buddy, buddies_frames(55, 1)),
				 VMM_ERR_CORRUPT);
		/* The object itself is trusted; what others can reach is not. */
		for (unsigned int order = 0; round % 8 != 0 && order < 5; order++) {
			damaged = buddies;
			if (vmm_buddy_alloc(&buddies.buddy, order, &taken) == VMM_ERR_CORRUPT) {
				buddies_assert_same(&damaged);
			}
			buddies = damaged;
		}
		for (uint64_t i = 0; round % 8 != 0 && i < BUDDIES_FRAMES; i++) {
			damaged = buddies;
			if (vmm_buddy_free(&buddies.buddy, buddies_frame(i),
					   buddies.state[1 + i] & 0x3f) != VMM_OK) {
				buddies_assert_same(&damaged);
			}
			assert_int_equal(buddies_guards_are_intact(NULL), 0);
			buddies = damaged;
		}
		buddies = before;
	}
}

static void check_finds_free_buddies_that_did_not_merge(void **state)
{
	(void)state;
	buddies_add(61, 2);
	(void)buddies_take(0);
	(void)buddies_take(0);
	buddies_give_back(buddies_frame(61), 0);
	buddies.state[1 + 61] = 0x80; /* so that the other one finds no buddy to merge with */
	assert_int_equal(vmm_buddy_free(&buddies.buddy, buddies_frame(62), 0), VMM_OK);
	buddies.state[1 + 61] = 0x40;
	assert_int_equal(vmm_buddy_check(&buddies.buddy), VMM_ERR_CORRUPT);
}

static void check_finds_blocks_that_are_not_aligned_or_pass_the_end(void **state)
{
	(void)state;
	buddies_add(62, 2);
	(void)buddies_take(0);
	(void)buddies_take(0);
	buddies.state[1 + 62] = 0x81; /* an odd frame, and the next as its body */
	buddies.state[1 + 63] = 1;
	assert_int_equal(vmm_buddy_check(&buddies.buddy), VMM_ERR_CORRUPT);

	buddies_reset();
	buddies_add(BUDDIES_FRAMES - 1, 1);
	(void)buddies_take(0);
	/* An even frame, and what is behind the state as its body. */
	buddies.state[BUDDIES_FRAMES] = 0x81;
	buddies.state[BUDDIES_FRAMES + 1] = 1;
	buddies.buddy.total_count++;
	assert_int_equal(vmm_buddy_check(&buddies.buddy), VMM_ERR_CORRUPT);
	buddies.state[BUDDIES_FRAMES + 1] = BUDDIES_GARBAGE;
}

static void check_finds_wrong_totals(void **state)
{
	(void)state;
	set_up_mixture();
	buddies.buddy.total_count++;
	assert_int_equal(vmm_buddy_check(&buddies.buddy), VMM_ERR_CORRUPT);
	buddies.buddy.total_count--;
	buddies.buddy.free_count--;
	assert_int_equal(vmm_buddy_check(&buddies.buddy), VMM_ERR_CORRUPT);
	buddies.buddy.free_count++;
	assert_int_equal(vmm_buddy_check(&buddies.buddy), VMM_OK);
}

static void a_cycle_of_links_is_not_followed(void **state)
{
	vmm_pa_t first = vmm_pa(1);

	(void)state;
	/* Frames 1, 3 and 5 free, apart: a list of order 0. */
	buddies_add(1, 1);
	buddies_add(3, 1);
	buddies_add(5, 1);
	assert_true(buddies.buddy.heads[0] == (vmm_pa_raw(buddies_frame(5)) | 1));
	buddies_links_at(1)[0] = vmm_pa_raw(buddies_frame(5)) | 1;
	buddies_links_at(5)[1] = vmm_pa_raw(buddies_frame(1)) | 1;
	assert_int_equal(vmm_buddy_check(&buddies.buddy), VMM_ERR_CORRUPT);
	assert_int_equal(vmm_buddy_alloc(&buddies.buddy, 0, &first), VMM_ERR_CORRUPT);
	assert_int_equal(vmm_pa_raw(first), 1);
}

#define BUDDY_TEST(test) \
	cmocka_unit_test_setup_teardown(test, buddies_set_up, buddies_guards_are_intact)

/* Each link of each free block to every block, and to none: there is one that is right. */
static void check_finds_every_link_to_another_block(void **state)
{
	(void)state;
	set_up_mixture();
	for (uint64_t index = 0; index < BUDDIES_FRAMES; index++) {
		if ((buddies.state[1 + index] & 0xc0) != 0x40) {
			continue;
		}
		for (unsigned int which = 0; which < 2; which++) {
			uint64_t *link = buddies_links_at(index) + which;
			uint64_t saved = *link;

			for (uint64_t to = 0; to <= BUDDIES_FRAMES; to++) {
				*link = to == BUDDIES_FRAMES ? 0
							     : (BUDDIES_FIRST + to * BUDDIES_SIZE) | 1;
				assert_int_equal(vmm_buddy_check(&buddies.buddy),
						 *link == saved ? VMM_OK : VMM_ERR_CORRUPT);
			}
			/* The same address, but not marked as a link. */
			*link = saved & ~UINT64_C(1);
			assert_int_equal(vmm_buddy_check(&buddies.buddy),
					 saved == 0 ? VMM_OK : VMM_ERR_CORRUPT);
			*link = saved;
		}
	}
}

/* Freeing looks at the links of the buddy it would merge with, and at nothing else. */
static void a_buddy_with_a_wrong_link_back_is_not_merged_with(void **state)
{
	uint64_t free = 61, used = 62;
	struct buddies before;
	uint64_t *prev;

	(void)state;
	buddies_add(61, 2);
	(void)buddies_take(0);
	if ((buddies.state[1 + free] & 0xc0) != 0x40) {
		free = 62;
		used = 61;
	}
	assert_int_equal(buddies.state[1 + free], 0x40);
	prev = &buddies_links_at(free)[1];
	assert_true(*prev == 0);
	/* It is the first of its list, and says that a block is before it. */
	*prev = vmm_pa_raw(buddies_frame(free)) | 1;
	before = buddies;
	assert_int_equal(vmm_buddy_free(&buddies.buddy, buddies_frame(used), 0), VMM_ERR_CORRUPT);
	buddies_assert_same(&before);
	/* Another is the first now, but what is said to be before it is no free block. */
	*prev = 0;
	buddies_add(1, 1);
	assert_true(*prev == buddies.buddy.heads[0]);
	*prev = vmm_pa_raw(buddies_frame(used)) | 1;
	before = buddies;
	assert_int_equal(vmm_buddy_free(&buddies.buddy, buddies_frame(used), 0), VMM_ERR_CORRUPT);
	buddies_assert_same(&before);
	/* It is one, but another comes after it. */
	*prev = buddies.buddy.heads[0];
	buddies_add(3, 1);
	*prev = buddies.buddy.heads[0];
	before = buddies;
	assert_int_equal(vmm_buddy_free(&buddies.buddy, buddies_frame(used), 0), VMM_ERR_CORRUPT);
	buddies_assert_same(&before);
	*prev = vmm_pa_raw(buddies_frame(1)) | 1;
	assert_int_equal(vmm_buddy_check(&buddies.buddy), VMM_OK);
	assert_int_equal(vmm_buddy_free(&buddies.buddy, buddies_frame(used), 0), VMM_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BUDDY_TEST(check_finds_every_wrong_byte_of_the_state),
		BUDDY_TEST(check_finds_every_wrong_link_and_alloc_and_free_do_no_harm),
		BUDDY_TEST(check_finds_free_buddies_that_did_not_merge),
		BUDDY_TEST(check_finds_blocks_that_are_not_aligned_or_pass_the_end),
		BUDDY_TEST(check_finds_wrong_totals),
		BUDDY_TEST(a_cycle_of_links_is_not_followed),
		BUDDY_TEST(check_finds_every_link_to_another_block),
		BUDDY_TEST(a_buddy_with_a_wrong_link_back_is_not_merged_with),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
