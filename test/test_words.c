/* SPDX-License-Identifier: MIT */
/*
 * Loops over rows of words, which take several words a step: every count up to several steps and
 * what is left of one, from every word on, against one word at a time. What is beside the row stays.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <vmm/engine/shared.h>
#include <vmm/format.h>

#define COUNT_MAX 35
#define START_MAX 4
#define ROOM      (START_MAX + COUNT_MAX + 4)
#define BESIDE    UINT64_C(0x5a5a5a5a5a5a5a5a)
#define FIRST     UINT64_C(0xfedcba9876543210)
#define STEP      UINT64_C(0x0000100000001001)

static uint64_t row[ROOM];
static uint64_t expected[ROOM];

static void spread(void)
{
	for (unsigned int i = 0; i < ROOM; i++) {
		row[i] = BESIDE + i * UINT64_C(0x0101010101010101);
		expected[i] = row[i];
	}
}

static void compare(void)
{
	assert_memory_equal(row, expected, sizeof(row));
}

static void every_word_is_written_and_no_other(void **state)
{
	(void)state;
	for (unsigned int start = 0; start < START_MAX; start++) {
		for (unsigned int count = 0; count <= COUNT_MAX; count++) {
			spread();
			memset(&expected[start], 0, count * sizeof(row[0]));
			vmm_words_zero_(&row[start], count);
			compare();
			spread();
			for (unsigned int i = 0; i < count; i++) {
				expected[start + i] = FIRST + i * STEP;
			}
			vmm_words_fill_(&row[start], count, FIRST, STEP);
			compare();
			spread();
			for (unsigned int i = 0; i < count; i++) {
				expected[start + i] = FIRST + i * STEP;
			}
			vmm_words_store_(&row[start], count, FIRST, STEP);
			compare();
		}
	}
}

/* The value replaces what the mask covers; a bit of it that was set, too. */
static void every_word_is_changed_within_the_mask(void **state)
{
	const uint64_t mask = UINT64_C(0x00ff0000ffff00ff);
	const uint64_t value = UINT64_C(0x0055000012340000);

	(void)state;
	for (unsigned int start = 0; start < START_MAX; start++) {
		for (unsigned int count = 0; count <= COUNT_MAX; count++) {
			spread();
			for (unsigned int i = 0; i < count; i++) {
				expected[start + i] = (expected[start + i] & ~mask) | value;
			}
			vmm_words_change_(&row[start], count, mask, value);
			compare();
		}
	}
}

/* One word, at each place, that has a bit which the others lack, and lacks one that they have. */
static void one_word_that_differs_is_noticed_wherever_it_is(void **state)
{
	const uint64_t usual = UINT64_C(0x8000000000000001);
	const uint64_t other = UINT64_C(0x8000000000000010);

	(void)state;
	for (unsigned int start = 0; start < START_MAX; start++) {
		for (unsigned int count = 1; count <= COUNT_MAX; count++) {
			for (unsigned int at = 0; at < ROOM; at++) {
				bool inside = at >= start && at < start + count;
				struct vmm_survey_ survey = { 7, 7 };

				for (unsigned int i = 0; i < ROOM; i++) {
					row[i] = usual;
				}
				row[at] = other;
				vmm_words_survey_(&row[start], count, &survey);
				if (!inside) {
					assert_true(survey.any == usual && survey.all == usual);
				} else if (count == 1) {
					assert_true(survey.any == other && survey.all == other);
				} else {
					assert_true(survey.any == (usual | other));
					assert_true(survey.all == (usual & other));
				}
			}
		}
	}
}

/* Bits that two or more words have count once; those that all have are not lost. */
static void a_survey_of_different_words_is_that_of_each(void **state)
{
	(void)state;
	for (unsigned int start = 0; start < START_MAX; start++) {
		for (unsigned int count = 1; count <= COUNT_MAX; count++) {
			uint64_t any = 0;
			uint64_t all = UINT64_MAX;
			struct vmm_survey_ survey;

			for (unsigned int i = 0; i < ROOM; i++) {
				row[i] = UINT64_C(3) << (i % 40) | UINT64_C(0xc0) << 48;
			}
			for (unsigned int i = 0; i < count; i++) {
				any |= row[start + i];
				all &= row[start + i];
			}
			vmm_words_survey_(&row[start], count, &survey);
			assert_true(survey.any == any && survey.all == all);
		}
	}
}

/* Four at a time, and only while all of the four are valid: what holds a hole is left as it was. */
static void words_are_cleared_up_to_the_first_hole(void **state)
{
	(void)state;
	for (unsigned int start = 0; start < START_MAX; start++) {
		for (unsigned int count = 0; count <= COUNT_MAX; count++) {
			for (unsigned int hole = 0; hole <= count; hole++) {
				unsigned int cleared = (hole < count ? hole : count) / 4 * 4;
				uint64_t any = 0;
				uint64_t all = UINT64_MAX;
				struct vmm_survey_ survey;

				for (unsigned int i = 0; i < ROOM; i++) {
					row[i] = UINT64_C(6) << (i % 40) | VMM_DESCRIPTOR_VALID;
				}
				row[start + hole] &= ~VMM_DESCRIPTOR_VALID;
				memcpy(expected, row, sizeof(row));
				for (unsigned int i = 0; i < cleared; i++) {
					any |= row[start + i];
					all &= row[start + i];
					expected[start + i] = 0;
				}
				assert_int_equal(vmm_words_clear_(&row[start], count, &survey), cleared);
				compare();
				assert_true(survey.any == any && survey.all == all);
			}
		}
	}
}

/* What only some of the words have that were cleared is not in all, wherever they are. */
static void what_one_cleared_word_lacks_is_not_in_all(void **state)
{
	(void)state;
	for (unsigned int at = 0; at < 8; at++) {
		struct vmm_survey_ survey;

		for (unsigned int i = 0; i < 8; i++) {
			row[i] = UINT64_C(6) | VMM_DESCRIPTOR_VALID;
		}
		row[at] = UINT64_C(4) | VMM_DESCRIPTOR_VALID;
		assert_int_equal(vmm_words_clear_(row, 8, &survey), 8);
		assert_true(survey.any == (UINT64_C(6) | VMM_DESCRIPTOR_VALID));
		assert_true(survey.all == (UINT64_C(4) | VMM_DESCRIPTOR_VALID));
	}
}

/* Every word has the bit: an odd and an even number of them must not cancel out. */
static void a_bit_that_all_words_have_is_in_both(void **state)
{
	(void)state;
	for (unsigned int count = 1; count <= COUNT_MAX; count++) {
		struct vmm_survey_ survey;

		for (unsigned int i = 0; i < ROOM; i++) {
			row[i] = i < count ? UINT64_MAX : 0;
		}
		vmm_words_survey_(row, count, &survey);
		assert_true(survey.any == UINT64_MAX && survey.all == UINT64_MAX);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_word_is_written_and_no_other),
		cmocka_unit_test(every_word_is_changed_within_the_mask),
		cmocka_unit_test(one_word_that_differs_is_noticed_wherever_it_is),
		cmocka_unit_test(a_survey_of_different_words_is_that_of_each),
		cmocka_unit_test(words_are_cleared_up_to_the_first_hole),
		cmocka_unit_test(what_one_cleared_word_lacks_is_not_in_all),
		cmocka_unit_test(a_bit_that_all_words_have_is_in_both),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
