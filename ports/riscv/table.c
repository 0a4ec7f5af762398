/* SPDX-License-Identifier: MIT */

#include <vmm/riscv.h>

enum vmm_err vmm_riscv_table_init(struct vmm_riscv_table *table,
				  const struct vmm_table_config *config)
{
	struct vmm_table_config with_sync = *config;

	if (with_sync.sync == NULL) {
		/* A promise about other harts, and nothing to keep it with. */
		if ((config->flags & VMM_TABLE_FENCE_ALL) != 0) {
			return VMM_ERR_UNSUPPORTED;
		}
		with_sync.sync = &vmm_riscv_sync;
	}
	return vmm_table_init(&table->base, &with_sync);
}
