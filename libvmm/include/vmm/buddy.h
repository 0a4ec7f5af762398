/* SPDX-License-Identifier: MIT */
#ifndef VMM_BUDDY_H
#define VMM_BUDDY_H

/**
 * @file buddy.h
 * A source of table frames that is also a page allocator: blocks of 2^order frames, aligned to
 * their size, that merge again when they are given back.
 *
 * You give it memory, in any number of regions within one span of physical addresses, and two
 * arrays for the whole span, holes included: one byte per frame for the allocator's state and two
 * for the counts that every source must have. What is free is linked through the free frames
 * themselves, by physical address, so that all of it must be reachable through the window.
 *
 *     static uint8_t state[...];     at least vmm_buddy_state_size(span, 12) bytes
 *     static uint16_t counts[...];   at least vmm_buddy_counts_size(span, 12) bytes
 *     static struct vmm_buddy buddy;
 *
 *     struct vmm_buddy_config config = { span, 12, window, state, counts };
 *     err = vmm_buddy_init(&buddy, &config);
 *     err = vmm_buddy_add(&buddy, low_memory);
 *     err = vmm_buddy_add(&buddy, high_memory);
 *     ... &buddy.frames ...
 *
 * Blocks never reach over a hole. Regions that touch are one piece of memory, whoever added them.
 *
 * It trusts nothing that it is told: what was not handed out, or not so, is not taken back. Frames
 * are handed out with whatever is in them and never reported clean.
 *
 * The same calls give the same frames, always. Giving back in the reverse order of taking restores
 * the object, the state array and the lists bit for bit.
 *
 * All functions may run with the MMU off, when memory only takes aligned accesses. Callers
 * serialize. The arrays are yours, and the allocator's until you drop it; there is nothing to undo
 * at the end.
 */

#include <vmm/frames.h>

VMM_BEGIN_DECLS

/** Orders are 0 to 19: with 4 KiB frames, blocks of 4 KiB to 2 GiB. */
#define VMM_BUDDY_ORDERS 20

/** A buddy allocator; pass `&buddy.frames` as a source. Zeroed before init. Members are private. */
struct vmm_buddy {
	struct vmm_frames frames; /**< what tables take */
	vmm_pa_region_t span;             /**< as given */
	uint8_t *state;                   /**< one byte for each frame of the span; see buddy.c */
	uint64_t heads[VMM_BUDDY_ORDERS]; /**< the first free block of each order, as a link */
	uint64_t total_count;             /**< frames added */
	uint64_t free_count;              /**< frames free */
	uint64_t refused_count;           /**< frames that frames.free could not take back */
};

/** What a buddy allocator stands on. */
struct vmm_buddy_config {
	/** Encloses all memory that will be added; rounded outward to whole frames. */
	vmm_pa_region_t span;
	/** log2 of a frame's size in bytes, from 4 (two words for the links) to 44. */
	unsigned int page_shift;
	/** Pointer = physical address + window, for all memory that will be added; a multiple of 8. */
	uint64_t window;
	/** vmm_buddy_state_size() bytes; need not be cleared, and not in the memory to be added. */
	uint8_t *state;
	/** vmm_buddy_counts_size() bytes, as struct vmm_frames explains; the same holds. */
	uint16_t *counts;
};

/** The size in bytes of the state array for a span: one byte for each frame. O(1). */
uint64_t vmm_buddy_state_size(vmm_pa_region_t span, unsigned int page_shift);

/** The size in bytes of the counts array for a span: two bytes for each frame. O(1). */
uint64_t vmm_buddy_counts_size(vmm_pa_region_t span, unsigned int page_shift);

/**
 * Makes an allocator without memory. The configuration is copied. A second call with the same one
 * changes nothing.
 *
 * @return VMM_OK, or
 *  - VMM_ERR_EMPTY: the span has no byte
 *  - VMM_ERR_WRAP: the span passes the last byte of the physical space
 *  - VMM_ERR_UNSUPPORTED: page_shift is below 4 or above 44
 *  - VMM_ERR_ALIGN: the window is no multiple of 8, or `counts` is at an odd address
 *  - VMM_ERR_NOMEM: `state` or `counts` is NULL
 *  - VMM_ERR_BUSY: the object was set up with another configuration before
 *
 * Clears the state: O(frames of the span).
 */
VMM_MUST_CHECK enum vmm_err vmm_buddy_init(struct vmm_buddy *buddy,
					   const struct vmm_buddy_config *config);

/**
 * Adds the whole frames in `memory`. They must be reachable through the window, and belong to the
 * allocator from here on, without a way back. Their contents do not matter.
 *
 * @return VMM_OK, or
 *  - VMM_ERR_EMPTY: `memory` has no byte
 *  - VMM_ERR_WRAP: `memory` passes the last byte of the physical space
 *  - VMM_ERR_NOMEM: there is no whole, aligned frame in `memory`
 *  - VMM_ERR_RANGE: a whole frame of `memory` lies outside the span
 *  - VMM_ERR_EXISTS: a frame of `memory` was added before
 *  - VMM_ERR_CORRUPT: as vmm_buddy_check(), which is done first
 *
 * O(frames of the span). Give memory at boot, not page by page.
 */
VMM_MUST_CHECK enum vmm_err vmm_buddy_add(struct vmm_buddy *buddy, vmm_pa_region_t memory);

/**
 * Hands out a block of 2^order frames, contiguous and aligned to its size. Any of the smallest
 * blocks that fit; not the lowest.
 *
 * @param first  the block's first byte
 * @return VMM_OK, or
 *  - VMM_ERR_RANGE: `order` is VMM_BUDDY_ORDERS or more
 *  - VMM_ERR_NOMEM: no free block is large enough
 *  - VMM_ERR_CORRUPT: the links in the block to be taken are damaged: somebody wrote to a free
 *    frame
 *
 * O(VMM_BUDDY_ORDERS).
 */
VMM_MUST_CHECK enum vmm_err vmm_buddy_alloc(struct vmm_buddy *buddy, unsigned int order,
					    vmm_pa_t *first);

/**
 * Takes back a block, whole, as it was handed out, and merges it with its free neighbors.
 *
 * @return VMM_OK, or
 *  - VMM_ERR_CORRUPT: no block of this order that starts at `first` is out: given back twice,
 *    never handed out, of another order, inside another block, no frame of this allocator. Or the
 *    links of a neighbor are damaged: somebody wrote to a free frame.
 *
 * O(VMM_BUDDY_ORDERS).
 */
VMM_MUST_CHECK enum vmm_err vmm_buddy_free(struct vmm_buddy *buddy, vmm_pa_t first,
					   unsigned int order);

/** The number of frames that were added. O(1). */
uint64_t vmm_buddy_total(const struct vmm_buddy *buddy);

/** The number of frames that are free, in blocks of any order. O(1). */
uint64_t vmm_buddy_available(const struct vmm_buddy *buddy);

/**
 * Finds the largest order that vmm_buddy_alloc() could serve now. False, with `order` as before, if
 * no frame is free. O(VMM_BUDDY_ORDERS).
 */
bool vmm_buddy_largest_order(const struct vmm_buddy *buddy, unsigned int *order);

/**
 * Checks everything that must hold: the state describes aligned blocks without gaps; no two free
 * blocks could be merged; every free block is in the list of its order, once, with sound links;
 * the totals are right; frames.free, which can't say so itself, never refused a frame.
 *
 * VMM_ERR_CORRUPT: it does not. Ends on any damage, and reads only memory that was added.
 * O(frames of the span).
 */
VMM_MUST_CHECK enum vmm_err vmm_buddy_check(const struct vmm_buddy *buddy);

/**
 * Moves the stored pointers of an allocator that was set up before relocation. The lists are made
 * of physical addresses and stay. O(1).
 *
 * @param delta         added to the addresses of the functions: where the code is now, minus where
 *                      it was when the allocator was set up
 * @param array_delta   added to the addresses of `state` and `counts`: `delta` if they are static,
 *                      `window_delta` if they lie in memory that is reached through the window
 * @param window_delta  added to the window
 */
void vmm_buddy_rebase(struct vmm_buddy *buddy, uint64_t delta, uint64_t array_delta,
		      uint64_t window_delta);

VMM_END_DECLS

#endif /* VMM_BUDDY_H */
