/* SPDX-License-Identifier: MIT */

#include <vmm/riscv.h>

#include "codec.h"
#include "regs.h"

/* enable.S */
uint64_t vmm_riscv_try_satp_(uint64_t satp);

static uint64_t read_satp(void)
{
	uint64_t satp;

	__asm__ volatile("csrr %0, satp" : "=r"(satp));
	return satp;
}

bool vmm_riscv_is_enabled(void)
{
	return read_satp() >> VMM_RISCV_SATP_MODE_SHIFT != VMM_RISCV_MODE_BARE;
}

enum vmm_err vmm_riscv_translate(uint64_t window, vmm_va_t va, bool write, vmm_pa_t *pa)
{
	return vmm_riscv_walk(read_satp(), window, va, write, pa);
}

enum vmm_err vmm_riscv_plan_enable(const struct vmm_table *table, struct vmm_riscv_regs *regs)
{
	uint64_t satp = vmm_riscv_satp(table);

	if (satp == 0) {
		return VMM_ERR_UNSUPPORTED;
	}
	regs->satp = satp;
	return VMM_OK;
}

/* --- probe --- */

/*
 * One leaf in a root table that maps the code at `code`, and what else is in its reach, to itself.
 * Execute-only, so that nothing can be loaded or stored through it.
 */
static void map_code(volatile uint64_t *root, uint64_t code, unsigned int va_bits)
{
	unsigned int shift = va_bits - VMM_RISCV_INDEX_BITS;
	unsigned int count = 1u << VMM_RISCV_INDEX_BITS;

	for (unsigned int i = 0; i < count; i++) {
		root[i] = 0;
	}
	root[code >> shift] = VMM_RISCV_V | VMM_RISCV_X | VMM_RISCV_A |
			      code >> shift << (shift - VMM_RISCV_OUTPUT_RSHIFT);
}

/* What satp holds when asked for that mode and every ASID bit; 0: the CPU hasn't got the mode. */
static uint64_t try_mode(volatile uint64_t *root, unsigned int va_bits)
{
	uint64_t code = (uint64_t)(uintptr_t)&vmm_riscv_try_satp_;

	/* In the upper half the identity has no address: nothing was ever lost by not asking, as
	 * a CPU with a mode has every smaller one. */
	if (code >> (va_bits - 1) != 0) {
		return 0;
	}
	map_code(root, code, va_bits);
	return vmm_riscv_try_satp_(vmm_riscv_mode_(va_bits) << VMM_RISCV_SATP_MODE_SHIFT |
				   VMM_RISCV_SATP_ASID |
				   (uint64_t)(uintptr_t)root >> VMM_RISCV_PAGE_SHIFT);
}

static uint8_t count_asid_bits(uint64_t satp)
{
	uint64_t asid = (satp & VMM_RISCV_SATP_ASID) >> VMM_RISCV_SATP_ASID_SHIFT;
	uint8_t count = 0;

	while (asid != 0) {
		asid &= asid - 1;
		count++;
	}
	return count;
}

enum vmm_err vmm_riscv_probe(void *scratch, struct vmm_riscv_features *features)
{
	uint8_t va_bits = VMM_RISCV_VA_BITS_MAX;
	uint64_t satp = 0;

	if (vmm_riscv_is_enabled()) {
		return VMM_ERR_BUSY;
	}
	if (!vmm_va_is_aligned(vmm_va_from_ptr(scratch), VMM_RISCV_PAGE_SHIFT)) {
		return VMM_ERR_ALIGN;
	}
	/* From the largest down: the first one that there is implies all below. */
	while (va_bits != 0 && satp == 0) {
		satp = try_mode(scratch, va_bits);
		if (satp == 0) {
			va_bits = vmm_riscv_smaller_(va_bits);
		}
	}
	features->va_bits = va_bits;
	features->asid_bits = count_asid_bits(satp);
	return VMM_OK;
}

/* --- fences on this hart --- */

void vmm_riscv_fence_local(void)
{
	__asm__ volatile("sfence.vma" : : : "memory");
}

/*
 * rs2 must be a register other than x0 even if the ASID is 0: x0 would mean every ASID
 * ("SFENCE.VMA"). "r" never stands for x0.
 */
static void fence_one(const struct vmm_riscv_fence_ *fence, uint64_t va)
{
	if (fence->by_asid) {
		__asm__ volatile("sfence.vma %0, %1" : : "r"(va), "r"((uint64_t)fence->asid)
				 : "memory");
	} else {
		__asm__ volatile("sfence.vma %0, zero" : : "r"(va) : "memory");
	}
}

static void fence_here(const struct vmm_riscv_fence_ *fence)
{
	if (fence->by_address) {
		for (uint64_t i = 0; i < fence->count; i++) {
			fence_one(fence, fence->first + i * fence->stride);
		}
	} else if (fence->by_asid) {
		__asm__ volatile("sfence.vma zero, %0" : : "r"((uint64_t)fence->asid) : "memory");
	} else {
		vmm_riscv_fence_local();
	}
}

/*
 * Predecessors are the stores to tables; successors are the store that links a table and whatever
 * tells another hart to fence: a message in memory, or a store to an interrupt controller. This
 * hart's own walker is ordered by SFENCE.VMA, which comes after.
 */
static void publish(const struct vmm_table *table)
{
	(void)table;
	__asm__ volatile("fence w, ow" : : : "memory");
}

/*
 * Invalid descriptors may be cached ("SFENCE.VMA"): without this fence the mapping made last may
 * fault, here as elsewhere.
 */
static void invalidate_local(const struct vmm_table *table, const struct vmm_invalidation *request)
{
	struct vmm_riscv_fence_ fence = vmm_riscv_fence_(table, request);

	fence_here(&fence);
}

/* SFENCE.VMA has taken effect for all that follows, and a remote fence waits for its harts. */
static void complete(const struct vmm_table *table)
{
	(void)table;
}

/* The same root is enough: the ASID only names what is cached. */
static bool is_active(const struct vmm_table *table)
{
	uint64_t satp = read_satp();
	uint64_t asid = VMM_RISCV_SATP_ASID;

	return satp != 0 && (satp & ~asid) == (vmm_riscv_satp(table) & ~asid);
}

/* Walkers read tables coherently ("Svadu" and the PMAs of main memory): nothing to clean. */
const struct vmm_sync vmm_riscv_sync = {
	.publish = publish,
	.mapped = invalidate_local,
	.invalidate = invalidate_local,
	.complete = complete,
	.clean = NULL,
	.is_active = is_active,
};

/* --- fences on other harts, by firmware --- */

struct sbi_result {
	int64_t error;
	int64_t value;
};

static struct sbi_result sbi_call(uint64_t extension, uint64_t function, const uint64_t args[5])
{
	register uint64_t a0 __asm__("a0") = args[0];
	register uint64_t a1 __asm__("a1") = args[1];
	register uint64_t a2 __asm__("a2") = args[2];
	register uint64_t a3 __asm__("a3") = args[3];
	register uint64_t a4 __asm__("a4") = args[4];
	register uint64_t a6 __asm__("a6") = function;
	register uint64_t a7 __asm__("a7") = extension;
	struct sbi_result result;

	__asm__ volatile("ecall"
			 : "+r"(a0), "+r"(a1)
			 : "r"(a2), "r"(a3), "r"(a4), "r"(a6), "r"(a7)
			 : "memory");
	result.error = (int64_t)a0;
	result.value = (int64_t)a1;
	return result;
}

bool vmm_riscv_sbi_has_rfence(void)
{
	const uint64_t args[5] = { VMM_SBI_RFENCE, 0, 0, 0, 0 };
	struct sbi_result result = sbi_call(VMM_SBI_BASE, VMM_SBI_BASE_PROBE_EXTENSION, args);

	return result.error == 0 && result.value != 0;
}

/* Other harts go on with translations that are no more: nothing after this can be trusted. */
static void fail(const struct vmm_riscv_table *table, int64_t error)
{
	if (table->fatal != NULL) {
		table->fatal(table, error);
	}
	for (;;) {
		__asm__ volatile("ebreak" : : : "memory");
	}
}

static void fence_harts(const struct vmm_riscv_table *table, const struct vmm_riscv_rfence_ *call,
			struct vmm_riscv_harts harts)
{
	const uint64_t args[5] = { harts.mask, harts.base, call->start, call->size, call->asid };
	struct sbi_result result;

	if (harts.mask == 0 && harts.base != UINT64_MAX) {
		return;
	}
	result = sbi_call(VMM_SBI_RFENCE, call->function, args);
	if (result.error != 0) {
		fail(table, result.error);
	}
}

static void fence_others(const struct vmm_table *base, const struct vmm_riscv_fence_ *fence)
{
	const struct vmm_riscv_table *table =
		VMM_CONTAINER_OF_CONST(base, struct vmm_riscv_table, base);
	struct vmm_riscv_rfence_ call = vmm_riscv_rfence_(fence);
	struct vmm_riscv_harts harts = { 0, 0 };

	if (table->next_harts == NULL) {
		fence_harts(table, &call, table->harts);
		return;
	}
	for (unsigned int i = 0; table->next_harts(table, i, &harts); i++) {
		fence_harts(table, &call, harts);
	}
}

static void mapped_sbi(const struct vmm_table *table, const struct vmm_invalidation *added)
{
	struct vmm_riscv_fence_ fence = vmm_riscv_fence_(table, added);

	fence_here(&fence);
	if ((table->flags & VMM_TABLE_FENCE_ALL) != 0) {
		fence_others(table, &fence);
	}
}

static void invalidate_sbi(const struct vmm_table *table, const struct vmm_invalidation *request)
{
	struct vmm_riscv_fence_ fence = vmm_riscv_fence_(table, request);

	fence_here(&fence);
	fence_others(table, &fence);
}

const struct vmm_sync vmm_riscv_sync_sbi = {
	.publish = publish,
	.mapped = mapped_sbi,
	.invalidate = invalidate_sbi,
	.complete = complete,
	.clean = NULL,
	.is_active = is_active,
};
