/* SPDX-License-Identifier: MIT */
/*
 * Descriptors of AArch64, stage 1, EL1 and EL0. Positions of bits are those of Arm ARM DDI 0487,
 * tables D8-48 to D8-52, written here as numbers; for every attribute, address and word.
 */

#include "../libvmm/attr.c"

#include "aarch64_codec.h"

#include "prove.h"

/* What vmm_table_effective() does before a format is asked. */
static bool is_stored(const struct vmm_table *table, uint32_t bits, bool allow_wx, vmm_attr_t *stored)
{
	return vmm_attr_check(vmm_attr(bits), allow_wx) == VMM_OK &&
	       aarch64_effective(table, vmm_attr(bits), stored) == VMM_OK;
}

static struct vmm_table table_of(uint8_t pa_bits)
{
	struct vmm_table table = { 0 };

	table.pa_bits = pa_bits;
	return table;
}

/* Bits 63:57, 51:48 and 5 stay clear: software's, PBHA, DBM, GP, OA[49:48], NS. */
bool prove_aarch64_no_reserved_bit(uint32_t bits, bool allow_wx, uint64_t pa, bool page)
{
	struct vmm_table table = table_of(48);
	vmm_attr_t stored;
	uint64_t desc;

	ONLY_IF(is_stored(&table, bits, allow_wx, &stored));
	ONLY_IF((pa & ~BITS(47, 12)) == 0);
	desc = aarch64_leaf(aarch64_attr_word(&table, stored), pa, page ? 0 : 1);
	HOLDS((desc & ~(BITS(56, 53) | BITS(47, 6) | BITS(4, 0))) == 0);
	/* Table D8-48: bits 1:0 are 0b11 for a page, 0b01 for a block. */
	HOLDS((desc & 3) == (page ? 3 : 1));
	/* The access flag, or the first access would fault. */
	HOLDS((desc >> 10 & 1) == 1);
	desc = aarch64_run(desc, page ? 0 : 1);
	HOLDS((desc & ~(BITS(56, 52) | BITS(47, 6) | BITS(4, 0))) == 0 && (desc >> 52 & 1) == 1);
	return true;
}

/* What a CPU reads in the leaf is what was asked for, no more and no less. */
bool prove_aarch64_permissions_are_those_asked_for(uint32_t bits, bool allow_wx, uint64_t pa)
{
	struct vmm_table table = table_of(48);
	vmm_attr_t stored;
	uint64_t desc;
	bool user, read_only, pxn, uxn;

	ONLY_IF(is_stored(&table, bits, allow_wx, &stored));
	ONLY_IF((pa & ~BITS(47, 12)) == 0);
	desc = aarch64_leaf(aarch64_attr_word(&table, stored), pa, 0);
	user = (desc >> 6 & 1) != 0;
	read_only = (desc >> 7 & 1) != 0;
	pxn = (desc >> 53 & 1) != 0;
	uxn = (desc >> 54 & 1) != 0;
	HOLDS(user == ((bits >> 7 & 1) != 0));
	HOLDS(read_only == ((bits >> 6 & 1) == 0));
	HOLDS((desc >> 11 & 1) == (1 ^ (bits >> 8 & 1)));
	/* Bits 5:4: 0 nobody executes it, 1 the kernel, 2 user programs. */
	HOLDS(pxn == ((bits >> 4 & 3) != 1));
	HOLDS(uxn == ((bits >> 4 & 3) != 2));
	/* D8.4.1: what EL0 may write EL1 never executes, so such a thing can't have been stored. */
	HOLDS(pxn || !user || read_only);
	HOLDS(uxn || user);
	/* Writable and executable only where that is allowed. */
	HOLDS(allow_wx || read_only || (pxn && uxn));
	HOLDS((desc >> 55 & 3) == (bits >> 10 & 3));
	return true;
}

/* MAIR byte by index: a device is never executable, and shareability is that of B2.10. */
bool prove_aarch64_memory_types(uint32_t bits, bool allow_wx)
{
	static const uint8_t mair_of_type[] = { 0xff, 0xbb, 0x44, 0x00, 0x04, 0x0c };
	struct vmm_table table = table_of(48);
	vmm_attr_t stored;
	uint64_t word;
	uint8_t mair;

	ONLY_IF(is_stored(&table, bits, allow_wx, &stored));
	HOLDS((bits & 0xf) < 6);
	word = aarch64_attr_word(&table, stored);
	mair = aarch64_memories[word >> 2 & 7].mair;
	HOLDS(mair == mair_of_type[bits & 7]);
	/* Table D8-52: SH 0b11 inner, 0b10 outer; caches are shared within the inner domain. */
	HOLDS((word >> 8 & 3) == (mair == 0xff || mair == 0xbb ? 3u : 2u));
	HOLDS((mair & 0xf0) != 0 || ((word >> 53 & 1) != 0 && (word >> 54 & 1) != 0));
	return true;
}

/* Encoding and decoding are inverse, as far as there is anything to decode: hints are not. */
bool prove_aarch64_attributes_come_back(uint32_t bits, bool allow_wx, uint64_t pa, bool page)
{
	struct vmm_table table = table_of(48);
	vmm_attr_t stored, back;
	uint64_t word, desc;

	ONLY_IF(is_stored(&table, bits, allow_wx, &stored));
	ONLY_IF((pa & ~BITS(47, 12)) == 0);
	word = aarch64_attr_word(&table, stored);
	desc = aarch64_leaf(word, pa, page ? 0 : 1);
	back = aarch64_attr(&table, desc, page ? 0 : 1);
	HOLDS(vmm_attr_is_same(back, stored) && !vmm_attr_has(back, VMM_ATTR_CONTIG));
	HOLDS(aarch64_word(desc, page ? 0 : 1) == word);
	HOLDS(aarch64_is_known(&table, desc));
	HOLDS(aarch64_is_global(desc) == vmm_attr_has(stored, VMM_ATTR_GLOBAL));
	HOLDS(!aarch64_in_run(desc, 0));
	desc = aarch64_run(desc, page ? 0 : 1);
	back = aarch64_attr(&table, desc, page ? 0 : 1);
	HOLDS(vmm_attr_is_same(back, stored) && vmm_attr_has(back, VMM_ATTR_CONTIG));
	HOLDS(aarch64_word(desc, page ? 0 : 1) == word && aarch64_in_run(desc, 0));
	HOLDS(aarch64_is_known(&table, desc));
	return true;
}

/* What is stored is itself attributes that can be asked for, and is stored as it is. */
bool prove_aarch64_effective_is_final(uint32_t bits, bool allow_wx)
{
	struct vmm_table table = table_of(48);
	vmm_attr_t stored, again;

	ONLY_IF(is_stored(&table, bits, allow_wx, &stored));
	HOLDS(is_stored(&table, stored.bits, allow_wx, &again));
	HOLDS(again.bits == stored.bits);
	return true;
}

/* Any word at all that passes for a leaf without damage says what could have been asked for. */
bool prove_aarch64_known_words_are_attributes(uint64_t desc)
{
	struct vmm_table table = table_of(48);
	vmm_attr_t attr, stored;

	ONLY_IF(aarch64_codec_4k_kind(&table, desc | 1, 0) == VMM_KIND_LEAF);
	ONLY_IF(aarch64_is_known(&table, desc | 1));
	attr = aarch64_attr(&table, desc | 1, 0);
	HOLDS(is_stored(&table, attr.bits, true, &stored));
	HOLDS(aarch64_attr_word(&table, stored) == aarch64_word(desc | 1, 0));
	return true;
}

/* One word is a table, a leaf, or neither: the three granules, every level, every address size. */
static bool kinds_hold(const struct vmm_table *table, const struct vmm_geometry *geometry,
		       enum vmm_kind kind, uint64_t desc, uint32_t level)
{
	uint64_t address = desc & BITS(47, 12);
	uint32_t shift = geometry->page_shift + level * geometry->index_bits;

	if (kind == VMM_KIND_TABLE) {
		HOLDS(level > 0 && (desc & 3) == 3);
		/* Hierarchical controls 63:59 clear, address of a whole table. */
		HOLDS((desc & ~(BITS(47, 0))) == 0 && (desc & BITS(11, 2)) == 0);
		HOLDS((address & ((UINT64_C(1) << geometry->page_shift) - 1)) == 0);
	} else if (kind == VMM_KIND_LEAF) {
		HOLDS(level <= geometry->leaf_level_max);
		HOLDS((desc & 3) == (level == 0 ? 3u : 1u));
		HOLDS((address & ((UINT64_C(1) << shift) - 1)) == 0);
		HOLDS((desc & (BITS(63, 57) | BITS(51, 48) | BITS(5, 5))) == 0);
	}
	HOLDS(kind == VMM_KIND_BAD || address >> table->pa_bits == 0);
	return true;
}

#define KINDS(granule, levels)                                                          \
	bool prove_aarch64_kinds_##granule(uint64_t word, uint32_t level, uint8_t pa_bits) \
	{                                                                               \
		struct vmm_table table = table_of(pa_bits);                             \
		uint64_t desc = word | 1;                                               \
                                                                                        \
		ONLY_IF(level < (levels) && pa_bits > 16 && pa_bits <= 48);             \
		return kinds_hold(&table, &aarch64_codec_##granule.geometry,            \
				  aarch64_codec_##granule##_kind(&table, desc, level), desc, \
				  level);                                               \
	}
KINDS(4k, 4)
KINDS(16k, 4)
KINDS(64k, 3)

/* A leaf that was made is one, and gives the address that was put in, plus the offset in it. */
#define OUTPUTS(granule, page_shift, index_bits, leaf_max)                                 \
	bool prove_aarch64_outputs_##granule(uint32_t bits, uint64_t pa, uint64_t va,      \
					     uint32_t level, uint8_t pa_bits)              \
	{                                                                                  \
		struct vmm_table table = table_of(pa_bits);                                \
		uint32_t shift = (page_shift) + level * (index_bits);                      \
		vmm_attr_t stored;                                                         \
		uint64_t desc, offset;                                                     \
                                                                                           \
		ONLY_IF(level <= (leaf_max) && pa_bits > 16 && pa_bits <= 48);             \
		ONLY_IF(is_stored(&table, bits, true, &stored));                           \
		offset = (UINT64_C(1) << shift) - 1;                                       \
		ONLY_IF((pa & offset) == 0 && pa >> pa_bits == 0);                         \
		desc = aarch64_leaf(aarch64_attr_word(&table, stored), pa, level);         \
		HOLDS(aarch64_codec_##granule##_kind(&table, desc, level) == VMM_KIND_LEAF); \
		HOLDS(aarch64_codec_##granule##_output(desc, level, va) ==                 \
		      (pa | (va & offset)));                                               \
		HOLDS(aarch64_codec_##granule##_output(aarch64_run(desc, level), level, va) == \
		      (pa | (va & offset)));                                               \
		return true;                                                               \
	}
OUTPUTS(4k, 12, 9, 2)
OUTPUTS(16k, 14, 11, 1)
OUTPUTS(64k, 16, 13, 1)

bool prove_aarch64_tables_come_back(uint64_t pa, uint32_t level)
{
	struct vmm_table table = table_of(48);

	ONLY_IF((pa & ~BITS(47, 12)) == 0 && level > 0 && level < 4);
	HOLDS(aarch64_next(aarch64_table(pa)) == pa);
	HOLDS(aarch64_codec_4k_kind(&table, aarch64_table(pa), level) == VMM_KIND_TABLE);
	/* And is no page where pages are: it lacks what every page has. */
	HOLDS(!aarch64_is_known(&table, aarch64_table(pa)));
	return true;
}

/* protect changes nothing but what it may: address, type, global and run stay. */
bool prove_aarch64_permission_bits_are_no_others(uint64_t desc, uint64_t word)
{
	uint64_t mask = aarch64_codec_4k.permission;
	uint64_t changed = (desc & ~mask) | (word & mask);

	HOLDS((mask & ~(BITS(56, 53) | BITS(7, 6))) == 0);
	HOLDS(((changed ^ desc) & ~(BITS(56, 53) | BITS(7, 6))) == 0);
	HOLDS((mask & aarch64_codec_4k.type) == 0);
	/* What protect must find as asked: AttrIndx 4:2, SH 9:8, nG 11. */
	HOLDS(aarch64_codec_4k.type == (BITS(4, 2) | BITS(9, 8) | BITS(11, 11)));
	return true;
}
