/* SPDX-License-Identifier: MIT */
/* vmm/layout.h: an address space divided, and the arithmetic of a direct mapping. */

#include <inttypes.h>

#include <vmm/layout.h>

#include "host.h"

int main(void)
{
	static const char *const names[VMM_AREA_COUNT] = {
		[VMM_AREA_USER] = "userspace",     [VMM_AREA_STACK] = "call stack",
		[VMM_AREA_KERNEL] = "kernel",      [VMM_AREA_IO] = "I/O",
		[VMM_AREA_VMEMMAP] = "vmemmap",    [VMM_AREA_DIRECT] = "direct mapping",
	};
	static const struct vmm_direct_map map =
		VMM_DIRECT_MAP_INIT(VMM_SV39_DIRECT_START, VMM_SV39_DIRECT_SIZE, 0x80000000);
	struct vmm_layout own = vmm_layout_sv39;
	enum vmm_area area;
	vmm_va_t va;
	vmm_pa_t pa;

	require("to virtual", vmm_direct_va(&map, vmm_pa(0x80001000), &va));
	area = vmm_layout_find(&vmm_layout_sv39, va);
	printf("physical 0x80001000 is at 0x%" PRIx64 ", in the area '%s'\n", vmm_va_raw(va),
	       names[area]);
	require("and back", vmm_direct_pa(&map, va, &pa));
	printf("and back: 0x%" PRIx64 "\n", vmm_pa_raw(pa));
	printf("physical 0x1000, which is below: %s\n",
	       vmm_err_str(vmm_direct_va(&map, vmm_pa(0x1000), &va)));

	/* A copy may be changed; whether the rules still hold is checked. */
	own.areas[VMM_AREA_USER] = own.areas[VMM_AREA_DIRECT];
	printf("userspace in the direct mapping: %s\n", vmm_err_str(vmm_layout_check(&own)));
	return 0;
}
