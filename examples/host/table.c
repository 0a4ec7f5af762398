/* SPDX-License-Identifier: MIT */
/* vmm/table.h, vmm/attr.h: map, ask, change a part, look at everything. */

#include <inttypes.h>

#include <vmm/aarch64.h>
#include <vmm/bump.h>

#include "host.h"

static struct vmm_bump bump;
static struct vmm_aarch64_table table;

static void show_leaves(const char *title)
{
	struct vmm_cursor cursor = {.next = 0};
	struct vmm_leaf leaf;

	printf("%s\n", title);
	while (vmm_table_visit(&table.base, &cursor, &leaf, NULL) == VMM_OK) {
		printf("  0x%08" PRIx64 " -> 0x%08" PRIx64 ", %5" PRIu64 " KiB, %s%s\n",
		       vmm_va_raw(leaf.va), vmm_pa_raw(leaf.pa), leaf.size / 1024,
		       vmm_attr_has(leaf.attr, VMM_ATTR_WRITE) ? "writable" : "read-only",
		       vmm_attr_exec(leaf.attr) == VMM_EXEC_NEVER ? "" : ", executable");
	}
}

static void show_leaf(uint64_t va)
{
	struct vmm_leaf leaf;

	require("query", vmm_table_query(&table.base, vmm_va(va), &leaf));
	printf("0x%" PRIx64 " is in a leaf of %" PRIu64 " KiB, level %d of the architecture\n", va,
	       leaf.size / 1024, vmm_table_arch_level(&table.base, leaf.level));
}

int main(void)
{
	struct vmm_table_config config = {.format = &vmm_aarch64_4k, .frames = &bump.frames};
	struct vmm_request request = {
		.op = VMM_OP_MAP,
		.va = VMM_VA_REGION_INIT(0x80000000, 0x400000),
		.pa = VMM_PA_INIT(0x40000000),
		.attr = VMM_KERNEL_RW,
	};
	vmm_va_region_t middle = VMM_VA_REGION_INIT(0x80200000, 0x1000);
	struct vmm_detail detail;
	uint64_t frame_count;
	enum vmm_err err;

	require("bump", vmm_bump_init(&bump, ram, 12, ram_window()));
	require("table", vmm_aarch64_table_init(&table, &config));

	/* What it will cost is known before, exactly. */
	require("need", vmm_table_need(&table.base, &request, &frame_count, NULL));
	printf("4 MiB will take %" PRIu64 " frames\n", frame_count);
	require("map",
		vmm_table_map(&table.base, request.va, request.pa, request.attr, &detail));
	show_leaf(0x80200000);

	/* Any range of pages can be changed: the leaf around it is split. */
	require("protect", vmm_table_protect(&table.base, middle, VMM_KERNEL_RX, &detail));
	show_leaf(0x80200000);
	show_leaf(0x80000000);
	show_leaves("what is mapped, leaves alike joined:");

	/* An error changes nothing, and says where it was. */
	err = vmm_table_map(&table.base, middle, vmm_pa(0), VMM_KERNEL_RW, &detail);
	printf("once more: %s at 0x%" PRIx64 "\n", vmm_err_str(err), vmm_va_raw(detail.va));
	err = vmm_table_protect(&table.base, middle,
				vmm_attr(VMM_ATTR_WRITE | VMM_ATTR_EXEC(VMM_EXEC_KERNEL) |
					 VMM_ATTR_GLOBAL),
				&detail);
	printf("writable and executable: %s\n", vmm_err_str(err));
	vmm_table_fini(&table.base);
	return 0;
}
