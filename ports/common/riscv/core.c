/* SPDX-License-Identifier: MIT */
/*
 * RISC-V: which hart this is. mhartid is the machine mode's (Privileged specification, 3.1.5), so
 * the number that firmware gave at the start is kept.
 */

#include "../board_private.h"

static _Thread_local unsigned int hart;

void board_core_set(unsigned int core)
{
	hart = core;
}

unsigned int board_core(void)
{
	return hart;
}
