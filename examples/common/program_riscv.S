/* SPDX-License-Identifier: MIT */
/*
 * RISC-V: what a user program can't say in C. The kernel starts it at _start with a stack and the
 * role in a0.
 */

#include "calls.h"

	.section .text.start, "ax"
	.global _start
	.type _start, @function
_start:
	call	program_main
	li	a7, CALL_EXIT
	ecall
	.size _start, . - _start

	/* So that there always is data to copy. */
	.section .data.start, "aw"
	.balign 8
	.quad	0

	.section .text.program, "ax"
	.global program_call
	.type program_call, @function
program_call:
	mv	a7, a0
	mv	a0, a1
	mv	a1, a2
	ecall
	ret
	.size program_call, . - program_call

	/* The kernel knows a probe by the word before it, and writes 1 to t4 when it faults.
	 * Nothing here is compressed, so that each instruction has four bytes. */
	.option push
	.option norvc
	.balign 4
	.global program_probe_read
	.type program_probe_read, @function
program_probe_read:
	li	t4, 0
	j	1f
	.word	PROBE_MARK
1:	ld	a0, 0(a0)
	sd	t4, 0(a1)
	ret
	.size program_probe_read, . - program_probe_read

	.balign 4
	.global program_probe_write
	.type program_probe_write, @function
program_probe_write:
	li	t4, 0
	j	1f
	.word	PROBE_MARK
1:	sd	a1, 0(a0)
	sd	t4, 0(a2)
	ret
	.size program_probe_write, . - program_probe_write
	.option pop

	.global program_jump
	.type program_jump, @function
program_jump:
	jr	a0
	.size program_jump, . - program_jump

	/* fmv.d.x f0, x0 */
	.balign 4
	.global program_float
	.type program_float, @function
program_float:
	.word	0xf2000053
	ret
	.size program_float, . - program_float
