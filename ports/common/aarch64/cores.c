/* SPDX-License-Identifier: MIT */
/*
 * AArch64: what a core needs to be started.
 */

#include <vmm/aarch64.h>

#include "../board_private.h"

#define PSCI_CPU_ON UINT64_C(0xc4000003)

/* secondary.S */
extern const char aarch64_secondary[];

uint64_t board_core_entry(void)
{
	return (uintptr_t)aarch64_secondary & ~(uint64_t)BOARD_VIRTUAL_OFFSET;
}

/* The core reads with its caches off. */
void board_core_publish(const void *start, size_t size)
{
	vmm_aarch64_clean(start, size);
}

/* Power State Coordination Interface (DEN 0022), 5.4: by HVC if a hypervisor may be above, which is
 * so in QEMU's machine without EL2; by SMC from EL1 where EL2 is there, but not in use. */
bool psci_core_on(unsigned int core, uint64_t entry)
{
	register uint64_t x0 __asm__("x0") = PSCI_CPU_ON;
	register uint64_t x1 __asm__("x1") = core;
	register uint64_t x2 __asm__("x2") = entry;
	register uint64_t x3 __asm__("x3") = 0;
	uint64_t pfr0;

	__asm__("mrs %0, id_aa64pfr0_el1" : "=r"(pfr0));
	if ((pfr0 >> 8 & 0xf) != 0) {
		__asm__ volatile("smc #0"
				 : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)
				 :
				 : "memory");
	} else {
		__asm__ volatile("hvc #0" : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3) : : "memory");
	}
	return x0 == 0;
}
