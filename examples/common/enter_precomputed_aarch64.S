/* SPDX-License-Identifier: MIT */
/*
 * AArch64: to where a kernel is linked by tables that were made when it was built: no C runs before.
 *
 * The words are those of vmm_aarch64_plan_enable() for two tables of 48 bits, which compares them
 * later (machine_is_planned()). The image came from outside as it is in memory, tables included:
 * there is nothing to be cleaned. Only the first page of the code is also where it was loaded, and
 * kernel.ld keeps what runs here in it.
 */

#include <precompute.h>

/* Normal write-back memory is 1 and device nGnRE is 0: docs/attributes.md. */
#define MAIR 0x00000c00bb44ff04
/* Walks are write-back, inner shareable; TG0 and TG1 number the granules differently. */
#define HALF ((64 - 48) | 1 << 8 | 1 << 10 | 3 << 12)
#if PORT_PAGE_SIZE == 0x1000
#define TG0 0
#define TG1 2
#elif PORT_PAGE_SIZE == 0x4000
#define TG0 2
#define TG1 1
#else
#define TG0 1
#define TG1 3
#endif
#define IPS_48_BITS 5
/* RES1 bits, caches and translation on. */
#define SCTLR 0x30d01805

	.section .text.boot, "ax"
	.global board_enter
	.type board_enter, %function
board_enter:
	adrp	x0, vmm_precomputed
	add	x0, x0, :lo12:vmm_precomputed
	ldr	x3, [x0, #VMM_PRECOMPUTED_LOWER_ROOT]
	ldr	x4, [x0, #VMM_PRECOMPUTED_UPPER_ROOT]
	cbz	x4, 2f

	/* TCR_EL1: what both halves have, the CPU's physical size or 48 bits, and its ASIDs'. */
	mov	x1, #HALF
	orr	x1, x1, x1, lsl #16
	mov	x2, #TG0
	orr	x1, x1, x2, lsl #14
	mov	x2, #TG1
	orr	x1, x1, x2, lsl #30
	mrs	x0, id_aa64mmfr0_el1
	and	x2, x0, #0xf
	cmp	x2, #IPS_48_BITS
	mov	x5, #IPS_48_BITS
	csel	x2, x2, x5, lo
	orr	x1, x1, x2, lsl #32
	ubfx	x2, x0, #4, #4
	cmp	x2, #2
	cset	x2, hs
	orr	x1, x1, x2, lsl #36

	/* struct vmm_aarch64_regs, on the stack. */
	ldr	x0, =MAIR
	ldr	x5, =SCTLR
	sub	sp, sp, #48
	stp	x0, x1, [sp]
	stp	x3, x4, [sp, #16]
	str	x5, [sp, #32]
	mov	x0, sp
	bl	vmm_aarch64_enable

	adr	x0, 1f
	ldr	x1, =BOARD_VIRTUAL_OFFSET
	add	x0, x0, x1
	br	x0
1:	bl	aarch64_settle
	mov	x29, xzr
	mov	x30, xzr
	b	board_main

	/* Nobody made tables for this image. */
2:	mov	w0, #-1
	b	board_early_failed
	.size board_enter, . - board_enter
	.ltorg
