/* SPDX-License-Identifier: MIT */
#ifndef EXAMPLES_PROGRAM_H
#define EXAMPLES_PROGRAM_H

/**
 * @file program.h What a user program here can do. It is linked by itself, at USER_TEXT, and is no
 * part of the kernel's image but for the bytes that the kernel copies into each space.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "calls.h"

/** The program: what it returns is its exit status. `role` is what the kernel started it with. */
uint64_t program_main(uint64_t role);

/* --- program_<cpu>.S --- */

/** A system call. */
uint64_t program_call(uint64_t number, uint64_t first, uint64_t second);

/**
 * Reads a word that may not be mapped, or writes one. A kernel that knows probes lets an access
 * that faults be passed over; *faulted tells. What is read is then meaningless.
 */
uint64_t program_probe_read(const volatile uint64_t *address, uint64_t *faulted);
void program_probe_write(volatile uint64_t *address, uint64_t word, uint64_t *faulted);

/** Calls an address. */
void program_jump(uintptr_t address);

/** Uses a floating-point register. */
void program_float(void);

static inline void program_print(const char *text, size_t size)
{
	(void)program_call(CALL_PRINT, (uintptr_t)text, size);
}

/** Prints a text that the compiler knows. */
#define PRINT(text) program_print(text, sizeof(text) - 1)

#endif /* EXAMPLES_PROGRAM_H */
