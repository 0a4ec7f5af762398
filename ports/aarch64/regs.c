/* SPDX-License-Identifier: MIT */
/*
 * The words that EL1's system registers take, computed without touching one. Plain C, so that tests
 * compare them on any machine.
 *
 * Arm ARM DDI 0487: D24.2 (the registers, by name), C6.2 and the TLBI pages (operands). The
 * granule is read from the frame source, not from the format: before relocation no link-time
 * pointer may be followed.
 */

#include <vmm/aarch64.h>

#include "aarch64_codec.h"

/* TCR_EL1, fields of the lower half; those of the upper half are 16 bits higher, but for TG1. */
#define TCR_EPD             (UINT64_C(1) << 7)
#define TCR_IRGN_WRITE_BACK (UINT64_C(1) << 8)
#define TCR_ORGN_WRITE_BACK (UINT64_C(1) << 10)
#define TCR_SH_SHIFT        12
#define TCR_TG0_SHIFT       14
#define TCR_UPPER_SHIFT     16
#define TCR_TG1_SHIFT       30
#define TCR_IPS_SHIFT       32
#define TCR_ASID16          (UINT64_C(1) << 36)

#define TTBR_ASID_SHIFT 48

/* SCTLR_EL1. Bits 29, 28, 23, 22, 20 and 11 are RES1 in Armv8.0; later versions give some of them a
 * meaning whose old behavior is 1. */
#define SCTLR_RES1 UINT64_C(0x30d00800)
#define SCTLR_M    (UINT64_C(1) << 0)
#define SCTLR_C    (UINT64_C(1) << 2)
#define SCTLR_I    (UINT64_C(1) << 12)

/* The operand of TLBI by address. */
#define TLBI_ADDRESS_MASK ((UINT64_C(1) << 44) - 1)
#define TLBI_TTL_SHIFT    44
#define TLBI_ASID_SHIFT   48

/* The sizes that TCR_EL1.IPS and ID_AA64MMFR0_EL1.PARange stand for. */
static const uint8_t pa_sizes[] = {32, 36, 40, 42, 44, 48, 52};
#define PA_SIZE_COUNT (sizeof(pa_sizes) / sizeof(pa_sizes[0]))

/* --- features --- */

static unsigned int id_field(uint64_t word, unsigned int shift)
{
	return (unsigned int)(word >> shift) & 0xf;
}

/* Fields of ID registers only grow; where absence is 0xf they are signed (D24.1.3). */
static bool id_field_is_negative(uint64_t word, unsigned int shift)
{
	return id_field(word, shift) >= 8;
}

void vmm_aarch64_features_from(uint64_t mmfr0, uint64_t mmfr1, uint64_t mmfr2,
			       struct vmm_aarch64_features *features)
{
	unsigned int pa_range = id_field(mmfr0, 0);
	unsigned int bbm = id_field(mmfr2, 52);

	features->granule_4k = !id_field_is_negative(mmfr0, 28);
	features->granule_16k = id_field(mmfr0, 20) != 0;
	features->granule_64k = !id_field_is_negative(mmfr0, 24);
	features->ets2 = id_field(mmfr1, 36) >= 2;
	features->ntlbpa = id_field(mmfr1, 48) != 0;
	features->ttl = id_field(mmfr2, 48) != 0;
	features->bbm_level = (uint8_t)(bbm < 2 ? bbm : 2);
	features->pa_bits = pa_sizes[pa_range < PA_SIZE_COUNT ? pa_range : PA_SIZE_COUNT - 1];
	features->asid_bits = id_field(mmfr0, 4) >= 2 ? 16 : 8;
}

static bool has_granule(const struct vmm_aarch64_features *features, unsigned int page_shift)
{
	switch (page_shift) {
	case 12:
		return features->granule_4k;
	case 14:
		return features->granule_16k;
	case 16:
		return features->granule_64k;
	default:
		return false;
	}
}

/* --- TCR_EL1 --- */

/* TG0 and TG1 number the granules differently. */
static uint64_t granule_lower(unsigned int page_shift)
{
	return page_shift == 12 ? 0 : page_shift == 14 ? 2 : 1;
}

static uint64_t granule_upper(unsigned int page_shift)
{
	return page_shift == 12 ? 2 : page_shift == 14 ? 1 : 3;
}

/* Size, cacheability and shareability of the walks of one half, where the lower one has them. */
static uint64_t half_word(const struct vmm_table *table)
{
	return (64u - table->va_bits) | TCR_IRGN_WRITE_BACK | TCR_ORGN_WRITE_BACK |
	       (uint64_t)AARCH64_SHARE_INNER << TCR_SH_SHIFT;
}

/* The index of the smallest size that holds `bits`, or the last one. */
static unsigned int pa_size_index(unsigned int bits)
{
	unsigned int index = 0;

	while (index < PA_SIZE_COUNT - 1 && pa_sizes[index] < bits) {
		index++;
	}
	return index;
}

static unsigned int smaller(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

/* What the tables want, but not more than the CPU has: above that the field would be reserved. */
static unsigned int output_size_index(const struct vmm_table *lower, const struct vmm_table *upper,
				      const struct vmm_aarch64_features *features)
{
	unsigned int wanted = lower->pa_bits > upper->pa_bits ? lower->pa_bits : upper->pa_bits;

	return smaller(pa_size_index(wanted), pa_size_index(features->pa_bits));
}

/* --- the plan --- */

static enum vmm_err check_half(const struct vmm_table *table, enum vmm_half half,
			       const struct vmm_aarch64_features *features)
{
	if (table == NULL) {
		return VMM_OK;
	}
	if (table->format == NULL || table->frames == NULL) {
		return VMM_ERR_UNSUPPORTED;
	}
	if (table->half != half) {
		return VMM_ERR_RANGE;
	}
	if (!has_granule(features, table->frames->page_shift)) {
		return VMM_ERR_UNSUPPORTED;
	}
	return table->root >> features->pa_bits != 0 ? VMM_ERR_PHYS : VMM_OK;
}

/* MAIR_EL1: the bytes of the codec's kinds of memory, in the codec's order. */
static uint64_t mair_word(void)
{
	uint64_t word = 0;
	unsigned int i;

	for (i = 0; i < 8; i++) {
		word |= (uint64_t)aarch64_memories[i].mair << (8 * i);
	}
	return word;
}

uint64_t vmm_aarch64_ttbr(const struct vmm_table *table)
{
	return table->root | (uint64_t)table->asid << TTBR_ASID_SHIFT;
}

enum vmm_err vmm_aarch64_plan_enable(const struct vmm_table *lower, const struct vmm_table *upper,
				     const struct vmm_aarch64_features *features,
				     struct vmm_aarch64_regs *regs)
{
	/* A half without a table takes the other's fields, which are legal, and walks nothing. */
	const struct vmm_table *low = lower != NULL ? lower : upper;
	const struct vmm_table *high = upper != NULL ? upper : lower;
	unsigned int asid_bits = features->asid_bits;
	enum vmm_err err;

	if (low == NULL) {
		return VMM_ERR_EMPTY;
	}
	err = check_half(lower, VMM_LOWER_HALF, features);
	if (err == VMM_OK) {
		err = check_half(upper, VMM_UPPER_HALF, features);
	}
	if (err != VMM_OK) {
		return err;
	}
	asid_bits = smaller(asid_bits, smaller(low->asid_bits, high->asid_bits));
	if (low->asid >> asid_bits != 0 || high->asid >> asid_bits != 0) {
		return VMM_ERR_UNSUPPORTED;
	}

	regs->mair = mair_word();
	regs->tcr = half_word(low) | granule_lower(low->frames->page_shift) << TCR_TG0_SHIFT |
		    half_word(high) << TCR_UPPER_SHIFT |
		    granule_upper(high->frames->page_shift) << TCR_TG1_SHIFT |
		    (uint64_t)output_size_index(low, high, features) << TCR_IPS_SHIFT |
		    (lower == NULL ? TCR_EPD : 0) |
		    (upper == NULL ? TCR_EPD << TCR_UPPER_SHIFT : 0) |
		    (asid_bits == 16 ? TCR_ASID16 : 0);
	/* TCR_EL1.A1 is clear: TTBR0_EL1 has the current ASID, with a table or without. */
	regs->ttbr0 =
		lower != NULL ? vmm_aarch64_ttbr(lower) : (uint64_t)upper->asid << TTBR_ASID_SHIFT;
	regs->ttbr1 = upper != NULL ? vmm_aarch64_ttbr(upper) : 0;
	regs->sctlr = SCTLR_RES1 | SCTLR_M | SCTLR_C | SCTLR_I;
	return VMM_OK;
}

/* --- TLBI --- */

/* TTL: the granule in bits 3:2, the level in bits 1:0; 0 is no hint. */
static uint64_t level_hint(unsigned int page_shift, int arch_level)
{
	if (arch_level < 1 || arch_level > 3) {
		return 0;
	}
	return (uint64_t)(page_shift / 2 - 5) << 2 | (unsigned int)arch_level;
}

/*
 * VA[55:12] stands in bits 43:0 for every granule; for the larger ones its lowest bits are RES0.
 * Without the mask the sign of an upper address would land in TTL and ASID.
 */
uint64_t vmm_aarch64_tlbi_operand(vmm_va_t va, unsigned int page_shift, int arch_level,
				  uint16_t asid, unsigned int asid_bits)
{
	uint64_t address = vmm_va_raw(vmm_va_align_down(va, page_shift)) >> 12 & TLBI_ADDRESS_MASK;
	uint64_t tag = asid & vmm_addr_mask_(asid_bits);
	uint64_t hint = level_hint(page_shift, arch_level);

	return tag << TLBI_ASID_SHIFT | hint << TLBI_TTL_SHIFT | address;
}
