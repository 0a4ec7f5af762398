/* SPDX-License-Identifier: MIT */
/*
 * What the CPUs must forget: gathered while an operation stores, issued once through the seam, as
 * narrow as the rules allow.
 */

#include <vmm/engine/shared.h>

static bool joins_last_run(struct vmm_gather_ *gather, uint64_t va, uint64_t count,
			   unsigned int shift, unsigned int kind)
{
	unsigned int last = gather->run_count - 1u;
	uint64_t size;

	if (gather->run_count == 0) {
		return false;
	}
	size = (uint64_t)gather->count[last] << gather->shift[last];
	if (kind >= VMM_RUN_WALK_ && va - gather->va[last] < size && count << shift <= size) {
		/* The table above a leaf goes too: one invalidation does both (Arm ARM D8.17: VAE1
		   against VALE1). One run of several leaves stays by leaf. */
		if (gather->count[last] == 1) {
			gather->kind[last] |= VMM_RUN_WALK_;
		}
		return gather->kind[last] >= VMM_RUN_WALK_;
	}
	if (gather->kind[last] != kind || gather->shift[last] != shift ||
	    gather->va[last] + size != va) {
		return false;
	}
	gather->count[last] = (uint16_t)(gather->count[last] + count);
	gather->total += (uint32_t)count;
	return true;
}

void vmm_gather_more_(const struct vmm_table *table, struct vmm_gather_ *gather, uint64_t va,
		      uint64_t count, unsigned int shift, unsigned int level, bool walk)
{
	unsigned int kind = level | (walk ? VMM_RUN_WALK_ : 0);
	unsigned int next = gather->run_count;

	if (!gather->any) {
		gather->first = va;
	}
	gather->any = true;
	gather->walk |= walk;
	/* What is shared may be cached under the ASID of any table that joined. */
	gather->global |= vmm_is_shared_(table, va);
	gather->whole |= gather->total + count > table->flush_max;
	if (gather->whole || joins_last_run(gather, va, count, shift, kind)) {
		return;
	}
	if (next == VMM_GATHER_RUNS_) {
		gather->whole = true;
		return;
	}
	gather->va[next] = va;
	gather->count[next] = (uint16_t)count;
	gather->shift[next] = (uint8_t)shift;
	gather->kind[next] = (uint8_t)kind;
	gather->run_count++;
	gather->total += (uint32_t)count;
}

/*
 * Cached table descriptors carry the ASID that ran when they were walked: above global leaves that
 * may be any (Arm ARM D8.17, RLGSCG). So it may for whatever is in the upper half: a CPU has one
 * current ASID, which is the lower table's, and leaves that aren't global are cached with it
 * (D8.16).
 */
static bool is_any_asid(const struct vmm_table *table, bool walk, bool global)
{
	return global || table->half == VMM_UPPER_HALF || (walk && table->has_global);
}

static void start_request(const struct vmm_table *table, struct vmm_invalidation *request,
			  bool any_asid)
{
	request->any_asid = any_asid;
	request->asid = table->asid;
	request->level = 0;
	request->stride_shift = table->frames->page_shift;
	request->count = 1;
}

static void issue_space(const struct vmm_table *table, uint64_t va, bool any_asid)
{
	struct vmm_invalidation request;

	start_request(table, &request, any_asid);
	request.scope = VMM_SCOPE_SPACE;
	request.va = vmm_va(va);
	table->sync->invalidate(table, &request);
}

void vmm_gather_issue_(const struct vmm_table *table, const struct vmm_gather_ *gather,
		       bool walk_by_space)
{
	unsigned int i;

	if (table->sync == NULL) {
		return;
	}
	if (gather->whole || (gather->walk && walk_by_space) ||
	    (table->flags & VMM_TABLE_FLUSH_WHOLE) != 0) {
		issue_space(table, gather->first,
			    is_any_asid(table, gather->walk, gather->global));
		return;
	}
	for (i = 0; i < gather->run_count; i++) {
		bool walk = gather->kind[i] >= VMM_RUN_WALK_;
		struct vmm_invalidation request;

		start_request(table, &request, is_any_asid(table, walk, gather->global));
		request.scope = walk ? VMM_SCOPE_WALK : VMM_SCOPE_LEAF;
		request.va = vmm_va(gather->va[i]);
		request.count = gather->count[i];
		request.stride_shift = gather->shift[i];
		request.level = (uint8_t)(gather->kind[i] & ~VMM_RUN_WALK_);
		table->sync->invalidate(table, &request);
	}
}

void vmm_forget_(const struct vmm_table *table, const struct vmm_gather_ *gather,
		 bool walk_by_space)
{
	vmm_publish_(table);
	vmm_gather_issue_(table, gather, walk_by_space);
	vmm_complete_(table);
}

void vmm_tell_mapped_(const struct vmm_table *table, uint64_t va, uint64_t size, unsigned int shift,
		      unsigned int level, bool linked)
{
	const vmm_va_region_t where = { { vmm_extend_(table, va), size } };
	struct vmm_invalidation added;

	start_request(table, &added,
		      table->has_global || vmm_va_region_overlaps(table->shared, where));
	added.scope = linked ? VMM_SCOPE_WALK : VMM_SCOPE_LEAF;
	added.va = vmm_va_region_start(where);
	added.count = size >> shift;
	added.stride_shift = (uint8_t)shift;
	added.level = (uint8_t)level;
	table->sync->mapped(table, &added);
}

void vmm_forget_space_(const struct vmm_table *table)
{
	bool shares = table->owner == NULL && table->shared.bytes.size != 0;

	if (table->sync == NULL) {
		return;
	}
	issue_space(table, vmm_extend_(table, 0), is_any_asid(table, true, shares));
	vmm_complete_(table);
}
