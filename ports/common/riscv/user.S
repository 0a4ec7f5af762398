/* SPDX-License-Identifier: MIT */
/*
 * RISC-V: to U-mode and back.
 *
 * tp is U-mode's to change, so the kernel's is left on top of the trap stack for vectors.S, which
 * begins two words below it meanwhile.
 */

#include "../frame.h"

#define SSTATUS_SPP 0x100
#define SSTATUS_SPIE 0x20
#define SSTATUS_FS 0x6000 /* 0: floating point traps */

.macro each_register operation
	.irp	i, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23
	\operation	x\i, FRAME_X + 8 * \i(a0)
	.endr
	.irp	i, 24, 25, 26, 27, 28, 29, 30, 31, 10
	\operation	x\i, FRAME_X + 8 * \i(a0)
	.endr
.endm

	.section .text.board_user, "ax"
	.global board_user_enter
	.type board_user_enter, @function
board_user_enter:
	csrr	t0, sscratch
	addi	t0, t0, -16
	sd	tp, 0(t0)
	csrw	sscratch, t0
	ld	t0, FRAME_PC(a0)
	csrw	sepc, t0
	/* Of its status only the mode matters: SPP clear. SIE and SUM stay the kernel's. Nobody here
	 * keeps floating-point registers. */
	li	t0, SSTATUS_SPP | SSTATUS_SPIE | SSTATUS_FS
	csrc	sstatus, t0
	each_register ld
	sret
	.size board_user_enter, . - board_user_enter

	.global board_user_leave
	.type board_user_leave, @function
board_user_leave:
	csrr	t0, sscratch
	addi	t0, t0, 16
	csrw	sscratch, t0
	ret
	.size board_user_leave, . - board_user_leave

	.global board_user_resume
	.type board_user_resume, @function
board_user_resume:
	sd	a1, FRAME_X + 8 * 10(a0)
	sd	tp, FRAME_X + 8 * 4(a0)
	la	t0, board_try_resume
	sd	t0, FRAME_PC(a0)
	ld	t0, FRAME_STATUS(a0)
	ori	t0, t0, SSTATUS_SPP
	sd	t0, FRAME_STATUS(a0)
	ret
	.size board_user_resume, . - board_user_resume

	/* Which bits of sstatus tell that a trap came from U-mode, and how. */
	.section .rodata.board_user, "a"
	.balign 8
	.global board_user_status
board_user_status:
	.quad	0
	.global board_user_status_mask
board_user_status_mask:
	.quad	SSTATUS_SPP
