/* SPDX-License-Identifier: MIT */

/*
 * What changes translation under its own feet: no stack, no data but through a0, no absolute
 * address. Each routine lies in one aligned block, so that one page holds it whole.
 */

	.macro routine name
	.section .text.\name, "ax", @progbits
	.balign 64
	.globl \name
	.type \name, @function
\name:
	.endm

	.macro end name
	.size \name, . - \name
	.endm

	.set SSTATUS_SIE, 2
	.set SATP_MODE_SHIFT, 60

/*
 * bool vmm_riscv_enable(const struct vmm_riscv_regs *regs)
 *
 * satp orders nothing and forgets nothing ("SFENCE.VMA"): the first fence makes the stores to
 * tables visible to the walker, the second drops what was cached under this ASID before.
 */
routine vmm_riscv_enable
	ld	a1, 0(a0)
	sfence.vma
	csrw	satp, a1
	sfence.vma
	csrr	a0, satp
	xor	a0, a0, a1
	srli	a0, a0, SATP_MODE_SHIFT
	seqz	a0, a0
	ret
end vmm_riscv_enable

/* void vmm_riscv_disable(void) */
routine vmm_riscv_disable
	csrw	satp, zero
	sfence.vma
	ret
end vmm_riscv_disable

/*
 * uint64_t vmm_riscv_try_satp_(uint64_t satp)
 *
 * Returns what satp held after it was written, and leaves it 0. Without interrupts: their handler
 * would find nothing but this code mapped.
 */
routine vmm_riscv_try_satp_
	csrrci	a1, sstatus, SSTATUS_SIE
	sfence.vma
	csrw	satp, a0
	csrr	a0, satp
	csrw	satp, zero
	sfence.vma
	andi	a1, a1, SSTATUS_SIE
	csrs	sstatus, a1
	ret
end vmm_riscv_try_satp_
