/* SPDX-License-Identifier: MIT */
/*
 * What all sources of frames share. Contract: frames.h.
 */

#include <vmm/frames.h>

void vmm_frames_rebase(struct vmm_frames *frames, uint64_t delta, uint64_t window_delta)
{
	uintptr_t distance = (uintptr_t)delta;

	frames->alloc = (enum vmm_err(*)(struct vmm_frames *, vmm_pa_t *, bool *))(
		(uintptr_t)frames->alloc + distance);
	frames->free =
		(void (*)(struct vmm_frames *, vmm_pa_t, bool))((uintptr_t)frames->free + distance);
	frames->counts = (uint16_t *)((uintptr_t)frames->counts + distance);
	frames->window += window_delta;
}
