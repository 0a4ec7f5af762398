/* SPDX-License-Identifier: MIT */
/*
 * The bump allocator. Contract: bump.h.
 *
 *   memory.start                                                      memory's last byte
 *   | counts, 2 bytes each | frames handed out before | fresh frames |
 *                    frames.first                     next           (rest of a frame)
 *
 * A link is the physical address of a frame in the chain, with two facts about that frame in its
 * low bits, which are 0 in an address: a link of 0 is no link, so that frame 0 can be one. The
 * first word of a frame in the chain is the link to the frame given back before it.
 */

#include <vmm/bump.h>

/** A frame has room for a link, and an address room for the two bits. */
#define BUMP_PAGE_SHIFT_MIN 3
#define BUMP_PAGE_SHIFT_MAX 63

#define LINK_VALID UINT64_C(1)
#define LINK_CLEAN UINT64_C(2)

static uint64_t link_to(vmm_pa_t frame, bool clean)
{
	return vmm_pa_raw(frame) | LINK_VALID | (clean ? LINK_CLEAN : 0);
}

static uint64_t link_frame(uint64_t link)
{
	return link & ~(LINK_VALID | LINK_CLEAN);
}

static uint64_t *first_word(const struct vmm_bump *bump, uint64_t frame)
{
	return (uint64_t *)vmm_frames_ptr(&bump->frames, vmm_pa(frame));
}

/** Where the counts start: the source is the first user of memory that need not be aligned. */
static uint64_t counts_start(vmm_pa_region_t memory)
{
	return memory.bytes.start + (memory.bytes.start & 1);
}

/** Whether the frame was handed out once. */
static bool was_taken(const struct vmm_bump *bump, uint64_t frame)
{
	return vmm_pa_is_aligned(vmm_pa(frame), bump->frames.page_shift) &&
	       frame - bump->frames.first < bump->next - bump->frames.first;
}

/** False if somebody wrote to a frame after giving it back. */
static bool is_sound(const struct vmm_bump *bump, uint64_t link)
{
	return link == 0 || ((link & LINK_VALID) != 0 && was_taken(bump, link_frame(link)));
}

static enum vmm_err pop_chain(struct vmm_bump *bump, vmm_pa_t *frame, bool *clean)
{
	uint64_t link = bump->chain;
	uint64_t *word = first_word(bump, link_frame(link));

	if (!is_sound(bump, *word)) {
		return VMM_ERR_CORRUPT;
	}
	bump->chain = *word;
	bump->chain_count--;
	*frame = vmm_pa(link_frame(link));
	*clean = (link & LINK_CLEAN) != 0;
	if (*clean) {
		*word = 0;
	}
	return VMM_OK;
}

static enum vmm_err bump_alloc(struct vmm_frames *self, vmm_pa_t *frame, bool *clean)
{
	struct vmm_bump *bump = VMM_CONTAINER_OF(self, struct vmm_bump, frames);

	if (bump->chain != 0) {
		return pop_chain(bump, frame, clean);
	}
	if (bump->fresh_count == 0) {
		return VMM_ERR_NOMEM;
	}
	*frame = vmm_pa(bump->next);
	*clean = bump->zeroed;
	bump->next += UINT64_C(1) << self->page_shift;
	bump->fresh_count--;
	return VMM_OK;
}

/**
 * Whether giving this frame back undoes the taking of a fresh one.
 *
 * Fresh frames are taken only while the chain is empty, and `next` goes down only while it is. So
 * the last frame of a chain lies further below `next`, or is not as clean as a fresh one: taken
 * and given back it does not pass for one, and goes into the chain again.
 */
static bool was_fresh_last(const struct vmm_bump *bump, uint64_t frame, bool clean)
{
	return bump->chain == 0 && clean == bump->zeroed &&
	       bump->next - frame == UINT64_C(1) << bump->frames.page_shift;
}

static void bump_free(struct vmm_frames *self, vmm_pa_t frame, bool clean)
{
	struct vmm_bump *bump = VMM_CONTAINER_OF(self, struct vmm_bump, frames);

	/* One that was never taken is left alone: a leak rather than damage. */
	if (!was_taken(bump, vmm_pa_raw(frame))) {
		return;
	}
	if (was_fresh_last(bump, vmm_pa_raw(frame), clean)) {
		bump->next = vmm_pa_raw(frame);
		bump->fresh_count++;
		return;
	}
	*first_word(bump, vmm_pa_raw(frame)) = bump->chain;
	bump->chain = link_to(frame, clean);
	bump->chain_count++;
}

/** The most frames that fit, with their counts in front and both ends rounded inward. */
static uint64_t fitting_frames(vmm_pa_region_t memory, unsigned int page_shift, uint64_t *first)
{
	uint64_t start = counts_start(memory);
	uint64_t skipped = start - memory.bytes.start;
	uint64_t past_end = memory.bytes.start + memory.bytes.size; /* 0 at the end of the space */
	uint64_t tail = past_end & vmm_addr_mask_(page_shift);
	uint64_t frame_size = UINT64_C(1) << page_shift;
	uint64_t count;

	if (memory.bytes.size <= skipped || memory.bytes.size - skipped <= tail) {
		return 0;
	}
	count = (memory.bytes.size - skipped - tail) / (frame_size + sizeof(uint16_t));
	*first = past_end - tail - count * frame_size;
	return count;
}

static bool is_set_up_so(const struct vmm_bump *bump, vmm_pa_region_t memory,
			 unsigned int page_shift, uint64_t window, bool zeroed)
{
	return bump->memory.bytes.start == memory.bytes.start &&
	       bump->memory.bytes.size == memory.bytes.size &&
	       bump->frames.page_shift == page_shift && bump->frames.window == window &&
	       bump->zeroed == zeroed;
}

static enum vmm_err check_arguments(vmm_pa_region_t memory, unsigned int page_shift,
				    uint64_t window)
{
	if (vmm_pa_region_is_empty(memory)) {
		return VMM_ERR_EMPTY;
	}
	if (!vmm_pa_region_is_valid(memory)) {
		return VMM_ERR_WRAP;
	}
	if (page_shift < BUMP_PAGE_SHIFT_MIN || page_shift > BUMP_PAGE_SHIFT_MAX) {
		return VMM_ERR_UNSUPPORTED;
	}
	return window % sizeof(uint64_t) == 0 ? VMM_OK : VMM_ERR_ALIGN;
}

static enum vmm_err set_up(struct vmm_bump *bump, vmm_pa_region_t memory, unsigned int page_shift,
			   uint64_t window, bool zeroed)
{
	enum vmm_err err = check_arguments(memory, page_shift, window);
	uint64_t first = 0;
	uint64_t count;

	if (err != VMM_OK) {
		return err;
	}
	if (bump->frames.alloc != NULL) {
		return is_set_up_so(bump, memory, page_shift, window, zeroed) ? VMM_OK
									      : VMM_ERR_BUSY;
	}
	count = fitting_frames(memory, page_shift, &first);
	if (count == 0) {
		return VMM_ERR_NOMEM;
	}
	bump->frames.alloc = bump_alloc;
	bump->frames.free = bump_free;
	bump->frames.window = window;
	bump->frames.first = first;
	bump->frames.frame_count = count;
	bump->frames.counts =
		(uint16_t *)vmm_frames_ptr(&bump->frames, vmm_pa(counts_start(memory)));
	bump->frames.page_shift = (uint8_t)page_shift;
	bump->memory = memory;
	bump->next = first;
	bump->fresh_count = count;
	bump->zeroed = zeroed;
	return VMM_OK;
}

enum vmm_err vmm_bump_init(struct vmm_bump *bump, vmm_pa_region_t memory, unsigned int page_shift,
			   uint64_t window)
{
	return set_up(bump, memory, page_shift, window, false);
}

enum vmm_err vmm_bump_init_zeroed(struct vmm_bump *bump, vmm_pa_region_t memory,
				  unsigned int page_shift, uint64_t window)
{
	return set_up(bump, memory, page_shift, window, true);
}

uint64_t vmm_bump_available(const struct vmm_bump *bump)
{
	return bump->fresh_count + bump->chain_count;
}

void vmm_bump_rebase(struct vmm_bump *bump, uint64_t delta, uint64_t window_delta)
{
	vmm_frames_rebase(&bump->frames, delta, window_delta);
	bump->frames.counts =
		(uint16_t *)vmm_frames_ptr(&bump->frames, vmm_pa(counts_start(bump->memory)));
}
