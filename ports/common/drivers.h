/* SPDX-License-Identifier: MIT */
#ifndef BOARD_COMMON_DRIVERS_H
#define BOARD_COMMON_DRIVERS_H

/*
 * Drivers that several boards use. Each function gets the base of the registers, so it works at
 * physical and at virtual addresses. Devices are brought up for output by polling: no interrupts.
 */

#include <stdint.h>

/* Arm PrimeCell UART (DDI 0183): 115200 baud, 8N1, from a reference clock of `clock_hz`. */
void pl011_start(uintptr_t base, uint32_t clock_hz);
void pl011_write(uintptr_t base, char c);

/* 16550 UART with byte-wide registers: 8N1; the rate stays as the firmware set it. */
void ns16550_start(uintptr_t base);
void ns16550_write(uintptr_t base, char c);

/* Arm GICv2 distributor (IHI 0048): forwards nothing. */
void gicv2_distributor_start(uintptr_t base);

/* Arm GICv2 CPU interface: signals nothing to this core. */
void gicv2_cpu_start(uintptr_t base);

/* RISC-V PLIC: lets no interrupt through to `context`. */
void plic_context_start(uintptr_t base, unsigned int context);

#endif /* BOARD_COMMON_DRIVERS_H */
