/* SPDX-License-Identifier: MIT */
/*
 * AArch64: to EL0 and back.
 *
 * EL0 uses SP_EL0, as the kernel does: board_try_enter() has kept the kernel's, and handlers have
 * SP_EL1. TPIDR_EL0 is EL0's to change, so TPIDR_EL1 keeps the kernel's for vectors.S.
 */

#include "../frame.h"

#define CPACR_EL1_FPEN_EL1 (1 << 20) /* floating point traps at EL0: its state is the kernel's */
#define SPSR_EL0T_MASKED 0x3c0       /* D, A, I, F masked; EL0 */
#define SPSR_EL1T_MASKED 0x3c4
#define SPSR_MODE 0x1f

	.section .text.board_user, "ax"
	.global board_user_enter
	.type board_user_enter, %function
board_user_enter:
	mrs	x1, tpidr_el0
	msr	tpidr_el1, x1
	mov	x1, #CPACR_EL1_FPEN_EL1
	msr	cpacr_el1, x1
	ldr	x1, [x0, #FRAME_THREAD]
	msr	tpidr_el0, x1
	ldp	x1, x2, [x0, #FRAME_PC]
	msr	elr_el1, x1
	msr	spsr_el1, x2
	ldp	x30, x1, [x0, #FRAME_X + 240]
	mov	sp, x1		/* SP_EL0 has no other name while it is in use (D24.2, SP_EL0) */
	ldp	x28, x29, [x0, #FRAME_X + 224]
	ldp	x26, x27, [x0, #FRAME_X + 208]
	ldp	x24, x25, [x0, #FRAME_X + 192]
	ldp	x22, x23, [x0, #FRAME_X + 176]
	ldp	x20, x21, [x0, #FRAME_X + 160]
	ldp	x18, x19, [x0, #FRAME_X + 144]
	ldp	x16, x17, [x0, #FRAME_X + 128]
	ldp	x14, x15, [x0, #FRAME_X + 112]
	ldp	x12, x13, [x0, #FRAME_X + 96]
	ldp	x10, x11, [x0, #FRAME_X + 80]
	ldp	x8, x9, [x0, #FRAME_X + 64]
	ldp	x6, x7, [x0, #FRAME_X + 48]
	ldp	x4, x5, [x0, #FRAME_X + 32]
	ldp	x2, x3, [x0, #FRAME_X + 16]
	ldp	x0, x1, [x0, #FRAME_X]
	eret
	.size board_user_enter, . - board_user_enter

	/* Nothing was changed that the kernel sees. */
	.global board_user_leave
	.type board_user_leave, %function
board_user_leave:
	ret
	.size board_user_leave, . - board_user_leave

	.global board_user_resume
	.type board_user_resume, %function
board_user_resume:
	str	x1, [x0, #FRAME_X]
	adrp	x2, board_try_resume
	add	x2, x2, :lo12:board_try_resume
	mov	x3, #SPSR_EL1T_MASKED
	stp	x2, x3, [x0, #FRAME_PC]
	mrs	x2, tpidr_el1
	str	x2, [x0, #FRAME_THREAD]
	ret
	.size board_user_resume, . - board_user_resume

	.section .rodata.board_user, "a"
	.balign 8
	.global board_user_status
board_user_status:
	.quad	SPSR_EL0T_MASKED
	.global board_user_status_mask
board_user_status_mask:
	.quad	SPSR_MODE
