/* SPDX-License-Identifier: MIT */
/* Tables of this architecture, set up with its own seam. */

#include <vmm/aarch64.h>
#include <vmm/engine/shared.h>

enum vmm_err vmm_aarch64_table_init(struct vmm_aarch64_table *table,
				    const struct vmm_table_config *config)
{
	return vmm_table_init_with_(&table->base, config,
				    config->sync != NULL ? config->sync : &vmm_aarch64_sync);
}
