/* SPDX-License-Identifier: MIT */
/*
 * QEMU starts one core here, at EL1 with translation off, at the physical address. Everything is
 * addressed relative to the program counter until the tables are on.
 */

#include "../precompute.h"

/* As docs/attributes.md has it: the memory types that libvmm's descriptors refer to. */
#define MAIR 0x00000c00bb44ff04

/* TCR_EL1: 48-bit addresses in both halves, walks write-back and inner shareable, the granule
 * (TG0, TG1), physical addresses of 40 bits (IPS). */
#define TCR_HALF (16 | 1 << 8 | 1 << 10 | 3 << 12)
#define TCR (TCR_HALF | TCR_HALF << 16 | TG0 << 14 | TG1 << 30 | 2 << 32)

/* SCTLR_EL1: translation, caches, and the bits that are RES1 in Armv8.0. */
#define SCTLR (0x30d00800 | 1 << 12 | 1 << 2 | 1)

	.section .text.boot, "ax"
	.global _start
	.type _start, %function
_start:
	adrp	x0, vmm_precomputed
	add	x0, x0, :lo12:vmm_precomputed
	ldr	x1, [x0, #VMM_PRECOMPUTED_LOWER_ROOT]
	ldr	x2, [x0, #VMM_PRECOMPUTED_UPPER_ROOT]
	cbz	x2, not_patched

	tlbi	vmalle1
	dsb	nsh
	ldr	x3, =MAIR
	msr	mair_el1, x3
	ldr	x3, =TCR
	msr	tcr_el1, x3
	msr	ttbr0_el1, x1
	msr	ttbr1_el1, x2
	isb
	ldr	x3, =SCTLR
	msr	sctlr_el1, x3
	isb

	/* Still at the physical address, by the lower half's table. Now to the upper half. */
	ldr	x3, =upper
	br	x3

not_patched:
	wfe
	b	not_patched
	.size _start, . - _start
	.ltorg

	.text
	.type upper, %function
upper:
	adrp	x0, __stack_top
	add	x0, x0, :lo12:__stack_top
	mov	sp, x0
	mov	x29, xzr
	mov	x30, xzr
	b	kernel_main
	.size upper, . - upper

	/* Semihosting's SYS_EXIT, with a block of two words: ADP_Stopped_ApplicationExit, and 0. */
	.global machine_exit
	.type machine_exit, %function
machine_exit:
	ldr	x1, =0x20026
	stp	x1, xzr, [sp, #-16]!
	mov	x1, sp
	mov	w0, #0x18
	hlt	#0xf000
1:	wfe
	b	1b
	.size machine_exit, . - machine_exit
	.ltorg
