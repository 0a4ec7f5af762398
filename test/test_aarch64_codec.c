/* SPDX-License-Identifier: MIT */
/*
 * Descriptors of VMSAv8-64 against words taken from the manual, and what may not pass for one.
 * Bit numbers are written out here on purpose: the codec's names are what is under test.
 */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "aarch64_codec.h"

#define BIT(n) (UINT64_C(1) << (n))

static const struct vmm_codec *const rows[] = {
	&aarch64_codec_4k,
	&aarch64_codec_16k,
	&aarch64_codec_64k,
};
#define ROW_COUNT (sizeof(rows) / sizeof(rows[0]))

static const struct vmm_table wide = {.pa_bits = 48, .flags = VMM_TABLE_ALLOW_WX};

static uint64_t leaf_of(const struct vmm_codec *codec, vmm_attr_t attr, uint64_t pa,
			unsigned int level)
{
	return codec->leaf(codec->attr_word(&wide, attr), pa, level);
}

static unsigned int reach_of(const struct vmm_codec *codec, unsigned int level)
{
	return codec->geometry.page_shift + level * codec->geometry.index_bits;
}

static enum vmm_kind kind_of(const struct vmm_codec *codec, uint64_t desc, unsigned int level)
{
	enum vmm_kind kind = codec->kind(&wide, desc, level);

	return kind == VMM_KIND_LEAF && !codec->is_known(&wide, desc) ? VMM_KIND_BAD : kind;
}

/* --- words --- */

static void the_64k_words_are_those_of_the_manual(void **state)
{
	const struct vmm_codec *codec = &aarch64_codec_64k;

	(void)state;
	assert_int_equal(leaf_of(codec, VMM_KERNEL_RX, 0x80000, 0), 0x0040000000080787);
	assert_int_equal(leaf_of(codec, VMM_KERNEL_RO, 0x90000, 0), 0x0060000000090787);
	assert_int_equal(leaf_of(codec, VMM_KERNEL_RW, 0xa0000, 0), 0x00600000000a0707);
	assert_int_equal(leaf_of(codec, VMM_DEVICE, 0x3f200000, 0), 0x006000003f200603);
}

static void the_4k_words_are_those_of_the_manual(void **state)
{
	const struct vmm_codec *codec = &aarch64_codec_4k;

	(void)state;
	assert_int_equal(leaf_of(codec, VMM_KERNEL_RW, 0x40200000, 1), 0x0060000040200705);
	assert_int_equal(codec->run(leaf_of(codec, VMM_KERNEL_RW, 0x40210000, 0), 0),
			 0x0070000040210707);
	assert_int_equal(leaf_of(codec, VMM_USER_RW, 0x40211000, 0), 0x0060000040211f47);
	assert_int_equal(codec->table(0x40080000), 0x0000000040080003);
	assert_int_equal(codec->next(0x0000000040080003), 0x40080000);
}

/* aarch64-paging's test word: valid, inner shareable, UXN, AttrIndx 0. Without access flag it would
 * fault, so the word is right and the leaf is not. */
static void a_word_without_access_flag_is_encoded_and_then_refused(void **state)
{
	(void)state;
	assert_int_equal(aarch64_codec_4k.leaf(BIT(0) | BIT(54) | 3u << 8, 0x42000, 0),
			 0x0040000000042303);
	assert_int_equal(kind_of(&aarch64_codec_4k, 0x0040000000042303, 0), VMM_KIND_BAD);
}

/* AttrIndx in bits 4:2, SH in 9:8, by memory type. */
static void each_memory_type_has_its_index_and_its_shareability(void **state)
{
	static const struct {
		enum vmm_mem mem;
		uint64_t index, share;
	} types[] = {
		{VMM_MEM_DEV_NGNRE, 0, 2}, {VMM_MEM_WB, 1, 3},         {VMM_MEM_NC, 2, 2},
		{VMM_MEM_WT, 3, 3},        {VMM_MEM_DEV_NGNRNE, 4, 2}, {VMM_MEM_DEV_GRE, 5, 2},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		vmm_attr_t attr = vmm_attr(VMM_ATTR_MEM(types[i].mem) | VMM_ATTR_WRITE);
		uint64_t word = aarch64_codec_4k.attr_word(&wide, attr);

		assert_int_equal(word >> 2 & 7, types[i].index);
		assert_int_equal(word >> 8 & 3, types[i].share);
	}
}

static void execute_and_user_bits_are_where_the_manual_has_them(void **state)
{
	static const struct {
		uint32_t bits;
		uint64_t set; /* of AP[1] 6, AP[2] 7, nG 11, PXN 53, UXN 54 */
	} cases[] = {
		{VMM_ATTR_EXEC(VMM_EXEC_KERNEL), BIT(7) | BIT(11) | BIT(54)},
		{VMM_ATTR_EXEC(VMM_EXEC_KERNEL) | VMM_ATTR_USER,
		 BIT(6) | BIT(7) | BIT(11) | BIT(54)},
		{VMM_ATTR_EXEC(VMM_EXEC_KERNEL) | VMM_ATTR_WRITE, BIT(11) | BIT(54)},
		{VMM_ATTR_EXEC(VMM_EXEC_USER) | VMM_ATTR_USER, BIT(6) | BIT(7) | BIT(11) | BIT(53)},
		{VMM_ATTR_EXEC(VMM_EXEC_USER) | VMM_ATTR_USER | VMM_ATTR_WRITE,
		 BIT(6) | BIT(11) | BIT(53)},
		{VMM_ATTR_GLOBAL, BIT(7) | BIT(53) | BIT(54)},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t word = aarch64_codec_4k.attr_word(&wide, vmm_attr(cases[i].bits));

		assert_int_equal(word & (BIT(6) | BIT(7) | BIT(11) | BIT(53) | BIT(54)),
				 cases[i].set);
		assert_int_equal(word & BIT(10), BIT(10));
	}
}

static void software_bits_are_56_and_55(void **state)
{
	uint64_t value;

	(void)state;
	for (value = 0; value < 4; value++) {
		uint64_t word = aarch64_codec_16k.attr_word(&wide, vmm_attr(VMM_ATTR_SW(value)));

		assert_int_equal(word >> 55, value);
	}
}

static void protect_changes_permissions_and_finds_types(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ROW_COUNT; i++) {
		assert_int_equal(rows[i]->permission,
				 BIT(6) | BIT(7) | BIT(53) | BIT(54) | BIT(55) | BIT(56));
		assert_int_equal(rows[i]->type, 0x1cu | 0x300u | BIT(11));
	}
}

/* --- there and back --- */

/* Whether a request is refused, and with what, said independently of the codec. */
static bool must_be_stored(uint32_t bits)
{
	bool write = (bits & VMM_ATTR_WRITE) != 0, user = (bits & VMM_ATTR_USER) != 0;
	uint32_t mem = bits & 0xf, exec = bits >> 4 & 3;

	if (mem > VMM_MEM_DEV_GRE || exec > 2 || (exec != 0 && mem >= VMM_MEM_DEV_NGNRNE)) {
		return false;
	}
	return !(exec == 2 && !user) && !(exec == 1 && user && write);
}

static void check_both_ways(const struct vmm_codec *codec, vmm_attr_t attr, unsigned int level)
{
	unsigned int reach = reach_of(codec, level);
	uint64_t pa = UINT64_C(0xa5a5a5a5a5a5) >> reach << reach;
	uint64_t inside = UINT64_C(0x123456789abc) & (BIT(reach) - 1);
	uint64_t desc = leaf_of(codec, attr, pa, level);
	uint32_t kept = attr.bits & ~(uint32_t)VMM_ATTR_HINTS;

	assert_int_equal(kind_of(codec, desc, level), VMM_KIND_LEAF);
	assert_int_equal(codec->attr(&wide, desc, level).bits, kept);
	assert_int_equal(codec->output(desc, level, UINT64_C(0x123456789abc)), pa | inside);
	assert_int_equal(codec->word(desc, level), codec->attr_word(&wide, attr));
	assert_int_equal(codec->is_global(desc), (attr.bits & VMM_ATTR_GLOBAL) != 0);
	assert_false(codec->in_run(desc, level));

	desc = codec->run(desc, level);
	assert_int_equal(kind_of(codec, desc, level), VMM_KIND_LEAF);
	assert_int_equal(codec->attr(&wide, desc, level).bits, kept | VMM_ATTR_CONTIG);
	assert_true(codec->in_run(desc, level));
	assert_int_equal(codec->word(desc, level), codec->attr_word(&wide, attr));
}

static void every_combination_is_refused_or_comes_back_as_it_was(void **state)
{
	uint32_t bits, stored_count = 0;
	unsigned int level;
	size_t i;

	(void)state;
	for (bits = 0; bits <= VMM_ATTR_ALL; bits++) {
		vmm_attr_t attr = vmm_attr(bits), stored = vmm_attr(0xdead0000);

		if (vmm_attr_check(attr, true) != VMM_OK ||
		    aarch64_codec_4k.effective(&wide, attr, &stored) != VMM_OK) {
			assert_false(must_be_stored(bits));
			assert_int_equal(stored.bits, 0xdead0000);
			continue;
		}
		assert_true(must_be_stored(bits));
		assert_int_equal(stored.bits, bits);
		stored_count++;
		for (i = 0; i < ROW_COUNT; i++) {
			for (level = 0; level <= rows[i]->geometry.leaf_level_max; level++) {
				check_both_ways(rows[i], stored, level);
			}
		}
	}
	/* Per setting of the other 8 bits (hints, software, global): 6 kinds of memory without
	 * execute have 4 permissions each, 3 have 3 for kernel execute and 2 for user execute. */
	assert_int_equal(stored_count, (6 * 4 + 3 * (3 + 2)) * 128);
}

static void the_platforms_choice_and_el1_code_that_el0_may_write_are_refused(void **state)
{
	vmm_attr_t stored;

	(void)state;
	assert_int_equal(aarch64_codec_4k.effective(&wide, vmm_attr(VMM_ATTR_MEM(VMM_MEM_PLATFORM)),
						    &stored),
			 VMM_ERR_ATTR);
	assert_int_equal(aarch64_codec_4k.effective(&wide,
						    vmm_attr(VMM_ATTR_EXEC(VMM_EXEC_KERNEL) |
							     VMM_ATTR_USER | VMM_ATTR_WRITE),
						    &stored),
			 VMM_ERR_ATTR);
}

/* --- reserved encodings --- */

/* Whether bits 11:0, PXN and UXN are those of a leaf that this library stores. */
static bool is_ours(uint64_t desc)
{
	static const uint64_t share_of_index[8] = {2, 3, 2, 3, 2, 2, 99, 99};
	uint64_t index = desc >> 2 & 7;
	bool device = index == 0 || index >= 4;
	bool el0 = (desc & BIT(6)) != 0, el0_writes = el0 && (desc & BIT(7)) == 0;

	if ((desc >> 8 & 3) != share_of_index[index] || (desc & BIT(5)) != 0 ||
	    (desc & BIT(10)) == 0) {
		return false;
	}
	switch (desc >> 53 & 3) {
	case 3: /* nobody executes */
		return true;
	case 2: /* EL1 does */
		return !device && !el0_writes;
	case 1: /* EL0 does */
		return !device && el0;
	default:
		return false;
	}
}

static void every_setting_of_the_attribute_bits_is_a_leaf_or_bad(void **state)
{
	uint64_t low, high;
	unsigned int level;
	size_t i;

	(void)state;
	for (i = 0; i < ROW_COUNT; i++) {
		for (level = 0; level <= rows[i]->geometry.leaf_level_max; level++) {
			for (low = 1; low < 4096; low += 2) {
				if (level > 0 && (low & 2) != 0) {
					continue; /* a table */
				}
				for (high = 0; high < 4; high++) {
					uint64_t desc = low | high << 53;
					bool leaf = is_ours(desc) && (level > 0 || (low & 2) != 0);

					assert_int_equal(kind_of(rows[i], desc, level),
							 leaf ? VMM_KIND_LEAF : VMM_KIND_BAD);
				}
			}
		}
	}
}

static void a_page_with_bit_1_clear_is_bad(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ROW_COUNT; i++) {
		uint64_t page = leaf_of(rows[i], VMM_KERNEL_RW, 0x40000000, 0);

		assert_int_equal(kind_of(rows[i], page, 0), VMM_KIND_LEAF);
		assert_int_equal(kind_of(rows[i], page & ~UINT64_C(2), 0), VMM_KIND_BAD);
	}
}

/* Table D8-52: without 52-bit addresses no block of 512 GiB, 64 GiB or 4 TiB. */
static void a_block_above_its_level_is_bad(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ROW_COUNT; i++) {
		unsigned int highest = rows[i]->geometry.leaf_level_max, level;

		assert_int_equal(highest, i == 0 ? 2 : 1);
		for (level = 1; level < rows[i]->geometry.level_count; level++) {
			assert_int_equal(
				kind_of(rows[i], leaf_of(rows[i], VMM_KERNEL_RW, 0, level), level),
				level <= highest ? VMM_KIND_LEAF : VMM_KIND_BAD);
		}
	}
}

static void bits_of_features_that_are_not_used_make_a_leaf_bad(void **state)
{
	static const unsigned int unused[] = {5, 48, 49, 50, 51, 57, 58, 59, 60, 61, 62, 63};
	unsigned int level;
	size_t i, k;

	(void)state;
	for (i = 0; i < ROW_COUNT; i++) {
		for (level = 0; level <= rows[i]->geometry.leaf_level_max; level++) {
			for (k = 0; k < sizeof(unused) / sizeof(unused[0]); k++) {
				uint64_t desc = leaf_of(rows[i], VMM_KERNEL_RW, 0, level);

				assert_int_equal(kind_of(rows[i], desc | BIT(unused[k]), level),
						 VMM_KIND_BAD);
			}
		}
	}
}

static void output_bits_below_a_leafs_alignment_make_it_bad(void **state)
{
	unsigned int level, bit;
	size_t i;

	(void)state;
	for (i = 0; i < ROW_COUNT; i++) {
		for (level = 0; level <= rows[i]->geometry.leaf_level_max; level++) {
			for (bit = 12; bit < 48; bit++) {
				uint64_t desc = leaf_of(rows[i], VMM_USER_RX, BIT(bit), level);

				assert_int_equal(kind_of(rows[i], desc, level),
						 bit < reach_of(rows[i], level) ? VMM_KIND_BAD
										: VMM_KIND_LEAF);
			}
		}
	}
}

/* Table D8-50: hierarchical permissions in 63:59, everything else ignored or reserved. */
static void a_table_holds_an_address_and_nothing_else(void **state)
{
	unsigned int level, bit;
	size_t i;

	(void)state;
	for (i = 0; i < ROW_COUNT; i++) {
		for (level = 1; level < rows[i]->geometry.level_count; level++) {
			for (bit = 2; bit < 64; bit++) {
				uint64_t desc = rows[i]->table(0) | BIT(bit);
				bool address = bit >= rows[i]->geometry.page_shift && bit < 48;

				assert_int_equal(kind_of(rows[i], desc, level),
						 address ? VMM_KIND_TABLE : VMM_KIND_BAD);
			}
		}
	}
}

static void what_points_beyond_the_physical_addresses_is_bad(void **state)
{
	static const struct vmm_table narrow = {.pa_bits = 36};
	size_t i;

	(void)state;
	for (i = 0; i < ROW_COUNT; i++) {
		const struct vmm_codec *codec = rows[i];

		assert_int_equal(codec->kind(&narrow, leaf_of(codec, VMM_KERNEL_RO, BIT(35), 0), 0),
				 VMM_KIND_LEAF);
		assert_int_equal(codec->kind(&narrow, leaf_of(codec, VMM_KERNEL_RO, BIT(36), 0), 0),
				 VMM_KIND_BAD);
		assert_int_equal(codec->kind(&narrow, codec->table(BIT(35)), 1), VMM_KIND_TABLE);
		assert_int_equal(codec->kind(&narrow, codec->table(BIT(36)), 1), VMM_KIND_BAD);
	}
}

/* PA[51:48] of a 64 KiB leaf with FEAT_LPA stands in bits 15:12: it must not pass for a 48-bit
 * one. */
static void a_leaf_with_a_52_bit_address_is_bad(void **state)
{
	uint64_t word = aarch64_codec_64k.attr_word(&wide, VMM_KERNEL_RW);

	(void)state;
	assert_int_equal(kind_of(&aarch64_codec_64k, word | 2 | 0x000080000001f000, 0),
			 VMM_KIND_BAD);
}

/* --- geometry --- */

/* The manual's table of granules, and D8-104 for the runs. */
static void the_geometry_is_that_of_the_manual(void **state)
{
	static const struct {
		unsigned int shift[4], run_bytes_shift[3];
	} manual[] = {
		{{12, 21, 30, 39}, {16, 25, 34}},
		{{14, 25, 36, 47}, {21, 30, 0}},
		{{16, 29, 42, 0}, {21, 34, 0}},
	};
	unsigned int level;
	size_t i;

	(void)state;
	for (i = 0; i < ROW_COUNT; i++) {
		const struct vmm_geometry *geometry = &rows[i]->geometry;

		for (level = 0; level < geometry->level_count; level++) {
			assert_int_equal(reach_of(rows[i], level), manual[i].shift[level]);
		}
		assert_true(reach_of(rows[i], geometry->level_count) >= geometry->va_bits_max);
		assert_true(reach_of(rows[i], geometry->level_count - 1u) < geometry->va_bits_max);
		for (level = 0; level <= geometry->leaf_level_max; level++) {
			assert_int_equal(reach_of(rows[i], level) + geometry->run_shift[level],
					 manual[i].run_bytes_shift[level]);
		}
		for (; level < VMM_LEVELS_MAX; level++) {
			assert_int_equal(geometry->run_shift[level], 0);
		}
		assert_int_equal(geometry->va_bits_min, 25);
		assert_int_equal(geometry->va_bits_max, 48);
		assert_int_equal(geometry->pa_bits_max, 48);
		assert_int_equal(geometry->arch_level_of_page, 3);
		assert_int_equal(geometry->arch_level_step, -1);
		assert_false(geometry->sign_extended);
		assert_true(rows[i]->break_resize);
		assert_true(rows[i]->break_run);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_64k_words_are_those_of_the_manual),
		cmocka_unit_test(the_4k_words_are_those_of_the_manual),
		cmocka_unit_test(a_word_without_access_flag_is_encoded_and_then_refused),
		cmocka_unit_test(each_memory_type_has_its_index_and_its_shareability),
		cmocka_unit_test(execute_and_user_bits_are_where_the_manual_has_them),
		cmocka_unit_test(software_bits_are_56_and_55),
		cmocka_unit_test(protect_changes_permissions_and_finds_types),
		cmocka_unit_test(every_combination_is_refused_or_comes_back_as_it_was),
		cmocka_unit_test(the_platforms_choice_and_el1_code_that_el0_may_write_are_refused),
		cmocka_unit_test(every_setting_of_the_attribute_bits_is_a_leaf_or_bad),
		cmocka_unit_test(a_page_with_bit_1_clear_is_bad),
		cmocka_unit_test(a_block_above_its_level_is_bad),
		cmocka_unit_test(bits_of_features_that_are_not_used_make_a_leaf_bad),
		cmocka_unit_test(output_bits_below_a_leafs_alignment_make_it_bad),
		cmocka_unit_test(a_table_holds_an_address_and_nothing_else),
		cmocka_unit_test(what_points_beyond_the_physical_addresses_is_bad),
		cmocka_unit_test(a_leaf_with_a_52_bit_address_is_bad),
		cmocka_unit_test(the_geometry_is_that_of_the_manual),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
