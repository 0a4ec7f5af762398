/* SPDX-License-Identifier: MIT */
/* Where one larger leaf would do what a whole table does. */

#include <stdlib.h>

#include "summary.h"

/* What all leaves under a table make together, if they are one piece of memory and alike. */
struct whole {
	const struct look *look; /* NULL: they are not */
	uint64_t pa;
	uint64_t table_count; /* the table itself and those below */
};

/* What is mapped by a run: its own leaves, or the whole table below. */
static const struct look *look_of_run(const struct run *run, const struct whole *wholes,
				      uint64_t *pa)
{
	if (run->look.kind == LOOK_LEAF) {
		*pa = run->look.pa;
		return &run->look;
	}
	if (run->child != NO_TABLE) {
		*pa = wholes[run->child].pa;
		return wholes[run->child].look;
	}
	return NULL;
}

static void judge_table(const struct space *space, const struct table *table,
			const struct whole *wholes, struct whole *whole)
{
	uint64_t size = level_size(space->decoder.format, table->level);
	const struct look *first = NULL;
	uint64_t start = 0;

	whole->look = NULL;
	whole->table_count = 1;
	for (uint32_t i = 0; i < table->run_count; i++) {
		const struct run *run = &space->runs[table->first_run + i];
		uint64_t pa = 0;
		const struct look *look = look_of_run(run, wholes, &pa);

		if (look == NULL || look->why != NULL) {
			return;
		}
		if (first == NULL) {
			first = look;
			start = pa;
		}
		if (pa != start + run->index * size || !look_is_alike(look, first)) {
			return;
		}
		whole->table_count += run->child != NO_TABLE ? wholes[run->child].table_count : 0;
	}
	if (first != NULL && (start & (size * table->entry_count - 1)) == 0) {
		whole->look = first;
		whole->pa = start;
	}
}

static bool can_be_leaf(const struct space *space, const struct whole *wholes, uint32_t id)
{
	const struct table *table = &space->tables[id];

	return table->parent != NO_TABLE && wholes[id].look != NULL &&
	       table->level + 1u <= space->decoder.format->codec->geometry.leaf_level_max;
}

void summarize_larger(const struct space *space, struct summary *summary)
{
	struct whole *wholes = calloc(space->table_count, sizeof(*wholes));

	if (wholes == NULL) {
		give_up("out of memory");
	}
	for (size_t i = space->table_count; i-- > 0;) {
		judge_table(space, &space->tables[i], wholes, &wholes[i]);
	}
	for (uint32_t i = 0; i < space->table_count; i++) {
		const struct table *table = &space->tables[i];
		struct larger *larger;

		if (!can_be_leaf(space, wholes, i) || can_be_leaf(space, wholes, table->parent)) {
			continue;
		}
		summary->larger =
			grow(summary->larger, summary->larger_count, sizeof(*summary->larger));
		larger = &summary->larger[summary->larger_count++];
		larger->space = space;
		larger->va = space_address(space, table->va);
		larger->level = table->level + 1u;
		larger->table_count = wholes[i].table_count;
	}
	free(wholes);
}
