/* SPDX-License-Identifier: MIT */
/*
 * Reading tables that are damaged: every walk ends, reads nothing but table frames, and names what
 * is wrong; the rest is shown as it is.
 */
#include <string.h>

#include "test_fixture.h"
#include "test_formats.h"
#include "test_random.h"

#include <vmm/engine/shared.h>

#define FRAME_COUNT 12
#define USER        vmm_attr(VMM_ATTR_USER | VMM_ATTR_WRITE)

static struct test_fixture f;

static void map(uint64_t va, uint64_t size)
{
	/* No two of these can be joined. */
	assert_int_equal(
		vmm_table_map(&f.table, test_va_region(va, size), vmm_pa(2 * va), USER, NULL),
		VMM_OK);
}

/* Three pages in one table, one block, and a page in another table. */
static void set_up(const struct vmm_format *format)
{
	struct vmm_table_config config;

	memset(&config, 0, sizeof(config));
	config.pa_bits = 40;
	test_fixture_init(&f, format, FRAME_COUNT, &config);
	map(f.page, f.page);
	map(3 * f.page, f.page);
	map(5 * f.page, f.page);
	map(f.block, f.block);
	map(3 * f.block + f.page, f.page);
}

#define LEAF_COUNT 5

static void tear_down(void)
{
	test_fixture_fini(&f);
}

/* The descriptor of a level on the way to va. */
static uint64_t *slot_of(uint64_t va, unsigned int level)
{
	uint64_t pa = vmm_pa_raw(vmm_table_root(&f.table));
	unsigned int now = f.table.root_level;

	for (;;) {
		uint64_t *words = vmm_frames_ptr(&f.frames.frames, vmm_pa(pa));
		uint64_t index = va >> test_arch_shift(f.arch, now);
		uint64_t *slot = &words[index & (test_arch_entries(f.arch) - 1)];

		if (now == level) {
			return slot;
		}
		assert_int_equal(f.arch->what(f.arch, *slot, now), TEST_TABLE);
		pa = f.arch->next(*slot);
		now--;
	}
}

static uint64_t link_to(uint64_t pa)
{
	return f.arch->riscv ? pa >> 2 | 1 : pa | 3;
}

struct seen {
	unsigned int leaves;
	unsigned int damages;
	struct vmm_detail damage; /* the last one */
};

/* Visits all there is, with a limit that only an endless visit reaches. */
static struct seen visit(void)
{
	uint64_t limit = (uint64_t)FRAME_COUNT * 8 * test_arch_entries(f.arch);
	struct seen seen = {0, 0, {vmm_va(0), 0, -1}};
	struct vmm_cursor cursor = {0, false, false};
	uint64_t steps;

	for (steps = 0; steps < limit; steps++) {
		struct vmm_detail detail;
		struct vmm_leaf leaf;
		enum vmm_err err = vmm_table_visit(&f.table, &cursor, &leaf, &detail);

		if (err == VMM_ERR_NOENT) {
			break;
		}
		if (err == VMM_ERR_CORRUPT) {
			seen.damages++;
			seen.damage = detail;
		} else {
			assert_int_equal(err, VMM_OK);
			seen.leaves++;
		}
	}
	assert_true(steps < limit);
	return seen;
}

/* Stores a word where there is nothing, or what `hidden` leaves are behind; looks; restores. */
static void expect_damage(uint64_t va, unsigned int level, uint64_t word, unsigned int hidden)
{
	uint64_t *slot = slot_of(va, level);
	uint64_t whole = *slot;
	struct seen seen;

	*slot = word;
	seen = visit();
	assert_int_equal(seen.leaves, LEAF_COUNT - hidden);
	assert_int_equal(seen.damages, 1);
	assert_int_equal(vmm_va_raw(seen.damage.va), va);
	assert_int_equal(seen.damage.descriptor, word);
	assert_int_equal(seen.damage.level, level);
	*slot = whole;
	assert_int_equal(visit().leaves, LEAF_COUNT);
}

/* The same, and translate and query say so, too. */
static void expect_reserved(uint64_t va, unsigned int level, uint64_t word, unsigned int hidden)
{
	uint64_t *slot = slot_of(va, level);
	uint64_t whole = *slot;
	struct vmm_leaf leaf;
	vmm_pa_t pa = vmm_pa(77);

	*slot = word;
	memset(&leaf, 0x55, sizeof(leaf));
	assert_int_equal(vmm_table_translate(&f.table, vmm_va(va), &pa), VMM_ERR_CORRUPT);
	assert_int_equal(vmm_pa_raw(pa), 77);
	assert_int_equal(vmm_table_query(&f.table, vmm_va(va), &leaf), VMM_ERR_CORRUPT);
	assert_int_equal(leaf.level, 0x55555555);
	*slot = whole;
	expect_damage(va, level, word, hidden);
}

/* --- links --- */

static void a_table_in_itself_is_named(const struct vmm_format *format)
{
	unsigned int top;
	uint64_t root;

	set_up(format);
	top = f.table.root_level;
	root = vmm_pa_raw(vmm_table_root(&f.table));
	/* An empty slot of the root, the link on the way to everything, and one further down. */
	expect_damage(test_formats_leaf(format, top), top, link_to(root), 0);
	expect_damage(0, top, link_to(root), LEAF_COUNT);
	expect_damage(5 * f.block, 1, link_to(root), 0);
	tear_down();
}

static void a_lower_table_in_itself_is_named(const struct vmm_format *format)
{
	uint64_t own;

	set_up(format);
	own = f.arch->next(*slot_of(0, 2));
	expect_damage(5 * f.block, 1, link_to(own), 0);
	expect_damage(0, 1, link_to(own), 3);
	tear_down();
}

static void a_table_that_is_none_is_named(const struct vmm_format *format)
{
	uint64_t elsewhere[4];

	set_up(format);
	elsewhere[0] = TEST_FIXTURE_FIRST - f.page;
	elsewhere[1] = TEST_FIXTURE_FIRST + FRAME_COUNT * f.page;
	elsewhere[2] = 0;
	elsewhere[3] = (UINT64_C(1) << f.table.pa_bits) - f.page;
	for (unsigned int i = 0; i < 4; i++) {
		expect_damage(5 * f.block, 1, link_to(elsewhere[i]), 0);
		expect_damage(0, f.table.root_level, link_to(elsewhere[i]), LEAF_COUNT);
	}
	tear_down();
}

static void a_table_linked_twice_is_read_twice(const struct vmm_format *format)
{
	uint64_t *slot;

	set_up(format);
	slot = slot_of(5 * f.block, 1);
	*slot = *slot_of(0, 1);
	assert_int_equal(visit().leaves, LEAF_COUNT + 3);
	assert_int_equal(visit().damages, 0);
	*slot = 0;
	tear_down();
}

/* --- links, where tables are freed --- */

static void a_link_out_of_the_frames_is_not_followed_to_free(const struct vmm_format *format)
{
	uint64_t reach = test_formats_leaf(format, 2);
	uint64_t elsewhere[4];

	for (unsigned int i = 0; i < 4; i++) {
		unsigned int level;

		set_up(format);
		elsewhere[0] = TEST_FIXTURE_FIRST - f.page;
		elsewhere[1] = TEST_FIXTURE_FIRST + FRAME_COUNT * f.page;
		elsewhere[2] = 0;
		elsewhere[3] = (UINT64_C(1) << f.table.pa_bits) - f.page;
		level = f.table.root_level;
		*slot_of(5 * f.block, 1) = link_to(elsewhere[i]);
		/* The table of level 1 is covered whole, and what is wrong is in it. */
		assert_int_equal(vmm_table_unmap(&f.table, test_va_region(0, reach), NULL), VMM_OK);
		/* The damaged link is in the root itself. */
		*slot_of(test_formats_leaf(format, level), level) = link_to(elsewhere[i]);
		vmm_table_trim(&f.table);
		vmm_table_fini(&f.table);
		assert_int_equal(f.frames.out_count, 0);
		test_frames_fini(&f.frames);
	}
}

/* Counted naively these are more tables than anybody can wait for. */
static void tables_linked_everywhere_are_freed_once(const struct vmm_format *format)
{
	unsigned int entries;

	set_up(format);
	entries = 1u << format->geometry->index_bits;
	for (unsigned int level = f.table.root_level; level > 0; level--) {
		uint64_t *first = slot_of(0, level);
		uint64_t own = link_to(((uint64_t)(uintptr_t)first - f.frames.frames.window) &
				       ~(f.page - 1));
		uint64_t last = f.table.va_mask >> test_arch_shift(f.arch, level);

		for (unsigned int i = 1; i < entries && i <= last; i++) {
			first[i] = first[i] == 0 ? own : first[i];
		}
	}
	vmm_table_fini(&f.table);
	assert_int_equal(f.frames.out_count, 0);
	test_frames_fini(&f.frames);
}

/* --- words --- */

static void arm_words_that_are_reserved_are_named(const struct vmm_format *format)
{
	unsigned int top;
	uint64_t leaf, block;

	set_up(format);
	top = f.table.root_level;
	leaf = *slot_of(f.page, 0);
	block = *slot_of(f.block, 1);
	/* Level 3 with bit 1 clear; a block that is not aligned; one where no level has blocks. */
	expect_reserved(f.page, 0, leaf & ~UINT64_C(2), 1);
	expect_reserved(f.block, 1, block | f.page, 1);
	expect_reserved(0, top, block & ~(UINT64_C(0xffff) << 32), LEAF_COUNT);
	/* Bits 49:48 of an address, a table's attributes, an address that the CPU does not have. */
	expect_reserved(f.page, 0, leaf | UINT64_C(1) << 48, 1);
	expect_reserved(0, 1, *slot_of(0, 1) | UINT64_C(1) << 59, 3);
	expect_reserved(f.page, 0, leaf | UINT64_C(1) << 41, 1);
	expect_reserved(f.block, 1, block | UINT64_C(1) << 40, 1);
	tear_down();
}

static void riscv_words_that_are_reserved_are_named(const struct vmm_format *format)
{
	uint64_t leaf, block, link;

	set_up(format);
	leaf = *slot_of(f.page, 0);
	block = *slot_of(f.block, 1);
	link = *slot_of(0, 1);
	/* Writable and not readable; a table in the last level; a misaligned superpage. */
	expect_reserved(f.page, 0, leaf & ~UINT64_C(2), 1);
	expect_reserved(f.page, 0, leaf & ~UINT64_C(0xe), 1);
	expect_reserved(f.block, 1, block | UINT64_C(1) << 10, 1);
	expect_reserved(f.block, 1, block | UINT64_C(1) << 18, 1);
	/* Reserved bits; N and PBMT without the extensions; A, D and U of a table. */
	for (unsigned int bit = 54; bit < 64; bit++) {
		expect_reserved(f.page, 0, leaf | UINT64_C(1) << bit, 1);
		expect_reserved(0, 1, link | UINT64_C(1) << bit, 3);
	}
	expect_reserved(0, 1, link | 0x10, 3);
	expect_reserved(0, 1, link | 0x40, 3);
	expect_reserved(0, 1, link | 0x80, 3);
	tear_down();
}

static void napot_words_that_are_reserved_are_named(const struct vmm_format *format)
{
	uint64_t leaf, block;

	set_up(format);
	f.table.flags |= VMM_TABLE_SVNAPOT | VMM_TABLE_SVPBMT;
	leaf = *slot_of(f.page, 0) & ~(UINT64_C(0xf) << 10);
	block = *slot_of(f.block, 1);
	/* Every size but 64 KiB, a superpage with N, and the fourth memory type. */
	for (uint64_t low = 0; low < 16; low++) {
		if (low != 8) {
			expect_reserved(f.page, 0, leaf | low << 10 | UINT64_C(1) << 63, 1);
		}
	}
	expect_reserved(f.block, 1, block | UINT64_C(1) << 63, 1);
	expect_reserved(f.page, 0, leaf | UINT64_C(3) << 61, 1);
	tear_down();
}

static void damage_side_by_side_is_named_word_by_word(const struct vmm_format *format)
{
	uint64_t bad;

	set_up(format);
	bad = *slot_of(f.page, 0) ^ 2;
	*slot_of(0, 0) = bad;
	*slot_of(2 * f.page, 0) = bad;
	*slot_of(4 * f.page, 0) = bad;
	assert_int_equal(visit().damages, 3);
	assert_int_equal(visit().leaves, LEAF_COUNT);
	for (unsigned int i = 0; i < 6; i += 2) {
		*slot_of(i * f.page, 0) = 0;
	}
	tear_down();
}

/* --- anything --- */

static uint64_t random_word(struct test_random *random, uint64_t old)
{
	switch (test_random_below(random, 4)) {
	case 0:
		return old ^ UINT64_C(1) << test_random_below(random, 64);
	case 1:
		return test_random_next(random);
	case 2:
		return link_to(TEST_FIXTURE_FIRST +
			       test_random_below(random, FRAME_COUNT) * f.page);
	default:
		return old ^ UINT64_C(3) << test_random_below(random, 63);
	}
}

static void no_word_makes_a_reader_stray(const struct vmm_format *format)
{
	struct test_random random;
	unsigned int levels;

	set_up(format);
	levels = f.table.root_level + 1u;
	test_random_init(&random, format->geometry->name);
	for (uint64_t i = 0; i < test_random_steps(300); i++) {
		static const uint64_t places[] = {0, 1, 3, 5};
		uint64_t va = places[test_random_below(&random, 4)] * f.page;
		uint64_t *slot = slot_of(va, (unsigned int)test_random_below(&random, levels));
		uint64_t whole = *slot;

		*slot = random_word(&random, whole);
		(void)visit();
		*slot = whole;
	}
	assert_int_equal(visit().leaves, LEAF_COUNT);
	tear_down();
}

/* --- changes --- */

/* A descriptor that is damaged may go whole, but can't be cut: from neither side. */
static void what_is_damaged_is_not_cut(const struct vmm_format *format)
{
	struct vmm_detail detail;
	uint64_t *slot, whole, bad;

	set_up(format);
	slot = slot_of(f.block, 1);
	whole = *slot;
	bad = f.arch->riscv ? UINT64_C(5) : whole | UINT64_C(1) << 48;
	*slot = bad;
	assert_int_equal(vmm_table_unmap(&f.table, test_va_region(f.block, f.page), &detail),
			 VMM_ERR_CORRUPT);
	assert_int_equal(detail.descriptor, bad);
	assert_int_equal(
		vmm_table_unmap(&f.table, test_va_region(2 * f.block - f.page, f.page), NULL),
		VMM_ERR_CORRUPT);
	assert_int_equal(
		vmm_table_unmap(&f.table, test_va_region(f.block - f.page, 2 * f.page), NULL),
		VMM_ERR_CORRUPT);
	assert_int_equal(vmm_table_unmap(&f.table, test_va_region(f.block + f.page, f.block), NULL),
			 VMM_ERR_CORRUPT);
	assert_true(*slot == bad);
	assert_int_equal(vmm_table_unmap(&f.table, test_va_region(f.block, f.block), NULL), VMM_OK);
	assert_true(*slot == 0);
	assert_int_equal(visit().leaves, LEAF_COUNT - 1);
	tear_down();
}

/* The link itself goes; what it leads to is no table and not freed, nor even looked at. */
static void a_link_out_of_the_frames_goes_alone(const struct vmm_format *format)
{
	uint64_t *slot, whole;

	set_up(format);
	slot = slot_of(3 * f.block, 1);
	whole = *slot;
	*slot = link_to(TEST_FIXTURE_FIRST + FRAME_COUNT * f.page);
	assert_int_equal(vmm_table_unmap(&f.table, test_va_region(2 * f.block, 3 * f.block), NULL),
			 VMM_OK);
	assert_true(*slot == 0);
	*slot = whole;
	assert_int_equal(visit().leaves, LEAF_COUNT);
	tear_down();
}

/* A run that lost a page is cut like any other; where there was nothing there is nothing. */
static void a_run_with_a_gap_is_cut_around_it(const struct vmm_format *format)
{
	uint64_t count = test_formats_run_count(format);
	uint64_t start = 8 * f.block;
	struct seen before;
	uint16_t *valid;
	uint64_t *slot;
	vmm_pa_t pa;

	set_up(format);
	if (f.arch->riscv) {
		f.table.flags |= VMM_TABLE_SVNAPOT;
	}
	start = 8 * f.block;
	assert_int_equal(vmm_table_map(&f.table, test_va_region(start, count * f.page),
				       vmm_pa(start), vmm_attr(USER.bits | VMM_ATTR_CONTIG), NULL),
			 VMM_OK);
	before = visit();
	assert_int_equal(before.damages, 0);
	slot = slot_of(start + 2 * f.page, 0);
	*slot = 0;
	/* As an adopted table with such a gap is counted. */
	valid = vmm_count_(&f.table, f.arch->next(*slot_of(start, 1)));
	*valid = (uint16_t)(count - 1);
	assert_int_equal(vmm_table_unmap(&f.table, test_va_region(start, f.page), NULL), VMM_OK);
	assert_int_equal(*valid, count - 2);
	for (uint64_t i = 0; i < count; i++) {
		assert_int_equal(vmm_table_translate(&f.table, vmm_va(start + i * f.page), &pa),
				 i == 0 || i == 2 ? VMM_ERR_NOENT : VMM_OK);
	}
	tear_down();
}

/* Pages go the short way into a table that is there, unless something is wrong with them. */
static void a_wrong_attribute_is_refused_beside_a_page(const struct vmm_format *format)
{
	vmm_attr_t wrong = vmm_attr(UINT32_C(1) << 30);

	set_up(format);
	assert_int_equal(
		vmm_table_map(&f.table, test_va_region(2 * f.page, f.page), vmm_pa(0), wrong, NULL),
		VMM_ERR_ATTR);
	assert_int_equal(visit().leaves, LEAF_COUNT);
	assert_int_equal(
		vmm_table_map(&f.table, test_va_region(2 * f.page, f.page), vmm_pa(0), USER, NULL),
		VMM_OK);
	tear_down();
}

/* A page whose word is reserved at its level is named by protect, not taken for one. */
static void a_page_that_is_none_is_not_protected(const struct vmm_format *format)
{
	struct vmm_detail detail;
	uint64_t *slot;
	uint64_t whole;

	set_up(format);
	slot = slot_of(f.page, 0);
	whole = *slot;
	*slot &= ~UINT64_C(2);
	assert_int_equal(vmm_table_protect(&f.table, test_va_region(f.page, f.page), VMM_USER_RO,
					   &detail),
			 VMM_ERR_CORRUPT);
	assert_int_equal(detail.descriptor, whole & ~UINT64_C(2));
	*slot = whole;
	tear_down();
}

/* Bits of a link that are software's are no part of the address that it links. */
static void software_bits_of_a_link_are_passed_over(const struct vmm_format *format)
{
	uint64_t *slot;
	vmm_pa_t pa;

	set_up(format);
	for (unsigned int level = 1; level <= f.table.root_level; level++) {
		slot = slot_of(f.page, level);
		*slot |= UINT64_C(3) << 8;
	}
	assert_int_equal(vmm_table_translate(&f.table, vmm_va(f.page), &pa), VMM_OK);
	assert_int_equal(vmm_pa_raw(pa), 2 * f.page);
	map(2 * f.page, f.page);
	assert_int_equal(vmm_table_unmap(&f.table, test_va_region(f.page, 2 * f.page), NULL),
			 VMM_OK);
	assert_int_equal(vmm_table_translate(&f.table, vmm_va(3 * f.page), &pa), VMM_OK);
	tear_down();
}

int main(void)
{
	static const struct test_case cases[] = {
		TEST_CASE(a_table_in_itself_is_named, TEST_ALL),
		TEST_CASE(a_lower_table_in_itself_is_named, TEST_ALL),
		TEST_CASE(a_table_that_is_none_is_named, TEST_ALL),
		TEST_CASE(a_table_linked_twice_is_read_twice, TEST_ALL),
		TEST_CASE(a_link_out_of_the_frames_is_not_followed_to_free, TEST_ALL),
		TEST_CASE(tables_linked_everywhere_are_freed_once, TEST_ALL),
		TEST_CASE(arm_words_that_are_reserved_are_named, TEST_ARM),
		TEST_CASE(riscv_words_that_are_reserved_are_named, TEST_RISCV),
		TEST_CASE(napot_words_that_are_reserved_are_named, TEST_RISCV),
		TEST_CASE(damage_side_by_side_is_named_word_by_word, TEST_ALL),
		TEST_CASE(no_word_makes_a_reader_stray, TEST_ALL),
		TEST_CASE(what_is_damaged_is_not_cut, TEST_ALL),
		TEST_CASE(a_link_out_of_the_frames_goes_alone, TEST_ALL),
		TEST_CASE(a_run_with_a_gap_is_cut_around_it, TEST_ALL),
		TEST_CASE(a_wrong_attribute_is_refused_beside_a_page, TEST_ALL),
		TEST_CASE(a_page_that_is_none_is_not_protected, TEST_ARM),
		TEST_CASE(software_bits_of_a_link_are_passed_over, TEST_RISCV),
	};

	return test_formats_run("table damage", cases, sizeof(cases) / sizeof(cases[0]));
}
