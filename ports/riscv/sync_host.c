/* SPDX-License-Identifier: MIT */

#include <vmm/riscv.h>

/*
 * A host walks no RISC-V tables: there is nothing to fence. The object is there so that code which
 * sets up tables is the same everywhere.
 */

static void nothing(const struct vmm_table *table)
{
	(void)table;
}

static void nothing_for(const struct vmm_table *table, const struct vmm_invalidation *request)
{
	(void)table;
	(void)request;
}

static bool is_active(const struct vmm_table *table)
{
	(void)table;
	return false;
}

const struct vmm_sync vmm_riscv_sync = {
	.publish = nothing,
	.mapped = nothing_for,
	.invalidate = nothing_for,
	.complete = nothing,
	.clean = NULL,
	.is_active = is_active,
};
