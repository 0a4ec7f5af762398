/* SPDX-License-Identifier: MIT */

#include <vmm/riscv.h>

#include "codec.h"

/* sstatus ("Supervisor Status Register"). */
#define SSTATUS_SPP (UINT64_C(1) << 8)  /* the trap came from S-mode */
#define SSTATUS_SUM (UINT64_C(1) << 18) /* S-mode may load from and store to pages of U-mode */
#define SSTATUS_MXR (UINT64_C(1) << 19) /* what can be executed can be read */

/* Exception codes of scause ("Supervisor Cause Register"); bit 63 makes it an interrupt. */
enum {
	FETCH_MISALIGNED = 0,
	FETCH_ACCESS = 1,
	LOAD_MISALIGNED = 4,
	LOAD_ACCESS = 5,
	STORE_MISALIGNED = 6,
	STORE_ACCESS = 7,
	FETCH_PAGE = 12,
	LOAD_PAGE = 13,
	STORE_PAGE = 15
};

static enum vmm_fault_kind kind_of(uint64_t scause)
{
	switch (scause) {
	case FETCH_MISALIGNED:
	case LOAD_MISALIGNED:
	case STORE_MISALIGNED:
		return VMM_FAULT_ALIGNMENT;
	case FETCH_ACCESS:
	case LOAD_ACCESS:
	case STORE_ACCESS:
		return VMM_FAULT_EXTERNAL;
	case FETCH_PAGE:
	case LOAD_PAGE:
	case STORE_PAGE:
		return VMM_FAULT_PAGE;
	default:
		return VMM_FAULT_OTHER;
	}
}

static enum vmm_fault_access access_of(uint64_t scause)
{
	switch (scause) {
	case FETCH_MISALIGNED:
	case FETCH_ACCESS:
	case FETCH_PAGE:
		return VMM_FAULT_EXECUTE;
	case STORE_MISALIGNED:
	case STORE_ACCESS:
	case STORE_PAGE:
		return VMM_FAULT_WRITE;
	default:
		return VMM_FAULT_READ;
	}
}

void vmm_riscv_fault_decode(uint64_t scause, uint64_t stval, uint64_t sstatus,
			    struct vmm_fault *fault)
{
	bool is_memory;

	fault->kind = kind_of(scause);
	is_memory = fault->kind != VMM_FAULT_OTHER;
	fault->access = access_of(scause);
	fault->user = (sstatus & SSTATUS_SPP) == 0;
	/* An access fault of the walk has the code of the access ("Virtual Address Translation
	 * Process", step 2). */
	fault->on_walk = false;
	fault->has_va = is_memory;
	fault->has_level = false;
	fault->level = 0;
	fault->va = vmm_va(is_memory ? stval : 0);
	fault->raw = scause;
}

static bool is_permitted(uint64_t desc, uint64_t sstatus, const struct vmm_fault *fault)
{
	uint64_t wanted = VMM_RISCV_R;

	if (fault->user != ((desc & VMM_RISCV_U) != 0) &&
	    (fault->user || fault->access == VMM_FAULT_EXECUTE || (sstatus & SSTATUS_SUM) == 0)) {
		return false;
	}
	if (fault->access == VMM_FAULT_EXECUTE) {
		wanted = VMM_RISCV_X;
	} else if (fault->access == VMM_FAULT_WRITE) {
		wanted = VMM_RISCV_W;
	} else if ((sstatus & SSTATUS_MXR) != 0) {
		wanted = VMM_RISCV_R | VMM_RISCV_X;
	}
	return (desc & wanted) != 0;
}

/* "Virtual Address Translation Process", steps 5 and 9, for a leaf. */
static enum vmm_fault_kind why_leaf(uint64_t desc, uint64_t sstatus, const struct vmm_fault *fault)
{
	uint64_t used = VMM_RISCV_A | (fault->access == VMM_FAULT_WRITE ? VMM_RISCV_D : 0);

	if (!is_permitted(desc, sstatus, fault)) {
		return VMM_FAULT_PERMISSION;
	}
	return (desc & used) == used ? VMM_FAULT_PAGE : VMM_FAULT_ACCESS_FLAG;
}

static enum vmm_fault_kind why(const struct vmm_table *table, uint64_t sstatus,
			       const struct vmm_fault *fault)
{
	struct vmm_leaf leaf;

	if (vmm_table_query(table, fault->va, &leaf) != VMM_OK) {
		return VMM_FAULT_TRANSLATION;
	}
	return why_leaf(leaf.descriptor, sstatus, fault);
}

void vmm_riscv_fault_refine(const struct vmm_table *table, uint64_t sstatus,
			    struct vmm_fault *fault)
{
	if (fault->kind == VMM_FAULT_PAGE) {
		fault->kind = why(table, sstatus, fault);
	}
}

bool vmm_riscv_is_spurious(const struct vmm_table *table, uint64_t sstatus,
			   const struct vmm_fault *fault)
{
	return fault->kind == VMM_FAULT_PAGE && why(table, sstatus, fault) == VMM_FAULT_PAGE;
}
