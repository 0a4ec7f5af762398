/* SPDX-License-Identifier: MIT */
#ifndef RIVAL_TREES_H
#define RIVAL_TREES_H

/**
 * @file rival_trees.h
 * An address space by three plain red-black trees: used ranges by address, free ranges by address,
 * and free ranges by size and address. The way that textbooks have it: insertion and deletion with
 * parent links and colors in words of their own, a descent for every search, neighbors found by
 * search, a node for each free range. Nothing of the library is used.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rival_link {
	struct rival_link *parent_color; /* the lowest bit: red */
	struct rival_link *left, *right;
};

/** 40 bytes for a used range. */
struct rival_used {
	struct rival_link link;
	uint64_t start, size;
};

/** 64 bytes for a free one. */
struct rival_free {
	struct rival_link by_start, by_size;
	uint64_t start, size;
};

struct rival_trees {
	struct rival_link *used, *free_by_start, *free_by_size;
	struct rival_free *spare; /* chained by by_start.left */
};

void rival_trees_init(struct rival_trees *trees, uint64_t start, uint64_t size,
		      struct rival_free *nodes, size_t count);

/** Best fit, the lowest of the smallest; false: it fits nowhere. */
bool rival_trees_reserve(struct rival_trees *trees, uint64_t size, struct rival_used *node);

void rival_trees_release(struct rival_trees *trees, struct rival_used *node);

/** The range with the address, or NULL. */
struct rival_used *rival_trees_find(const struct rival_trees *trees, uint64_t address);

#endif /* RIVAL_TREES_H */
