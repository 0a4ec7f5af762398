/* SPDX-License-Identifier: MIT */
#ifndef TEST_REGION_H
#define TEST_REGION_H

/**
 * @file test_region.h
 * Regions made of integers, as tests write them, without a check: some are wrong on purpose.
 */

#include <vmm/region.h>

static inline vmm_va_region_t test_va_region(uint64_t start, uint64_t size)
{
	vmm_va_region_t region = VMM_VA_REGION_INIT(start, size);

	return region;
}

static inline vmm_pa_region_t test_pa_region(uint64_t start, uint64_t size)
{
	vmm_pa_region_t region = VMM_PA_REGION_INIT(start, size);

	return region;
}

#endif /* TEST_REGION_H */
