/* SPDX-License-Identifier: MIT */
#ifndef INSPECT_ELF_INPUT_H
#define INSPECT_ELF_INPUT_H

/**
 * @file elf_input.h
 * A linked kernel, or a memory dump in the form of an ELF core file.
 */

#include "scan.h"

/**
 * Takes an ELF file's segments as memory, at their physical addresses, unless `only_names`; then
 * what vmm-precompute left in it: the record's names, and the roots as image->spaces.
 *
 * Returns whether there are precomputed tables. Fails on what is no 64-bit little-endian ELF file.
 */
bool elf_input_read(struct image *image, const char *path, bool only_names);

#endif /* INSPECT_ELF_INPUT_H */
