/* SPDX-License-Identifier: MIT */
/*
 * AArch64: from a board's _start, on one core, with translation off, to board_enter() at EL1.
 *
 * References are to the Arm ARM, DDI 0487: registers in D24 (D19 in newer issues), by their names.
 */

#define SCTLR_EL1_RES1 0x30d00800       /* bits that ARMv8.0 has as RES1; MMU, caches, WXN, EE: 0 */
#define HCR_EL2_RW (1 << 31)            /* EL1 is AArch64; E2H, TGE and all traps: 0 */
#define CPTR_EL2_RES1 0x33ff            /* ARMv8.0's RES1 bits; no trap of floating point */
#define CNTHCTL_EL2_EL1PCTEN_EL1PCEN 3  /* EL1 may read the counter and use the timer */
#define SPSR_EL1T_MASKED 0x3c4          /* D, A, I, F masked; EL1 on SP_EL0 */
#define CPACR_EL1_FPEN (3 << 20)        /* floating point doesn't trap: libc's printf uses it */

	.section .text.boot, "ax"
	.global aarch64_start
	.type aarch64_start, %function
aarch64_start:
	bl	aarch64_to_el1
	bl	aarch64_settle

	/* kernel.ld aligns both ends to 16. */
	adrp	x0, __bss_start
	add	x0, x0, :lo12:__bss_start
	adrp	x1, __bss_end
	add	x1, x1, :lo12:__bss_end
1:	cmp	x0, x1
	b.hs	2f
	stp	xzr, xzr, [x0], #16
	b	1b

2:	mov	x29, xzr
	mov	x30, xzr
	b	board_enter
	.size aarch64_start, . - aarch64_start

	/* What every core does first: returns at EL1 in a known state, translation off. */
	.global aarch64_to_el1
	.type aarch64_to_el1, %function
aarch64_to_el1:
	mrs	x0, CurrentEL
	ubfx	x0, x0, #2, #2
	cmp	x0, #2
	b.lo	at_el1
	b.hi	wrong_level

	/* VPIDR, VMPIDR and the traps have no defined value after reset. */
	mov	x0, #HCR_EL2_RW
	msr	hcr_el2, x0
	mov	x0, #CPTR_EL2_RES1
	msr	cptr_el2, x0
	msr	hstr_el2, xzr
	mov	x0, #CNTHCTL_EL2_EL1PCTEN_EL1PCEN
	msr	cnthctl_el2, x0
	msr	cntvoff_el2, xzr
	mrs	x0, midr_el1
	msr	vpidr_el2, x0
	mrs	x0, mpidr_el1
	msr	vmpidr_el2, x0
	ldr	w0, =SCTLR_EL1_RES1
	msr	sctlr_el1, x0
	mov	x0, #SPSR_EL1T_MASKED
	msr	spsr_el2, x0
	adr	x0, at_el1
	msr	elr_el2, x0
	isb
	eret

at_el1:
	msr	daifset, #0xf
	ldr	w0, =SCTLR_EL1_RES1
	msr	sctlr_el1, x0
	mov	x0, #CPACR_EL1_FPEN
	msr	cpacr_el1, x0
	isb
	ret

	/* EL3 is firmware's: the machine was given the kernel in a way that no board expects. */
wrong_level:
	wfe
	b	wrong_level
	.size aarch64_to_el1, . - aarch64_to_el1
	.ltorg

	/*
	 * Vectors, stacks and thread pointer of the boot core, where they are as seen from here:
	 * once at the physical addresses, and in a kernel of the upper half once more at the
	 * virtual ones.
	 *
	 * Handlers run on SP_EL1 and the kernel on SP_EL0, so that a trap finds a stack even when
	 * the kernel's has run into its guard page.
	 */
	.global aarch64_settle
	.type aarch64_settle, %function
aarch64_settle:
	adrp	x0, aarch64_vectors
	add	x0, x0, :lo12:aarch64_vectors
	msr	vbar_el1, x0
	msr	spsel, #1
	adrp	x0, __trap_stack_top
	add	x0, x0, :lo12:__trap_stack_top
	mov	sp, x0
	msr	spsel, #0
	adrp	x0, __stack_top
	add	x0, x0, :lo12:__stack_top
	mov	sp, x0
	/* Two words of the thread's belong below the block (IHI 0074, thread-local storage). */
	adrp	x0, __tls_base
	add	x0, x0, :lo12:__tls_base
	sub	x0, x0, #16
	msr	tpidr_el0, x0
	isb
	ret
	.size aarch64_settle, . - aarch64_settle
