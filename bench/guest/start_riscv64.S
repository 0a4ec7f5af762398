/* SPDX-License-Identifier: MIT */
	.section .text.start, "ax"
	.globl	_start
_start:
	la	sp, stack_end
	call	guest_main
1:	wfi
	j	1b

	.bss
	.balign	16
	.skip	16384
stack_end:
