/* SPDX-License-Identifier: MIT */
	.section .text.start, "ax"
	.globl	_start
_start:
	adrp	x0, stack_end
	add	x0, x0, :lo12:stack_end
	mov	sp, x0
	/* The cycle counter runs, in every exception level. */
	mrs	x0, pmcr_el0
	orr	x0, x0, #1
	msr	pmcr_el0, x0
	mov	x0, #(1 << 31)
	msr	pmcntenset_el0, x0
	msr	pmccfiltr_el0, xzr
	isb
	bl	guest_main
1:	wfi
	b	1b

	.bss
	.balign	16
	.skip	16384
stack_end:
