/* SPDX-License-Identifier: MIT */
#ifndef VMM_LINE_H
#define VMM_LINE_H

/**
 * @file line.h
 * Makes lines of text, without memory and without a C library. Private.
 */

#include <vmm/addr.h>
#include <vmm/attr.h>
#include <vmm/out.h>

/** A line in the making. */
struct vmm_line_ {
	struct vmm_out *out;
	size_t used;
	char text[VMM_OUT_PIECE_MAX];
};

/** Starts an empty line. */
void vmm_line_init_(struct vmm_line_ *line, struct vmm_out *out);

/** Ends the line and writes what is left of it; the next one may begin. */
void vmm_line_end_(struct vmm_line_ *line);

void vmm_line_char_(struct vmm_line_ *line, char c);
void vmm_line_chars_(struct vmm_line_ *line, char c, unsigned int count);
void vmm_line_text_(struct vmm_line_ *line, const char *text);

/** The text in single quotes. */
void vmm_line_name_(struct vmm_line_ *line, const char *text);

/** The low `digits` hexadecimal digits, in groups of four: "0x00_3f20_0000". */
void vmm_line_groups_(struct vmm_line_ *line, uint64_t value, unsigned int digits);

/** Hexadecimal without leading zeros: "0x40". */
void vmm_line_hex_(struct vmm_line_ *line, uint64_t value);

/** Decimal, in at least `width` places. */
void vmm_line_decimal_(struct vmm_line_ *line, uint64_t value, unsigned int width);

/** A virtual address in full. */
void vmm_line_va_(struct vmm_line_ *line, vmm_va_t va);

/** "C   RO X ": memory type, access, execution. */
void vmm_line_attr_(struct vmm_line_ *line, vmm_attr_t attr);

#endif /* VMM_LINE_H */
