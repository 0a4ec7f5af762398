/* SPDX-License-Identifier: MIT */
/*
 * Traps in C: the kernel's hook first, then whoever waits in board_try(), else the end.
 */

#include "trap.h"

_Static_assert(offsetof(struct board_frame, x) == FRAME_X, "vectors.S stores x[] there");
_Static_assert(offsetof(struct board_frame, pc) == FRAME_PC, "vectors.S stores pc there");
_Static_assert(offsetof(struct board_frame, status) == FRAME_STATUS, "vectors.S stores it there");
_Static_assert(offsetof(struct board_frame, cause) == FRAME_CAUSE, "vectors.S stores it there");
_Static_assert(offsetof(struct board_frame, address) == FRAME_ADDRESS, "vectors.S stores it there");
_Static_assert(offsetof(struct board_frame, kind) == FRAME_KIND, "vectors.S stores it there");
_Static_assert(offsetof(struct board_frame, thread) == FRAME_THREAD, "vectors.S stores it there");
_Static_assert(sizeof(struct board_frame) == FRAME_SIZE, "vectors.S keeps that much room");
_Static_assert(FRAME_SIZE % 16 == 0, "both procedure call standards align the stack to 16");

struct attempt {
	uint64_t registers[TRY_REGISTER_COUNT];
	struct board_trap *trap;
	struct attempt *outer;
};

/* Each core has its own: thread-local blocks are per core. */
static _Thread_local struct attempt *attempt;

static board_trap_hook hook;

bool (*board_user_left)(struct board_frame *frame);

void board_set_trap_hook(board_trap_hook new_hook)
{
	hook = new_hook;
}

bool board_try(void (*fn)(void *), void *argument, struct board_trap *trap)
{
	struct attempt this_one;

	this_one.trap = trap;
	this_one.outer = attempt;
	attempt = &this_one;
	unsigned int trapped = board_try_enter(this_one.registers, fn, argument);
	attempt = this_one.outer;
	return trapped == 0;
}

static void abandon(struct board_frame *frame)
{
	struct board_trap *trap = attempt->trap;

	trap->kind = (enum board_trap_kind)frame->kind;
	trap->pc = frame->pc;
	trap->sp = frame->x[board_frame_stack_pointer];
	trap->status = frame->status;
	trap->cause = frame->cause;
	trap->address = frame->address;
	frame->pc = (uintptr_t)board_try_resume;
	frame->x[board_frame_first_argument] = (uintptr_t)attempt->registers;
}

static void report(const char *what, uint64_t cause, uint64_t pc, uint64_t address)
{
	board_puts("\n");
	board_puts(what);
	board_puts(": cause ");
	board_puthex(cause);
	board_puts(" pc ");
	board_puthex(pc);
	board_puts(" address ");
	board_puthex(address);
	board_puts("\n");
}

static const char *kind_name(uint64_t kind)
{
	if (kind == BOARD_TRAP_SYNCHRONOUS) {
		return "unexpected trap";
	}
	return kind == BOARD_TRAP_SYSTEM_ERROR ? "unexpected system error" : "unexpected interrupt";
}

void board_trap_taken(struct board_frame *frame)
{
	if (board_user_left != NULL && board_user_left(frame)) {
		return;
	}
	if (hook != NULL && hook(frame)) {
		return;
	}
	if (attempt != NULL && frame->kind == BOARD_TRAP_SYNCHRONOUS) {
		abandon(frame);
		return;
	}
	report(kind_name(frame->kind), frame->cause, frame->pc, frame->address);
	board_exit(BOARD_STATUS_TRAP);
}

_Noreturn void board_trap_nested(uint64_t cause, uint64_t pc, uint64_t address)
{
	static bool reported;

	/* The console or the way out may be what traps: each is tried once. */
	if (!reported) {
		reported = true;
		report("trap while handling a trap", cause, pc, address);
	}
	board_exit(BOARD_STATUS_NESTED_TRAP);
}
