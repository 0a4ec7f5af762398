/* SPDX-License-Identifier: MIT */
#ifndef RIVAL_BINS_H
#define RIVAL_BINS_H

/**
 * @file rival_bins.h
 * The bound for an address space: a list for each size in pages up to 1024 and one for each eighth
 * of a power of two above, bitmaps to find the first that isn't empty, nodes that know their
 * neighbors in memory, and a hash by start. It finds a range by its exact start only, takes any gap
 * of the best size, and can't serve alignment, windows or fixed places: what is left when every
 * promise is dropped.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RIVAL_EXACT 1024u
#define RIVAL_BINS  (RIVAL_EXACT + 8 * 44)

/** 48 bytes for a range, used or free. */
struct rival_node {
	uint64_t start;           /* in pages */
	uint64_t size;            /* in pages; the highest bit: free */
	struct rival_node *before, *behind;    /* in memory */
	struct rival_node *previous, *next;    /* in a bin, or next in a bucket */
};

struct rival_bins {
	struct rival_node *bins[RIVAL_BINS];
	uint64_t map[(RIVAL_BINS + 63) / 64];
	uint64_t map_of_maps;
	struct rival_node *spare;
	struct rival_node **buckets;
	unsigned int bucket_shift;
};

/** `buckets` has 2^bucket_log places. */
void rival_bins_init(struct rival_bins *bins, uint64_t start, uint64_t size,
		     struct rival_node *nodes, size_t count, struct rival_node **buckets,
		     unsigned int bucket_log);

/** NULL: it fits nowhere. */
struct rival_node *rival_bins_reserve(struct rival_bins *bins, uint64_t size);
void rival_bins_release(struct rival_bins *bins, struct rival_node *node);
struct rival_node *rival_bins_find(const struct rival_bins *bins, uint64_t start);

#endif /* RIVAL_BINS_H */
