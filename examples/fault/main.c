/* SPDX-License-Identifier: MIT */
/*
 * fault: five ways to get an address wrong, what the hardware says about each, what the record
 * knows, and life goes on.
 */

#include <inttypes.h>
#include <stdio.h>

#include <vmm/bump.h>
#include <vmm/vmm.h>

#include "../common/kernel.h"

static struct vmm_bump bump;
static struct vmm_table *table;
static struct vmm_mapping pool[32];
static struct vmm vmm;

/* What a scene does, and what shall come of it. */
struct scene {
	const char *title;
	void (*act)(void *address);
	void *address;
	enum vmm_fault_access access;
	/* The fault's address: at `address`, or anywhere in the page where a stack ended. */
	vmm_va_region_t where;
};

static void read_word(void *address)
{
	uint64_t word = *(volatile uint64_t *)address;

	printf("  read 0x%" PRIx64 "\n", word);
}

static void write_byte(void *address)
{
	*(volatile uint8_t *)address = 0;
}

static void call(void *address)
{
	void (*function)(void) = (void (*)(void))(uintptr_t)address;

	function();
}

/* Each level uses its frame after the call, so that the compiler can't make a loop of it. */
static __attribute__((noinline)) uint64_t recurse(uint64_t depth)
{
	volatile uint8_t frame[128];

	frame[0] = (uint8_t)depth;
	uint64_t deepest = depth == 0 ? 0 : recurse(depth - 1);
	return deepest + frame[0];
}

/* A million levels don't fit into any stack here. */
static void overflow(void *address)
{
	(void)address;
	printf("  came back with %" PRIu64 "\n", recurse(1000000));
}

/* Runs one scene. The kernel ends if nothing happens, or something else. */
static void play(const struct scene *scene)
{
	struct board_trap trap;
	struct vmm_fault fault;
	struct vmm_out_chars out;

	printf("\n%s\n", scene->title);
	if (board_try(scene->act, scene->address, &trap)) {
		kernel_fail("nothing happened");
	}
	if (!machine_fault_decode(table, &trap, &fault)) {
		kernel_fail("that was no memory fault");
	}
	printf("  cause 0x%" PRIx64 ", address 0x%" PRIx64 ", pc 0x%" PRIx64 ", sp 0x%" PRIx64
	       "\n  ",
	       trap.cause, trap.address, trap.pc, trap.sp);
	vmm_out_chars_init(&out, board_putc);
	vmm_explain(&vmm, &fault, &out.out);
	if (fault.access != scene->access || !fault.has_va ||
	    !vmm_va_region_contains(scene->where, fault.va)) {
		kernel_fail("that was another fault");
	}
}

static void set_up(void)
{
	vmm_pa_region_t frames = kernel_take_ram(KERNEL_FRAME_COUNT);
	struct vmm_detail detail = {.level = -1};

	kernel_require("bump",
		       vmm_bump_init(&bump, frames, machine_format->geometry->page_shift, 0), NULL);
	kernel_require("table",
		       machine_table_init(
			       &(struct vmm_table_config){
				       .format = machine_format,
				       .frames = &bump.frames,
			       },
			       &table),
		       NULL);
	kernel_require("manager",
		       vmm_init(&vmm,
				&(struct vmm_config){
					.table = table,
					.pool = pool,
					.pool_count = sizeof(pool) / sizeof(pool[0]),
					.mmio_window = VMM_VA_REGION_INIT(KERNEL_MMIO_START,
									  KERNEL_MMIO_SIZE),
				}),
		       NULL);
	kernel_require("kernel", kernel_map_self(&vmm, frames, &detail), &detail);
	kernel_require("enable", machine_enable(table), NULL);
	kernel_require("drivers", kernel_start_drivers(&vmm, &detail), &detail);
}

static vmm_va_region_t bytes_at(const volatile void *pointer, uint64_t size)
{
	vmm_va_region_t va = VMM_VA_REGION_INIT(vmm_va_raw(vmm_va_from_ptr(pointer)), size);

	return va;
}

/* A page that worked a moment ago. */
static void play_unmapped(void)
{
	struct vmm_detail detail;
	vmm_va_t va;

	kernel_require(
		"a page",
		vmm_map_any(&vmm, "A page", kernel_take_ram(1), VMM_KERNEL_RW, NULL, &va, &detail),
		&detail);
	write_byte(vmm_va_ptr(va));
	printf("\n(a page at %p was mapped, and written to", vmm_va_ptr(va));
	kernel_require("unmapping", vmm_unmap(&vmm, va, &detail), &detail);
	printf(", and unmapped)\n");
	play(&(struct scene){
		.title = "Write to a page unmapped a moment ago",
		.act = write_byte,
		.address = vmm_va_ptr(va),
		.access = VMM_FAULT_WRITE,
		.where = bytes_at(vmm_va_ptr(va), 1),
	});
}

int kernel_main(void)
{
	void *const nowhere = (void *)(uintptr_t)(UINT64_C(9) << 30);
	void *const code = (void *)(uintptr_t)kernel_main;

	set_up();
	printf("fault: " PORT_NAME ", %s\n\n", board.name);
	vmm_print_chars(&vmm, board_putc);

	play(&(struct scene){
		.title = "Read at 9 GiB, where nothing is",
		.act = read_word,
		.address = nowhere,
		.access = VMM_FAULT_READ,
		.where = bytes_at(nowhere, 1),
	});
	play(&(struct scene){
		.title = "Write to the kernel's code",
		.act = write_byte,
		.address = code,
		.access = VMM_FAULT_WRITE,
		.where = bytes_at(code, 1),
	});
	play(&(struct scene){
		.title = "Execute data",
		.act = call,
		.address = &machine_return_instruction,
		.access = VMM_FAULT_EXECUTE,
		.where = bytes_at(&machine_return_instruction, 1),
	});
	play(&(struct scene){
		.title = "Recurse until the stack ends",
		.act = overflow,
		.access = VMM_FAULT_WRITE,
		.where = kernel_same_va(board_section(BOARD_SECTION_STACK_GUARD)),
	});
	play_unmapped();

	printf("\nfault: done, alive after five faults\n");
	return 0;
}
