/* SPDX-License-Identifier: MIT */
/* vmm/frames.h, vmm/bump.h: table frames from a bump allocator, and from a source of your own. */

#include <inttypes.h>

#include <vmm/aarch64.h>
#include <vmm/bump.h>

#include "host.h"

/* A source that counts what a table takes, in front of another. Your kernel's page allocator goes in
 * the same way: two functions, and the span of physical addresses that they hand out from. */
struct counted {
	struct vmm_frames frames;
	struct vmm_frames *behind;
	unsigned int out;
};

static enum vmm_err counted_alloc(struct vmm_frames *self, vmm_pa_t *frame, bool *clean)
{
	struct counted *counted = VMM_CONTAINER_OF(self, struct counted, frames);
	enum vmm_err err = counted->behind->alloc(counted->behind, frame, clean);

	counted->out += err == VMM_OK;
	return err;
}

static void counted_free(struct vmm_frames *self, vmm_pa_t frame, bool clean)
{
	struct counted *counted = VMM_CONTAINER_OF(self, struct counted, frames);

	counted->behind->free(counted->behind, frame, clean);
	counted->out--;
}

int main(void)
{
	static struct vmm_bump bump;
	static struct counted counted;
	static struct vmm_table table;
	struct vmm_table_config config = {.format = &vmm_aarch64_4k, .frames = &counted.frames};
	vmm_va_region_t page = VMM_VA_REGION_INIT(0x8000000000, 0x1000);

	require("bump", vmm_bump_init(&bump, ram, 12, ram_window()));
	printf("the bump allocator has %" PRIu64 " frames\n", vmm_bump_available(&bump));

	counted.frames = bump.frames; /* window, span, counts and frame size are the same */
	counted.frames.alloc = counted_alloc;
	counted.frames.free = counted_free;
	counted.behind = &bump.frames;

	require("table", vmm_table_init(&table, &config));
	printf("an empty table has %u\n", counted.out);
	require("map", vmm_table_map(&table, page, vmm_pa(0x1000), VMM_KERNEL_RW, NULL));
	printf("with one page mapped it has %u, one for each level\n", counted.out);
	require("unmap", vmm_table_unmap(&table, page, NULL));
	printf("and without the page %u\n", counted.out);
	vmm_table_fini(&table);
	printf("in the end %u, and the bump allocator has %" PRIu64 " again\n", counted.out,
	       vmm_bump_available(&bump));
	return 0;
}
