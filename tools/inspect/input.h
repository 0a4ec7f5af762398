/* SPDX-License-Identifier: MIT */
#ifndef INSPECT_INPUT_H
#define INSPECT_INPUT_H

/**
 * @file input.h
 * From what the command line names to an image.
 */

#include "scan.h"

/** A file of bytes that begin at a physical address. */
struct raw_input {
	const char *path;
	uint64_t pa;
};

#define RAW_INPUTS_MAX 64

/** Where an image comes from. Members that are NULL, or 0 with its flag unset, were not given. */
struct input {
	const char *elf;
	const char *gdb;
	struct raw_input raw[RAW_INPUTS_MAX];
	unsigned int raw_count;
	unsigned int cpu;
	bool resume;
	const char *names;
	const struct format *format;
	bool has_root;
	uint64_t root; /**< of the lower half, or of both */
	bool has_upper_root;
	uint64_t upper_root;
	uint64_t va_bits; /**< 0: the format's largest, or what the source says */
	uint64_t pa_bits;
	bool has_mair;
	uint64_t mair;
	uint64_t limit;
};

/** Reads the image and closes the source. Fails if it can't be had, or says too little. */
void input_read(const struct input *input, struct image *image);

#endif /* INSPECT_INPUT_H */
