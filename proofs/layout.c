/* SPDX-License-Identifier: MIT */
/* Direct mappings: from a physical address to a virtual one and back, and never outside the window. */

#include "../libvmm/span.c"
#include "../libvmm/addr.c"
#include "../libvmm/layout.c"

#include "prove.h"

static bool make(uint64_t start, uint64_t size, uint64_t base, struct vmm_direct_map *map)
{
	vmm_va_region_t window = VMM_VA_REGION_INIT(start, size);

	return vmm_direct_map_init(map, window, vmm_pa(base)) == VMM_OK;
}

bool prove_layout_direct_map(uint64_t start, uint64_t size, uint64_t base, uint64_t pa)
{
	struct vmm_direct_map map = VMM_DIRECT_MAP_INIT(0, 0, 0);
	bool is_behind = pa >= base && pa - base < size;
	vmm_va_t va = vmm_va(7);
	vmm_pa_t back = vmm_pa(7);

	ONLY_IF(make(start, size, base, &map));
	HOLDS(size != 0 && (wide)start + size <= (wide)1 << 64 && (wide)base + size <= (wide)1 << 64);
	HOLDS(vmm_direct_va(&map, vmm_pa(pa), &va) == (is_behind ? VMM_OK : VMM_ERR_RANGE));
	if (!is_behind) {
		HOLDS(va.raw == 7);
		return true;
	}
	HOLDS(va.raw >= start && va.raw - start < size && va.raw - start == pa - base);
	HOLDS(vmm_direct_pa(&map, va, &back) == VMM_OK && back.raw == pa);
	return true;
}

bool prove_layout_direct_region(uint64_t start, uint64_t size, uint64_t base, uint64_t pa,
				uint64_t pa_size)
{
	struct vmm_direct_map map = VMM_DIRECT_MAP_INIT(0, 0, 0);
	vmm_pa_region_t region = VMM_PA_REGION_INIT(pa, pa_size);
	vmm_va_region_t va = VMM_VA_REGION_INIT(7, 7);
	bool is_behind;

	ONLY_IF(make(start, size, base, &map) && vmm_pa_region_is_valid(region) && pa_size != 0);
	/* Its first and its last byte; neither region wraps. */
	is_behind = pa >= base && pa - base < size && pa + (pa_size - 1) - base < size;
	HOLDS(vmm_direct_va_region(&map, region, &va) == (is_behind ? VMM_OK : VMM_ERR_RANGE));
	if (!is_behind) {
		HOLDS(va.bytes.start == 7 && va.bytes.size == 7);
		return true;
	}
	HOLDS(va.bytes.size == pa_size && va.bytes.start - start == pa - base);
	return true;
}

bool prove_layout_direct_region_back(uint64_t start, uint64_t size, uint64_t base, uint64_t va,
				     uint64_t va_size)
{
	struct vmm_direct_map map = VMM_DIRECT_MAP_INIT(0, 0, 0);
	vmm_va_region_t region = VMM_VA_REGION_INIT(va, va_size);
	vmm_pa_region_t pa = VMM_PA_REGION_INIT(7, 7);
	bool is_in;

	ONLY_IF(make(start, size, base, &map) && vmm_va_region_is_valid(region) && va_size != 0);
	is_in = va >= start && va - start < size && va + (va_size - 1) - start < size;
	HOLDS(vmm_direct_pa_region(&map, region, &pa) == (is_in ? VMM_OK : VMM_ERR_RANGE));
	if (!is_in) {
		HOLDS(pa.bytes.start == 7 && pa.bytes.size == 7);
		return true;
	}
	HOLDS(pa.bytes.size == va_size && pa.bytes.start - base == va - start);
	return true;
}
