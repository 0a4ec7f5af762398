/* SPDX-License-Identifier: MIT */
#include "rival_bins.h"

#define FREE (UINT64_C(1) << 63)

static unsigned int bin_of(uint64_t size)
{
	unsigned int log;

	if (size <= RIVAL_EXACT) {
		return (unsigned int)size - 1;
	}
	log = 63 - (unsigned int)__builtin_clzll(size);
	return RIVAL_EXACT + (log - 10) * 8 + (unsigned int)(size >> (log - 3) & 7);
}

static struct rival_node **bucket_of(const struct rival_bins *bins, uint64_t start)
{
	return &bins->buckets[start * UINT64_C(0x9e3779b97f4a7c15) >> bins->bucket_shift];
}

static void file(struct rival_bins *bins, struct rival_node *node)
{
	unsigned int bin = bin_of(node->size);

	node->size |= FREE;
	node->previous = NULL;
	node->next = bins->bins[bin];
	if (node->next != NULL) {
		node->next->previous = node;
	} else {
		bins->map[bin / 64] |= UINT64_C(1) << (bin % 64);
		bins->map_of_maps |= UINT64_C(1) << (bin / 64);
	}
	bins->bins[bin] = node;
}

static void unfile(struct rival_bins *bins, struct rival_node *node)
{
	node->size &= ~FREE;
	if (node->next != NULL) {
		node->next->previous = node->previous;
	}
	if (node->previous != NULL) {
		node->previous->next = node->next;
	} else {
		unsigned int bin = bin_of(node->size);

		bins->bins[bin] = node->next;
		if (node->next == NULL) {
			bins->map[bin / 64] &= ~(UINT64_C(1) << (bin % 64));
			if (bins->map[bin / 64] == 0) {
				bins->map_of_maps &= ~(UINT64_C(1) << (bin / 64));
			}
		}
	}
}

static void drop(struct rival_bins *bins, struct rival_node *node)
{
	node->next = bins->spare;
	bins->spare = node;
}

void rival_bins_init(struct rival_bins *bins, uint64_t start, uint64_t size,
		     struct rival_node *nodes, size_t count, struct rival_node **buckets,
		     unsigned int bucket_log)
{
	size_t i;

	for (i = 0; i < RIVAL_BINS; i++) {
		bins->bins[i] = NULL;
	}
	for (i = 0; i < sizeof(bins->map) / sizeof(bins->map[0]); i++) {
		bins->map[i] = 0;
	}
	for (i = 0; i < (size_t)1 << bucket_log; i++) {
		buckets[i] = NULL;
	}
	bins->map_of_maps = 0;
	bins->buckets = buckets;
	bins->bucket_shift = 64 - bucket_log;
	bins->spare = NULL;
	for (i = count; i > 1; i--) {
		drop(bins, &nodes[i - 1]);
	}
	nodes[0].start = start;
	nodes[0].size = size;
	nodes[0].before = nodes[0].behind = NULL;
	file(bins, &nodes[0]);
}

/* The first gap of a bin from `bin` on. */
static struct rival_node *first_from(const struct rival_bins *bins, unsigned int bin)
{
	unsigned int word = bin / 64;
	uint64_t bits = bins->map[word] & (UINT64_MAX << (bin % 64));

	if (bits == 0) {
		uint64_t words = word == 63 ? 0 : bins->map_of_maps & (UINT64_MAX << (word + 1));

		if (words == 0) {
			return NULL;
		}
		word = (unsigned int)__builtin_ctzll(words);
		bits = bins->map[word];
	}
	return bins->bins[word * 64 + (unsigned int)__builtin_ctzll(bits)];
}

/* Of a bin that has several sizes one must be looked for that is large enough. */
static struct rival_node *search(const struct rival_bins *bins, uint64_t size)
{
	unsigned int bin = bin_of(size);
	struct rival_node *node;

	if (size > RIVAL_EXACT) {
		for (node = bins->bins[bin]; node != NULL; node = node->next) {
			if ((node->size & ~FREE) >= size) {
				return node;
			}
		}
		bin++;
	}
	return bin < RIVAL_BINS ? first_from(bins, bin) : NULL;
}

struct rival_node *rival_bins_reserve(struct rival_bins *bins, uint64_t size)
{
	struct rival_node *node = search(bins, size);
	struct rival_node **bucket;

	if (node == NULL) {
		return NULL;
	}
	unfile(bins, node);
	if (node->size > size) {
		struct rival_node *rest = bins->spare;

		bins->spare = rest->next;
		rest->start = node->start + size;
		rest->size = node->size - size;
		rest->before = node;
		rest->behind = node->behind;
		if (rest->behind != NULL) {
			rest->behind->before = rest;
		}
		node->behind = rest;
		node->size = size;
		file(bins, rest);
	}
	bucket = bucket_of(bins, node->start);
	node->next = *bucket;
	*bucket = node;
	return node;
}

static bool is_free(const struct rival_node *node)
{
	return node != NULL && (node->size & FREE) != 0;
}

/* Adds the next node in memory to this one. */
static void swallow(struct rival_bins *bins, struct rival_node *node)
{
	struct rival_node *behind = node->behind;

	node->size += behind->size;
	node->behind = behind->behind;
	if (node->behind != NULL) {
		node->behind->before = node;
	}
	drop(bins, behind);
}

void rival_bins_release(struct rival_bins *bins, struct rival_node *node)
{
	struct rival_node **at = bucket_of(bins, node->start);

	while (*at != node) {
		at = &(*at)->next;
	}
	*at = node->next;
	if (is_free(node->behind)) {
		unfile(bins, node->behind);
		swallow(bins, node);
	}
	if (is_free(node->before)) {
		node = node->before;
		unfile(bins, node);
		swallow(bins, node);
	}
	file(bins, node);
}

struct rival_node *rival_bins_find(const struct rival_bins *bins, uint64_t start)
{
	struct rival_node *node = *bucket_of(bins, start);

	while (node != NULL && node->start != start) {
		node = node->next;
	}
	return node;
}
