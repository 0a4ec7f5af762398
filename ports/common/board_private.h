/* SPDX-License-Identifier: MIT */
#ifndef BOARD_COMMON_BOARD_PRIVATE_H
#define BOARD_COMMON_BOARD_PRIVATE_H

/*
 * Between a board's own files, the drivers and what all boards have in common. Kernels include
 * board.h only.
 */

#include <board.h>

#define BOARD_DEVICE_MAX 8

/* A board's board.c supplies this: writes one character to the console at `base`, when it has
 * room. */
void board_console_write(uintptr_t base, char c);

/*
 * start.S ends here with a stack and .bss zeroed: enter.S goes straight on to board_main(),
 * enter_high.S through kernel_early() and up.
 */
_Noreturn void board_enter(void);

/* board.c: calls the kernel. */
_Noreturn void board_main(void);

/* board.c: where enter_high.S goes when kernel_early() failed. */
_Noreturn void board_early_failed(enum vmm_err err);

/* riscv/core.c: remembers the hart that runs, as supervisor mode can't ask for it. */
void board_core_set(unsigned int core);

/* riscv/off.S: stores to a physical address with translation off, from anywhere, and waits. */
_Noreturn void riscv_store_untranslated(uint64_t pa, uint32_t value);

/* cores.c: where secondary.S goes, on the core's own stack. */
void board_core_main(unsigned int core);

/* cores.c of the CPU: where a core is started, physical; and makes what such a core reads with its
 * caches off visible. */
uint64_t board_core_entry(void);
void board_core_publish(const void *start, size_t size);

/* A board's or its CPU's: lets a core that waits begin at `entry`. */
bool board_core_on(unsigned int core, uint64_t entry);

/* board.c: where board_core_set_base() said that the registers for that are. */
uintptr_t board_core_base(void);

/* aarch64/cores.c: board_core_on() by PSCI. */
bool psci_core_on(unsigned int core, uint64_t entry);

/* Device registers: one access of exactly 32 or 8 bits, in program order with the others. */
static inline void mmio_write32(uintptr_t address, uint32_t value)
{
	*(volatile uint32_t *)address = value;
}

static inline uint32_t mmio_read32(uintptr_t address)
{
	return *(volatile uint32_t *)address;
}

static inline void mmio_write8(uintptr_t address, uint8_t value)
{
	*(volatile uint8_t *)address = value;
}

static inline uint8_t mmio_read8(uintptr_t address)
{
	return *(volatile uint8_t *)address;
}

#endif /* BOARD_COMMON_BOARD_PRIVATE_H */
