/* SPDX-License-Identifier: MIT */
/* vmm/addr.h, vmm/region.h: addresses and regions that neither mix nor wrap. */

#include <inttypes.h>

#include "host.h"

#define PAGE_SHIFT 12

static void show(const char *what, vmm_pa_region_t region)
{
	printf("%-10s 0x%" PRIx64 "..0x%" PRIx64 ", %" PRIu64 " bytes\n", what,
	       vmm_pa_raw(vmm_pa_region_start(region)), vmm_pa_raw(vmm_pa_region_last(region)),
	       vmm_pa_region_size(region));
}

int main(void)
{
	vmm_pa_region_t rest = ram;
	vmm_pa_region_t tables;
	vmm_pa_region_t registers;
	vmm_va_t last_page = vmm_va(UINT64_C(0xfffffffffffff000));
	vmm_va_t sum;

	/* A boot allocator in one call: pages off the front of what is left. */
	require("take", vmm_pa_region_take(&rest, 16, PAGE_SHIFT, &tables));
	show("tables", tables);
	show("the rest", rest);

	/* Registers are rarely whole pages; mappings always are. */
	require("region", vmm_pa_region(vmm_pa(0x3f201000), 0x90, &registers));
	show("registers", registers);
	require("align", vmm_pa_region_align_out(registers, PAGE_SHIFT, &registers));
	show("mapped", registers);

	/* The last page of the space is a page like any other; behind it there is nothing. */
	printf("last page + 0x0fff: %s\n", vmm_err_str(vmm_va_add(last_page, 0xfff, &sum)));
	printf("last page + 0x1000: %s\n", vmm_err_str(vmm_va_add(last_page, 0x1000, &sum)));

	/* Does not compile: vmm_pa_region_contains(ram, last_page), sum + 1, vmm_pa_ptr(...). */
	return 0;
}
