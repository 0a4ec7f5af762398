/* SPDX-License-Identifier: MIT */
#ifndef TEST_AREA_H
#define TEST_AREA_H

/**
 * @file test_area.h
 * A small space with bins, and ranges for it: what its examples and its damage start from.
 */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include <vmm/space.h>

#define PAGE UINT64_C(0x1000)
#define START UINT64_C(0x40000000)
#define PAGES 64
#define RANGES 24

/* A link taken for the other one of its range leads to a range that starts before or behind it. */
struct fixture {
	struct vmm_range readable_before;
	struct vmm_space space;
	struct vmm_bin bins[4];
	struct vmm_range ranges[RANGES];
	struct vmm_range readable_behind;
};

static struct fixture fixture;

static inline vmm_va_region_t region(uint64_t first_page, uint64_t page_count)
{
	vmm_va_region_t r = VMM_VA_REGION_INIT(START + first_page * PAGE, page_count * PAGE);

	return r;
}

static inline void set_up_space(const struct vmm_space_config *config)
{
	memset(&fixture, 0, sizeof(fixture));
	assert_int_equal(vmm_space_init(&fixture.space, region(0, PAGES), config), VMM_OK);
}

static inline struct vmm_range *occupy(unsigned int index, uint64_t first_page,
				       uint64_t page_count)
{
	struct vmm_range *range = &fixture.ranges[index];

	assert_int_equal(vmm_space_reserve_at(&fixture.space, region(first_page, page_count), NULL,
					      range, NULL), VMM_OK);
	return range;
}

#endif /* TEST_AREA_H */
