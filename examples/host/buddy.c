/* SPDX-License-Identifier: MIT */
/* vmm/buddy.h: a page allocator that is a source of table frames, too. */

#include <inttypes.h>

#include <vmm/buddy.h>

#include "host.h"

/* For the whole span, holes included: one byte of state and two of counts for each frame. */
static uint8_t state[RAM_SIZE >> 12];
static uint16_t counts[RAM_SIZE >> 12];
static struct vmm_buddy buddy;

static void show(const char *when)
{
	unsigned int order = 0;

	if (!vmm_buddy_largest_order(&buddy, &order)) {
		printf("%s: nothing is free\n", when);
		return;
	}
	printf("%s: %" PRIu64 " frames free, the largest block has %u\n", when,
	       vmm_buddy_available(&buddy), 1u << order);
}

int main(void)
{
	struct vmm_buddy_config config = {
		.span = ram,
		.page_shift = 12,
		.window = ram_window(),
		.state = state,
		.counts = counts,
	};
	/* Firmware keeps 64 KiB in the middle. */
	vmm_pa_region_t low = VMM_PA_REGION_INIT(RAM_START, 0x80000);
	vmm_pa_region_t high = VMM_PA_REGION_INIT(RAM_START + 0x90000, RAM_SIZE - 0x90000);
	vmm_pa_t block;
	vmm_pa_t page;

	require("init", vmm_buddy_init(&buddy, &config));
	require("low memory", vmm_buddy_add(&buddy, low));
	require("high memory", vmm_buddy_add(&buddy, high));
	show("at the start");

	require("block", vmm_buddy_alloc(&buddy, 4, &block));
	require("page", vmm_buddy_alloc(&buddy, 0, &page));
	printf("16 frames at 0x%" PRIx64 ", one at 0x%" PRIx64 "\n", vmm_pa_raw(block),
	       vmm_pa_raw(page));
	show("with both out");

	require("page", vmm_buddy_free(&buddy, page, 0));
	printf("the page once more: %s\n", vmm_err_str(vmm_buddy_free(&buddy, page, 0)));
	printf("a part of the block: %s\n", vmm_err_str(vmm_buddy_free(&buddy, block, 3)));
	require("block", vmm_buddy_free(&buddy, block, 4));
	show("in the end");
	return 0;
}
