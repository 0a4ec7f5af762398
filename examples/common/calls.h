/* SPDX-License-Identifier: MIT */
#ifndef EXAMPLES_CALLS_H
#define EXAMPLES_CALLS_H

/*
 * Between a user program and the kernel: where the program is, and what it may ask for. Numbers
 * only, as the assembler and the linker read it too.
 */

/* Addresses in every program's space, for pages of up to 64 KiB each. */
#define USER_TEXT    0x400000 /* executable, with constants */
#define USER_DATA    0x410000 /* writable */
#define USER_STACK   0x430000 /* writable; the stack begins at the end of its page */
#define USER_PRIVATE 0x450000 /* for one program only */

/* System calls: the number in x8 or a7, arguments in x0 and x1 or a0 and a1. */
#define CALL_PRINT 1 /* text, number of bytes */
#define CALL_YIELD 2
#define CALL_EXIT  3 /* status */

/* Before an access that may fault and then is passed over: a kernel that knows probes looks for it.
 * */
#define PROBE_MARK 0x0badf00d

#endif /* EXAMPLES_CALLS_H */
