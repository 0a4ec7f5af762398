/* SPDX-License-Identifier: MIT */
/* The seam where no CPU walks the tables: nothing to wait for and nothing to forget. */

#include <vmm/aarch64.h>

static void nothing(const struct vmm_table *table)
{
	(void)table;
}

static void no_request(const struct vmm_table *table, const struct vmm_invalidation *request)
{
	(void)table;
	(void)request;
}

static bool never_active(const struct vmm_table *table)
{
	(void)table;
	return false;
}

const struct vmm_sync vmm_aarch64_sync = {
	.publish = nothing,
	.mapped = no_request,
	.invalidate = no_request,
	.complete = nothing,
	.clean = NULL,
	.is_active = never_active,
};

const struct vmm_sync vmm_aarch64_sync_repeat_tlbi = {
	.publish = nothing,
	.mapped = no_request,
	.invalidate = no_request,
	.complete = nothing,
	.clean = NULL,
	.is_active = never_active,
};
