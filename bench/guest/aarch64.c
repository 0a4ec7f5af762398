/* SPDX-License-Identifier: MIT */
#include "guest.h"

#include <vmm/aarch64.h>

const struct guest_format guest_formats[] = {
	{ "aarch64-4k", &vmm_aarch64_4k },
	{ "aarch64-16k", &vmm_aarch64_16k },
	{ "aarch64-64k", &vmm_aarch64_64k },
};
const unsigned int guest_format_count = 3;

/* Of the PL011 that the virt board has. */
#define UART_DATA ((volatile uint32_t *)0x09000000)

/* QEMU's cycles are nanoseconds, and an instruction takes one. */
uint64_t guest_count(void)
{
	uint64_t count;

	__asm__ volatile("isb; mrs %0, pmccntr_el0; isb" : "=r"(count) : : "memory");
	return count;
}

void guest_print(const char *text)
{
	while (*text != '\0') {
		*UART_DATA = (uint32_t)*text++;
	}
}

void guest_exit(void)
{
	/* PSCI SYSTEM_OFF. */
	register uint64_t function __asm__("x0") = 0x84000008;

	__asm__ volatile("hvc #0" : : "r"(function) : "memory");
	for (;;) {
	}
}
