/* SPDX-License-Identifier: MIT */
/*
 * RISC-V: a kernel that runs where it is loaded goes straight on.
 */

	.section .text.boot, "ax"
	.global board_enter
	.type board_enter, @function
board_enter:
	tail	board_main
	.size board_enter, . - board_enter
