/* SPDX-License-Identifier: MIT */
/*
 * QEMU's virt machine, AArch64, with its default of 128 MiB of memory and a GICv2.
 */

#include "../common/board_private.h"
#include "../common/drivers.h"

/* The device tree's fixed clock `apb-pclk`. */
#define UART_CLOCK_HZ 24000000u

static void uart_start(uintptr_t base)
{
	pl011_start(base, UART_CLOCK_HZ);
}

static const struct board_device devices[] = {
	{"PL011 UART", BOARD_DEVICE_CONSOLE, VMM_PA_REGION_INIT(0x09000000, 0x1000), uart_start},
	{"GICv2 Distributor", BOARD_DEVICE_INTERRUPTS, VMM_PA_REGION_INIT(0x08000000, 0x10000),
	 gicv2_distributor_start},
	{"GICv2 CPU Interface", BOARD_DEVICE_INTERRUPTS, VMM_PA_REGION_INIT(0x08010000, 0x10000),
	 gicv2_cpu_start},
};

const struct board board = {
	.name = "QEMU virt, AArch64",
	.ram = VMM_PA_REGION_INIT(0x40200000, 0x48000000 - 0x40200000),
	.mailbox = VMM_PA_REGION_INIT(0x47ff0000, 0x10000),
	.devices = devices,
	.device_count = sizeof(devices) / sizeof(devices[0]),
	.core_count = 8,
};

bool board_core_on(unsigned int core, uint64_t entry)
{
	return psci_core_on(core, entry);
}

void board_console_write(uintptr_t base, char c)
{
	pl011_write(base, c);
}
