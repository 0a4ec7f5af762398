/* SPDX-License-Identifier: MIT */
/*
 * RISC-V: from a board's _start, in supervisor mode, on one hart, with translation off, to
 * board_enter(). Firmware gives the hart's number in a0 (SBI specification, HSM extension: a hart
 * starts in supervisor mode with satp 0 and SIE 0).
 */

	.section .text.boot, "ax"
	.global riscv_start
	.type riscv_start, @function
riscv_start:
	/* OpenSBI 1.1, which QEMU 7.2 brings, marks a hart as about to start before it notes where: a
	 * hart that looks just then comes here once more. It goes where it was meant to. */
	lla	t0, entered
	li	t1, 1
	amoswap.w	t1, t1, (t0)
	bnez	t1, 3f

	mv	s0, a0
	csrw	sie, zero
	csrw	satp, zero
	call	riscv_settle

	/* kernel.ld aligns both ends to 16. */
	la	t0, __bss_start
	la	t1, __bss_end
1:	bgeu	t0, t1, 2f
	sd	zero, 0(t0)
	sd	zero, 8(t0)
	addi	t0, t0, 16
	j	1b

2:	mv	a0, s0
	call	board_core_set
	li	s0, 0
	li	ra, 0
	tail	board_enter

3:	tail	riscv_secondary
	.size riscv_start, . - riscv_start

	/*
	 * Vector, stacks and thread pointer of the boot hart, where they are as seen from here:
	 * once at the physical addresses, and in a kernel of the upper half once more at the
	 * virtual ones.
	 *
	 * Handlers run on a stack of their own, which waits in sscratch: a trap finds it even when
	 * the kernel's stack has run into its guard page. 0 there means that a handler runs.
	 */
	.global riscv_settle
	.type riscv_settle, @function
riscv_settle:
	la	t0, riscv_vector
	csrw	stvec, t0
	la	t0, __trap_stack_top
	csrw	sscratch, t0
	la	sp, __stack_top
	la	tp, __tls_base
	ret
	.size riscv_settle, . - riscv_settle

	/* Not in .bss, which is cleared. */
	.section .data.entered, "aw"
	.balign 4
entered:
	.word	0
