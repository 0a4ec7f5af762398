/* SPDX-License-Identifier: MIT */
#ifndef VMM_ENGINE_RECLAIM_H
#define VMM_ENGINE_RECLAIM_H

/**
 * @file reclaim.h
 * Engine: who frees an empty table, and when. Also the table's beginning and end.
 *
 * The operation that empties a table unlinks it, and so does one whose range covers it. The frame is chained
 * through the table's own first slot and given back after the invalidation has completed (Arm ARM D8.17; RISC-V:
 * SFENCE.VMA with rs1 = x0), as a walk cache may hold the link until then. A frame that the source does not own
 * is borrowed: it is unlinked but never chained, counted or freed.
 */

#include <vmm/engine/shared.h>
#include <vmm/engine/walk.h>

/** Whether the spot's descriptor links a table that the range covers whole. */
VMM_INLINE bool vmm_is_droppable_(const struct vmm_codec *codec, const struct vmm_table *table,
				  const struct vmm_spot_ *spot, uint64_t va, uint64_t left)
{
	uint64_t reach = vmm_reach_(codec, spot->level);

	return left >= reach && (va & (reach - 1)) == 0 && (table->flags & VMM_TABLE_KEEP) == 0 &&
	       !(spot->level == table->root_level && vmm_is_shared_(table, va));
}

/** Walks like vmm_walk_(), but stops at a table that can be dropped. */
VMM_INLINE void vmm_walk_to_drop_(const struct vmm_codec *codec, const struct vmm_table *table,
				  uint64_t va, uint64_t left, struct vmm_spot_ *spot)
{
	vmm_spot_load_(codec, table, table->root, table->root_level, va, spot);
	while (vmm_is_link_(codec, table, spot->desc, spot->level) &&
	       !vmm_is_droppable_(codec, table, spot, va, left)) {
		vmm_spot_load_(codec, table, vmm_linked_(codec, spot->desc), spot->level - 1, va,
			       spot);
	}
}

/** Chains a table, whose descriptors are at @p level, and every table below it, children first. */
VMM_INLINE void vmm_chain_subtree_(const struct vmm_codec *codec, const struct vmm_table *table,
				   uint64_t pa, unsigned int level, struct vmm_chain_ *dead)
{
	uint64_t at[VMM_LEVELS_MAX];
	unsigned int next[VMM_LEVELS_MAX];
	unsigned int now = level;

	if (!vmm_bury_(table, pa)) {
		return;
	}
	at[now] = pa;
	next[now] = 0;
	/* Invariant: of each table on the way, which are all buried, the subtrees of [0, next) are chained. */
	for (;;) {
		uint64_t desc;

		if (now == 0 || next[now] == vmm_entries_(codec)) {
			vmm_chain_dead_(table, dead, at[now], false);
			if (now == level) {
				return;
			}
			now++;
			continue;
		}
		desc = vmm_load_(&vmm_descriptors_(table, at[now])[next[now]++]);
		if (vmm_is_link_(codec, table, desc, now) &&
		    vmm_bury_(table, codec->next(desc))) {
			now--;
			at[now] = codec->next(desc);
			next[now] = 0;
		}
	}
}

/** Chains a table of the source's that has nothing left in it. */
VMM_HELPER void vmm_push_empty_(const struct vmm_table *table, struct vmm_chain_ *dead, uint64_t pa)
{
	(void)vmm_bury_(table, pa);
	vmm_chain_dead_(table, dead, pa, true);
}

VMM_HELPER void vmm_unlink_(const struct vmm_table *table, uint64_t *slot)
{
	vmm_store_(slot, 0);
	vmm_clean_(table, slot, sizeof(*slot));
}

/** Unlinks the table at the spot, all of which the range covers. Costs by table, not by page. */
VMM_INLINE void vmm_drop_(const struct vmm_engine_ *engine, const struct vmm_table *table,
			  const struct vmm_spot_ *spot, uint64_t va, struct vmm_gather_ *gather,
			  struct vmm_chain_ *dead)
{
	const struct vmm_codec *codec = engine->codec;
	unsigned int page_shift = codec->geometry.page_shift;

	vmm_unlink_(table, spot->slot);
	vmm_count_sub_(table, spot->table_pa, 1);
	engine->chain_subtree(table, codec->next(spot->desc), spot->level - 1, dead);
	vmm_gather_add_(table, gather, vmm_extend_(table, va),
			vmm_reach_(codec, spot->level) >> page_shift, page_shift, 0, true);
}

/** Whether a table has nothing left in it and is to go. */
VMM_HELPER bool vmm_is_empty_(const struct vmm_table *table, uint64_t pa)
{
	const uint16_t *valid = vmm_count_(table, pa);

	return valid != NULL && vmm_is_spent_(table, *valid);
}

/** Unlinks the tables on the way to @p va that have nothing left, from that of @p level upwards. */
VMM_INLINE void vmm_prune_(const struct vmm_codec *codec, const struct vmm_table *table,
			   unsigned int level, uint64_t va, struct vmm_gather_ *gather,
			   struct vmm_chain_ *dead)
{
	uint64_t at[VMM_LEVELS_MAX];
	unsigned int now = table->root_level;

	at[now] = table->root;
	for (; now > level; now--) {
		at[now - 1] = codec->next(vmm_load_(vmm_slot_(codec, table, at[now], now, va)));
	}
	/* Invariant: `now` is where the descriptors of at[now] are. */
	for (; now < table->root_level && vmm_is_empty_(table, at[now]); now++) {
		vmm_unlink_(table, vmm_slot_(codec, table, at[now + 1], now + 1, va));
		vmm_push_empty_(table, dead, at[now]);
		vmm_gather_add_(table, gather, vmm_extend_(table, va), 1,
				codec->geometry.page_shift, 0, true);
		vmm_count_sub_(table, at[now + 1], 1);
	}
}

/** Frees every table without a leaf below it: one walk over the tables, children first. */
VMM_INLINE void vmm_engine_trim_(const struct vmm_codec *codec, struct vmm_table *table)
{
	uint64_t at[VMM_LEVELS_MAX];
	unsigned int next[VMM_LEVELS_MAX];
	struct vmm_chain_ dead = { 0 };
	unsigned int now = table->root_level;

	if (now == 0) {
		return;
	}
	at[now] = table->root;
	next[now] = 0;
	/* Invariant: of each table on the way, the subtrees of [0, next) are trimmed. */
	while (now < table->root_level || next[now] < vmm_entries_(codec)) {
		uint64_t desc;

		if (now == 0 || next[now] == vmm_entries_(codec)) {
			const uint16_t *valid = vmm_count_(table, at[now]);

			now++;
			if (valid != NULL && *valid == 0) {
				vmm_unlink_(table, &vmm_descriptors_(table, at[now])[next[now] - 1]);
				vmm_push_empty_(table, &dead, at[now - 1]);
				vmm_count_sub_(table, at[now], 1);
			}
			continue;
		}
		desc = vmm_load_(&vmm_descriptors_(table, at[now])[next[now]++]);
		if (vmm_is_link_(codec, table, desc, now) &&
		    !(now == table->root_level && table->owner != NULL &&
		      vmm_is_shared_(table, (uint64_t)(next[now] - 1) << vmm_shift_(codec, now))) &&
		    vmm_has_frame_(table, codec->next(desc))) {
			now--;
			at[now] = codec->next(desc);
			next[now] = 0;
		}
	}
	if (dead.head != 0) {
		vmm_publish_(table);
		vmm_forget_space_(table);
		vmm_give_back_(table, &dead);
	}
}

VMM_INLINE void vmm_engine_fini_(const struct vmm_engine_ *engine, struct vmm_table *table)
{
	struct vmm_chain_ dead = { 0 };

	if (table->format == NULL) {
		return;
	}
	vmm_leave_(table);
	engine->chain_subtree(table, table->root, table->root_level, &dead);
	vmm_publish_(table);
	vmm_forget_space_(table);
	vmm_give_back_(table, &dead);
	vmm_reset_(table);
}

VMM_INLINE enum vmm_err vmm_engine_init_(const struct vmm_codec *codec,
					 const struct vmm_format *format, struct vmm_table *table,
					 const struct vmm_table_config *config)
{
	enum vmm_err err = vmm_init_(table, format, &codec->geometry, config);

	if (err == VMM_OK) {
		uint64_t last = vmm_last_page_(table);

		table->page_mask =
			~(codec->leaf(0, last, 0) ^ codec->leaf(0, 0, 0)) & ~codec->page_ignored;
		table->link_mask = ~(codec->table(last) ^ codec->table(0)) &
				   ~codec->link_ignored;
	}
	return err;
}

#endif /* VMM_ENGINE_RECLAIM_H */
