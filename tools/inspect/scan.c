/* SPDX-License-Identifier: MIT */
/* Reads tables, level by level, into runs of descriptors; and walks a single address. */

#include "scan.h"

#include <stdlib.h>
#include <string.h>

#include "mappings.h"

uint64_t space_address(const struct space *space, uint64_t index_va)
{
	uint64_t mask = space->va_bits == 64 ? UINT64_MAX : (UINT64_C(1) << space->va_bits) - 1;

	if (space->half == VMM_UPPER_HALF ||
	    (space->half == VMM_BOTH_HALVES && (index_va >> (space->va_bits - 1) & 1) != 0)) {
		return index_va | ~mask;
	}
	return index_va & mask;
}

const struct space *image_space_of(const struct image *image, uint64_t va)
{
	for (unsigned int i = 0; i < image->space_count; i++) {
		const struct space *space = &image->spaces[i];

		if (space_address(space, va) == va) {
			return space;
		}
	}
	return NULL;
}

const char *half_text(enum vmm_half half)
{
	static const char *const halves[] = {"lower half", "upper half", "both halves"};

	return halves[half];
}

/* Descriptors in the table at a level: the root's may be fewer than a frame holds. */
static uint32_t entries_at(const struct space *space, unsigned int level)
{
	const struct vmm_geometry *geometry = &space->decoder.format->codec->geometry;
	unsigned int shift = geometry->page_shift + level * geometry->index_bits;
	unsigned int bits =
		level == space->root_level ? space->va_bits - shift : geometry->index_bits;

	return UINT32_C(1) << bits;
}

static unsigned int root_level_of(const struct space *space)
{
	const struct vmm_geometry *geometry = &space->decoder.format->codec->geometry;

	return (unsigned int)(space->va_bits - geometry->page_shift - 1) / geometry->index_bits;
}

/* All leaves of a Svnapot run hold the same word: which one it is, the address tells. */
static void place_in_run(const struct space *space, unsigned int level, uint64_t va,
			 struct look *look)
{
	const struct vmm_codec *codec = space->decoder.format->codec;

	if (look->kind == LOOK_LEAF && look->contig && codec->run_is_one_word) {
		look->pa |= va & ((level_size(space->decoder.format, level)
				   << codec->geometry.run_shift[level]) -
				  1);
	}
}

static bool continues(const struct space *space, const struct run *run, uint64_t desc,
		      const struct look *look, unsigned int level)
{
	uint64_t step = run->count == 1 ? desc - run->desc : run->step;

	if (look->kind != run->look.kind || look->kind == LOOK_TABLE ||
	    look->why != run->look.why || desc != run->desc + step * run->count) {
		return false;
	}
	if (look->kind == LOOK_EMPTY) {
		return step == 0;
	}
	return look->kind == LOOK_BAD ||
	       (look_is_alike(look, &run->look) && look->contig == run->look.contig &&
		look->pa == run->look.pa + run->count * level_size(space->decoder.format, level));
}

static uint32_t add_table(struct space *space, uint64_t pa, uint64_t va, unsigned int level,
			  unsigned int below)
{
	struct table *table;

	space->tables = grow(space->tables, space->table_count, sizeof(*space->tables));
	table = &space->tables[space->table_count];
	memset(table, 0, sizeof(*table));
	table->pa = pa;
	table->va = va;
	table->parent = NO_TABLE;
	table->entry_count = entries_at(space, level);
	table->level = (uint8_t)level;
	table->below = (uint8_t)below;
	table->state = TABLE_LEFT;
	return (uint32_t)space->table_count++;
}

static bool is_ancestor(const struct space *space, uint32_t id, uint64_t pa)
{
	for (; id != NO_TABLE; id = space->tables[id].parent) {
		if (space->tables[id].pa == pa) {
			return true;
		}
	}
	return false;
}

static void link_child(struct space *space, uint32_t id, struct run *run, uint64_t va)
{
	unsigned int level = space->tables[id].level;
	uint32_t child = add_table(space, run->look.pa, va, level - 1, run->look.below);
	struct table *table = &space->tables[child];

	table->parent = id;
	table->index = run->index;
	if (is_ancestor(space, id, table->pa)) {
		table->state = TABLE_LOOP;
	}
	run->child = child;
}

static void add_descriptor(struct space *space, uint32_t id, uint32_t index, uint64_t desc)
{
	struct table *table = &space->tables[id];
	uint64_t va = table->va + index * level_size(space->decoder.format, table->level);
	struct look look;
	struct run *run;

	decode(&space->decoder, desc, table->level, table->below, &look);
	place_in_run(space, table->level, va, &look);
	table->used_count += look.kind != LOOK_EMPTY;
	if (table->run_count != 0) {
		run = &space->runs[space->run_count - 1];
		if (continues(space, run, desc, &look, table->level)) {
			run->step = desc - (run->desc + run->step * (run->count - 1));
			run->count++;
			return;
		}
	}
	space->runs = grow(space->runs, space->run_count, sizeof(*space->runs));
	run = &space->runs[space->run_count++];
	memset(run, 0, sizeof(*run));
	run->desc = desc;
	run->look = look;
	run->index = index;
	run->count = 1;
	run->child = NO_TABLE;
	table->run_count++;
	if (look.kind == LOOK_TABLE) {
		link_child(space, id, run, va);
	}
}

/* Tables to be read, the next one last. */
struct pending {
	uint32_t *ids;
	size_t count;
};

static void read_table(struct image *image, struct space *space, uint32_t id, uint64_t *words)
{
	struct table *table = &space->tables[id];
	uint32_t entry_count = table->entry_count;

	if (!memory_read_words(&image->memory, table->pa, words, entry_count)) {
		table->state = TABLE_MISSING;
		return;
	}
	table->state = TABLE_READ;
	table->first_run = space->run_count;
	for (uint32_t i = 0; i < entry_count; i++) {
		add_descriptor(space, id, i, words[i]); /* may move the tables */
	}
}

/* Puts the tables from `first` on, which were found last, in front of all that wait. */
static void wait_in_order(struct pending *pending, const struct space *space, size_t first)
{
	for (size_t id = space->table_count; id-- > first;) {
		if (space->tables[id].state != TABLE_LOOP) {
			pending->ids = grow(pending->ids, pending->count, sizeof(*pending->ids));
			pending->ids[pending->count++] = (uint32_t)id;
		}
	}
}

/* In the order of addresses, so that what a limit allows is whole from the lowest address on. */
static void read_tables(struct image *image, struct space *space, uint64_t *words)
{
	uint64_t left = space->limit != 0 ? space->limit : SCAN_LIMIT;
	struct pending pending = {0};

	(void)add_table(space, space->root, 0, space->root_level, 0);
	wait_in_order(&pending, space, 0);
	while (pending.count > 0) {
		uint32_t id = pending.ids[--pending.count];
		uint32_t entry_count = space->tables[id].entry_count;
		size_t known = space->table_count;

		if (entry_count > left || space->run_count > SCAN_RUNS_MAX) {
			space->is_cut = true;
			break;
		}
		left -= entry_count;
		read_table(image, space, id, words);
		wait_in_order(&pending, space, known);
	}
	free(pending.ids);
}

void scan_space(struct image *image, unsigned int index)
{
	struct space *space = &image->spaces[index];
	uint64_t *words;

	space->root_level = (uint8_t)root_level_of(space);
	words = calloc(UINT32_C(1) << space->decoder.format->codec->geometry.index_bits,
		       sizeof(*words));
	if (words == NULL) {
		give_up("out of memory");
	}
	read_tables(image, space, words);
	free(words);
	mappings_find(space, &image->names);
}

unsigned int scan_walk(const struct image *image, const struct space *space, uint64_t va,
		       struct step steps[VMM_LEVELS_MAX], uint64_t *pa)
{
	const struct format *format = space->decoder.format;
	uint64_t table = space->root;
	unsigned int level = space->root_level;
	unsigned int count = 0;
	unsigned int below = 0;

	for (;;) {
		struct step *step = &steps[count++];
		uint64_t size = level_size(format, level);

		memset(step, 0, sizeof(*step));
		step->table = table;
		step->level = (uint8_t)level;
		step->index = (uint32_t)(va / size) & (entries_at(space, level) - 1);
		step->missing = !memory_read_words(
			&image->memory, table + step->index * UINT64_C(8), &step->desc, 1);
		if (step->missing) {
			return count;
		}
		decode(&space->decoder, step->desc, level, below, &step->look);
		place_in_run(space, level, va & ~(size - 1), &step->look);
		if (step->look.kind == LOOK_LEAF) {
			*pa = step->look.pa + (va & (size - 1));
		}
		if (step->look.kind != LOOK_TABLE) {
			return count;
		}
		table = step->look.pa;
		below = step->look.below;
		level--;
	}
}
