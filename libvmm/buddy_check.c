/* SPDX-License-Identifier: MIT */
/*
 * Whether a buddy allocator is sound. Contract: buddy.h, vmm_buddy_check().
 *
 * The state array is read from front to back, block by block, and trusted in nothing. Only then the
 * lists are followed, each for as many steps as the state has free blocks of that order: if every
 * step goes to such a block, and that links back to the one before, no block is met twice, since it
 * can't link back to two. So the list is exactly these blocks, and there is no cycle.
 */

#include "buddy_impl.h"

/** What the state array says. */
struct tally {
	uint64_t total_count;
	uint64_t free_count;
	uint64_t free_blocks[VMM_BUDDY_ORDERS];
};

static bool leads_back(const struct vmm_buddy *buddy, uint64_t block, unsigned int order)
{
	uint64_t prev = buddy_links_of(buddy, block)->prev;

	if (prev == 0) {
		return buddy->heads[order] == buddy_link_to(block);
	}
	return buddy->heads[order] != buddy_link_to(block) &&
	       buddy_leads_to_free(buddy, prev, order) &&
	       buddy_links_of(buddy, buddy_link_block(prev))->next == buddy_link_to(block);
}

static bool leads_on(const struct vmm_buddy *buddy, uint64_t block, unsigned int order)
{
	uint64_t next = buddy_links_of(buddy, block)->next;

	return next == 0 ||
	       (buddy_leads_to_free(buddy, next, order) &&
		buddy_links_of(buddy, buddy_link_block(next))->prev == buddy_link_to(block));
}

bool buddy_is_linked(const struct vmm_buddy *buddy, uint64_t block, unsigned int order)
{
	return leads_back(buddy, block, order) && leads_on(buddy, block, order);
}

/** Whether a block of this order may start at this index: aligned, inside, and otherwise body. */
static bool has_body(const struct vmm_buddy *buddy, uint64_t index, unsigned int order)
{
	uint64_t number = (buddy->frames.first >> buddy->frames.page_shift) + index;
	uint64_t size = UINT64_C(1) << order;

	if ((number & (size - 1)) != 0 || size > buddy->frames.frame_count - index) {
		return false;
	}
	for (uint64_t i = 1; i < size; i++) {
		if (buddy->state[index + i] != BUDDY_BODY) {
			return false;
		}
	}
	return true;
}

/** Whether the buddy of a free block is not free; blocks of the largest order don't merge. */
static bool is_merged(const struct vmm_buddy *buddy, uint64_t index, unsigned int order)
{
	uint64_t block = buddy->frames.first + (index << buddy->frames.page_shift);

	return order + 1 == VMM_BUDDY_ORDERS ||
	       !buddy_is_block(buddy, block ^ buddy_block_size(buddy, order), BUDDY_FREE | order);
}

/** Judges the block at `index`, which is no hole, and counts it. */
static bool tally_block(const struct vmm_buddy *buddy, uint64_t index, struct tally *tally)
{
	unsigned int kind = buddy->state[index] & BUDDY_KIND;
	unsigned int order = buddy->state[index] & BUDDY_ORDER;

	if ((kind != BUDDY_FREE && kind != BUDDY_USED) || order >= VMM_BUDDY_ORDERS ||
	    !has_body(buddy, index, order)) {
		return false;
	}
	tally->total_count += UINT64_C(1) << order;
	if (kind == BUDDY_USED) {
		return true;
	}
	tally->free_count += UINT64_C(1) << order;
	tally->free_blocks[order]++;
	return is_merged(buddy, index, order);
}

static bool tally_state(const struct vmm_buddy *buddy, struct tally *tally)
{
	uint64_t index = 0;

	/* Invariant: `index` is a hole or should be the first frame of a block. */
	while (index < buddy->frames.frame_count) {
		if (buddy->state[index] == BUDDY_HOLE) {
			index++;
			continue;
		}
		if (!tally_block(buddy, index, tally)) {
			return false;
		}
		index += UINT64_C(1) << (buddy->state[index] & BUDDY_ORDER);
	}
	return true;
}

static bool is_list_of(const struct vmm_buddy *buddy, unsigned int order, uint64_t count)
{
	uint64_t link = buddy->heads[order];
	uint64_t from = 0;

	for (; count > 0; count--) {
		const struct buddy_links *links;

		if (!buddy_leads_to_free(buddy, link, order)) {
			return false;
		}
		links = buddy_links_of(buddy, buddy_link_block(link));
		if (links->prev != from) {
			return false;
		}
		from = link;
		link = links->next;
	}
	return link == 0;
}

enum vmm_err vmm_buddy_check(const struct vmm_buddy *buddy)
{
	struct tally tally;

	tally.total_count = 0;
	tally.free_count = 0;
	for (unsigned int order = 0; order < VMM_BUDDY_ORDERS; order++) {
		tally.free_blocks[order] = 0;
	}
	if (!tally_state(buddy, &tally) || tally.total_count != buddy->total_count ||
	    tally.free_count != buddy->free_count || buddy->refused_count != 0) {
		return VMM_ERR_CORRUPT;
	}
	for (unsigned int order = 0; order < VMM_BUDDY_ORDERS; order++) {
		if (!is_list_of(buddy, order, tally.free_blocks[order])) {
			return VMM_ERR_CORRUPT;
		}
	}
	return VMM_OK;
}
