/* SPDX-License-Identifier: MIT */
/*
 * From one address space to another while translation is on.
 *
 * Privileged specification, "Supervisor Address Translation and Protection" and "SFENCE.VMA": root
 * and ASID are in one register, whose change takes effect at once, orders nothing and forgets
 * nothing. A recycled ASID is fenced after satp has it.
 */

#include <vmm/riscv.h>

void vmm_riscv_switch(const struct vmm_table *table, bool flush)
{
	__asm__ volatile("csrw satp, %0" : : "r"(vmm_riscv_satp(table)) : "memory");
	if (flush) {
		vmm_riscv_fence_local();
	}
}
