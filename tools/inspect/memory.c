/* SPDX-License-Identifier: MIT */
/* Physical memory, from files and from a remote machine. */

#include "memory.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "remote.h"

const unsigned char *memory_map_file(const char *path, size_t *size)
{
	static const unsigned char nothing[1];
	int file = open(path, O_RDONLY);
	struct stat status;
	void *bytes;

	if (file < 0 || fstat(file, &status) != 0) {
		give_up("%s: %s", path, strerror(errno));
	}
	*size = (size_t)status.st_size;
	if (*size == 0) {
		(void)close(file);
		return nothing;
	}
	bytes = mmap(NULL, *size, PROT_READ, MAP_PRIVATE, file, 0);
	if (bytes == MAP_FAILED) {
		give_up("%s: %s", path, strerror(errno));
	}
	(void)close(file);
	return bytes;
}

void memory_add(struct memory *memory, uint64_t pa, const unsigned char *bytes, uint64_t size)
{
	struct memory_piece *piece;

	if (size == 0) {
		return;
	}
	if (UINT64_MAX - pa < size - 1) {
		size = UINT64_MAX - pa + 1; /* what would wrap is at no address */
	}
	memory->pieces = grow(memory->pieces, memory->piece_count, sizeof(*memory->pieces));
	piece = &memory->pieces[memory->piece_count++];
	piece->pa = pa;
	piece->size = size;
	piece->bytes = bytes;
}

static const struct memory_piece *piece_at(const struct memory *memory, uint64_t pa)
{
	for (size_t i = 0; i < memory->piece_count; i++) {
		if (pa - memory->pieces[i].pa < memory->pieces[i].size) {
			return &memory->pieces[i];
		}
	}
	return NULL;
}

bool memory_read(const struct memory *memory, uint64_t pa, void *to, size_t size)
{
	unsigned char *next = to;

	/* Invariant: everything below `pa` is copied; pieces may meet in the middle of a frame. */
	while (size > 0) {
		const struct memory_piece *piece = piece_at(memory, pa);
		uint64_t there;

		if (piece == NULL) {
			return memory->remote != NULL &&
			       remote_read(memory->remote, pa, next, size);
		}
		there = piece->size - (pa - piece->pa);
		if (there > size) {
			there = size;
		}
		memcpy(next, piece->bytes + (pa - piece->pa), (size_t)there);
		next += there;
		pa += there;
		size -= (size_t)there;
	}
	return true;
}

bool memory_read_words(const struct memory *memory, uint64_t pa, uint64_t *words, size_t count)
{
	if (!memory_read(memory, pa, words, count * sizeof(*words))) {
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		unsigned char bytes[sizeof(*words)];
		uint64_t word = 0;

		memcpy(bytes, &words[i], sizeof(bytes));
		for (size_t byte = sizeof(bytes); byte-- > 0;) {
			word = word << 8 | bytes[byte];
		}
		words[i] = word;
	}
	return true;
}
