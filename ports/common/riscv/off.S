/* SPDX-License-Identifier: MIT */
/*
 * _Noreturn void riscv_store_untranslated(uint64_t pa, uint32_t value)
 *
 * Stores with translation off, and waits for good: a way to a device that nobody has mapped.
 *
 * In a kernel of the upper half the next instruction is then nowhere to be fetched: the trap goes
 * to the physical address of the rest, which stvec holds. Firmware passes fetches that fail on to
 * supervisor mode. Where the kernel runs at physical addresses, no trap is needed.
 */

/* As board.h has it. */
#ifndef BOARD_VIRTUAL_OFFSET
#define BOARD_VIRTUAL_OFFSET 0
#endif

	.section .text.riscv_store_untranslated, "ax"
	.balign 4
	.global riscv_store_untranslated
	.type riscv_store_untranslated, @function
riscv_store_untranslated:
	lla	t0, 1f
	li	t1, ~BOARD_VIRTUAL_OFFSET
	and	t0, t0, t1
	csrw	stvec, t0
	csrw	satp, zero
	sfence.vma
	.balign 4
1:	sw	a1, 0(a0)
2:	wfi
	j	2b
	.size riscv_store_untranslated, . - riscv_store_untranslated
