/* SPDX-License-Identifier: MIT */
/*
 * Loops over rows of descriptors, for all formats. They are where mapping spends its time, so they are
 * written in steps of several words, which compilers turn into pairs or vectors at -O2 where that is
 * allowed: never for the stores of a table that walkers may be reading.
 */

#include <vmm/engine/shared.h>
#include <vmm/engine/walk.h>

/* Words per step. */
#define STEP 4u

void vmm_words_zero_(uint64_t *words, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		words[i] = 0;
	}
}

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

void vmm_words_store_(uint64_t *words, unsigned int count, uint64_t first, uint64_t step)
{
	for (; count >= STEP; count -= STEP, words += STEP) {
		vmm_store_(&words[0], first);
		vmm_store_(&words[1], first + step);
		vmm_store_(&words[2], first + 2 * step);
		vmm_store_(&words[3], first + 3 * step);
		first += STEP * step;
	}
	for (; count > 0; count--, words++) {
		vmm_store_(words, first);
		first += step;
	}
}

void vmm_words_change_(uint64_t *words, unsigned int count, uint64_t mask, uint64_t value)
{
	for (; count >= STEP; count -= STEP, words += STEP) {
		vmm_store_(&words[0], (vmm_load_(&words[0]) & ~mask) | value);
		vmm_store_(&words[1], (vmm_load_(&words[1]) & ~mask) | value);
		vmm_store_(&words[2], (vmm_load_(&words[2]) & ~mask) | value);
		vmm_store_(&words[3], (vmm_load_(&words[3]) & ~mask) | value);
	}
	for (; count > 0; count--, words++) {
		vmm_store_(words, (vmm_load_(words) & ~mask) | value);
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
