/* SPDX-License-Identifier: MIT */
#ifndef VMM_PRECOMPUTE_H
#define VMM_PRECOMPUTE_H

/**
 * @file precompute.h
 * For a kernel whose translation tables vmm-precompute makes: what it asks for, and what it finds.
 *
 * Stands alone, for C and for assembly. Requests are not loaded: they lie in a section of the ELF
 * file that takes no addresses, so they cost the image nothing. Link with precompute.ld, which
 * reserves the room. Options of the tool can take the place of each request; see
 * docs/precompute.md.
 *
 * Arguments are written as the assembler reads them: a symbol of the linker or of the program, a
 * number without a suffix, or sums of these; texts stand in quotes. Addresses are virtual.
 */

#ifndef __ASSEMBLER__

#include <stdint.h>

/**
 * What the tool left in the image, under the symbol vmm_precomputed. All zero: the tool did not
 * run. Addresses are physical. Where one table serves both halves (RISC-V), members of both halves
 * are alike.
 */
struct vmm_precomputed {
	uint64_t lower_root;       /**< of the lower half's table; 0: there is none */
	uint64_t upper_root;       /**< of the upper half's table; 0: there is none */
	uint64_t tables;           /**< the frames in use: borrowed, for struct vmm_table_config */
	uint64_t tables_size;      /**< in bytes */
	uint64_t spare;            /**< the frames reserved and not needed: all zero, and yours */
	uint64_t spare_size;       /**< in bytes */
	uint32_t lower_blob;       /**< offset from vmm_precomputed_blob */
	uint32_t lower_blob_size;  /**< in bytes; 0: there is none */
	uint32_t upper_blob;       /**< as above, for the upper half's table */
	uint32_t upper_blob_size;
};

/* precompute.ld defines these. Volatile, as it is the tool that sets them, not the program. */
extern const volatile struct vmm_precomputed vmm_precomputed;
extern const unsigned char vmm_precomputed_blob[];

/* What an argument, macros in it expanded, is as text. */
#define VMM_REQUEST_TEXT_(argument)  VMM_REQUEST_TEXT_1_(argument)
#define VMM_REQUEST_TEXT_1_(argument) #argument

/* A request: four numbers and two texts, one behind the other. */
#define VMM_REQUEST_(kind, a, b, c, words, name)                                       \
	__asm__(".pushsection .vmm_requests, \"\", %progbits; .8byte " #kind             \
		"; .8byte " VMM_REQUEST_TEXT_(a) "; .8byte " VMM_REQUEST_TEXT_(b)      \
		"; .8byte " VMM_REQUEST_TEXT_(c) "; .asciz " VMM_REQUEST_TEXT_(words)  \
		"; .asciz " VMM_REQUEST_TEXT_(name) "; .popsection")

#else

/* The preprocessor of assembly is no C99, and warns of macros that take any number of arguments. */
#pragma GCC system_header

/* Offsets into vmm_precomputed. */
#define VMM_PRECOMPUTED_LOWER_ROOT 0
#define VMM_PRECOMPUTED_UPPER_ROOT 8

/* The same, for the assembler. */
#define VMM_REQUEST_(kind, a, b, c, words, name)                     \
	.pushsection .vmm_requests, "", %progbits; .8byte kind;      \
	.8byte a; .8byte b; .8byte c; .asciz words; .asciz name;     \
	.popsection

#endif

/**
 * The format of the tables: "aarch64-4k", "aarch64-16k", "aarch64-64k", "riscv-sv39", "riscv-sv48"
 * or "riscv-sv57". @p va_bits and @p pa_bits: sizes of addresses; 0: the format's largest. @p
 * words, or "": "lower" or "upper", if addresses of the other half shall be an error; "svpbmt" and
 * "svnapot", if the CPU has them. Needed once.
 */
#define VMM_PRECOMPUTE_FORMAT(format, va_bits, pa_bits, words) \
	VMM_REQUEST_(1, va_bits, pa_bits, 0, words, format)

/**
 * A part of the image, from the symbol @p start up to @p end, under a name and rights of its own.
 * What the image's segments have that no request names gets the segment's.
 *
 * @p words: "ro", "rw" or "rx", the kernel's rights; or "uro", "urw" or "urx", the user's; and,
 * separated by spaces, "device", "nc" or "wt", memory that is not write-back; "local", not the
 * same in every address space; "pages", no large leaves; "contig", contiguous runs.
 */
#define VMM_PRECOMPUTE_MAP(name, start, end, words) VMM_REQUEST_(2, start, end, 0, words, name)

/** Memory that is not the image's: @p size bytes from physical @p pa on, at @p va. */
#define VMM_PRECOMPUTE_MAP_AT(name, va, size, pa, words) VMM_REQUEST_(3, va, size, pa, words, name)

/** Addresses that nothing is mapped at: of the image, from @p start up to @p end. */
#define VMM_PRECOMPUTE_GUARD(name, start, end) VMM_REQUEST_(4, start, end, 0, "", name)

/** Addresses to be kept free for drivers: the MMIO window of the manager that adopts the tables. */
#define VMM_PRECOMPUTE_WINDOW(va, size) VMM_REQUEST_(5, va, size, 0, "", "")

/** Addresses held for memory from @p pa on, to be mapped piece by piece: see vmm_lazy_at(). */
#define VMM_PRECOMPUTE_LAZY(name, va, size, pa, words) VMM_REQUEST_(6, va, size, pa, words, name)

/** A part of the image, mapped once more where it is in physical memory. */
#define VMM_PRECOMPUTE_IDENTITY(name, start, end, words) \
	VMM_REQUEST_(7, start, end, 0, words, name)

/** A part of the image that stays unmapped on purpose: code that only runs before translation. */
#define VMM_PRECOMPUTE_SKIP(start, end) VMM_REQUEST_(8, start, end, 0, "", "")

#endif /* VMM_PRECOMPUTE_H */
