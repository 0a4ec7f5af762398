/* SPDX-License-Identifier: MIT */
/*
 * RISC-V Platform-Level Interrupt Controller (specification 1.0.0, chapter 3), switched off: the
 * kernels here poll.
 */

#include "board_private.h"
#include "drivers.h"

#define ENABLE           0x2000
#define ENABLE_STRIDE    0x80
#define THRESHOLD        0x200000
#define THRESHOLD_STRIDE 0x1000

void plic_context_start(uintptr_t base, unsigned int context)
{
	for (uintptr_t word = 0; word < ENABLE_STRIDE; word += 4) {
		mmio_write32(base + ENABLE + context * ENABLE_STRIDE + word, 0);
	}
	mmio_write32(base + THRESHOLD + context * THRESHOLD_STRIDE, UINT32_MAX);
}
