/* SPDX-License-Identifier: MIT */
/*
 * Frames on their way between the source and the tables, chained through their own first words, so that
 * no operation needs memory of its own for them, however many they are.
 */

#include <vmm/engine/shared.h>
#include <vmm/engine/walk.h>

/* In a dead table's count: it is chained or about to be. No table has so many descriptors. */
#define COUNT_DEAD UINT16_C(0x7fff)

static bool is_usable(const struct vmm_table *table, uint64_t pa)
{
	uint64_t size = UINT64_C(1) << table->frames->page_shift;
	uint64_t limit = UINT64_MAX >> (64 - table->pa_bits);

	return (pa & (size - 1)) == 0 && pa <= limit && vmm_frames_owns(table->frames, vmm_pa(pa));
}

static void chain(const struct vmm_table *table, struct vmm_chain_ *list, uint64_t pa, bool clean)
{
	vmm_store_(vmm_descriptors_(table, pa), list->head);
	list->head = pa | VMM_CHAIN_LINK_ | (clean ? VMM_CHAIN_CLEAN_ : 0);
}

uint64_t vmm_pop_(const struct vmm_table *table, struct vmm_chain_ *list, bool *clean)
{
	uint64_t pa = list->head & ~(VMM_CHAIN_CLEAN_ | VMM_CHAIN_LINK_);
	uint64_t *first = vmm_descriptors_(table, pa);

	*clean = (list->head & VMM_CHAIN_CLEAN_) != 0;
	list->head = vmm_load_(first);
	vmm_store_(first, 0);
	return pa;
}

enum vmm_err vmm_take_(struct vmm_table *table, uint64_t count, struct vmm_chain_ *list)
{
	struct vmm_frames *frames = table->frames;

	list->head = 0;
	for (; count > 0; count--) {
		vmm_pa_t frame;
		bool is_clean = false;
		enum vmm_err err = frames->alloc(frames, &frame, &is_clean);

		if (err == VMM_OK && !is_usable(table, vmm_pa_raw(frame))) {
			frames->free(frames, frame, false);
			err = VMM_ERR_PHYS;
		}
		if (err != VMM_OK) {
			vmm_give_back_(table, list);
			return err;
		}
		chain(table, list, vmm_pa_raw(frame), is_clean);
	}
	return VMM_OK;
}

bool vmm_bury_(const struct vmm_table *table, uint64_t pa)
{
	uint16_t *valid = vmm_count_(table, pa);

	if (valid == NULL) {
		return vmm_has_frame_(table, pa);
	}
	if (*valid == COUNT_DEAD) {
		return false;
	}
	*valid = COUNT_DEAD;
	return true;
}

void vmm_chain_dead_(const struct vmm_table *table, struct vmm_chain_ *dead, uint64_t pa, bool clean)
{
	if (vmm_count_(table, pa) != NULL) {
		chain(table, dead, pa, clean);
	}
}

void vmm_give_back_(struct vmm_table *table, struct vmm_chain_ *list)
{
	struct vmm_frames *frames = table->frames;

	while (list->head != 0) {
		bool is_clean;
		uint64_t pa = vmm_pop_(table, list, &is_clean);

		frames->free(frames, vmm_pa(pa), is_clean);
	}
}
