/* SPDX-License-Identifier: MIT */
/* The entry: S-mode, translation off, one hart; the others wait for firmware's hart_start. */
	.section .text.entry, "ax"
	.global entry
entry:
	.option push
	.option norelax
	la	gp, __global_pointer$
	.option pop
	la	sp, stack_top
	la	t0, bss_start
	la	t1, bss_end
1:	bgeu	t0, t1, 2f
	sd	zero, (t0)
	addi	t0, t0, 8
	j	1b
2:	tail	kernel_main
