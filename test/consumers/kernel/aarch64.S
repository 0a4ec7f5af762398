/* SPDX-License-Identifier: MIT */
/* The entry: EL1, translation off, one core. */
	.section .text.entry, "ax"
	.global entry
entry:
	adrp	x0, stack_top
	add	x0, x0, :lo12:stack_top
	mov	sp, x0
	adrp	x0, bss_start
	add	x0, x0, :lo12:bss_start
	adrp	x1, bss_end
	add	x1, x1, :lo12:bss_end
1:	cmp	x0, x1
	b.hs	kernel_main
	str	xzr, [x0], #8
	b	1b
