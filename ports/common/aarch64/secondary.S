/* SPDX-License-Identifier: MIT */
/*
 * AArch64: a core that board_core_start() started, from a physical address with translation off, at
 * EL2 or EL1, to board_core_main() on its own stack.
 *
 * Until translation is on nothing is stored: what a core stores past the caches, the others' caches
 * may hold otherwise.
 */

/* As board.h has it. */
#ifndef BOARD_VIRTUAL_OFFSET
#define BOARD_VIRTUAL_OFFSET 0
#endif

#include "../cores.h"

	.section .text.secondary, "ax"
	.global aarch64_secondary
	.type aarch64_secondary, %function
aarch64_secondary:
	bl	aarch64_to_el1
	bl	record
	ldr	x1, [x20, #CORE_TRANSLATE]
	cbz	x1, 1f
	add	x0, x20, #CORE_REGS
	bl	vmm_aarch64_enable

	/* The image is here as well as BOARD_VIRTUAL_OFFSET above. */
	adr	x0, 1f
	ldr	x1, =BOARD_VIRTUAL_OFFSET
	add	x0, x0, x1
	br	x0

1:	bl	record
	adrp	x0, aarch64_vectors
	add	x0, x0, :lo12:aarch64_vectors
	msr	vbar_el1, x0
	ldr	x0, [x20, #CORE_TRAP_STACK]
	msr	spsel, #1
	mov	sp, x0
	ldr	x0, [x20, #CORE_STACK]
	msr	spsel, #0
	mov	sp, x0
	/* Two words of the thread's belong below the block (IHI 0074, thread-local storage). */
	ldr	x0, [x20, #CORE_THREAD]
	sub	x0, x0, #16
	msr	tpidr_el0, x0
	isb
	mov	x0, x19
	mov	x29, xzr
	bl	board_core_main
2:	wfe
	b	2b
	.size aarch64_secondary, . - aarch64_secondary

	/* x19: the core, x20: its record, at the address that the PC's is. */
	.type record, %function
record:
	mrs	x19, mpidr_el1
	and	x19, x19, #0xff
	adrp	x20, board_core_records
	add	x20, x20, :lo12:board_core_records
	mov	x0, #CORE_SIZE
	madd	x20, x19, x0, x20
	ret
	.size record, . - record
	.ltorg
