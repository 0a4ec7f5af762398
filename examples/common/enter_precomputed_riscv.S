/* SPDX-License-Identifier: MIT */
/*
 * RISC-V: to where a kernel is linked by tables that were made when it was built: no C runs before.
 *
 * Only the first page of the code is also where it was loaded, and kernel.ld keeps what runs here in
 * it.
 */

#include <precompute.h>

/* satp: 8 is Sv39, 9 is Sv48, 10 is Sv57 ("Supervisor Address Translation and Protection"). */
#define MODE ((PORT_VA_BITS - 39) / 9 + 8)

	.section .text.boot, "ax"
	.global board_enter
	.type board_enter, @function
board_enter:
	la	t0, vmm_precomputed
	ld	t0, VMM_PRECOMPUTED_UPPER_ROOT(t0)
	li	a0, -1
	beqz	t0, 2f

	/* struct vmm_riscv_regs, on the stack. */
	srli	t0, t0, 12
	li	t1, MODE
	slli	t1, t1, 60
	or	t0, t0, t1
	addi	sp, sp, -16
	sd	t0, 0(sp)
	mv	a0, sp
	call	vmm_riscv_enable
	mv	t0, a0
	li	a0, -14
	beqz	t0, 2f

	lla	t0, 1f
	li	t1, BOARD_VIRTUAL_OFFSET
	add	t0, t0, t1
	jr	t0
1:	call	riscv_settle
	li	ra, 0
	tail	board_main

	/* Nobody made tables for this image, or the CPU doesn't have their format: vmm/err.h. */
2:	tail	board_early_failed
	.size board_enter, . - board_enter
