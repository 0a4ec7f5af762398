/* SPDX-License-Identifier: MIT */
#ifndef INSPECT_SHOW_H
#define INSPECT_SHOW_H

/**
 * @file show.h
 * Everything that vmm-inspect prints.
 */

#include "summary.h"

/** The mappings and guards, one line each. */
void show_list(FILE *out, const struct image *image);

/** The tables with each descriptor in words; `all`: every one of a run of leaves by itself. */
void show_tree(FILE *out, const struct image *image, bool all);

/** What the tables cost, and what looks odd. */
void show_summary(FILE *out, const struct image *image, const struct summary *summary);

/** The way from the root to an address. Returns whether something is mapped there. */
bool show_walk(FILE *out, const struct image *image, uint64_t va);

/** All that is known, as one JSON object; docs/inspect.md says what is in it. */
void show_json(FILE *out, const struct image *image, const struct summary *summary);

/** The tables as a graph for Graphviz. */
void show_dot(FILE *out, const struct image *image);

/** The JSON object in a page that draws it. */
void show_html(FILE *out, const struct image *image, const struct summary *summary);

/** What is mapped differently. Returns whether anything is. */
bool show_diff(FILE *out, const struct image *old_image, const struct image *new_image);

/** "4 x 2 MiB, 16 x 4 KiB": the leaves of a mapping. */
#define LEAVES_MAX 160
const char *leaves_text(char text[LEAVES_MAX], const struct format *format,
			const struct mapping *mapping);

#endif /* INSPECT_SHOW_H */
