/* SPDX-License-Identifier: MIT */
/* What is worth knowing about all tables of an image together. */

#include "summary.h"

#include <stdlib.h>

bool mapping_is_wx(const struct mapping *mapping)
{
	return (mapping->look.rights & RIGHTS_WRITE) != 0 &&
	       (mapping->look.rights & RIGHTS_EXECUTE) != 0;
}

const char *mapping_class(const struct mapping *mapping)
{
	static const char *const user_classes[] = {"user-read-only", "user-data", "user-code"};
	static const char *const kernel_classes[] = {"read-only", "data", "code"};
	unsigned int rights = mapping->look.rights;
	unsigned int which = 0;

	if (mapping_is_wx(mapping)) {
		return "wx";
	}
	if (mapping->look.mem >= VMM_MEM_DEV_NGNRNE && mapping->look.mem != VMM_MEM_PLATFORM &&
	    mapping->look.mem != MEM_OTHER) {
		return "device";
	}
	/* RISC-V without Svpbmt: only the record knows that it is a device. */
	if (mapping->look.mem == VMM_MEM_PLATFORM && mapping->name != NULL &&
	    mapping->name->kind == NAME_DEVICE) {
		return "device";
	}
	if (mapping->look.mem != VMM_MEM_WB && mapping->look.mem != VMM_MEM_PLATFORM) {
		return "uncached";
	}
	if ((rights & RIGHTS_WRITE) != 0) {
		which = 1;
	} else if ((rights & RIGHTS_EXECUTE) != 0) {
		which = 2;
	}
	return (rights >> 3) != 0 ? user_classes[which] : kernel_classes[which];
}

/* Runs of leaves that could have the contiguous bit: aligned in both spaces, and whole. */
static uint64_t run_candidates(const struct space *space, const struct table *table,
			       const struct run *run)
{
	const struct vmm_geometry *geometry = &space->decoder.format->codec->geometry;
	uint64_t size = level_size(space->decoder.format, table->level);
	uint64_t reach = size << geometry->run_shift[table->level];
	uint64_t start = table->va + run->index * size;
	uint64_t end = start + run->count * size;

	if (geometry->run_shift[table->level] == 0 || run->look.contig || run->look.why != NULL ||
	    ((start ^ run->look.pa) & (reach - 1)) != 0) {
		return 0;
	}
	start = (start + reach - 1) & ~(reach - 1);
	return end > start ? (end - start) / reach : 0;
}

static void summarize_tables(const struct space *space, struct level_figures *levels,
			     uint64_t *mapped_size)
{
	for (size_t i = 0; i < space->table_count; i++) {
		const struct table *table = &space->tables[i];
		struct level_figures *level = &levels[table->level];

		if (table->state != TABLE_READ) {
			continue;
		}
		level->table_count++;
		level->slot_count += table->entry_count;
		level->used_count += table->used_count;
		for (uint32_t j = 0; j < table->run_count; j++) {
			const struct run *run = &space->runs[table->first_run + j];

			if (run->look.kind == LOOK_LEAF) {
				level->leaf_count += run->count;
				level->contig_count += run->look.contig ? run->count : 0;
				level->run_candidates += run_candidates(space, table, run);
				*mapped_size += run->count *
						level_size(space->decoder.format, table->level);
			}
		}
	}
}

struct frame {
	uint64_t pa;
	uint64_t size;
};

static int compare_frames(const void *a, const void *b)
{
	const struct frame *first = a;
	const struct frame *second = b;

	return (first->pa > second->pa) - (first->pa < second->pa);
}

static void summarize_frames(const struct image *image, struct summary *summary)
{
	struct frame *frames = NULL;
	size_t count = 0;

	for (unsigned int i = 0; i < image->space_count; i++) {
		const struct space *space = &image->spaces[i];

		for (size_t j = 0; j < space->table_count; j++) {
			if (space->tables[j].state == TABLE_READ) {
				frames = grow(frames, count, sizeof(*frames));
				frames[count].pa = space->tables[j].pa;
				frames[count].size = level_size(space->decoder.format, 0);
				count++;
			}
		}
	}
	if (count != 0) {
		qsort(frames, count, sizeof(*frames), compare_frames);
	}
	for (size_t i = 0; i < count; i++) {
		if (i != 0 && frames[i].pa == frames[i - 1].pa) {
			summary->shared_count++;
		} else {
			summary->frame_count++;
			summary->frame_size += frames[i].size;
		}
	}
	free(frames);
}

static void add_hole(struct summary *summary, const struct image *image, const struct space *space,
		     uint64_t va, uint64_t last)
{
	const struct name *name = names_from(&image->names, va);
	struct hole *hole;

	summary->holes = grow(summary->holes, summary->hole_count, sizeof(*summary->holes));
	hole = &summary->holes[summary->hole_count++];
	hole->va = va;
	hole->last = last;
	hole->space = space;
	hole->guard = NULL;
	if (name != NULL && name->va <= last && name->kind == NAME_GUARD) {
		hole->guard = name;
	}
}

/* Holes from `first` to `last`, which one half of a space is; returns the next mapping. */
static size_t holes_between(struct summary *summary, const struct image *image,
			    const struct space *space, size_t next, uint64_t first, uint64_t last)
{
	uint64_t va = first;

	for (; next < space->mapping_count; next++) {
		const struct mapping *mapping = &space->mappings[next];
		uint64_t mapping_last = mapping->va + (mapping->size - 1);

		if (mapping->va > last) {
			break;
		}
		if (mapping->va > va) {
			add_hole(summary, image, space, va, mapping->va - 1);
		}
		if (mapping_last == last) {
			return next + 1;
		}
		va = mapping_last + 1;
	}
	add_hole(summary, image, space, va, last);
	return next;
}

static void summarize_holes(const struct image *image, struct summary *summary)
{
	for (unsigned int i = 0; i < image->space_count; i++) {
		const struct space *space = &image->spaces[i];
		uint64_t first = space_address(space, 0);
		uint64_t last = space_address(space, UINT64_MAX);

		if (space->half == VMM_BOTH_HALVES) {
			uint64_t size = UINT64_C(1) << (space->va_bits - 1);
			size_t next = holes_between(summary, image, space, 0, 0, size - 1);

			(void)holes_between(summary, image, space, next, UINT64_MAX - (size - 1),
					    UINT64_MAX);
		} else {
			(void)holes_between(summary, image, space, 0, first, last);
		}
	}
}

static void summarize_wx(const struct space *space, struct summary *summary)
{
	for (size_t i = 0; i < space->mapping_count; i++) {
		if (mapping_is_wx(&space->mappings[i])) {
			summary->wx = grow(summary->wx, summary->wx_count, sizeof(*summary->wx));
			summary->wx[summary->wx_count++] = &space->mappings[i];
		}
	}
}

static uint64_t mapped_under(const struct image *image, const struct name *name)
{
	uint64_t mapped = 0;

	for (unsigned int i = 0; i < image->space_count; i++) {
		const struct space *space = &image->spaces[i];

		for (size_t j = 0; j < space->mapping_count; j++) {
			mapped += space->mappings[j].name == name ? space->mappings[j].size : 0;
		}
	}
	return mapped;
}

/* By number of names times number of mappings: a record has few, and only then there are names. */
static void summarize_names(const struct image *image, struct summary *summary)
{
	for (size_t i = 0; i < image->names.count; i++) {
		const struct name *name = &image->names.list[i];
		uint64_t mapped;

		if (name->kind == NAME_LAZY || image_space_of(image, name->va) == NULL) {
			continue;
		}
		mapped = mapped_under(image, name);
		if (name->kind == NAME_GUARD ? mapped != 0 : mapped != name->last - name->va + 1) {
			summary->mismatches = grow(summary->mismatches, summary->mismatch_count,
						   sizeof(*summary->mismatches));
			summary->mismatches[summary->mismatch_count].name = name;
			summary->mismatches[summary->mismatch_count++].mapped = mapped;
		}
	}
}

void summarize(const struct image *image, struct summary *summary)
{
	for (unsigned int i = 0; i < image->space_count; i++) {
		summarize_tables(&image->spaces[i], summary->levels[i], &summary->mapped_size[i]);
		summarize_wx(&image->spaces[i], summary);
		summarize_larger(&image->spaces[i], summary);
	}
	summarize_frames(image, summary);
	summarize_holes(image, summary);
	summarize_aliases(image, summary);
	summarize_names(image, summary);
}
