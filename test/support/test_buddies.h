/* SPDX-License-Identifier: MIT */
#ifndef TEST_BUDDIES_H
#define TEST_BUDDIES_H

/**
 * @file test_buddies.h
 * A buddy allocator on a little pretended memory, for the tests of it: full of garbage, so that
 * every store to where none belongs is seen.
 */

#include <stdbool.h>
#include <stdint.h>

#include <vmm/buddy.h>

/** Pretended physical memory: frames of 32 bytes. The first frame's number is 3 mod 64. */
#define BUDDIES_SHIFT  5
#define BUDDIES_SIZE   UINT64_C(32)
#define BUDDIES_FRAMES 128
#define BUDDIES_NUMBER UINT64_C(0x4000003)
#define BUDDIES_FIRST  (BUDDIES_NUMBER * BUDDIES_SIZE)

/** What nobody may write to: holes, frames that are out, what is around the arrays. */
#define BUDDIES_GARBAGE 0xa7

struct buddies {
	struct vmm_buddy buddy;
	struct vmm_buddy_config config;
	/* A frame on each side of the memory, and a byte on each side of the state, are guards. */
	uint64_t memory[(BUDDIES_FRAMES + 2) * BUDDIES_SIZE / 8];
	uint8_t state[BUDDIES_FRAMES + 2];
	uint16_t counts[BUDDIES_FRAMES];
};

extern struct buddies buddies;

/** A region of bytes, unchecked. */
vmm_pa_region_t buddies_region(uint64_t start, uint64_t size);

/** Frames `first` to `first + count - 1` of the span, as a region, and one of them. */
vmm_pa_region_t buddies_frames(uint64_t first, uint64_t count);
vmm_pa_t buddies_frame(uint64_t index);
uint64_t buddies_index_of(vmm_pa_t pa);

/** The words of a frame; a free block has its links there: next, prev. */
uint64_t *buddies_links_at(uint64_t index);

/** Fills the world with garbage and makes an allocator without memory; also as a test's setup. */
void buddies_reset(void);
int buddies_set_up(void **state);

/** A test's teardown: 0 if nobody wrote around the memory and the state. */
int buddies_guards_are_intact(void **state);

bool buddies_is_garbage(const void *memory, size_t size);

/* Operations that must succeed and leave everything sound. */
void buddies_add(uint64_t first, uint64_t count);
vmm_pa_t buddies_take(unsigned int order);
void buddies_give_back(vmm_pa_t first, unsigned int order);

/** Fails unless the object, the arrays and all memory are as before, bit for bit. */
void buddies_assert_same(const struct buddies *before);

#endif /* TEST_BUDDIES_H */
