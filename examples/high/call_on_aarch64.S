/* SPDX-License-Identifier: MIT */
/*
 * AArch64: void call_on(void *stack_top, void (*fn)(void *), void *argument), which runs fn there.
 */

	.section .text.call_on, "ax"
	.global call_on
	.type call_on, %function
call_on:
	stp	x29, x30, [sp, #-32]!
	str	x19, [sp, #16]
	mov	x29, sp
	mov	x19, sp
	mov	sp, x0
	mov	x0, x2
	blr	x1
	mov	sp, x19
	ldr	x19, [sp, #16]
	ldp	x29, x30, [sp], #32
	ret
	.size call_on, . - call_on
