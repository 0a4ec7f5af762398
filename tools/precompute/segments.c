/* SPDX-License-Identifier: MIT */
/*
 * The segments of an image: what is left of each, when all that has a name of its own is cut out,
 * is mapped with the segment's rights.
 */

#include "tool.h"

#include <elf.h>
#include <stdlib.h>

#define ULL(value) ((unsigned long long)(value))

/* A segment in whole pages, with the attributes of its flags. */
struct part {
	const struct segment *segment;
	uint64_t va;
	uint64_t size;
	vmm_attr_t attr;
	const char *name;
};

static void read_flags(struct part *part)
{
	unsigned int index = part->segment->index;

	switch (part->segment->flags & (PF_R | PF_W | PF_X)) {
	case PF_R:
		part->attr = VMM_KERNEL_RO;
		part->name = "Kernel read-only data";
		return;
	case PF_R | PF_W:
		part->attr = VMM_KERNEL_RW;
		part->name = "Kernel data";
		return;
	case PF_R | PF_X:
	case PF_X:
		part->attr = VMM_KERNEL_RX;
		part->name = "Kernel code";
		return;
	case PF_R | PF_W | PF_X:
	case PF_W | PF_X:
		refuse("segment %u is writable and executable; the linker script has to give "
		       "code and data segments of their own",
		       index);
	default:
		refuse("segment %u can't be read", index);
	}
}

static void read_part(const struct plan *plan, const struct segment *segment, struct part *part)
{
	uint64_t in_page = segment->va & plan_page_mask(plan);

	if (((segment->va ^ segment->pa) & plan_page_mask(plan)) != 0) {
		refuse("segment %u is linked at 0x%llx and loaded at 0x%llx: different "
		       "places in a page of 0x%llx bytes",
		       segment->index, ULL(segment->va), ULL(segment->pa),
		       ULL(plan_page_mask(plan) + 1));
	}
	part->segment = segment;
	part->va = segment->va - in_page;
	part->size = plan_round_up(plan, segment->size + in_page);
	if (segment->size > UINT64_MAX - in_page - plan_page_mask(plan) ||
	    part->size - 1 > UINT64_MAX - part->va) {
		refuse("segment %u passes the end of the address space", segment->index);
	}
	read_flags(part);
}

static int compare_parts(const void *a, const void *b)
{
	uint64_t first = ((const struct part *)a)->segment->va;
	uint64_t second = ((const struct part *)b)->segment->va;

	return first < second ? -1 : first > second;
}

/* Two segments in a row: they may share a page only if it can be mapped for both. */
static void check_neighbors(const struct part *low, struct part *high)
{
	uint64_t gap = high->va - low->va;

	if (high->segment->va - low->segment->va < low->segment->size) {
		refuse("segments %u and %u overlap at 0x%llx", low->segment->index,
		       high->segment->index, ULL(high->segment->va));
	}
	if (gap >= low->size) {
		return;
	}
	if (low->attr.bits != high->attr.bits ||
	    low->segment->va - low->segment->pa != high->segment->va - high->segment->pa) {
		refuse("segments %u and %u share the page at 0x%llx and differ in rights or "
		       "distance: the linker script has to begin the second on a page",
		       low->segment->index, high->segment->index, ULL(high->va));
	}
	gap = low->size - gap;
	gap = gap < high->size ? gap : high->size;
	high->va += gap;
	high->size -= gap;
}

static void check_physical(const struct image *image)
{
	for (unsigned int i = 0; i < image->segment_count; i++) {
		for (unsigned int j = 0; j < i; j++) {
			const struct segment *a = &image->segments[i];
			const struct segment *b = &image->segments[j];

			if (a->pa - b->pa < b->size || b->pa - a->pa < a->size) {
				refuse("segments %u and %u overlap in physical memory at 0x%llx",
				       b->index, a->index, ULL(a->pa > b->pa ? a->pa : b->pa));
			}
		}
	}
}

/*
 * The next extent at or behind `va` that something else has, in whole pages: a named part of the
 * image, a guard, or what is skipped.
 */
static bool next_cut(const struct plan *plan, const struct wants *wants, uint64_t va,
		     struct place *cut)
{
	bool found = false;

	for (size_t i = 0; i < wants->count; i++) {
		const struct want *want = &wants->list[i];
		uint64_t start = want->va & ~plan_page_mask(plan);
		uint64_t last = (want->va + (want->size - 1)) | plan_page_mask(plan);

		if (!want->is_image || want->is_identity || last < va) {
			continue;
		}
		if (!found || start < cut->va) {
			cut->va = start;
			cut->size = last - start + 1;
			found = true;
		}
	}
	return found;
}

static void add_piece(struct plan *plan, const struct part *part, uint64_t va, uint64_t size)
{
	struct item *item = plan_add_item(plan, VMM_MAPPING_PLAIN, part->name);

	item->va = va;
	item->size = size;
	item->pa = part->segment->pa + (va - part->segment->va);
	item->attr = part->attr;
}

/* Adds what no request has of a segment. */
static void add_part(struct plan *plan, const struct wants *wants, const struct part *part)
{
	uint64_t last = part->va + (part->size - 1);
	uint64_t va = part->va;
	struct place cut = {0, 0, 0};

	/* Invariant: everything in [part->va, va) is in an item or a request. */
	while (next_cut(plan, wants, va, &cut) && cut.va <= last) {
		uint64_t cut_last = cut.va + (cut.size - 1);

		if (cut.va > va) {
			add_piece(plan, part, va, cut.va - va);
		}
		if (cut_last >= last) {
			return;
		}
		va = cut_last + 1;
	}
	add_piece(plan, part, va, last - va + 1);
}

void plan_segments(struct plan *plan, const struct image *image, const struct wants *wants)
{
	struct part *parts = get_memory(image->segment_count, sizeof(*parts));

	for (unsigned int i = 0; i < image->segment_count; i++) {
		read_part(plan, &image->segments[i], &parts[i]);
	}
	qsort(parts, image->segment_count, sizeof(*parts), compare_parts);
	for (unsigned int i = 0; i < image->segment_count; i++) {
		if (i > 0) {
			check_neighbors(&parts[i - 1], &parts[i]);
		}
		if (!wants->no_segments && parts[i].size != 0) {
			add_part(plan, wants, &parts[i]);
		}
	}
	free(parts);
	check_physical(image);
}
