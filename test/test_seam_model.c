/* SPDX-License-Identifier: MIT */
/*
 * Random operations on tables of every format under the judge of the seam: at no moment could a CPU
 * do wrong, whatever it has cached. What the tables then hold is test_table_model.c's affair.
 */
#include <string.h>

#include "test_formats.h"
#include "test_random.h"
#include "test_reader.h"
#include "test_seam.h"

#define FRAME_COUNT 24

static struct test_seam seam;
static struct test_random dice;

static uint64_t below(uint64_t bound)
{
	return test_random_below(&dice, bound);
}

/* A place near a boundary of some level, in one of a few neighborhoods, so that operations meet. */
static uint64_t pick_va(void)
{
	unsigned int top = seam.table.root_level;
	uint64_t reach = test_arch_reach(seam.arch, (unsigned int)below(top + 1u));
	uint64_t pages = below(40) << seam.arch->page_shift;
	uint64_t va = reach * below(4);

	if (below(4) == 0) {
		va = 0 - reach * (1 + below(2));
	}
	va = below(2) == 0 ? va + pages : va - pages;
	return va & seam.table.va_mask;
}

static uint64_t pick_size(uint64_t va)
{
	/* A level above holds more leaves than the judge has patience for. */
	unsigned int most = seam.arch->page_shift == 12 ? 2 : 1;
	unsigned int top = seam.table.root_level > most ? most : seam.table.root_level;
	uint64_t reach = test_arch_reach(seam.arch, (unsigned int)below(top + 1u));
	uint64_t pages = (1 + below(70)) << seam.arch->page_shift;
	uint64_t size = below(2) == 0 ? pages : reach * (1 + below(3));
	uint64_t room = seam.table.va_mask - va + 1;

	size += below(3) == 0 ? pages : 0;
	/* No region passes from one half of a sign-extended space to the other. */
	if (seam.arch->riscv && va <= seam.table.va_mask >> 1) {
		room = (seam.table.va_mask >> 1) - va + 1;
	}
	return size < room ? size : room;
}

static uint64_t extend(uint64_t va)
{
	bool is_upper = seam.table.half == VMM_UPPER_HALF ||
			(seam.table.half == VMM_BOTH_HALVES && va > seam.table.va_mask >> 1);

	return is_upper ? va | ~seam.table.va_mask : va;
}

static vmm_attr_t pick_attr(void)
{
	uint32_t bits = below(2) == 0 ? VMM_ATTR_WRITE : 0;

	bits |= below(5) == 0 ? VMM_ATTR_GLOBAL : VMM_ATTR_USER;
	bits |= below(3) == 0 ? 0 : VMM_ATTR_CONTIG;
	bits |= below(8) == 0 ? VMM_ATTR_SW(1) : 0;
	return vmm_attr(bits);
}

static uint64_t pick_pa(uint64_t va, uint64_t size)
{
	uint64_t space = (UINT64_C(1) << seam.table.pa_bits) - 1;
	uint64_t pa = below(3) == 0 ? below(64) << seam.arch->page_shift : va & space;

	return size - 1 > space - pa ? 0 : pa;
}

/* Whether what is there is nearly one type, so that protect gets somewhere. */
static vmm_attr_t attr_at(uint64_t va)
{
	struct vmm_leaf leaf;
	vmm_attr_t attr = pick_attr();

	if (vmm_table_query(&seam.table, vmm_va(va), &leaf) == VMM_OK) {
		attr.bits = (leaf.attr.bits & ~VMM_ATTR_CONTIG) ^ VMM_ATTR_WRITE;
	}
	return attr;
}

static uint64_t run_step(void)
{
	uint64_t index = pick_va();
	uint64_t size = pick_size(index);
	uint64_t va = extend(index);
	enum vmm_err err;

	seam.frames.fill = (enum test_frames_fill)below(3);
	switch (below(5)) {
	case 0:
	case 1:
		err = test_seam_map(&seam, va, pick_pa(index, size), size, pick_attr());
		break;
	case 2:
	case 3:
		err = test_seam_protect(&seam, va, size, attr_at(va));
		break;
	default:
		err = test_seam_unmap(&seam, va, size);
		break;
	}
	if (below(40) == 0) {
		test_seam_trim(&seam);
	}
	return err == VMM_OK;
}

static void watch(const struct vmm_format *format, struct vmm_table_config config)
{
	uint64_t steps = test_random_steps(format->geometry->page_shift == 12 ? 150 : 40);
	uint64_t done = 0;

	config.format = format;
	test_random_init(&dice, format->geometry->name);
	test_seam_init(&seam, NULL, &config, FRAME_COUNT);
	for (uint64_t i = 0; i < steps; i++) {
		done += run_step();
		test_reader_check(&seam.table, &seam.frames, (config.flags & VMM_TABLE_KEEP) != 0,
				  NULL);
	}
	assert_true(done > steps / 8);
	test_seam_fini(&seam);
}

static struct vmm_table_config plain(const struct vmm_format *format)
{
	struct vmm_table_config config;

	memset(&config, 0, sizeof(config));
	config.asid = 9;
	config.flags = test_formats_is_riscv(format) ? VMM_TABLE_SVNAPOT : 0;
	return config;
}

static void the_lower_half(const struct vmm_format *format)
{
	watch(format, plain(format));
}

static void the_upper_half(const struct vmm_format *format)
{
	struct vmm_table_config config = plain(format);

	config.half = VMM_UPPER_HALF;
	config.va_bits = 39;
	config.flush_max = 5;
	watch(format, config);
}

static void tables_that_are_kept(const struct vmm_format *format)
{
	struct vmm_table_config config = plain(format);

	config.flags |= VMM_TABLE_KEEP;
	watch(format, config);
}

static void sizes_that_change_live(const struct vmm_format *format)
{
	struct vmm_table_config config = plain(format);

	config.flags |= VMM_TABLE_RESIZE_LIVE;
	config.va_bits = 42;
	watch(format, config);
}

static void no_invalidation_by_address(const struct vmm_format *format)
{
	struct vmm_table_config config = plain(format);

	config.flags |= VMM_TABLE_FLUSH_WHOLE;
	watch(format, config);
}

static void the_least_input_size(const struct vmm_format *format)
{
	struct vmm_table_config config = plain(format);

	config.va_bits = 25;
	watch(format, config);
}

int main(void)
{
	static const struct test_case cases[] = {
		TEST_CASE(the_lower_half, TEST_ALL),
		TEST_CASE(the_upper_half, TEST_ARM),
		TEST_CASE(tables_that_are_kept, TEST_ALL),
		TEST_CASE(sizes_that_change_live, TEST_ARM),
		TEST_CASE(no_invalidation_by_address, TEST_ALL),
		TEST_CASE(the_least_input_size, TEST_ARM),
	};

	return test_formats_run("seam model", cases, sizeof(cases) / sizeof(cases[0]));
}
