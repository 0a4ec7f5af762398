/* SPDX-License-Identifier: MIT */
/*
 * The seam on AArch64: barriers and invalidations of EL1's tables, inner shareable.
 *
 * Arm ARM DDI 0487, D8.17 (TLB maintenance), K11.5.3 (its barriers). The last-level instructions
 * (L in the name) leave cached table descriptors alone; the others take them too. Those with ASID
 * take a global leaf of the address as well; those of all ASIDs are for tables that several ASIDs
 * share.
 */

#include <vmm/aarch64.h>

#include "aarch64_mmu.h"

#define TTBR_ROOT UINT64_C(0x0000fffffffffffe)

static void publish(const struct vmm_table *table)
{
	(void)table;
	__asm__ volatile("dsb ishst" : : : "memory");
}

/* An instruction that was fetched, or whose access was translated, before the store became visible
 * may still fault without it (D8.17, IWZCBG). */
static void mapped(const struct vmm_table *table, const struct vmm_invalidation *added)
{
	(void)table;
	(void)added;
	__asm__ volatile("isb" : : : "memory");
}

static void invalidate_space(bool any_asid, uint64_t operand)
{
	if (any_asid) {
		__asm__ volatile("tlbi vmalle1is" : : : "memory");
	} else {
		__asm__ volatile("tlbi aside1is, %0" : : "r"(operand) : "memory");
	}
}

static void invalidate_leaf(bool any_asid, uint64_t operand)
{
	if (any_asid) {
		__asm__ volatile("tlbi vaale1is, %0" : : "r"(operand) : "memory");
	} else {
		__asm__ volatile("tlbi vale1is, %0" : : "r"(operand) : "memory");
	}
}

static void invalidate_walk(bool any_asid, uint64_t operand)
{
	if (any_asid) {
		__asm__ volatile("tlbi vaae1is, %0" : : "r"(operand) : "memory");
	} else {
		__asm__ volatile("tlbi vae1is, %0" : : "r"(operand) : "memory");
	}
}

/* No level hints: without FEAT_TTL their bits are RES0. */
static uint64_t operand_for(const struct vmm_table *table, const struct vmm_invalidation *request,
			    uint64_t va)
{
	uint16_t asid = request->any_asid ? 0 : request->asid;

	return vmm_aarch64_tlbi_operand(vmm_va(va), table->frames->page_shift, VMM_AARCH64_NO_LEVEL,
					asid, table->asid_bits);
}

static void invalidate(const struct vmm_table *table, const struct vmm_invalidation *request)
{
	uint64_t va = vmm_va_raw(request->va);
	uint64_t i;

	if (request->scope == VMM_SCOPE_SPACE) {
		invalidate_space(request->any_asid, operand_for(table, request, 0));
		return;
	}
	for (i = 0; i < request->count; i++) {
		uint64_t operand = operand_for(table, request, va + (i << request->stride_shift));

		if (request->scope == VMM_SCOPE_LEAF) {
			invalidate_leaf(request->any_asid, operand);
		} else {
			invalidate_walk(request->any_asid, operand);
		}
	}
}

/* Every invalidation is made twice, with what completes the first between. */
static void invalidate_twice(const struct vmm_table *table, const struct vmm_invalidation *request)
{
	invalidate(table, request);
	__asm__ volatile("dsb ish" : : : "memory");
	invalidate(table, request);
}

static void complete(const struct vmm_table *table)
{
	(void)table;
	__asm__ volatile("dsb ish\n\tisb" : : : "memory");
}

static void clean(const struct vmm_table *table, const void *start, size_t size)
{
	(void)table;
	vmm_aarch64_clean(start, size);
}

static bool is_active(const struct vmm_table *table)
{
	uint64_t ttbr;

	if ((vmm_aarch64_sctlr_() & AARCH64_SCTLR_M) == 0) {
		return false;
	}
	if (table->half == VMM_UPPER_HALF) {
		__asm__ volatile("mrs %0, ttbr1_el1" : "=r"(ttbr));
	} else {
		__asm__ volatile("mrs %0, ttbr0_el1" : "=r"(ttbr));
	}
	return (ttbr & TTBR_ROOT) == table->root;
}

const struct vmm_sync vmm_aarch64_sync = {
	.publish = publish,
	.mapped = mapped,
	.invalidate = invalidate,
	.complete = complete,
	.clean = clean,
	.is_active = is_active,
};

const struct vmm_sync vmm_aarch64_sync_repeat_tlbi = {
	.publish = publish,
	.mapped = mapped,
	.invalidate = invalidate_twice,
	.complete = complete,
	.clean = clean,
	.is_active = is_active,
};
