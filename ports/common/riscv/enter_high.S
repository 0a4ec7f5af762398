/* SPDX-License-Identifier: MIT */
/*
 * RISC-V: from where a kernel is loaded to where it is linked, BOARD_VIRTUAL_OFFSET above.
 *
 * Every address is made from the PC and is a physical one up to the `jr`, a virtual one from there
 * on. The offset is a number, not an address: nothing here has to be relocated.
 */

	.section .text.boot, "ax"
	.global board_enter
	.type board_enter, @function
board_enter:
	/* As an argument, for where it is: a compiler that knew the object's address would put it
	 * into constants. */
	la	a0, kernel_early_objects
	call	kernel_early
	bnez	a0, 1f

	/* Translation is on, and the image is here as well as there. */
	lla	t0, 2f
	li	t1, BOARD_VIRTUAL_OFFSET
	add	t0, t0, t1
	jr	t0

1:	tail	board_early_failed

2:	call	riscv_settle
	li	ra, 0
	tail	board_main
	.size board_enter, . - board_enter
