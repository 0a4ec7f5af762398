/* SPDX-License-Identifier: MIT */
/*
 * Cores besides the one that boots: a record for each, which secondary.S reads with translation
 * off, and which tells it where the core's own stacks and thread-local block are.
 */

#include "board_private.h"
#include "cores.h"

/* kernel.ld */
extern char __tls_base[], __tls_end[];

/* What secondary.S reads. */
struct record {
	uint64_t stack;      /* its top */
	uint64_t trap_stack; /* its top */
	uint64_t thread;     /* the thread-local block */
	uint64_t translate;  /* whether to switch translation on, by regs */
	uint64_t regs[BOARD_CORE_REGS];
	void (*fn)(void *argument);
	void *argument;
	uint64_t reserved;
};

_Static_assert(sizeof(struct record) == CORE_SIZE, "secondary.S indexes by it");
_Static_assert(offsetof(struct record, stack) == CORE_STACK, "secondary.S loads it");
_Static_assert(offsetof(struct record, trap_stack) == CORE_TRAP_STACK, "secondary.S loads it");
_Static_assert(offsetof(struct record, thread) == CORE_THREAD, "secondary.S loads it");
_Static_assert(offsetof(struct record, translate) == CORE_TRANSLATE, "secondary.S loads it");
_Static_assert(offsetof(struct record, regs) == CORE_REGS, "secondary.S passes it on");

_Alignas(64) struct record board_core_records[CORE_MAX];

uint64_t board_thread_size(void)
{
	return (uintptr_t)__tls_end - (uintptr_t)__tls_base;
}

/* All thread-local variables begin as zero: kernel.ld sees to it. */
static void clear(void *start, uint64_t size)
{
	volatile uint8_t *bytes = start;

	for (uint64_t i = 0; i < size; i++) {
		bytes[i] = 0;
	}
}

bool board_core_start(unsigned int core, const struct board_core_setup *setup)
{
	struct record *record = &board_core_records[core < CORE_MAX ? core : 0];

	if (core >= CORE_MAX || core == board_core()) {
		return false;
	}
	clear(setup->thread, board_thread_size());
	record->stack = (uintptr_t)setup->stack_top;
	record->trap_stack = (uintptr_t)setup->trap_stack_top;
	record->thread = (uintptr_t)setup->thread;
	record->translate = setup->translate;
	for (unsigned int i = 0; i < BOARD_CORE_REGS; i++) {
		record->regs[i] = setup->regs[i];
	}
	record->fn = setup->fn;
	record->argument = setup->argument;
	board_core_publish(record, sizeof(*record));
	return board_core_on(core, board_core_entry());
}

void board_core_main(unsigned int core)
{
	board_core_records[core].fn(board_core_records[core].argument);
}
