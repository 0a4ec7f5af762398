/* SPDX-License-Identifier: MIT */
/*
 * Loops over rows of descriptors, for all formats. They are where mapping spends its time: several words
 * a step, no step waits for the one before, and two words at a time where no walker looks. Where code is to be
 * small a word at a time will do.
 */

#include <vmm/engine/shared.h>
#include <vmm/engine/walk.h>

/*
 * Two adjacent words: a vector register, or where there is none, or none that the code may use, two others.
 * Never for the stores of a table that walkers may be reading, each of which must be of 64 bits.
 */
typedef uint64_t pair __attribute__((vector_size(16), aligned(8), may_alias));

void vmm_words_zero_(uint64_t *words, unsigned int count)
{
	const pair zero = { 0, 0 };
	unsigned int i;

	if (VMM_FOR_SIZE) {
		vmm_words_store_(words, count, 0, 0);
		return;
	}
	for (i = 0; count - i >= 8; i += 8) {
		*(pair *)&words[i] = zero;
		*(pair *)&words[i + 2] = zero;
		*(pair *)&words[i + 4] = zero;
		*(pair *)&words[i + 6] = zero;
	}
	for (; i < count; i++) {
		words[i] = 0;
	}
}

void vmm_words_fill_(uint64_t *words, unsigned int count, uint64_t first, uint64_t step)
{
	pair low = { first, first + step };
	pair high = low + 2 * step;
	unsigned int i;

	if (VMM_FOR_SIZE) {
		vmm_words_store_(words, count, first, step);
		return;
	}
	for (i = 0; count - i >= 4; i += 4) {
		*(pair *)&words[i] = low;
		*(pair *)&words[i + 2] = high;
		low += 4 * step;
		high += 4 * step;
	}
	for (; i < count; i++) {
		words[i] = first + i * step;
	}
}

void vmm_words_store_(uint64_t *words, unsigned int count, uint64_t first, uint64_t step)
{
	uint64_t second = first + step;
	unsigned int i;

	for (i = 0; !VMM_FOR_SIZE && count - i >= 4; i += 4) {
		vmm_store_(&words[i], first);
		vmm_store_(&words[i + 1], second);
		vmm_store_(&words[i + 2], first + 2 * step);
		vmm_store_(&words[i + 3], second + 2 * step);
		first += 4 * step;
		second += 4 * step;
	}
	for (; i < count; i++) {
		vmm_store_(&words[i], first);
		first += step;
	}
}

static inline void change(uint64_t *word, uint64_t mask, uint64_t value)
{
	vmm_store_(word, (vmm_load_(word) & ~mask) | value);
}

void vmm_words_change_(uint64_t *words, unsigned int count, uint64_t mask, uint64_t value)
{
	unsigned int i;

	for (i = 0; !VMM_FOR_SIZE && count - i >= 4; i += 4) {
		change(&words[i], mask, value);
		change(&words[i + 1], mask, value);
		change(&words[i + 2], mask, value);
		change(&words[i + 3], mask, value);
	}
	for (; i < count; i++) {
		change(&words[i], mask, value);
	}
}

unsigned int vmm_words_clear_(uint64_t *words, unsigned int count, struct vmm_survey_ *survey)
{
	uint64_t seen_any = 0;
	uint64_t seen_all = UINT64_MAX;
	unsigned int left = count;

	for (; left >= 4; left -= 4) {
		uint64_t a = vmm_load_(&words[0]);
		uint64_t b = vmm_load_(&words[1]);
		uint64_t c = vmm_load_(&words[2]);
		uint64_t d = vmm_load_(&words[3]);
		uint64_t all = (a & b) & (c & d);

		if (!vmm_is_valid_(all)) {
			break;
		}
		vmm_store_(&words[0], 0);
		vmm_store_(&words[1], 0);
		vmm_store_(&words[2], 0);
		vmm_store_(&words[3], 0);
		seen_any |= (a | b) | (c | d);
		seen_all &= all;
		words += 4;
	}
	survey->any = seen_any;
	survey->all = seen_all;
	return count - left;
}

void vmm_words_survey_(const uint64_t *words, unsigned int count, struct vmm_survey_ *survey)
{
	pair any = { 0, 0 };
	pair all = { UINT64_MAX, UINT64_MAX };
	unsigned int i;

	for (i = 0; !VMM_FOR_SIZE && count - i >= 8; i += 8) {
		const pair *next = (const pair *)&words[i];

		any |= (next[0] | next[1]) | (next[2] | next[3]);
		all &= (next[0] & next[1]) & (next[2] & next[3]);
	}
	survey->any = any[0] | any[1];
	survey->all = all[0] & all[1];
	for (; i < count; i++) {
		survey->any |= words[i];
		survey->all &= words[i];
	}
}
