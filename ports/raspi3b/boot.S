/* SPDX-License-Identifier: MIT */
/*
 * Raspberry Pi 3 Model B: the first instruction of kernel8.img.
 *
 * Firmware (and QEMU for a raw image) starts core 0 here at EL2 and holds the others in its spin
 * table. Should all four arrive, the others wait here for good.
 */

	.section .text.first, "ax"
	.global _start
	.type _start, %function
_start:
	mrs	x0, mpidr_el1
	tst	x0, #0xff
	b.eq	aarch64_start
park:
	wfe
	b	park
	.size _start, . - _start
