/* SPDX-License-Identifier: MIT */
#ifndef INSPECT_COMMON_H
#define INSPECT_COMMON_H

/**
 * @file common.h
 * What every part of vmm-inspect needs: the end after an error, arrays that grow, numbers as text.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/** Ends the program with status 2: what was asked for can't be had, and why. */
__attribute__((format(printf, 1, 2))) _Noreturn void give_up(const char *format, ...);

/**
 * Makes room for one more element in an array of `count`. Returns the array, which may have moved.
 * Capacities are powers of 2 and follow from the count, so that nobody has to keep them.
 */
void *grow(void *array, size_t count, size_t element_size);

/** A copy of `text` that lives until the program ends. */
char *keep_text(const char *text);

/** Room for any text of text_size() and its like. */
#define TEXT_MAX 32

/** "64 KiB", "4 bytes", "16 EiB": in the largest unit that divides it. */
const char *text_size(char text[TEXT_MAX], uint64_t size);

/** "1.4 TiB": at most four digits, rounded up. */
const char *text_size_about(char text[TEXT_MAX], uint64_t size);

/** "0x0000_0000_4008_0000". */
const char *text_address(char text[TEXT_MAX], uint64_t address);

/** Reads a whole number, hexadecimal behind 0x, underscores between digits allowed; false: none. */
bool parse_number(const char *text, uint64_t *number);

/** Writes a text as JSON has it, in quotes; nothing in it can end an HTML script element. */
void json_text(FILE *file, const char *text);

#endif /* INSPECT_COMMON_H */
