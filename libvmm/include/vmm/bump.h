/* SPDX-License-Identifier: MIT */
#ifndef VMM_BUMP_H
#define VMM_BUMP_H

/**
 * @file bump.h
 * The simplest source of table frames: one piece of memory, handed out from its start to its end.
 *
 * Nobody has to provide anything else: the two bytes of bookkeeping per frame that struct
 * vmm_frames asks for are carved from the front of the memory. Frames given back are chained
 * through their own first word and handed out again before fresh ones, last in first out. Whether
 * such a frame is clean is remembered: a frame given back as all zero is all zero again when it is
 * handed out.
 *
 * A frame that was never handed out is not taken back. One given back twice is not noticed; use a
 * buddy (buddy.h) where that matters. If a chained frame was written to so that its link can't be
 * one, alloc returns VMM_ERR_CORRUPT and changes nothing.
 *
 * Giving frames back in the reverse order of taking them, each as clean as it came, restores the
 * object bit for bit, and so writes nothing into a frame that was fresh.
 *
 * Everything but the memory is in the object; there is nothing to undo at the end. All functions
 * may run with the MMU off, when memory only takes aligned accesses. Callers serialize.
 */

#include <vmm/frames.h>

VMM_BEGIN_DECLS

/** A source of frames; pass `&bump.frames`. Zeroed before init. Other members are private. */
struct vmm_bump {
	struct vmm_frames frames; /**< what tables take */
	vmm_pa_region_t memory; /**< as given, with the counts at its front */
	uint64_t next;          /**< physical address of the next fresh frame */
	uint64_t fresh_count;   /**< frames never handed out, from `next` on */
	uint64_t chain;         /**< the frame given back last, as a link; 0 if there is none */
	uint64_t chain_count; /**< frames in the chain */
	bool zeroed; /**< fresh frames are clean */
};

/**
 * Makes a source of the whole frames in `memory` behind their counts. What is cut off on account
 * of alignment is less than two frames.
 *
 * The memory must be reachable through the window, normal (not device) unless the MMU is off, and
 * belongs to the source from here on. Its contents do not matter; frames that were never handed out
 * are reported dirty. A second call with the same arguments changes nothing.
 *
 * @param memory      any start and size
 * @param page_shift  log2 of a frame's size in bytes, from 3 (one word) to 63
 * @param window      pointer = physical address + window; a multiple of 8
 * @return VMM_OK, or
 *  - VMM_ERR_EMPTY: `memory` has no byte
 *  - VMM_ERR_WRAP: `memory` passes the last byte of the physical space
 *  - VMM_ERR_UNSUPPORTED: `page_shift` is below 3 or above 63
 *  - VMM_ERR_ALIGN: `window` is no multiple of 8
 *  - VMM_ERR_NOMEM: there is no whole, aligned frame behind its count in `memory`
 *  - VMM_ERR_BUSY: the object was set up with other arguments before
 *
 * O(1): the counts need no clearing, and the memory is not touched.
 */
VMM_MUST_CHECK enum vmm_err vmm_bump_init(struct vmm_bump *bump, vmm_pa_region_t memory,
					  unsigned int page_shift, uint64_t window);

/**
 * As vmm_bump_init(), for memory that is all zero, such as .bss: frames are clean the first time,
 * too. Nothing checks that they are; tables made of others would hold what was there.
 */
VMM_MUST_CHECK enum vmm_err vmm_bump_init_zeroed(struct vmm_bump *bump, vmm_pa_region_t memory,
						 unsigned int page_shift, uint64_t window);

/** The number of frames that can be had now: fresh ones and ones given back. O(1). */
uint64_t vmm_bump_available(const struct vmm_bump *bump);

/**
 * Moves the stored pointers of a source that was set up before relocation. The counts move with the
 * window, as they lie in the source's memory; the chain is made of physical addresses and stays.
 * O(1).
 *
 * @param delta         added to the addresses of the functions: where the code is now, minus where
 *                      it was when the source was set up
 * @param window_delta  added to the window
 */
void vmm_bump_rebase(struct vmm_bump *bump, uint64_t delta, uint64_t window_delta);

VMM_END_DECLS

#endif /* VMM_BUMP_H */
