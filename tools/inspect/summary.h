/* SPDX-License-Identifier: MIT */
#ifndef INSPECT_SUMMARY_H
#define INSPECT_SUMMARY_H

/**
 * @file summary.h
 * What is worth knowing about all tables of an image together.
 */

#include "scan.h"

/** The most aliases that are listed; more are only said to be there. */
#define ALIASES_MAX 1000

/** Two mappings of the same memory. */
struct alias {
	const struct mapping *a; /**< the one at the lower address */
	const struct mapping *b;
	uint64_t pa; /**< the first byte that they share */
	uint64_t size;
	bool mixed_wx;   /**< writable through one, executable through the other */
	bool mixed_type; /**< two kinds of memory: accesses may be lost or torn */
};

/** Addresses between mappings. */
struct hole {
	uint64_t va;
	uint64_t last;
	const struct space *space;
	const struct name *guard; /**< if it is, in part or whole, a guard on purpose; or NULL */
};

/** Leaves that one larger leaf could replace, by their descriptors and addresses alone. */
struct larger {
	const struct space *space;
	uint64_t va;
	unsigned int level;   /**< of the larger leaf */
	uint64_t table_count; /**< tables that would not be needed any more */
};

/** A name and what the tables make of it. */
struct mismatch {
	const struct name *name;
	uint64_t mapped; /**< bytes that are mapped: too few of a mapping, any of a guard */
};

/** Figures of one level of one space. */
struct level_figures {
	uint64_t leaf_count;
	uint64_t contig_count;   /**< leaves in contiguous runs */
	uint64_t run_candidates; /**< contiguous runs that could be told as such and are not */
	uint64_t table_count;    /**< tables, not frames: one that is linked twice counts twice */
	uint64_t slot_count;     /**< their descriptors */
	uint64_t used_count;     /**< their valid descriptors */
};

struct summary {
	struct level_figures levels[2][VMM_LEVELS_MAX]; /**< by space and level */
	uint64_t mapped_size[2];
	uint64_t frame_count;  /**< distinct frames with tables */
	uint64_t frame_size;   /**< all of them, in bytes */
	uint64_t shared_count; /**< tables that are linked more than once, beyond the first link */
	const struct mapping **wx;
	size_t wx_count;
	struct alias *aliases;
	size_t alias_count;
	bool more_aliases;
	struct hole *holes;
	size_t hole_count;
	struct larger *larger;
	size_t larger_count;
	struct mismatch *mismatches;
	size_t mismatch_count;
};

/** Fills a zeroed summary. */
void summarize(const struct image *image, struct summary *summary);

/** Whether anybody may write a mapping, and anybody execute it. */
bool mapping_is_wx(const struct mapping *mapping);

/** What a mapping is, in one word: "code", "read-only", "data", "device", "uncached", "user-code",
 *  "user-read-only", "user-data", "wx". */
const char *mapping_class(const struct mapping *mapping);

/* Private: parts of it. */
void summarize_aliases(const struct image *image, struct summary *summary);
void summarize_larger(const struct space *space, struct summary *summary);

#endif /* INSPECT_SUMMARY_H */
