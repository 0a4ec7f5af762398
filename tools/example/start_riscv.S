/* SPDX-License-Identifier: MIT */
/*
 * OpenSBI starts one hart here, in S-mode with translation off, at the physical address. Everything
 * is addressed relative to the program counter until the tables are on.
 */

#include "../precompute.h"
#include "machine.h"

	.section .text.boot, "ax"
	.global _start
	.type _start, @function
_start:
	lla	t0, vmm_precomputed
	ld	t1, VMM_PRECOMPUTED_UPPER_ROOT(t0)
	beqz	t1, not_patched

	/* satp: mode, ASID 0, the root's page number. */
	srli	t1, t1, 12
	li	t2, SATP_MODE
	slli	t2, t2, 60
	or	t1, t1, t2
	ld	t3, upper_address
	sfence.vma
	csrw	satp, t1
	sfence.vma

	/* Still at the physical address, as the table maps that, too. Now to the upper half. */
	jr	t3

not_patched:
	wfi
	j	not_patched
	.size _start, . - _start

	.balign 8
upper_address:
	.dword	upper

	.text
	.type upper, @function
upper:
	lla	sp, __stack_top
	li	s0, 0
	li	ra, 0
	tail	kernel_main
	.size upper, . - upper

	.global machine_exit
	.type machine_exit, @function
machine_exit:
	li	t0, EXIT_VA
	li	t1, 0x5555
	sw	t1, 0(t0)
1:	wfi
	j	1b
	.size machine_exit, . - machine_exit
