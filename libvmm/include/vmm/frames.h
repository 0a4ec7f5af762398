/* SPDX-License-Identifier: MIT */
#ifndef VMM_FRAMES_H
#define VMM_FRAMES_H

/**
 * @file frames.h
 * Where table frames come from, and how the library reaches them.
 *
 * A source is an object whose first member is a struct vmm_frames: vmm_bump (bump.h), vmm_buddy
 * (buddy.h), or your own. The library takes a frame for each table and gives it back when the
 * table is gone; it never frees a frame that it did not take.
 *
 * Reaching a frame is arithmetic, not a call: pointer = physical address + window. With the MMU off
 * or an identity map the window is 0; with a direct map it is the direct map's base; on a host it
 * is the difference between the buffer and the physical address that it plays.
 *
 * The two functions stand in the object itself and not behind a pointer to a constant table: code
 * that runs before the kernel is relocated can't follow link-time pointers (see vmm_frames_rebase()).
 */

#include <vmm/region.h>

VMM_BEGIN_DECLS

/** A source of frames. Embed it first; fill in every member. */
struct vmm_frames {
	/**
	 * Hands out one frame of 2^page_shift bytes, aligned to its size, inside the span below.
	 *
	 * *clean is set to true only if every byte of the frame is zero, which saves zeroing it.
	 * Returns VMM_ERR_NOMEM when there is none; any other error is forwarded unchanged.
	 * It must not use the table it is called for.
	 */
	enum vmm_err (*alloc)(struct vmm_frames *self, vmm_pa_t *frame, bool *clean);
	/**
	 * Takes back a frame that alloc handed out; can't fail. @p clean: every byte is zero, so
	 * that alloc may say so later. The library gives back in the reverse order of taking.
	 */
	void (*free)(struct vmm_frames *self, vmm_pa_t frame, bool clean);
	/** Pointer to a frame = its physical address + window, modulo 2^64. */
	uint64_t window;
	/** Physical address of the first frame that alloc can ever hand out. */
	uint64_t first;
	/** Number of frames from `first` on that alloc can ever hand out, gaps included. */
	uint64_t frame_count;
	/**
	 * Two bytes for each frame of the span, the library's to use while the frame is its own: how
	 * many descriptors of that table are valid. This is how a table that becomes empty is
	 * noticed without reading it. Need not be initialized.
	 */
	uint16_t *counts;
	/** log2 of a frame's size in bytes: the granule of the tables, or the source can't serve them. */
	uint8_t page_shift;
};

/** Pointer to the memory at @p pa. Meaningful only for memory that the window covers. */
VMM_INLINE void *vmm_frames_ptr(const struct vmm_frames *frames, vmm_pa_t pa)
{
	return (void *)(uintptr_t)(vmm_pa_raw(pa) + frames->window);
}

/** Whether @p pa lies in the span that the source hands out frames from. */
VMM_INLINE bool vmm_frames_owns(const struct vmm_frames *frames, vmm_pa_t pa)
{
	return (vmm_pa_raw(pa) - frames->first) >> frames->page_shift < frames->frame_count;
}

/**
 * Moves the stored pointers of a source that was set up before relocation.
 *
 * @param delta         added to the address of the functions and of `counts`: where the code and
 *                      data are now, minus where they were when the source was set up
 * @param window_delta  added to the window
 */
void vmm_frames_rebase(struct vmm_frames *frames, uint64_t delta, uint64_t window_delta);

VMM_END_DECLS

#endif /* VMM_FRAMES_H */
