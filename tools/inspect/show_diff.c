/* SPDX-License-Identifier: MIT */
/* What two images map differently. */

#include "show.h"

#include <inttypes.h>
#include <stdlib.h>

/* The mappings of all spaces of an image, in the order of addresses, and the next one. */
struct side {
	const struct image *image;
	unsigned int space;
	size_t next;
};

static const struct mapping *front(struct side *side)
{
	while (side->space < side->image->space_count) {
		const struct space *space = &side->image->spaces[side->space];

		if (side->next < space->mapping_count) {
			return &space->mappings[side->next];
		}
		side->space++;
		side->next = 0;
	}
	return NULL;
}

static const struct format *format_of(const struct side *side)
{
	return side->image->spaces[side->space].decoder.format;
}

static uint64_t last_of(const struct mapping *mapping)
{
	return mapping->va + (mapping->size - 1);
}

static void show_side(FILE *out, const char *sign, uint64_t va, uint64_t last,
		      const struct mapping *mapping)
{
	char first_text[TEXT_MAX];
	char last_text[TEXT_MAX];
	char pa[TEXT_MAX];
	char size[TEXT_MAX];
	char rights[TEXT_MAX];

	fprintf(out, "%s %s-%s  %9s  at %s, %s, %s%s%s, %s\n", sign, text_address(first_text, va),
		text_address(last_text, last) + 2, text_size_about(size, last - va + 1),
		text_address(pa, mapping->pa + (va - mapping->va)), mem_name(mapping->look.mem),
		rights_text(rights, mapping->look.rights),
		mapping->look.global ? "" : ", of one ASID",
		mapping->look.accessed ? "" : ", not accessed",
		mapping->name != NULL ? mapping->name->text : "-");
}

static bool is_same(const struct mapping *a, const struct mapping *b)
{
	return a->pa - a->va == b->pa - b->va && look_is_alike(&a->look, &b->look);
}

/* The same in other pieces; shown where both begin and end together. */
static bool show_leaves(FILE *out, const struct side *a, const struct side *b,
			const struct mapping *old_mapping, const struct mapping *new_mapping)
{
	char old_leaves[LEAVES_MAX];
	char new_leaves[LEAVES_MAX];
	char va[TEXT_MAX];
	bool differs = old_mapping->contig_count != new_mapping->contig_count;

	for (unsigned int i = 0; i < VMM_LEVELS_MAX; i++) {
		differs = differs || old_mapping->leaf_count[i] != new_mapping->leaf_count[i];
	}
	if (!differs || old_mapping->va != new_mapping->va ||
	    old_mapping->size != new_mapping->size) {
		return false;
	}
	fprintf(out, "= %s: the same in other leaves, %s, %" PRIu64 " of them in runs; before %s",
		text_address(va, old_mapping->va),
		leaves_text(new_leaves, format_of(b), new_mapping), new_mapping->contig_count,
		leaves_text(old_leaves, format_of(a), old_mapping));
	fprintf(out, ", %" PRIu64 " in runs\n", old_mapping->contig_count);
	return true;
}

/* Shows [va, last], which both sides map, if not alike. */
static bool show_both(FILE *out, struct side *a, struct side *b, uint64_t va, uint64_t last)
{
	const struct mapping *old_mapping = front(a);
	const struct mapping *new_mapping = front(b);

	if (is_same(old_mapping, new_mapping)) {
		return show_leaves(out, a, b, old_mapping, new_mapping);
	}
	show_side(out, "<", va, last, old_mapping);
	show_side(out, ">", va, last, new_mapping);
	return true;
}

static void step_over(struct side *side, const struct mapping *mapping, uint64_t last)
{
	if (mapping != NULL && last_of(mapping) == last) {
		side->next++;
	}
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

bool show_diff(FILE *out, const struct image *old_image, const struct image *new_image)
{
	struct side a = {.image = old_image};
	struct side b = {.image = new_image};
	const struct mapping *old_mapping = front(&a);
	const struct mapping *new_mapping = front(&b);
	uint64_t change_count = 0;
	uint64_t from = 0;

	/* Invariant: all below `from` is compared; the front mappings end at `from` or above. */
	while (old_mapping != NULL || new_mapping != NULL) {
		uint64_t old_va = old_mapping != NULL ? old_mapping->va : UINT64_MAX;
		uint64_t new_va = new_mapping != NULL ? new_mapping->va : UINT64_MAX;
		uint64_t last;

		old_va = old_va < from ? from : old_va;
		new_va = new_va < from ? from : new_va;
		if (new_mapping == NULL || (old_mapping != NULL && old_va < new_va)) {
			last = new_mapping == NULL ? last_of(old_mapping)
						   : smaller(last_of(old_mapping), new_va - 1);
			show_side(out, "-", old_va, last, old_mapping);
			change_count++;
		} else if (old_mapping == NULL || new_va < old_va) {
			last = old_mapping == NULL ? last_of(new_mapping)
						   : smaller(last_of(new_mapping), old_va - 1);
			show_side(out, "+", new_va, last, new_mapping);
			change_count++;
		} else {
			last = smaller(last_of(old_mapping), last_of(new_mapping));
			change_count += show_both(out, &a, &b, old_va, last);
		}
		from = last + 1;
		step_over(&a, old_mapping, last);
		step_over(&b, new_mapping, last);
		old_mapping = front(&a);
		new_mapping = front(&b);
	}
	fprintf(out, "%" PRIu64 " difference%s\n", change_count, change_count == 1 ? "" : "s");
	return change_count != 0;
}
