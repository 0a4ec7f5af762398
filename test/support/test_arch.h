/* SPDX-License-Identifier: MIT */
#ifndef TEST_ARCH_H
#define TEST_ARCH_H

/**
 * @file test_arch.h
 * What the manuals say of each format, written down once more for the tests. Shares nothing with
 * the library's codecs: Arm ARM DDI 0487 D8.2 to D8.7 and D8.17; RISC-V Privileged, "Sv39",
 * "Svnapot", "SFENCE.VMA".
 *
 * Levels are counted from the page. Tests with a format of their own write one of these, too.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vmm/format.h>

enum test_what {
	TEST_NOTHING,
	TEST_LEAF,
	TEST_TABLE,
	TEST_FAULT /**< valid, but the CPU would fault on it */
};

struct test_arch {
	const char *name; /**< part of the geometry's name */
	unsigned int page_shift;
	unsigned int index_bits;
	unsigned int leaf_max;            /**< the highest level of a leaf */
	unsigned int run[VMM_LEVELS_MAX]; /**< leaves in a contiguous run by level; 0: no runs */
	/**
	 * RISC-V's rules instead of Arm's: leaves may change their size while they are valid, but
	 * not runs; invalidations by address reach no table descriptors; those of one ASID spare
	 * global leaves by address, too; invalid descriptors may be cached.
	 */
	bool riscv;
	uint64_t permission; /**< bits of a leaf that may change while it is valid */
	uint64_t type;       /**< bits that may not: memory type, shareability, global */
	enum test_what (*what)(const struct test_arch *self, uint64_t desc, unsigned int level);
	/** The output address for `va`, of a leaf. */
	uint64_t (*output)(const struct test_arch *self, uint64_t desc, unsigned int level,
			   uint64_t va);
	uint64_t (*next)(uint64_t desc);
	bool (*in_run)(uint64_t desc);
	bool (*is_global)(uint64_t desc);
};

/** The facts about one of the six formats. Fails the test for any other. */
const struct test_arch *test_arch_of(const struct vmm_format *format);

/** log2 of the bytes that a descriptor of a level covers. */
static inline unsigned int test_arch_shift(const struct test_arch *self, unsigned int level)
{
	return self->page_shift + level * self->index_bits;
}

/** The bytes that a descriptor of a level covers. */
static inline uint64_t test_arch_reach(const struct test_arch *self, unsigned int level)
{
	return UINT64_C(1) << test_arch_shift(self, level);
}

static inline unsigned int test_arch_entries(const struct test_arch *self)
{
	return 1u << self->index_bits;
}

#endif /* TEST_ARCH_H */
