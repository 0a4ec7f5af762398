/* SPDX-License-Identifier: MIT */
/*
 * x86-64's 4-level paging as a format of the library. docs/formats.md walks through this file.
 *
 * Tables are those of Intel's manual, volume 3A, 4.5 "4-Level Paging and 5-Level Paging". The kernel
 * has set EFER.NXE, CR0.WP, CR4.PGE and CR4.SMEP, left the PAT as it is after reset, and uses no
 * protection keys.
 *
 *     63   62      52 51                12 11  9 8  7  6 5  4   3   2   1   0
 *    | XD | ignored |   physical address  | ign |G|PS|D|A|PCD|PWT|U/S|R/W|P|
 */

#include <vmm/engine.h>

#include "x86_64.h"

#define P      (UINT64_C(1) << 0)
#define RW     (UINT64_C(1) << 1)
#define US     (UINT64_C(1) << 2)
#define PWT    (UINT64_C(1) << 3)
#define PCD    (UINT64_C(1) << 4)
#define A      (UINT64_C(1) << 5)
#define D      (UINT64_C(1) << 6)
#define PS     (UINT64_C(1) << 7) /* of a page: the PAT bit, which is not used here */
#define G      (UINT64_C(1) << 8)
#define SW     (UINT64_C(3) << 9) /* two of the bits that the CPU ignores */
#define ADDR   (((UINT64_C(1) << 40) - 1) << 12)
#define UNUSED ((UINT64_C(0x7ff) << 52) | (UINT64_C(1) << 11))
#define XD     (UINT64_C(1) << 63)

/* What a table descriptor must not restrict: leaves are told by their own bits. */
#define OPEN (P | RW | US)

static inline uint64_t offset_mask(unsigned int level)
{
	return (UINT64_C(1) << (12 + 9 * level)) - 1;
}

/* Tables 4-15 to 4-20. A PDPTE or PDE with PS is a leaf, whose bit 12 would be PAT. */
static inline enum vmm_kind kind(const struct vmm_table *table, uint64_t desc, unsigned int level)
{
	(void)table;
	if (level == 0) {
		return (desc & PS) == 0 ? VMM_KIND_LEAF : VMM_KIND_BAD;
	}
	if ((desc & PS) != 0) {
		bool aligned = (desc & ADDR & offset_mask(level)) == 0;

		return level <= 2 && aligned ? VMM_KIND_LEAF : VMM_KIND_BAD;
	}
	return (desc & (OPEN | PWT | PCD | XD)) == OPEN ? VMM_KIND_TABLE : VMM_KIND_BAD;
}

static inline bool is_known(const struct vmm_table *table, uint64_t desc)
{
	(void)table;
	return (desc & (PWT | PCD)) != (PWT | PCD) || (desc & XD) != 0; /* no code in a device */
}

/* The PAT after reset (12.12.4): nothing is WB, PWT WT, PCD UC-, both UC. Devices get UC, which is
 * nGnRnE: never weaker than what was asked for. */
static inline enum vmm_err effective(const struct vmm_table *table, vmm_attr_t attr,
				     vmm_attr_t *stored)
{
	uint32_t bits = attr.bits & ~(VMM_ATTR_MEM_MASK | VMM_ATTR_CONTIG);

	(void)table;
	if (vmm_attr_mem(attr) == VMM_MEM_PLATFORM) {
		return VMM_ERR_ATTR;
	}
	/* With SMEP the kernel can't execute what users may access. */
	if (vmm_attr_exec(attr) == VMM_EXEC_KERNEL && vmm_attr_has(attr, VMM_ATTR_USER)) {
		return VMM_ERR_ATTR;
	}
	*stored = vmm_attr(bits | VMM_ATTR_MEM(vmm_attr_is_device(attr) ? VMM_MEM_DEV_NGNRNE
									: vmm_attr_mem(attr)));
	return VMM_OK;
}

/* A and D are set from the start: nobody asks for them, and the CPU has no need to. */
static inline uint64_t attr_word(const struct vmm_table *table, vmm_attr_t attr)
{
	static const uint8_t types[] = {
		[VMM_MEM_WB] = 0, [VMM_MEM_WT] = PWT, [VMM_MEM_NC] = PCD,
		[VMM_MEM_DEV_NGNRNE] = PWT | PCD,
	};
	uint64_t word = P | A | D | types[vmm_attr_mem(attr)];

	(void)table;
	word |= vmm_attr_has(attr, VMM_ATTR_WRITE) ? RW : 0;
	word |= vmm_attr_has(attr, VMM_ATTR_USER) ? US : 0;
	word |= vmm_attr_has(attr, VMM_ATTR_GLOBAL) ? G : 0;
	word |= vmm_attr_exec(attr) == VMM_EXEC_NEVER ? XD : 0;
	return word | (uint64_t)(attr.bits & VMM_ATTR_SW_MASK) >> 10 << 9;
}

static inline vmm_attr_t attr_of(const struct vmm_table *table, uint64_t desc, unsigned int level)
{
	static const uint8_t mems[] = {VMM_MEM_WB, VMM_MEM_WT, VMM_MEM_NC, VMM_MEM_DEV_NGNRNE};
	uint32_t bits = VMM_ATTR_MEM(mems[(desc & (PWT | PCD)) / PWT]);

	(void)table;
	(void)level;
	bits |= (desc & RW) != 0 ? VMM_ATTR_WRITE : 0;
	bits |= (desc & US) != 0 ? VMM_ATTR_USER : 0;
	bits |= (desc & G) != 0 ? VMM_ATTR_GLOBAL : 0;
	if ((desc & XD) == 0) {
		bits |= VMM_ATTR_EXEC((desc & US) != 0 ? VMM_EXEC_USER : VMM_EXEC_KERNEL);
	}
	return vmm_attr(bits | VMM_ATTR_SW(desc >> 9));
}

static inline uint64_t leaf(uint64_t word, uint64_t pa, unsigned int level)
{
	return word | pa | (level != 0 ? PS : 0);
}

static inline uint64_t word_of(uint64_t desc, unsigned int level)
{
	(void)level;
	return desc & ~(ADDR | PS);
}

/* Without A, which the CPU sets when it walks through: link_ignored has it. */
static inline uint64_t table_desc(uint64_t pa)
{
	return OPEN | pa;
}

static inline uint64_t next(uint64_t desc)
{
	return desc & ADDR;
}

static inline uint64_t output(uint64_t desc, unsigned int level, uint64_t va)
{
	return (desc & ADDR & ~offset_mask(level)) | (va & offset_mask(level));
}

static inline bool is_global(uint64_t desc)
{
	return (desc & G) != 0;
}

/* There are no runs: run_shift is 0 at every level. */
static inline bool in_run(uint64_t desc, unsigned int level)
{
	(void)desc;
	(void)level;
	return false;
}

static inline uint64_t run(uint64_t desc, unsigned int level)
{
	(void)level;
	return desc;
}

static const struct vmm_codec x86_64_row = {
	.geometry = {
		.name = "x86-64",
		.page_shift = 12,
		.index_bits = 9,
		.level_count = 4,
		.leaf_level_max = 2,
		.va_bits_min = 48,
		.va_bits_max = 48,
		.pa_bits_max = 52,
		.arch_level_of_page = 1, /* the page table; the PML4 is level 4 */
		.arch_level_step = 1,
		.sign_extended = true,
		.flags = VMM_TABLE_ALLOW_WX | VMM_TABLE_KEEP | VMM_TABLE_FLUSH_WHOLE,
	},
	.output_rshift = 0,
	.break_resize = false, /* either translation may be used until the INVLPG: 4.10.2.4 */
	.walk_by_space = false, /* INVLPG forgets the table descriptors above the address: 4.10.4.1 */
	.permission = RW | US | XD | A | D | SW,
	.page_value = P,
	.page_ignored = RW | US | PWT | PCD | A | D | G | SW | XD,
	.link_ignored = A | D | G | SW | UNUSED,
	.type = PWT | PCD | G,
	.kind = kind,
	.is_known = is_known,
	.effective = effective,
	.attr_word = attr_word,
	.attr = attr_of,
	.leaf = leaf,
	.table = table_desc,
	.next = next,
	.output = output,
	.is_global = is_global,
	.in_run = in_run,
	.run = run,
	.word = word_of,
};

VMM_FORMAT_DEFINE(x86_64, x86_64_row)
