/* SPDX-License-Identifier: MIT */
/*
 * What the Arm architecture demands of descriptors, registers and operands, one test by each rule's
 * number in docs/rules.md. What it demands of the order of stores and invalidations: test_seam_rules.c.
 */

#include <string.h>

#include <vmm/aarch64.h>

#include "test_formats.h"
#include "test_frames.h"
#include "test_manager.h"

#include "aarch64_codec.h"

#define BIT(n) (UINT64_C(1) << (n))

static struct test_frames source;
static struct vmm_table table;

static void set_up_with(const struct vmm_format *format, struct vmm_table_config config)
{
	memset(&table, 0, sizeof(table));
	test_frames_init(&source, format->geometry->page_shift, 24,
			 BIT(format->geometry->page_shift + 6));
	config.format = format;
	config.frames = &source.frames;
	assert_int_equal(vmm_table_init(&table, &config), VMM_OK);
}

static void set_up(const struct vmm_format *format)
{
	struct vmm_table_config config;

	memset(&config, 0, sizeof(config));
	set_up_with(format, config);
}

static void tear_down(void)
{
	vmm_table_fini(&table);
	test_frames_fini(&source);
}

static vmm_va_region_t region(uint64_t start, uint64_t size)
{
	return test_va_region(start, size);
}

static void map(uint64_t va, uint64_t pa, uint64_t size, vmm_attr_t attr)
{
	assert_int_equal(vmm_table_map(&table, region(va, size), vmm_pa(pa), attr, NULL), VMM_OK);
}

static struct vmm_leaf leaf_at(uint64_t va)
{
	struct vmm_leaf leaf;

	assert_int_equal(vmm_table_query(&table, vmm_va(va), &leaf), VMM_OK);
	return leaf;
}

static const struct vmm_codec *codec_of(const struct vmm_format *format)
{
	switch (format->geometry->page_shift) {
	case 12:
		return &aarch64_codec_4k;
	case 14:
		return &aarch64_codec_16k;
	default:
		return &aarch64_codec_64k;
	}
}

/* By granule: 4, 16, 64 KiB. */
static unsigned int number_of(const struct vmm_format *format)
{
	return (format->geometry->page_shift - 12u) / 2;
}

static struct vmm_aarch64_features features_of(uint64_t mmfr0)
{
	struct vmm_aarch64_features features;

	vmm_aarch64_features_from(mmfr0, 0, 0, &features);
	return features;
}

/* A CPU with every granule, 48 bits of address and 16 of ASID. */
#define FULL 0x0000000000101125

/* Calls a function with every attribute word that vmm_attr_check() accepts. */
static void for_each_attr(void (*act)(vmm_attr_t attr))
{
	for (uint32_t bits = 0; bits <= VMM_ATTR_ALL >> 3; bits++) {
		vmm_attr_t attr = vmm_attr(bits & ~VMM_ATTR_HINTS);

		if (vmm_attr_check(attr, true) == VMM_OK) {
			act(attr);
		}
	}
}

/* --- A12, A13: operands of TLBI --- */

static void a12_an_operand_is_bits_55_to_12_for_every_granule(const struct vmm_format *format)
{
	static const uint64_t expected[] = {
		0x00050ffffffffffd,
		0x00050ffffffffffc,
		0x00050ffffffffff0,
	};
	unsigned int shift = format->geometry->page_shift;

	/* Bits 63:56 would be ASID and TTL. */
	assert_int_equal(vmm_aarch64_tlbi_operand(vmm_va(0xffffffffffffdfff), shift,
						  VMM_AARCH64_NO_LEVEL, 5, 16),
			 expected[number_of(format)]);
	assert_int_equal(vmm_aarch64_tlbi_operand(vmm_va(0x0000123456780000), shift,
						  VMM_AARCH64_NO_LEVEL, 5, 16),
			 0x0005000123456780);
	assert_int_equal(vmm_aarch64_tlbi_operand(vmm_va(0xffffffffc0000000), shift,
						  VMM_AARCH64_NO_LEVEL, 5, 16),
			 0x00050ffffffc0000);
}

static void a13_an_asid_of_8_bits_leaves_the_upper_half_zero(const struct vmm_format *format)
{
	unsigned int shift = format->geometry->page_shift;

	assert_int_equal(vmm_aarch64_tlbi_operand(vmm_va(0), shift, VMM_AARCH64_NO_LEVEL, 0xabcd,
						  8) >> 48,
			 0xcd);
	assert_int_equal(vmm_aarch64_tlbi_operand(vmm_va(0), shift, VMM_AARCH64_NO_LEVEL, 0xabcd,
						  16) >> 48,
			 0xabcd);
}

/* --- A15, A16, A18: contiguous runs --- */

#define RUNS vmm_attr(VMM_ATTR_WRITE | VMM_ATTR_CONTIG)

/* Leaves of a run, by granule and level from the page on (table D8-104). */
static const unsigned int run_counts[3][3] = {{16, 16, 16}, {128, 32, 0}, {32, 32, 0}};

static bool is_in_run(uint64_t va)
{
	return (leaf_at(va).descriptor & BIT(52)) != 0;
}

static void a15_a_run_is_aligned_on_both_sides_and_whole(const struct vmm_format *format)
{
	uint64_t page = test_formats_page(format);
	uint64_t run = run_counts[number_of(format)][0] * page;
	vmm_attr_t pages = vmm_attr(RUNS.bits | VMM_ATTR_LEAF_MAX(0));

	set_up(format);
	/* One page short of the first and of the last run; the middle one is whole. */
	map(page, run + page, 3 * run - 2 * page, pages);
	for (uint64_t i = 1; i < 3 * run / page - 1; i++) {
		assert_true(is_in_run(i * page) == (i >= run / page && i < 2 * run / page));
	}
	assert_int_equal(vmm_table_unmap(&table, region(page, 3 * run - 2 * page), NULL), VMM_OK);
	/* The output is not aligned to the run. */
	map(0, run + page, 2 * run, pages);
	for (uint64_t i = 0; i < 2 * run / page; i++) {
		assert_false(is_in_run(i * page));
	}
	tear_down();
}

static void a16_runs_have_the_sizes_of_the_table(const struct vmm_format *format)
{
	const unsigned int *counts = run_counts[number_of(format)];

	for (unsigned int level = 0; level < VMM_LEVELS_MAX; level++) {
		unsigned int shift = format->geometry->run_shift[level];
		unsigned int expected = level < 3 ? counts[level] : 0;

		assert_int_equal(shift == 0 ? 0 : 1u << shift, expected);
	}
	for (unsigned int level = 0; level < 3 && counts[level] != 0; level++) {
		uint64_t leaf = test_formats_leaf(format, level);
		uint64_t run = counts[level] * leaf;

		set_up(format);
		map(run, run, run - leaf, RUNS);
		assert_false(is_in_run(run));
		assert_int_equal(vmm_table_unmap(&table, region(run, run - leaf), NULL), VMM_OK);
		map(run, run, run, RUNS);
		assert_int_equal(leaf_at(run).level, level);
		for (uint64_t i = 0; i < counts[level]; i++) {
			assert_true(is_in_run(run + i * leaf));
		}
		tear_down();
	}
}

static void a18_a_run_lies_within_input_and_output_size(const struct vmm_format *format)
{
	unsigned int level = number_of(format) == 0 ? 2 : 1;
	uint64_t leaf = test_formats_leaf(format, level);
	uint64_t run = run_counts[number_of(format)][level] * leaf;
	struct vmm_table_config config;

	/* All of an input range that is half a run, and all of an output range. */
	memset(&config, 0, sizeof(config));
	while (BIT(config.va_bits) < run / 2) {
		config.va_bits++;
	}
	config.pa_bits = config.va_bits;
	set_up_with(format, config);
	map(0, 0, run / 2, RUNS);
	for (uint64_t va = 0; va < run / 2; va += leaf) {
		assert_int_equal(leaf_at(va).level, level);
		assert_false(is_in_run(va));
	}
	assert_int_equal(vmm_table_unmap(&table, region(0, run / 2), NULL), VMM_OK);
	assert_int_equal(vmm_table_map(&table, region(0, leaf), vmm_pa(run / 2), RUNS, NULL),
			 VMM_ERR_PHYS);
	tear_down();
}

/* --- A19: leaves --- */

static void a19_leaves_stand_where_the_table_says(const struct vmm_format *format)
{
	/* 1 GiB and 2 MiB; 32 MiB; 512 MiB. */
	static const unsigned int highest[] = {2, 1, 1};
	unsigned int level = highest[number_of(format)];
	uint64_t leaf = test_formats_leaf(format, level);
	uint64_t above = leaf << format->geometry->index_bits;

	set_up(format);
	map(above, above, above, VMM_KERNEL_RW);
	assert_int_equal(leaf_at(above).level, level);
	assert_int_equal(leaf_at(above).size, leaf);
	assert_int_equal(leaf_at(above).descriptor & 3, 1);
	assert_int_equal(vmm_table_unmap(&table, region(above, above), NULL), VMM_OK);
	map(above, above, test_formats_page(format), VMM_KERNEL_RW);
	assert_int_equal(leaf_at(above).descriptor & 3, 3);
	for (unsigned int i = level + 1; i < format->geometry->level_count; i++) {
		assert_int_equal(codec_of(format)->kind(&table, 0x401, i), VMM_KIND_BAD);
	}
	tear_down();
}

/* --- A21, A23, A25: input, roots, outputs --- */

static void a21_a_table_has_the_addresses_of_its_half(const struct vmm_format *format)
{
	struct vmm_table_config config;

	memset(&config, 0, sizeof(config));
	config.va_bits = 39;
	for (unsigned int i = 0; i < 2; i++) {
		uint64_t first = i == 0 ? 0 : 0xffffff8000000000;
		uint64_t last = i == 0 ? 0x7fffffffff : 0xffffffffffffffff;

		config.half = i == 0 ? VMM_LOWER_HALF : VMM_UPPER_HALF;
		set_up_with(format, config);
		assert_true(vmm_table_covers(&table, vmm_va(first)));
		assert_true(vmm_table_covers(&table, vmm_va(last)));
		assert_false(vmm_table_covers(&table, vmm_va(first - 1)));
		assert_false(vmm_table_covers(&table, vmm_va(last + 1)));
		/* Bit 55 selects, and bits 63:56 are no tag: TBI is off. */
		assert_false(vmm_table_covers(&table, vmm_va(first ^ BIT(55))));
		assert_false(vmm_table_covers(&table, vmm_va(first ^ BIT(63))));
		tear_down();
	}
}

static struct vmm_aarch64_regs regs_of(const struct vmm_table *lower, const struct vmm_table *upper,
				       uint64_t mmfr0)
{
	struct vmm_aarch64_features features = features_of(mmfr0);
	struct vmm_aarch64_regs regs;

	assert_int_equal(vmm_aarch64_plan_enable(lower, upper, &features, &regs), VMM_OK);
	return regs;
}

static void a21_no_tag_is_taken_off_addresses(const struct vmm_format *format)
{
	set_up(format);
	/* TBI0 and TBI1. */
	assert_int_equal(regs_of(&table, NULL, FULL).tcr & (BIT(37) | BIT(38)), 0);
	tear_down();
}

static void a22_the_two_granule_fields_have_each_their_encoding(const struct vmm_format *format)
{
	static const uint64_t lower[] = {0, 2, 1};
	static const uint64_t upper[] = {2, 1, 3};
	unsigned int i = number_of(format);
	struct vmm_aarch64_regs regs;

	set_up(format);
	regs = regs_of(&table, NULL, FULL);
	assert_int_equal(regs.tcr >> 14 & 3, lower[i]);
	/* A half that nobody walks: EPD1, and a granule that isn't reserved. */
	assert_int_equal(regs.tcr >> 30 & 3, upper[i]);
	assert_int_equal(regs.tcr & (BIT(7) | BIT(23)), BIT(23));
	table.half = VMM_UPPER_HALF;
	regs = regs_of(NULL, &table, FULL);
	assert_int_equal(regs.tcr >> 14 & 3, lower[i]);
	assert_int_equal(regs.tcr >> 30 & 3, upper[i]);
	assert_int_equal(regs.tcr & (BIT(7) | BIT(23)), BIT(7));
	table.half = VMM_LOWER_HALF;
	tear_down();
}

static enum vmm_err misaligned(struct vmm_frames *frames, vmm_pa_t *frame, bool *clean)
{
	*clean = false;
	*frame = vmm_pa(frames->first + 0x800);
	return VMM_OK;
}

static void not_taken_back(struct vmm_frames *frames, vmm_pa_t frame, bool clean)
{
	(void)frames;
	(void)frame;
	(void)clean;
}

static void a23_a_root_is_aligned_to_its_size(const struct vmm_format *format)
{
	struct vmm_table_config config;
	struct vmm_frames wrong;

	set_up(format);
	assert_int_equal(vmm_aarch64_ttbr(&table) & 0xffffffffffff, table.root);
	assert_int_equal(table.root & (test_formats_page(format) - 1), 0);
	memset(&config, 0, sizeof(config));
	wrong = source.frames;
	wrong.alloc = misaligned;
	wrong.free = not_taken_back;
	config.format = format;
	config.frames = &wrong;
	{
		struct vmm_table other;

		memset(&other, 0, sizeof(other));
		assert_int_equal(vmm_table_init(&other, &config), VMM_ERR_PHYS);
	}
	tear_down();
}

static void a25_addresses_of_52_bits_are_refused(const struct vmm_format *format)
{
	struct vmm_table_config config;
	struct vmm_table other;

	set_up(format);
	/* TCR_EL1.DS: bits 9:8 of a descriptor are shareability, not an address. */
	assert_int_equal(regs_of(&table, NULL, FULL + 1).tcr & BIT(59), 0);
	for (unsigned int i = 0; i < 2; i++) {
		memset(&config, 0, sizeof(config));
		memset(&other, 0, sizeof(other));
		config.format = format;
		config.frames = &source.frames;
		config.va_bits = i == 0 ? 49 : 0;
		config.pa_bits = i == 0 ? 0 : 49;
		assert_int_equal(vmm_table_init(&other, &config), VMM_ERR_UNSUPPORTED);
	}
	tear_down();
}

/* --- A26, A27, A29 to A31, A33: what is in a descriptor --- */

static void a26_the_output_size_is_not_more_than_the_cpus(const struct vmm_format *format)
{
	struct vmm_aarch64_features features = features_of(0x0000000000101122);
	struct vmm_aarch64_regs regs;
	uint64_t root;

	set_up(format);
	/* A CPU of 40 bits, tables of 48. */
	assert_int_equal(regs_of(&table, NULL, 0x0000000000101122).tcr >> 32 & 7, 2);
	assert_int_equal(regs_of(&table, NULL, FULL).tcr >> 32 & 7, 5);
	root = table.root;
	table.root = BIT(40);
	assert_int_equal(vmm_aarch64_plan_enable(&table, NULL, &features, &regs), VMM_ERR_PHYS);
	table.root = root;
	tear_down();
}

static void a26_no_leaf_leads_beyond_the_output_size(const struct vmm_format *format)
{
	struct vmm_table_config config;
	uint64_t page = test_formats_page(format);

	memset(&config, 0, sizeof(config));
	config.pa_bits = 36;
	set_up_with(format, config);
	map(0, BIT(36) - page, page, RUNS);
	assert_int_equal(vmm_table_map(&table, region(page, page), vmm_pa(BIT(36)), RUNS, NULL),
			 VMM_ERR_PHYS);
	assert_int_equal(vmm_table_map(&table, region(page, 2 * page), vmm_pa(BIT(36) - page), RUNS,
				       NULL),
			 VMM_ERR_PHYS);
	tear_down();
}

static uint64_t word_of(vmm_attr_t attr)
{
	vmm_attr_t stored;

	return aarch64_effective(&table, attr, &stored) == VMM_OK
		       ? aarch64_attr_word(&table, stored)
		       : 0;
}

static void expect_never_fetched(vmm_attr_t attr)
{
	uint64_t word = word_of(attr);

	if (word != 0 && vmm_attr_is_device(attr)) {
		assert_int_equal(word & (BIT(53) | BIT(54)), BIT(53) | BIT(54));
	}
}

static void a27_devices_are_executable_at_no_level(const struct vmm_format *format)
{
	static const uint32_t types[] = {VMM_MEM_DEV_NGNRNE, VMM_MEM_DEV_NGNRE, VMM_MEM_DEV_GRE};
	uint64_t page = test_formats_page(format);
	struct vmm_table_config config;

	memset(&config, 0, sizeof(config));
	config.flags = VMM_TABLE_ALLOW_WX;
	set_up_with(format, config);
	for_each_attr(expect_never_fetched);
	for (size_t i = 0; i < 3; i++) {
		vmm_attr_t device = vmm_attr(VMM_ATTR_MEM(types[i]));
		vmm_attr_t code = vmm_attr(device.bits | VMM_ATTR_EXEC(VMM_EXEC_KERNEL));
		vmm_attr_t program = vmm_attr(device.bits | VMM_USER_RX.bits);

		assert_int_equal(vmm_table_map(&table, region(0, page), vmm_pa(page), code, NULL),
				 VMM_ERR_ATTR);
		assert_int_equal(vmm_table_map(&table, region(0, page), vmm_pa(page), program, NULL),
				 VMM_ERR_ATTR);
		map(0, page, page, device);
		assert_int_equal(vmm_table_protect(&table, region(0, page), code, NULL),
				 VMM_ERR_ATTR);
		assert_int_equal(leaf_at(0).descriptor & (BIT(53) | BIT(54)), BIT(53) | BIT(54));
		assert_int_equal(vmm_table_unmap(&table, region(0, page), NULL), VMM_OK);
	}
	tear_down();
}

static struct test_manager manager;

static void a28_r23_memory_of_two_types_is_refused_or_named(const struct vmm_format *format)
{
	uint64_t page = test_formats_page(format);
	struct test_manager_config config;
	vmm_va_t va;
	vmm_attr_t buffer = vmm_attr(VMM_ATTR_MEM(VMM_MEM_NC) | VMM_ATTR_WRITE | VMM_ATTR_GLOBAL);

	memset(&config, 0, sizeof(config));
	config.format = format;
	config.area = region(page, 64 * page);
	config.window = region(128 * page, 64 * page);
	config.flags = test_formats_is_riscv(format) ? VMM_TABLE_SVPBMT : 0;
	test_manager_init(&manager, &config);
	assert_int_equal(vmm_map_mmio(&manager.vmm, "uart", vmm_pa(16 * page), page, &va, NULL),
			 VMM_OK);
	assert_int_equal(vmm_map_mmio_as(&manager.vmm, "screen", vmm_pa(16 * page), page, buffer,
					 &va, NULL),
			 VMM_ERR_EXISTS);
	test_manager_check(&manager);
	/* By hand nobody refuses it; audit tells. */
	assert_int_equal(vmm_map_at(&manager.vmm, "memory", region(8 * page, page),
				    vmm_pa(16 * page), VMM_KERNEL_RW, NULL),
			 VMM_OK);
	assert_true(vmm_audit(&manager.vmm, NULL) > 0);
	assert_int_equal(vmm_unmap(&manager.vmm, vmm_va(8 * page), NULL), VMM_OK);
	test_manager_fini(&manager);
}

static void expect_accessed(vmm_attr_t attr)
{
	uint64_t word = word_of(attr);

	/* Set from the start; and DBM, bit 51, would make "read-only" mean "writable, clean". */
	assert_true(word == 0 || (word & (BIT(10) | BIT(51))) == BIT(10));
}

static void a29_the_access_flag_is_set_and_hardware_changes_nothing(const struct vmm_format *format)
{
	set_up(format);
	for_each_attr(expect_accessed);
	/* HA and HD of TCR_EL1. */
	assert_int_equal(regs_of(&table, NULL, FULL).tcr & (BIT(39) | BIT(40)), 0);
	map(0, 0, test_formats_page(format), VMM_KERNEL_RW);
	assert_int_equal(leaf_at(0).descriptor & (BIT(10) | BIT(51)), BIT(10));
	tear_down();
}

static void expect_two_software_bits(vmm_attr_t attr)
{
	uint64_t word = word_of(attr);
	uint64_t software = (attr.bits & VMM_ATTR_SW_MASK) >> 10;

	/* 58:57 are not used; 63:59 are PBHA, POIndex, or for the Secure state. */
	assert_true(word == 0 || word >> 55 == software);
}

static void a31_software_has_bits_56_and_55(const struct vmm_format *format)
{
	set_up(format);
	for_each_attr(expect_two_software_bits);
	tear_down();
}

static void a33_table_descriptors_restrict_nothing(const struct vmm_format *format)
{
	const struct vmm_codec *codec = codec_of(format);
	uint64_t root;

	set_up(format);
	map(0, 0, test_formats_page(format), VMM_USER_RW);
	root = test_frames_word(&source, vmm_table_root(&table), 0);
	/* APTable, XNTable, PXNTable, NSTable, and what is ignored. */
	assert_int_equal(root & ~UINT64_C(0xfffffffff003), 0);
	assert_int_equal(codec->kind(&table, root, 1), VMM_KIND_TABLE);
	for (unsigned int bit = 59; bit < 64; bit++) {
		assert_int_equal(codec->kind(&table, root | BIT(bit), 1), VMM_KIND_BAD);
	}
	tear_down();
}

/* --- A34: enabling. The order of instructions: test/checks/check_order.py --- */

static void a34_sctlr_is_set_on_purpose(const struct vmm_format *format)
{
	uint64_t sctlr;

	set_up(format);
	sctlr = regs_of(&table, NULL, FULL).sctlr;
	/* Bits 29, 28, 23, 22, 20 and 11 are RES1 in Armv8.0; M, C and I; no A, no WXN, no EE, no E0E. */
	assert_int_equal(sctlr, 0x30d00800 | 0x1005);
	tear_down();
}

int main(void)
{
	static const struct test_case cases[] = {
		TEST_CASE(a12_an_operand_is_bits_55_to_12_for_every_granule, TEST_ARM),
		TEST_CASE(a13_an_asid_of_8_bits_leaves_the_upper_half_zero, TEST_ARM),
		TEST_CASE(a15_a_run_is_aligned_on_both_sides_and_whole, TEST_ARM),
		TEST_CASE(a16_runs_have_the_sizes_of_the_table, TEST_ARM),
		TEST_CASE(a18_a_run_lies_within_input_and_output_size, TEST_ARM),
		TEST_CASE(a19_leaves_stand_where_the_table_says, TEST_ARM),
		TEST_CASE(a21_a_table_has_the_addresses_of_its_half, TEST_ARM),
		TEST_CASE(a21_no_tag_is_taken_off_addresses, TEST_ARM),
		TEST_CASE(a22_the_two_granule_fields_have_each_their_encoding, TEST_ARM),
		TEST_CASE(a23_a_root_is_aligned_to_its_size, TEST_ARM),
		TEST_CASE(a25_addresses_of_52_bits_are_refused, TEST_ARM),
		TEST_CASE(a26_the_output_size_is_not_more_than_the_cpus, TEST_ARM),
		TEST_CASE(a26_no_leaf_leads_beyond_the_output_size, TEST_ARM),
		TEST_CASE(a27_devices_are_executable_at_no_level, TEST_ARM),
		TEST_CASE(a28_r23_memory_of_two_types_is_refused_or_named, TEST_ALL),
		TEST_CASE(a29_the_access_flag_is_set_and_hardware_changes_nothing, TEST_ARM),
		TEST_CASE(a31_software_has_bits_56_and_55, TEST_ARM),
		TEST_CASE(a33_table_descriptors_restrict_nothing, TEST_ARM),
		TEST_CASE(a34_sctlr_is_set_on_purpose, TEST_ARM),
	};

	return test_formats_run("aarch64 rules", cases, sizeof(cases) / sizeof(cases[0]));
}
