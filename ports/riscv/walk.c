/* SPDX-License-Identifier: MIT */

#include <vmm/riscv.h>

#include "codec.h"
#include "regs.h"

static unsigned int satp_mode(uint64_t satp)
{
	return (unsigned int)(satp >> VMM_RISCV_SATP_MODE_SHIFT);
}

/* The descriptor for `va` in the table at `table_pa`, by one load: hardware may set A and D. */
static uint64_t load_descriptor(uint64_t table_pa, uint64_t window, uint64_t va, unsigned int level)
{
	uint64_t index = va >> vmm_riscv_leaf_shift_(level) &
			 ((UINT64_C(1) << VMM_RISCV_INDEX_BITS) - 1);
	const uint64_t *table = (const uint64_t *)(uintptr_t)(table_pa + window);

	return VMM_LOAD_SHARED(&table[index]);
}

static enum vmm_err leaf_output(uint64_t desc, unsigned int level, uint64_t va, bool write,
				vmm_pa_t *pa)
{
	if (write && (desc & VMM_RISCV_W) == 0) {
		return VMM_ERR_NOENT;
	}
	*pa = vmm_pa(vmm_riscv_output_(desc, level, va));
	return VMM_OK;
}

enum vmm_err vmm_riscv_walk(uint64_t satp, uint64_t window, vmm_va_t va, bool write, vmm_pa_t *pa)
{
	unsigned int mode = satp_mode(satp);
	uint64_t table_pa = (satp & VMM_RISCV_SATP_PPN) << VMM_RISCV_PAGE_SHIFT;
	uint64_t raw = vmm_va_raw(va);
	unsigned int level;
	enum vmm_kind kind;

	if (mode == VMM_RISCV_MODE_BARE) {
		*pa = vmm_pa(raw);
		return VMM_OK;
	}
	if (mode < VMM_RISCV_MODE_SV39 || mode > VMM_RISCV_MODE_SV57) {
		return VMM_ERR_UNSUPPORTED;
	}
	level = mode - VMM_RISCV_MODE_SV39 + 3;
	if (vmm_riscv_sign_extend_(vmm_riscv_leaf_shift_(level), raw) != raw) {
		return VMM_ERR_RANGE;
	}
	/* Invariant: the table at table_pa holds descriptors of level - 1. None of level 0 is a table. */
	do {
		uint64_t desc = load_descriptor(table_pa, window, raw, --level);

		if ((desc & VMM_RISCV_V) == 0) {
			return VMM_ERR_NOENT;
		}
		kind = vmm_riscv_kind_flags_(VMM_TABLE_SVNAPOT | VMM_TABLE_SVPBMT, desc, level);
		if (kind == VMM_KIND_LEAF) {
			return leaf_output(desc, level, raw, write, pa);
		}
		table_pa = vmm_riscv_next_(desc);
	} while (kind == VMM_KIND_TABLE);
	return VMM_ERR_CORRUPT;
}
