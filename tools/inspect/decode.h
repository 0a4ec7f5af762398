/* SPDX-License-Identifier: MIT */
#ifndef INSPECT_DECODE_H
#define INSPECT_DECODE_H

/**
 * @file decode.h
 * What a descriptor means to the hardware, and in words.
 *
 * The library's codecs refuse whatever they would not have written. Here the manual decides, so
 * that other kernels' tables can be looked at too; what the codec says is noted beside it.
 */

#include "formats.h"

enum look_kind {
	LOOK_EMPTY, /**< invalid: the hardware looks at no other bit */
	LOOK_TABLE,
	LOOK_LEAF,
	LOOK_BAD /**< valid, but reserved or out of range: an access faults */
};

/* Who may do what with a leaf. */
#define RIGHT_KERNEL_READ    0x01u
#define RIGHT_KERNEL_WRITE   0x02u
#define RIGHT_KERNEL_EXECUTE 0x04u
#define RIGHT_USER_READ      0x08u
#define RIGHT_USER_WRITE     0x10u
#define RIGHT_USER_EXECUTE   0x20u
#define RIGHTS_WRITE         (RIGHT_KERNEL_WRITE | RIGHT_USER_WRITE)
#define RIGHTS_EXECUTE       (RIGHT_KERNEL_EXECUTE | RIGHT_USER_EXECUTE)

/* What a table descriptor takes from, or gives to, everything below it. */
#define BELOW_NO_USER       0x01u
#define BELOW_READ_ONLY     0x02u
#define BELOW_NO_KERNEL_RUN 0x04u
#define BELOW_NO_USER_RUN   0x08u
#define BELOW_GLOBAL        0x10u

/* Kinds of memory beyond enum vmm_mem. */
#define MEM_DEV_NGRE 7
#define MEM_OTHER    8
#define MEM_COUNT    9

/** A descriptor, looked at. Members that its kind has no use for are 0. */
struct look {
	uint64_t pa; /**< of the table, or the first byte of the leaf */
	const char
		*why; /**< of a bad one: why; else what of it libvmm never writes; NULL: nothing */
	uint8_t kind; /**< enum look_kind */
	uint8_t mem;  /**< enum vmm_mem or a MEM_ above */
	uint8_t rights;   /**< RIGHT_ bits */
	uint8_t software; /**< the bits left to software */
	uint8_t below;    /**< BELOW_ bits; of a table, those from above included */
	bool global;
	bool accessed;
	bool contig;
};

/** How to read descriptors. */
struct decoder {
	const struct format *format;
	struct vmm_table probe; /**< flags and pa_bits, for the codec; no table */
	uint64_t mair;          /**< MAIR_EL1; the library's own by default */
	bool wxn;               /**< SCTLR_EL1.WXN: what is writable isn't executable */
	bool flat;              /**< TCR_EL1.HPDn: table descriptors limit nothing */
};

/** A decoder with the format's defaults: every extension that the library knows, full sizes. */
void decoder_init(struct decoder *decoder, const struct format *format);

/** Looks at a descriptor; `below`: of the table descriptors above it. */
void decode(const struct decoder *decoder, uint64_t desc, unsigned int level, unsigned int below,
	    struct look *look);

/** Room for the words of any descriptor. */
#define WORDS_MAX 400

/** All that a descriptor says, but for the address: "page of 4 KiB, write-back, kernel rw-". */
const char *decode_words(const struct decoder *decoder, uint64_t desc, unsigned int level,
			 const struct look *look, char words[WORDS_MAX]);

/** "write-back", "device nGnRE". */
const char *mem_name(unsigned int mem);

/** "kernel r-x" or "kernel rw-, user r--"; 32 bytes are enough. */
const char *rights_text(char text[TEXT_MAX], unsigned int rights);

/** Whether two leaves differ in nothing but place and size. */
bool look_is_alike(const struct look *a, const struct look *b);

/** The bytes that a descriptor covers. */
uint64_t level_size(const struct format *format, unsigned int level);

/** The architecture's number of a level. */
int level_number(const struct format *format, unsigned int level);

/* Private: one for each architecture. */
void decode_aarch64(const struct decoder *decoder, uint64_t desc, unsigned int level,
		    unsigned int below, struct look *look);
void decode_riscv(const struct decoder *decoder, uint64_t desc, unsigned int level,
		  unsigned int below, struct look *look);
void words_aarch64(FILE *out, const struct decoder *decoder, uint64_t desc,
		   const struct look *look);
void words_riscv(FILE *out, uint64_t desc, const struct look *look);
uint64_t decode_library_mair(void);

#endif /* INSPECT_DECODE_H */
