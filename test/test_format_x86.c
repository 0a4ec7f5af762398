/* SPDX-License-Identifier: MIT */
/*
 * The format that docs/formats.md adds outside of the library, x86-64's: words by Intel's manual,
 * volume 3A, tables 4-15 to 4-20, and random operations against an array of pages, read by a walk
 * that shares nothing with the codec.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <vmm/bump.h>

#include "../examples/format/x86_64.h"
#include "test_random.h"

#define BASE   UINT64_C(0xffff900000000000) /* a multiple of 1 GiB */
#define PAGES  2048u                       /* four tables of the last level */
#define MEMORY UINT64_C(0x10000000)

static _Alignas(4096) unsigned char memory[64 * 4096];
static struct vmm_bump bump;
static struct vmm_table table;

/* What a page should lead to; 0: nowhere. */
static struct {
	uint64_t pa;
	uint64_t bits;
} model[PAGES];

static int set_up(void **state)
{
	vmm_pa_region_t frames = VMM_PA_REGION_INIT(MEMORY, sizeof(memory));
	struct vmm_table_config config = {.format = &x86_64, .frames = &bump.frames};

	(void)state;
	memset(&bump, 0, sizeof(bump));
	memset(&table, 0, sizeof(table));
	memset(model, 0, sizeof(model));
	assert_int_equal(vmm_bump_init(&bump, frames, 12, (uintptr_t)memory - MEMORY), VMM_OK);
	assert_int_equal(vmm_table_init(&table, &config), VMM_OK);
	return 0;
}

static vmm_va_region_t pages(uint64_t first, uint64_t count)
{
	vmm_va_region_t region = VMM_VA_REGION_INIT(BASE + first * 4096, count * 4096);

	return region;
}

static uint64_t word_at(uint64_t va)
{
	struct vmm_leaf leaf;

	assert_int_equal(vmm_table_query(&table, vmm_va(va), &leaf), VMM_OK);
	return leaf.descriptor;
}

/* 4.5.4, "Linear-Address Translation with 4-Level Paging and 5-Level Paging". */
static uint64_t walk(uint64_t va, uint64_t *bits)
{
	uint64_t at = vmm_pa_raw(vmm_table_root(&table));

	for (unsigned int shift = 39;; shift -= 9) {
		const uint64_t *entries = (const void *)(memory + (at - MEMORY));
		uint64_t entry = entries[(va >> shift) & 511];

		if ((entry & 1) == 0) {
			return 0;
		}
		if (shift == 12 || (entry & 0x80) != 0) {
			uint64_t inside = va & ((UINT64_C(1) << shift) - 1);

			/* R/W, U/S, PWT, PCD, G and XD are what an access can notice. */
			*bits = entry & UINT64_C(0x800000000000011e);
			return (entry & UINT64_C(0xffffffffff000)) + inside;
		}
		at = entry & UINT64_C(0xffffffffff000);
	}
}

static void words_are_those_of_the_manual(void **state)
{
	static const struct {
		uint32_t attr;
		uint64_t word;
	} cases[] = {
		{VMM_ATTR_EXEC(VMM_EXEC_KERNEL) | VMM_ATTR_GLOBAL, 0x161},
		{VMM_ATTR_GLOBAL, UINT64_C(0x8000000000000161)},
		{VMM_ATTR_WRITE | VMM_ATTR_GLOBAL, UINT64_C(0x8000000000000163)},
		{VMM_ATTR_MEM(VMM_MEM_DEV_NGNRE) | VMM_ATTR_WRITE, UINT64_C(0x800000000000007b)},
		{VMM_ATTR_MEM(VMM_MEM_NC) | VMM_ATTR_WRITE, UINT64_C(0x8000000000000073)},
		{VMM_ATTR_MEM(VMM_MEM_WT), UINT64_C(0x8000000000000069)},
		{VMM_ATTR_EXEC(VMM_EXEC_USER) | VMM_ATTR_USER, 0x65},
		{VMM_ATTR_WRITE | VMM_ATTR_USER | VMM_ATTR_SW(3), UINT64_C(0x8000000000000667)},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(vmm_table_map(&table, pages(i, 1), vmm_pa(UINT64_C(0xabcde12345000)),
					       vmm_attr(cases[i].attr), NULL),
				 VMM_OK);
		assert_int_equal(word_at(BASE + i * 4096), cases[i].word | UINT64_C(0xabcde12345000));
	}
}

static void large_leaves_have_the_page_size_bit(void **state)
{
	vmm_va_region_t all = VMM_VA_REGION_INIT(BASE, UINT64_C(0x40200000));

	(void)state;
	assert_int_equal(vmm_table_map(&table, all, vmm_pa(0x80000000), VMM_KERNEL_RX, NULL), VMM_OK);
	assert_int_equal(word_at(BASE), 0x800001e1);
	assert_int_equal(word_at(BASE + 0x40000000), 0xc00001e1);
}

static void what_the_format_cannot_hold_is_refused(void **state)
{
	static const uint32_t refused[] = {
		VMM_ATTR_MEM(VMM_MEM_PLATFORM),
		VMM_ATTR_EXEC(VMM_EXEC_KERNEL) | VMM_ATTR_USER,
	};
	vmm_va_region_t hole = VMM_VA_REGION_INIT(UINT64_C(0x800000000000), 4096);

	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		assert_int_equal(vmm_table_map(&table, pages(0, 1), vmm_pa(0), vmm_attr(refused[i]),
					       NULL),
				 VMM_ERR_ATTR);
	}
	assert_int_equal(vmm_table_map(&table, hole, vmm_pa(0), VMM_KERNEL_RW, NULL), VMM_ERR_RANGE);
	assert_int_equal(vmm_table_map(&table, pages(0, 1), vmm_pa(UINT64_C(1) << 52), VMM_KERNEL_RW,
				       NULL),
			 VMM_ERR_PHYS);
}

static void damage_is_told(void **state)
{
	uint64_t *root = (void *)(memory + (vmm_pa_raw(vmm_table_root(&table)) - MEMORY));
	uint64_t good;
	vmm_pa_t pa;

	(void)state;
	assert_int_equal(vmm_table_map(&table, pages(0, 1), vmm_pa(0), VMM_KERNEL_RW, NULL), VMM_OK);
	good = root[(BASE >> 39) & 511];
	assert_int_equal(good & 0xfff, 7);
	/* The CPU may set A; but a PML4E is never a leaf, nor may it restrict. */
	root[(BASE >> 39) & 511] = good | 0x20;
	assert_int_equal(vmm_table_translate(&table, vmm_va(BASE), &pa), VMM_OK);
	root[(BASE >> 39) & 511] = good | 0x80;
	assert_int_equal(vmm_table_translate(&table, vmm_va(BASE), &pa), VMM_ERR_CORRUPT);
	root[(BASE >> 39) & 511] = good & ~UINT64_C(2);
	assert_int_equal(vmm_table_translate(&table, vmm_va(BASE), &pa), VMM_ERR_CORRUPT);
	root[(BASE >> 39) & 511] = good;
}

static void compare(void)
{
	for (uint64_t i = 0; i < PAGES; i++) {
		uint64_t bits = 0;
		uint64_t pa = walk(BASE + i * 4096, &bits);

		assert_int_equal(pa, model[i].pa);
		assert_int_equal(bits, model[i].bits);
	}
}

/* Whether all of the pages, or none of them, are mapped. */
static bool all_mapped(uint64_t first, uint64_t count, bool mapped)
{
	for (uint64_t i = first; i < first + count; i++) {
		if ((model[i].pa != 0) != mapped) {
			return false;
		}
	}
	return true;
}

static void fill(uint64_t first, uint64_t count, uint64_t pa, uint64_t bits, bool keep)
{
	for (uint64_t i = 0; i < count; i++) {
		model[first + i].pa = keep ? model[first + i].pa : pa + (pa != 0) * i * 4096;
		model[first + i].bits = bits;
	}
}

static void step(struct test_random *random)
{
	static const uint64_t bits[] = {UINT64_C(0x8000000000000102), 0x100};
	const vmm_attr_t attrs[] = {VMM_KERNEL_RW, VMM_KERNEL_RX};
	uint64_t first = test_random_below(random, PAGES);
	uint64_t count = test_random_below(random, PAGES - first) + 1;
	unsigned int which = (unsigned int)test_random_below(random, 2);
	uint64_t pa = 0x40000000 + first * 4096;
	enum vmm_err err;

	switch (test_random_below(random, 3)) {
	case 0:
		err = vmm_table_map(&table, pages(first, count), vmm_pa(pa), attrs[which], NULL);
		assert_int_equal(err, all_mapped(first, count, false) ? VMM_OK : VMM_ERR_EXISTS);
		if (err == VMM_OK) {
			fill(first, count, pa, bits[which], false);
		}
		return;
	case 1:
		assert_int_equal(vmm_table_unmap(&table, pages(first, count), NULL), VMM_OK);
		fill(first, count, 0, 0, false);
		return;
	default:
		err = vmm_table_protect(&table, pages(first, count), attrs[which], NULL);
		assert_int_equal(err, all_mapped(first, count, true) ? VMM_OK : VMM_ERR_NOENT);
		if (err == VMM_OK) {
			fill(first, count, 0, bits[which], true);
		}
	}
}

static void random_operations_do_what_the_model_does(void **state)
{
	struct test_random random;
	uint64_t steps = test_random_steps(400);

	(void)state;
	test_random_init(&random, "x86-64");
	for (uint64_t i = 0; i < steps; i++) {
		step(&random);
		compare();
	}
	vmm_table_fini(&table);
	assert_int_equal(vmm_bump_available(&bump), 63);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(words_are_those_of_the_manual, set_up),
		cmocka_unit_test_setup(large_leaves_have_the_page_size_bit, set_up),
		cmocka_unit_test_setup(what_the_format_cannot_hold_is_refused, set_up),
		cmocka_unit_test_setup(damage_is_told, set_up),
		cmocka_unit_test_setup(random_operations_do_what_the_model_does, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
