/* SPDX-License-Identifier: MIT */
/*
 * AArch64: the vector table (Arm ARM DDI 0487, D1.3.1: 16 entries of 128 bytes, aligned to 2 KiB),
 * which keeps everything, calls board_trap_taken() on SP_EL1 and loads everything again.
 *
 * Floating-point registers are kept as well, since handlers print with libc's printf. They lie
 * above the part that struct board_frame shows.
 */

#include "../frame.h"

	.arch armv8-a+fp+simd

#define SIMD FRAME_SIZE
#define TOTAL_SIZE (FRAME_SIZE + 32 * 16 + 16)

/* From the kernel's stack: SP_EL1 is free. */
.macro taken kind
	.balign 0x80
	sub	sp, sp, #TOTAL_SIZE
	stp	x0, x1, [sp, #FRAME_X]
	mrs	x1, tpidr_el0
	mov	x0, #\kind
	b	keep
.endm

/* From EL0, which may have set its thread pointer: TPIDR_EL1 has the kernel's (user.S). */
.macro taken_user kind
	.balign 0x80
	sub	sp, sp, #TOTAL_SIZE
	stp	x0, x1, [sp, #FRAME_X]
	mrs	x1, tpidr_el0
	mrs	x0, tpidr_el1
	msr	tpidr_el0, x0
	mov	x0, #\kind
	b	keep
.endm

/* From a handler: what it interrupted is lost. */
.macro nested
	.balign 0x80
	adrp	x0, __trap_stack_top
	add	x0, x0, :lo12:__trap_stack_top
	mov	sp, x0
	mrs	x0, esr_el1
	mrs	x1, elr_el1
	mrs	x2, far_el1
	b	board_trap_nested
.endm

	.section .text.vectors, "ax"
	.balign 0x800
	.global aarch64_vectors
	.type aarch64_vectors, %object
aarch64_vectors:
	taken	0	/* current level on SP_EL0: synchronous, IRQ, FIQ, SError */
	taken	1
	taken	2
	taken	3
	nested		/* current level on SP_EL1 */
	nested
	nested
	nested
	taken_user	0	/* lower level, AArch64 */
	taken_user	1
	taken_user	2
	taken_user	3
	nested		/* lower level, AArch32: no board starts such code */
	nested
	nested
	nested
	.size aarch64_vectors, . - aarch64_vectors

	.type keep, %function
keep:
	stp	x0, x1, [sp, #FRAME_KIND]
	stp	x2, x3, [sp, #FRAME_X + 16]
	stp	x4, x5, [sp, #FRAME_X + 32]
	stp	x6, x7, [sp, #FRAME_X + 48]
	stp	x8, x9, [sp, #FRAME_X + 64]
	stp	x10, x11, [sp, #FRAME_X + 80]
	stp	x12, x13, [sp, #FRAME_X + 96]
	stp	x14, x15, [sp, #FRAME_X + 112]
	stp	x16, x17, [sp, #FRAME_X + 128]
	stp	x18, x19, [sp, #FRAME_X + 144]
	stp	x20, x21, [sp, #FRAME_X + 160]
	stp	x22, x23, [sp, #FRAME_X + 176]
	stp	x24, x25, [sp, #FRAME_X + 192]
	stp	x26, x27, [sp, #FRAME_X + 208]
	stp	x28, x29, [sp, #FRAME_X + 224]
	mrs	x1, sp_el0
	stp	x30, x1, [sp, #FRAME_X + 240]
	mrs	x1, elr_el1
	mrs	x2, spsr_el1
	stp	x1, x2, [sp, #FRAME_PC]
	mrs	x1, esr_el1
	mrs	x2, far_el1
	stp	x1, x2, [sp, #FRAME_CAUSE]
	add	x9, sp, #SIMD
	stp	q0, q1, [x9, #0]
	stp	q2, q3, [x9, #32]
	stp	q4, q5, [x9, #64]
	stp	q6, q7, [x9, #96]
	stp	q8, q9, [x9, #128]
	stp	q10, q11, [x9, #160]
	stp	q12, q13, [x9, #192]
	stp	q14, q15, [x9, #224]
	stp	q16, q17, [x9, #256]
	stp	q18, q19, [x9, #288]
	stp	q20, q21, [x9, #320]
	stp	q22, q23, [x9, #352]
	stp	q24, q25, [x9, #384]
	stp	q26, q27, [x9, #416]
	stp	q28, q29, [x9, #448]
	stp	q30, q31, [x9, #480]
	mrs	x1, fpcr
	mrs	x2, fpsr
	add	x9, x9, #512
	stp	x1, x2, [x9]

	mov	x0, sp
	bl	board_trap_taken

	add	x9, sp, #SIMD + 512
	ldp	x1, x2, [x9]
	msr	fpcr, x1
	msr	fpsr, x2
	add	x9, sp, #SIMD
	ldp	q0, q1, [x9, #0]
	ldp	q2, q3, [x9, #32]
	ldp	q4, q5, [x9, #64]
	ldp	q6, q7, [x9, #96]
	ldp	q8, q9, [x9, #128]
	ldp	q10, q11, [x9, #160]
	ldp	q12, q13, [x9, #192]
	ldp	q14, q15, [x9, #224]
	ldp	q16, q17, [x9, #256]
	ldp	q18, q19, [x9, #288]
	ldp	q20, q21, [x9, #320]
	ldp	q22, q23, [x9, #352]
	ldp	q24, q25, [x9, #384]
	ldp	q26, q27, [x9, #416]
	ldp	q28, q29, [x9, #448]
	ldp	q30, q31, [x9, #480]
	ldp	x1, x2, [sp, #FRAME_PC]
	msr	elr_el1, x1
	msr	spsr_el1, x2
	ldr	x1, [sp, #FRAME_THREAD]
	msr	tpidr_el0, x1
	ldp	x30, x1, [sp, #FRAME_X + 240]
	msr	sp_el0, x1
	ldp	x28, x29, [sp, #FRAME_X + 224]
	ldp	x26, x27, [sp, #FRAME_X + 208]
	ldp	x24, x25, [sp, #FRAME_X + 192]
	ldp	x22, x23, [sp, #FRAME_X + 176]
	ldp	x20, x21, [sp, #FRAME_X + 160]
	ldp	x18, x19, [sp, #FRAME_X + 144]
	ldp	x16, x17, [sp, #FRAME_X + 128]
	ldp	x14, x15, [sp, #FRAME_X + 112]
	ldp	x12, x13, [sp, #FRAME_X + 96]
	ldp	x10, x11, [sp, #FRAME_X + 80]
	ldp	x8, x9, [sp, #FRAME_X + 64]
	ldp	x6, x7, [sp, #FRAME_X + 48]
	ldp	x4, x5, [sp, #FRAME_X + 32]
	ldp	x2, x3, [sp, #FRAME_X + 16]
	ldp	x0, x1, [sp, #FRAME_X]
	add	sp, sp, #TOTAL_SIZE
	eret
	.size keep, . - keep
