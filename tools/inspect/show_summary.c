/* SPDX-License-Identifier: MIT */
/* What the tables cost, and what looks odd, in sentences. */

#include "show.h"

#include <inttypes.h>

/* Lines of a kind that are shown; all of them are in the JSON. */
#define LINES_MAX 10

static void show_more(FILE *out, size_t count)
{
	if (count > LINES_MAX) {
		fprintf(out, "  ... and %zu more\n", count - LINES_MAX);
	}
}

/* A mapping's address, with its name where there is one. */
static void show_place(FILE *out, const struct mapping *mapping)
{
	char va[TEXT_MAX];

	fputs(text_address(va, mapping->va), out);
	if (mapping->name != NULL) {
		fprintf(out, " (%s)", mapping->name->text);
	}
}

static const char *plural(uint64_t count)
{
	return count == 1 ? "" : "s";
}

static void show_levels(FILE *out, const struct space *space, const struct level_figures *levels,
			uint64_t mapped_size)
{
	char text[TEXT_MAX];

	fprintf(out, "%s: %s mapped\n", half_text(space->half), text_size_about(text, mapped_size));
	for (unsigned int level = 0; level <= space->root_level; level++) {
		const struct level_figures *figures = &levels[level];

		fprintf(out,
			"  level %d: %" PRIu64 " table%s, %" PRIu64 " of %" PRIu64
			" descriptors in use; ",
			level_number(space->decoder.format, level), figures->table_count,
			plural(figures->table_count), figures->used_count, figures->slot_count);
		fprintf(out, "%" PRIu64 " lea%s of %s", figures->leaf_count,
			figures->leaf_count == 1 ? "f" : "ves",
			text_size(text, level_size(space->decoder.format, level)));
		if (figures->contig_count != 0) {
			fprintf(out, ", %" PRIu64 " in contiguous runs", figures->contig_count);
		}
		fputc('\n', out);
	}
}

static void show_problems(FILE *out, const struct space *space)
{
	char va[TEXT_MAX];
	char size[TEXT_MAX];
	char table[TEXT_MAX];

	if (space->problem_count != 0) {
		fprintf(out, "damaged, %zu place%s in the %s:\n", space->problem_count,
			plural(space->problem_count), half_text(space->half));
	}
	for (size_t i = 0; i < space->problem_count && i < LINES_MAX; i++) {
		const struct problem *problem = &space->problems[i];

		fprintf(out, "  %s, %s: 0x%016" PRIx64 " in the level %d table at %s: %s\n",
			text_address(va, problem->va), text_size_about(size, problem->size),
			problem->desc, level_number(space->decoder.format, problem->level),
			text_address(table, problem->table), problem->why);
	}
	show_more(out, space->problem_count);
}

static void show_wx(FILE *out, const struct summary *summary)
{
	char size[TEXT_MAX];

	fprintf(out, "writable and executable: %s\n", summary->wx_count == 0 ? "nothing" : "");
	for (size_t i = 0; i < summary->wx_count && i < LINES_MAX; i++) {
		fprintf(out, "  %s at ", text_size_about(size, summary->wx[i]->size));
		show_place(out, summary->wx[i]);
		fputc('\n', out);
	}
	show_more(out, summary->wx_count);
}

static void show_alias(FILE *out, const struct alias *alias)
{
	char pa[TEXT_MAX];
	char size[TEXT_MAX];

	fprintf(out, "  physical %s, %s: at ", text_address(pa, alias->pa),
		text_size_about(size, alias->size));
	show_place(out, alias->a);
	fputs(" and ", out);
	show_place(out, alias->b);
	fprintf(out, "%s%s\n", alias->mixed_wx ? "; writable in one, executable in the other" : "",
		alias->mixed_type ? "; as two kinds of memory" : "");
}

static void show_aliases(FILE *out, const struct summary *summary)
{
	fprintf(out, "memory mapped more than once: %s\n",
		summary->alias_count == 0 ? "nothing" : "");
	for (size_t i = 0; i < summary->alias_count && i < LINES_MAX; i++) {
		show_alias(out, &summary->aliases[i]);
	}
	show_more(out, summary->alias_count);
	fputs(summary->more_aliases ? "  and there are still others\n" : "", out);
}

static void show_holes(FILE *out, const struct summary *summary)
{
	const struct hole *largest = NULL;
	uint64_t guard_count = 0;
	char va[TEXT_MAX];
	char size[TEXT_MAX];

	for (size_t i = 0; i < summary->hole_count; i++) {
		const struct hole *hole = &summary->holes[i];

		guard_count += hole->guard != NULL;
		if (largest == NULL || hole->last - hole->va > largest->last - largest->va) {
			largest = hole;
		}
	}
	fprintf(out, "holes: %zu, %" PRIu64 " of them with a guard", summary->hole_count,
		guard_count);
	if (largest != NULL) {
		fprintf(out, "; the largest has %s at %s",
			text_size_about(size, largest->last - largest->va + 1),
			text_address(va, largest->va));
	}
	fputc('\n', out);
}

static void show_larger(FILE *out, const struct image *image, const struct summary *summary)
{
	char va[TEXT_MAX];
	char size[TEXT_MAX];
	bool is_listed = false;

	fputs("could be larger leaves:", out);
	for (unsigned int i = 0; i < image->space_count; i++) {
		const struct space *space = &image->spaces[i];

		for (unsigned int level = 0; level <= space->root_level; level++) {
			if (summary->levels[i][level].run_candidates != 0) {
				fprintf(out, "%s %" PRIu64 " contiguous run%s of %u leaves of %s",
					is_listed ? "," : "",
					summary->levels[i][level].run_candidates,
					plural(summary->levels[i][level].run_candidates),
					1u << space->decoder.format->codec->geometry
							.run_shift[level],
					text_size(size, level_size(space->decoder.format, level)));
				is_listed = true;
			}
		}
	}
	fputs(is_listed || summary->larger_count != 0 ? "\n" : " nothing\n", out);
	for (size_t i = 0; i < summary->larger_count && i < LINES_MAX; i++) {
		const struct larger *larger = &summary->larger[i];

		fprintf(out, "  %s: one leaf of %s instead of %" PRIu64 " table%s\n",
			text_address(va, larger->va),
			text_size(size, level_size(larger->space->decoder.format, larger->level)),
			larger->table_count, plural(larger->table_count));
	}
	show_more(out, summary->larger_count);
}

static void show_mismatches(FILE *out, const struct summary *summary)
{
	char va[TEXT_MAX];
	char size[TEXT_MAX];
	char mapped[TEXT_MAX];

	for (size_t i = 0; i < summary->mismatch_count && i < LINES_MAX; i++) {
		const struct name *name = summary->mismatches[i].name;

		fprintf(out, "record: %s '%s' at %s, %s, of which %s are mapped\n",
			name_kind_text(name->kind), name->text, text_address(va, name->va),
			text_size_about(size, name->last - name->va + 1),
			text_size_about(mapped, summary->mismatches[i].mapped));
	}
	show_more(out, summary->mismatch_count);
}

void show_summary(FILE *out, const struct image *image, const struct summary *summary)
{
	char size[TEXT_MAX];

	for (unsigned int i = 0; i < image->space_count; i++) {
		show_levels(out, &image->spaces[i], summary->levels[i], summary->mapped_size[i]);
	}
	fprintf(out, "tables: %s in %" PRIu64 " frames", text_size_about(size, summary->frame_size),
		summary->frame_count);
	if (summary->shared_count != 0) {
		fprintf(out, "; %" PRIu64 " link%s to one that is linked already",
			summary->shared_count, plural(summary->shared_count));
	}
	fputc('\n', out);
	for (unsigned int i = 0; i < image->space_count; i++) {
		show_problems(out, &image->spaces[i]);
	}
	show_wx(out, summary);
	show_aliases(out, summary);
	show_holes(out, summary);
	show_larger(out, image, summary);
	show_mismatches(out, summary);
}
