/* SPDX-License-Identifier: MIT */
/* What a fault is said to come from, for each kind, access and cause. Layout of the text: test_print. */

#include "support/test_manager.h"

#include <limits.h>
#include <string.h>

#include <vmm/aarch64.h>
#include <vmm/fault.h>

#define PAGE UINT64_C(0x1000)
#define AREA (UINT64_C(1) << 30)

static struct test_manager manager;

static int set_up(void **state)
{
	struct test_manager_config config = {
		.format = &vmm_aarch64_4k,
		.flags = VMM_TABLE_ALLOW_WX,
		.area = VMM_VA_REGION_INIT(0, AREA),
		.window = VMM_VA_REGION_INIT(2 * AREA, 64 * PAGE),
	};

	test_manager_init(&manager, &config);
	*state = &manager;
	return 0;
}

static int tear_down(void **state)
{
	test_manager_fini(*state);
	return 0;
}

static void map(const char *name, uint64_t va, vmm_attr_t attr)
{
	assert_int_equal(vmm_map_at(&manager.vmm, name, test_va_region(va, PAGE), vmm_pa(va), attr,
				    NULL), VMM_OK);
}

static struct vmm_fault fault_at(enum vmm_fault_kind kind, enum vmm_fault_access access, uint64_t va)
{
	struct vmm_fault fault = { .kind = kind, .access = access, .has_va = true,
				   .va = vmm_va(va) };

	return fault;
}

static void assert_says(const struct vmm_fault *fault, const char *piece)
{
	test_text_init(&manager.text);
	vmm_explain(&manager.vmm, fault, &manager.text.out);
	if (strstr(manager.text.text, piece) == NULL) {
		fail_msg("'%s' isn't in: %s", piece, manager.text.text);
	}
}

/* The text after the kind and the address. */
static void assert_ends(const struct vmm_fault *fault, const char *end)
{
	size_t length = strlen(end);

	test_text_init(&manager.text);
	vmm_explain(&manager.vmm, fault, &manager.text.out);
	assert_true(manager.text.used > length);
	assert_string_equal(&manager.text.text[manager.text.used - length], end);
}

static void an_external_abort_is_on_a_walk_only_if_it_was(void **state)
{
	struct vmm_fault fault = fault_at(VMM_FAULT_EXTERNAL, VMM_FAULT_READ, 5 * PAGE);

	(void)state;
	map("memory", 5 * PAGE, VMM_KERNEL_RW);
	assert_ends(&fault, ": external abort in 'memory', 0x0 bytes in\n");
	fault.on_walk = true;
	assert_says(&fault, ": external abort on a walk of the tables in 'memory'");
	/* Only an external abort can be on a walk. */
	fault.kind = VMM_FAULT_ALIGNMENT;
	assert_ends(&fault, ": alignment fault in 'memory', 0x0 bytes in\n");
}

static void what_a_user_program_may_not_is_said(void **state)
{
	struct vmm_fault fault = fault_at(VMM_FAULT_PERMISSION, VMM_FAULT_READ, PAGE);

	(void)state;
	map("kernel", PAGE, VMM_KERNEL_RW);
	map("shared", 2 * PAGE, VMM_USER_RO);
	map("program", 3 * PAGE, VMM_USER_RX);
	map("code", 4 * PAGE, vmm_attr(VMM_ATTR_EXEC(VMM_EXEC_KERNEL) | VMM_ATTR_USER));
	fault.user = true;
	assert_says(&fault, " (the kernel's) in 'kernel'");
	fault.va = vmm_va(2 * PAGE);
	assert_says(&fault, " (the tables allow it now) in 'shared'");
	fault.access = VMM_FAULT_WRITE;
	assert_says(&fault, " (read-only) in 'shared'");
	fault.access = VMM_FAULT_EXECUTE;
	assert_says(&fault, " (not executable) in 'shared'");
	fault.va = vmm_va(3 * PAGE);
	assert_says(&fault, " (the tables allow it now) in 'program'");
	fault.va = vmm_va(4 * PAGE);
	assert_says(&fault, " (executable for the kernel only) in 'code'");
}

static void what_the_kernel_may_not_is_said(void **state)
{
	struct vmm_fault fault = fault_at(VMM_FAULT_PERMISSION, VMM_FAULT_WRITE, PAGE);

	(void)state;
	map("data", PAGE, VMM_KERNEL_RW);
	map("shared", 2 * PAGE, VMM_USER_RW);
	map("code", 3 * PAGE, VMM_KERNEL_RX);
	assert_says(&fault, " (the tables allow it now) in 'data'");
	fault.va = vmm_va(2 * PAGE);
	assert_says(&fault, " (user programs') in 'shared'");
	fault.access = VMM_FAULT_EXECUTE;
	fault.va = vmm_va(3 * PAGE);
	assert_says(&fault, " (the tables allow it now) in 'code'");
}

static void a_damaged_descriptor_is_named(void **state)
{
	struct vmm_fault fault = fault_at(VMM_FAULT_TRANSLATION, VMM_FAULT_READ, AREA / 2);
	uint64_t *root = vmm_frames_ptr(&manager.frames.frames, vmm_table_root(&manager.table));
	uint64_t whole = root[0];

	(void)state;
	/* A block, which the first level of 48 bits doesn't have. */
	root[0] = 0x701;
	assert_says(&fault, " (a damaged descriptor)");
	root[0] = whole;
}

static void the_window_has_neighbors_of_its_own(void **state)
{
	struct vmm_fault fault = fault_at(VMM_FAULT_PAGE, VMM_FAULT_READ, 2 * AREA + 32 * PAGE);

	(void)state;
	assert_ends(&fault, ": page fault: nothing is mapped\n");
	fault.va = vmm_va(2 * AREA - PAGE);
	assert_ends(&fault, ", outside the addresses managed\n");
	fault.va = vmm_va(AREA - PAGE);
	assert_ends(&fault, ": page fault: nothing is mapped\n");
}

static void any_level_is_printed(void **state)
{
	struct vmm_fault fault = fault_at(VMM_FAULT_TRANSLATION, VMM_FAULT_READ, 0);

	(void)state;
	fault.has_level = true;
	fault.level = INT_MAX;
	assert_says(&fault, "at level 2147483647");
	fault.level = -1;
	assert_says(&fault, "at level -1");
	fault.level = INT_MIN;
	assert_says(&fault, "at level -2147483648");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(an_external_abort_is_on_a_walk_only_if_it_was),
		TEST(what_a_user_program_may_not_is_said),
		TEST(what_the_kernel_may_not_is_said),
		TEST(a_damaged_descriptor_is_named),
		TEST(the_window_has_neighbors_of_its_own),
		TEST(any_level_is_printed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
