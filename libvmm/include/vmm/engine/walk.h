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
	return *(const volatile uint64_t *)slot;
}

/** One 64-bit store, never torn and never doubled: a walker sees the old word or the new. */
VMM_INLINE void vmm_store_(uint64_t *slot, uint64_t desc)
{
	*(volatile uint64_t *)slot = desc;
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

/** Where a descriptor stands. */
struct vmm_spot_ {
	uint64_t *descriptors; /* of the table that holds it */
	uint64_t table_pa;
	uint64_t desc;
	unsigned int level;
	unsigned int index;
};

VMM_INLINE void vmm_spot_load_(const struct vmm_codec *codec, const struct vmm_table *table,
			       uint64_t table_pa, unsigned int level, uint64_t va,
			       struct vmm_spot_ *spot)
{
	spot->descriptors = vmm_descriptors_(table, table_pa);
	spot->table_pa = table_pa;
	spot->level = level;
	spot->index = vmm_index_(codec, level, va);
	spot->desc = vmm_load_(&spot->descriptors[spot->index]);
}

/**
 * Walks to the descriptor that decides about @p va: invalid, leaf or reserved, never a table.
 * Invariant: the table at hand decodes the bits of va from its level's shift upwards.
 */
VMM_INLINE void vmm_walk_(const struct vmm_codec *codec, const struct vmm_table *table, uint64_t va,
			  struct vmm_spot_ *spot)
{
	const uint64_t window = table->frames->window;
	const uint64_t link_mask = table->link_mask;
	unsigned int level = table->root_level;
	unsigned int shift = vmm_shift_(codec, level);
	uint64_t table_pa = table->root;

	for (;;) {
		const uint64_t *descriptors = (const uint64_t *)(uintptr_t)(table_pa + window);
		uint64_t desc = vmm_load_(
			&descriptors[(va >> shift) & (vmm_entries_(codec) - 1)]);

		if (level == 0 || (desc & link_mask) != codec->table(0)) {
			spot->desc = desc;
			break;
		}
		table_pa = codec->next(desc);
		shift -= codec->geometry.index_bits;
		level--;
	}
	spot->descriptors = vmm_descriptors_(table, table_pa);
	spot->table_pa = table_pa;
	spot->level = level;
	spot->index = vmm_index_(codec, level, va);
}

/** What is at a spot that vmm_walk_() found: OK for a leaf, NOENT, or CORRUPT. */
VMM_INLINE enum vmm_err vmm_leaf_at_(const struct vmm_codec *codec, const struct vmm_table *table,
				     const struct vmm_spot_ *spot)
{
	/* Nearly every leaf is a page with nothing unusual about it: one comparison tells. */
	if (spot->level == 0 && (spot->desc & table->page_mask) == codec->page_value) {
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

#endif /* VMM_ENGINE_WALK_H */
