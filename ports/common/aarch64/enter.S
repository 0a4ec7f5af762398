/* SPDX-License-Identifier: MIT */
/*
 * AArch64: a kernel that runs where it is loaded goes straight on.
 */

	.section .text.boot, "ax"
	.global board_enter
	.type board_enter, %function
board_enter:
	b	board_main
	.size board_enter, . - board_enter
