/* SPDX-License-Identifier: MIT */
#ifndef VMM_AARCH64_MMU_H
#define VMM_AARCH64_MMU_H

/* Private: what mmu.c and sync.c read of the CPU they run on. */

#include <vmm/cc.h>

#define AARCH64_SCTLR_M (UINT64_C(1) << 0)
#define AARCH64_SCTLR_C (UINT64_C(1) << 2)

VMM_INLINE uint64_t vmm_aarch64_sctlr_(void)
{
	uint64_t sctlr;

	__asm__ volatile("mrs %0, sctlr_el1" : "=r"(sctlr));
	return sctlr;
}

#endif /* VMM_AARCH64_MMU_H */
