/* SPDX-License-Identifier: MIT */
/*
 * Raspberry Pi 3 Model B (BCM2837). Addresses are the cores': the peripherals' bus addresses
 * 0x7exxxxxx of the BCM2835 ARM Peripherals document appear at 0x3fxxxxxx.
 */

#include "../common/board_private.h"
#include "../common/drivers.h"

/* config.txt's init_uart_clock, by default. */
#define UART_CLOCK_HZ 48000000u

/* BCM2835 ARM Peripherals, chapter 6. */
#define GPFSEL1     0x04
#define GPPUD       0x94
#define GPPUDCLK0   0x98
#define GPFSEL_ALT0 4u
#define UART_PINS   (1u << 14 | 1u << 15)

/* BCM2835 ARM Peripherals, 7.5. */
#define DISABLE_IRQS_1     0x1c
#define DISABLE_IRQS_2     0x20
#define DISABLE_BASIC_IRQS 0x24

/* GPPUD and its clock want 150 cycles between the steps (chapter 6, GPPUDCLKn). */
static void wait_150_cycles(void)
{
	for (unsigned int i = 0; i < 150; i++) {
		__asm__ volatile("nop");
	}
}

/* Connects pins 14 and 15 with the PL011 and takes off their pull-down resistors. */
static void gpio_start(uintptr_t base)
{
	uint32_t select = mmio_read32(base + GPFSEL1);

	/* Three bits each: pin 14's are 14:12, pin 15's are 17:15. */
	select &= ~(7u << 12 | 7u << 15);
	mmio_write32(base + GPFSEL1, select | GPFSEL_ALT0 << 12 | GPFSEL_ALT0 << 15);
	mmio_write32(base + GPPUD, 0);
	wait_150_cycles();
	mmio_write32(base + GPPUDCLK0, UART_PINS);
	wait_150_cycles();
	mmio_write32(base + GPPUDCLK0, 0);
}

static void uart_start(uintptr_t base)
{
	pl011_start(base, UART_CLOCK_HZ);
}

static void interrupts_start(uintptr_t base)
{
	mmio_write32(base + DISABLE_IRQS_1, UINT32_MAX);
	mmio_write32(base + DISABLE_IRQS_2, UINT32_MAX);
	mmio_write32(base + DISABLE_BASIC_IRQS, 0xff);
}

static const struct board_device devices[] = {
	{"BCM PL011 UART", BOARD_DEVICE_CONSOLE, VMM_PA_REGION_INIT(0x3f201000, 0x1000),
	 uart_start},
	{"BCM GPIO", BOARD_DEVICE_GPIO, VMM_PA_REGION_INIT(0x3f200000, 0x1000), gpio_start},
	{"BCM Interrupt Controller", BOARD_DEVICE_INTERRUPTS, VMM_PA_REGION_INIT(0x3f00b200, 0x200),
	 interrupts_start},
};

/* The firmware's spin table, a word for each core, and the word before it. */
#define SPIN_TABLE 0xd8

static const struct board_device cores = {
	"BCM Spin Table", BOARD_DEVICE_CORES, VMM_PA_REGION_INIT(SPIN_TABLE, 0x20), NULL,
};

/* What lies from 0x3b400000 to the peripherals belongs to the VideoCore (gpu_mem=64). The first
 * 512 KiB hold the firmware's spin table. */
const struct board board = {
	.name = "Raspberry Pi 3 Model B",
	.ram = VMM_PA_REGION_INIT(0x00080000, 0x3b400000 - 0x00080000),
	.mailbox = VMM_PA_REGION_INIT(0x3b3f0000, 0x10000),
	.devices = devices,
	.device_count = sizeof(devices) / sizeof(devices[0]),
	.cores = &cores,
	.core_count = 4,
};

/* The table is memory, but mapped as a device, so the store goes past the caches as the core's load
 * does. It waits for an event, and arrives at EL2. */
bool board_core_on(unsigned int core, uint64_t entry)
{
	uintptr_t base = board_core_base();

	if (base == 0 || core == 0 || core >= board.core_count) {
		return false;
	}
	*(volatile uint64_t *)(base + 8 * core) = entry;
	__asm__ volatile("dsb sy\n\tsev" : : : "memory");
	return true;
}

void board_console_write(uintptr_t base, char c)
{
	pl011_write(base, c);
}
