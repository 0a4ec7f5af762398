/* SPDX-License-Identifier: MIT */
/*
 * The engine's arithmetic: levels and indices for the real formats, and the two closed forms that
 * predict frames, for small tables in which everything can be counted. The closed forms only shift,
 * compare and add, alike at every size; 10 bits of address hold every case of where a range begins
 * and ends.
 */

#include <vmm/engine/cut.h>
#include <vmm/engine/map.h>

#include "../libvmm/addr.c"
#include "../libvmm/engine.c"
#include "../libvmm/invalidate.c"
#include "../libvmm/reclaim.c"
#include "../libvmm/span.c"
#include "../libvmm/words.c"
#include "aarch64_codec.h"
#include "codec.h"

#include "prove.h"

/* --- levels and indices --- */

/* Each level's index, put in its place again, is the address: no bit is lost or used twice. */
#define INDICES(name, codec, levels, page, index)                                           \
	bool prove_engine_indices_##name(uint64_t va)                                       \
	{                                                                                   \
		uint64_t together = va & ((UINT64_C(1) << (page)) - 1);                     \
                                                                                            \
		ONLY_IF(va >> ((page) + (levels) * (index)) == 0);                          \
		for (unsigned int level = 0; level < (levels); level++) {                   \
			uint64_t at = vmm_index_(&(codec), level, va);                      \
                                                                                            \
			HOLDS(at < UINT64_C(1) << (index));                                 \
			HOLDS(vmm_reach_(&(codec), level) ==                                \
			      UINT64_C(1) << ((page) + level * (index)));                   \
			together += at * vmm_reach_(&(codec), level);                       \
		}                                                                           \
		HOLDS(together == va);                                                      \
		return true;                                                                \
	}
INDICES(4k, aarch64_codec_4k, 4, 12, 9)
INDICES(16k, aarch64_codec_16k, 4, 14, 11)
INDICES(64k, aarch64_codec_64k, 3, 16, 13)
INDICES(sv39, vmm_riscv_sv39_row_, 3, 12, 9)
INDICES(sv48, vmm_riscv_sv48_row_, 4, 12, 9)
INDICES(sv57, vmm_riscv_sv57_row_, 5, 12, 9)

/* The last address of a table: in the same one, and the next address is in another. */
bool prove_engine_table_last(uint64_t va, uint32_t level)
{
	uint64_t last;

	ONLY_IF(va >> 48 == 0 && level < 4);
	last = vmm_table_last_(&aarch64_codec_4k, level, va);
	HOLDS(last >= va && last >> (21 + 9 * level) == va >> (21 + 9 * level));
	HOLDS((last + 1) >> (21 + 9 * level) == (va >> (21 + 9 * level)) + 1);
	HOLDS(vmm_index_(&aarch64_codec_4k, level, last) == 511);
	return true;
}

/* An address with its extension indexes like one without, and gets it back. */
bool prove_engine_extension(uint64_t va, uint8_t half, uint8_t va_bits)
{
	struct vmm_table table = { 0 };
	uint64_t extended;

	ONLY_IF(half <= 2 && va_bits >= 25 && va_bits <= 57);
	table.half = half;
	table.va_bits = va_bits;
	table.va_mask = (UINT64_C(1) << va_bits) - 1;
	table.origin = origin_of((enum vmm_half)half, table.va_mask);
	ONLY_IF((va & ~table.va_mask) == 0);
	extended = vmm_extend_(&table, va);
	HOLDS((extended & table.va_mask) == va);
	/* Lower: zeros above; upper: ones; both: copies of the highest bit. */
	if (half == VMM_LOWER_HALF || (half == VMM_BOTH_HALVES && va >> (va_bits - 1) == 0)) {
		HOLDS(extended == va);
	} else {
		HOLDS(extended >> va_bits == ~UINT64_C(0) >> va_bits);
	}
	return true;
}

/* An address is the table's if it is one that some index gets as its extension, and else not. */
bool prove_engine_covers(uint64_t raw, uint8_t half, uint8_t va_bits)
{
	struct vmm_table table = { 0 };

	ONLY_IF(half <= 2 && va_bits >= 25 && va_bits <= 57);
	table.va_mask = (UINT64_C(1) << va_bits) - 1;
	table.origin = origin_of((enum vmm_half)half, table.va_mask);
	HOLDS(vmm_covers_(&table, raw) == (vmm_extend_(&table, raw & table.va_mask) == raw));
	return true;
}

/* --- the closed forms --- */

/* Pages of 2 bytes, four descriptors in a table. */
static const struct vmm_codec small = {
	.geometry = {
		.page_shift = 1,
		.index_bits = 2,
		.level_count = 4,
		.leaf_level_max = 3,
	},
};

#define TOP       3   /* level of the descriptors that are counted below */
#define SPACE     512 /* bytes of four of them */
#define SHIFT_OF(level) (1 + 2 * (level))

/* Whether a leaf of that level at `block` is within the range and congruent to its output. */
static bool has_leaf(uint64_t va, uint64_t last, uint64_t pa, uint32_t leaf_max, uint32_t level,
		     uint64_t block)
{
	uint64_t size = UINT64_C(1) << SHIFT_OF(level);

	return level <= leaf_max && block >= va && block + (size - 1) <= last &&
	       ((va ^ pa) & (size - 1)) == 0;
}

/*
 * Which tables there have to be, one by one: below each descriptor of a level that the range touches,
 * unless a leaf of that level or a higher one is there.
 */
static uint64_t count_tables(uint64_t va, uint64_t last, uint64_t pa, uint32_t leaf_max)
{
	uint64_t count = 0;

	for (uint32_t level = 1; level <= TOP; level++) {
		uint64_t size = UINT64_C(1) << SHIFT_OF(level);

		for (uint64_t block = 0; block < SPACE; block += size) {
			bool is_touched = block <= last && block + (size - 1) >= va;
			bool is_leaf = false;

			for (uint32_t above = level; above <= TOP; above++) {
				uint64_t start = block & ~((UINT64_C(1) << SHIFT_OF(above)) - 1);

				is_leaf = is_leaf ||
					  has_leaf(va, last, pa, leaf_max, above, start);
			}
			count += is_touched && !is_leaf;
		}
	}
	return count;
}

/* With leaf_max as vmm_range_limit_() sets it: as asked, and no higher than va and pa agree. */
#define TABLES_BELOW(name, limit, leaf_max_asked)                                            \
	bool prove_engine_tables_below_##name(uint16_t va16, uint16_t last16, uint16_t pa16) \
	{                                                                                    \
		uint64_t va = va16;                                                          \
		uint64_t last = last16;                                                      \
		struct vmm_range_ range = { 0 };                                             \
                                                                                             \
		ONLY_IF(va <= last && last < SPACE && pa16 < SPACE);                         \
		ONLY_IF((va & 1) == 0 && (last & 1) == 1 && (pa16 & 1) == 0);                \
		range.va = va;                                                               \
		range.pa = pa16;                                                             \
		range.left = last - va + 1;                                                  \
		vmm_range_limit_(&small, &range, vmm_attr((uint32_t)(limit) << 12));         \
		HOLDS(range.leaf_max <= (leaf_max_asked));                                   \
		/* What the limit left out are leaves that congruence forbids, and no others. */ \
		HOLDS(vmm_tables_below_(&small, &range, range.left, TOP) ==                  \
		      count_tables(va, last, pa16, leaf_max_asked));                         \
		return true;                                                                 \
	}
TABLES_BELOW(unlimited, 0, 3)
TABLES_BELOW(limit_0, 1, 0)
TABLES_BELOW(limit_1, 2, 1)
TABLES_BELOW(limit_2, 3, 2)

/*
 * Tables that take the place of a leaf of level 3, one by one: its own, and one for each descriptor
 * that the range covers in part.
 */
bool prove_engine_split_tables(uint16_t first16, uint16_t last16)
{
	struct vmm_split_ split = { 0 };
	struct vmm_change_ change = { 0 };
	uint64_t end = (UINT64_C(1) << SHIFT_OF(TOP)) - 1;
	uint64_t count = 1;

	/* A leaf at 128; the range may begin before it and end behind it. */
	split.level = TOP;
	split.first = end + 1;
	change.first = first16;
	change.last = last16;
	ONLY_IF(first16 <= last16 && last16 < SPACE);
	ONLY_IF((first16 & 1) == 0 && (last16 & 1) == 1);
	ONLY_IF(change.first <= split.first + end && change.last >= split.first);
	ONLY_IF(change.first > split.first || change.last < split.first + end);
	for (uint32_t level = 1; level < TOP; level++) {
		uint64_t size = UINT64_C(1) << SHIFT_OF(level);

		for (uint64_t block = split.first; block <= split.first + end; block += size) {
			bool is_touched = block <= change.last && block + (size - 1) >= change.first;
			bool is_covered = block >= change.first && block + (size - 1) <= change.last;

			count += is_touched && !is_covered;
		}
	}
	HOLDS(vmm_split_tables_(&small, &split, &change) == count);
	return true;
}
