/* SPDX-License-Identifier: MIT */
/*
 * RISC-V: the trap vector in direct mode (Privileged specification, 12.1.2: stvec, aligned to 4),
 * which keeps everything, calls board_trap_taken() on the trap stack and loads everything again.
 *
 * sscratch holds the trap stack while the kernel or a user program runs and 0 while a handler does.
 * Code here is built without floating point, so there are no such registers to keep.
 */

#include "../frame.h"

#define SSTATUS_SPP 0x100 /* the trap came from supervisor mode */

.macro each_register operation
	.irp	i, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24
	\operation	x\i, FRAME_X + 8 * \i(sp)
	.endr
	.irp	i, 25, 26, 27, 28, 29, 30, 31
	\operation	x\i, FRAME_X + 8 * \i(sp)
	.endr
.endm

	.section .text.vectors, "ax"
	.balign 4
	.global riscv_vector
	.type riscv_vector, @function
riscv_vector:
	csrrw	sp, sscratch, sp
	beqz	sp, nested
	addi	sp, sp, -FRAME_SIZE
	sd	x0, FRAME_X(sp)
	sd	x1, FRAME_X + 8(sp)
	each_register sd
	csrrw	t0, sscratch, zero
	sd	t0, FRAME_X + 16(sp)
	csrr	t0, sepc
	sd	t0, FRAME_PC(sp)
	csrr	t0, sstatus
	sd	t0, FRAME_STATUS(sp)
	andi	t0, t0, SSTATUS_SPP
	bnez	t0, 1f
	ld	tp, FRAME_SIZE(sp) /* from user mode: user.S left the kernel's above */
1:	csrr	t0, scause
	sd	t0, FRAME_CAUSE(sp)
	srli	t0, t0, 63	/* scause's highest bit: interrupt, BOARD_TRAP_INTERRUPT */
	sd	t0, FRAME_KIND(sp)
	csrr	t0, stval
	sd	t0, FRAME_ADDRESS(sp)

	mv	a0, sp
	call	board_trap_taken

	ld	t0, FRAME_PC(sp)
	csrw	sepc, t0
	ld	t0, FRAME_STATUS(sp)
	csrw	sstatus, t0
	addi	t0, sp, FRAME_SIZE
	csrw	sscratch, t0
	ld	x1, FRAME_X + 8(sp)
	each_register ld
	ld	sp, FRAME_X + 16(sp)
	sret

	/* What the handler was doing is lost. */
nested:
	la	sp, __trap_stack_top
	csrw	sscratch, zero
	csrr	a0, scause
	csrr	a1, sepc
	csrr	a2, stval
	tail	board_trap_nested
	.size riscv_vector, . - riscv_vector
