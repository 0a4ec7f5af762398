/* SPDX-License-Identifier: MIT */
#ifndef VMM_ENGINE_READ_H
#define VMM_ENGINE_READ_H

/**
 * @file read.h
 * Engine: translate, query and visit. None of them writes anything.
 */

#include <vmm/engine/shared.h>
#include <vmm/engine/walk.h>

VMM_INLINE enum vmm_err vmm_engine_translate_(const struct vmm_codec *codec,
					      const struct vmm_table *table, vmm_va_t va,
					      vmm_pa_t *pa)
{
	uint64_t index_va = vmm_va_raw(va) & table->va_mask;
	struct vmm_spot_ spot;
	enum vmm_err err;

	if (!vmm_covers_(table, vmm_va_raw(va))) {
		return VMM_ERR_RANGE;
	}
	vmm_walk_straight_(codec, table, index_va, &spot);
	if (!VMM_FOR_SIZE && VMM_LIKELY(vmm_is_ordinary_(codec, table, &spot))) {
		*pa = vmm_pa(vmm_page_output_(codec, spot.desc, index_va));
		return VMM_OK;
	}
	err = vmm_leaf_at_(codec, table, &spot);
	if (err == VMM_OK) {
		*pa = vmm_pa(codec->output(spot.desc, spot.level, index_va));
	}
	return err;
}

/** Describes a leaf; @p va is any address in it, with its extension. */
VMM_INLINE void vmm_describe_(const struct vmm_codec *codec, const struct vmm_table *table,
			      uint64_t desc, unsigned int level, uint64_t va,
			      struct vmm_leaf *leaf)
{
	uint64_t start = va & ~(vmm_reach_(codec, level) - 1);

	leaf->va = vmm_va(start);
	leaf->pa = vmm_pa(codec->output(desc, level, start & table->va_mask));
	leaf->size = vmm_reach_(codec, level);
	leaf->attr = codec->attr(table, desc, level);
	leaf->descriptor = desc;
	leaf->level = (int)level;
}

/** The same for an ordinary page: fewer bits are left to look at. */
VMM_INLINE void vmm_describe_page_(const struct vmm_codec *codec, const struct vmm_table *table,
				   uint64_t desc, uint64_t va, struct vmm_leaf *leaf)
{
	leaf->va = vmm_va(va & ~vmm_addr_mask_(codec->geometry.page_shift));
	leaf->pa = vmm_pa(codec->next(desc));
	leaf->size = vmm_reach_(codec, 0);
	leaf->attr = codec->attr(table, desc & (codec->page_value | codec->page_ignored), 0);
	leaf->descriptor = desc;
	leaf->level = 0;
}

VMM_INLINE enum vmm_err vmm_engine_query_(const struct vmm_codec *codec,
					  const struct vmm_table *table, vmm_va_t va,
					  struct vmm_leaf *leaf)
{
	uint64_t raw = vmm_va_raw(va);
	struct vmm_spot_ spot;
	enum vmm_err err;

	if (!vmm_covers_(table, raw)) {
		return VMM_ERR_RANGE;
	}
	vmm_walk_straight_(codec, table, raw & table->va_mask, &spot);
	if (!VMM_FOR_SIZE && VMM_LIKELY(vmm_is_ordinary_(codec, table, &spot))) {
		vmm_describe_page_(codec, table, spot.desc, raw, leaf);
		return VMM_OK;
	}
	err = vmm_leaf_at_(codec, table, &spot);
	if (err == VMM_OK) {
		vmm_describe_(codec, table, spot.desc, spot.level, raw, leaf);
	}
	return err;
}

/** Whether the table that a spot links may be read: its frame is this table's or its owner's, and it is
 *  none of the tables on the way to it, which would make the walk go round. */
VMM_INLINE bool vmm_is_sound_link_(const struct vmm_codec *codec, const struct vmm_table *table,
				   const struct vmm_spot_ *spot, const uint64_t *at)
{
	uint64_t pa = codec->next(spot->desc);
	unsigned int level;

	for (level = spot->level; level <= table->root_level; level++) {
		if (at[level] == pa) {
			return false;
		}
	}
	return vmm_has_frame_(table, pa) ||
	       (table->owner != NULL && vmm_has_frame_(table->owner, pa));
}

/**
 * Finds the first valid leaf at or after *va: OK and the spot, NOENT at the end of the table, or
 * CORRUPT and the spot of the damage. *va is then an address under that spot.
 */
VMM_INLINE enum vmm_err vmm_seek_(const struct vmm_codec *codec, const struct vmm_table *table,
				  uint64_t *va, struct vmm_spot_ *spot)
{
	uint64_t at[VMM_LEVELS_MAX];
	unsigned int level = table->root_level;

	at[level] = table->root;
	for (;;) {
		uint64_t mask = vmm_reach_(codec, level) - 1;

		vmm_spot_load_(codec, table, at[level], level, *va, spot);
		if (vmm_is_valid_(spot->desc)) {
			if (!vmm_is_link_(codec, table, spot->desc, level)) {
				return codec->is_known(table, spot->desc)
					       ? vmm_leaf_at_(codec, table, spot)
					       : VMM_ERR_CORRUPT;
			}
			if (!vmm_is_sound_link_(codec, table, spot, at)) {
				return VMM_ERR_CORRUPT;
			}
			level--;
			at[level] = codec->next(spot->desc);
			continue;
		}
		if ((*va | mask) >= table->va_mask) {
			return VMM_ERR_NOENT;
		}
		*va = (*va | mask) + 1;
		/* Behind the last descriptor of a table the next one of the table above comes. */
		while (level < table->root_level && (*va & (vmm_reach_(codec, level + 1) - 1)) == 0) {
			level++;
		}
	}
}

/** Whether two leaves are one mapping in two pieces. */
VMM_INLINE bool vmm_is_joined_(const struct vmm_leaf *a, const struct vmm_leaf *b)
{
	return vmm_va_raw(a->va) + a->size == vmm_va_raw(b->va) &&
	       vmm_pa_raw(a->pa) + a->size == vmm_pa_raw(b->pa) &&
	       vmm_attr_is_same(a->attr, b->attr);
}

VMM_INLINE enum vmm_err vmm_engine_visit_(const struct vmm_codec *codec,
					  const struct vmm_table *table,
					  struct vmm_cursor *cursor, struct vmm_leaf *leaf,
					  struct vmm_detail *detail)
{
	bool found = false;

	/* Invariant: *leaf, if found, joins every leaf from its start to cursor->next. */
	while (!cursor->done) {
		uint64_t va = cursor->next;
		struct vmm_spot_ spot;
		struct vmm_leaf here;
		uint64_t last;
		enum vmm_err err = vmm_seek_(codec, table, &va, &spot);

		last = va | (vmm_reach_(codec, spot.level) - 1);
		if (err == VMM_OK) {
			vmm_describe_(codec, table, spot.desc, spot.level, vmm_extend_(table, va),
				      &here);
		}
		if (found && (err != VMM_OK || !vmm_is_joined_(leaf, &here))) {
			return VMM_OK;
		}
		cursor->done = err == VMM_ERR_NOENT || last >= table->va_mask;
		cursor->next = last + 1;
		if (err == VMM_ERR_NOENT) {
			break;
		}
		if (err != VMM_OK) {
			return vmm_fail_(table, detail, err, va, spot.desc, (int)spot.level);
		}
		if (found) {
			leaf->size += here.size;
		} else {
			*leaf = here;
			found = true;
		}
		if (cursor->each) {
			return VMM_OK;
		}
	}
	return found ? VMM_OK : VMM_ERR_NOENT;
}

#endif /* VMM_ENGINE_READ_H */
