/* SPDX-License-Identifier: MIT */
#ifndef VMM_ENGINE_SHARE_H
#define VMM_ENGINE_SHARE_H

/**
 * @file share.h
 * Engine: a part that several tables have in common, by tables linked from each of their roots.
 *
 * The owner fills every root slot of the part with a table, marked in its count so that no operation
 * frees it; see vmm_table_join() for the others.
 */

#include <vmm/engine/shared.h>
#include <vmm/engine/walk.h>

/** Counts the root descriptors without a table in [va, last]. */
VMM_INLINE enum vmm_err vmm_plan_share_(const struct vmm_codec *codec,
					const struct vmm_table *table, uint64_t va, uint64_t last,
					uint64_t *frame_count, struct vmm_detail *detail)
{
	unsigned int level = table->root_level;
	struct vmm_spot_ spot;

	*frame_count = 0;
	for (;;) {
		vmm_spot_load_(codec, table, table->root, level, va, &spot);
		if (!vmm_is_valid_(spot.desc)) {
			(*frame_count)++;
		} else if (!vmm_is_link_(codec, table, spot.desc, level)) {
			return vmm_fail_(table, detail, VMM_ERR_EXISTS, va, spot.desc, (int)level);
		}
		va |= vmm_reach_(codec, level) - 1;
		if (va >= last) {
			return VMM_OK;
		}
		va++;
	}
}

VMM_INLINE void vmm_commit_share_(const struct vmm_codec *codec, const struct vmm_table *table,
				  uint64_t va, uint64_t last, struct vmm_chain_ *chain)
{
	unsigned int level = table->root_level;
	struct vmm_spot_ spot;

	for (;;) {
		vmm_spot_load_(codec, table, table->root, level, va, &spot);
		if (!vmm_is_valid_(spot.desc)) {
			bool is_clean;
			uint64_t pa = vmm_pop_(table, chain, &is_clean);
			uint64_t *descriptors = vmm_descriptors_(table, pa);

			if (!is_clean) {
				vmm_words_zero_(descriptors, vmm_entries_(codec));
			}
			vmm_clean_(table, descriptors, vmm_entries_(codec) * sizeof(uint64_t));
			vmm_count_set_(table, pa, 0);
			vmm_publish_(table);
			spot.desc = codec->table(pa);
			vmm_store_(spot.slot, spot.desc);
			vmm_clean_(table, spot.slot, sizeof(*spot.slot));
			vmm_count_add_(table, table->root, 1);
		}
		vmm_mark_shared_(table, codec->next(spot.desc));
		va |= vmm_reach_(codec, level) - 1;
		if (va >= last) {
			return;
		}
		va++;
	}
}

VMM_INLINE enum vmm_err vmm_engine_share_(const struct vmm_codec *codec, struct vmm_table *table,
					  vmm_va_region_t va, struct vmm_detail *detail)
{
	uint64_t first = va.bytes.start & table->va_mask;
	uint64_t last = first + (va.bytes.size - 1);
	struct vmm_chain_ chain;
	uint64_t frame_count;
	enum vmm_err err;

	if (table->root_level == 0) {
		return vmm_fail_(table, detail, VMM_ERR_UNSUPPORTED, first, 0, -1);
	}
	err = vmm_check_region_(table, vmm_shift_(codec, table->root_level), va.bytes.start,
				va.bytes.size, detail);
	if (err != VMM_OK) {
		return err;
	}
	if (table->shared.bytes.size != 0) {
		return vmm_fail_(table, detail, VMM_ERR_BUSY, first, 0, -1);
	}
	err = vmm_plan_share_(codec, table, first, last, &frame_count, detail);
	if (err != VMM_OK) {
		return err;
	}
	err = vmm_take_(table, frame_count, &chain);
	if (err != VMM_OK) {
		return vmm_fail_(table, detail, err, first, 0, -1);
	}
	vmm_commit_share_(codec, table, first, last, &chain);
	vmm_publish_(table);
	table->shared = va;
	vmm_mapped_(table, first, va.bytes.size, codec->geometry.page_shift, 0, true);
	return VMM_OK;
}

#endif /* VMM_ENGINE_SHARE_H */
