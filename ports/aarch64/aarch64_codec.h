/* SPDX-License-Identifier: MIT */
#ifndef VMM_AARCH64_CODEC_H
#define VMM_AARCH64_CODEC_H

/*
 * Private: stage 1 descriptors of VMSAv8-64 for EL1 and EL0, with 48-bit output addresses, and
 * one row of geometry per granule. Instantiated by format.c; a header so that tests reach the
 * rows.
 *
 * Arm ARM DDI 0487: D8.3 (descriptor formats), D8.4 (permissions), D8.5 (access flag), D8.6 (memory
 * attributes), D8.7 (contiguous bit).
 *
 * Strict in what it reads: a valid descriptor that this codec would not have written is
 * VMM_KIND_BAD, whether the architecture reserves it or it is part of a feature that the library
 * does not use (hierarchical permissions, DBM, GP, nT, 52-bit addresses). So a damaged word does
 * not pass for a mapping, and nothing is ever read that vmm_attr_t can't say.
 */

#include <vmm/format.h>

/* Bits of descriptors (tables D8-48 to D8-52). */
#define AARCH64_TABLE_OR_PAGE    (UINT64_C(1) << 1) /* a table, or in level 3 a page */
#define AARCH64_ATTR_INDEX_SHIFT 2
#define AARCH64_ATTR_INDEX       (UINT64_C(7) << AARCH64_ATTR_INDEX_SHIFT)
#define AARCH64_AP_USER          (UINT64_C(1) << 6) /* AP[1]: EL0 may access it */
#define AARCH64_AP_READ_ONLY     (UINT64_C(1) << 7) /* AP[2] */
#define AARCH64_SHARE_SHIFT      8
#define AARCH64_SHARE            (UINT64_C(3) << AARCH64_SHARE_SHIFT)
#define AARCH64_AF               (UINT64_C(1) << 10)
#define AARCH64_NOT_GLOBAL       (UINT64_C(1) << 11)
#define AARCH64_ADDRESS          UINT64_C(0x0000fffffffff000)
#define AARCH64_CONTIGUOUS       (UINT64_C(1) << 52)
#define AARCH64_PXN              (UINT64_C(1) << 53)
#define AARCH64_UXN              (UINT64_C(1) << 54)
#define AARCH64_SW_SHIFT         55
#define AARCH64_SW               (UINT64_C(3) << AARCH64_SW_SHIFT)

/* Everything that a table descriptor may hold. */
#define AARCH64_TABLE_BITS (VMM_DESCRIPTOR_VALID | AARCH64_TABLE_OR_PAGE | AARCH64_ADDRESS)

/* Everything that a leaf may hold. Clear are NS (bit 5), output address bits 49:48, GP, DBM, the
 * upper two software bits, PBHA or POIndex, and bit 63. */
#define AARCH64_LEAF_BITS                                                                     \
	(AARCH64_TABLE_BITS | AARCH64_ATTR_INDEX | AARCH64_AP_USER | AARCH64_AP_READ_ONLY |   \
	 AARCH64_SHARE | AARCH64_AF | AARCH64_NOT_GLOBAL | AARCH64_CONTIGUOUS | AARCH64_PXN | \
	 AARCH64_UXN | AARCH64_SW)

#define AARCH64_SHARE_OUTER 2
#define AARCH64_SHARE_INNER 3

/* A kind of memory: its byte of MAIR_EL1 (D24.2, "MAIR_EL1") and its shareability. */
struct aarch64_memory {
	uint8_t mair;
	uint8_t share;
};

/*
 * By AttrIndx. Normal memory that is cached is inner shareable, as cores of one system share it.
 * Device and non-cacheable memory is outer shareable whatever the descriptor says (B2.10): it
 * says so. No leaf has the last two indices, which read as the type that this format never
 * stores.
 */
static const struct aarch64_memory aarch64_memories[8] = {
	{0x04, AARCH64_SHARE_OUTER}, /* device, nGnRE */
	{0xff, AARCH64_SHARE_INNER}, /* write-back, read- and write-allocate */
	{0x44, AARCH64_SHARE_OUTER}, /* not cacheable */
	{0xbb, AARCH64_SHARE_INNER}, /* write-through, read- and write-allocate */
	{0x00, AARCH64_SHARE_OUTER}, /* device, nGnRnE */
	{0x0c, AARCH64_SHARE_OUTER}, /* device, GRE */
};

/* enum vmm_mem by AttrIndx: four bits each, as the field in a descriptor is four times the index. */
#define AARCH64_MEMS                                                                       \
	((uint32_t)VMM_MEM_DEV_NGNRE | (uint32_t)VMM_MEM_WB << 4 |                         \
	 (uint32_t)VMM_MEM_NC << 8 | (uint32_t)VMM_MEM_WT << 12 |                          \
	 (uint32_t)VMM_MEM_DEV_NGNRNE << 16 | (uint32_t)VMM_MEM_DEV_GRE << 20 |            \
	 (uint32_t)VMM_MEM_PLATFORM << 24 | (uint32_t)VMM_MEM_PLATFORM << 28)

/* AttrIndx by enum vmm_mem: the way back. */
static const uint8_t aarch64_index_of_mem[] = {1, 3, 2, 4, 0, 5};

/* --- attributes --- */

VMM_INLINE const struct aarch64_memory *aarch64_memory_of(uint64_t desc)
{
	return &aarch64_memories[(desc & AARCH64_ATTR_INDEX) >> AARCH64_ATTR_INDEX_SHIFT];
}

VMM_INLINE enum vmm_mem aarch64_mem_of(uint64_t desc)
{
	return (enum vmm_mem)(AARCH64_MEMS >> (desc & AARCH64_ATTR_INDEX) & 0xfu);
}

/*
 * EL1 never executes what EL0 may write, whatever PXN says (D8.4.1), so that combination can't be
 * had. Everything else can be stored exactly.
 */
VMM_HELPER enum vmm_err aarch64_effective(const struct vmm_table *table, vmm_attr_t attr,
					  vmm_attr_t *stored)
{
	(void)table;
	if (vmm_attr_mem(attr) >= VMM_MEM_PLATFORM) {
		return VMM_ERR_ATTR;
	}
	if (vmm_attr_exec(attr) == VMM_EXEC_KERNEL &&
	    vmm_attr_has(attr, VMM_ATTR_USER | VMM_ATTR_WRITE)) {
		return VMM_ERR_ATTR;
	}
	*stored = attr;
	return VMM_OK;
}

/* A leaf's bits but for its address and its type. The access flag is always set: with it clear the
 * first access would fault (D8.5). */
VMM_HELPER uint64_t aarch64_attr_word(const struct vmm_table *table, vmm_attr_t attr)
{
	uint64_t index = aarch64_index_of_mem[vmm_attr_mem(attr)];
	uint64_t share = aarch64_memories[index].share;
	uint64_t software = (attr.bits & VMM_ATTR_SW_MASK) / VMM_ATTR_SW(1);
	uint64_t word = VMM_DESCRIPTOR_VALID | AARCH64_AF;

	(void)table;
	word |= index << AARCH64_ATTR_INDEX_SHIFT | share << AARCH64_SHARE_SHIFT;
	word |= software << AARCH64_SW_SHIFT;
	word |= vmm_attr_has(attr, VMM_ATTR_USER) ? AARCH64_AP_USER : 0;
	word |= vmm_attr_has(attr, VMM_ATTR_WRITE) ? 0 : AARCH64_AP_READ_ONLY;
	word |= vmm_attr_has(attr, VMM_ATTR_GLOBAL) ? 0 : AARCH64_NOT_GLOBAL;
	word |= vmm_attr_exec(attr) == VMM_EXEC_KERNEL ? 0 : AARCH64_PXN;
	word |= vmm_attr_exec(attr) == VMM_EXEC_USER ? 0 : AARCH64_UXN;
	return word;
}

/*
 * Reading is done field by field without a branch, as who looks at many leaves rarely sees the same twice: a
 * field of the word is moved to where vmm_attr_t has it, or chooses from a constant of fields. This one is
 * VMM_ATTR_EXEC() by UXN and PXN.
 */
#define AARCH64_EXECS                                                      \
	(VMM_ATTR_EXEC(VMM_EXEC_KERNEL) | VMM_ATTR_EXEC(VMM_EXEC_USER) << 2 | \
	 VMM_ATTR_EXEC(VMM_EXEC_KERNEL) << 4 | VMM_ATTR_EXEC(VMM_EXEC_NEVER) << 6)

VMM_HELPER vmm_attr_t aarch64_attr(const struct vmm_table *table, uint64_t desc, unsigned int level)
{
	uint64_t set = desc ^ (AARCH64_AP_READ_ONLY | AARCH64_NOT_GLOBAL);
	unsigned int never = (unsigned int)(desc / (AARCH64_PXN / 2)) & 6u;
	uint32_t bits = VMM_ATTR_MEM(aarch64_mem_of(desc));

	(void)table;
	(void)level;
	bits |= AARCH64_EXECS >> never & VMM_ATTR_EXEC_MASK;
	bits |= (uint32_t)(desc / (AARCH64_SW / VMM_ATTR_SW_MASK)) & VMM_ATTR_SW_MASK;
	bits |= (set & AARCH64_AP_USER) != 0 ? VMM_ATTR_USER : 0;
	bits |= (set & AARCH64_AP_READ_ONLY) != 0 ? VMM_ATTR_WRITE : 0;
	bits |= (set & AARCH64_NOT_GLOBAL) != 0 ? VMM_ATTR_GLOBAL : 0;
	bits |= (set & AARCH64_CONTIGUOUS) != 0 ? VMM_ATTR_CONTIG : 0;
	return vmm_attr(bits);
}

/* Whether PXN and UXN say what vmm_attr_t can say and vmm_attr_check() and effective() accept. */
VMM_INLINE bool aarch64_exec_is_known(uint64_t desc)
{
	bool kernel = (desc & AARCH64_PXN) == 0;
	bool user = (desc & AARCH64_UXN) == 0;

	if (!kernel && !user) {
		return true;
	}
	if (kernel && user) {
		return false;
	}
	if ((aarch64_memory_of(desc)->mair & 0xf0) == 0) {
		return false; /* a device */
	}
	if (user) {
		return (desc & AARCH64_AP_USER) != 0;
	}
	return (desc & (AARCH64_AP_USER | AARCH64_AP_READ_ONLY)) != AARCH64_AP_USER;
}

VMM_HELPER bool aarch64_is_known(const struct vmm_table *table, uint64_t desc)
{
	(void)table;
	return aarch64_mem_of(desc) != VMM_MEM_PLATFORM && (desc & AARCH64_AF) != 0 &&
	       (desc & AARCH64_SHARE) >> AARCH64_SHARE_SHIFT == aarch64_memory_of(desc)->share &&
	       aarch64_exec_is_known(desc);
}

/* --- words --- */

/*
 * What a valid descriptor is. Bit 1 tells table from block; in the last level a page has it set,
 * and its being clear is reserved (table D8-48).
 *
 * An address beyond the table's pa_bits would be an address size fault (D8.2). So would, or
 * worse, be the bits below a leaf's or a table's alignment, which are RES0 or part of features
 * not used.
 */
VMM_HELPER enum vmm_kind aarch64_kind(const struct vmm_table *table, uint64_t desc,
				      unsigned int level, const struct vmm_geometry *geometry)
{
	bool is_table = level > 0 && (desc & AARCH64_TABLE_OR_PAGE) != 0;
	unsigned int reach = geometry->page_shift + (is_table ? 0 : level * geometry->index_bits);
	uint64_t address = desc & AARCH64_ADDRESS;

	if (address >> table->pa_bits != 0 || (address & vmm_addr_mask_(reach)) != 0) {
		return VMM_KIND_BAD;
	}
	if (is_table) {
		return (desc & ~AARCH64_TABLE_BITS) == 0 ? VMM_KIND_TABLE : VMM_KIND_BAD;
	}
	if (level > geometry->leaf_level_max || (desc & ~AARCH64_LEAF_BITS) != 0 ||
	    (level == 0 && (desc & AARCH64_TABLE_OR_PAGE) == 0)) {
		return VMM_KIND_BAD;
	}
	return VMM_KIND_LEAF;
}

VMM_INLINE uint64_t aarch64_leaf(uint64_t attr_word, uint64_t pa, unsigned int level)
{
	return attr_word | pa | (level == 0 ? AARCH64_TABLE_OR_PAGE : 0);
}

VMM_INLINE uint64_t aarch64_table(uint64_t pa)
{
	return pa | AARCH64_TABLE_OR_PAGE | VMM_DESCRIPTOR_VALID;
}

VMM_INLINE uint64_t aarch64_next(uint64_t desc)
{
	return desc & AARCH64_ADDRESS;
}

VMM_INLINE uint64_t aarch64_output(uint64_t desc, unsigned int level, uint64_t va,
				   const struct vmm_geometry *geometry)
{
	uint64_t inside = vmm_addr_mask_(geometry->page_shift + level * geometry->index_bits);

	return (desc & AARCH64_ADDRESS & ~inside) | (va & inside);
}

VMM_INLINE bool aarch64_is_global(uint64_t desc)
{
	return (desc & AARCH64_NOT_GLOBAL) == 0;
}

VMM_INLINE bool aarch64_in_run(uint64_t desc, unsigned int level)
{
	(void)level;
	return (desc & AARCH64_CONTIGUOUS) != 0;
}

VMM_INLINE uint64_t aarch64_run(uint64_t desc, unsigned int level)
{
	(void)level;
	return desc | AARCH64_CONTIGUOUS;
}

VMM_INLINE uint64_t aarch64_word(uint64_t desc, unsigned int level)
{
	(void)level;
	return desc & ~(AARCH64_ADDRESS | AARCH64_TABLE_OR_PAGE | AARCH64_CONTIGUOUS);
}

/* --- rows --- */

/* What a table of these formats may be told. */
#define AARCH64_TABLE_FLAGS \
	(VMM_TABLE_ALLOW_WX | VMM_TABLE_RESIZE_LIVE | VMM_TABLE_KEEP | VMM_TABLE_FLUSH_WHOLE)

/* What protect may change in place, and what it must find as asked. */
#define AARCH64_PERMISSION \
	(AARCH64_AP_USER | AARCH64_AP_READ_ONLY | AARCH64_PXN | AARCH64_UXN | AARCH64_SW)
#define AARCH64_TYPE (AARCH64_ATTR_INDEX | AARCH64_SHARE | AARCH64_NOT_GLOBAL)

/*
 * Defines the codec `symbol`: log2 of the page, log2 of the descriptors in a table, levels at
 * `va_bits`, the highest level with leaves, and the runs from level 0 on. Two functions need the
 * row's geometry, which the compiler folds into them.
 *
 * The least input size is TnSZ = 39 (D8.2; less needs FEAT_TTST).
 */
#define AARCH64_CODEC(symbol, people, page, index, levels, leaf_max, va_bits, ...)           \
	static const struct vmm_codec symbol;                                                \
	VMM_HELPER enum vmm_kind symbol##_kind(const struct vmm_table *table, uint64_t desc, \
					       unsigned int level)                           \
	{                                                                                    \
		return aarch64_kind(table, desc, level, &symbol.geometry);                   \
	}                                                                                    \
	VMM_INLINE uint64_t symbol##_output(uint64_t desc, unsigned int level, uint64_t va)  \
	{                                                                                    \
		return aarch64_output(desc, level, va, &symbol.geometry);                    \
	}                                                                                    \
	static const struct vmm_codec symbol = {                                             \
		.geometry =                                                                  \
			{                                                                    \
				.name = people,                                              \
				.page_shift = page,                                          \
				.index_bits = index,                                         \
				.level_count = levels,                                       \
				.leaf_level_max = leaf_max,                                  \
				.va_bits_min = 25,                                           \
				.va_bits_max = va_bits,                                      \
				.pa_bits_max = 48,                                           \
				.arch_level_of_page = 3,                                     \
				.arch_level_step = -1,                                       \
				.run_shift = {__VA_ARGS__},                                  \
				.flags = AARCH64_TABLE_FLAGS,                                \
			},                                                                   \
		.break_resize = true,                                                        \
		.break_run = true,                                                           \
		.permission = AARCH64_PERMISSION,                                            \
		.type = AARCH64_TYPE,                                                        \
		.page_value = VMM_DESCRIPTOR_VALID | AARCH64_TABLE_OR_PAGE | AARCH64_AF,      \
		.page_ignored = AARCH64_PERMISSION | AARCH64_TYPE | AARCH64_CONTIGUOUS,       \
		.kind = symbol##_kind,                                                       \
		.is_known = aarch64_is_known,                                                \
		.effective = aarch64_effective,                                              \
		.attr_word = aarch64_attr_word,                                              \
		.attr = aarch64_attr,                                                        \
		.leaf = aarch64_leaf,                                                        \
		.table = aarch64_table,                                                      \
		.next = aarch64_next,                                                        \
		.output = symbol##_output,                                                   \
		.is_global = aarch64_is_global,                                              \
		.in_run = aarch64_in_run,                                                    \
		.run = aarch64_run,                                                          \
		.word = aarch64_word,                                                        \
	}

/* Leaves: table D8-52 without FEAT_LPA and FEAT_LPA2. Runs: table D8-104. */
AARCH64_CODEC(aarch64_codec_4k, "AArch64 4 KiB", 12, 9, 4, 2, 48, 4, 4, 4);
AARCH64_CODEC(aarch64_codec_16k, "AArch64 16 KiB", 14, 11, 4, 1, 48, 7, 5);
AARCH64_CODEC(aarch64_codec_64k, "AArch64 64 KiB", 16, 13, 3, 1, 48, 5, 5);

#endif /* VMM_AARCH64_CODEC_H */
