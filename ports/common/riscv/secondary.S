/* SPDX-License-Identifier: MIT */
/*
 * RISC-V: a hart that board_core_start() started, from a physical address in supervisor mode with
 * translation off, to board_core_main() on its own stack. Firmware gives the hart's number in a0
 * (SBI specification, HSM extension).
 */

/* As board.h has it. */
#ifndef BOARD_VIRTUAL_OFFSET
#define BOARD_VIRTUAL_OFFSET 0
#endif

#include "../cores.h"

	.section .text.secondary, "ax"
	.balign 4
	.global riscv_secondary
	.type riscv_secondary, @function
riscv_secondary:
	mv	s0, a0
	csrw	sie, zero
	csrw	satp, zero
	jal	t1, record
	ld	t0, CORE_TRANSLATE(s1)
	beqz	t0, 1f
	addi	a0, s1, CORE_REGS
	call	vmm_riscv_enable
	beqz	a0, 2f

	/* The image is here as well as BOARD_VIRTUAL_OFFSET above. */
	lla	t0, 1f
	li	t1, BOARD_VIRTUAL_OFFSET
	add	t0, t0, t1
	jr	t0

1:	jal	t1, record
	la	t0, riscv_vector
	csrw	stvec, t0
	ld	t0, CORE_TRAP_STACK(s1)
	csrw	sscratch, t0
	ld	sp, CORE_STACK(s1)
	ld	tp, CORE_THREAD(s1)
	mv	a0, s0
	call	board_core_set
	mv	a0, s0
	li	s0, 0
	call	board_core_main
	/* A hart that lacks the mode, or is done. */
2:	wfi
	j	2b
	.size riscv_secondary, . - riscv_secondary

	/* s1: the record of hart s0, at the address that the PC's is. Returns to t1. */
	.type record, @function
record:
	la	s1, board_core_records
	li	t0, CORE_SIZE
	mul	t0, t0, s0
	add	s1, s1, t0
	jr	t1
	.size record, . - record
