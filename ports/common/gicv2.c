/* SPDX-License-Identifier: MIT */
/*
 * Arm Generic Interrupt Controller version 2 (IHI 0048), switched off: the kernels here poll.
 */

#include "board_private.h"
#include "drivers.h"

#define GICD_CTLR      0x000
#define GICD_TYPER     0x004
#define GICD_ICENABLER 0x180
#define GICC_CTLR      0x000
#define GICC_PMR       0x004

void gicv2_distributor_start(uintptr_t base)
{
	/* ITLinesNumber: 32 interrupts for each register, less one (4.3.2). */
	uint32_t register_count = (mmio_read32(base + GICD_TYPER) & 0x1f) + 1;

	mmio_write32(base + GICD_CTLR, 0);
	for (uint32_t i = 0; i < register_count; i++) {
		mmio_write32(base + GICD_ICENABLER + 4 * i, UINT32_MAX);
	}
}

void gicv2_cpu_start(uintptr_t base)
{
	mmio_write32(base + GICC_CTLR, 0);
	mmio_write32(base + GICC_PMR, 0);
}
