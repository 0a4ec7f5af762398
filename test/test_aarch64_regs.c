/* SPDX-License-Identifier: MIT */
/* Register words of AArch64 against words computed from the manual by hand. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <vmm/aarch64.h>

/* A CPU that has everything, and the Cortex-A53 of QEMU: MMFR0 0x1122, no 16 KiB. */
static struct vmm_aarch64_features full(void)
{
	struct vmm_aarch64_features features;

	vmm_aarch64_features_from(0x0000000000101125, 0, 0, &features);
	return features;
}

static struct vmm_aarch64_features a53(void)
{
	struct vmm_aarch64_features features;

	vmm_aarch64_features_from(0x1122, 0, 0, &features);
	return features;
}

/* A table as its init leaves it: what the plan looks at. */
struct made {
	struct vmm_frames frames;
	struct vmm_table table;
};

static struct vmm_table *make(struct made *made, enum vmm_half half, unsigned int page_shift,
			      unsigned int va_bits, unsigned int pa_bits)
{
	memset(made, 0, sizeof(*made));
	made->frames.page_shift = (uint8_t)page_shift;
	made->table.format = &vmm_aarch64_4k;
	made->table.frames = &made->frames;
	made->table.half = (uint8_t)half;
	made->table.va_bits = (uint8_t)va_bits;
	made->table.pa_bits = (uint8_t)pa_bits;
	made->table.asid_bits = 8;
	made->table.root = half == VMM_LOWER_HALF ? 0x40080000 : 0x400c0000;
	return &made->table;
}

static struct vmm_aarch64_regs plan(const struct vmm_table *lower, const struct vmm_table *upper,
				    struct vmm_aarch64_features features)
{
	struct vmm_aarch64_regs regs;

	assert_int_equal(vmm_aarch64_plan_enable(lower, upper, &features, &regs), VMM_OK);
	return regs;
}

static uint64_t tcr_of_both(unsigned int page_shift, unsigned int va_bits, unsigned int pa_bits)
{
	struct made low, high;

	return plan(make(&low, VMM_LOWER_HALF, page_shift, va_bits, pa_bits),
		    make(&high, VMM_UPPER_HALF, page_shift, va_bits, pa_bits), full())
		.tcr;
}

/* --- the plan --- */

static void mair_has_the_bytes_of_the_manual(void **state)
{
	struct made low;

	(void)state;
	/* nGnRE, write-back, non-cacheable, write-through, nGnRnE, GRE */
	assert_int_equal(plan(make(&low, VMM_LOWER_HALF, 12, 39, 48), NULL, full()).mair,
			 0x00000c00bb44ff04);
}

static void tcr_of_both_halves_is_that_of_the_manual(void **state)
{
	(void)state;
	assert_int_equal(tcr_of_both(12, 48, 48), 0x00000005b5103510);
	assert_int_equal(tcr_of_both(14, 47, 48), 0x000000057511b511);
	assert_int_equal(tcr_of_both(16, 42, 40), 0x00000002f5167516);
}

/* TG0 and TG1 number the granules differently. */
static void halves_of_different_granules_have_each_its_own_encoding(void **state)
{
	struct made low, high;
	uint64_t tcr = plan(make(&low, VMM_LOWER_HALF, 16, 42, 48),
			    make(&high, VMM_UPPER_HALF, 14, 36, 48), full())
			       .tcr;

	(void)state;
	assert_int_equal(tcr >> 14 & 3, 1); /* 64 KiB */
	assert_int_equal(tcr >> 30 & 3, 1); /* 16 KiB */
	assert_int_equal(tcr & 0x3f, 22);
	assert_int_equal(tcr >> 16 & 0x3f, 28);
}

/* The granule of the half that isn't walked must be legal too. */
static void a_half_without_a_table_walks_nothing_and_has_legal_fields(void **state)
{
	struct made low, high;
	struct vmm_aarch64_regs regs;

	(void)state;
	regs = plan(make(&low, VMM_LOWER_HALF, 12, 39, 48), NULL, full());
	assert_int_equal(regs.tcr, 0x00000005b5993519);
	assert_int_equal(regs.ttbr0, 0x40080000);
	assert_int_equal(regs.ttbr1, 0);
	regs = plan(NULL, make(&high, VMM_UPPER_HALF, 14, 25, 48), full());
	assert_int_equal(regs.tcr, 0x000000057527b5a7);
	assert_int_equal(regs.ttbr0, 0);
	assert_int_equal(regs.ttbr1, 0x400c0000);
}

static void the_output_size_is_the_cpus_if_that_is_less(void **state)
{
	struct made low;

	(void)state;
	assert_int_equal(plan(make(&low, VMM_LOWER_HALF, 16, 42, 48), NULL, a53()).tcr >> 32 & 7,
			 2);
}

static void the_output_size_is_the_larger_of_the_tables(void **state)
{
	struct made low, high;

	(void)state;
	assert_int_equal(plan(make(&low, VMM_LOWER_HALF, 12, 39, 32),
			      make(&high, VMM_UPPER_HALF, 12, 39, 39), full())
						 .tcr >>
					 32 &
				 7,
			 2);
	assert_int_equal(plan(make(&low, VMM_LOWER_HALF, 12, 39, 32), NULL, full()).tcr >> 32 & 7,
			 0);
}

/* A CPU of more bits than there are numbers for: never a reserved one. */
static void the_output_size_is_never_more_than_52_bits(void **state)
{
	struct vmm_aarch64_features wide = full();
	struct made low;

	(void)state;
	wide.pa_bits = 56;
	assert_int_equal(plan(make(&low, VMM_LOWER_HALF, 12, 48, 48), NULL, wide).tcr >> 32 & 7, 5);
	low.table.pa_bits = 53;
	assert_int_equal(plan(&low.table, NULL, wide).tcr >> 32 & 7, 6);
}

/* RES1 bits, M, C and I set; A, WXN and EE clear. */
static void sctlr_is_set_on_purpose(void **state)
{
	struct made low;
	uint64_t sctlr = plan(make(&low, VMM_LOWER_HALF, 12, 48, 48), NULL, full()).sctlr;

	(void)state;
	assert_int_equal(sctlr, 0x30d01805);
	assert_int_equal(sctlr & VMM_AARCH64_SCTLR_WXN, 0);
}

static void wide_asids_are_on_if_cpu_and_tables_have_them(void **state)
{
	struct made low, high;
	struct vmm_aarch64_regs regs;
	struct vmm_aarch64_features features = full();

	(void)state;
	(void)make(&low, VMM_LOWER_HALF, 12, 48, 48);
	(void)make(&high, VMM_UPPER_HALF, 12, 48, 48);
	low.table.asid_bits = 16;
	high.table.asid_bits = 16;
	low.table.asid = 0x1234;
	regs = plan(&low.table, &high.table, features);
	assert_int_equal(regs.tcr >> 36 & 1, 1);
	assert_int_equal(regs.ttbr0, 0x1234000040080000);
	assert_int_equal(regs.ttbr1, 0x400c0000);

	high.table.asid_bits = 8;
	assert_int_equal(vmm_aarch64_plan_enable(&low.table, &high.table, &features, &regs),
			 VMM_ERR_UNSUPPORTED);
	low.table.asid = 0x12;
	assert_int_equal(plan(&low.table, &high.table, features).tcr >> 36 & 1, 0);

	high.table.asid_bits = 16;
	features.asid_bits = 8;
	assert_int_equal(plan(&low.table, &high.table, features).tcr >> 36 & 1, 0);
	high.table.asid = 0x100;
	assert_int_equal(vmm_aarch64_plan_enable(&low.table, &high.table, &features, &regs),
			 VMM_ERR_UNSUPPORTED);
}

static void an_upper_table_alone_gives_its_asid_to_ttbr0(void **state)
{
	struct made high;
	struct vmm_aarch64_regs regs;

	(void)state;
	make(&high, VMM_UPPER_HALF, 12, 48, 48)->asid = 7;
	regs = plan(NULL, &high.table, full());
	assert_int_equal(regs.ttbr0, 0x0007000000000000);
	assert_int_equal(regs.ttbr1, 0x00070000400c0000);
}

static enum vmm_err refused(const struct vmm_table *lower, const struct vmm_table *upper,
			    struct vmm_aarch64_features features)
{
	struct vmm_aarch64_regs before, regs;
	enum vmm_err err;

	memset(&before, 0x5a, sizeof(before));
	regs = before;
	err = vmm_aarch64_plan_enable(lower, upper, &features, &regs);
	assert_memory_equal(&regs, &before, sizeof(regs));
	return err;
}

static void what_the_cpu_cannot_do_is_refused_and_nothing_is_written(void **state)
{
	struct made low, high;
	struct vmm_aarch64_features none = full();

	(void)state;
	(void)make(&low, VMM_LOWER_HALF, 14, 47, 48);
	(void)make(&high, VMM_UPPER_HALF, 14, 47, 48);
	assert_int_equal(refused(NULL, NULL, full()), VMM_ERR_EMPTY);
	assert_int_equal(refused(&high.table, NULL, full()), VMM_ERR_RANGE);
	assert_int_equal(refused(NULL, &low.table, full()), VMM_ERR_RANGE);
	assert_int_equal(refused(&low.table, NULL, a53()), VMM_ERR_UNSUPPORTED);
	assert_int_equal(refused(NULL, &high.table, a53()), VMM_ERR_UNSUPPORTED);

	low.frames.page_shift = 13;
	assert_int_equal(refused(&low.table, NULL, full()), VMM_ERR_UNSUPPORTED);
	low.frames.page_shift = 12;
	none.granule_4k = false;
	assert_int_equal(refused(&low.table, NULL, none), VMM_ERR_UNSUPPORTED);
	low.frames.page_shift = 16;
	none.granule_64k = false;
	assert_int_equal(refused(&low.table, NULL, none), VMM_ERR_UNSUPPORTED);

	(void)make(&low, VMM_LOWER_HALF, 12, 48, 48);
	low.table.root = UINT64_C(1) << 40;
	assert_int_equal(refused(&low.table, NULL, a53()), VMM_ERR_PHYS);
	low.table.root = 0;
	low.table.frames = NULL;
	assert_int_equal(refused(&low.table, NULL, full()), VMM_ERR_UNSUPPORTED);
	memset(&low.table, 0, sizeof(low.table));
	assert_int_equal(refused(&low.table, NULL, full()), VMM_ERR_UNSUPPORTED);
}

/* --- TLBI operands --- */

/* An unmasked shift would leave TTL 0xf and ASID 0xf of an upper address. */
static void an_operand_holds_an_upper_address_without_its_sign(void **state)
{
	(void)state;
	assert_int_equal(vmm_aarch64_tlbi_operand(vmm_va(0xffffffffc0000000), 12,
						  VMM_AARCH64_NO_LEVEL, 5, 16),
			 0x00050ffffffc0000);
	assert_int_equal(vmm_aarch64_tlbi_operand(vmm_va(0xfffffffffffff000), 12,
						  VMM_AARCH64_NO_LEVEL, 0, 16),
			 0x00000fffffffffff);
}

/* VA[55:12] for every granule; what is below a larger page is RES0. */
static void an_operand_leaves_out_what_is_below_the_page(void **state)
{
	const vmm_va_t va = vmm_va(0x0000123456789abc);

	(void)state;
	assert_int_equal(vmm_aarch64_tlbi_operand(va, 12, VMM_AARCH64_NO_LEVEL, 0, 16),
			 0x123456789);
	assert_int_equal(vmm_aarch64_tlbi_operand(va, 14, VMM_AARCH64_NO_LEVEL, 0, 16),
			 0x123456788);
	assert_int_equal(vmm_aarch64_tlbi_operand(va, 16, VMM_AARCH64_NO_LEVEL, 0, 16),
			 0x123456780);
}

static void with_8_bits_the_upper_half_of_the_asid_is_zero(void **state)
{
	const vmm_va_t va = vmm_va(0x1000);

	(void)state;
	assert_int_equal(vmm_aarch64_tlbi_operand(va, 12, VMM_AARCH64_NO_LEVEL, 0xabcd, 16),
			 0xabcd000000000001);
	assert_int_equal(vmm_aarch64_tlbi_operand(va, 12, VMM_AARCH64_NO_LEVEL, 0xabcd, 8),
			 0x00cd000000000001);
}

/* TTL: 4 KiB 0b01, 16 KiB 0b10, 64 KiB 0b11, then the level; 0 says nothing. */
static void a_level_hint_names_granule_and_level(void **state)
{
	const vmm_va_t va = vmm_va(0);

	(void)state;
	assert_int_equal(vmm_aarch64_tlbi_operand(va, 12, 3, 0, 16) >> 44, 0x7);
	assert_int_equal(vmm_aarch64_tlbi_operand(va, 12, 1, 0, 16) >> 44, 0x5);
	assert_int_equal(vmm_aarch64_tlbi_operand(va, 14, 2, 0, 16) >> 44, 0xa);
	assert_int_equal(vmm_aarch64_tlbi_operand(va, 16, 3, 0, 16) >> 44, 0xf);
	assert_int_equal(vmm_aarch64_tlbi_operand(va, 16, 0, 0, 16) >> 44, 0);
	assert_int_equal(vmm_aarch64_tlbi_operand(va, 16, 4, 0, 16) >> 44, 0);
}

/* A program of the host runs on no tables of its own. */
static void on_the_host_no_table_is_active(void **state)
{
	struct made low;

	(void)state;
	(void)make(&low, VMM_LOWER_HALF, 12, 48, 48);
	assert_false(vmm_aarch64_sync.is_active(&low.table));
	assert_false(vmm_aarch64_sync_repeat_tlbi.is_active(&low.table));
}

/* --- features --- */

static void a_cortex_a53_has_no_16_kib_granule(void **state)
{
	struct vmm_aarch64_features features = a53();

	(void)state;
	assert_true(features.granule_4k);
	assert_false(features.granule_16k);
	assert_true(features.granule_64k);
	assert_int_equal(features.pa_bits, 40);
	assert_int_equal(features.asid_bits, 16);
	assert_int_equal(features.bbm_level, 0);
	assert_false(features.ets2);
	assert_false(features.ttl);
	assert_false(features.ntlbpa);
}

/* Absence is 0xf for 4 and 64 KiB and 0 for 16 KiB; with FEAT_LPA2 the fields are 1 and 2. */
static void granules_are_absent_in_two_ways(void **state)
{
	struct vmm_aarch64_features features;

	(void)state;
	vmm_aarch64_features_from(0xff000000, 0, 0, &features);
	assert_false(features.granule_4k);
	assert_false(features.granule_16k);
	assert_false(features.granule_64k);
	vmm_aarch64_features_from(0x10200000, 0, 0, &features);
	assert_true(features.granule_4k);
	assert_true(features.granule_16k);
	assert_true(features.granule_64k);
}

static void sizes_are_decoded_and_those_of_the_future_are_the_largest(void **state)
{
	static const uint8_t bits[16] = {32, 36, 40, 42, 44, 48, 52, 52,
					 52, 52, 52, 52, 52, 52, 52, 52};
	struct vmm_aarch64_features features;
	uint64_t range;

	(void)state;
	for (range = 0; range < 16; range++) {
		vmm_aarch64_features_from(range, 0, 0, &features);
		assert_int_equal(features.pa_bits, bits[range]);
		assert_int_equal(features.asid_bits, 8);
	}
	vmm_aarch64_features_from(0x20, 0, 0, &features);
	assert_int_equal(features.asid_bits, 16);
}

/* The field with each value there is, once with all other bits clear and once with all set. */
static struct vmm_aarch64_features features_with(unsigned int word, unsigned int shift,
						 uint64_t value, bool others)
{
	uint64_t words[3] = { 0 };
	struct vmm_aarch64_features features;

	for (unsigned int i = 0; i < 3; i++) {
		words[i] = others ? UINT64_MAX : 0;
	}
	words[word] = (words[word] & ~(UINT64_C(0xf) << shift)) | value << shift;
	vmm_aarch64_features_from(words[0], words[1], words[2], &features);
	return features;
}

static void each_field_is_read_by_itself(void **state)
{
	(void)state;
	for (uint64_t value = 0; value < 16; value++) {
		for (int others = 0; others < 2; others++) {
			assert_int_equal(features_with(0, 28, value, others).granule_4k, value < 8);
			assert_int_equal(features_with(0, 24, value, others).granule_64k,
					 value < 8);
			assert_int_equal(features_with(0, 20, value, others).granule_16k,
					 value != 0);
			assert_int_equal(features_with(0, 4, value, others).asid_bits,
					 value < 2 ? 8 : 16);
			assert_int_equal(features_with(1, 36, value, others).ets2, value >= 2);
			assert_int_equal(features_with(1, 48, value, others).ntlbpa, value != 0);
			assert_int_equal(features_with(2, 48, value, others).ttl, value != 0);
			assert_int_equal(features_with(2, 52, value, others).bbm_level,
					 value < 2 ? value : 2);
		}
	}
}

static void optional_features_are_found_in_their_fields(void **state)
{
	struct vmm_aarch64_features features;

	(void)state;
	vmm_aarch64_features_from(0, UINT64_C(1) << 36, 0, &features);
	assert_false(features.ets2);
	vmm_aarch64_features_from(0, UINT64_C(2) << 36, 0, &features);
	assert_true(features.ets2);
	assert_false(features.ntlbpa);
	vmm_aarch64_features_from(0, UINT64_C(1) << 48, 0, &features);
	assert_true(features.ntlbpa);
	assert_false(features.ttl);
	vmm_aarch64_features_from(0, 0, UINT64_C(1) << 48, &features);
	assert_true(features.ttl);
	assert_int_equal(features.bbm_level, 0);
	vmm_aarch64_features_from(0, 0, UINT64_C(1) << 52, &features);
	assert_int_equal(features.bbm_level, 1);
	vmm_aarch64_features_from(0, 0, UINT64_C(3) << 52, &features);
	assert_int_equal(features.bbm_level, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mair_has_the_bytes_of_the_manual),
		cmocka_unit_test(tcr_of_both_halves_is_that_of_the_manual),
		cmocka_unit_test(halves_of_different_granules_have_each_its_own_encoding),
		cmocka_unit_test(a_half_without_a_table_walks_nothing_and_has_legal_fields),
		cmocka_unit_test(the_output_size_is_the_cpus_if_that_is_less),
		cmocka_unit_test(the_output_size_is_the_larger_of_the_tables),
		cmocka_unit_test(sctlr_is_set_on_purpose),
		cmocka_unit_test(wide_asids_are_on_if_cpu_and_tables_have_them),
		cmocka_unit_test(an_upper_table_alone_gives_its_asid_to_ttbr0),
		cmocka_unit_test(what_the_cpu_cannot_do_is_refused_and_nothing_is_written),
		cmocka_unit_test(an_operand_holds_an_upper_address_without_its_sign),
		cmocka_unit_test(an_operand_leaves_out_what_is_below_the_page),
		cmocka_unit_test(with_8_bits_the_upper_half_of_the_asid_is_zero),
		cmocka_unit_test(a_level_hint_names_granule_and_level),
		cmocka_unit_test(on_the_host_no_table_is_active),
		cmocka_unit_test(a_cortex_a53_has_no_16_kib_granule),
		cmocka_unit_test(granules_are_absent_in_two_ways),
		cmocka_unit_test(sizes_are_decoded_and_those_of_the_future_are_the_largest),
		cmocka_unit_test(each_field_is_read_by_itself),
		cmocka_unit_test(optional_features_are_found_in_their_fields),
		cmocka_unit_test(the_output_size_is_never_more_than_52_bits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
