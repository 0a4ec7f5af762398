/* SPDX-License-Identifier: MIT */
/*
 * 16550 UART with byte-wide registers, output only. Register names are those of National
 * Semiconductor's PC16550D data sheet, section 8.
 */

#include "board_private.h"
#include "drivers.h"

#define THR 0
#define IER 1
#define FCR 2
#define LCR 3
#define LSR 5

#define FCR_ENABLE 0x01
#define LCR_8N1    0x03
#define LSR_THRE   0x20
#define LSR_TEMT   0x40

void ns16550_start(uintptr_t base)
{
	while ((mmio_read8(base + LSR) & LSR_TEMT) == 0) {
	}
	mmio_write8(base + IER, 0);
	mmio_write8(base + LCR, LCR_8N1);
	mmio_write8(base + FCR, FCR_ENABLE);
}

void ns16550_write(uintptr_t base, char c)
{
	while ((mmio_read8(base + LSR) & LSR_THRE) == 0) {
	}
	mmio_write8(base + THR, (uint8_t)c);
}
