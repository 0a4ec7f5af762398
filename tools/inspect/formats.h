/* SPDX-License-Identifier: MIT */
#ifndef INSPECT_FORMATS_H
#define INSPECT_FORMATS_H

/**
 * @file formats.h
 * The library's formats by name, with the codecs that their engines are made of.
 */

#include "common.h"

#include <vmm/format.h>

/** A format of the library. */
struct format {
	const char *name; /**< as on the command line: "aarch64-4k" */
	const struct vmm_format *vmm;
	const struct vmm_codec *codec;
	bool riscv;
};

/** Names of all, separated by commas. */
#define FORMAT_NAMES "aarch64-4k, aarch64-16k, aarch64-64k, riscv-sv39, riscv-sv48, riscv-sv57"

/** The format of that name, be it the command line's or vmm_geometry::name; NULL: none. */
const struct format *format_find(const char *name);

/** AArch64's by log2 of its granule; NULL: none. */
const struct format *format_of_granule(unsigned int page_shift);

/** RISC-V's by the number of its address bits; NULL: none. */
const struct format *format_of_riscv(unsigned int va_bits);

#endif /* INSPECT_FORMATS_H */
