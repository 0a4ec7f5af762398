/* SPDX-License-Identifier: MIT */
/*
 * QEMU's virt machine, AArch64: the entry of the ELF file.
 *
 * One core arrives, at EL1, or at EL2 with `-M virt,virtualization=on`; the others are off until
 * PSCI's CPU_ON.
 */

	.section .text.first, "ax"
	.global _start
	.type _start, %function
_start:
	b	aarch64_start
	.size _start, . - _start
