/* SPDX-License-Identifier: MIT */
/*
 * Everything as one JSON object. Addresses, sizes and descriptors are texts: many programs read
 * JSON's numbers with 53 bits.
 */

#include "show.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <vmm/version.h>

/* The words of descriptors, each once: tables repeat the same few. */
struct dictionary {
	char **words;
	size_t count;
	uint32_t *slots; /* index + 1 by hash; 0: free */
	size_t slot_count;
};

static size_t hash_of(const char *text)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */

	for (; *text != '\0'; text++) {
		hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
	}
	return (size_t)(hash ^ hash >> 32);
}

static uint32_t *slot_of(const struct dictionary *dictionary, const char *words)
{
	size_t slot = hash_of(words) & (dictionary->slot_count - 1);

	while (dictionary->slots[slot] != 0 &&
	       strcmp(dictionary->words[dictionary->slots[slot] - 1], words) != 0) {
		slot = (slot + 1) & (dictionary->slot_count - 1);
	}
	return &dictionary->slots[slot];
}

static void make_slots(struct dictionary *dictionary, size_t slot_count)
{
	free(dictionary->slots);
	dictionary->slots = calloc(slot_count, sizeof(*dictionary->slots));
	if (dictionary->slots == NULL) {
		give_up("out of memory");
	}
	dictionary->slot_count = slot_count;
	for (size_t i = 0; i < dictionary->count; i++) {
		*slot_of(dictionary, dictionary->words[i]) = (uint32_t)i + 1;
	}
}

static uint32_t index_of_words(struct dictionary *dictionary, const char *words)
{
	uint32_t *slot;

	if (dictionary->slot_count < 2 * (dictionary->count + 1)) {
		make_slots(dictionary,
			   dictionary->slot_count < 64 ? 64 : 4 * dictionary->slot_count);
	}
	slot = slot_of(dictionary, words);
	if (*slot == 0) {
		dictionary->words =
			grow(dictionary->words, dictionary->count, sizeof(*dictionary->words));
		dictionary->words[dictionary->count++] = keep_text(words);
		*slot = (uint32_t)dictionary->count;
	}
	return *slot - 1;
}

static void put_hex(FILE *out, const char *key, uint64_t value)
{
	fprintf(out, "\"%s\":\"0x%" PRIx64 "\"", key, value);
}

static void put_address_and_size(FILE *out, uint64_t va, uint64_t size)
{
	put_hex(out, "va", va);
	fputc(',', out);
	put_hex(out, "size", size);
}

/* "r-x---": the kernel's three, then the user's. */
static void put_rights(FILE *out, unsigned int rights)
{
	static const char letters[] = "rwxrwx";

	fputs("\"rights\":\"", out);
	for (unsigned int i = 0; i < 6; i++) {
		fputc((rights >> i & 1) != 0 ? letters[i] : '-', out);
	}
	fputc('"', out);
}

static void put_separator(FILE *out, size_t index)
{
	fputs(index == 0 ? "\n" : ",\n", out);
}

static void put_mapping(FILE *out, const struct mapping *mapping)
{
	bool first = true;

	fputc('{', out);
	put_address_and_size(out, mapping->va, mapping->size);
	fputc(',', out);
	put_hex(out, "pa", mapping->pa);
	fputc(',', out);
	put_hex(out, "descriptor", mapping->desc);
	fprintf(out, ",\"memory\":\"%s\",", mem_name(mapping->look.mem));
	put_rights(out, mapping->look.rights);
	fprintf(out, ",\"class\":\"%s\",\"global\":%s,\"accessed\":%s,\"software\":%u,\"leaves\":[",
		mapping_class(mapping), mapping->look.global ? "true" : "false",
		mapping->look.accessed ? "true" : "false", mapping->look.software);
	for (unsigned int level = 0; level < VMM_LEVELS_MAX; level++) {
		if (mapping->leaf_count[level] != 0) {
			fprintf(out, "%s[%u,%" PRIu64 "]", first ? "" : ",", level,
				mapping->leaf_count[level]);
			first = false;
		}
	}
	fprintf(out, "],\"in_runs\":%" PRIu64, mapping->contig_count);
	if (mapping->name != NULL) {
		fputs(",\"name\":", out);
		json_text(out, mapping->name->text);
	}
	fputc('}', out);
}

static void put_problem(FILE *out, const struct space *space, const struct problem *problem)
{
	fputc('{', out);
	put_address_and_size(out, problem->va, problem->size);
	fputc(',', out);
	put_hex(out, "table", problem->table);
	fputc(',', out);
	put_hex(out, "descriptor", problem->desc);
	fprintf(out, ",\"level\":%d,\"why\":", level_number(space->decoder.format, problem->level));
	json_text(out, problem->why);
	fputc('}', out);
}

/* [index, count, descriptor, step, kind, words, pa, child] */
static void put_run(FILE *out, const struct space *space, const struct table *table,
		    const struct run *run, struct dictionary *dictionary)
{
	static const char *const kinds[] = {"empty", "table", "leaf", "bad"};
	char words[WORDS_MAX];

	fprintf(out, "[%u,%u,\"0x%" PRIx64 "\",\"0x%" PRIx64 "\",\"%s\",%u,\"0x%" PRIx64 "\",",
		run->index, run->count, run->desc, run->step, kinds[run->look.kind],
		index_of_words(dictionary, decode_words(&space->decoder, run->desc, table->level,
							&run->look, words)),
		run->look.pa);
	if (run->child == NO_TABLE) {
		fputs("null]", out);
	} else {
		fprintf(out, "%u]", run->child);
	}
}

static void put_table(FILE *out, const struct space *space, const struct table *table,
		      struct dictionary *dictionary)
{
	static const char *const states[] = {"read", "missing", "loop", "left out"};
	bool first = true;

	fputc('{', out);
	put_hex(out, "pa", table->pa);
	fputc(',', out);
	put_hex(out, "va", space_address(space, table->va));
	fprintf(out, ",\"level\":%d,\"entries\":%u,\"used\":%u,\"state\":\"%s\",\"runs\":[",
		level_number(space->decoder.format, table->level), table->entry_count,
		table->used_count, states[table->state]);
	for (uint32_t i = 0; i < table->run_count; i++) {
		const struct run *run = &space->runs[table->first_run + i];

		if (run->look.kind != LOOK_EMPTY || run->desc != 0) {
			fputs(first ? "" : ",", out);
			put_run(out, space, table, run, dictionary);
			first = false;
		}
	}
	fputs("]}", out);
}

static void put_levels(FILE *out, const struct space *space, const struct level_figures *levels)
{
	fputs("\"levels\":[", out);
	for (unsigned int level = 0; level <= space->root_level; level++) {
		const struct level_figures *figures = &levels[level];

		put_separator(out, level);
		fprintf(out, "{\"level\":%d,", level_number(space->decoder.format, level));
		put_hex(out, "leaf_size", level_size(space->decoder.format, level));
		fprintf(out,
			",\"leaves\":%" PRIu64 ",\"in_runs\":%" PRIu64 ",\"could_be_runs\":%" PRIu64
			",\"tables\":%" PRIu64 ",\"descriptors\":%" PRIu64 ",\"used\":%" PRIu64 "}",
			figures->leaf_count, figures->contig_count, figures->run_candidates,
			figures->table_count, figures->slot_count, figures->used_count);
	}
	fputs("],\n", out);
}

static void put_space(FILE *out, const struct space *space, const struct level_figures *levels,
		      struct dictionary *dictionary)
{
	static const char *const halves[] = {"lower", "upper", "both"};
	const struct vmm_geometry *geometry = &space->decoder.format->codec->geometry;

	fprintf(out, "{\"half\":\"%s\",\"format\":\"%s\",\"format_name\":\"%s\",",
		halves[space->half], space->decoder.format->name, geometry->name);
	fprintf(out, "\"va_bits\":%u,\"pa_bits\":%u,\"page_shift\":%u,\"index_bits\":%u,",
		space->va_bits, space->decoder.probe.pa_bits, geometry->page_shift,
		geometry->index_bits);
	put_hex(out, "root", space->root);
	fprintf(out, ",\"cut\":%s,\n", space->is_cut ? "true" : "false");
	put_levels(out, space, levels);
	fputs("\"mappings\":[", out);
	for (size_t i = 0; i < space->mapping_count; i++) {
		put_separator(out, i);
		put_mapping(out, &space->mappings[i]);
	}
	fputs("],\n\"problems\":[", out);
	for (size_t i = 0; i < space->problem_count; i++) {
		put_separator(out, i);
		put_problem(out, space, &space->problems[i]);
	}
	fputs("],\n\"tables\":[", out);
	for (size_t i = 0; i < space->table_count; i++) {
		put_separator(out, i);
		put_table(out, space, &space->tables[i], dictionary);
	}
	fputs("]}", out);
}

static void put_holes(FILE *out, const struct summary *summary)
{
	fputs("\"holes\":[", out);
	for (size_t i = 0; i < summary->hole_count; i++) {
		const struct hole *hole = &summary->holes[i];

		put_separator(out, i);
		fputc('{', out);
		put_address_and_size(out, hole->va, hole->last - hole->va + 1);
		if (hole->guard != NULL) {
			fputs(",\"guard\":", out);
			json_text(out, hole->guard->text);
		}
		fputc('}', out);
	}
	fputs("],\n", out);
}

static void put_aliases(FILE *out, const struct summary *summary)
{
	fprintf(out, "\"more_aliases\":%s,\"aliases\":[", summary->more_aliases ? "true" : "false");
	for (size_t i = 0; i < summary->alias_count; i++) {
		const struct alias *alias = &summary->aliases[i];

		put_separator(out, i);
		fputc('{', out);
		put_hex(out, "pa", alias->pa);
		fputc(',', out);
		put_hex(out, "size", alias->size);
		fputc(',', out);
		put_hex(out, "a", alias->a->va);
		fputc(',', out);
		put_hex(out, "b", alias->b->va);
		fprintf(out, ",\"mixed_wx\":%s,\"mixed_type\":%s}",
			alias->mixed_wx ? "true" : "false", alias->mixed_type ? "true" : "false");
	}
	fputs("],\n", out);
}

static void put_larger(FILE *out, const struct summary *summary)
{
	fputs("\"could_be_larger\":[", out);
	for (size_t i = 0; i < summary->larger_count; i++) {
		const struct larger *larger = &summary->larger[i];

		put_separator(out, i);
		fputc('{', out);
		put_address_and_size(out, larger->va,
				     level_size(larger->space->decoder.format, larger->level));
		fprintf(out, ",\"tables\":%" PRIu64 "}", larger->table_count);
	}
	fputs("],\n", out);
}

static void put_summary(FILE *out, const struct image *image, const struct summary *summary)
{
	uint64_t mapped_size = 0;

	for (unsigned int i = 0; i < image->space_count; i++) {
		mapped_size += summary->mapped_size[i];
	}
	fputs("\"summary\":{", out);
	put_hex(out, "mapped", mapped_size);
	fprintf(out, ",\"table_frames\":%" PRIu64 ",", summary->frame_count);
	put_hex(out, "table_bytes", summary->frame_size);
	fprintf(out, ",\"links_to_shared\":%" PRIu64 ",\n\"wx\":[", summary->shared_count);
	for (size_t i = 0; i < summary->wx_count; i++) {
		fprintf(out, "%s\"0x%" PRIx64 "\"", i == 0 ? "" : ",", summary->wx[i]->va);
	}
	fputs("],\n", out);
	put_aliases(out, summary);
	put_holes(out, summary);
	put_larger(out, summary);
	fputs("\"mismatches\":[", out);
	for (size_t i = 0; i < summary->mismatch_count; i++) {
		const struct mismatch *mismatch = &summary->mismatches[i];

		put_separator(out, i);
		fputc('{', out);
		put_hex(out, "va", mismatch->name->va);
		fputc(',', out);
		put_hex(out, "mapped", mismatch->mapped);
		fputc('}', out);
	}
	fputs("]}", out);
}

static void put_names(FILE *out, const struct names *names)
{
	fputs("\"names\":[", out);
	for (size_t i = 0; i < names->count; i++) {
		const struct name *name = &names->list[i];

		put_separator(out, i);
		fputc('{', out);
		put_address_and_size(out, name->va, name->last - name->va + 1);
		fprintf(out, ",\"kind\":\"%s\",\"name\":", name_kind_text(name->kind));
		json_text(out, name->text);
		fputc('}', out);
	}
	fputs("],\n", out);
}

void show_json(FILE *out, const struct image *image, const struct summary *summary)
{
	struct dictionary dictionary = {0};

	fprintf(out, "{\"tool\":\"vmm-inspect\",\"version\":\"%d.%d.%d\",\"schema\":1,\"source\":",
		VMM_VERSION_MAJOR, VMM_VERSION_MINOR, VMM_VERSION_PATCH);
	json_text(out, image->source);
	fputs(",\n\"spaces\":[", out);
	for (unsigned int i = 0; i < image->space_count; i++) {
		put_separator(out, i);
		put_space(out, &image->spaces[i], summary->levels[i], &dictionary);
	}
	fputs("],\n", out);
	put_names(out, &image->names);
	put_summary(out, image, summary);
	fputs(",\n\"words\":[", out);
	for (size_t i = 0; i < dictionary.count; i++) {
		put_separator(out, i);
		json_text(out, dictionary.words[i]);
		free(dictionary.words[i]);
	}
	fputs("]}\n", out);
	free(dictionary.words);
	free(dictionary.slots);
}
