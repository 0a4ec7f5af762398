/* SPDX-License-Identifier: MIT */
#ifndef VMM_FORMAT_H
#define VMM_FORMAT_H

/**
 * @file format.h
 * For authors of translation formats: what a new format needs.
 *
 * A format is one row of geometry and a dozen lines of codec, both constant; the engine
 * (engine/) is written once and always inlined, so that the compiler folds the row and the codec
 * into straight code for each format. One line instantiates it:
 *
 *     static const struct vmm_codec sv39 = { .geometry = { ... }, .kind = kind, ... };
 *     VMM_FORMAT_DEFINE(vmm_riscv_sv39, sv39)
 *
 * which defines the constant `vmm_riscv_sv39` for vmm_table_config::format and the plain functions
 * `vmm_riscv_sv39_map` and so on; VMM_FORMAT_DECLARE(vmm_riscv_sv39) in a header declares them.
 *
 * What the engine assumes of every format: a descriptor is 64 bits; a table fills one page; leaves may
 * stand at every level from 0 to leaf_level_max; a descriptor with VMM_DESCRIPTOR_VALID clear is invalid
 * whatever its other bits are; the output address of a leaf is an address shifted right by `output_rshift`
 * and or-ed in, so that adjacent leaves differ by a constant.
 */

#include <vmm/table.h>

VMM_BEGIN_DECLS

/** Bit 0 of a descriptor makes it valid: Arm ARM D8.3, RISC-V Privileged "Sv39" (V). */
#define VMM_DESCRIPTOR_VALID UINT64_C(1)

/** What a valid descriptor is. */
enum vmm_kind {
	VMM_KIND_LEAF,
	VMM_KIND_TABLE,
	VMM_KIND_BAD /**< an encoding that the architecture reserves: it would fault */
};

/**
 * A format, for the engine. `desc` is always a valid descriptor, `level` counts from the leaf, and `va` is
 * the input address without its extension (masked to va_bits).
 */
struct vmm_codec {
	struct vmm_geometry geometry; /**< levels and sizes, as users of the format see them */
	uint8_t output_rshift;   /**< leaf field = physical address >> output_rshift (Arm 0, RISC-V 2) */
	bool break_resize;       /**< a leaf that changes size must be invalid for a moment, unless
	                              VMM_TABLE_RESIZE_LIVE */
	bool break_run;          /**< so must the leaves of a run that is cut; `..._RESIZE_LIVE` helps
	                              only where break_resize is set too */
	bool run_is_one_word;    /**< all leaves of a run hold the same word (Svnapot) */
	bool walk_by_space;      /**< no by-address invalidation reaches table descriptors (RISC-V) */
	uint64_t permission;     /**< the bits of a leaf that protect may change in place */
	uint64_t page_value;     /**< the bits that every ordinary page has set, besides attributes */
	uint64_t page_ignored;   /**< the attribute bits of an ordinary page. A page that differs elsewhere
	                              is left to kind() */
	uint64_t link_ignored;   /**< bits of a table descriptor that don't matter (RISC-V: RSW);
	                              table() leaves them clear */
	uint64_t type;           /**< the bits of a leaf that protect must find as asked: memory type, global */
	/** Leaf, table, or reserved? Geometry is checked here too: leaf level, alignment of the output. */
	enum vmm_kind (*kind)(const struct vmm_table *table, uint64_t desc, unsigned int level);
	/** Whether a leaf's attributes are some that attr_word() makes. kind() is asked at every step of
	 *  a walk and has to be quick; this is asked by visit, which looks for damage. */
	bool (*is_known)(const struct vmm_table *table, uint64_t desc);
	/** The attributes that will be stored for @p attr (hints removed that can't be), or an error.
	 *  vmm_attr_check() has been called. */
	enum vmm_err (*effective)(const struct vmm_table *table, vmm_attr_t attr, vmm_attr_t *stored);
	/** The bits of a leaf that don't depend on address or level, for attributes that are effective. */
	uint64_t (*attr_word)(const struct vmm_table *table, vmm_attr_t attr);
	/** The attributes of a leaf: the inverse of attr_word. CONTIG if the leaf is part of a run. */
	vmm_attr_t (*attr)(const struct vmm_table *table, uint64_t desc, unsigned int level);
	/** A leaf: attribute word, output address (aligned to the leaf), level. */
	uint64_t (*leaf)(uint64_t attr_word, uint64_t pa, unsigned int level);
	/** A table descriptor. */
	uint64_t (*table)(uint64_t pa);
	/** The table that a table descriptor points to. */
	uint64_t (*next)(uint64_t desc);
	/** The physical address that a leaf at @p level gives for @p va. */
	uint64_t (*output)(uint64_t desc, unsigned int level, uint64_t va);
	/** Whether the leaf is the same for every ASID. */
	bool (*is_global)(uint64_t desc);
	/** Whether the leaf is part of a contiguous run. */
	bool (*in_run)(uint64_t desc, unsigned int level);
	/** The first leaf of an aligned run made from a plain first leaf. */
	uint64_t (*run)(uint64_t desc, unsigned int level);
	/** The bits of a leaf, in a run or not, that leaf() takes as attribute word: all but address,
	 *  level and run; accessed and dirty bits are among them. */
	uint64_t (*word)(uint64_t desc, unsigned int level);
};

/**
 * Declares a format and its plain functions: what VMM_FORMAT_DEFINE() defines in one file.
 *
 * The functions are those of table.h by another way: symbol_map() is vmm_table_map() of a table of this format. Two
 * set a table up:
 *  - symbol_init(), as vmm_table_init() does with this format;
 *  - symbol_init_bare(), for programs that call plain functions only, and want nothing linked that they
 *    don't call. What is called through such a table, vmm_table_map() and its like, the manager, changes
 *    nothing and returns VMM_ERR_UNSUPPORTED; vmm_table_trim() and vmm_table_fini() do nothing: symbol_fini() ends it.
 */
#define VMM_FORMAT_DECLARE(symbol)                                                                 \
	extern const struct vmm_format symbol;                                                     \
	VMM_MUST_CHECK enum vmm_err symbol##_init(struct vmm_table *table,                         \
						  const struct vmm_table_config *config);          \
	VMM_MUST_CHECK enum vmm_err symbol##_init_bare(struct vmm_table *table,			   \
						       const struct vmm_table_config *config);	   \
	VMM_MUST_CHECK enum vmm_err symbol##_effective(const struct vmm_table *table,              \
						       vmm_attr_t attr, vmm_attr_t *stored);       \
	VMM_MUST_CHECK enum vmm_err symbol##_need(const struct vmm_table *table,                   \
						  const struct vmm_request *request,               \
						  uint64_t *frame_count,                           \
						  struct vmm_detail *detail);                      \
	VMM_MUST_CHECK enum vmm_err symbol##_map(struct vmm_table *table, vmm_va_region_t va,      \
						 vmm_pa_t pa, vmm_attr_t attr,                     \
						 struct vmm_detail *detail);                       \
	VMM_MUST_CHECK enum vmm_err symbol##_unmap(struct vmm_table *table, vmm_va_region_t va,    \
						   struct vmm_detail *detail);                     \
	VMM_MUST_CHECK enum vmm_err symbol##_protect(struct vmm_table *table, vmm_va_region_t va,  \
						     vmm_attr_t attr, struct vmm_detail *detail);  \
	VMM_MUST_CHECK enum vmm_err symbol##_translate(const struct vmm_table *table, vmm_va_t va, \
						       vmm_pa_t *pa);                              \
	VMM_MUST_CHECK enum vmm_err symbol##_query(const struct vmm_table *table, vmm_va_t va,     \
						   struct vmm_leaf *leaf);                         \
	VMM_MUST_CHECK enum vmm_err symbol##_visit(const struct vmm_table *table,                  \
						   struct vmm_cursor *cursor,                      \
						   struct vmm_leaf *leaf,                          \
						   struct vmm_detail *detail);                     \
	VMM_MUST_CHECK enum vmm_err symbol##_share(struct vmm_table *table, vmm_va_region_t va,    \
						   struct vmm_detail *detail);                     \
	void symbol##_trim(struct vmm_table *table);                                               \
	void symbol##_fini(struct vmm_table *table)

VMM_END_DECLS

#endif /* VMM_FORMAT_H */
