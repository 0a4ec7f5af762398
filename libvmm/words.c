/* SPDX-License-Identifier: MIT */
/*
 * Loops over rows of descriptors, for all formats. They are where mapping spends its time, so they are
 * written in steps of four words, which compilers turn into pairs or vectors at -O2.
 */

#include <vmm/engine/shared.h>

/* Words per step. */
#define STEP 4u

void vmm_words_fill_(uint64_t *words, unsigned int count, uint64_t first, uint64_t step)
{
	for (; count >= STEP; count -= STEP, words += STEP) {
		words[0] = first;
		words[1] = first + step;
		words[2] = first + 2 * step;
		words[3] = first + 3 * step;
		first += STEP * step;
	}
	for (; count > 0; count--, words++) {
		*words = first;
		first += step;
	}
}

void vmm_words_survey_(const uint64_t *words, unsigned int count, struct vmm_survey_ *survey)
{
	uint64_t any = 0;
	uint64_t all = UINT64_MAX;

	for (; count >= STEP; count -= STEP, words += STEP) {
		any |= (words[0] | words[1]) | (words[2] | words[3]);
		all &= (words[0] & words[1]) & (words[2] & words[3]);
	}
	for (; count > 0; count--, words++) {
		any |= *words;
		all &= *words;
	}
	survey->any = any;
	survey->all = all;
}
