/* SPDX-License-Identifier: MIT */
/*
 * Moves all code behind it by PAD bytes: the same loop is faster or slower by how it lies in the
 * lines that are fetched, and a figure that is true for one place only is none.
 */
	.text
	.skip PAD
	.section .note.GNU-stack, "", %progbits
