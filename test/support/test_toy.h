/* SPDX-License-Identifier: MIT */
#ifndef TEST_TOY_H
#define TEST_TOY_H

/**
 * @file test_toy.h
 * Formats so small that all of their tables can be seen: pages of 32 bytes, four descriptors in a
 * table, one to three levels for input sizes of 6 to 11 bits.
 *
 *     arm    |               address 31:5 | run 4 | global 3 | write 2 | table or page 1 | V 0 |
 *     riscv  | N 63 |     address 31:5 >> 1 | global 3 | write 2 | leaf 1 | V 0 |
 *
 * The first must break what changes its size; a run's leaves each have their own word, two pages
 * or two blocks. The second breaks runs only, whose two pages hold the same word, and no
 * invalidation by address reaches a table descriptor. The third is the second, whose runs may be cut
 * while they are valid; no CPU is so calm.
 */

#include <vmm/format.h>

#include "test_arch.h"

#define TEST_TOY_PAGE_SHIFT 5
#define TEST_TOY_INDEX_BITS 2

VMM_FORMAT_DECLARE(test_toy_arm);
VMM_FORMAT_DECLARE(test_toy_riscv);
VMM_FORMAT_DECLARE(test_toy_calm);

extern const struct test_arch test_toy_arm_arch;
extern const struct test_arch test_toy_riscv_arch;

#endif /* TEST_TOY_H */
