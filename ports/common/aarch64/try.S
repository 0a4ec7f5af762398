/* SPDX-License-Identifier: MIT */
/*
 * AArch64: the two halves of board_try(). Kept are the registers that the procedure call standard
 * (IHI 0055, 6.1) preserves, and sp.
 */

	.arch armv8-a+fp+simd

	.section .text.board_try, "ax"
	.global board_try_enter
	.type board_try_enter, %function
board_try_enter:
	stp	x19, x20, [x0, #0]
	stp	x21, x22, [x0, #16]
	stp	x23, x24, [x0, #32]
	stp	x25, x26, [x0, #48]
	stp	x27, x28, [x0, #64]
	stp	x29, x30, [x0, #80]
	stp	d8, d9, [x0, #96]
	stp	d10, d11, [x0, #112]
	stp	d12, d13, [x0, #128]
	stp	d14, d15, [x0, #144]
	mov	x3, sp
	str	x3, [x0, #160]
	mov	x19, x0
	mov	x0, x2
	blr	x1
	ldr	x30, [x19, #88]
	ldr	x19, [x19, #0]
	mov	w0, #0
	ret
	.size board_try_enter, . - board_try_enter

	.global board_try_resume
	.type board_try_resume, %function
board_try_resume:
	ldr	x3, [x0, #160]
	mov	sp, x3
	ldp	d14, d15, [x0, #144]
	ldp	d12, d13, [x0, #128]
	ldp	d10, d11, [x0, #112]
	ldp	d8, d9, [x0, #96]
	ldp	x29, x30, [x0, #80]
	ldp	x27, x28, [x0, #64]
	ldp	x25, x26, [x0, #48]
	ldp	x23, x24, [x0, #32]
	ldp	x21, x22, [x0, #16]
	ldp	x19, x20, [x0, #0]
	mov	w0, #1
	ret
	.size board_try_resume, . - board_try_resume

	/* trap.h: x0 is the first argument, x[31] of a frame is SP_EL0. */
	.section .rodata.board_try, "a"
	.balign 8
	.global board_frame_first_argument
board_frame_first_argument:
	.quad	0
	.global board_frame_stack_pointer
board_frame_stack_pointer:
	.quad	31
