/* SPDX-License-Identifier: MIT */
/* Descriptors in words: what is common to the architectures. */

#include "decode.h"

#include <stdlib.h>
#include <string.h>

static const char *const mem_names[MEM_COUNT] = {
	"write-back", "write-through", "not cacheable", "device nGnRnE", "device nGnRE",
	"device GRE", "by platform",   "device nGRE",   "other memory",
};

void decoder_init(struct decoder *decoder, const struct format *format)
{
	memset(decoder, 0, sizeof(*decoder));
	decoder->format = format;
	decoder->probe.format = format->vmm;
	decoder->probe.flags = format->codec->geometry.flags;
	decoder->probe.pa_bits = format->codec->geometry.pa_bits_max;
	decoder->mair = decode_library_mair();
}

/* What the codec thinks of a descriptor that the hardware accepts. */
static bool codec_agrees(const struct decoder *decoder, uint64_t desc, unsigned int level,
			 unsigned int kind)
{
	const struct vmm_codec *codec = decoder->format->codec;
	enum vmm_kind said = codec->kind(&decoder->probe, desc, level);

	if (kind == LOOK_TABLE) {
		return said == VMM_KIND_TABLE;
	}
	return said == VMM_KIND_LEAF && codec->is_known(&decoder->probe, desc);
}

void decode(const struct decoder *decoder, uint64_t desc, unsigned int level, unsigned int below,
	    struct look *look)
{
	memset(look, 0, sizeof(*look));
	if ((desc & VMM_DESCRIPTOR_VALID) == 0) {
		return;
	}
	if (decoder->format->riscv) {
		decode_riscv(decoder, desc, level, below, look);
	} else {
		decode_aarch64(decoder, desc, level, below, look);
	}
	if (look->kind != LOOK_BAD && look->why == NULL &&
	    !codec_agrees(decoder, desc, level, look->kind)) {
		look->why = "an encoding that libvmm does not use";
	}
}

static void words_place(FILE *out, const struct decoder *decoder, unsigned int level,
			const struct look *look)
{
	char size[TEXT_MAX];

	fprintf(out, "%s of %s, %s, %s", level == 0 ? "page" : "block",
		text_size(size, level_size(decoder->format, level)), mem_name(look->mem),
		rights_text((char[TEXT_MAX]){0}, look->rights));
	fputs(look->global ? ", global" : ", of one ASID", out);
	if (look->contig) {
		fprintf(out, ", in a run of %u",
			1u << decoder->format->codec->geometry.run_shift[level]);
	}
	if (look->software != 0) {
		fprintf(out, ", software bits %u", look->software);
	}
}

const char *decode_words(const struct decoder *decoder, uint64_t desc, unsigned int level,
			 const struct look *look, char words[WORDS_MAX])
{
	FILE *out = fmemopen(words, WORDS_MAX, "w");

	if (out == NULL) {
		give_up("out of memory");
	}
	switch (look->kind) {
	case LOOK_EMPTY:
		fputs(desc == 0 ? "empty" : "not valid", out);
		break;
	case LOOK_BAD:
		fprintf(out, "damaged: %s", look->why);
		break;
	case LOOK_TABLE:
		fputs("table", out);
		break;
	default:
		words_place(out, decoder, level, look);
		break;
	}
	if (look->kind == LOOK_TABLE || look->kind == LOOK_LEAF) {
		if (decoder->format->riscv) {
			words_riscv(out, desc, look);
		} else {
			words_aarch64(out, decoder, desc, look);
		}
		if (look->why != NULL) {
			fprintf(out, " (foreign: %s)", look->why);
		}
	}
	if (fclose(out) != 0) {
		words[WORDS_MAX - 1] = '\0';
	}
	return words;
}

const char *mem_name(unsigned int mem)
{
	return mem < MEM_COUNT ? mem_names[mem] : mem_names[MEM_OTHER];
}

const char *rights_text(char text[TEXT_MAX], unsigned int rights)
{
	static const char letters[] = "rwxrwx";
	char shown[7];

	for (unsigned int i = 0; i < 6; i++) {
		shown[i] = '-';
		if ((rights >> i & 1) != 0) {
			shown[i] = letters[i];
		}
	}
	shown[6] = '\0';
	if ((rights >> 3) == 0) {
		snprintf(text, TEXT_MAX, "kernel %.3s", shown);
	} else {
		snprintf(text, TEXT_MAX, "kernel %.3s, user %.3s", shown, shown + 3);
	}
	return text;
}

bool look_is_alike(const struct look *a, const struct look *b)
{
	return a->kind == b->kind && a->mem == b->mem && a->rights == b->rights &&
	       a->software == b->software && a->global == b->global && a->accessed == b->accessed;
}

uint64_t level_size(const struct format *format, unsigned int level)
{
	const struct vmm_geometry *geometry = &format->codec->geometry;

	return UINT64_C(1) << (geometry->page_shift + level * geometry->index_bits);
}

int level_number(const struct format *format, unsigned int level)
{
	const struct vmm_geometry *geometry = &format->codec->geometry;

	return geometry->arch_level_of_page + (int)level * geometry->arch_level_step;
}
