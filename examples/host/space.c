/* SPDX-License-Identifier: MIT */
/* vmm/space.h: an allocator of address ranges, without a translation table. */

#include <inttypes.h>

#include <vmm/space.h>

#include "host.h"

/* The space links what you give it: a range is the first member of a record of yours. */
struct stack {
	struct vmm_range range;
	const char *owner;
};

static struct vmm_space space;

static void show(const struct stack *stack)
{
	vmm_va_region_t usable = vmm_range_region(&stack->range);

	printf("%-8s 0x%" PRIx64 "..0x%" PRIx64 "\n", stack->owner,
	       vmm_va_raw(vmm_va_region_start(usable)), vmm_va_raw(vmm_va_region_last(usable)));
}

int main(void)
{
	static struct stack stacks[] = {{.owner = "init"}, {.owner = "shell"}, {.owner = "idle"}};
	vmm_va_region_t area = VMM_VA_REGION_INIT(0x100000000, 0x100000);
	vmm_va_region_t fixed = VMM_VA_REGION_INIT(0x100008000, 0x4000);
	struct vmm_want want = {.size = 0x4000, .guards = {.before = 1, .after = 0}};
	bool in_guard = false;
	struct vmm_range *found;

	require("init", vmm_space_init(&space, area, NULL));

	/* A stack of 16 KiB with a page below it that nobody gets. */
	require("init's", vmm_space_reserve(&space, &want, &stacks[0].range));
	/* The same where it has to be, and at the upper end of what is free. */
	require("shell's", vmm_space_reserve_at(&space, fixed, NULL, &stacks[1].range, NULL));
	want.fit = VMM_FIT_HIGHEST;
	require("idle's", vmm_space_reserve(&space, &want, &stacks[2].range));
	for (unsigned int i = 0; i < 3; i++) {
		show(&stacks[i]);
	}

	/* Whose is this address? */
	found = vmm_space_find(&space, vmm_va(0x100000010), &in_guard);
	printf("0x100000010 is %s's%s\n", ((struct stack *)found)->owner,
	       in_guard ? ", in its guard: it ran over its stack" : "");

	/* Giving back cannot fail, and neighbors merge by themselves. */
	for (unsigned int i = 0; i < 3; i++) {
		vmm_space_release(&space, &stacks[i].range);
	}
	printf("free: %" PRIu64 " KiB, in one piece: %s\n", vmm_space_free_size(&space) / 1024,
	       vmm_va_region_equal(vmm_space_largest_gap(&space), area) ? "yes" : "no");
	return 0;
}
