/* SPDX-License-Identifier: MIT */
#ifndef INSPECT_NAMES_H
#define INSPECT_NAMES_H

/**
 * @file names.h
 * What ranges of addresses are called: from a record (blob.h) or from a list of lines.
 */

#include "common.h"

/** What a name says is at its addresses. */
enum name_kind {
	NAME_MAPPING,
	NAME_DEVICE, /**< mapped in the MMIO window */
	NAME_GUARD,  /**< never mapped */
	NAME_LAZY    /**< mapped piece by piece */
};

struct name {
	uint64_t va;
	uint64_t last; /**< the last byte */
	const char *text;
	enum name_kind kind;
};

/** Ordered by address, without overlaps; zeroed: none. */
struct names {
	struct name *list;
	size_t count;
};

/** Adds a range; one of size 0, or that overlaps an earlier one, is left out. */
void names_add(struct names *names, uint64_t va, uint64_t size, enum name_kind kind,
	       const char *text);

/**
 * Adds a file's lines, "START SIZE KIND NAME": numbers, one of "mapping", "device", "guard" and
 * "lazy", and text to the end of the line. Empty lines and lines that start with # are skipped.
 * Fails on any other line.
 */
void names_read(struct names *names, const char *path);

/** The first name whose last byte is at `va` or above; NULL: none. */
const struct name *names_from(const struct names *names, uint64_t va);

/** "mapping", "device", "guard", "lazy". */
const char *name_kind_text(enum name_kind kind);

#endif /* INSPECT_NAMES_H */
