/* SPDX-License-Identifier: MIT */
/*
 * What all boards have in common: the image's sections as kernel.ld marks them, the devices'
 * current bases, and characters.
 */

#include <board.h>

#include "board_private.h"

/* kernel.ld. Arrays, as only their addresses mean anything. */
extern const char __text_start[], __text_end[], __rodata_start[], __rodata_end[];
extern const char __data_start[], __data_end[], __stack_guard[], __stack_bottom[], __stack_top[];
extern const char __trap_guard[], __trap_stack_bottom[], __trap_stack_top[], __free_start[];

static uintptr_t bases[BOARD_DEVICE_MAX];
static uintptr_t core_base;

/*
 * The linker's symbols are reached from the PC, so a kernel of the upper half gets physical
 * addresses before it goes there, and virtual ones later. The offset's bits are 0 in a physical
 * address: in an address they tell where the code runs.
 */
static uint64_t physical(const char *symbol)
{
	return (uintptr_t)symbol & ~(uint64_t)BOARD_VIRTUAL_OFFSET;
}

static vmm_pa_region_t between(const char *start, const char *end)
{
	vmm_pa_region_t region =
		VMM_PA_REGION_INIT(physical(start), (uintptr_t)end - (uintptr_t)start);

	return region;
}

vmm_pa_region_t board_section(enum board_section section)
{
	switch (section) {
	case BOARD_SECTION_CODE:
		return between(__text_start, __text_end);
	case BOARD_SECTION_RODATA:
		return between(__rodata_start, __rodata_end);
	case BOARD_SECTION_DATA:
		return between(__data_start, __data_end);
	case BOARD_SECTION_STACK_GUARD:
		return between(__stack_guard, __stack_bottom);
	case BOARD_SECTION_STACK:
		return between(__stack_bottom, __stack_top);
	case BOARD_SECTION_TRAP_GUARD:
		return between(__trap_guard, __trap_stack_bottom);
	case BOARD_SECTION_TRAP_STACK:
		return between(__trap_stack_bottom, __trap_stack_top);
	case BOARD_SECTION_COUNT:
		break;
	}
	return between(__free_start, __free_start);
}

const char *board_section_name(enum board_section section)
{
	switch (section) {
	case BOARD_SECTION_CODE:
		return "Kernel code";
	case BOARD_SECTION_RODATA:
		return "Kernel read-only data";
	case BOARD_SECTION_DATA:
		return "Kernel data";
	case BOARD_SECTION_STACK_GUARD:
	case BOARD_SECTION_STACK:
		return "Kernel stack";
	case BOARD_SECTION_TRAP_GUARD:
	case BOARD_SECTION_TRAP_STACK:
		return "Trap stack";
	case BOARD_SECTION_COUNT:
		break;
	}
	return "";
}

vmm_pa_t board_image_end(void)
{
	return vmm_pa(physical(__free_start));
}

vmm_pa_region_t board_free_ram(void)
{
	uint64_t start = vmm_pa_raw(board_image_end());
	uint64_t end = vmm_pa_raw(vmm_pa_region_start(board.mailbox));
	vmm_pa_region_t region = VMM_PA_REGION_INIT(start, end - start);

	return region;
}

unsigned int board_device_find(enum board_device_kind kind)
{
	unsigned int i = 0;

	while (i < board.device_count && board.devices[i].kind != kind) {
		i++;
	}
	return i;
}

void board_device_set_base(unsigned int index, vmm_va_t base)
{
	bases[index] = (uintptr_t)vmm_va_raw(base);
}

vmm_va_t board_device_base(unsigned int index)
{
	return vmm_va(bases[index]);
}

void board_core_set_base(vmm_va_t base)
{
	core_base = (uintptr_t)vmm_va_raw(base);
}

uintptr_t board_core_base(void)
{
	if (core_base == 0 && BOARD_VIRTUAL_OFFSET == 0 && board.cores != NULL) {
		return (uintptr_t)vmm_pa_raw(vmm_pa_region_start(board.cores->registers));
	}
	return core_base;
}

void board_device_start(unsigned int index)
{
	board.devices[index].start(bases[index]);
}

/* In the upper half the devices' physical addresses lead nowhere: whoever maps one starts it. */
_Noreturn void board_main(void)
{
	for (unsigned int i = 0; i < board.device_count && BOARD_VIRTUAL_OFFSET == 0; i++) {
		bases[i] = (uintptr_t)vmm_pa_raw(vmm_pa_region_start(board.devices[i].registers));
		board_device_start(i);
	}
	board_exit(kernel_main());
}

_Noreturn void board_early_failed(enum vmm_err err)
{
	board_exit(BOARD_STATUS_EARLY - (int)err);
}

void board_putc(char c)
{
	if (bases[0] == 0) {
		return;
	}
	if (c == '\n') {
		board_console_write(bases[0], '\r');
	}
	board_console_write(bases[0], c);
}

void board_puts(const char *text)
{
	for (; *text != '\0'; text++) {
		board_putc(*text);
	}
}

void board_puthex(uint64_t value)
{
	board_puts("0x");
	for (unsigned int shift = 64; shift != 0; shift -= 4) {
		unsigned int digit = (unsigned int)(value >> (shift - 4)) & 0xf;

		board_putc((char)(digit < 10 ? '0' + digit : 'a' + digit - 10));
	}
}
