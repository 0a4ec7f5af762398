/* SPDX-License-Identifier: MIT */
/*
 * high: drivers/, linked in the upper half. What it can do there, where its addresses lead, and what
 * is no longer mapped.
 */

#include <inttypes.h>
#include <stdio.h>

#include <vmm/direct.h>

#include "../common/kernel.h"

static struct kernel *kernel;
static struct vmm_direct direct;

/* The area of the call stack, where a layout has one: another manager of the same table. */
static struct vmm stacks;
static struct vmm_mapping stack_pool[4];

/* call_on_<cpu>.S: calls fn(argument) on another stack. */
void call_on(void *stack_top, void (*fn)(void *), void *argument);

static const char *const area_names[] = {
	[VMM_AREA_USER] = "user programs",
	[VMM_AREA_STACK] = "call stack",
	[VMM_AREA_DIRECT] = "direct mapping",
	[VMM_AREA_VMEMMAP] = "page frames",
	[VMM_AREA_IO] = "I/O",
	[VMM_AREA_KERNEL] = "kernel",
};

static void show_layout(vmm_va_t code)
{
	kernel_require("the layout's rules", vmm_layout_check(machine_layout), NULL);
	for (unsigned int i = 0; i < VMM_AREA_COUNT; i++) {
		vmm_va_region_t area = machine_layout->areas[i];

		if (!vmm_va_region_is_empty(area)) {
			printf("  %016" PRIx64 "..%016" PRIx64 " %s%s\n",
			       vmm_va_raw(vmm_va_region_start(area)),
			       vmm_va_raw(vmm_va_region_last(area)), area_names[i],
			       vmm_va_region_contains(area, code) ? ", this code" : "");
		}
	}
	if (vmm_layout_find(machine_layout, code) == VMM_AREA_COUNT) {
		kernel_fail("this code is in no area");
	}
}

/* Two drivers have one mapping if their registers share a page. */
static void show_sharing(void)
{
	for (unsigned int i = 0; i < board.device_count; i++) {
		const struct vmm_mapping *mapping = vmm_find(&kernel->vmm, board_device_base(i));

		if (mapping == NULL) {
			kernel_fail("a driver's mapping isn't in the record");
		}
		printf("%-26s at %p, users of its mapping: %u\n", board.devices[i].name,
		       vmm_va_ptr(board_device_base(i)),
		       (unsigned int)vmm_mapping_user_count(mapping));
	}
}

/* An address becomes a physical one only where something is mapped: the hardware says so, and the
 * table has to agree, also on there being nothing. */
static void show_translation(const char *what, vmm_va_t va)
{
	vmm_pa_t by_table = vmm_pa(0);
	vmm_pa_t by_hardware = vmm_pa(0);
	enum vmm_err table_err = vmm_table_translate(kernel->table, va, &by_table);
	enum vmm_err hardware_err = machine_translate(va, &by_hardware);

	printf("%-22s 0x%016" PRIx64 " -> ", what, vmm_va_raw(va));
	if (hardware_err == VMM_OK) {
		printf("0x%" PRIx64 " by %s\n", vmm_pa_raw(by_hardware), machine_translate_how);
	} else {
		printf("%s\n", vmm_err_str(hardware_err));
	}
	if ((table_err == VMM_OK) != (hardware_err == VMM_OK) ||
	    !vmm_pa_equal(by_table, by_hardware)) {
		kernel_fail("the table says something else");
	}
}

static void read_byte(void *address)
{
	(void)*(volatile uint8_t *)address;
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

static void overflow(void *address)
{
	(void)address;
	printf("  came back with %" PRIu64 "\n", recurse(1000000));
}

/* Does what must fault in `where`, and puts the fault into words. */
static void provoke_in(const struct vmm *vmm, const char *what, void (*act)(void *), void *address,
		       vmm_va_region_t where)
{
	struct board_trap trap;
	struct vmm_fault fault;
	struct vmm_out_chars out;

	printf("%s\n  ", what);
	if (board_try(act, address, &trap)) {
		kernel_fail("nothing happened");
	}
	if (!machine_fault_decode(kernel->table, &trap, &fault)) {
		kernel_fail("that was no memory fault");
	}
	vmm_out_chars_init(&out, board_putc);
	vmm_explain(vmm, &fault, &out.out);
	if (fault.kind != VMM_FAULT_TRANSLATION || !vmm_va_region_contains(where, fault.va)) {
		kernel_fail("that was another fault");
	}
}

static void provoke(const char *what, void (*act)(void *), void *address, vmm_va_region_t where)
{
	provoke_in(&kernel->vmm, what, act, address, where);
}

/* Where the image was loaded, and ran until translation was on. */
static void show_what_is_gone(void)
{
	vmm_pa_region_t code = board_section(BOARD_SECTION_CODE);
	vmm_va_region_t loaded =
		VMM_VA_REGION_INIT(vmm_pa_raw(vmm_pa_region_start(code)), vmm_pa_region_size(code));

	show_translation("where it was loaded", vmm_va_region_start(loaded));
	provoke("read there", read_byte, vmm_va_ptr(vmm_va_region_start(loaded)), loaded);
	provoke("execute there", call, vmm_va_ptr(vmm_va_region_start(loaded)), loaded);
	provoke("recurse until the stack ends", overflow, NULL,
		kernel_va(board_section(BOARD_SECTION_STACK_GUARD)));
}

/*
 * All of the board's memory, without what the kernel uses already: its image, which must not be
 * writable a second time, and the tables. A layout whose image lies in the area of the direct mapping
 * is that mapping's beginning, so that the window is what is behind.
 */
static void hold_direct(void)
{
	static vmm_pa_region_t hole;
	uint64_t start = vmm_pa_raw(vmm_pa_region_start(board_section(BOARD_SECTION_CODE)));
	uint64_t end = vmm_pa_raw(vmm_pa_region_last(kernel->bump.memory)) + 1;
	vmm_va_region_t area = machine_layout->areas[VMM_AREA_DIRECT];
	vmm_va_region_t image = kernel_va(board_section(BOARD_SECTION_CODE));
	uint64_t skipped = vmm_va_region_overlaps(area, image) ? end : 0;
	struct vmm_detail detail = {.level = -1};
	struct vmm_direct_config config = {
		.name = "Direct mapping",
		.map = VMM_DIRECT_MAP_INIT(vmm_va_raw(vmm_va_region_start(area)) + skipped,
					   vmm_va_region_size(area) - skipped, skipped),
		.memory = &board.ram,
		.memory_count = 1,
		.holes = &hole,
		.hole_count = 1,
	};

	hole = (vmm_pa_region_t)VMM_PA_REGION_INIT(start, end - start);
	kernel_require("direct mapping", vmm_direct_init(&direct, &kernel->vmm, &config, &detail),
		       &detail);
}

/* The page in the middle of what is free. */
static vmm_pa_region_t middle_page(void)
{
	vmm_pa_region_t ram = board_free_ram();
	unsigned int shift = machine_format->geometry->page_shift;
	uint64_t middle = vmm_pa_raw(vmm_pa_region_start(ram)) + vmm_pa_region_size(ram) / 2;
	vmm_pa_region_t page = VMM_PA_REGION_INIT(middle >> shift << shift, UINT64_C(1) << shift);

	return page;
}

static void show_direct(void)
{
	const uint64_t word = UINT64_C(0xdeadbeef);
	vmm_pa_region_t page = middle_page();
	vmm_pa_t pa = vmm_pa_region_start(page);
	struct vmm_detail detail = {.level = -1};
	struct vmm_leaf leaf;
	enum vmm_err err;
	vmm_va_t va;
	vmm_va_t other;
	vmm_va_region_t bytes;

	hold_direct();
	kernel_require("its address", vmm_direct_va(&direct.map, pa, &va), NULL);
	bytes = (vmm_va_region_t)VMM_VA_REGION_INIT(vmm_va_raw(va), sizeof(word));
	printf("physical 0x%" PRIx64 " is at 0x%" PRIx64 " by arithmetic\n", vmm_pa_raw(pa),
	       vmm_va_raw(va));
	show_translation("before its first use", va);
	provoke("read there", read_byte, vmm_va_ptr(va), bytes);
	kernel_require("ensure", vmm_direct_ensure(&direct, page, &va, &detail), &detail);
	show_translation("after", va);
	kernel_require("query", vmm_table_query(kernel->table, va, &leaf), NULL);
	printf("by a leaf of %" PRIu64 " KiB\n", leaf.size >> 10);

	kernel_require("another mapping",
		       vmm_map_any(&kernel->vmm, "Another mapping", page, VMM_KERNEL_RW, NULL,
				   &other, &detail),
		       &detail);
	*(volatile uint64_t *)vmm_va_ptr(va) = word;
	printf("wrote 0x%" PRIx64 " there, read 0x%" PRIx64 " through another mapping\n", word,
	       *(volatile uint64_t *)vmm_va_ptr(other));
	if (*(volatile uint64_t *)vmm_va_ptr(other) != word) {
		kernel_fail("the word isn't where it was written");
	}
	kernel_require("unmap", vmm_unmap(&kernel->vmm, other, &detail), &detail);

	err = vmm_direct_ensure(&direct, board_section(BOARD_SECTION_CODE), NULL, &detail);
	printf("the kernel's code, writable: %s\n", vmm_err_str(err));
	if (err == VMM_OK) {
		kernel_fail("it isn't a hole");
	}
}

static void say_where(void *stack)
{
	volatile uint8_t here = 0;

	(void)here;
	printf("a function runs with its stack at 0x%" PRIx64 ", in the area of the %s\n",
	       vmm_va_raw(vmm_va_from_ptr(&here)),
	       area_names[vmm_layout_find(machine_layout, vmm_va_from_ptr(&here))]);
	if (!vmm_va_region_contains(*(const vmm_va_region_t *)stack, vmm_va_from_ptr(&here))) {
		kernel_fail("that is another stack");
	}
}

static void overflow_on(void *stack_top)
{
	call_on(stack_top, overflow, NULL);
}

/* A stack at the end of the area, and a guard below. In the lower half it is of one address space, so
 * it isn't global. */
static void show_call_stack(void)
{
	const uint64_t page = vmm_table_page_size(kernel->table);
	vmm_va_region_t area = machine_layout->areas[VMM_AREA_STACK];
	uint64_t end = vmm_va_raw(vmm_va_region_start(area)) + vmm_va_region_size(area);
	vmm_va_region_t stack = VMM_VA_REGION_INIT(end - 4 * page, 4 * page);
	vmm_va_region_t guard = VMM_VA_REGION_INIT(end - 5 * page, page);
	vmm_attr_t attr = vmm_attr(VMM_ATTR_WRITE);
	struct vmm_detail detail = {.level = -1};

	if (vmm_va_region_is_empty(area)) {
		printf("this layout has no area for it\n");
		return;
	}
	kernel_require("stacks",
		       vmm_init(&stacks,
				&(struct vmm_config){
					.table = kernel->table,
					.pool = stack_pool,
					.pool_count = sizeof(stack_pool) / sizeof(stack_pool[0]),
					.area = area,
				}),
		       NULL);
	kernel_require("call stack",
		       vmm_map_at(&stacks, "Call stack", stack,
				  vmm_pa_region_start(kernel_take_ram(4)), attr, &detail),
		       &detail);
	kernel_require("guard", vmm_guard_at(&stacks, "Call stack", guard, &detail), &detail);
	call_on(vmm_va_ptr(vmm_va(end)), say_where, &stack);
	provoke_in(&stacks, "recurse until it ends", overflow_on, vmm_va_ptr(vmm_va(end)), guard);
}

static void show_record(void)
{
	struct vmm_out_chars out;

	vmm_print_chars(&kernel->vmm, board_putc);
	vmm_out_chars_init(&out, board_putc);
	printf("%" PRIu64 " differences between record and tables\n",
	       vmm_audit(&kernel->vmm, &out.out));
	if (vmm_audit(&kernel->vmm, NULL) != 0) {
		kernel_fail("they don't agree");
	}
}

int kernel_main(void)
{
	bool was_enabled = machine_is_enabled();
	vmm_va_t code = vmm_va((uintptr_t)kernel_main);

	kernel = kernel_set_up();
	printf("high: " PORT_NAME ", %s\n", board.name);
	printf("\n1. Where this is\n");
	show_layout(code);
	printf("tables %s\n", kernel_how);
	printf("translation was %s when kernel_main was called, at 0x%" PRIx64 "\n",
	       was_enabled ? "on" : "off", vmm_va_raw(code));
	if (!was_enabled) {
		kernel_fail("the kernel came up by itself");
	}

	printf("\n2. Drivers\n");
	show_sharing();

	printf("\n3. Where addresses lead\n");
	show_translation("code", code);
	show_translation("stack", vmm_va_from_ptr(&was_enabled));
	show_translation(board.devices[0].name, board_device_base(0));
	show_translation("root table",
			 vmm_va(vmm_pa_raw(vmm_table_root(kernel->table)) + BOARD_VIRTUAL_OFFSET));
	show_translation("stack's guard",
			 vmm_va_region_start(kernel_va(board_section(BOARD_SECTION_STACK_GUARD))));

	printf("\n4. What is gone\n");
	show_what_is_gone();

	printf("\n5. The direct mapping, filled as it is used\n");
	show_direct();

	printf("\n6. A call stack in its area\n");
	show_call_stack();

	printf("\n7. The record\n");
	show_record();

	printf("\nhigh: done\n");
	return 0;
}
