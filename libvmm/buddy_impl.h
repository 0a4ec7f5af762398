/* SPDX-License-Identifier: MIT */
#ifndef VMM_BUDDY_IMPL_H
#define VMM_BUDDY_IMPL_H

/*
 * What the buddy allocator writes into its state array and into free frames, and how that is read.
 * Blocks are named by the physical address of their first byte.
 */

#include <vmm/buddy.h>

/* The state of a frame. The two that stand for a block have its order in the low bits. */
enum {
	BUDDY_HOLE = 0,    /* never added */
	BUDDY_BODY = 1,    /* in a block, but not its first frame */
	BUDDY_FREE = 0x40, /* first of a free block, which is in the list of its order */
	BUDDY_USED = 0x80, /* first of a block that is out */
	BUDDY_KIND = 0xc0,
	BUDDY_ORDER = 0x3f
};

VMM_STATIC_ASSERT(VMM_BUDDY_ORDERS <= BUDDY_ORDER, "an order fits beside a block's state");

/** Links fit into a frame, and a block of the largest order into the space. */
#define BUDDY_PAGE_SHIFT_MIN 4
#define BUDDY_PAGE_SHIFT_MAX (64 - VMM_BUDDY_ORDERS)

/**
 * At the start of each free block. A link is a block's address with bit 0 set, which no address
 * has; 0 is no link, so that a block may be at address 0.
 */
struct buddy_links {
	uint64_t next;
	uint64_t prev;
};

#define BUDDY_LINK_VALID UINT64_C(1)

VMM_STATIC_ASSERT(sizeof(struct buddy_links) == 1 << BUDDY_PAGE_SHIFT_MIN,
		  "the smallest frame holds the links");

VMM_INLINE uint64_t buddy_link_to(uint64_t block)
{
	return block | BUDDY_LINK_VALID;
}

VMM_INLINE uint64_t buddy_link_block(uint64_t link)
{
	return link & ~BUDDY_LINK_VALID;
}

VMM_INLINE uint64_t buddy_block_size(const struct vmm_buddy *buddy, unsigned int order)
{
	return UINT64_C(1) << (buddy->frames.page_shift + order);
}

/** Only for a frame of the span. */
VMM_INLINE uint8_t *buddy_state_of(const struct vmm_buddy *buddy, uint64_t block)
{
	return &buddy->state[(block - buddy->frames.first) >> buddy->frames.page_shift];
}

/** Only for a free block: it is memory that was added. */
VMM_INLINE struct buddy_links *buddy_links_of(const struct vmm_buddy *buddy, uint64_t block)
{
	return (struct buddy_links *)vmm_frames_ptr(&buddy->frames, vmm_pa(block));
}

/** Whether a block with this state starts at the address, which may be anything. */
VMM_INLINE bool buddy_is_block(const struct vmm_buddy *buddy, uint64_t addr, unsigned int state)
{
	return vmm_frames_owns(&buddy->frames, vmm_pa(addr)) &&
	       vmm_pa_is_aligned(vmm_pa(addr), buddy->frames.page_shift) &&
	       *buddy_state_of(buddy, addr) == state;
}

/** Whether a link, which may be anything, leads to a free block of this order. */
VMM_INLINE bool buddy_leads_to_free(const struct vmm_buddy *buddy, uint64_t link,
				    unsigned int order)
{
	return (link & BUDDY_LINK_VALID) != 0 &&
	       buddy_is_block(buddy, buddy_link_block(link), BUDDY_FREE | order);
}

/** Whether the neighbors of a free block in its list agree that it stands between them. */
bool buddy_is_linked(const struct vmm_buddy *buddy, uint64_t block, unsigned int order);

#endif /* VMM_BUDDY_IMPL_H */
