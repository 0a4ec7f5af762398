/* SPDX-License-Identifier: MIT */
/* Tables for a format's plain functions alone: these work, and what goes through the table is refused. */
#include <string.h>

#include <vmm/aarch64.h>
#include <vmm/riscv.h>
#include <vmm/vmm.h>

#include "test_formats.h"
#include "test_frames.h"

#define PHYSICAL (UINT64_C(1) << 30)
#define USER     vmm_attr(VMM_ATTR_USER | VMM_ATTR_WRITE)

static struct test_frames frames;
static struct vmm_table table;

static vmm_va_region_t region(uint64_t start, uint64_t size)
{
	vmm_va_region_t made = VMM_VA_REGION_INIT(start, size);

	return made;
}

static struct vmm_table_config set_up(const struct vmm_format *format)
{
	struct vmm_table_config config;

	memset(&table, 0, sizeof(table));
	memset(&config, 0, sizeof(config));
	test_frames_init(&frames, format->geometry->page_shift, 16, PHYSICAL);
	config.frames = &frames.frames;
	config.pa_bits = 40;
	return config;
}

static struct vmm_detail detail = { { 7 }, 7, 7 };

/* At an address, and neither at a descriptor nor in a level. */
static void expect_refused_at(enum vmm_err err, uint64_t va)
{
	assert_int_equal(err, VMM_ERR_UNSUPPORTED);
	assert_int_equal(vmm_va_raw(detail.va), va);
	assert_int_equal(detail.descriptor, 0);
	assert_int_equal(detail.level, -1);
	detail.va = vmm_va(7);
	detail.descriptor = 7;
	detail.level = 7;
}

/* Everything that table.h sends through the table, at a page that plain functions mapped. */
static void expect_refusals(uint64_t page)
{
	const struct vmm_request request = { VMM_OP_UNMAP, region(page, page), vmm_pa(0), USER };
	struct vmm_cursor cursor = { 0, false, false };
	struct vmm_table before = table;
	uint64_t count = 77;
	struct vmm_leaf leaf;
	vmm_attr_t stored;
	vmm_pa_t pa;

	assert_int_equal(vmm_table_effective(&table, USER, &stored), VMM_ERR_UNSUPPORTED);
	expect_refused_at(vmm_table_need(&table, &request, &count, &detail), page);
	assert_int_equal(count, 77);
	expect_refused_at(vmm_table_map(&table, region(2 * page, page), vmm_pa(0), USER, &detail),
			  2 * page);
	expect_refused_at(vmm_table_unmap(&table, region(page, page), &detail), page);
	expect_refused_at(vmm_table_protect(&table, region(page, page), USER, &detail), page);
	expect_refused_at(vmm_table_share(&table, region(page, page), &detail), page);
	assert_int_equal(vmm_table_translate(&table, vmm_va(page), &pa), VMM_ERR_UNSUPPORTED);
	assert_int_equal(vmm_table_query(&table, vmm_va(page), &leaf), VMM_ERR_UNSUPPORTED);
	expect_refused_at(vmm_table_visit(&table, &cursor, &leaf, &detail), 0);
	assert_int_equal(table.format->init(&table, NULL), VMM_ERR_UNSUPPORTED);
	vmm_table_trim(&table);
	vmm_table_fini(&table);
	assert_memory_equal(&table, &before, sizeof(table));
}

#define PLAIN_TEST(name)									\
	static void name##_works_without_its_table(void **state)				\
	{											\
		struct vmm_table_config config = set_up(&name);					\
		uint64_t page = UINT64_C(1) << name.geometry->page_shift;			\
		struct vmm_table_config with = config;						\
		vmm_pa_t pa;									\
												\
		(void)state;									\
		with.format = &name;								\
		assert_int_equal(name##_init_bare(&table, &config), VMM_OK);			\
		assert_int_equal(name##_init_bare(&table, &config), VMM_OK);			\
		assert_int_equal(vmm_table_init(&table, &with), VMM_ERR_BUSY);			\
		assert_int_equal(name##_map(&table, region(page, page), vmm_pa(5 * page), USER, NULL),\
				 VMM_OK);							\
		expect_refusals(page);								\
		assert_int_equal(name##_translate(&table, vmm_va(page + 8), &pa), VMM_OK);	\
		assert_int_equal(vmm_pa_raw(pa), 5 * page + 8);					\
		assert_int_equal(vmm_table_region(&table, VMM_LOWER_HALF).bytes.start, 0);	\
		name##_fini(&table);								\
		assert_int_equal(frames.out_count, 0);						\
		test_frames_fini(&frames);							\
	}

PLAIN_TEST(vmm_aarch64_4k)
PLAIN_TEST(vmm_aarch64_16k)
PLAIN_TEST(vmm_aarch64_64k)
PLAIN_TEST(vmm_riscv_sv39)
PLAIN_TEST(vmm_riscv_sv48)
PLAIN_TEST(vmm_riscv_sv57)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vmm_aarch64_4k_works_without_its_table),
		cmocka_unit_test(vmm_aarch64_16k_works_without_its_table),
		cmocka_unit_test(vmm_aarch64_64k_works_without_its_table),
		cmocka_unit_test(vmm_riscv_sv39_works_without_its_table),
		cmocka_unit_test(vmm_riscv_sv48_works_without_its_table),
		cmocka_unit_test(vmm_riscv_sv57_works_without_its_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
