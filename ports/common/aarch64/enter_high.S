/* SPDX-License-Identifier: MIT */
/*
 * AArch64: from where a kernel is loaded to where it is linked, BOARD_VIRTUAL_OFFSET above.
 *
 * Every address is made from the PC and is a physical one up to the `br`, a virtual one from there
 * on. The offset is a number, not an address: nothing here has to be relocated.
 */

	.section .text.boot, "ax"
	.global board_enter
	.type board_enter, %function
board_enter:
	/* As an argument, for where it is: a compiler that knew the object's address would put it
	 * into constants. */
	adrp	x0, kernel_early_objects
	add	x0, x0, :lo12:kernel_early_objects
	bl	kernel_early
	cbnz	w0, 1f

	/* Translation is on, and the image is here as well as there. */
	adr	x0, 2f
	ldr	x1, =BOARD_VIRTUAL_OFFSET
	add	x0, x0, x1
	br	x0

1:	b	board_early_failed

2:	bl	aarch64_settle
	mov	x29, xzr
	mov	x30, xzr
	b	board_main
	.size board_enter, . - board_enter
	.ltorg
