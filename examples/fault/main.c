/* SPDX-License-Identifier: MIT */
/*
 * fault: ways to get an address wrong, what the hardware says about each, what the record
 * knows, and life goes on.
 */

#include <inttypes.h>
#include <stdio.h>

#include <vmm/vmm.h>

#include "../common/kernel.h"

static struct kernel *kernel;
static unsigned int fault_count;

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
	if (!machine_fault_decode(kernel->table, &trap, &fault)) {
		kernel_fail("that was no memory fault");
	}
	printf("  cause 0x%" PRIx64 ", address 0x%" PRIx64 ", pc 0x%" PRIx64 ", sp 0x%" PRIx64
	       "\n  ",
	       trap.cause, trap.address, trap.pc, trap.sp);
	fault_count++;
	vmm_out_chars_init(&out, board_putc);
	vmm_explain(&kernel->vmm, &fault, &out.out);
	if (fault.access != scene->access || !fault.has_va ||
	    !vmm_va_region_contains(scene->where, fault.va)) {
		kernel_fail("that was another fault");
	}
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

	kernel_require("a page",
		       vmm_map_any(&kernel->vmm, "A page", kernel_take_ram(1), VMM_KERNEL_RW, NULL,
				   &va, &detail),
		       &detail);
	write_byte(vmm_va_ptr(va));
	printf("\n(a page at %p was mapped, and written to", vmm_va_ptr(va));
	kernel_require("unmapping", vmm_unmap(&kernel->vmm, va, &detail), &detail);
	printf(", and unmapped)\n");
	play(&(struct scene){
		.title = "Write to a page unmapped a moment ago",
		.act = write_byte,
		.address = vmm_va_ptr(va),
		.access = VMM_FAULT_WRITE,
		.where = bytes_at(vmm_va_ptr(va), 1),
	});
}

/* Memory for one large leaf: a block if the board has room for one, else a run of pages. */
static vmm_pa_region_t take_block(void)
{
	const struct vmm_geometry *geometry = machine_format->geometry;
	unsigned int shift = geometry->page_shift + geometry->index_bits;
	uint64_t size = UINT64_C(1) << shift;
	vmm_pa_region_t taken, low, block;

	if (size > vmm_pa_region_size(board_free_ram()) / 4) {
		shift = geometry->page_shift + geometry->run_shift[0];
		size = UINT64_C(1) << shift;
	}
	/* Twice as much has an aligned one in it. */
	taken = kernel_take_ram(2 * size >> geometry->page_shift);
	low = taken;
	if (!vmm_pa_is_aligned(vmm_pa_region_start(taken), shift)) {
		uint64_t skip = size - vmm_pa_offset(vmm_pa_region_start(taken), shift);

		kernel_require("a block", vmm_pa_region_split(taken, skip, &low, &taken), NULL);
	}
	kernel_require("a block",
		       vmm_pa_region_take(&taken, size >> geometry->page_shift,
					  geometry->page_shift, &block),
		       NULL);
	return block;
}

static void show_leaf(const char *when, vmm_va_t va)
{
	struct vmm_leaf leaf;

	kernel_require("a leaf", vmm_table_query(kernel->table, va, &leaf), NULL);
	printf("  %s: a leaf of %" PRIu64 " KiB%s, %s\n", when, leaf.size >> 10,
	       vmm_attr_has(leaf.attr, VMM_ATTR_CONTIG) ? " in a run" : "",
	       vmm_attr_has(leaf.attr, VMM_ATTR_WRITE) ? "writable" : "read-only");
}

/* The page in the middle of a large leaf becomes read-only; what is beside it stays as it was. */
static void play_cut(void)
{
	uint64_t page = vmm_table_page_size(kernel->table);
	vmm_pa_region_t block = take_block();
	vmm_attr_t attr = VMM_KERNEL_RW;
	struct vmm_detail detail;
	uint8_t *bytes, *middle;
	vmm_va_t va;

	attr.bits |= VMM_ATTR_CONTIG;
	kernel_require("a block",
		       vmm_map_any(&kernel->vmm, "A block", block, attr, NULL, &va, &detail),
		       &detail);
	bytes = vmm_va_ptr(va);
	middle = bytes + vmm_pa_region_size(block) / 2;
	printf("\n(%" PRIu64 " KiB at %p\n", vmm_pa_region_size(block) >> 10, (void *)bytes);
	show_leaf("before", vmm_va_from_ptr(middle));
	middle[-1] = 1;
	middle[0] = 2;
	middle[page] = 3;
	kernel_require("protecting the middle",
		       vmm_protect_part(&kernel->vmm, bytes_at(middle, page), VMM_KERNEL_RO,
					&detail),
		       &detail);
	show_leaf("middle", vmm_va_from_ptr(middle));
	show_leaf("beside", vmm_va_from_ptr(middle + page));
	if (middle[-1] != 1 || middle[0] != 2 || middle[page] != 3) {
		kernel_fail("the cut lost a byte");
	}
	middle[-1] = 4;
	middle[page] = 5;
	printf("  both sides of the middle were written to)\n");
	play(&(struct scene){
		.title = "Write to the middle of the block",
		.act = write_byte,
		.address = middle,
		.access = VMM_FAULT_WRITE,
		.where = bytes_at(middle, 1),
	});
	if (vmm_audit(&kernel->vmm, NULL) != 0) {
		kernel_fail("record and tables differ");
	}
}

/* A kernel of the upper half ran here once, in its very first steps. */
static void play_identity(void)
{
	vmm_pa_region_t code = board_section(BOARD_SECTION_CODE);
	void *const loaded = (void *)(uintptr_t)vmm_pa_raw(vmm_pa_region_start(code));

	play(&(struct scene){
		.title = "Execute where the kernel was loaded",
		.act = call,
		.address = loaded,
		.access = VMM_FAULT_EXECUTE,
		.where = bytes_at(loaded, 1),
	});
}

int kernel_main(void)
{
	void *const nowhere = (void *)(uintptr_t)(UINT64_C(9) << 30);
	void *const code = (void *)(uintptr_t)kernel_main;

	kernel = kernel_set_up();
	printf("fault: " PORT_NAME ", %s\n\n", board.name);
	vmm_print_chars(&kernel->vmm, board_putc);

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
		.where = kernel_va(board_section(BOARD_SECTION_STACK_GUARD)),
	});
	play_unmapped();
	play_cut();

	if (BOARD_VIRTUAL_OFFSET != 0) {
		play_identity();
	}

	printf("\nfault: done, alive after %u faults\n", fault_count);
	return 0;
}
