/* SPDX-License-Identifier: MIT */
/* Tables of this architecture, set up with its own seam. */

#include <vmm/aarch64.h>

enum vmm_err vmm_aarch64_table_init(struct vmm_aarch64_table *table,
				    const struct vmm_table_config *config)
{
	struct vmm_table_config own = *config;

	if (own.sync == NULL) {
		own.sync = &vmm_aarch64_sync;
	}
	return vmm_table_init(&table->base, &own);
}
