/* SPDX-License-Identifier: MIT */
#include "test_toy.h"

#include <vmm/engine.h>

#define VALID         UINT64_C(1)
#define TABLE_OR_PAGE (UINT64_C(1) << 1) /* arm */
#define LEAF          (UINT64_C(1) << 1) /* riscv */
#define WRITE         (UINT64_C(1) << 2)
#define GLOBAL        (UINT64_C(1) << 3)
#define RUN           (UINT64_C(1) << 4)  /* arm */
#define NAPOT         (UINT64_C(1) << 63) /* riscv */
#define ADDRESS       UINT64_C(0xffffffe0)
/* Two pages are told by a set bit where the first page's address has none. */
#define NAPOT_PAGES (UINT64_C(1) << TEST_TOY_PAGE_SHIFT >> 1)

static uint64_t offset_mask(unsigned int level)
{
	return (UINT64_C(1) << (TEST_TOY_PAGE_SHIFT + level * TEST_TOY_INDEX_BITS)) - 1;
}

/* --- attributes: writable, global --- */

static enum vmm_err effective(const struct vmm_table *table, vmm_attr_t attr, vmm_attr_t *stored)
{
	(void)table;
	if ((attr.bits & ~(VMM_ATTR_WRITE | VMM_ATTR_GLOBAL | VMM_ATTR_HINTS)) != 0) {
		return VMM_ERR_ATTR;
	}
	*stored = attr;
	return VMM_OK;
}

static uint64_t word_of(vmm_attr_t attr)
{
	return VALID | (vmm_attr_has(attr, VMM_ATTR_WRITE) ? WRITE : 0) |
	       (vmm_attr_has(attr, VMM_ATTR_GLOBAL) ? GLOBAL : 0);
}

static vmm_attr_t attr_of(uint64_t desc, bool in_run)
{
	return vmm_attr(((desc & WRITE) != 0 ? VMM_ATTR_WRITE : 0) |
			((desc & GLOBAL) != 0 ? VMM_ATTR_GLOBAL : 0) |
			(in_run ? VMM_ATTR_CONTIG : 0));
}

static bool is_known(const struct vmm_table *table, uint64_t desc)
{
	(void)table;
	(void)desc;
	return true;
}

static bool is_global(uint64_t desc)
{
	return (desc & GLOBAL) != 0;
}

/* --- arm --- */

static enum vmm_kind arm_kind(const struct vmm_table *table, uint64_t desc, unsigned int level)
{
	(void)table;
	if ((desc & TABLE_OR_PAGE) != 0 && level > 0) {
		return (desc & (WRITE | GLOBAL | RUN)) == 0 ? VMM_KIND_TABLE : VMM_KIND_BAD;
	}
	if ((desc & TABLE_OR_PAGE) == 0 && level == 0) {
		return VMM_KIND_BAD;
	}
	return (desc & ADDRESS & offset_mask(level)) == 0 ? VMM_KIND_LEAF : VMM_KIND_BAD;
}

static uint64_t arm_attr_word(const struct vmm_table *table, vmm_attr_t attr)
{
	(void)table;
	return word_of(attr);
}

static bool arm_in_run(uint64_t desc, unsigned int level)
{
	(void)level;
	return (desc & RUN) != 0;
}

static vmm_attr_t arm_attr(const struct vmm_table *table, uint64_t desc, unsigned int level)
{
	(void)table;
	return attr_of(desc, arm_in_run(desc, level));
}

static uint64_t arm_leaf(uint64_t word, uint64_t pa, unsigned int level)
{
	return word | pa | (level == 0 ? TABLE_OR_PAGE : 0);
}

static uint64_t arm_table(uint64_t pa)
{
	return pa | TABLE_OR_PAGE | VALID;
}

static uint64_t arm_next(uint64_t desc)
{
	return desc & ADDRESS;
}

static uint64_t arm_output(uint64_t desc, unsigned int level, uint64_t va)
{
	return (desc & ADDRESS) | (va & offset_mask(level));
}

static uint64_t arm_run(uint64_t desc, unsigned int level)
{
	(void)level;
	return desc | RUN;
}

static uint64_t arm_word(uint64_t desc, unsigned int level)
{
	(void)level;
	return desc & (VALID | WRITE | GLOBAL);
}

/* clang-format off */
static const struct vmm_codec arm_codec = {
	.geometry = {
		.name = "toy of Arm",
		.page_shift = TEST_TOY_PAGE_SHIFT,
		.index_bits = TEST_TOY_INDEX_BITS,
		.level_count = 3,
		.leaf_level_max = 2,
		.va_bits_min = 6,
		.va_bits_max = 11,
		.pa_bits_max = 16,
		.arch_level_of_page = 3,
		.arch_level_step = -1,
		.run_shift = { 1, 1 },
		.flags = VMM_TABLE_RESIZE_LIVE | VMM_TABLE_KEEP | VMM_TABLE_FLUSH_WHOLE,
	},
	.break_resize = true,
	.break_run = true,
	.permission = WRITE,
	.page_value = VALID | TABLE_OR_PAGE,
	.page_ignored = WRITE | GLOBAL,
	.type = GLOBAL,
	.kind = arm_kind,
	.is_known = is_known,
	.effective = effective,
	.attr_word = arm_attr_word,
	.attr = arm_attr,
	.leaf = arm_leaf,
	.table = arm_table,
	.next = arm_next,
	.output = arm_output,
	.is_global = is_global,
	.in_run = arm_in_run,
	.run = arm_run,
	.word = arm_word,
};
/* clang-format on */

VMM_FORMAT_DEFINE(test_toy_arm, arm_codec)

/* --- riscv --- */

static bool riscv_in_run(uint64_t desc, unsigned int level)
{
	(void)level;
	return (desc & NAPOT) != 0;
}

static uint64_t riscv_next(uint64_t desc)
{
	return desc << 1 & ADDRESS;
}

static enum vmm_kind riscv_kind(const struct vmm_table *table, uint64_t desc, unsigned int level)
{
	(void)table;
	if ((desc & LEAF) == 0) {
		return level > 0 && (desc & (WRITE | GLOBAL | NAPOT)) == 0 ? VMM_KIND_TABLE
									   : VMM_KIND_BAD;
	}
	if (riscv_in_run(desc, level)) {
		return level == 0 && (desc & NAPOT_PAGES) != 0 ? VMM_KIND_LEAF : VMM_KIND_BAD;
	}
	return (riscv_next(desc) & offset_mask(level)) == 0 ? VMM_KIND_LEAF : VMM_KIND_BAD;
}

static uint64_t riscv_attr_word(const struct vmm_table *table, vmm_attr_t attr)
{
	(void)table;
	return word_of(attr) | LEAF;
}

static vmm_attr_t riscv_attr(const struct vmm_table *table, uint64_t desc, unsigned int level)
{
	(void)table;
	return attr_of(desc, riscv_in_run(desc, level));
}

static uint64_t riscv_leaf(uint64_t word, uint64_t pa, unsigned int level)
{
	(void)level;
	return word | pa >> 1;
}

static uint64_t riscv_table(uint64_t pa)
{
	return VALID | pa >> 1;
}

static uint64_t riscv_output(uint64_t desc, unsigned int level, uint64_t va)
{
	uint64_t mask = offset_mask(level);

	if (riscv_in_run(desc, level)) {
		mask = mask << 1 | 1;
	}
	return (riscv_next(desc) & ~mask) | (va & mask);
}

static uint64_t riscv_run(uint64_t desc, unsigned int level)
{
	(void)level;
	return desc | NAPOT | NAPOT_PAGES;
}

static uint64_t riscv_word(uint64_t desc, unsigned int level)
{
	(void)level;
	return desc & (VALID | LEAF | WRITE | GLOBAL);
}

/* clang-format off */
#define RISCV_CODEC(name_, break_run_)						\
	{									\
		.geometry = {							\
			.name = name_,						\
			.page_shift = TEST_TOY_PAGE_SHIFT,			\
			.index_bits = TEST_TOY_INDEX_BITS,			\
			.level_count = 3,					\
			.leaf_level_max = 2,					\
			.va_bits_min = 6,					\
			.va_bits_max = 11,					\
			.pa_bits_max = 16,					\
			.arch_level_of_page = 0,				\
			.arch_level_step = 1,					\
			.sign_extended = true,					\
			.run_shift = { 1 },					\
			.flags = VMM_TABLE_KEEP | VMM_TABLE_FLUSH_WHOLE,	\
		},								\
		.output_rshift = 1,						\
		.break_run = break_run_,					\
		.run_is_one_word = true,					\
		.walk_by_space = true,						\
		.permission = WRITE,						\
		.page_value = VALID | LEAF,					\
		.page_ignored = WRITE | GLOBAL,					\
		.type = GLOBAL,							\
		.kind = riscv_kind,						\
		.is_known = is_known,						\
		.effective = effective,						\
		.attr_word = riscv_attr_word,					\
		.attr = riscv_attr,						\
		.leaf = riscv_leaf,						\
		.table = riscv_table,						\
		.next = riscv_next,						\
		.output = riscv_output,						\
		.is_global = is_global,						\
		.in_run = riscv_in_run,						\
		.run = riscv_run,						\
		.word = riscv_word,						\
	}

static const struct vmm_codec riscv_codec = RISCV_CODEC("toy of RISC-V", true);
static const struct vmm_codec calm_codec = RISCV_CODEC("toy whose runs need not break", false);
/* clang-format on */

VMM_FORMAT_DEFINE(test_toy_riscv, riscv_codec)
VMM_FORMAT_DEFINE(test_toy_calm, calm_codec)

/* --- the same, for the judge: these are no codec's functions by another name --- */

static enum test_what arm_what(const struct test_arch *self, uint64_t desc, unsigned int level)
{
	uint64_t low = desc & 31;

	if ((desc & 1) == 0) {
		return TEST_NOTHING;
	}
	if (level > 0 && (desc & 2) != 0) {
		return low == 3 ? TEST_TABLE : TEST_FAULT;
	}
	if (level == 0 && (desc & 2) == 0) {
		return TEST_FAULT;
	}
	return (desc - low) % test_arch_reach(self, level) == 0 ? TEST_LEAF : TEST_FAULT;
}

static uint64_t arm_address(const struct test_arch *self, uint64_t desc, unsigned int level,
			    uint64_t va)
{
	return desc - desc % 32 + va % test_arch_reach(self, level);
}

static uint64_t arm_link(uint64_t desc)
{
	return desc - desc % 32;
}

static bool arm_is_member(uint64_t desc)
{
	return (desc >> 4 & 1) != 0;
}

static bool is_for_all(uint64_t desc)
{
	return (desc >> 3 & 1) != 0;
}

static uint64_t riscv_link(uint64_t desc)
{
	return (desc & 0x7ffffff0) * 2;
}

static bool riscv_is_member(uint64_t desc)
{
	return desc >> 63 != 0;
}

static enum test_what riscv_what(const struct test_arch *self, uint64_t desc, unsigned int level)
{
	uint64_t pa = riscv_link(desc);

	if ((desc & 1) == 0) {
		return TEST_NOTHING;
	}
	if ((desc & 2) == 0) {
		return level > 0 && (desc & 0xc) == 0 && !riscv_is_member(desc) ? TEST_TABLE
										: TEST_FAULT;
	}
	if (riscv_is_member(desc)) {
		return level == 0 && pa % 64 == 32 ? TEST_LEAF : TEST_FAULT;
	}
	return pa % test_arch_reach(self, level) == 0 ? TEST_LEAF : TEST_FAULT;
}

static uint64_t riscv_address(const struct test_arch *self, uint64_t desc, unsigned int level,
			      uint64_t va)
{
	uint64_t size = test_arch_reach(self, level) * (riscv_is_member(desc) ? 2 : 1);
	uint64_t pa = riscv_link(desc);

	return pa - pa % size + va % size;
}

const struct test_arch test_toy_arm_arch = {
	.name = "toy of Arm",
	.page_shift = 5,
	.index_bits = 2,
	.leaf_max = 2,
	.run = {2, 2},
	.permission = 1 << 2,
	.type = 1 << 3,
	.what = arm_what,
	.output = arm_address,
	.next = arm_link,
	.in_run = arm_is_member,
	.is_global = is_for_all,
};

const struct test_arch test_toy_riscv_arch = {
	.name = "toy of RISC-V",
	.page_shift = 5,
	.index_bits = 2,
	.leaf_max = 2,
	.run = {2},
	.riscv = true,
	.permission = 1 << 2,
	.type = 1 << 3,
	.what = riscv_what,
	.output = riscv_address,
	.next = riscv_link,
	.in_run = riscv_is_member,
	.is_global = is_for_all,
};
