/* SPDX-License-Identifier: MIT */
/*
 * Stage 1 descriptors of VMSAv8-64 at EL1 and EL0 as hardware reads them, without FEAT_LPA and
 * FEAT_LPA2: Arm ARM DDI 0487, D8.3 (formats), D8.4 (permissions), D8.5 (access flag), D8.6 (memory
 * attributes).
 */

#include "decode.h"

#include "aarch64_codec.h"

/* Bits that the library's codec has no name for, as it never sets them (table D8-52). */
#define NON_SECURE     (UINT64_C(1) << 5)
#define OUTPUT_49_48   (UINT64_C(3) << 48)
#define GUARDED        (UINT64_C(1) << 50)
#define DIRTY_MODIFIER (UINT64_C(1) << 51)
#define SOFTWARE_SHIFT 55
#define SOFTWARE       UINT64_C(15)
#define PBHA           (UINT64_C(15) << 59)
/* Of a table descriptor (table D8-50). */
#define PXN_TABLE        (UINT64_C(1) << 59)
#define UXN_TABLE        (UINT64_C(1) << 60)
#define AP_TABLE_NO_USER (UINT64_C(1) << 61)
#define AP_TABLE_RO      (UINT64_C(1) << 62)
#define LIMITS_OF_TABLE  (PXN_TABLE | UXN_TABLE | AP_TABLE_NO_USER | AP_TABLE_RO)

uint64_t decode_library_mair(void)
{
	uint64_t mair = 0;

	for (unsigned int i = 0; i < 8; i++) {
		mair |= (uint64_t)aarch64_memories[i].mair << (8 * i);
	}
	return mair;
}

static uint8_t mair_byte(const struct decoder *decoder, uint64_t desc)
{
	uint64_t index = (desc & AARCH64_ATTR_INDEX) >> AARCH64_ATTR_INDEX_SHIFT;

	return (uint8_t)(decoder->mair >> (8 * index));
}

/* Half a byte of MAIR for normal memory: 0b0100 isn't cacheable; bit 3 without bit 2, and bits 3:2
 * both clear, are write-through; the others are write-back (D24.2, "MAIR_EL1"). */
static uint8_t normal_half(unsigned int half)
{
	if (half == 4) {
		return VMM_MEM_NC;
	}
	return (half & 4) != 0 ? VMM_MEM_WB : VMM_MEM_WT;
}

static uint8_t mem_of(uint8_t mair)
{
	static const uint8_t devices[] = {VMM_MEM_DEV_NGNRNE, VMM_MEM_DEV_NGNRE, MEM_DEV_NGRE,
					  VMM_MEM_DEV_GRE};
	unsigned int outer = mair >> 4;
	unsigned int inner = mair & 15u;

	if (outer == 0) {
		return (inner & 3) == 0 ? devices[inner >> 2] : MEM_OTHER;
	}
	if (inner == 0 || normal_half(outer) != normal_half(inner)) {
		return MEM_OTHER;
	}
	return normal_half(outer);
}

/* Direct permissions, and what the table descriptors above take from them (D8.4.1, D8.4.2). */
static uint8_t rights_of(const struct decoder *decoder, uint64_t desc, unsigned int below)
{
	bool user = (desc & AARCH64_AP_USER) != 0 && (below & BELOW_NO_USER) == 0;
	bool write = (desc & AARCH64_AP_READ_ONLY) == 0 && (below & BELOW_READ_ONLY) == 0;
	bool kernel_run = (desc & AARCH64_PXN) == 0 && (below & BELOW_NO_KERNEL_RUN) == 0;
	bool user_run = (desc & AARCH64_UXN) == 0 && (below & BELOW_NO_USER_RUN) == 0;
	unsigned int rights = RIGHT_KERNEL_READ;

	/* EL1 never executes what EL0 may write; with WXN nobody does what he may write himself. */
	kernel_run = kernel_run && !(user && write) && !(decoder->wxn && write);
	user_run = user_run && !(decoder->wxn && user && write);
	rights |= write ? RIGHT_KERNEL_WRITE : 0;
	rights |= kernel_run ? RIGHT_KERNEL_EXECUTE : 0;
	rights |= user ? RIGHT_USER_READ : 0;
	rights |= user && write ? RIGHT_USER_WRITE : 0;
	rights |= user_run ? RIGHT_USER_EXECUTE : 0;
	return (uint8_t)rights;
}

static unsigned int below_of(const struct decoder *decoder, uint64_t desc)
{
	unsigned int below = 0;

	if (decoder->flat) {
		return 0;
	}
	below |= (desc & AP_TABLE_NO_USER) != 0 ? BELOW_NO_USER : 0;
	below |= (desc & AP_TABLE_RO) != 0 ? BELOW_READ_ONLY : 0;
	below |= (desc & PXN_TABLE) != 0 ? BELOW_NO_KERNEL_RUN : 0;
	below |= (desc & UXN_TABLE) != 0 ? BELOW_NO_USER_RUN : 0;
	return below;
}

/* What of a leaf the library never writes. */
static const char *foreign_leaf(const struct decoder *decoder, uint64_t desc, unsigned int level)
{
	uint64_t inside = level_size(decoder->format, level) - 1;

	if ((desc & AARCH64_AF) == 0) {
		return "the access flag is clear";
	}
	if ((desc & DIRTY_MODIFIER) != 0) {
		return "hardware keeps its dirty state (DBM)";
	}
	if ((desc & GUARDED) != 0) {
		return "a guarded page (GP)";
	}
	if ((desc & NON_SECURE) != 0) {
		return "NS is set";
	}
	if ((desc & OUTPUT_49_48) != 0 || (desc & inside & AARCH64_ADDRESS) != 0) {
		return "bits are set that are reserved, or of wider addresses";
	}
	if ((desc & AARCH64_PXN) == 0 && (desc & AARCH64_UXN) == 0) {
		return "kernel and user may execute it";
	}
	if ((desc & ~(AARCH64_LEAF_BITS | PBHA | SOFTWARE << SOFTWARE_SHIFT)) == 0 &&
	    (desc & AARCH64_LEAF_BITS) != desc) {
		return "bits of software or of page-based hardware attributes are set";
	}
	return NULL;
}

static const char *foreign_table(const struct decoder *decoder, uint64_t desc)
{
	uint64_t inside = level_size(decoder->format, 0) - 1;

	if ((desc & LIMITS_OF_TABLE) != 0) {
		return "a table descriptor with rights";
	}
	if ((desc & AARCH64_ADDRESS & inside) != 0) {
		return "reserved bits of the address are set";
	}
	return (desc & ~AARCH64_TABLE_BITS) != 0 ? "ignored bits are set" : NULL;
}

/* Why a valid descriptor faults, NULL: it doesn't (table D8-48, D8.3). */
static const char *fault_of(const struct decoder *decoder, uint64_t desc, unsigned int level,
			    bool is_table)
{
	if (level == 0 && (desc & AARCH64_TABLE_OR_PAGE) == 0) {
		return "reserved: bit 1 is clear at the last level";
	}
	if (!is_table && level > decoder->format->codec->geometry.leaf_level_max) {
		return "reserved: a block at a level that has none";
	}
	if ((desc & AARCH64_ADDRESS) >> decoder->probe.pa_bits != 0) {
		return "it leads beyond the physical addresses";
	}
	return NULL;
}

void decode_aarch64(const struct decoder *decoder, uint64_t desc, unsigned int level,
		    unsigned int below, struct look *look)
{
	bool is_table = level > 0 && (desc & AARCH64_TABLE_OR_PAGE) != 0;
	uint64_t inside = level_size(decoder->format, is_table ? 0 : level) - 1;

	look->why = fault_of(decoder, desc, level, is_table);
	if (look->why != NULL) {
		look->kind = LOOK_BAD;
		return;
	}
	look->pa = desc & AARCH64_ADDRESS & ~inside;
	if (is_table) {
		look->kind = LOOK_TABLE;
		look->below = (uint8_t)(below | below_of(decoder, desc));
		look->why = foreign_table(decoder, desc);
		return;
	}
	look->kind = LOOK_LEAF;
	look->why = foreign_leaf(decoder, desc, level);
	look->mem = mem_of(mair_byte(decoder, desc));
	look->rights = rights_of(decoder, desc, below);
	look->software = (uint8_t)(desc >> SOFTWARE_SHIFT & SOFTWARE);
	look->global = (desc & AARCH64_NOT_GLOBAL) == 0;
	look->accessed = (desc & AARCH64_AF) != 0;
	look->contig = (desc & AARCH64_CONTIGUOUS) != 0;
}

static void words_of_table(FILE *out, const struct look *look)
{
	fputs((look->below & BELOW_NO_USER) != 0 ? ", no user access below" : "", out);
	fputs((look->below & BELOW_READ_ONLY) != 0 ? ", read-only below" : "", out);
	fputs((look->below & BELOW_NO_KERNEL_RUN) != 0 ? ", not for the kernel to execute" : "",
	      out);
	fputs((look->below & BELOW_NO_USER_RUN) != 0 ? ", not for user programs to execute" : "",
	      out);
}

void words_aarch64(FILE *out, const struct decoder *decoder, uint64_t desc, const struct look *look)
{
	static const char *const shares[] = {"not shareable", "shareability 1 (reserved)",
					     "outer shareable", "inner shareable"};

	if (look->kind == LOOK_TABLE) {
		words_of_table(out, look);
		return;
	}
	/* All other memory is outer shareable, whatever the descriptor says (B2.10). */
	if (look->mem == VMM_MEM_WB || look->mem == VMM_MEM_WT) {
		fprintf(out, ", %s", shares[(desc & AARCH64_SHARE) >> AARCH64_SHARE_SHIFT]);
	} else if (look->mem == MEM_OTHER) {
		fprintf(out, ", type 0x%02x", mair_byte(decoder, desc));
	}
	fputs(look->accessed ? "" : ", access flag clear", out);
	fputs((desc & DIRTY_MODIFIER) != 0 ? ", DBM" : "", out);
	fputs((desc & GUARDED) != 0 ? ", guarded" : "", out);
}
