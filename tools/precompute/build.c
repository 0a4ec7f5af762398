/* SPDX-License-Identifier: MIT */
/*
 * The tables, made by libvmm as a kernel would make them.
 *
 * The frames are memory of this program that plays the image's room for tables: the window between
 * the two is all that libvmm has to know. Frames beyond the room can be had, too, so that the
 * message says how many are needed.
 */

#include "tool.h"

#include <stdlib.h>
#include <string.h>

/* Memory for tables beyond the room: more than any kernel needs. */
#define BEYOND_MAX (UINT64_C(16) << 20)

struct source {
	struct vmm_frames frames;
	uint64_t next;
};

static enum vmm_err source_alloc(struct vmm_frames *self, vmm_pa_t *frame, bool *clean)
{
	struct source *source = VMM_CONTAINER_OF(self, struct source, frames);

	if (source->next == self->frame_count) {
		return VMM_ERR_NOMEM;
	}
	*frame = vmm_pa(self->first + (source->next << self->page_shift));
	memset(vmm_frames_ptr(self, *frame), 0, (size_t)1 << self->page_shift);
	*clean = true;
	source->next++;
	return VMM_OK;
}

/* Only what fails gives back, in the reverse order of taking; then this program ends. */
static void source_free(struct vmm_frames *self, vmm_pa_t frame, bool clean)
{
	struct source *source = VMM_CONTAINER_OF(self, struct source, frames);

	(void)frame;
	(void)clean;
	source->next--;
}

static void source_init(struct source *source, const struct plan *plan)
{
	size_t page = (size_t)1 << plan->page_shift;
	size_t size = (size_t)(plan->room.size + BEYOND_MAX);
	unsigned char *memory = aligned_alloc(page, size);

	if (memory == NULL) {
		refuse("no memory for its tables");
	}
	source->frames.alloc = source_alloc;
	source->frames.free = source_free;
	source->frames.window = (uint64_t)(uintptr_t)memory - plan->room.pa;
	source->frames.first = plan->room.pa;
	source->frames.frame_count = size >> plan->page_shift;
	source->frames.counts = get_memory(size >> plan->page_shift, sizeof(uint16_t));
	source->frames.page_shift = (uint8_t)plan->page_shift;
	source->next = 0;
}

static void init_table(struct vmm_table *table, const struct plan *plan, unsigned int index,
		       struct vmm_frames *frames)
{
	struct vmm_table_config config;
	enum vmm_half half = plan->tables[index].half;
	enum vmm_err err;

	memset(&config, 0, sizeof(config));
	memset(table, 0, sizeof(*table));
	config.format = plan->format->format;
	config.frames = frames;
	config.half = half == VMM_BOTH_HALVES ? VMM_LOWER_HALF : half;
	config.va_bits = (uint8_t)plan->va_bits;
	config.pa_bits = (uint8_t)plan->pa_bits;
	config.flags = plan->flags;
	err = vmm_table_init(table, &config);
	if (err != VMM_OK) {
		refuse("a table of %s can't be set up: %s", plan->format->name, vmm_err_str(err));
	}
}

static void map_item(struct vmm_table *table, const struct item *item)
{
	vmm_va_region_t va = VMM_VA_REGION_INIT(item->va, item->size);
	struct vmm_detail detail;
	enum vmm_err err;

	if (item->kind != VMM_MAPPING_PLAIN && item->kind != VMM_MAPPING_MMIO) {
		return;
	}
	err = vmm_table_map(table, va, vmm_pa(item->pa), item->attr, &detail);
	if (err == VMM_ERR_NOMEM) {
		refuse("'%s' needs more tables than %llu MiB of them", item->name,
		       (unsigned long long)(BEYOND_MAX >> 20));
	}
	if (err != VMM_OK) {
		refuse("'%s' can't be mapped at 0x%llx: %s", item->name,
		       (unsigned long long)vmm_va_raw(detail.va), vmm_err_str(err));
	}
}

/* Everything that a kernel wants in one table. */
static void make_table(struct plan *plan, unsigned int index, struct source *source)
{
	struct vmm_table table;

	init_table(&table, plan, index, &source->frames);
	for (size_t i = 0; i < plan->item_count; i++) {
		if (plan->items[i].table == index) {
			map_item(&table, &plan->items[i]);
		}
	}
	plan->tables[index].root = vmm_pa_raw(vmm_table_root(&table));
}

unsigned char *build_tables(struct plan *plan)
{
	struct source source;
	unsigned char *memory;

	source_init(&source, plan);
	memory = vmm_frames_ptr(&source.frames, vmm_pa(plan->room.pa));
	for (unsigned int i = 0; i < plan->table_count; i++) {
		make_table(plan, i, &source);
	}
	free(source.frames.counts);
	plan->used = source.next << plan->page_shift;
	if (plan->used > plan->room.size) {
		refuse("it needs %llu tables of 0x%llx bytes, and there is room for %llu",
		       (unsigned long long)source.next, 1ULL << plan->page_shift,
		       (unsigned long long)(plan->room.size >> plan->page_shift));
	}
	return memory;
}

void build_effective(struct plan *plan)
{
	struct vmm_table table;
	struct source source;

	source_init(&source, plan);
	init_table(&table, plan, 0, &source.frames);
	for (size_t i = 0; i < plan->item_count; i++) {
		struct item *item = &plan->items[i];
		enum vmm_err err = vmm_table_effective(&table, item->attr, &item->stored);

		if (err != VMM_OK) {
			refuse("'%s': %s", item->name, vmm_err_str(err));
		}
	}
	free(vmm_frames_ptr(&source.frames, vmm_pa(plan->room.pa)));
	free(source.frames.counts);
}
