/* SPDX-License-Identifier: MIT */
/* Joins leaves to mappings, each under one name. */

#include "mappings.h"

#include <string.h>

/* Whether leaves from `va` on go on where the last mapping ends. */
static bool is_joined(const struct mapping *last, uint64_t va, const struct run *run, uint64_t pa,
		      const struct name *name)
{
	return last->va + last->size == va && last->pa + last->size == pa && last->name == name &&
	       look_is_alike(&last->look, &run->look);
}

static void add_leaves(struct space *space, const struct run *run, unsigned int level,
		       uint64_t first, uint64_t count, uint64_t va, const struct name *name)
{
	uint64_t size = level_size(space->decoder.format, level);
	uint64_t pa = run->look.pa + first * size;
	struct mapping *mapping = NULL;

	if (space->mapping_count != 0) {
		mapping = &space->mappings[space->mapping_count - 1];
	}
	if (mapping == NULL || !is_joined(mapping, va, run, pa, name)) {
		space->mappings =
			grow(space->mappings, space->mapping_count, sizeof(*space->mappings));
		mapping = &space->mappings[space->mapping_count++];
		memset(mapping, 0, sizeof(*mapping));
		mapping->va = va;
		mapping->pa = pa;
		mapping->desc = run->desc + first * run->step;
		mapping->look = run->look;
		mapping->look.pa = pa;
		mapping->name = name;
	}
	mapping->size += count * size;
	mapping->leaf_count[level] += count;
	mapping->contig_count += run->look.contig ? count : 0;
}

/* Cuts a run of leaves where names begin and end. A leaf belongs to the name at its first byte. */
static void add_run(struct space *space, const struct names *names, const struct run *run,
		    unsigned int level, uint64_t start)
{
	uint64_t size = level_size(space->decoder.format, level);
	uint64_t done = 0;

	while (done < run->count) {
		uint64_t va = start + done * size;
		uint64_t rest = run->count - done;
		const struct name *name = names_from(names, va);
		uint64_t bytes = UINT64_MAX;

		if (name != NULL && name->va <= va) {
			bytes = name->last - va;
		} else if (name != NULL) {
			bytes = name->va - va - 1;
			name = NULL;
		}
		/* `bytes` is one less than what is left of the name, so that it never is 2^64. */
		if (bytes / size < rest - 1) {
			rest = bytes / size + 1;
		}
		add_leaves(space, run, level, done, rest, va, name);
		done += rest;
	}
}

static void add_problem(struct space *space, uint64_t va, uint64_t size, uint64_t desc,
			const struct table *holder, const char *why)
{
	struct problem *problem;

	space->problems = grow(space->problems, space->problem_count, sizeof(*space->problems));
	problem = &space->problems[space->problem_count++];
	problem->va = va;
	problem->size = size;
	problem->desc = desc;
	problem->table = holder->pa;
	problem->level = holder->level;
	problem->why = why;
}

static const char *why_not_read(const struct table *table)
{
	switch (table->state) {
	case TABLE_MISSING:
		return "the table is outside the memory that is known";
	case TABLE_LOOP:
		return "the table is one of those that lead to it";
	default:
		return "not looked at: too many tables before";
	}
}

static void see_run(struct space *space, const struct names *names, const struct table *table,
		    const struct run *run)
{
	uint64_t size = level_size(space->decoder.format, table->level);
	uint64_t va = space_address(space, table->va + run->index * size);

	if (run->look.kind == LOOK_LEAF) {
		add_run(space, names, run, table->level, va);
	} else if (run->look.kind == LOOK_BAD) {
		add_problem(space, va, run->count * size, run->desc, table, run->look.why);
	} else if (run->child != NO_TABLE && space->tables[run->child].state != TABLE_READ) {
		add_problem(space, va, size, run->desc, table,
			    why_not_read(&space->tables[run->child]));
	}
}

void mappings_find(struct space *space, const struct names *names)
{
	uint32_t path[VMM_LEVELS_MAX];
	uint32_t next[VMM_LEVELS_MAX];
	unsigned int depth = 0;

	path[0] = 0;
	next[0] = 0;
	if (space->tables[0].state != TABLE_READ) {
		add_problem(space, space_address(space, 0), UINT64_C(1) << space->va_bits, 0,
			    &space->tables[0], why_not_read(&space->tables[0]));
	}
	/* Invariant: every run before next[i] in table path[i] has been seen, at each depth. */
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
		see_run(space, names, table, run);
		if (run->child != NO_TABLE && space->tables[run->child].run_count != 0) {
			depth++;
			path[depth] = run->child;
			next[depth] = 0;
		}
	}
}
