/* SPDX-License-Identifier: MIT */
/*
 * RISC-V: the two halves of board_try(). Kept are the registers that the calling convention
 * preserves, and sp. Code here is built without floating point.
 */

	.section .text.board_try, "ax"
	.global board_try_enter
	.type board_try_enter, @function
board_try_enter:
	sd	s0, 0(a0)
	sd	s1, 8(a0)
	sd	s2, 16(a0)
	sd	s3, 24(a0)
	sd	s4, 32(a0)
	sd	s5, 40(a0)
	sd	s6, 48(a0)
	sd	s7, 56(a0)
	sd	s8, 64(a0)
	sd	s9, 72(a0)
	sd	s10, 80(a0)
	sd	s11, 88(a0)
	sd	ra, 96(a0)
	sd	sp, 104(a0)
	mv	s0, a0
	mv	a0, a2
	jalr	a1
	ld	ra, 96(s0)
	ld	s0, 0(s0)
	li	a0, 0
	ret
	.size board_try_enter, . - board_try_enter

	.global board_try_resume
	.type board_try_resume, @function
board_try_resume:
	ld	sp, 104(a0)
	ld	ra, 96(a0)
	ld	s11, 88(a0)
	ld	s10, 80(a0)
	ld	s9, 72(a0)
	ld	s8, 64(a0)
	ld	s7, 56(a0)
	ld	s6, 48(a0)
	ld	s5, 40(a0)
	ld	s4, 32(a0)
	ld	s3, 24(a0)
	ld	s2, 16(a0)
	ld	s1, 8(a0)
	ld	s0, 0(a0)
	li	a0, 1
	ret
	.size board_try_resume, . - board_try_resume

	/* trap.h: a0 is x10, sp is x2. */
	.section .rodata.board_try, "a"
	.balign 8
	.global board_frame_first_argument
board_frame_first_argument:
	.quad	10
	.global board_frame_stack_pointer
board_frame_stack_pointer:
	.quad	2
