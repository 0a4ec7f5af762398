/* SPDX-License-Identifier: MIT */
#ifndef VMM_RISCV_CODEC_H
#define VMM_RISCV_CODEC_H

/*
 * Descriptors of Sv39, Sv48 and Sv57: one codec, and one row of geometry each.
 *
 * Section names are those of the RISC-V privileged specification, volume II.
 *
 *     63  62  61 60       54 53               10 9   8 7 6 5 4 3 2 1 0
 *    | N | PBMT |  reserved |       PPN         |  RSW |D|A|G|U|X|W|R|V|
 */

#include <vmm/format.h>

#define VMM_RISCV_V UINT64_C(0x01)
#define VMM_RISCV_R UINT64_C(0x02)
#define VMM_RISCV_W UINT64_C(0x04)
#define VMM_RISCV_X UINT64_C(0x08)
#define VMM_RISCV_U UINT64_C(0x10)
#define VMM_RISCV_G UINT64_C(0x20)
#define VMM_RISCV_A UINT64_C(0x40)
#define VMM_RISCV_D UINT64_C(0x80)
#define VMM_RISCV_RSW_SHIFT 8
#define VMM_RISCV_RSW (UINT64_C(3) << VMM_RISCV_RSW_SHIFT)
#define VMM_RISCV_PPN_SHIFT 10
#define VMM_RISCV_PPN (((UINT64_C(1) << 44) - 1) << VMM_RISCV_PPN_SHIFT)
/* Svrsw60t59b would give two of these to software; what does not know them must not set them. */
#define VMM_RISCV_RESERVED (UINT64_C(0x7f) << 54)
#define VMM_RISCV_PBMT (UINT64_C(3) << 61)
#define VMM_RISCV_PBMT_NC (UINT64_C(1) << 61)
#define VMM_RISCV_PBMT_IO (UINT64_C(2) << 61)
#define VMM_RISCV_N (UINT64_C(1) << 63)

#define VMM_RISCV_PAGE_SHIFT 12
#define VMM_RISCV_INDEX_BITS 9
/* A descriptor's PPN field is the physical address shifted right by this. */
#define VMM_RISCV_OUTPUT_RSHIFT (VMM_RISCV_PAGE_SHIFT - VMM_RISCV_PPN_SHIFT)

/* The only run of Svnapot 1.0: 16 pages, told by ppn[3:0] = 1000b ("Svnapot", encodings). */
#define VMM_RISCV_NAPOT_SHIFT 4
#define VMM_RISCV_NAPOT_PPN (UINT64_C(0xf) << VMM_RISCV_PPN_SHIFT)
#define VMM_RISCV_NAPOT_64K (UINT64_C(0x8) << VMM_RISCV_PPN_SHIFT)

/* log2 of the bytes that a leaf maps. */
VMM_INLINE unsigned int vmm_riscv_leaf_shift_(unsigned int level)
{
	return VMM_RISCV_PAGE_SHIFT + level * VMM_RISCV_INDEX_BITS;
}

/*
 * Svnapot and Svpbmt: bits that are reserved, and fault, on a CPU without the extension. Above
 * level 0 a run's page number is that of a misaligned superpage, so levels need no look here.
 */
VMM_HELPER bool vmm_riscv_extensions_ok_(uint32_t flags, uint64_t desc)
{
	if ((desc & VMM_RISCV_N) != 0 &&
	    ((flags & VMM_TABLE_SVNAPOT) == 0 ||
	     (desc & VMM_RISCV_NAPOT_PPN) != VMM_RISCV_NAPOT_64K)) {
		return false;
	}
	if ((desc & VMM_RISCV_PBMT) != 0 &&
	    ((flags & VMM_TABLE_SVPBMT) == 0 || (desc & VMM_RISCV_PBMT) == VMM_RISCV_PBMT)) {
		return false;
	}
	return true;
}

/*
 * "Virtual Address Translation Process", steps 3 to 6, as far as they don't depend on the access.
 *
 * G in a table descriptor is legal and makes every leaf below it global, whatever its own bit says. Here
 * a leaf is told by its own bit, and a change of it fenced accordingly, which would be too little: such a
 * table is refused as if it were reserved.
 */
VMM_HELPER enum vmm_kind vmm_riscv_kind_flags_(uint32_t flags, uint64_t desc, unsigned int level)
{
	const uint64_t not_in_table = VMM_RISCV_A | VMM_RISCV_D | VMM_RISCV_U | VMM_RISCV_G |
				      VMM_RISCV_N | VMM_RISCV_PBMT;
	uint64_t superpage_ppn = ((UINT64_C(1) << level * VMM_RISCV_INDEX_BITS) - 1)
				 << VMM_RISCV_PPN_SHIFT;

	if ((desc & VMM_RISCV_RESERVED) != 0) {
		return VMM_KIND_BAD;
	}
	if ((desc & (VMM_RISCV_R | VMM_RISCV_W | VMM_RISCV_X)) == 0) {
		return level != 0 && (desc & not_in_table) == 0 ? VMM_KIND_TABLE : VMM_KIND_BAD;
	}
	if ((desc & (VMM_RISCV_R | VMM_RISCV_W)) == VMM_RISCV_W) {
		return VMM_KIND_BAD;
	}
	if ((desc & superpage_ppn) != 0 || !vmm_riscv_extensions_ok_(flags, desc)) {
		return VMM_KIND_BAD;
	}
	return VMM_KIND_LEAF;
}

VMM_HELPER enum vmm_kind vmm_riscv_kind_(const struct vmm_table *table, uint64_t desc,
					 unsigned int level)
{
	return vmm_riscv_kind_flags_(table->flags, desc, level);
}

/* kind() has judged every bit already. */
VMM_HELPER bool vmm_riscv_is_known_(const struct vmm_table *table, uint64_t desc)
{
	(void)table;
	(void)desc;
	return true;
}

/*
 * The memory type that will be told for the one asked for. Without Svpbmt physical memory
 * attributes decide alone, and so they do with PBMT = 0; PBMT = IO is strongly ordered and neither
 * gathers nor reorders, but says nothing of early acknowledgment ("Svpbmt").
 */
VMM_HELPER enum vmm_err vmm_riscv_effective_mem_(bool pbmt, enum vmm_mem mem, enum vmm_mem *stored)
{
	switch (mem) {
	case VMM_MEM_WB:
	case VMM_MEM_PLATFORM:
		*stored = VMM_MEM_PLATFORM;
		return VMM_OK;
	case VMM_MEM_DEV_NGNRNE:
	case VMM_MEM_DEV_NGNRE:
	case VMM_MEM_DEV_GRE:
		*stored = pbmt ? VMM_MEM_DEV_NGNRE : VMM_MEM_PLATFORM;
		return VMM_OK;
	case VMM_MEM_NC:
		*stored = VMM_MEM_NC;
		return pbmt ? VMM_OK : VMM_ERR_ATTR;
	case VMM_MEM_WT:
		break;
	}
	return VMM_ERR_ATTR;
}

VMM_HELPER enum vmm_err vmm_riscv_effective_(const struct vmm_table *table, vmm_attr_t attr,
					     vmm_attr_t *stored)
{
	uint32_t bits = attr.bits & ~VMM_ATTR_MEM_MASK;
	enum vmm_mem mem = VMM_MEM_PLATFORM;
	enum vmm_err err = vmm_riscv_effective_mem_((table->flags & VMM_TABLE_SVPBMT) != 0,
						    vmm_attr_mem(attr), &mem);

	if (err != VMM_OK) {
		return err;
	}
	/* S-mode can never execute a page of user mode, whatever SUM says ("sstatus", SUM). */
	if (vmm_attr_exec(attr) == VMM_EXEC_KERNEL && vmm_attr_has(attr, VMM_ATTR_USER)) {
		return VMM_ERR_ATTR;
	}
	if ((table->flags & VMM_TABLE_SVNAPOT) == 0) {
		bits &= ~VMM_ATTR_CONTIG;
	}
	*stored = vmm_attr(bits | VMM_ATTR_MEM(mem));
	return VMM_OK;
}

VMM_HELPER uint64_t vmm_riscv_pbmt_(enum vmm_mem mem)
{
	if (mem == VMM_MEM_NC) {
		return VMM_RISCV_PBMT_NC;
	}
	return mem == VMM_MEM_DEV_NGNRE ? VMM_RISCV_PBMT_IO : 0;
}

/*
 * A and D are set from the start: a CPU that doesn't set them itself faults where they are clear
 * ("Svade"), and nobody here asks what was accessed. D on a read-only page means nothing yet, and
 * is right when it becomes writable.
 */
VMM_HELPER uint64_t vmm_riscv_attr_word_(const struct vmm_table *table, vmm_attr_t attr)
{
	uint64_t word = VMM_RISCV_V | VMM_RISCV_R | VMM_RISCV_A | VMM_RISCV_D;

	(void)table;
	if (vmm_attr_has(attr, VMM_ATTR_WRITE)) {
		word |= VMM_RISCV_W;
	}
	if (vmm_attr_exec(attr) != VMM_EXEC_NEVER) {
		word |= VMM_RISCV_X;
	}
	if (vmm_attr_has(attr, VMM_ATTR_USER)) {
		word |= VMM_RISCV_U;
	}
	if (vmm_attr_has(attr, VMM_ATTR_GLOBAL)) {
		word |= VMM_RISCV_G;
	}
	word |= (uint64_t)(attr.bits & VMM_ATTR_SW_MASK) >> 10 << VMM_RISCV_RSW_SHIFT;
	return word | vmm_riscv_pbmt_(vmm_attr_mem(attr));
}

VMM_HELPER uint32_t vmm_riscv_attr_mem_(uint64_t desc)
{
	if ((desc & VMM_RISCV_PBMT) == VMM_RISCV_PBMT_NC) {
		return VMM_ATTR_MEM(VMM_MEM_NC);
	}
	return (desc & VMM_RISCV_PBMT) == VMM_RISCV_PBMT_IO ? VMM_ATTR_MEM(VMM_MEM_DEV_NGNRE) :
							      VMM_ATTR_MEM(VMM_MEM_PLATFORM);
}

/* Execute-only leaves, which this codec never makes, are told as readable: there is no word. */
VMM_HELPER vmm_attr_t vmm_riscv_attr_(const struct vmm_table *table, uint64_t desc,
				      unsigned int level)
{
	uint32_t bits = vmm_riscv_attr_mem_(desc);

	(void)table;
	(void)level;
	if ((desc & VMM_RISCV_W) != 0) {
		bits |= VMM_ATTR_WRITE;
	}
	if ((desc & VMM_RISCV_X) != 0) {
		bits |= VMM_ATTR_EXEC((desc & VMM_RISCV_U) != 0 ? VMM_EXEC_USER : VMM_EXEC_KERNEL);
	}
	if ((desc & VMM_RISCV_U) != 0) {
		bits |= VMM_ATTR_USER;
	}
	if ((desc & VMM_RISCV_G) != 0) {
		bits |= VMM_ATTR_GLOBAL;
	}
	if ((desc & VMM_RISCV_N) != 0) {
		bits |= VMM_ATTR_CONTIG;
	}
	return vmm_attr(bits | VMM_ATTR_SW(desc >> VMM_RISCV_RSW_SHIFT));
}

VMM_INLINE uint64_t vmm_riscv_leaf_(uint64_t attr_word, uint64_t pa, unsigned int level)
{
	(void)level;
	return attr_word | pa >> VMM_RISCV_OUTPUT_RSHIFT;
}

VMM_INLINE uint64_t vmm_riscv_table_desc_(uint64_t pa)
{
	return VMM_RISCV_V | pa >> VMM_RISCV_OUTPUT_RSHIFT;
}

VMM_INLINE uint64_t vmm_riscv_next_(uint64_t desc)
{
	return (desc & VMM_RISCV_PPN) << VMM_RISCV_OUTPUT_RSHIFT;
}

/* A leaf of a run gives a page number whose low bits are those of the address ("Svnapot"). */
VMM_INLINE uint64_t vmm_riscv_output_(uint64_t desc, unsigned int level, uint64_t va)
{
	unsigned int shift = vmm_riscv_leaf_shift_(level) +
			     ((desc & VMM_RISCV_N) != 0 ? VMM_RISCV_NAPOT_SHIFT : 0);
	uint64_t offset = (UINT64_C(1) << shift) - 1;

	return (vmm_riscv_next_(desc) & ~offset) | (va & offset);
}

VMM_INLINE bool vmm_riscv_is_global_(uint64_t desc)
{
	return (desc & VMM_RISCV_G) != 0;
}

VMM_INLINE bool vmm_riscv_in_run_(uint64_t desc, unsigned int level)
{
	(void)level;
	return (desc & VMM_RISCV_N) != 0;
}

/* All 16 leaves hold this word. */
VMM_INLINE uint64_t vmm_riscv_run_(uint64_t desc, unsigned int level)
{
	(void)level;
	return VMM_RISCV_N | (desc & ~VMM_RISCV_NAPOT_PPN) | VMM_RISCV_NAPOT_64K;
}

/* The inverse of leaf and run: what of a descriptor does not come from its place. */
VMM_INLINE uint64_t vmm_riscv_word_(uint64_t desc, unsigned int level)
{
	(void)level;
	return desc & ~(VMM_RISCV_PPN | VMM_RISCV_N);
}

/*
 * The rows. Every level may hold leaves, the root too; input size is the format's, not a choice.
 *
 * A leaf may change its size while it is valid: a hart then uses the old or the new one, and both
 * are "otherwise well defined" ("SFENCE.VMA"). A run is taken apart through invalid descriptors and
 * a fence of all 64 KiB, as the extension asks ("Svnapot"). A fence by address reaches leaves only,
 * so that whoever unlinks a table must fence the whole space.
 *
 * A and D count as permissions: leaves found in tables made by others may lack them, and a leaf
 * that becomes writable must not fault for its D bit.
 */
#define VMM_RISCV_ROW(text, levels, bits)                                                          \
	{                                                                                          \
		.geometry = {                                                                      \
			.name = text,                                                              \
			.page_shift = VMM_RISCV_PAGE_SHIFT,                                        \
			.index_bits = VMM_RISCV_INDEX_BITS,                                        \
			.level_count = levels,                                                     \
			.leaf_level_max = (levels) - 1,                                            \
			.va_bits_min = bits,                                                       \
			.va_bits_max = bits,                                                       \
			.pa_bits_max = 56,                                                         \
			.arch_level_of_page = 0,                                                   \
			.arch_level_step = 1,                                                      \
			.sign_extended = true,                                                     \
			.run_shift = { VMM_RISCV_NAPOT_SHIFT },                                    \
			.run_flag = VMM_TABLE_SVNAPOT,                                             \
			.flags = VMM_TABLE_ALLOW_WX | VMM_TABLE_SVNAPOT | VMM_TABLE_SVPBMT |       \
				 VMM_TABLE_KEEP | VMM_TABLE_FLUSH_WHOLE | VMM_TABLE_FENCE_ALL,     \
		},                                                                                 \
		.output_rshift = VMM_RISCV_OUTPUT_RSHIFT,                                          \
		.break_resize = false,                                                             \
		.break_run = true,                                                                 \
		.run_is_one_word = true,                                                           \
		.walk_by_space = true,                                                             \
		.permission = VMM_RISCV_R | VMM_RISCV_W | VMM_RISCV_X | VMM_RISCV_U |              \
			      VMM_RISCV_A | VMM_RISCV_D | VMM_RISCV_RSW,                           \
		.page_value = VMM_RISCV_V | VMM_RISCV_R,                                           \
		.page_ignored = VMM_RISCV_W | VMM_RISCV_X | VMM_RISCV_U | VMM_RISCV_G |            \
				VMM_RISCV_A | VMM_RISCV_D | VMM_RISCV_RSW,                         \
		.link_ignored = VMM_RISCV_RSW,                                                     \
		.type = VMM_RISCV_G | VMM_RISCV_PBMT,                                              \
		.kind = vmm_riscv_kind_,                                                           \
		.is_known = vmm_riscv_is_known_,                                                   \
		.effective = vmm_riscv_effective_,                                                 \
		.attr_word = vmm_riscv_attr_word_,                                                 \
		.attr = vmm_riscv_attr_,                                                           \
		.leaf = vmm_riscv_leaf_,                                                           \
		.table = vmm_riscv_table_desc_,                                                    \
		.next = vmm_riscv_next_,                                                           \
		.output = vmm_riscv_output_,                                                       \
		.is_global = vmm_riscv_is_global_,                                                 \
		.in_run = vmm_riscv_in_run_,                                                       \
		.run = vmm_riscv_run_,                                                             \
		.word = vmm_riscv_word_,                                                           \
	}

static const struct vmm_codec vmm_riscv_sv39_row_ = VMM_RISCV_ROW("RISC-V Sv39", 3, 39);
static const struct vmm_codec vmm_riscv_sv48_row_ = VMM_RISCV_ROW("RISC-V Sv48", 4, 48);
static const struct vmm_codec vmm_riscv_sv57_row_ = VMM_RISCV_ROW("RISC-V Sv57", 5, 57);

#endif /* VMM_RISCV_CODEC_H */
