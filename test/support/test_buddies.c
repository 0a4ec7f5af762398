/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "test_buddies.h"

struct buddies buddies;

vmm_pa_region_t buddies_region(uint64_t start, uint64_t size)
{
	vmm_pa_region_t made = VMM_PA_REGION_INIT(start, size);

	return made;
}

/** Frames `first` to `first + count - 1` of the span. */
vmm_pa_region_t buddies_frames(uint64_t first, uint64_t count)
{
	return buddies_region(BUDDIES_FIRST + first * BUDDIES_SIZE, count * BUDDIES_SIZE);
}

vmm_pa_t buddies_frame(uint64_t index)
{
	return vmm_pa(BUDDIES_FIRST + index * BUDDIES_SIZE);
}

uint64_t buddies_index_of(vmm_pa_t pa)
{
	return (vmm_pa_raw(pa) - BUDDIES_FIRST) / BUDDIES_SIZE;
}

void buddies_reset(void)
{
	memset(&buddies, BUDDIES_GARBAGE, sizeof(buddies));
	memset(&buddies.buddy, 0, sizeof(buddies.buddy));
	buddies.config.span = buddies_frames(0, BUDDIES_FRAMES);
	buddies.config.page_shift = BUDDIES_SHIFT;
	buddies.config.window = (uint64_t)(uintptr_t)buddies.memory + BUDDIES_SIZE - BUDDIES_FIRST;
	buddies.config.state = buddies.state + 1;
	buddies.config.counts = buddies.counts;
	assert_int_equal(vmm_buddy_init(&buddies.buddy, &buddies.config), VMM_OK);
	assert_int_equal(vmm_buddy_check(&buddies.buddy), VMM_OK);
}

int buddies_set_up(void **state)
{
	(void)state;
	buddies_reset();
	return 0;
}

bool buddies_is_garbage(const void *memory, size_t size)
{
	const uint8_t *bytes = (const uint8_t *)memory;

	for (size_t i = 0; i < size; i++) {
		if (bytes[i] != BUDDIES_GARBAGE) {
			return false;
		}
	}
	return true;
}

int buddies_guards_are_intact(void **state)
{
	const uint64_t *behind = &buddies.memory[(BUDDIES_FRAMES + 1) * BUDDIES_SIZE / 8];
	bool intact = buddies_is_garbage(buddies.memory, BUDDIES_SIZE) &&
		      buddies_is_garbage(behind, BUDDIES_SIZE) &&
		      buddies_is_garbage(buddies.state, 1) &&
		      buddies_is_garbage(buddies.state + BUDDIES_FRAMES + 1, 1);

	(void)state;
	return intact ? 0 : -1;
}

void buddies_add(uint64_t first, uint64_t count)
{
	assert_int_equal(vmm_buddy_add(&buddies.buddy, buddies_frames(first, count)), VMM_OK);
	assert_int_equal(vmm_buddy_check(&buddies.buddy), VMM_OK);
}

vmm_pa_t buddies_take(unsigned int order)
{
	vmm_pa_t first = vmm_pa(1);

	assert_int_equal(vmm_buddy_alloc(&buddies.buddy, order, &first), VMM_OK);
	assert_int_equal(vmm_buddy_check(&buddies.buddy), VMM_OK);
	assert_true(vmm_pa_is_aligned(first, BUDDIES_SHIFT + order));
	return first;
}

void buddies_give_back(vmm_pa_t first, unsigned int order)
{
	assert_int_equal(vmm_buddy_free(&buddies.buddy, first, order), VMM_OK);
	assert_int_equal(vmm_buddy_check(&buddies.buddy), VMM_OK);
}

/** The object, the state and the words of all memory, to see that nothing changed. */
void buddies_assert_same(const struct buddies *before)
{
	assert_memory_equal(&buddies, before, sizeof(buddies));
}

uint64_t *buddies_links_at(uint64_t index)
{
	return &buddies.memory[(1 + index) * BUDDIES_SIZE / 8];
}
