/* SPDX-License-Identifier: MIT */
/* The library's formats by name. */

#include "formats.h"

#include <string.h>

#include <vmm/aarch64.h>
#include <vmm/riscv.h>

#include "aarch64_codec.h"
#include "codec.h"

static const struct format formats[] = {
	{"aarch64-4k", &vmm_aarch64_4k, &aarch64_codec_4k, false},
	{"aarch64-16k", &vmm_aarch64_16k, &aarch64_codec_16k, false},
	{"aarch64-64k", &vmm_aarch64_64k, &aarch64_codec_64k, false},
	{"riscv-sv39", &vmm_riscv_sv39, &vmm_riscv_sv39_row_, true},
	{"riscv-sv48", &vmm_riscv_sv48, &vmm_riscv_sv48_row_, true},
	{"riscv-sv57", &vmm_riscv_sv57, &vmm_riscv_sv57_row_, true},
};

#define FORMAT_COUNT (sizeof(formats) / sizeof(formats[0]))

const struct format *format_find(const char *name)
{
	for (size_t i = 0; i < FORMAT_COUNT; i++) {
		if (strcmp(formats[i].name, name) == 0 ||
		    strcmp(formats[i].codec->geometry.name, name) == 0) {
			return &formats[i];
		}
	}
	return NULL;
}

const struct format *format_of_granule(unsigned int page_shift)
{
	for (size_t i = 0; i < FORMAT_COUNT; i++) {
		if (!formats[i].riscv && formats[i].codec->geometry.page_shift == page_shift) {
			return &formats[i];
		}
	}
	return NULL;
}

const struct format *format_of_riscv(unsigned int va_bits)
{
	for (size_t i = 0; i < FORMAT_COUNT; i++) {
		if (formats[i].riscv && formats[i].codec->geometry.va_bits_max == va_bits) {
			return &formats[i];
		}
	}
	return NULL;
}
