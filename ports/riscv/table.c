/* SPDX-License-Identifier: MIT */

#include <vmm/riscv.h>

enum vmm_err vmm_riscv_table_init(struct vmm_riscv_table *table,
				  const struct vmm_table_config *config)
{
	struct vmm_table_config with_sync = *config;

	if (with_sync.sync == NULL) {
		with_sync.sync = &vmm_riscv_sync;
	}
	return vmm_table_init(&table->base, &with_sync);
}
