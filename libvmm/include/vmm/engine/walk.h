/* SPDX-License-Identifier: MIT */
#ifndef VMM_ENGINE_WALK_H
#define VMM_ENGINE_WALK_H

/**
 * @file walk.h
 * Engine: the arithmetic of levels and indices, and access to single descriptors.
 *
 * Names that end in an underscore are the engine's own. Addresses called `va` here are input addresses
 * without their extension: masked to va_bits, so that they index the tables directly.
 */

#include <vmm/format.h>

/** log2 of the bytes that one descriptor at @p level covers. */
VMM_INLINE unsigned int vmm_shift_(const struct vmm_codec *codec, unsigned int level)
{
	return codec->geometry.page_shift + level * codec->geometry.index_bits;
}

/** The bytes that one descriptor at @p level covers. */
VMM_INLINE uint64_t vmm_reach_(const struct vmm_codec *codec, unsigned int level)
{
	return UINT64_C(1) << vmm_shift_(codec, level);
}

/** Descriptors in one table. */
VMM_INLINE unsigned int vmm_entries_(const struct vmm_codec *codec)
{
	return 1u << codec->geometry.index_bits;
}

/** The last address that the table holding the level's descriptor for @p va covers. */
VMM_INLINE uint64_t vmm_table_last_(const struct vmm_codec *codec, unsigned int level, uint64_t va)
{
	return va | ((vmm_reach_(codec, level) << codec->geometry.index_bits) - 1);
}

VMM_INLINE unsigned int vmm_index_(const struct vmm_codec *codec, unsigned int level, uint64_t va)
{
	return (unsigned int)(va >> vmm_shift_(codec, level)) & (vmm_entries_(codec) - 1);
}

/** The level of the root's descriptors: a constant where the format leaves no choice of the input size. */
VMM_INLINE unsigned int vmm_root_level_(const struct vmm_codec *codec,
					const struct vmm_table *table)
{
	if (codec->geometry.va_bits_min == codec->geometry.va_bits_max) {
		return codec->geometry.level_count - 1u;
	}
	return table->root_level;
}

/** Bytes of a contiguous run at @p level; 0 where the format or the table has none. */
VMM_INLINE uint64_t vmm_run_reach_(const struct vmm_codec *codec, const struct vmm_table *table,
				   unsigned int level)
{
	unsigned int run_shift = codec->geometry.run_shift[level];

	if (run_shift == 0 ||
	    (table->flags & codec->geometry.run_flag) != codec->geometry.run_flag) {
		return 0;
	}
	return vmm_reach_(codec, level) << run_shift;
}

VMM_INLINE uint64_t *vmm_descriptors_(const struct vmm_table *table, uint64_t pa)
{
	return (uint64_t *)vmm_frames_ptr(table->frames, vmm_pa(pa));
}

/** One 64-bit load: hardware may update accessed and dirty bits beside us. */
VMM_INLINE uint64_t vmm_load_(const uint64_t *slot)
{
	return VMM_LOAD_SHARED(slot);
}

/** One 64-bit store, never torn and never doubled: a walker sees the old word or the new. */
VMM_INLINE void vmm_store_(uint64_t *slot, uint64_t desc)
{
	VMM_STORE_SHARED(slot, desc);
}

VMM_INLINE bool vmm_is_valid_(uint64_t desc)
{
	return (desc & VMM_DESCRIPTOR_VALID) != 0;
}

VMM_INLINE uint64_t vmm_min_(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

VMM_INLINE uint64_t vmm_max_(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/**
 * Whether a descriptor at @p level links a table. One comparison: everything but the address, and what the
 * format leaves to software there, has to be as in a table descriptor (vmm_table::link_mask).
 */
VMM_INLINE bool vmm_is_link_(const struct vmm_codec *codec, const struct vmm_table *table,
			     uint64_t desc, unsigned int level)
{
	return level > 0 && (desc & table->link_mask) == codec->table(0);
}

/**
 * The table that a descriptor links, which vmm_is_link_() has told: all that it holds beside the address is
 * known then, and an offset of the next load takes it away.
 */
VMM_INLINE uint64_t vmm_linked_(const struct vmm_codec *codec, uint64_t desc)
{
	if (codec->link_ignored == 0) {
		return (desc - codec->table(0)) << codec->output_rshift;
	}
	return codec->next(desc);
}

/** Where a descriptor stands. */
struct vmm_spot_ {
	uint64_t *slot;
	uint64_t desc;
	uint64_t table_pa; /* of the table that holds it */
	unsigned int level;
};

VMM_INLINE uint64_t *vmm_slot_(const struct vmm_codec *codec, const struct vmm_table *table,
			       uint64_t table_pa, unsigned int level, uint64_t va)
{
	uint64_t offset = (uint64_t)vmm_index_(codec, level, va) * sizeof(uint64_t);

	/* The table's address is what a walk waits for: it is added last. */
	return (uint64_t *)(uintptr_t)(table_pa + (table->frames->window + offset));
}

/** The table that holds a descriptor. */
VMM_INLINE uint64_t vmm_home_(const struct vmm_codec *codec, const struct vmm_table *table,
			      const uint64_t *slot)
{
	return ((uint64_t)(uintptr_t)slot - table->frames->window) &
	       ~vmm_addr_mask_(codec->geometry.page_shift);
}

VMM_INLINE void vmm_spot_load_(const struct vmm_codec *codec, const struct vmm_table *table,
			       uint64_t table_pa, unsigned int level, uint64_t va,
			       struct vmm_spot_ *spot)
{
	spot->slot = vmm_slot_(codec, table, table_pa, level, va);
	spot->desc = vmm_load_(spot->slot);
	spot->table_pa = table_pa;
	spot->level = level;
}

/**
 * Walks to the descriptor that decides about @p va: invalid, leaf or reserved, never a table.
 * Invariant: the table at hand decodes the bits of va from its level's shift upwards.
 */
VMM_INLINE void vmm_walk_(const struct vmm_codec *codec, const struct vmm_table *table, uint64_t va,
			  struct vmm_spot_ *spot)
{
	vmm_spot_load_(codec, table, table->root, table->root_level, va, spot);
	while (vmm_is_link_(codec, table, spot->desc, spot->level)) {
		vmm_spot_load_(codec, table, vmm_linked_(codec, spot->desc), spot->level - 1, va,
			       spot);
	}
}

/** One level of vmm_walk_straight_(): true where the walk ends. */
VMM_INLINE bool vmm_step_(const struct vmm_codec *codec, const struct vmm_table *table, uint64_t va,
			  unsigned int level, struct vmm_spot_ *spot)
{
	if (level >= codec->geometry.level_count || level > vmm_root_level_(codec, table)) {
		return false;
	}
	vmm_spot_load_(codec, table, spot->table_pa, level, va, spot);
	if (level == 0 || !VMM_LIKELY(vmm_is_link_(codec, table, spot->desc, level))) {
		return true;
	}
	spot->table_pa = vmm_linked_(codec, spot->desc);
	return false;
}

/** vmm_walk_() without a loop: each level's shift is a constant, for those who walk and do little else. */
VMM_INLINE void vmm_walk_straight_(const struct vmm_codec *codec, const struct vmm_table *table,
				   uint64_t va, struct vmm_spot_ *spot)
{
	VMM_STATIC_ASSERT(VMM_LEVELS_MAX == 6, "a step for each level");
	if (VMM_FOR_SIZE) {
		vmm_walk_(codec, table, va, spot);
		return;
	}
	spot->table_pa = table->root;
	(void)(vmm_step_(codec, table, va, 5, spot) || vmm_step_(codec, table, va, 4, spot) ||
	       vmm_step_(codec, table, va, 3, spot) || vmm_step_(codec, table, va, 2, spot) ||
	       vmm_step_(codec, table, va, 1, spot) || vmm_step_(codec, table, va, 0, spot));
}

/** Whether the spot holds an ordinary page: one comparison tells, and nearly every leaf is one. */
VMM_INLINE bool vmm_is_ordinary_(const struct vmm_codec *codec, const struct vmm_table *table,
				 const struct vmm_spot_ *spot)
{
	return spot->level == 0 && (spot->desc & table->page_mask) == codec->page_value;
}

/** What an ordinary page maps @p va to: a page's address stands where a table's does. */
VMM_INLINE uint64_t vmm_page_output_(const struct vmm_codec *codec, uint64_t desc, uint64_t va)
{
	return codec->next(desc) | (va & vmm_addr_mask_(codec->geometry.page_shift));
}

/** What is at a spot that vmm_walk_() found: OK for a leaf, NOENT, or CORRUPT. */
VMM_INLINE enum vmm_err vmm_leaf_at_(const struct vmm_codec *codec, const struct vmm_table *table,
				     const struct vmm_spot_ *spot)
{
	if (vmm_is_ordinary_(codec, table, spot)) {
		return VMM_OK;
	}
	if (!vmm_is_valid_(spot->desc)) {
		return VMM_ERR_NOENT;
	}
	if (codec->kind(table, spot->desc, spot->level) != VMM_KIND_LEAF) {
		return VMM_ERR_CORRUPT;
	}
	return VMM_OK;
}

/** Descriptors of the spot's table from the spot on that the next @p left bytes touch. */
VMM_INLINE unsigned int vmm_touched_(const struct vmm_codec *codec, const struct vmm_spot_ *spot,
				     uint64_t va, uint64_t left)
{
	uint64_t last = vmm_min_(va + (left - 1), vmm_table_last_(codec, spot->level, va));

	return (unsigned int)((last >> vmm_shift_(codec, spot->level)) -
			      (va >> vmm_shift_(codec, spot->level))) + 1;
}

struct vmm_row_;
struct vmm_gather_;
struct vmm_chain_;
struct vmm_change_;
struct vmm_cut_;
struct vmm_unit_;

/**
 * A format for the engine: its codec, and what is compiled as a function of its own, because it is used in
 * several places or for the sake of the stack. The pointers are constant like the codec's and folded into
 * direct calls.
 */
struct vmm_engine_ {
	const struct vmm_codec *codec;
	/** vmm_walk_() */
	void (*walk)(const struct vmm_table *table, uint64_t va, struct vmm_spot_ *spot);
	/** vmm_attr_word_() */
	enum vmm_err (*attr_word)(const struct vmm_table *table, vmm_attr_t attr,
				  vmm_attr_t *stored, uint64_t *word);
	/** vmm_put_row_() */
	void (*put_row)(const struct vmm_table *table, const struct vmm_row_ *row);
	/** vmm_clear_row_() */
	unsigned int (*clear_row)(const struct vmm_table *table, const struct vmm_spot_ *spot,
				  uint64_t va, unsigned int count, struct vmm_gather_ *gather);
	/** vmm_protect_row_() */
	unsigned int (*protect_row)(const struct vmm_table *table, const struct vmm_spot_ *spot,
				    uint64_t va, unsigned int count, uint64_t word,
				    struct vmm_gather_ *gather);
	/** vmm_chain_subtree_() */
	void (*chain_subtree)(const struct vmm_table *table, uint64_t pa, unsigned int level,
			      struct vmm_chain_ *dead);
	/** vmm_prune_() */
	void (*prune)(const struct vmm_table *table, unsigned int level, uint64_t va,
		      struct vmm_gather_ *gather, struct vmm_chain_ *dead);
	/** vmm_plan_change_() */
	enum vmm_err (*plan_change)(const struct vmm_table *table, const vmm_attr_t *attr,
				    struct vmm_change_ *change, struct vmm_cut_ *cut,
				    struct vmm_detail *detail);
	/** vmm_build_split_() */
	void (*build_split)(const struct vmm_table *table, struct vmm_unit_ *unit,
			    const struct vmm_change_ *change, struct vmm_chain_ *chain);
	/** vmm_change_inside_() */
	void (*change_inside)(const struct vmm_table *table, const struct vmm_change_ *change,
			      const struct vmm_cut_ *cut, struct vmm_gather_ *gather,
			      struct vmm_chain_ *dead);
	/** vmm_store_unit_() */
	unsigned int (*store_unit)(const struct vmm_table *table, const struct vmm_cut_ *cut,
				   const struct vmm_change_ *change, const struct vmm_unit_ *unit,
				   struct vmm_gather_ *gather);
};

#endif /* VMM_ENGINE_WALK_H */
