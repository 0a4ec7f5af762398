/* SPDX-License-Identifier: MIT */
/*
 * From one address space to another while translation is on.
 *
 * Arm ARM DDI 0487: D8.16 (ASIDs), D24.2 (TTBR0_EL1, TCR_EL1). Root and ASID are in one register,
 * so a switch is one store and what makes it seen; what is cached of other spaces stays, under
 * their ASIDs.
 */

#include <vmm/aarch64.h>

#define TCR_EPD0 (UINT64_C(1) << 7)

void vmm_aarch64_switch(const struct vmm_table *lower, bool flush)
{
	__asm__ volatile("msr ttbr0_el1, %0\n\t"
			 "isb"
			 :
			 : "r"(vmm_aarch64_ttbr(lower))
			 : "memory");
	if (flush) {
		vmm_aarch64_flush_local();
	}
}

/* Local: other cores flush when they switch. The first barrier is for tables stored before. */
void vmm_aarch64_flush_local(void)
{
	__asm__ volatile("dsb nshst\n\t"
			 "tlbi vmalle1\n\t"
			 "dsb nsh\n\t"
			 "isb"
			 :
			 :
			 : "memory");
}

/* Walks of the lower half are forbidden before its root goes, and allowed when the new one is
 * there. */
void vmm_aarch64_reload(const struct vmm_aarch64_regs *regs)
{
	__asm__ volatile("msr tcr_el1, %0\n\t"
			 "isb\n\t"
			 "msr ttbr0_el1, %1\n\t"
			 "isb\n\t"
			 "msr tcr_el1, %2\n\t"
			 "isb"
			 :
			 : "r"(regs->tcr | TCR_EPD0), "r"(regs->ttbr0), "r"(regs->tcr)
			 : "memory");
}
