/* SPDX-License-Identifier: MIT */
/* Where in the image tables, record and addresses go. */

#include "tool.h"

#include <string.h>

#define ULL(value) ((unsigned long long)(value))

/* Where [start, end) lies; all of it must be in the file. */
static void set_place(const struct image *image, const char *what, uint64_t start, uint64_t end,
		      struct place *place)
{
	const struct segment *segment;

	if (end <= start) {
		refuse("the %s has no room: 0x%llx up to 0x%llx", what, ULL(start), ULL(end));
	}
	segment = image_segment(image, start, end - start);
	if (segment == NULL) {
		refuse("the %s, 0x%llx up to 0x%llx, is outside the image", what, ULL(start),
		       ULL(end));
	}
	if (end - segment->va > segment->file_size) {
		refuse("the %s, 0x%llx up to 0x%llx, has no bytes in the file; it has to lie "
		       "before .bss",
		       what, ULL(start), ULL(end));
	}
	place->va = start;
	place->pa = segment->pa + (start - segment->va);
	place->size = end - start;
}

/* Takes START:END apart, or uses two symbols. */
static void find_extent(const struct image *image, const char *what, const char *asked,
			const char *first, const char *second, struct place *place)
{
	char start_text[256];
	const char *colon;
	uint64_t start;

	if (asked == NULL) {
		start = image_value(image, what, first);
		set_place(image, what, start, image_value(image, what, second), place);
		return;
	}
	colon = strchr(asked, ':');
	if (colon == NULL || (size_t)(colon - asked) >= sizeof(start_text)) {
		refuse("the %s: '%s' is not START:END", what, asked);
	}
	memcpy(start_text, asked, (size_t)(colon - asked));
	start_text[colon - asked] = '\0';
	start = image_value(image, what, start_text);
	set_place(image, what, start, image_value(image, what, colon + 1), place);
}

static bool places_overlap(const struct place *a, const struct place *b)
{
	return a->size != 0 && b->size != 0 && (a->va - b->va < b->size || b->va - a->va < a->size);
}

void plan_places(struct plan *plan, const struct image *image, const struct wants *wants)
{
	uint64_t into;

	find_extent(image, "room for tables", wants->tables, "vmm_precomputed_tables",
		    "vmm_precomputed_tables_end", &plan->room);
	if (((plan->room.va | plan->room.pa) & plan_page_mask(plan)) != 0) {
		refuse("the room for tables at 0x%llx (physical 0x%llx) does not begin on a page "
		       "of 0x%llx bytes",
		       ULL(plan->room.va), ULL(plan->room.pa), ULL(plan_page_mask(plan) + 1));
	}
	plan->room.size &= ~plan_page_mask(plan);
	if (plan->room.size == 0) {
		refuse("the room for tables is smaller than one page of 0x%llx bytes",
		       ULL(plan_page_mask(plan) + 1));
	}
	if ((plan->room.pa + (plan->room.size - 1)) >> (plan->pa_bits - 1) > 1) {
		refuse("the room for tables is at physical 0x%llx, beyond the %u bits of %s",
		       ULL(plan->room.pa), plan->pa_bits, plan->format->name);
	}
	into = image_value(image, "place of the root",
			   wants->into != NULL ? wants->into : "vmm_precomputed");
	if (into > UINT64_MAX - FOUND_SIZE) {
		refuse("the place of the root, 0x%llx, is outside the image", ULL(into));
	}
	set_place(image, "place of the root", into, into + FOUND_SIZE, &plan->into);
	if (wants->blob != NULL || image_symbol(image, "vmm_precomputed_blob") != NULL) {
		find_extent(image, "room for the record", wants->blob, "vmm_precomputed_blob",
			    "vmm_precomputed_blob_end", &plan->blob);
	}
	if (places_overlap(&plan->room, &plan->into) || places_overlap(&plan->room, &plan->blob) ||
	    places_overlap(&plan->into, &plan->blob)) {
		refuse("the room for tables, the root's place and the room for the record overlap");
	}
}
