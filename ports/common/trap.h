/* SPDX-License-Identifier: MIT */
#ifndef BOARD_COMMON_TRAP_H
#define BOARD_COMMON_TRAP_H

/*
 * Between trap.c and the architecture's assembly (aarch64/ or riscv/: vectors.S, try.S).
 */

#include <board.h>

#include "frame.h"

/* Called by the vectors on the trap stack. */
void board_trap_taken(struct board_frame *frame);

/* Called by the vectors when the trap stack was already in use. */
_Noreturn void board_trap_nested(uint64_t cause, uint64_t pc, uint64_t address);

/* Keeps the preserved registers in `registers` and calls fn(argument). Returns 0 when fn returned,
 * 1 when board_try_resume was entered instead. */
unsigned int board_try_enter(uint64_t *registers, void (*fn)(void *), void *argument);

/* Not called: a trap returns here with `registers` in the first argument's register. */
unsigned int board_try_resume(uint64_t *registers);

/* Which of a frame's x[] is a function's first argument. */
extern const uint64_t board_frame_first_argument;

#endif /* BOARD_COMMON_TRAP_H */
