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

/* user.c sets it, so that only kernels that run user programs link it: ends the board_user_run()
 * that a trap came from. Returns false if it came from none. */
extern bool (*board_user_left)(struct board_frame *frame);

/* user.S: loads every register from the frame and goes to user mode. */
void board_user_enter(void *frame);

/* user.S: undoes what board_user_enter() did to the core for the time in user mode. */
void board_user_leave(void);

/* user.S: makes a trap of a user program return to the kernel, to board_try_resume(registers). */
void board_user_resume(struct board_frame *frame, uint64_t *registers);

/* user.S: the status of a program that begins, and which of its bits are 0 only in user mode. */
extern const uint64_t board_user_status, board_user_status_mask;

/* x[2] of RISC-V and x[31] of AArch64 are the interrupted stack pointer. */
extern const uint64_t board_frame_stack_pointer;

/* Which of a frame's x[] is a function's first argument. */
extern const uint64_t board_frame_first_argument;

#endif /* BOARD_COMMON_TRAP_H */
