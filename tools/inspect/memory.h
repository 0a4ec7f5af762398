/* SPDX-License-Identifier: MIT */
#ifndef INSPECT_MEMORY_H
#define INSPECT_MEMORY_H

/**
 * @file memory.h
 * Physical memory as far as it is known: pieces of files, or a machine behind a socket.
 */

#include "common.h"

struct remote;

/** Bytes that stand at a physical address. */
struct memory_piece {
	uint64_t pa;
	uint64_t size;
	const unsigned char *bytes;
};

/** Zeroed: no memory. */
struct memory {
	struct memory_piece *pieces;
	size_t piece_count;
	struct remote *remote; /**< asked for what no piece has; NULL: nobody is */
};

/** A file's bytes. Fails if it can't be read. */
const unsigned char *memory_map_file(const char *path, size_t *size);

/** Adds bytes, which live as long as the memory. Of pieces that overlap the first one counts. */
void memory_add(struct memory *memory, uint64_t pa, const unsigned char *bytes, uint64_t size);

/** Copies `size` bytes from `pa` on; false: some of them aren't there, and *to has no meaning. */
bool memory_read(const struct memory *memory, uint64_t pa, void *to, size_t size);

/** Copies `count` descriptors, which are little-endian, whatever this machine is. */
bool memory_read_words(const struct memory *memory, uint64_t pa, uint64_t *words, size_t count);

#endif /* INSPECT_MEMORY_H */
