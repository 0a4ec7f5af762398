/* SPDX-License-Identifier: MIT */
/*
 * The buddy allocator. Contract: buddy.h. Its judge: buddy_check.c.
 *
 * Memory is divided into blocks of 2^order frames whose address is a multiple of their size. Two
 * blocks are buddies if together they are one of the next order: their addresses differ in one bit.
 *
 *   order 2   |       A       |       B       |        A splits into C and D, D into E and F;
 *   order 1   |   C   |   D   |                        when F and E are free they become D,
 *   order 0           | E | F |                        and if C is free, A.
 *
 * Invariant: of two buddies at most one is free, so that what can merge has merged.
 */

#include "buddy_impl.h"

static void push(struct vmm_buddy *buddy, uint64_t block, unsigned int order)
{
	struct buddy_links *links = buddy_links_of(buddy, block);
	uint64_t next = buddy->heads[order];

	links->next = next;
	links->prev = 0;
	if (next != 0) {
		buddy_links_of(buddy, buddy_link_block(next))->prev = buddy_link_to(block);
	}
	buddy->heads[order] = buddy_link_to(block);
	*buddy_state_of(buddy, block) = (uint8_t)(BUDDY_FREE | order);
}

static void unlink_block(struct vmm_buddy *buddy, uint64_t block, unsigned int order)
{
	const struct buddy_links *links = buddy_links_of(buddy, block);

	if (links->prev != 0) {
		buddy_links_of(buddy, buddy_link_block(links->prev))->next = links->next;
	} else {
		buddy->heads[order] = links->next;
	}
	if (links->next != 0) {
		buddy_links_of(buddy, buddy_link_block(links->next))->prev = links->prev;
	}
}

/**
 * Finds the order of the block that a block becomes when it merges as far as it can, and changes
 * nothing: there is no way back once links were followed.
 */
static enum vmm_err plan_merge(const struct vmm_buddy *buddy, uint64_t block, unsigned int order,
			       unsigned int *merged)
{
	while (order + 1 < VMM_BUDDY_ORDERS) {
		uint64_t other = block ^ buddy_block_size(buddy, order);

		if (!buddy_is_block(buddy, other, BUDDY_FREE | order)) {
			break;
		}
		if (!buddy_is_linked(buddy, other, order)) {
			return VMM_ERR_CORRUPT;
		}
		block &= ~buddy_block_size(buddy, order);
		order++;
	}
	*merged = order;
	return VMM_OK;
}

/** Frees a block that is not linked. Cannot fail if plan_merge() said that it merges so far. */
static void release(struct vmm_buddy *buddy, uint64_t block, unsigned int order,
		    unsigned int merged)
{
	buddy->free_count += UINT64_C(1) << order;
	for (; order < merged; order++) {
		uint64_t size = buddy_block_size(buddy, order);

		unlink_block(buddy, block ^ size, order);
		*buddy_state_of(buddy, block | size) = BUDDY_BODY;
		block &= ~size;
	}
	push(buddy, block, order);
}

enum vmm_err vmm_buddy_alloc(struct vmm_buddy *buddy, unsigned int order, vmm_pa_t *first)
{
	unsigned int found = order;
	uint64_t block;

	if (order >= VMM_BUDDY_ORDERS) {
		return VMM_ERR_RANGE;
	}
	while (found < VMM_BUDDY_ORDERS && buddy->heads[found] == 0) {
		found++;
	}
	if (found == VMM_BUDDY_ORDERS) {
		return VMM_ERR_NOMEM;
	}
	block = buddy_link_block(buddy->heads[found]);
	if (!buddy_is_linked(buddy, block, found)) {
		return VMM_ERR_CORRUPT;
	}
	unlink_block(buddy, block, found);
	/* The lists between the two orders are empty: nothing there can be damaged. */
	while (found > order) {
		found--;
		push(buddy, block + buddy_block_size(buddy, found), found);
	}
	*buddy_state_of(buddy, block) = (uint8_t)(BUDDY_USED | order);
	buddy->free_count -= UINT64_C(1) << order;
	*first = vmm_pa(block);
	return VMM_OK;
}

enum vmm_err vmm_buddy_free(struct vmm_buddy *buddy, vmm_pa_t first, unsigned int order)
{
	unsigned int merged;
	enum vmm_err err;

	if (order >= VMM_BUDDY_ORDERS ||
	    !buddy_is_block(buddy, vmm_pa_raw(first), BUDDY_USED | order)) {
		return VMM_ERR_CORRUPT;
	}
	err = plan_merge(buddy, vmm_pa_raw(first), order, &merged);
	if (err == VMM_OK) {
		release(buddy, vmm_pa_raw(first), order, merged);
	}
	return err;
}

static enum vmm_err alloc_frame(struct vmm_frames *self, vmm_pa_t *frame, bool *clean)
{
	enum vmm_err err =
		vmm_buddy_alloc(VMM_CONTAINER_OF(self, struct vmm_buddy, frames), 0, frame);

	if (err == VMM_OK) {
		*clean = false;
	}
	return err;
}

static void free_frame(struct vmm_frames *self, vmm_pa_t frame, bool clean)
{
	struct vmm_buddy *buddy = VMM_CONTAINER_OF(self, struct vmm_buddy, frames);

	(void)clean; /* the links are about to be written into it */
	if (vmm_buddy_free(buddy, frame, 0) != VMM_OK) {
		buddy->refused_count++;
	}
}

uint64_t vmm_buddy_total(const struct vmm_buddy *buddy)
{
	return buddy->total_count;
}

uint64_t vmm_buddy_available(const struct vmm_buddy *buddy)
{
	return buddy->free_count;
}

bool vmm_buddy_largest_order(const struct vmm_buddy *buddy, unsigned int *order)
{
	for (unsigned int found = VMM_BUDDY_ORDERS; found > 0; found--) {
		if (buddy->heads[found - 1] != 0) {
			*order = found - 1;
			return true;
		}
	}
	return false;
}

uint64_t vmm_buddy_state_size(vmm_pa_region_t span, unsigned int page_shift)
{
	return vmm_pa_region_page_count(span, page_shift);
}

uint64_t vmm_buddy_counts_size(vmm_pa_region_t span, unsigned int page_shift)
{
	return vmm_pa_region_page_count(span, page_shift) * sizeof(uint16_t);
}

static enum vmm_err check_config(const struct vmm_buddy_config *config)
{
	if (vmm_pa_region_is_empty(config->span)) {
		return VMM_ERR_EMPTY;
	}
	if (!vmm_pa_region_is_valid(config->span)) {
		return VMM_ERR_WRAP;
	}
	if (config->page_shift < BUDDY_PAGE_SHIFT_MIN ||
	    config->page_shift > BUDDY_PAGE_SHIFT_MAX) {
		return VMM_ERR_UNSUPPORTED;
	}
	if (config->state == NULL || config->counts == NULL) {
		return VMM_ERR_NOMEM;
	}
	if (config->window % sizeof(uint64_t) != 0 ||
	    (uintptr_t)config->counts % sizeof(uint16_t) != 0) {
		return VMM_ERR_ALIGN;
	}
	return VMM_OK;
}

static bool is_set_up_so(const struct vmm_buddy *buddy, const struct vmm_buddy_config *config)
{
	return buddy->span.bytes.start == config->span.bytes.start &&
	       buddy->span.bytes.size == config->span.bytes.size &&
	       buddy->frames.page_shift == config->page_shift &&
	       buddy->frames.window == config->window && buddy->state == config->state &&
	       buddy->frames.counts == config->counts;
}

enum vmm_err vmm_buddy_init(struct vmm_buddy *buddy, const struct vmm_buddy_config *config)
{
	enum vmm_err err = check_config(config);

	if (err != VMM_OK) {
		return err;
	}
	if (buddy->frames.alloc != NULL) {
		return is_set_up_so(buddy, config) ? VMM_OK : VMM_ERR_BUSY;
	}
	buddy->frames.alloc = alloc_frame;
	buddy->frames.free = free_frame;
	buddy->frames.window = config->window;
	buddy->frames.first = vmm_pa_raw(
		vmm_pa_align_down(vmm_pa_region_start(config->span), config->page_shift));
	buddy->frames.frame_count = vmm_pa_region_page_count(config->span, config->page_shift);
	buddy->frames.counts = config->counts;
	buddy->frames.page_shift = (uint8_t)config->page_shift;
	buddy->span = config->span;
	buddy->state = config->state;
	/* No memory yet: the lists and counts of the object are zero. */
	for (uint64_t i = 0; i < buddy->frames.frame_count; i++) {
		buddy->state[i] = BUDDY_HOLE;
	}
	return VMM_OK;
}

/** Finds the whole frames of `memory`, as indexes into the span; any error that add has for it. */
static enum vmm_err frames_inside(const struct vmm_buddy *buddy, vmm_pa_region_t memory,
				  uint64_t *first_index, uint64_t *count)
{
	unsigned int shift = buddy->frames.page_shift;
	uint64_t skipped;
	uint64_t first;

	if (vmm_pa_region_is_empty(memory)) {
		return VMM_ERR_EMPTY;
	}
	if (!vmm_pa_region_is_valid(memory)) {
		return VMM_ERR_WRAP;
	}
	skipped = (UINT64_C(0) - memory.bytes.start) & vmm_addr_mask_(shift);
	if (memory.bytes.size < skipped || (memory.bytes.size - skipped) >> shift == 0) {
		return VMM_ERR_NOMEM;
	}
	first = memory.bytes.start + skipped;
	*count = (memory.bytes.size - skipped) >> shift;
	*first_index = (first - buddy->frames.first) >> shift;
	if (!vmm_frames_owns(&buddy->frames, vmm_pa(first)) ||
	    *count > buddy->frames.frame_count - *first_index) {
		return VMM_ERR_RANGE;
	}
	return VMM_OK;
}

/** The order of the largest block of at most `count` frames that ends before frame `past_end`. */
static unsigned int order_below(uint64_t past_end, uint64_t count)
{
	unsigned int order = 0;

	while (order + 1 < VMM_BUDDY_ORDERS && (past_end >> order & 1) == 0 &&
	       UINT64_C(2) << order <= count) {
		order++;
	}
	return order;
}

/** Frees frames that have no state yet, from the last to the first: the first is used first. */
static void release_all(struct vmm_buddy *buddy, uint64_t first_index, uint64_t count)
{
	unsigned int shift = buddy->frames.page_shift;
	uint64_t first_number = (buddy->frames.first >> shift) + first_index;

	/* Invariant: the `count` frames from first_number on are still to be freed. */
	while (count > 0) {
		unsigned int order = order_below(first_number + count, count);
		unsigned int merged = order;
		uint64_t block;

		count -= UINT64_C(1) << order;
		block = (first_number + count) << shift;
		/* Cannot fail: the whole was checked before. */
		(void)plan_merge(buddy, block, order, &merged);
		release(buddy, block, order, merged);
	}
}

enum vmm_err vmm_buddy_add(struct vmm_buddy *buddy, vmm_pa_region_t memory)
{
	uint64_t first_index = 0;
	uint64_t count = 0;
	enum vmm_err err = frames_inside(buddy, memory, &first_index, &count);

	if (err == VMM_OK) {
		err = vmm_buddy_check(buddy);
	}
	if (err != VMM_OK) {
		return err;
	}
	for (uint64_t i = 0; i < count; i++) {
		if (buddy->state[first_index + i] != BUDDY_HOLE) {
			return VMM_ERR_EXISTS;
		}
	}
	for (uint64_t i = 0; i < count; i++) {
		buddy->state[first_index + i] = BUDDY_BODY;
	}
	buddy->total_count += count;
	release_all(buddy, first_index, count);
	return VMM_OK;
}

void vmm_buddy_rebase(struct vmm_buddy *buddy, uint64_t delta, uint64_t array_delta,
		      uint64_t window_delta)
{
	uintptr_t distance = (uintptr_t)array_delta;
	uint16_t *counts = (uint16_t *)((uintptr_t)buddy->frames.counts + distance);

	vmm_frames_rebase(&buddy->frames, delta, window_delta);
	buddy->frames.counts = counts;
	buddy->state = (uint8_t *)((uintptr_t)buddy->state + distance);
}
