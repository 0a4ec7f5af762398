/* SPDX-License-Identifier: MIT */
/* Tables of this architecture, set up with its own seam. */

#include <vmm/engine/shared.h>
#include <vmm/riscv.h>

enum vmm_err vmm_riscv_table_init(struct vmm_riscv_table *table,
				  const struct vmm_table_config *config)
{
	/* A promise about other harts, and nothing to keep it with. */
	if (config->sync == NULL && (config->flags & VMM_TABLE_FENCE_ALL) != 0) {
		return VMM_ERR_UNSUPPORTED;
	}
	return vmm_table_init_with_(&table->base, config,
				    config->sync != NULL ? config->sync : &vmm_riscv_sync);
}
