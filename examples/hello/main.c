/* SPDX-License-Identifier: MIT */
/*
 * hello: from frames to a word that is written at a virtual address and read at a physical one.
 *
 * The lowest layer only: a source of frames, a table, the CPU. drivers/ shows the manager on top.
 */

#include <inttypes.h>
#include <stdio.h>

#include <vmm/bump.h>
#include <vmm/table.h>

#include "../common/kernel.h"

static struct vmm_bump bump;
static struct vmm_table *table;

/* Memory is mapped 1:1 in this kernel, so a physical address is also the virtual one. */
static volatile uint64_t *physical(vmm_pa_t pa)
{
	return vmm_va_ptr(vmm_va(vmm_pa_raw(pa)));
}

static vmm_pa_t take_frame(const char *name, uint64_t pattern)
{
	vmm_pa_t frame;
	bool clean;

	kernel_require(name, bump.frames.alloc(&bump.frames, &frame, &clean), NULL);
	kernel_show(name, vmm_pa_raw(frame));
	*physical(frame) = pattern;
	kernel_show("  wrote ", pattern);
	kernel_show("  read  ", *physical(frame));
	if (*physical(frame) != pattern) {
		kernel_fail("the frame doesn't hold what was written");
	}
	return frame;
}

static void map(const char *name, vmm_va_region_t va, vmm_pa_t pa, vmm_attr_t attr)
{
	struct vmm_detail detail;

	board_puthex(vmm_va_raw(vmm_va_region_start(va)));
	board_puts(" -> ");
	board_puthex(vmm_pa_raw(pa));
	board_puts(", size ");
	board_puthex(vmm_va_region_size(va));
	board_puts(": ");
	board_puts(name);
	board_putc('\n');
	kernel_require(name, vmm_table_map(table, va, pa, attr, &detail), &detail);
}

static void map_same(const char *name, vmm_pa_region_t pa, vmm_attr_t attr)
{
	map(name, kernel_va(pa), vmm_pa_region_start(pa), attr);
}

/* The image section by section, the frames, the console, and the mailbox: nothing else exists. */
static void map_kernel(vmm_pa_region_t frames)
{
	const struct board_device *console = &board.devices[0];
	unsigned int page_shift = machine_format->geometry->page_shift;
	vmm_pa_region_t console_pages;

	for (unsigned int i = 0; i < BOARD_SECTION_COUNT; i++) {
		enum board_section section = (enum board_section)i;

		if (!kernel_section_is_guard(section)) {
			map_same(board_section_name(section), board_section(section),
				 kernel_section_attr(section));
		}
	}
	map_same("Frames", frames, VMM_KERNEL_RW);
	map_same("Mailbox", board.mailbox, VMM_KERNEL_RO);
	kernel_require(console->name,
		       vmm_pa_region_align_out(console->registers, page_shift, &console_pages),
		       NULL);
	map_same(console->name, console_pages, VMM_DEVICE);
}

/* Writes at `va`, and finds the word again where the table and the CPU say that it is. */
static void write_and_find(vmm_va_t va, vmm_pa_t expected, uint64_t word)
{
	volatile uint64_t *pointer = (volatile uint64_t *)vmm_va_ptr(va);
	vmm_pa_t by_table;
	vmm_pa_t by_cpu;

	kernel_require("vmm_table_translate", vmm_table_translate(table, va, &by_table), NULL);
	kernel_require(machine_translate_how, machine_translate(va, &by_cpu), NULL);
	printf("  before: 0x%" PRIx64 " at physical 0x%" PRIx64 "\n", *physical(expected),
	       vmm_pa_raw(expected));
	*pointer = word;
	printf("  wrote 0x%" PRIx64 " at virtual 0x%" PRIx64 "\n", word, vmm_va_raw(va));
	printf("  read 0x%" PRIx64 " at physical 0x%" PRIx64 "\n", *physical(expected),
	       vmm_pa_raw(expected));
	printf("  virtual 0x%" PRIx64 " is physical 0x%" PRIx64 " by the table, 0x%" PRIx64
	       " by %s\n",
	       vmm_va_raw(va), vmm_pa_raw(by_table), vmm_pa_raw(by_cpu), machine_translate_how);
	if (*physical(expected) != word || *pointer != word) {
		kernel_fail("the word isn't where it was written");
	}
	if (!vmm_pa_equal(by_table, expected) || !vmm_pa_equal(by_cpu, expected)) {
		kernel_fail("the address leads elsewhere");
	}
}

int kernel_main(void)
{
	const uint64_t page_size = UINT64_C(1) << machine_format->geometry->page_shift;
	vmm_pa_region_t frames = kernel_take_ram(KERNEL_FRAME_COUNT);
	vmm_va_region_t free_page = VMM_VA_REGION_INIT(vmm_va_raw(machine_free_va), page_size);
	/* A word to write, and another one that isn't 0 if somebody wants to look at the machine. */
	const volatile uint64_t *mailbox = physical(vmm_pa_region_start(board.mailbox));
	vmm_va_t next_page = vmm_va(vmm_va_raw(machine_free_va) + page_size);
	vmm_va_region_t other_page = VMM_VA_REGION_INIT(vmm_va_raw(next_page), page_size);

	board_puts("hello: " PORT_NAME ", ");
	board_puts(board.name);
	board_puts(", tables of ");
	board_puts(machine_format->geometry->name);

	board_puts("\n\n1. Take two frames, translation off\n");
	kernel_require("bump",
		       vmm_bump_init(&bump, frames, machine_format->geometry->page_shift, 0), NULL);
	vmm_pa_t first = take_frame("frame A at ", UINT64_C(0x1111111111111111));
	vmm_pa_t second = take_frame("frame B at ", UINT64_C(0x2222222222222222));

	board_puts("\n2. Build tables\n");
	kernel_require("table",
		       machine_table_init(
			       &(struct vmm_table_config){
				       .format = machine_format,
				       .frames = &bump.frames,
			       },
			       &table),
		       NULL);
	kernel_show("root table at ", vmm_pa_raw(vmm_table_root(table)));
	map_kernel(frames);
	map("Frame A, once more", free_page, first, VMM_KERNEL_RW);

	board_puts("\n3. Switch translation on\n");
	kernel_require("enable", machine_enable(table), NULL);
	printf("translation is %s\n", machine_is_enabled() ? "on" : "off");

	printf("\n4. Write through a virtual address, read at the physical one\n");
	write_and_find(machine_free_va, first, 0xDEADBEEF);

	printf("\n5. The same with a page mapped just now and the word in the mailbox\n");
	map("Frame B, once more", other_page, second, VMM_KERNEL_RW);
	write_and_find(next_page, second, mailbox[0]);
	if (mailbox[1] != 0) {
		printf("hello: held\n");
	}
	while (mailbox[1] != 0) {
	}

	printf("\nhello: done, %" PRIu64 " of %u frames used\n",
	       KERNEL_FRAME_COUNT - vmm_bump_available(&bump), KERNEL_FRAME_COUNT);
	return 0;
}
