/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "test_arch.h"

#define BITS(high, low) ((UINT64_MAX >> (63 - (high))) & ~((UINT64_C(1) << (low)) - 1))
#define BIT(n)          BITS(n, n)

/* --- Arm: tables D8-48 to D8-52, D8-104 --- */

static uint64_t arm_next(uint64_t desc)
{
	return desc & BITS(47, 12);
}

static enum test_what arm_what(const struct test_arch *self, uint64_t desc, unsigned int level)
{
	if ((desc & BIT(0)) == 0) {
		return TEST_NOTHING;
	}
	if (level > 0 && (desc & BIT(1)) != 0) {
		return TEST_TABLE;
	}
	if (level > self->leaf_max || (level == 0 && (desc & BIT(1)) == 0)) {
		return TEST_FAULT;
	}
	return (arm_next(desc) & (test_arch_reach(self, level) - 1)) == 0 ? TEST_LEAF : TEST_FAULT;
}

static uint64_t arm_output(const struct test_arch *self, uint64_t desc, unsigned int level,
			   uint64_t va)
{
	return arm_next(desc) | (va & (test_arch_reach(self, level) - 1));
}

static bool arm_in_run(uint64_t desc)
{
	return (desc & BIT(52)) != 0;
}

static bool arm_is_global(uint64_t desc)
{
	return (desc & BIT(11)) == 0;
}

/* AP, AF, DBM, PXN, UXN and software's bits; AttrIndx, NS, SH and nG. */
#define ARM(text, page, index, blocks, ...)                                                        \
	{                                                                                          \
		.name = text, .page_shift = page, .index_bits = index, .leaf_max = blocks,         \
		.run = {__VA_ARGS__},                                                              \
		.permission = BITS(7, 6) | BIT(10) | BIT(51) | BITS(54, 53) | BITS(58, 55),        \
		.type = BITS(5, 2) | BITS(9, 8) | BIT(11), .what = arm_what, .output = arm_output, \
		.next = arm_next, .in_run = arm_in_run, .is_global = arm_is_global,                \
	}

/* --- RISC-V: "Virtual Address Translation Process", "Svnapot" --- */

static uint64_t riscv_next(uint64_t desc)
{
	return (desc & BITS(53, 10)) << 2;
}

static bool riscv_in_run(uint64_t desc)
{
	return (desc & BIT(63)) != 0;
}

static enum test_what riscv_what(const struct test_arch *self, uint64_t desc, unsigned int level)
{
	if ((desc & BIT(0)) == 0) {
		return TEST_NOTHING;
	}
	if ((desc & BITS(60, 54)) != 0) {
		return TEST_FAULT;
	}
	if ((desc & BITS(3, 1)) == 0) {
		bool is_plain = (desc & (BITS(63, 61) | BITS(7, 6) | BIT(4))) == 0;

		return level > 0 && is_plain ? TEST_TABLE : TEST_FAULT;
	}
	if ((desc & BITS(2, 1)) == BIT(2)) {
		return TEST_FAULT;
	}
	if (riscv_in_run(desc)) {
		return level == 0 && (desc & BITS(13, 10)) == BIT(13) ? TEST_LEAF : TEST_FAULT;
	}
	return (riscv_next(desc) & (test_arch_reach(self, level) - 1)) == 0 ? TEST_LEAF
									    : TEST_FAULT;
}

static uint64_t riscv_output(const struct test_arch *self, uint64_t desc, unsigned int level,
			     uint64_t va)
{
	uint64_t offset = test_arch_reach(self, level) * (riscv_in_run(desc) ? 16 : 1) - 1;

	return (riscv_next(desc) & ~offset) | (va & offset);
}

static bool riscv_is_global(uint64_t desc)
{
	return (desc & BIT(5)) != 0;
}

/* R, W, X, U, A, D and software's bits; G and PBMT. */
#define RISCV(text, levels)                                                                \
	{                                                                                  \
		.name = text, .page_shift = 12, .index_bits = 9, .leaf_max = (levels)-1,   \
		.run = {16}, .riscv = true, .permission = BITS(9, 6) | BITS(4, 1),         \
		.type = BIT(5) | BITS(62, 61), .what = riscv_what, .output = riscv_output, \
		.next = riscv_next, .in_run = riscv_in_run, .is_global = riscv_is_global,  \
	}

static const struct test_arch archs[] = {
	ARM("AArch64 4 KiB", 12, 9, 2, 16, 16, 16),
	ARM("AArch64 16 KiB", 14, 11, 1, 128, 32),
	ARM("AArch64 64 KiB", 16, 13, 1, 32, 32),
	RISCV("Sv39", 3),
	RISCV("Sv48", 4),
	RISCV("Sv57", 5),
};

const struct test_arch *test_arch_of(const struct vmm_format *format)
{
	size_t i;

	for (i = 0; i < sizeof(archs) / sizeof(archs[0]); i++) {
		if (strstr(format->geometry->name, archs[i].name) != NULL) {
			return &archs[i];
		}
	}
	fail_msg("no facts about %s", format->geometry->name);
	return NULL;
}
