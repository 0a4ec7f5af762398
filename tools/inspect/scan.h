/* SPDX-License-Identifier: MIT */
#ifndef INSPECT_SCAN_H
#define INSPECT_SCAN_H

/**
 * @file scan.h
 * Tables in memory, read once and kept as runs of descriptors, and the mappings that they make.
 *
 * Nothing in the tables is trusted: they may be damaged, or no tables at all. A table is never read
 * below itself, and the number of descriptors that are read, and of runs that are kept, is bounded.
 */

#include "decode.h"
#include "memory.h"
#include "names.h"

/** The most descriptors that are read of one root: 16 Mi, or 128 MiB of tables. */
#define SCAN_LIMIT (UINT64_C(1) << 24)
/** The most runs that are kept of one root. */
#define SCAN_RUNS_MAX (UINT32_C(1) << 20)

#define NO_TABLE UINT32_MAX

/** Descriptors side by side that are alike but for the address, which goes up with them. */
struct run {
	uint64_t desc;    /**< the first one */
	uint64_t step;    /**< from one to the next, modulo 2^64 */
	struct look look; /**< the first one's; pa is exact for each leaf */
	uint32_t index;
	uint32_t count; /**< 1 for table descriptors */
	uint32_t child; /**< the table, or NO_TABLE */
};

enum table_state {
	TABLE_READ,
	TABLE_MISSING, /**< its memory isn't there */
	TABLE_LOOP,    /**< it is one of those that lead to it */
	TABLE_LEFT     /**< the limit was reached before */
};

/** A table where a descriptor links it; one that is linked twice is here twice. */
struct table {
	uint64_t pa;
	uint64_t va; /**< the first address that it translates */
	size_t first_run;
	uint32_t run_count; /**< 0 unless it was read */
	uint32_t parent;    /**< NO_TABLE: the root. Parents come before their children */
	uint32_t index;     /**< of the descriptor that links it */
	uint32_t entry_count;
	uint32_t used_count; /**< valid descriptors */
	uint8_t level;
	uint8_t below;
	uint8_t state; /**< enum table_state */
};

/** Addresses that are mapped alike, to contiguous memory, under one name. */
struct mapping {
	uint64_t va;
	uint64_t size;
	uint64_t pa;
	uint64_t desc;                       /**< of the first leaf */
	struct look look;                    /**< of the first leaf */
	const struct name *name;             /**< NULL: none is known */
	uint64_t leaf_count[VMM_LEVELS_MAX]; /**< by level */
	uint64_t contig_count;               /**< leaves in runs */
};

/** Addresses that fault because of what the tables hold. */
struct problem {
	uint64_t va;
	uint64_t size;
	uint64_t desc;
	uint64_t table; /**< the physical address of the table that holds it */
	const char *why;
	uint8_t level;
};

/** All that one root translates. */
struct space {
	/* Set before scan_space(). */
	struct decoder decoder;
	enum vmm_half half;
	uint64_t root;
	uint8_t va_bits;
	uint64_t limit; /* of descriptors */
	/* The rest is what it found. */
	uint8_t root_level;
	bool is_cut; /**< a limit was reached */
	struct table *tables;
	size_t table_count;
	struct run *runs;
	size_t run_count;
	struct mapping *mappings;
	size_t mapping_count;
	struct problem *problems;
	size_t problem_count;
};

/** All that is known of a machine's tables. */
struct image {
	const char *source; /**< for people: where it came from */
	struct memory memory;
	struct names names;
	struct space spaces[2]; /**< in the order of addresses */
	unsigned int space_count;
};

/** Reads everything below the root of image->spaces[index]. Fails only if memory runs out. */
void scan_space(struct image *image, unsigned int index);

/** The address that an index into the tables stands for: in its half, or sign-extended. */
uint64_t space_address(const struct space *space, uint64_t index_va);

/** The space that translates an address; NULL: none does. */
const struct space *image_space_of(const struct image *image, uint64_t va);

/** "lower half", "upper half", "both halves". */
const char *half_text(enum vmm_half half);

/** A step of a walk. */
struct step {
	uint64_t table;
	uint64_t desc;
	struct look look;
	uint32_t index;
	uint8_t level;
	bool missing; /**< the table isn't in the memory that is known */
};

/**
 * Walks as the hardware does; reads what it needs and nothing else. Returns the number of steps;
 * the last one decides. *pa is written if that one is a leaf.
 */
unsigned int scan_walk(const struct image *image, const struct space *space, uint64_t va,
		       struct step steps[VMM_LEVELS_MAX], uint64_t *pa);

#endif /* INSPECT_SCAN_H */
