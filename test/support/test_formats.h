/* SPDX-License-Identifier: MIT */
#ifndef TEST_FORMATS_H
#define TEST_FORMATS_H

/**
 * @file test_formats.h
 * The same tests on each of the six formats: one CMocka test per case and format, named by both.
 */

#include <stddef.h>

#include <vmm/format.h>

#define TEST_ARM   1u
#define TEST_RISCV 2u
#define TEST_ALL   (TEST_ARM | TEST_RISCV)

struct test_case {
	const char *name;
	void (*run)(const struct vmm_format *format);
	unsigned int formats; /**< TEST_ARM, TEST_RISCV or both */
};

/* clang-format off */
/** A case named as its function. */
#define TEST_CASE(function, formats) { #function, function, formats }
/* clang-format on */

/** Runs the cases. Returns the number of failures: what main() returns. */
int test_formats_run(const char *group, const struct test_case *cases, size_t case_count);

bool test_formats_is_riscv(const struct vmm_format *format);

/** The bytes of a page, and of a leaf of a level. */
uint64_t test_formats_page(const struct vmm_format *format);
uint64_t test_formats_leaf(const struct vmm_format *format, unsigned int level);

/** Leaves in a run of level 0. */
uint64_t test_formats_run_count(const struct vmm_format *format);

#endif /* TEST_FORMATS_H */
