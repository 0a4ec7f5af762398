/* SPDX-License-Identifier: MIT */
/*
 * What picolibc wants from a board: streams and _exit. Only kernels that call printf or the like
 * link this file's needs, and on AArch64 they do so after translation is on: printf makes unaligned
 * accesses, which Device memory doesn't allow (Arm ARM DDI 0487, B2).
 */

#include <stdio.h>
#include <unistd.h>

#include <board.h>

static int put(char c, FILE *stream)
{
	(void)stream;
	board_putc(c);
	return (unsigned char)c;
}

static FILE console = FDEV_SETUP_STREAM(put, NULL, NULL, _FDEV_SETUP_WRITE);

FILE *const stdin = &console;
FILE *const stdout = &console;
FILE *const stderr = &console;

_Noreturn void _exit(int status)
{
	board_exit(status);
}
