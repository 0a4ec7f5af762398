/* SPDX-License-Identifier: MIT */
/*
 * The smallest kernel with precomputed tables. It asks for them, finds itself in the upper half, says
 * so, and ends.
 */

#include <stdint.h>

#include "../precompute.h"
#include "machine.h"

VMM_PRECOMPUTE_FORMAT(FORMAT, 0, 0, "");
/* The segments need no request. These parts of them get names, and one gets no memory. */
VMM_PRECOMPUTE_GUARD("Stack", __stack_guard, __stack_bottom);
VMM_PRECOMPUTE_MAP("Stack", __stack_bottom, __stack_top, "rw");
/* Between the switch and the jump the code is still where it was loaded. */
VMM_PRECOMPUTE_IDENTITY("Boot code", __boot_start, __boot_end, "rx");
VMM_PRECOMPUTE_MAP_AT("UART", UART_VA, 0x10000, UART_PA, "rw device");
VMM_PRECOMPUTE_MAP_AT("Exit", EXIT_VA, 0x10000, EXIT_PA, "rw device");
VMM_PRECOMPUTE_MAP_AT("Mailbox", MAILBOX_VA, 0x10000, MAILBOX_PA, "ro");

void kernel_main(void);

static void put(char c)
{
	*(volatile uint8_t *)UART_VA = (uint8_t)c;
}

static void print(const char *text)
{
	for (; *text != '\0'; text++) {
		put(*text);
	}
}

static void print_hex(uint64_t value)
{
	print("0x");
	for (unsigned int shift = 64; shift > 0; shift -= 4) {
		put("0123456789abcdef"[value >> (shift - 4) & 0xf]);
	}
}

/* start_<cpu>.S comes here, on the stack of the upper half. */
void kernel_main(void)
{
	const volatile uint64_t *mailbox = (const volatile uint64_t *)MAILBOX_VA;

	print("minimal: " FORMAT ", root ");
	print_hex(vmm_precomputed.upper_root);
	print("\r\nminimal: running at ");
	print_hex((uint64_t)(uintptr_t)kernel_main);
	print("\r\n");
	/* Whoever wants to look at the machine leaves a word there. */
	if (*mailbox != 0) {
		print("minimal: held\r\n");
	}
	while (*mailbox != 0) {
	}
	print("minimal: done\r\n");
	machine_exit();
}
