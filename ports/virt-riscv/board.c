/* SPDX-License-Identifier: MIT */
/*
 * QEMU's virt machine, RISC-V, with its default of 128 MiB of memory, under OpenSBI.
 */

#include "../common/board_private.h"
#include "../common/drivers.h"

#define EXIT_DEVICE 2
#define EXIT_BASE   0x00100000
#define EXIT_PASS   0x5555u
#define EXIT_FAIL   0x3333u

/* The machine has a machine mode and a supervisor mode context for each hart, in this order. */
static void interrupts_start(uintptr_t base)
{
	plic_context_start(base, 2 * board_core() + 1);
}

/* It has one register and no state. */
static void exit_start(uintptr_t base)
{
	(void)base;
}

static const struct board_device devices[] = {
	{"NS16550 UART", BOARD_DEVICE_CONSOLE, VMM_PA_REGION_INIT(0x10000000, 0x100),
	 ns16550_start},
	{"PLIC", BOARD_DEVICE_INTERRUPTS, VMM_PA_REGION_INIT(0x0c000000, 0x600000),
	 interrupts_start},
	[EXIT_DEVICE] = {"SiFive Test", BOARD_DEVICE_EXIT, VMM_PA_REGION_INIT(EXIT_BASE, 0x1000),
			 exit_start},
};

const struct board board = {
	.name = "QEMU virt, RISC-V",
	.ram = VMM_PA_REGION_INIT(0x80200000, 0x87e00000 - 0x80200000),
	.mailbox = VMM_PA_REGION_INIT(0x87df0000, 0x10000),
	.devices = devices,
	.device_count = sizeof(devices) / sizeof(devices[0]),
	.core_count = 8,
};

void board_console_write(uintptr_t base, char c)
{
	ns16550_write(base, c);
}

_Noreturn void board_exit(int status)
{
	uintptr_t base = (uintptr_t)vmm_va_raw(board_device_base(EXIT_DEVICE));
	uint32_t code = (uint32_t)(status & 0xff);

	code = code == 0 ? EXIT_PASS : code << 16 | EXIT_FAIL;
	/* Nobody has said where the device is mapped. The end must work even so. */
	if (base == 0 || base == EXIT_BASE) {
		riscv_store_untranslated(EXIT_BASE, code);
	}
	mmio_write32(base, code);
	for (;;) {
		__asm__ volatile("wfi");
	}
}
