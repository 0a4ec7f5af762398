/* SPDX-License-Identifier: MIT */
/*
 * The user program of the kernel tasks. All programs are this one, at the same addresses; what they
 * do is their role.
 */

#include "roles.h"

#include "../common/program.h"

/* At one address in every space. */
static volatile uint64_t word;
static char line[64];

static void print_word(const char *before, size_t size, uint64_t value)
{
	size_t at = 0;

	for (; at < size; at++) {
		line[at] = before[at];
	}
	for (unsigned int shift = 64; shift != 0; shift -= 4) {
		line[at++] = "0123456789abcdef"[value >> (shift - 4) & 0xf];
	}
	program_print(line, at);
}

#define PRINT_WORD(text, value) print_word(text, sizeof(text) - 1, value)

/* Writes its own word, lets the other run, and looks whether it is still there. */
static uint64_t keep(uint64_t mine)
{
	PRINT_WORD("my word is at ", (uintptr_t)&word);
	for (uint64_t i = 0; i < 3; i++) {
		word = mine + i;
		PRINT_WORD("wrote ", mine + i);
		(void)program_call(CALL_YIELD, 0, 0);
		PRINT_WORD("read  ", word);
		if (word != mine + i) {
			return 1;
		}
	}
	PRINT("all my words were mine");
	return 0;
}

/* Without a word, until the kernel has seen enough. */
static uint64_t count(uint64_t mine)
{
	for (word = mine;; word++) {
		uint64_t before = word;

		(void)program_call(CALL_YIELD, 0, 0);
		if (word != before) {
			return 1;
		}
	}
}

/* Each level uses its frame after the call, so that the compiler can't make a loop of it. */
static __attribute__((noinline)) uint64_t recurse(uint64_t depth)
{
	volatile uint8_t frame[128];

	frame[0] = (uint8_t)depth;
	uint64_t deepest = depth == 0 ? 0 : recurse(depth - 1);
	return deepest + frame[0];
}

static void misbehave(uint64_t role, uint64_t where)
{
	uint64_t ignored;

	switch (role) {
	case ROLE_READ_KERNEL:
	case ROLE_READ_OTHER:
	case ROLE_READ_NOWHERE:
		(void)program_probe_read((const volatile uint64_t *)where, &ignored);
		break;
	case ROLE_WRITE_KERNEL:
	case ROLE_WRITE_CODE:
		program_probe_write((volatile uint64_t *)where, 0, &ignored);
		break;
	case ROLE_CALL_KERNEL:
	case ROLE_CALL_DATA:
		program_jump((uintptr_t)where);
		break;
	case ROLE_OVERFLOW:
		PRINT_WORD("came back with ", recurse(1000000));
		break;
	case ROLE_FLOAT:
		program_float();
		break;
	default:
		break;
	}
	PRINT("nothing stopped me");
}

uint64_t program_main(uint64_t role)
{
	switch (role & ROLE_MASK) {
	case ROLE_KEEP:
		return keep(role);
	case ROLE_COUNT:
		return count(role);
	default:
		PRINT("so far so good");
		(void)program_call(CALL_YIELD, 0, 0);
		misbehave(role & ROLE_MASK, program_call(CALL_WHERE, 0, 0));
		return 0;
	}
}
