/* SPDX-License-Identifier: MIT */
#ifndef TEST_EXTENTS_H
#define TEST_EXTENTS_H

/**
 * @file test_extents.h
 * A model of a translation table: a sorted array of extents. It knows nothing of levels or descriptors.
 *
 * Extents that are contiguous in both address spaces and alike are always joined, so that there is one
 * way to say each state. Addresses are without extension: below 2^va_bits.
 */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <vmm/table.h>

struct test_extent {
	uint64_t va;
	uint64_t pa;
	uint64_t last; /* last virtual address */
	vmm_attr_t attr; /* without hints */
};

#define TEST_EXTENTS_MAX 4096

struct test_extents {
	size_t count;
	struct test_extent list[TEST_EXTENTS_MAX];
};

/** What the model says about an operation before it is applied. */
struct test_verdict {
	enum vmm_err err;
	uint64_t va; /* of the conflict */
};

struct test_verdict test_extents_judge_map(const struct test_extents *model, uint64_t va,
					   uint64_t last);
/** type_mask: the attribute bits that protect can't change. */
struct test_verdict test_extents_judge_protect(const struct test_extents *model, uint64_t va,
					       uint64_t last, vmm_attr_t attr,
					       uint32_t type_mask);

void test_extents_map(struct test_extents *model, uint64_t va, uint64_t last, uint64_t pa,
		      vmm_attr_t attr);
void test_extents_unmap(struct test_extents *model, uint64_t va, uint64_t last);
void test_extents_protect(struct test_extents *model, uint64_t va, uint64_t last, vmm_attr_t attr);

/** The extent that holds @p va, or NULL. */
const struct test_extent *test_extents_find(const struct test_extents *model, uint64_t va);

/** Fails unless the table's visit shows exactly the model. */
void test_extents_assert_table(const struct test_extents *model, const struct vmm_table *table);

#endif /* TEST_EXTENTS_H */
