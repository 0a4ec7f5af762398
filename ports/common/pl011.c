/* SPDX-License-Identifier: MIT */
/*
 * Arm PrimeCell UART PL011, output only. Register names are those of its Technical Reference
 * Manual, DDI 0183, chapter 3.
 */

#include "board_private.h"
#include "drivers.h"

#define UARTDR    0x000
#define UARTFR    0x018
#define UARTIBRD  0x024
#define UARTFBRD  0x028
#define UARTLCR_H 0x02c
#define UARTCR    0x030
#define UARTIMSC  0x038
#define UARTICR   0x044

#define UARTFR_BUSY      (1u << 3)
#define UARTFR_TXFF      (1u << 5)
#define UARTLCR_H_FEN    (1u << 4)
#define UARTLCR_H_WLEN_8 (3u << 5)
#define UARTCR_UARTEN    (1u << 0)
#define UARTCR_TXE       (1u << 8)
#define UARTCR_RXE       (1u << 9)

#define BAUD 115200u

void pl011_start(uintptr_t base, uint32_t clock_hz)
{
	/* The divisor is clock / (16 * baud) in units of 1/64 (3.3.6). */
	uint32_t divisor = (clock_hz * 4 + BAUD / 2) / BAUD;

	/* What is on its way goes out first: 3.3.8 wants the UART idle before it is changed. */
	while ((mmio_read32(base + UARTFR) & UARTFR_BUSY) != 0) {
	}
	mmio_write32(base + UARTCR, 0);
	mmio_write32(base + UARTIMSC, 0);
	mmio_write32(base + UARTICR, 0x7ff);
	mmio_write32(base + UARTIBRD, divisor >> 6);
	mmio_write32(base + UARTFBRD, divisor & 0x3f);
	/* The divisor takes effect with this write (3.3.7). */
	mmio_write32(base + UARTLCR_H, UARTLCR_H_FEN | UARTLCR_H_WLEN_8);
	mmio_write32(base + UARTCR, UARTCR_UARTEN | UARTCR_TXE | UARTCR_RXE);
}

void pl011_write(uintptr_t base, char c)
{
	while ((mmio_read32(base + UARTFR) & UARTFR_TXFF) != 0) {
	}
	mmio_write32(base + UARTDR, (unsigned char)c);
}
