/* SPDX-License-Identifier: MIT */
/*
 * Descriptors of Sv39, Sv48 and Sv57: words computed from the privileged specification, and every
 * combination of attributes and of bits against a model that reads the specification line by line.
 */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <vmm/riscv.h>

#include "../ports/riscv/codec.h"

#define GIB(count) ((uint64_t)(count) << 30)

static const struct vmm_codec *const rows[] = {
	&vmm_riscv_sv39_row_,
	&vmm_riscv_sv48_row_,
	&vmm_riscv_sv57_row_,
};

#define ROW_COUNT (sizeof(rows) / sizeof(rows[0]))

/* Every choice of the two extensions. */
static const uint32_t extensions[] = {
	0,
	VMM_TABLE_SVNAPOT,
	VMM_TABLE_SVPBMT,
	VMM_TABLE_SVNAPOT | VMM_TABLE_SVPBMT,
};

#define EXTENSION_COUNT (sizeof(extensions) / sizeof(extensions[0]))

static struct vmm_table table_with(uint32_t flags)
{
	struct vmm_table table = { 0 };

	table.flags = flags;
	return table;
}

/* The descriptor that a row makes for attributes as asked for. */
static uint64_t leaf_word(const struct vmm_codec *row, uint32_t flags, vmm_attr_t attr, uint64_t pa,
			  unsigned int level)
{
	struct vmm_table table = table_with(flags);
	vmm_attr_t stored = { 0 };

	assert_int_equal(row->effective(&table, attr, &stored), VMM_OK);
	return row->leaf(row->attr_word(&table, stored), pa, level);
}

static void a_table_descriptor_is_the_golden_word(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROW_COUNT; i++) {
		assert_int_equal(rows[i]->table(0x80301000), 0x00000000200C0401);
		assert_int_equal(rows[i]->next(0x00000000200C0401), 0x80301000);
	}
}

static void leaves_are_the_golden_words(void **state)
{
	const uint64_t pa = 0x80200000;

	(void)state;
	for (size_t i = 0; i < ROW_COUNT; i++) {
		for (unsigned int level = 0; level < 2; level++) {
			assert_int_equal(leaf_word(rows[i], 0, VMM_KERNEL_RX, pa, level),
					 0x00000000200800EB);
			assert_int_equal(leaf_word(rows[i], 0, VMM_KERNEL_RW, pa, level),
					 0x00000000200800E7);
			assert_int_equal(leaf_word(rows[i], 0, VMM_KERNEL_RO, pa, level),
					 0x00000000200800E3);
			assert_int_equal(leaf_word(rows[i], 0, VMM_USER_RW, pa, level),
					 0x00000000200800D7);
		}
	}
}

static void memory_types_of_svpbmt_are_the_golden_words(void **state)
{
	vmm_attr_t nc = vmm_attr(VMM_ATTR_MEM(VMM_MEM_NC) | VMM_ATTR_WRITE | VMM_ATTR_GLOBAL);

	(void)state;
	for (size_t i = 0; i < ROW_COUNT; i++) {
		assert_int_equal(leaf_word(rows[i], VMM_TABLE_SVPBMT, VMM_DEVICE, 0x10000000, 0),
				 0x40000000040000E7);
		assert_int_equal(leaf_word(rows[i], VMM_TABLE_SVPBMT, nc, 0x10000000, 0),
				 0x20000000040000E7);
	}
}

static void a_napot_run_is_the_golden_word(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROW_COUNT; i++) {
		uint64_t plain = leaf_word(rows[i], VMM_TABLE_SVNAPOT, VMM_KERNEL_RW,
					   0x80210000, 0);

		assert_int_equal(rows[i]->run(plain, 0), 0x80000000200860E7);
		assert_true(rows[i]->run_is_one_word);
		assert_int_equal(1u << rows[i]->geometry.run_shift[0], 16);
	}
}

static void every_page_of_a_run_gives_its_own_address(void **state)
{
	(void)state;
	for (uint64_t i = 0; i < 16; i++) {
		uint64_t va = 0x4000210000 + i * 0x1000 + 0x123;
		uint64_t pa = vmm_riscv_sv39_row_.output(0x80000000200860E7, 0, va);

		assert_int_equal(pa, 0x80210000 + i * 0x1000 + 0x123);
	}
}

static void rows_have_the_geometry_of_the_specification(void **state)
{
	static const unsigned int va_bits[] = { 39, 48, 57 };

	(void)state;
	for (size_t i = 0; i < ROW_COUNT; i++) {
		const struct vmm_geometry *geometry = &rows[i]->geometry;

		assert_int_equal(geometry->va_bits_min, va_bits[i]);
		assert_int_equal(geometry->va_bits_max, va_bits[i]);
		assert_int_equal(geometry->level_count, 3 + i);
		assert_int_equal(12 + 9 * geometry->level_count, va_bits[i]);
		assert_int_equal(geometry->leaf_level_max, geometry->level_count - 1);
		assert_int_equal(geometry->page_shift, 12);
		assert_int_equal(geometry->pa_bits_max, 56);
		assert_true(geometry->sign_extended);
		assert_int_equal(geometry->run_flag, VMM_TABLE_SVNAPOT);
		for (size_t level = 1; level < VMM_LEVELS_MAX; level++) {
			assert_int_equal(geometry->run_shift[level], 0);
		}
	}
	assert_ptr_not_equal(vmm_riscv_sv39.geometry, NULL);
	assert_int_equal(vmm_riscv_sv39.geometry->va_bits_max, 39);
	assert_int_equal(vmm_riscv_sv48.geometry->va_bits_max, 48);
	assert_int_equal(vmm_riscv_sv57.geometry->va_bits_max, 57);
}

static void all_44_bits_of_a_page_number_are_kept(void **state)
{
	(void)state;
	for (unsigned int bit = 12; bit < 56; bit++) {
		uint64_t pa = UINT64_C(1) << bit;
		uint64_t desc = vmm_riscv_sv57_row_.table(pa);

		assert_int_equal(desc, UINT64_C(1) << (bit - 2) | 1);
		assert_int_equal(vmm_riscv_sv57_row_.next(desc), pa);
		assert_int_equal(vmm_riscv_sv57_row_.output(desc | VMM_RISCV_R, 0, 0xfff),
				 pa | 0xfff);
	}
}

/* What attributes.md says, as a table; false: refused. */
static bool model_mem(bool pbmt, uint32_t mem, uint32_t *stored)
{
	static const struct {
		bool plain_ok, pbmt_ok;
		uint32_t plain, pbmt;
	} model[] = {
		[VMM_MEM_WB] = { true, true, VMM_MEM_PLATFORM, VMM_MEM_PLATFORM },
		[VMM_MEM_WT] = { false, false, 0, 0 },
		[VMM_MEM_NC] = { false, true, 0, VMM_MEM_NC },
		[VMM_MEM_DEV_NGNRNE] = { true, true, VMM_MEM_PLATFORM, VMM_MEM_DEV_NGNRE },
		[VMM_MEM_DEV_NGNRE] = { true, true, VMM_MEM_PLATFORM, VMM_MEM_DEV_NGNRE },
		[VMM_MEM_DEV_GRE] = { true, true, VMM_MEM_PLATFORM, VMM_MEM_DEV_NGNRE },
		[VMM_MEM_PLATFORM] = { true, true, VMM_MEM_PLATFORM, VMM_MEM_PLATFORM },
	};

	*stored = pbmt ? model[mem].pbmt : model[mem].plain;
	return pbmt ? model[mem].pbmt_ok : model[mem].plain_ok;
}

static bool model_effective(uint32_t flags, vmm_attr_t attr, vmm_attr_t *stored)
{
	uint32_t mem;
	bool ok = model_mem((flags & VMM_TABLE_SVPBMT) != 0, vmm_attr_mem(attr), &mem);

	if (vmm_attr_exec(attr) == VMM_EXEC_KERNEL && (attr.bits & VMM_ATTR_USER) != 0) {
		ok = false;
	}
	stored->bits = (attr.bits & ~VMM_ATTR_MEM_MASK) | mem;
	if ((flags & VMM_TABLE_SVNAPOT) == 0) {
		stored->bits &= ~VMM_ATTR_CONTIG;
	}
	return ok;
}

/* Whether a format is asked at all: what vmm_attr_check() lets through with VMM_TABLE_ALLOW_WX. */
static bool is_asked(vmm_attr_t attr)
{
	return vmm_attr_check(attr, true) == VMM_OK;
}

static void every_attribute_word_is_stored_as_told_or_refused(void **state)
{
	unsigned int accepted = 0, refused = 0;

	(void)state;
	for (size_t i = 0; i < EXTENSION_COUNT; i++) {
		struct vmm_table table = table_with(extensions[i]);

		for (uint32_t bits = 0; bits <= VMM_ATTR_ALL; bits++) {
			vmm_attr_t stored = { 0xdead };
			vmm_attr_t expected, again;
			enum vmm_err err;

			if (!is_asked(vmm_attr(bits))) {
				continue;
			}
			err = vmm_riscv_sv48_row_.effective(&table, vmm_attr(bits), &stored);
			if (!model_effective(extensions[i], vmm_attr(bits), &expected)) {
				assert_int_equal(err, VMM_ERR_ATTR);
				assert_int_equal(stored.bits, 0xdead);
				refused++;
				continue;
			}
			assert_int_equal(err, VMM_OK);
			assert_int_equal(stored.bits, expected.bits);
			assert_int_equal(vmm_riscv_sv48_row_.effective(&table, stored, &again),
					 VMM_OK);
			assert_int_equal(again.bits, stored.bits);
			accepted++;
		}
	}
	assert_true(accepted > 10000);
	assert_true(refused > 10000);
}

static void check_leaf(const struct vmm_codec *row, const struct vmm_table *table,
		       vmm_attr_t stored, unsigned int level, uint64_t pa)
{
	uint64_t reach = UINT64_C(1) << (12 + 9 * level);
	uint64_t word = row->attr_word(table, stored);
	uint64_t desc = row->leaf(word, pa, level);
	uint32_t told = stored.bits & ~VMM_ATTR_HINTS;

	assert_true((desc & VMM_DESCRIPTOR_VALID) != 0);
	assert_int_equal(row->kind(table, desc, level), VMM_KIND_LEAF);
	assert_int_equal(row->attr(table, desc, level).bits, told);
	assert_int_equal(row->output(desc, level, reach - 1), pa + (reach - 1));
	assert_int_equal(row->is_global(desc), vmm_attr_has(stored, VMM_ATTR_GLOBAL));
	assert_int_equal(row->word(desc, level), word);
	assert_false(row->in_run(desc, level));
	if (level == 0 && (table->flags & VMM_TABLE_SVNAPOT) != 0 && (pa & 0xffff) == 0) {
		desc = row->run(desc, 0);
		assert_int_equal(row->kind(table, desc, 0), VMM_KIND_LEAF);
		assert_int_equal(row->attr(table, desc, 0).bits, told | VMM_ATTR_CONTIG);
		assert_true(row->in_run(desc, 0));
		assert_int_equal(row->word(desc, 0), word);
		assert_int_equal(row->is_global(desc), vmm_attr_has(stored, VMM_ATTR_GLOBAL));
	}
}

static void what_is_encoded_is_decoded(void **state)
{
	const uint64_t top = (UINT64_C(1) << 56) - 1;

	(void)state;
	for (size_t i = 0; i < ROW_COUNT * EXTENSION_COUNT; i++) {
		const struct vmm_codec *row = rows[i % ROW_COUNT];
		unsigned int level_count = row->geometry.level_count;
		struct vmm_table table = table_with(extensions[i / ROW_COUNT]);

		for (uint32_t bits = 0; bits <= VMM_ATTR_ALL; bits++) {
			vmm_attr_t stored;

			if (!is_asked(vmm_attr(bits)) ||
			    row->effective(&table, vmm_attr(bits), &stored) != VMM_OK) {
				continue;
			}
			for (unsigned int level = 0; level < level_count; level++) {
				uint64_t reach = UINT64_C(1) << (12 + 9 * level);

				check_leaf(row, &table, stored, level, 0);
				check_leaf(row, &table, stored, level, top & ~(reach - 1));
			}
		}
	}
}

static void protect_may_change_permissions_and_nothing_of_the_type(void **state)
{
	const struct vmm_codec *row = &vmm_riscv_sv39_row_;
	struct vmm_table table = table_with(VMM_TABLE_SVPBMT);
	uint64_t seen = 0;

	(void)state;
	assert_int_equal(row->permission & row->type, 0);
	for (uint32_t bits = 0; bits <= VMM_ATTR_ALL; bits++) {
		vmm_attr_t stored;

		if (is_asked(vmm_attr(bits)) &&
		    row->effective(&table, vmm_attr(bits), &stored) == VMM_OK) {
			uint64_t word = row->attr_word(&table, stored);

			seen |= word;
			assert_int_equal(word & ~(row->permission | row->type), VMM_RISCV_V);
		}
	}
	/* Every bit of both masks is used; of the type, PBMT takes three of its four values. */
	assert_int_equal(seen, row->permission | row->type | VMM_RISCV_V);
}

/* A leaf made by others, without D, must not fault (Svade) when it becomes writable. */
static void a_leaf_that_becomes_writable_gets_its_dirty_bit(void **state)
{
	const struct vmm_codec *row = &vmm_riscv_sv39_row_;
	struct vmm_table table = table_with(0);
	uint64_t old = VMM_RISCV_V | VMM_RISCV_R | VMM_RISCV_A;
	vmm_attr_t stored;
	uint64_t word;

	(void)state;
	assert_int_equal(row->effective(&table, vmm_attr(VMM_ATTR_WRITE), &stored), VMM_OK);
	word = (old & ~row->permission) | (row->attr_word(&table, stored) & row->permission);
	assert_true((word & VMM_RISCV_D) != 0);
	assert_true((word & VMM_RISCV_A) != 0);
}

/*
 * The specification, one sentence after the other, for a valid descriptor with zero for the parts
 * of the page number that are not looked at: "Sv39", "Svnapot", "Svpbmt", "Virtual Address
 * Translation Process".
 */
static enum vmm_kind model_kind(uint32_t flags, uint64_t desc, unsigned int level)
{
	bool r = desc >> 1 & 1, w = desc >> 2 & 1, x = desc >> 3 & 1;
	bool u = desc >> 4 & 1, g = desc >> 5 & 1, a = desc >> 6 & 1, d = desc >> 7 & 1;
	uint64_t reserved = desc >> 54 & 0x7f;
	unsigned int pbmt = desc >> 61 & 3;
	bool n = desc >> 63;
	uint64_t ppn = desc >> 10 & 0xfffffffffff;

	if (reserved != 0) {
		return VMM_KIND_BAD;
	}
	if (pbmt != 0 && (flags & VMM_TABLE_SVPBMT) == 0) {
		return VMM_KIND_BAD;
	}
	if (n && (flags & VMM_TABLE_SVNAPOT) == 0) {
		return VMM_KIND_BAD;
	}
	if (!r && w) {
		return VMM_KIND_BAD;
	}
	if (!r && !x) {
		/* g is legal there; the codec says why it takes no such tables. */
		if (level == 0 || a || d || u || g || n || pbmt != 0) {
			return VMM_KIND_BAD;
		}
		return VMM_KIND_TABLE;
	}
	if (pbmt == 3) {
		return VMM_KIND_BAD;
	}
	if (n && (level > 0 || ppn % 16 != 8)) {
		return VMM_KIND_BAD;
	}
	for (unsigned int i = 0; i < level; i++) {
		if ((ppn >> 9 * i & 511) != 0) {
			return VMM_KIND_BAD;
		}
	}
	return VMM_KIND_LEAF;
}

static void check_kinds(const struct vmm_table *table, unsigned int level, uint64_t ppn)
{
	for (uint64_t high = 0; high < 1024; high++) {
		for (uint64_t low = 0; low < 128; low++) {
			uint64_t desc = high << 54 | ppn << 10 | low << 1 | VMM_RISCV_V;

			if (vmm_riscv_sv57_row_.kind(table, desc, level) !=
			    model_kind(table->flags, desc, level)) {
				fail_msg("level %u flags %#x descriptor %#llx", level,
					 (unsigned int)table->flags, (unsigned long long)desc);
			}
		}
	}
}

static void every_encoding_is_the_kind_that_the_specification_says(void **state)
{
	static const uint64_t ppns[] = {
		0, 1, 7, 8, 9, 15, 0x18, 0x100, UINT64_C(1) << 9, UINT64_C(1) << 17,
		UINT64_C(1) << 18, UINT64_C(1) << 27, UINT64_C(1) << 35, UINT64_C(1) << 36,
		UINT64_C(1) << 43,
	};

	(void)state;
	for (size_t i = 0; i < EXTENSION_COUNT; i++) {
		struct vmm_table table = table_with(extensions[i]);

		for (size_t j = 0; j < sizeof(ppns) / sizeof(ppns[0]); j++) {
			for (unsigned int level = 0; level < 5; level++) {
				check_kinds(&table, level, ppns[j]);
			}
		}
	}
}

static void software_bits_do_not_make_a_descriptor_bad(void **state)
{
	struct vmm_table table = table_with(0);

	(void)state;
	for (uint64_t rsw = 0; rsw < 4; rsw++) {
		uint64_t leaf = rsw << 8 | VMM_RISCV_V | VMM_RISCV_R;
		uint64_t link = rsw << 8 | VMM_RISCV_V;

		assert_int_equal(vmm_riscv_sv39_row_.kind(&table, leaf, 0), VMM_KIND_LEAF);
		assert_int_equal(vmm_riscv_sv39_row_.kind(&table, link, 1), VMM_KIND_TABLE);
		assert_int_equal(vmm_riscv_sv39_row_.attr(&table, leaf, 0).bits &
				 VMM_ATTR_SW_MASK, VMM_ATTR_SW(rsw));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_table_descriptor_is_the_golden_word),
		cmocka_unit_test(leaves_are_the_golden_words),
		cmocka_unit_test(memory_types_of_svpbmt_are_the_golden_words),
		cmocka_unit_test(a_napot_run_is_the_golden_word),
		cmocka_unit_test(every_page_of_a_run_gives_its_own_address),
		cmocka_unit_test(rows_have_the_geometry_of_the_specification),
		cmocka_unit_test(all_44_bits_of_a_page_number_are_kept),
		cmocka_unit_test(every_attribute_word_is_stored_as_told_or_refused),
		cmocka_unit_test(what_is_encoded_is_decoded),
		cmocka_unit_test(protect_may_change_permissions_and_nothing_of_the_type),
		cmocka_unit_test(a_leaf_that_becomes_writable_gets_its_dirty_bit),
		cmocka_unit_test(every_encoding_is_the_kind_that_the_specification_says),
		cmocka_unit_test(software_bits_do_not_make_a_descriptor_bad),
	};

	return cmocka_run_group_tests_name("riscv_codec", tests, NULL, NULL);
}
