/* SPDX-License-Identifier: MIT */
/*
 * User programs as calls: board_user_run() goes to user mode, and the trap that ends it returns.
 *
 * The registers that a call preserves are kept as for board_try(); the trap handler moves what was
 * interrupted to the caller's frame and makes the trap return to where board_try_enter() was
 * called.
 */

#include "trap.h"

/* Each core has its own: thread-local blocks are per core. */
static _Thread_local struct {
	uint64_t registers[TRY_REGISTER_COUNT];
	struct board_frame *frame; /* NULL: the core runs no user program */
} run;

/* Word by word: a copy of the whole would call memcpy. */
static void copy(struct board_frame *to, const struct board_frame *from)
{
	for (unsigned int i = 0; i < 32; i++) {
		to->x[i] = from->x[i];
	}
	to->pc = from->pc;
	to->status = from->status;
	to->cause = from->cause;
	to->address = from->address;
	to->kind = from->kind;
	to->thread = from->thread;
}

static bool left(struct board_frame *frame)
{
	if (run.frame == NULL || (frame->status & board_user_status_mask) != 0) {
		return false;
	}
	copy(run.frame, frame);
	run.frame = NULL;
	board_user_resume(frame, run.registers);
	return true;
}

void board_user_run(struct board_frame *frame)
{
	board_user_left = left;
	run.frame = frame;
	(void)board_try_enter(run.registers, board_user_enter, frame);
	board_user_leave();
}

void board_user_frame(struct board_frame *frame, uint64_t pc, uint64_t sp, uint64_t argument)
{
	for (unsigned int i = 0; i < 32; i++) {
		frame->x[i] = 0;
	}
	frame->x[board_frame_stack_pointer] = sp;
	frame->x[board_frame_first_argument] = argument;
	frame->pc = pc;
	frame->status = board_user_status;
	frame->cause = 0;
	frame->address = 0;
	frame->kind = BOARD_TRAP_SYNCHRONOUS;
	frame->thread = 0;
}
