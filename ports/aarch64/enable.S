/* SPDX-License-Identifier: MIT */
/*
 * void vmm_aarch64_enable(const struct vmm_aarch64_regs *regs)
 *
 * Stackless and position-independent, so that any core can run it with translation off. Arm ARM
 * DDI 0487, D8.2 and K11.5: nothing cached before may survive, what the walker needs is in place
 * before M is set, and each ISB makes the next instruction see what was written.
 */

	.section .text.vmm_aarch64_enable, "ax"
	.balign 4
	.global vmm_aarch64_enable
	.type vmm_aarch64_enable, %function
vmm_aarch64_enable:
	ldr	x1, [x0, #0]		/* mair */
	ldr	x2, [x0, #8]		/* tcr */
	ldr	x3, [x0, #16]		/* ttbr0 */
	ldr	x4, [x0, #24]		/* ttbr1 */
	ldr	x5, [x0, #32]		/* sctlr */

	dsb	sy			/* stores to the tables are done, in every domain */
	tlbi	vmalle1			/* this core only: the others may be running */
	ic	iallu
	dsb	nsh

	msr	mair_el1, x1
	msr	tcr_el1, x2
	msr	ttbr0_el1, x3
	msr	ttbr1_el1, x4
	isb
	msr	sctlr_el1, x5
	isb
	ret
	.size vmm_aarch64_enable, . - vmm_aarch64_enable

	.section .note.GNU-stack, "", %progbits
