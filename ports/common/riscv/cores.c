/* SPDX-License-Identifier: MIT */
/*
 * RISC-V: what a hart needs to be started, by firmware's Hart State Management (SBI specification).
 */

#include "../board_private.h"

#define SBI_HSM            UINT64_C(0x48534d)
#define SBI_HSM_HART_START UINT64_C(0)

/* secondary.S */
extern const char riscv_secondary[];

uint64_t board_core_entry(void)
{
	return (uintptr_t)riscv_secondary & ~(uint64_t)BOARD_VIRTUAL_OFFSET;
}

/* Memory is coherent; what was stored is seen before the call. */
void board_core_publish(const void *start, size_t size)
{
	(void)start;
	(void)size;
	__asm__ volatile("fence rw, rw" : : : "memory");
}

bool board_core_on(unsigned int core, uint64_t entry)
{
	register uint64_t a0 __asm__("a0") = core;
	register uint64_t a1 __asm__("a1") = entry;
	register uint64_t a2 __asm__("a2") = 0;
	register uint64_t a6 __asm__("a6") = SBI_HSM_HART_START;
	register uint64_t a7 __asm__("a7") = SBI_HSM;

	__asm__ volatile("ecall" : "+r"(a0), "+r"(a1) : "r"(a2), "r"(a6), "r"(a7) : "memory");
	return a0 == 0;
}
