/* SPDX-License-Identifier: MIT */
/*
 * User programs of a kernel in the upper half. What differs between CPUs is in user_<cpu>.c.
 */

#include "user.h"

#include <stdio.h>
#include <string.h>

#include <vmm/fault.h>

#define USER_PAGE_COUNT 64

static struct kernel *kernel;
static const struct vmm_sync *user_sync;
static unsigned int table_count;

/* Whether this core translates user addresses. */
static _Thread_local bool is_open;

/* The programs' pages, as the kernel sees them. */
static vmm_pa_region_t memory;
static vmm_va_t memory_va;
static uint64_t memory_used;

void users_init(struct kernel *the_kernel, const struct vmm_sync *sync)
{
	struct vmm_detail detail = {.level = -1};

	kernel = the_kernel;
	user_sync = sync;
	memory = kernel_take_ram(USER_PAGE_COUNT);
	kernel_require("user memory",
		       vmm_map_any(&kernel->vmm, "User memory", memory, VMM_KERNEL_RW, NULL,
				   &memory_va, &detail),
		       &detail);
	kernel_require("sharing the kernel's half", user_machine_share(kernel->table, &detail),
		       &detail);
}

static uint64_t page_size(void)
{
	return vmm_table_page_size(kernel->table);
}

struct user_page user_take_page(void)
{
	struct user_page page;
	uint64_t offset = memory_used;

	memory_used += page_size();
	if (memory_used > vmm_pa_region_size(memory)) {
		kernel_fail("no more pages for programs");
	}
	page.pa = vmm_pa(vmm_pa_raw(vmm_pa_region_start(memory)) + offset);
	page.pointer = vmm_va_ptr(vmm_va(vmm_va_raw(memory_va) + offset));
	memset(page.pointer, 0, page_size());
	return page;
}

void user_map(struct user *user, const char *what, uint64_t va, struct user_page page,
	      vmm_attr_t attr)
{
	vmm_va_region_t where = VMM_VA_REGION_INIT(va, page_size());
	struct vmm_detail detail = {.level = -1};

	kernel_require(what, vmm_map_at(&user->vmm, what, where, page.pa, attr, &detail), &detail);
}

static void make_space(struct user *user)
{
	struct vmm_table_config config = {
		.format = machine_format,
		.frames = &kernel->bump.frames,
		.sync = user_sync,
	};

	if (table_count == USER_MAX) {
		kernel_fail("no more tables");
	}
	kernel_require("a program's table",
		       user_machine_table(table_count++, &config, &user->table), NULL);
	kernel_require("the kernel's half", user_machine_join(user->table, kernel->table), NULL);
	kernel_require("a program's manager",
		       vmm_init(&user->vmm,
				&(struct vmm_config){
					.table = user->table,
					.pool = user->pool,
					.pool_count = sizeof(user->pool) / sizeof(user->pool[0]),
				}),
		       NULL);
}

void user_create(struct user *user, const char *name, const struct user_program *program,
		 uint64_t role)
{
	struct user_page text = user_take_page();
	struct user_page data = user_take_page();
	vmm_va_region_t guard = VMM_VA_REGION_INIT(USER_STACK - page_size(), page_size());
	struct vmm_detail detail = {.level = -1};

	user->name = name;
	make_space(user);
	memcpy(text.pointer, program->text, program->text_size);
	memcpy(data.pointer, program->data, program->data_size);
	user_machine_publish_code(text.pointer, program->text_size);
	user_map(user, "Code", USER_TEXT, text, VMM_USER_RX);
	user_map(user, "Data", USER_DATA, data, VMM_USER_RW);
	user_map(user, "Stack", USER_STACK, user_take_page(), VMM_USER_RW);
	kernel_require("guard", vmm_guard_at(&user->vmm, "Stack", guard, &detail), &detail);
	board_user_frame(&user->frame, USER_TEXT, USER_STACK + page_size(), role);
}

/* By the program's table, so that a program can't make the kernel read what it can't read itself.
 * */
const void *user_bytes(const struct user *user, uint64_t va, uint64_t size)
{
	struct vmm_leaf leaf;
	vmm_pa_t pa;
	uint64_t offset;

	if (size > page_size() || (va & (page_size() - 1)) + size > page_size() ||
	    vmm_table_query(user->table, vmm_va(va), &leaf) != VMM_OK ||
	    !vmm_attr_has(leaf.attr, VMM_ATTR_USER) ||
	    vmm_table_translate(user->table, vmm_va(va), &pa) != VMM_OK ||
	    !vmm_pa_region_contains(memory, pa)) {
		return NULL;
	}
	offset = vmm_pa_raw(pa) - vmm_pa_raw(vmm_pa_region_start(memory));
	return vmm_va_ptr(vmm_va(vmm_va_raw(memory_va) + offset));
}

void user_end(struct user *user)
{
	vmm_fini(&user->vmm);
	vmm_table_fini(user->table);
	user->asid.tag = 0;
}

void user_leave(struct vmm_asids *asids, unsigned int cpu)
{
	kernel_require("leaving", user_machine_close(kernel->table), NULL);
	kernel_require("leaving", vmm_asids_leave(asids, cpu), NULL);
	is_open = false;
}

struct vmm_asid_use user_switch(struct vmm_asids *asids, unsigned int cpu, struct user *user)
{
	struct vmm_asid_use use;

	kernel_require("ASID", vmm_asids_switch(asids, cpu, &user->asid, &use), NULL);
	if (use.is_new) {
		kernel_require("ASID's size", vmm_table_set_asid(user->table, use.asid), NULL);
	}
	if (!is_open) {
		kernel_require("user addresses", user_machine_open(user->table, kernel->table),
			       NULL);
		is_open = true;
	}
	user_machine_switch(user->table, use.flush);
	return use;
}

enum user_event user_judge(struct user *user, struct user_news *news)
{
	struct board_trap trap;

	if (user_machine_call(&user->frame, news)) {
		return USER_CALLED;
	}
	trap.kind = (enum board_trap_kind)user->frame.kind;
	trap.pc = user->frame.pc;
	trap.status = user->frame.status;
	trap.cause = user->frame.cause;
	trap.address = user->frame.address;
	if (!machine_fault_decode(user->table, &trap, &news->fault)) {
		return USER_TRAPPED;
	}
	return USER_FAULTED;
}

enum user_event user_run(struct user *user, struct user_news *news)
{
	board_user_run(&user->frame);
	return user_judge(user, news);
}

bool user_may_retry(const struct user *user, const struct vmm_fault *fault)
{
	struct vmm_leaf leaf;

	if (vmm_table_query(user->table, fault->va, &leaf) != VMM_OK ||
	    !vmm_attr_has(leaf.attr, VMM_ATTR_USER) ||
	    (fault->access == VMM_FAULT_WRITE && !vmm_attr_has(leaf.attr, VMM_ATTR_WRITE)) ||
	    (fault->access == VMM_FAULT_EXECUTE && vmm_attr_exec(leaf.attr) != VMM_EXEC_USER)) {
		return false;
	}
	user_machine_retry();
	return true;
}

bool user_pass_over(struct user *user)
{
	const uint32_t *mark = user_bytes(user, user->frame.pc - 4, sizeof(*mark));

	if (mark == NULL || *mark != PROBE_MARK) {
		return false;
	}
	user_machine_pass_over(&user->frame);
	return true;
}

void user_explain(const struct user *user, enum user_event event, const struct user_news *news)
{
	struct vmm_out_chars out;
	bool is_user;

	if (event != USER_FAULTED) {
		printf("cause 0x%llx at 0x%llx, which is no memory fault\n",
		       (unsigned long long)user->frame.cause, (unsigned long long)user->frame.pc);
		return;
	}
	is_user = vmm_va_region_contains(vmm_table_region(user->table, VMM_LOWER_HALF),
					 news->fault.va);
	vmm_out_chars_init(&out, board_putc);
	vmm_explain(is_user ? &user->vmm : &kernel->vmm, &news->fault, &out.out);
}
