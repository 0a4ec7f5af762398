/* SPDX-License-Identifier: MIT */
/*
 * RISC-V: void call_on(void *stack_top, void (*fn)(void *), void *argument), which runs fn there.
 */

	.section .text.call_on, "ax"
	.global call_on
	.type call_on, @function
call_on:
	addi	sp, sp, -16
	sd	ra, 8(sp)
	sd	s0, 0(sp)
	mv	s0, sp
	mv	sp, a0
	mv	a0, a2
	jalr	a1
	mv	sp, s0
	ld	s0, 0(sp)
	ld	ra, 8(sp)
	addi	sp, sp, 16
	ret
	.size call_on, . - call_on
