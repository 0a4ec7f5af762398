/* SPDX-License-Identifier: MIT */
/*
 * QEMU's virt machine, RISC-V: the entry of the ELF file.
 *
 * OpenSBI starts one hart here, whichever won its lottery, in supervisor mode, with the hart's
 * number in a0 and the device tree in a1; the others are stopped until SBI's hart_start.
 */

	.section .text.first, "ax"
	.global _start
	.type _start, @function
_start:
	tail	riscv_start
	.size _start, . - _start
