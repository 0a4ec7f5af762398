/* SPDX-License-Identifier: MIT */
/*
 * AArch64: what a user program can't say in C. The kernel starts it at _start with a stack and the
 * role in x0.
 */

#include "calls.h"

	.arch armv8-a+fp

	.section .text.start, "ax"
	.global _start
	.type _start, %function
_start:
	bl	program_main
	mov	x8, #CALL_EXIT
	svc	#0
	.size _start, . - _start

	/* So that there always is data to copy. */
	.section .data.start, "aw"
	.balign 8
	.quad	0

	.section .text.program, "ax"
	.global program_call
	.type program_call, %function
program_call:
	mov	x8, x0
	mov	x0, x1
	mov	x1, x2
	svc	#0
	ret
	.size program_call, . - program_call

	/* The kernel knows a probe by the word before it, and writes 1 to x9 when it faults. */
	.global program_probe_read
	.type program_probe_read, %function
program_probe_read:
	mov	x9, #0
	b	1f
	.word	PROBE_MARK
1:	ldr	x0, [x0]
	str	x9, [x1]
	ret
	.size program_probe_read, . - program_probe_read

	.global program_probe_write
	.type program_probe_write, %function
program_probe_write:
	mov	x9, #0
	b	1f
	.word	PROBE_MARK
1:	str	x1, [x0]
	str	x9, [x2]
	ret
	.size program_probe_write, . - program_probe_write

	.global program_jump
	.type program_jump, %function
program_jump:
	br	x0
	.size program_jump, . - program_jump

	.global program_float
	.type program_float, %function
program_float:
	fmov	d0, #1.0
	ret
	.size program_float, . - program_float
