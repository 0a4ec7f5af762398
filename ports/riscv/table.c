/* SPDX-License-Identifier: MIT */
/* Tables of this architecture, set up with its own seam. */

#include <vmm/riscv.h>

VMM_STATIC_ASSERT(sizeof(void *) != 8 || sizeof(struct vmm_table_config) == 64,
		  "every member of the configuration is copied below");

/* Member by member: a copy of the whole may call memcpy, and the library depends on nothing. */
enum vmm_err vmm_riscv_table_init(struct vmm_riscv_table *table,
				  const struct vmm_table_config *config)
{
	const struct vmm_table_config own = {
		.format = config->format,
		.frames = config->frames,
		.sync = config->sync != NULL ? config->sync : &vmm_riscv_sync,
		.half = config->half,
		.va_bits = config->va_bits,
		.pa_bits = config->pa_bits,
		.asid_bits = config->asid_bits,
		.asid = config->asid,
		.flush_max = config->flush_max,
		.flags = config->flags,
		.borrowed = config->borrowed,
		.root = config->root,
	};

	/* A promise about other harts, and nothing to keep it with. */
	if (config->sync == NULL && (config->flags & VMM_TABLE_FENCE_ALL) != 0) {
		return VMM_ERR_UNSUPPORTED;
	}
	return vmm_table_init(&table->base, &own);
}
