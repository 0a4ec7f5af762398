/* SPDX-License-Identifier: MIT */
/* Tables as a tree, for people and for Graphviz. */

#include "show.h"

#include <inttypes.h>

static void indent(FILE *out, unsigned int depth)
{
	for (unsigned int i = 0; i <= depth; i++) {
		fputs("  ", out);
	}
}

static void show_index(FILE *out, uint32_t first, uint32_t count)
{
	if (count == 1) {
		fprintf(out, "[%u]", first);
	} else {
		fprintf(out, "[%u-%u]", first, first + count - 1);
	}
}

static void show_target(FILE *out, const struct space *space, const struct run *run,
			const struct look *look)
{
	static const char *const states[] = {"", ", which is not in the memory that is known",
					     ", which is one of those that lead to it",
					     ", not looked at: too many before"};
	char pa[TEXT_MAX];

	if (look->kind != LOOK_LEAF && look->kind != LOOK_TABLE) {
		return;
	}
	fprintf(out, look->kind == LOOK_LEAF ? ", physical %s" : " at %s",
		text_address(pa, look->pa));
	if (run->child != NO_TABLE) {
		const struct table *child = &space->tables[run->child];

		fprintf(out, "%s", states[child->state]);
		if (child->state == TABLE_READ) {
			fprintf(out, ", level %d, %u of %u descriptors in use",
				level_number(space->decoder.format, child->level),
				child->used_count, child->entry_count);
		}
	}
}

/* `count` descriptors of a run, from its `first` on, in one line. */
static void show_descriptors(FILE *out, const struct space *space, const struct table *table,
			     const struct run *run, uint32_t first, uint32_t count)
{
	uint64_t size = level_size(space->decoder.format, table->level);
	uint64_t desc = run->desc + first * run->step;
	struct look look = run->look;
	char words[WORDS_MAX];
	char va[TEXT_MAX];

	look.pa += look.kind == LOOK_LEAF ? first * size : 0;
	show_index(out, run->index + first, count);
	fprintf(out, " %s: 0x%016" PRIx64,
		text_address(va, space_address(space, table->va + (run->index + first) * size)),
		desc);
	if (count != 1 && run->step != 0) {
		fprintf(out, " to 0x%016" PRIx64, desc + (count - 1) * run->step);
	}
	fputs(count != 1 ? ", each " : ", ", out);
	fputs(decode_words(&space->decoder, desc, table->level, &look, words), out);
	show_target(out, space, run, &look);
	fputc('\n', out);
}

static void show_run(FILE *out, const struct space *space, const struct table *table,
		     const struct run *run, unsigned int depth, bool all)
{
	if (run->look.kind == LOOK_EMPTY && run->desc == 0) {
		return;
	}
	if (!all) {
		indent(out, depth);
		show_descriptors(out, space, table, run, 0, run->count);
		return;
	}
	for (uint32_t i = 0; i < run->count; i++) {
		indent(out, depth);
		show_descriptors(out, space, table, run, i, 1);
	}
}

static void show_space(FILE *out, const struct space *space, bool all)
{
	uint32_t path[VMM_LEVELS_MAX] = {0};
	uint32_t next[VMM_LEVELS_MAX] = {0};
	unsigned int depth = 0;

	/* Invariant: every run before next[i] in table path[i] is shown, at each depth. */
	for (;;) {
		const struct table *table = &space->tables[path[depth]];
		const struct run *run;

		if (next[depth] == table->run_count) {
			if (depth == 0) {
				break;
			}
			depth--;
			continue;
		}
		run = &space->runs[table->first_run + next[depth]++];
		show_run(out, space, table, run, depth, all);
		if (run->child != NO_TABLE && space->tables[run->child].run_count != 0) {
			depth++;
			path[depth] = run->child;
			next[depth] = 0;
		}
	}
}

void show_tree(FILE *out, const struct image *image, bool all)
{
	char root[TEXT_MAX];

	for (unsigned int i = 0; i < image->space_count; i++) {
		const struct space *space = &image->spaces[i];

		fprintf(out,
			"%s%s, %s: root table at %s, level %d, %u of %u descriptors in use%s\n",
			i == 0 ? "" : "\n", half_text(space->half),
			space->decoder.format->codec->geometry.name,
			text_address(root, space->root),
			level_number(space->decoder.format, space->root_level),
			space->tables[0].used_count, space->tables[0].entry_count,
			space->tables[0].state == TABLE_READ
				? ""
				: "; it is not in the memory that is known");
		show_space(out, space, all);
	}
}

static void dot_leaves(FILE *out, unsigned int index, size_t id, const struct space *space,
		       const struct table *table)
{
	char words[WORDS_MAX];
	char va[TEXT_MAX];
	char pa[TEXT_MAX];
	uint64_t size = level_size(space->decoder.format, table->level);

	for (uint32_t i = 0; i < table->run_count; i++) {
		const struct run *run = &space->runs[table->first_run + i];

		if (run->look.kind == LOOK_LEAF || run->look.kind == LOOK_BAD) {
			fprintf(out, "  s%ut%zu -> s%ur%zu [label=\"", index, id, index,
				table->first_run + i);
			show_index(out, run->index, run->count);
			fprintf(out,
				"\"];\n  s%ur%zu [shape=box, style=\"rounded%s\", label=\"%s\\n",
				index, table->first_run + i,
				run->look.kind == LOOK_BAD ? ",bold\", color=\"red" : "",
				text_address(va,
					     space_address(space, table->va + run->index * size)));
			fprintf(out, "%u x %s\\nat %s\"];\n", run->count,
				decode_words(&space->decoder, run->desc, table->level, &run->look,
					     words),
				text_address(pa, run->look.pa));
		}
	}
}

void show_dot(FILE *out, const struct image *image)
{
	char text[TEXT_MAX];

	fputs("digraph tables {\n  rankdir=LR;\n  node [shape=box, fontname=\"monospace\"];\n"
	      "  edge [fontname=\"monospace\"];\n",
	      out);
	for (unsigned int i = 0; i < image->space_count; i++) {
		const struct space *space = &image->spaces[i];

		for (size_t id = 0; id < space->table_count; id++) {
			const struct table *table = &space->tables[id];

			fprintf(out, "  s%ut%zu [label=\"%s\\nlevel %d table at ", i, id,
				table->parent == NO_TABLE
					? half_text(space->half)
					: text_address(text, space_address(space, table->va)),
				level_number(space->decoder.format, table->level));
			fprintf(out, "%s\\n%u of %u in use\"];\n", text_address(text, table->pa),
				table->used_count, table->entry_count);
			if (table->parent != NO_TABLE) {
				fprintf(out, "  s%ut%u -> s%ut%zu [label=\"[%u]\"];\n", i,
					table->parent, i, id, table->index);
			}
			dot_leaves(out, i, id, space, table);
		}
	}
	fputs("}\n", out);
}
