/* SPDX-License-Identifier: MIT */
/* Mappings line by line, and the walk of an address. */

#include "show.h"

#include <inttypes.h>
#include <string.h>

const char *leaves_text(char text[LEAVES_MAX], const struct format *format,
			const struct mapping *mapping)
{
	char size[TEXT_MAX];
	size_t used = 0;

	text[0] = '\0';
	for (unsigned int level = VMM_LEVELS_MAX; level-- > 0;) {
		if (mapping->leaf_count[level] != 0 && used < LEAVES_MAX) {
			used += (size_t)snprintf(text + used, LEAVES_MAX - used,
						 "%s%" PRIu64 " x %s", used == 0 ? "" : ", ",
						 mapping->leaf_count[level],
						 text_size(size, level_size(format, level)));
		}
	}
	return text;
}

static void show_head(FILE *out, const struct space *space)
{
	char root[TEXT_MAX];

	fprintf(out, "%s, %s, %u-bit addresses, root table at %s\n", half_text(space->half),
		space->decoder.format->codec->geometry.name, space->va_bits,
		text_address(root, space->root));
	if (space->is_cut) {
		fprintf(out, "Only a part of it: there are more tables than the limit allows.\n");
	}
}

static void show_mapping(FILE *out, const struct space *space, const struct mapping *mapping)
{
	char va[TEXT_MAX];
	char last[TEXT_MAX];
	char pa[TEXT_MAX];
	char size[TEXT_MAX];
	char rights[TEXT_MAX];
	char leaves[LEAVES_MAX];

	fprintf(out, "%s-%s  %s  %9s  %-13s %-20s %-20s %s%s\n", text_address(va, mapping->va),
		text_address(last, mapping->va + (mapping->size - 1)) + 2,
		text_address(pa, mapping->pa), text_size_about(size, mapping->size),
		mem_name(mapping->look.mem), rights_text(rights, mapping->look.rights),
		leaves_text(leaves, space->decoder.format, mapping),
		mapping->name != NULL ? mapping->name->text : "-",
		mapping_is_wx(mapping) ? "  WRITABLE AND EXECUTABLE" : "");
}

static void show_unmapped(FILE *out, const struct name *name)
{
	char va[TEXT_MAX];
	char last[TEXT_MAX];
	char size[TEXT_MAX];

	fprintf(out, "%s-%s  %-21s  %9s  %-13s %-20s %-20s %s\n", text_address(va, name->va),
		text_address(last, name->last) + 2, "-",
		text_size_about(size, name->last - name->va + 1), name_kind_text(name->kind),
		name->kind == NAME_LAZY ? "as it is mapped" : "no access", "-", name->text);
}

/* Guards and lazy ranges before `va`; returns the next name. */
static size_t show_names(FILE *out, const struct image *image, const struct space *space,
			 size_t next, uint64_t last)
{
	for (; next < image->names.count && image->names.list[next].va <= last; next++) {
		const struct name *name = &image->names.list[next];

		if ((name->kind == NAME_GUARD || name->kind == NAME_LAZY) &&
		    image_space_of(image, name->va) == space) {
			show_unmapped(out, name);
		}
	}
	return next;
}

void show_list(FILE *out, const struct image *image)
{
	for (unsigned int i = 0; i < image->space_count; i++) {
		const struct space *space = &image->spaces[i];
		size_t next = 0;

		fputs(i == 0 ? "" : "\n", out);
		show_head(out, space);
		fprintf(out, "%-42s  %-21s  %9s  %-13s %-20s %-20s %s\n", "virtual", "physical",
			"size", "memory", "rights", "leaves", "name");
		for (size_t j = 0; j < space->mapping_count; j++) {
			next = show_names(out, image, space, next, space->mappings[j].va);
			show_mapping(out, space, &space->mappings[j]);
		}
		(void)show_names(out, image, space, next, UINT64_MAX);
		if (space->mapping_count == 0) {
			fputs("nothing is mapped\n", out);
		}
	}
}

static void show_step(FILE *out, const struct space *space, const struct step *step)
{
	char table[TEXT_MAX];
	char words[WORDS_MAX];
	char pa[TEXT_MAX];

	fprintf(out, "  level %d, table at %s, descriptor %u: ",
		level_number(space->decoder.format, step->level), text_address(table, step->table),
		step->index);
	if (step->missing) {
		fputs("not in the memory that is known\n", out);
		return;
	}
	fprintf(out, "0x%016" PRIx64 ", %s", step->desc,
		decode_words(&space->decoder, step->desc, step->level, &step->look, words));
	if (step->look.kind == LOOK_LEAF || step->look.kind == LOOK_TABLE) {
		fprintf(out, step->look.kind == LOOK_LEAF ? ", physical %s" : " at %s",
			text_address(pa, step->look.pa));
	}
	fputc('\n', out);
}

bool show_walk(FILE *out, const struct image *image, uint64_t va)
{
	const struct space *space = image_space_of(image, va);
	const struct name *name = names_from(&image->names, va);
	struct step steps[VMM_LEVELS_MAX];
	const struct step *last;
	char text[TEXT_MAX];
	unsigned int count;
	uint64_t pa = 0;

	fprintf(out, "%s", text_address(text, va));
	if (name != NULL && name->va <= va) {
		fprintf(out, ", in %s '%s', 0x%" PRIx64 " bytes in", name_kind_text(name->kind),
			name->text, va - name->va);
	}
	fputc('\n', out);
	if (space == NULL) {
		fputs("  no table translates it\n", out);
		return false;
	}
	count = scan_walk(image, space, va, steps, &pa);
	for (unsigned int i = 0; i < count; i++) {
		show_step(out, space, &steps[i]);
	}
	last = &steps[count - 1];
	if (last->missing || last->look.kind != LOOK_LEAF) {
		fputs("  not mapped\n", out);
		return false;
	}
	fprintf(out, "  physical %s\n", text_address(text, pa));
	return true;
}
