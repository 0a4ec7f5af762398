/* SPDX-License-Identifier: MIT */
#include "guest.h"

#include <vmm/riscv.h>

const struct guest_format guest_formats[] = {
	{ "riscv-sv39", &vmm_riscv_sv39 },
	{ "riscv-sv48", &vmm_riscv_sv48 },
	{ "riscv-sv57", &vmm_riscv_sv57 },
};
const unsigned int guest_format_count = 3;

/* Of the 16550 and of the device for tests, which the virt board has. */
#define UART_DATA   ((volatile uint8_t *)0x10000000)
#define TEST_FINISH ((volatile uint32_t *)0x00100000)

uint64_t guest_count(void)
{
	uint64_t count;

	__asm__ volatile("csrr %0, minstret" : "=r"(count) : : "memory");
	return count;
}

void guest_print(const char *text)
{
	while (*text != '\0') {
		*UART_DATA = (uint8_t)*text++;
	}
}

void guest_exit(void)
{
	*TEST_FINISH = 0x5555;
	for (;;) {
	}
}
