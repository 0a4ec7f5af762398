/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/test_frames.h"

static enum vmm_err alloc_nothing(struct vmm_frames *self, vmm_pa_t *frame, bool *clean)
{
	(void)self;
	(void)frame;
	(void)clean;
	return VMM_ERR_NOMEM;
}

static void free_nothing(struct vmm_frames *self, vmm_pa_t frame, bool clean)
{
	(void)self;
	(void)frame;
	(void)clean;
}

static void a_source_owns_its_span_and_nothing_else(void **state)
{
	struct vmm_frames frames = {.first = 0x8000, .frame_count = 3, .page_shift = 12};

	(void)state;
	assert_true(vmm_frames_owns(&frames, vmm_pa(0x8000)));
	assert_true(vmm_frames_owns(&frames, vmm_pa(0xafff)));
	assert_false(vmm_frames_owns(&frames, vmm_pa(0x7fff)));
	assert_false(vmm_frames_owns(&frames, vmm_pa(0xb000)));
	assert_false(vmm_frames_owns(&frames, vmm_pa(0)));
	assert_false(vmm_frames_owns(&frames, vmm_pa(UINT64_MAX)));
}

static void a_span_may_end_with_the_last_byte(void **state)
{
	struct vmm_frames frames = {
		.first = UINT64_C(0xffffffffffffe000), .frame_count = 2, .page_shift = 12};

	(void)state;
	assert_true(vmm_frames_owns(&frames, vmm_pa(UINT64_MAX)));
	assert_true(vmm_frames_owns(&frames, vmm_pa(UINT64_C(0xffffffffffffe000))));
	assert_false(vmm_frames_owns(&frames, vmm_pa(UINT64_C(0xffffffffffffdfff))));
	assert_false(vmm_frames_owns(&frames, vmm_pa(0)));
}

static void a_window_may_be_negative(void **state)
{
	uint64_t word = 7;
	struct vmm_frames frames = {.window = (uint64_t)(uintptr_t)&word - UINT64_C(0xfffffff8000)};

	(void)state;
	assert_ptr_equal(vmm_frames_ptr(&frames, vmm_pa(UINT64_C(0xfffffff8000))), &word);
}

static void rebase_moves_functions_and_counts_by_one_delta_and_the_window_by_another(void **state)
{
	uint16_t counts[4];
	const uint64_t delta = UINT64_C(0x40000);
	struct vmm_frames frames = {.alloc = alloc_nothing,
				    .free = free_nothing,
				    .window = 0x1000,
				    .first = 0x8000,
				    .frame_count = 4,
				    .counts = counts,
				    .page_shift = 12};

	(void)state;
	vmm_frames_rebase(&frames, delta, UINT64_C(0xffff800000000000));
	assert_true((uintptr_t)frames.alloc == (uintptr_t)alloc_nothing + (uintptr_t)delta);
	assert_true((uintptr_t)frames.free == (uintptr_t)free_nothing + (uintptr_t)delta);
	assert_true((uintptr_t)frames.counts == (uintptr_t)counts + (uintptr_t)delta);
	assert_true(frames.window == UINT64_C(0xffff800000001000));
	assert_true(frames.first == 0x8000 && frames.frame_count == 4 && frames.page_shift == 12);
	/* Back again: deltas are modulo 2^64. */
	vmm_frames_rebase(&frames, -delta, -UINT64_C(0xffff800000000000));
	assert_true(frames.alloc == alloc_nothing && frames.free == free_nothing);
	assert_ptr_equal(frames.counts, counts);
	assert_true(frames.window == 0x1000);
}

/* The fixture that judges tables must itself be right where it doesn't fail. */

static void the_fixture_hands_out_every_frame_once_and_takes_it_back(void **state)
{
	static const unsigned int shifts[] = {3, 5, 12, 14, 16};

	(void)state;
	for (size_t i = 0; i < sizeof(shifts) / sizeof(shifts[0]); i++) {
		struct test_frames source;
		struct test_frames_snapshot *before;
		uint64_t size = UINT64_C(1) << shifts[i];
		vmm_pa_t taken[7];
		bool clean = true;
		size_t mark;

		test_frames_init(&source, shifts[i], 7, size * 9);
		before = test_frames_save(&source);
		mark = test_frames_mark(&source);
		for (size_t n = 0; n < 7; n++) {
			assert_int_equal(source.frames.alloc(&source.frames, &taken[n], &clean),
					 VMM_OK);
			assert_false(clean);
			assert_true(vmm_pa_is_aligned(taken[n], shifts[i]));
			assert_true(vmm_frames_owns(&source.frames, taken[n]));
			assert_true(test_frames_word(&source, taken[n], 0) == UINT64_MAX);
			assert_true(*(uint64_t *)vmm_frames_ptr(&source.frames, taken[n]) ==
				    UINT64_MAX);
			for (size_t m = 0; m < n; m++) {
				assert_false(vmm_pa_equal(taken[m], taken[n]));
			}
		}
		assert_int_equal(source.frames.alloc(&source.frames, &taken[0], &clean),
				 VMM_ERR_NOMEM);
		assert_int_equal(test_frames_available(&source), 0);
		for (size_t n = 7; n > 0; n--) {
			assert_true(test_frames_is_out(&source, taken[n - 1]));
			source.frames.free(&source.frames, taken[n - 1], false);
			assert_false(test_frames_is_out(&source, taken[n - 1]));
		}
		test_frames_assert_rolled_back(&source, mark);
		test_frames_assert_same(&source, before);
		test_frames_release(before);
		test_frames_fini(&source);
	}
}

static void the_fixture_fails_when_it_is_told_to(void **state)
{
	struct test_frames source;
	vmm_pa_t frame;
	bool clean;

	(void)state;
	test_frames_init(&source, 12, 8, 0x40000000);
	test_frames_limit(&source, 1);
	assert_int_equal(source.frames.alloc(&source.frames, &frame, &clean), VMM_OK);
	assert_int_equal(source.frames.alloc(&source.frames, &frame, &clean), VMM_ERR_NOMEM);
	assert_int_equal(source.frames.alloc(&source.frames, &frame, &clean), VMM_ERR_NOMEM);
	test_frames_limit(&source, TEST_FRAMES_NO_LIMIT);
	test_frames_fail_nth(&source, 2);
	source.fail_err = VMM_ERR_BUSY;
	assert_int_equal(source.frames.alloc(&source.frames, &frame, &clean), VMM_OK);
	assert_int_equal(source.frames.alloc(&source.frames, &frame, &clean), VMM_ERR_BUSY);
	assert_int_equal(source.frames.alloc(&source.frames, &frame, &clean), VMM_OK);
	assert_int_equal(source.fail_count, 3);
	assert_int_equal(source.out_count, 3);
	test_frames_check(&source);
	test_frames_discard(&source);
}

static void the_fixture_says_clean_only_of_zero(void **state)
{
	struct test_frames source;
	vmm_pa_t frame;
	bool clean;

	(void)state;
	test_frames_init(&source, 5, 8, 0x40000000);
	source.fill = TEST_FRAMES_IN_TURN;
	for (int i = 0; i < 8; i++) {
		assert_int_equal(source.frames.alloc(&source.frames, &frame, &clean), VMM_OK);
		assert_int_equal(clean, i % 2);
		for (size_t word = 0; word < 4; word++) {
			assert_true(test_frames_word(&source, frame, word) ==
				    (clean ? 0 : UINT64_MAX));
		}
	}
	test_frames_discard(&source);
}

/** A source of 8 frames, of which two were taken. */
static struct test_frames suspicious;
static vmm_pa_t out[2];

static int set_up_suspicious(void **state)
{
	bool clean;

	(void)state;
	test_frames_init(&suspicious, 5, 8, 0x40000000);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(suspicious.frames.alloc(&suspicious.frames, &out[i], &clean),
				 VMM_OK);
	}
	return 0;
}

static int discard_suspicious(void **state)
{
	(void)state;
	test_frames_discard(&suspicious);
	return 0;
}

static void give_back(vmm_pa_t frame, bool clean)
{
	suspicious.frames.free(&suspicious.frames, frame, clean);
}

static uint64_t *word_of(vmm_pa_t frame)
{
	return (uint64_t *)vmm_frames_ptr(&suspicious.frames, frame);
}

static void the_fixture_notices_double_and_foreign_frees(void **state)
{
	(void)state;
	give_back(out[0], false);
	expect_assert_failure(give_back(out[0], false));
	expect_assert_failure(give_back(vmm_pa(0x40000000 + 8 * 32), false));
	expect_assert_failure(give_back(vmm_pa(0x40000000 - 32), false));
	expect_assert_failure(give_back(vmm_pa(vmm_pa_raw(out[1]) + 8), false));
}

static void the_fixture_notices_a_frame_that_is_not_clean_as_claimed(void **state)
{
	(void)state;
	for (size_t word = 0; word < 4; word++) {
		word_of(out[0])[word] = 0;
	}
	word_of(out[0])[3] = 1;
	expect_assert_failure(give_back(out[0], true));
	word_of(out[0])[3] = 0;
	give_back(out[0], true);
}

static void the_fixture_notices_a_frame_that_is_never_given_back(void **state)
{
	(void)state;
	expect_assert_failure(test_frames_fini(&suspicious));
}

static void the_fixture_notices_stores_into_frames_that_are_not_out(void **state)
{
	vmm_pa_t frame;
	bool clean;

	(void)state;
	test_frames_check(&suspicious);
	give_back(out[0], false);
	word_of(out[0])[2] ^= 1;
	expect_assert_failure(test_frames_check(&suspicious));
	expect_assert_failure(suspicious.frames.alloc(&suspicious.frames, &frame, &clean));
	word_of(out[0])[2] ^= 1;
	word_of(vmm_pa(0x40000000))[-1] ^= 1;
	expect_assert_failure(test_frames_check(&suspicious));
	word_of(vmm_pa(0x40000000))[-1] ^= 1;
	word_of(vmm_pa(0x40000000))[8 * 4] ^= 1;
	expect_assert_failure(test_frames_check(&suspicious));
	word_of(vmm_pa(0x40000000))[8 * 4] ^= 1;
	suspicious.frames.counts[8] ^= 1;
	expect_assert_failure(test_frames_check(&suspicious));
	suspicious.frames.counts[8] ^= 1;
	suspicious.frames.counts[(vmm_pa_raw(out[0]) - 0x40000000) / 32] ^= 1;
	expect_assert_failure(test_frames_check(&suspicious));
}

static void the_fixture_notices_what_was_not_rolled_back(void **state)
{
	vmm_pa_t first, second;
	bool clean;
	size_t mark = test_frames_mark(&suspicious);

	(void)state;
	assert_int_equal(suspicious.frames.alloc(&suspicious.frames, &first, &clean), VMM_OK);
	expect_assert_failure(test_frames_assert_rolled_back(&suspicious, mark));
	assert_int_equal(suspicious.frames.alloc(&suspicious.frames, &second, &clean), VMM_OK);
	give_back(first, false);
	give_back(second, false);
	expect_assert_failure(test_frames_assert_rolled_back(&suspicious, mark));
	mark = test_frames_mark(&suspicious);
	give_back(out[1], false);
	expect_assert_failure(test_frames_assert_rolled_back(&suspicious, mark));
}

static void the_fixture_notices_what_differs_from_a_snapshot(void **state)
{
	struct test_frames_snapshot *before = test_frames_save(&suspicious);
	vmm_pa_t first, second;
	bool clean;

	(void)state;
	test_frames_assert_same(&suspicious, before);
	word_of(out[1])[3] ^= 1;
	expect_assert_failure(test_frames_assert_same(&suspicious, before));
	word_of(out[1])[3] ^= 1;
	suspicious.frames.counts[(vmm_pa_raw(out[1]) - 0x40000000) / 32] ^= 1;
	expect_assert_failure(test_frames_assert_same(&suspicious, before));
	suspicious.frames.counts[(vmm_pa_raw(out[1]) - 0x40000000) / 32] ^= 1;
	test_frames_assert_same(&suspicious, before);
	assert_int_equal(suspicious.frames.alloc(&suspicious.frames, &first, &clean), VMM_OK);
	expect_assert_failure(test_frames_assert_same(&suspicious, before));
	assert_int_equal(suspicious.frames.alloc(&suspicious.frames, &second, &clean), VMM_OK);
	give_back(first, false);
	give_back(second, false);
	expect_assert_failure(test_frames_assert_same(&suspicious, before));
	test_frames_release(before);
}

#define SUSPICIOUS_TEST(test) \
	cmocka_unit_test_setup_teardown(test, set_up_suspicious, discard_suspicious)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_source_owns_its_span_and_nothing_else),
		cmocka_unit_test(a_span_may_end_with_the_last_byte),
		cmocka_unit_test(a_window_may_be_negative),
		cmocka_unit_test(
			rebase_moves_functions_and_counts_by_one_delta_and_the_window_by_another),
		cmocka_unit_test(the_fixture_hands_out_every_frame_once_and_takes_it_back),
		cmocka_unit_test(the_fixture_fails_when_it_is_told_to),
		cmocka_unit_test(the_fixture_says_clean_only_of_zero),
		SUSPICIOUS_TEST(the_fixture_notices_double_and_foreign_frees),
		SUSPICIOUS_TEST(the_fixture_notices_a_frame_that_is_not_clean_as_claimed),
		SUSPICIOUS_TEST(the_fixture_notices_a_frame_that_is_never_given_back),
		SUSPICIOUS_TEST(the_fixture_notices_stores_into_frames_that_are_not_out),
		SUSPICIOUS_TEST(the_fixture_notices_what_was_not_rolled_back),
		SUSPICIOUS_TEST(the_fixture_notices_what_differs_from_a_snapshot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
