/* SPDX-License-Identifier: MIT */
/*
 * More cores than one. What differs between CPUs is in cores_<cpu>.c.
 */

#include "cores.h"

#define STACK_SIZE      0x10000
#define THREAD_SIZE_MAX 1024

static struct kernel *kernel;
static void (*run)(unsigned int number);
static unsigned int settled_count;

static _Alignas(16) uint8_t threads[CORES_MAX][THREAD_SIZE_MAX];
static unsigned int numbers[CORES_MAX];

void lock_take(struct lock *lock)
{
	while (__atomic_exchange_n(&lock->taken, 1, __ATOMIC_ACQUIRE) != 0) {
		cores_pause();
	}
}

void lock_give(struct lock *lock)
{
	__atomic_store_n(&lock->taken, 0, __ATOMIC_RELEASE);
}

/* On the core's own stack, with the image mapped where it is loaded, too, until it settles. */
static void begin(void *argument)
{
	unsigned int number = *(const unsigned int *)argument;

	kernel_require("settling", cores_machine_settle(kernel), NULL);
	__atomic_fetch_add(&settled_count, 1, __ATOMIC_ACQ_REL);
	run(number);
}

/* The top of a stack with an unmapped page on both sides. */
static void *make_stack(const char *name)
{
	const struct vmm_place place = {.guards = {1, 1}};
	vmm_pa_region_t ram = kernel_take_ram(STACK_SIZE / vmm_table_page_size(kernel->table));
	struct vmm_detail detail = {.level = -1};
	vmm_va_t va;

	kernel_require(name,
		       vmm_map_any(&kernel->vmm, name, ram, VMM_KERNEL_RW, &place, &va, &detail),
		       &detail);
	return (uint8_t *)vmm_va_ptr(va) + vmm_pa_region_size(ram);
}

/* Registers that a core is started by are mapped like any driver's. */
static void map_starter(void)
{
	struct vmm_detail detail = {.level = -1};
	vmm_va_t va;

	if (board.cores == NULL) {
		return;
	}
	kernel_require(board.cores->name,
		       vmm_map_mmio(&kernel->vmm, board.cores->name,
				    vmm_pa_region_start(board.cores->registers),
				    vmm_pa_region_size(board.cores->registers), &va, &detail),
		       &detail);
	board_core_set_base(va);
}

unsigned int cores_start(struct kernel *the_kernel, void (*fn)(unsigned int number))
{
	struct board_core_setup setup = {.fn = begin, .translate = true};
	unsigned int count = 1;

	kernel = the_kernel;
	run = fn;
	if (board_thread_size() > THREAD_SIZE_MAX) {
		kernel_fail("a thread-local block is too large");
	}
	map_starter();
	kernel_require("registers of a core", cores_machine_regs(kernel, setup.regs), NULL);
	for (unsigned int core = 0; core < board.core_count && count < CORES_MAX; core++) {
		if (core == board_core()) {
			continue;
		}
		numbers[count] = count;
		setup.argument = &numbers[count];
		setup.stack_top = make_stack("Core's stack");
		setup.trap_stack_top = make_stack("Core's trap stack");
		setup.thread = threads[count];
		if (!board_core_start(core, &setup)) {
			break;
		}
		while (__atomic_load_n(&settled_count, __ATOMIC_ACQUIRE) != count) {
			cores_pause();
		}
		count++;
	}
	cores_machine_done();
	return count;
}
