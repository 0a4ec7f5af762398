/* SPDX-License-Identifier: MIT */

#include <vmm/riscv.h>

#include "codec.h"
#include "regs.h"

uint64_t vmm_riscv_satp(const struct vmm_table *table)
{
	uint64_t mode = vmm_riscv_mode_(table->va_bits);

	if (table->format == NULL || table->half != VMM_BOTH_HALVES ||
	    mode == VMM_RISCV_MODE_BARE) {
		return 0;
	}
	return mode << VMM_RISCV_SATP_MODE_SHIFT |
	       (uint64_t)table->asid << VMM_RISCV_SATP_ASID_SHIFT |
	       vmm_pa_raw(vmm_table_root(table)) >> VMM_RISCV_PAGE_SHIFT;
}

/*
 * rs1 = x0 forgets descriptors of every level, rs1 = an address only leaves ("SFENCE.VMA"). The
 * address is sign-extended: with one that isn't canonical the instruction does nothing.
 */
struct vmm_riscv_fence_ vmm_riscv_fence_(const struct vmm_table *table,
					 const struct vmm_invalidation *request)
{
	struct vmm_riscv_fence_ fence = { false, !request->any_asid, request->asid, 0, 0, 0 };

	fence.by_address = request->scope == VMM_SCOPE_LEAF &&
			   request->count <= table->flush_max &&
			   (table->flags & VMM_TABLE_FLUSH_WHOLE) == 0;
	if (fence.by_address) {
		fence.first = vmm_riscv_sign_extend_(table->va_bits, vmm_va_raw(request->va));
		fence.stride = UINT64_C(1) << request->stride_shift;
		fence.count = request->count;
	}
	return fence;
}

/*
 * SBI fences by range, one SFENCE.VMA per page of it; for a superpage that of its first page is
 * enough, as any address in it reaches its leaf. Size -1 becomes rs1 = x0 ("RFENCE Extension").
 */
struct vmm_riscv_rfence_ vmm_riscv_rfence_(const struct vmm_riscv_fence_ *fence)
{
	struct vmm_riscv_rfence_ call = { VMM_SBI_REMOTE_SFENCE_VMA, 0, UINT64_MAX, 0 };

	if (fence->by_asid) {
		call.function = VMM_SBI_REMOTE_SFENCE_VMA_ASID;
		call.asid = fence->asid;
	}
	if (fence->by_address && fence->count > 0) {
		call.start = fence->first;
		call.size = (fence->count - 1) * fence->stride +
			    (UINT64_C(1) << VMM_RISCV_PAGE_SHIFT);
	}
	return call;
}
