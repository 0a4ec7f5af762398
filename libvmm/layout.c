/* SPDX-License-Identifier: MIT */
/*
 * The supplied layouts with their rules, judged by the compiler and, for anybody's layout, at run
 * time; and the arithmetic of direct mappings.
 *
 * The sketch that the Sv48 layout comes from gives each area as an offset from the end of the
 * address space. Its four kernel areas are canonical, disjoint and made of whole root entries, and
 * are kept to the byte. Its userspace, 65536 GiB at -58368 GiB, begins in the upper half and runs
 * 7168 GiB past the last address: there it can't be. It keeps its size and lies where userspace is
 * in Sv39, at the start of the lower half.
 */

#include <vmm/layout.h>

/* Privileged 12.4, 12.5: the bits above the highest translated one repeat it. */
#define IS_CANONICAL(va, sign_bit) \
	((va) >> (sign_bit) == 0 || (va) >> (sign_bit) == UINT64_MAX >> (sign_bit))
#define LAST(area)         (area##_START + (area##_SIZE - 1))
#define ENTRY(area, shift) ((area##_START >> (shift)) % 512)

#define ASSERT_AREA(area, sign_bit, shift)                                                      \
	VMM_STATIC_ASSERT(VMM_REGION_FITS(area##_START, area##_SIZE) && area##_SIZE != 0,       \
			  #area " ends inside the 64-bit space");                               \
	VMM_STATIC_ASSERT(IS_CANONICAL(area##_START, sign_bit) &&                               \
				  IS_CANONICAL(LAST(area), sign_bit),                           \
			  #area " is canonical");                                               \
	VMM_STATIC_ASSERT(area##_START >> 63 == LAST(area) >> 63, #area " is in one half");     \
	VMM_STATIC_ASSERT(((area##_START | area##_SIZE) & ((UINT64_C(1) << (shift)) - 1)) == 0, \
			  #area " is made of whole root entries")
#define ASSERT_FOLLOWS(area, before) \
	VMM_STATIC_ASSERT(area##_START == LAST(before) + 1, #area " begins where " #before " ends")

ASSERT_AREA(VMM_SV39_USER, 38, 30);
ASSERT_AREA(VMM_SV39_STACK, 38, 30);
ASSERT_AREA(VMM_SV39_DIRECT, 38, 30);
ASSERT_AREA(VMM_SV39_IO, 38, 30);
ASSERT_FOLLOWS(VMM_SV39_STACK, VMM_SV39_USER);
ASSERT_FOLLOWS(VMM_SV39_IO, VMM_SV39_DIRECT);
VMM_STATIC_ASSERT(ENTRY(VMM_SV39_USER, 30) == 0, "userspace begins with entry 0");
VMM_STATIC_ASSERT(ENTRY(VMM_SV39_STACK, 30) == 255, "the call stack is entry 255");
VMM_STATIC_ASSERT(ENTRY(VMM_SV39_DIRECT, 30) == 256, "the direct mapping begins with entry 256");
VMM_STATIC_ASSERT(ENTRY(VMM_SV39_IO, 30) == 511, "I/O is entry 511");
VMM_STATIC_ASSERT(LAST(VMM_SV39_IO) == UINT64_MAX, "the layout ends with the address space");

ASSERT_AREA(VMM_SV48_USER, 47, 39);
ASSERT_AREA(VMM_SV48_KERNEL, 47, 39);
ASSERT_AREA(VMM_SV48_IO, 47, 39);
ASSERT_AREA(VMM_SV48_VMEMMAP, 47, 39);
ASSERT_AREA(VMM_SV48_DIRECT, 47, 39);
ASSERT_FOLLOWS(VMM_SV48_IO, VMM_SV48_KERNEL);
ASSERT_FOLLOWS(VMM_SV48_VMEMMAP, VMM_SV48_IO);
ASSERT_FOLLOWS(VMM_SV48_DIRECT, VMM_SV48_VMEMMAP);
VMM_STATIC_ASSERT(ENTRY(VMM_SV48_KERNEL, 39) == 384, "the kernel begins with entry 384");
VMM_STATIC_ASSERT(LAST(VMM_SV48_USER) < VMM_SV48_KERNEL_START, "userspace is below the kernel");
VMM_STATIC_ASSERT(!VMM_REGION_FITS(VMM_GIB_BELOW_END(58368), VMM_SV48_USER_SIZE),
		  "where the sketch has it, userspace would pass the end of the address space");

ASSERT_AREA(VMM_SV57_USER, 56, 48);
ASSERT_AREA(VMM_SV57_KERNEL, 56, 48);
ASSERT_AREA(VMM_SV57_IO, 56, 48);
ASSERT_AREA(VMM_SV57_VMEMMAP, 56, 48);
ASSERT_AREA(VMM_SV57_DIRECT, 56, 48);
ASSERT_FOLLOWS(VMM_SV57_IO, VMM_SV57_KERNEL);
ASSERT_FOLLOWS(VMM_SV57_VMEMMAP, VMM_SV57_IO);
ASSERT_FOLLOWS(VMM_SV57_DIRECT, VMM_SV57_VMEMMAP);
VMM_STATIC_ASSERT(ENTRY(VMM_SV57_KERNEL, 48) == 384, "the kernel begins with entry 384");
VMM_STATIC_ASSERT(LAST(VMM_SV57_USER) < VMM_SV57_KERNEL_START, "userspace is below the kernel");

#define AREA(area) VMM_VA_REGION_INIT(area##_START, area##_SIZE)

const struct vmm_layout vmm_layout_sv39 = {
	.va_bits = 39,
	.entry_shift = 30,
	.areas =
		{
			[VMM_AREA_USER] = AREA(VMM_SV39_USER),
			[VMM_AREA_STACK] = AREA(VMM_SV39_STACK),
			[VMM_AREA_DIRECT] = AREA(VMM_SV39_DIRECT),
			[VMM_AREA_IO] = AREA(VMM_SV39_IO),
		},
};

const struct vmm_layout vmm_layout_sv48 = {
	.va_bits = 48,
	.entry_shift = 39,
	.areas =
		{
			[VMM_AREA_USER] = AREA(VMM_SV48_USER),
			[VMM_AREA_DIRECT] = AREA(VMM_SV48_DIRECT),
			[VMM_AREA_VMEMMAP] = AREA(VMM_SV48_VMEMMAP),
			[VMM_AREA_IO] = AREA(VMM_SV48_IO),
			[VMM_AREA_KERNEL] = AREA(VMM_SV48_KERNEL),
		},
};

const struct vmm_layout vmm_layout_sv57 = {
	.va_bits = 57,
	.entry_shift = 48,
	.areas =
		{
			[VMM_AREA_USER] = AREA(VMM_SV57_USER),
			[VMM_AREA_DIRECT] = AREA(VMM_SV57_DIRECT),
			[VMM_AREA_VMEMMAP] = AREA(VMM_SV57_VMEMMAP),
			[VMM_AREA_IO] = AREA(VMM_SV57_IO),
			[VMM_AREA_KERNEL] = AREA(VMM_SV57_KERNEL),
		},
};

static enum vmm_err check_area(const struct vmm_layout *layout, vmm_va_region_t area)
{
	uint64_t first = vmm_va_region_start(area).raw;
	uint64_t last = vmm_va_region_last(area).raw;
	unsigned int sign_bit = layout->va_bits - 1u;

	if (!vmm_va_region_is_valid(area)) {
		return VMM_ERR_WRAP;
	}
	if (!vmm_va_region_is_aligned(area, layout->entry_shift)) {
		return VMM_ERR_ALIGN;
	}
	/* All addresses between two canonical ones of the same half are canonical. */
	if (!IS_CANONICAL(first, sign_bit) || !IS_CANONICAL(last, sign_bit) ||
	    first >> 63 != last >> 63) {
		return VMM_ERR_RANGE;
	}
	return VMM_OK;
}

enum vmm_err vmm_layout_check(const struct vmm_layout *layout)
{
	if (layout->va_bits > 64 || layout->va_bits <= layout->entry_shift) {
		return VMM_ERR_UNSUPPORTED;
	}
	for (unsigned int i = 0; i < VMM_AREA_COUNT; i++) {
		enum vmm_err err;

		if (vmm_va_region_is_empty(layout->areas[i])) {
			continue;
		}
		err = check_area(layout, layout->areas[i]);
		if (err != VMM_OK) {
			return err;
		}
		for (unsigned int k = 0; k < i; k++) {
			if (vmm_va_region_overlaps(layout->areas[i], layout->areas[k])) {
				return VMM_ERR_EXISTS;
			}
		}
	}
	return VMM_OK;
}

enum vmm_area vmm_layout_find(const struct vmm_layout *layout, vmm_va_t va)
{
	for (unsigned int i = 0; i < VMM_AREA_COUNT; i++) {
		if (vmm_va_region_contains(layout->areas[i], va)) {
			return (enum vmm_area)i;
		}
	}
	return VMM_AREA_COUNT;
}

enum vmm_err vmm_direct_map_init(struct vmm_direct_map *map, vmm_va_region_t window, vmm_pa_t base)
{
	vmm_pa_region_t memory;

	if (vmm_va_region_is_empty(window)) {
		return VMM_ERR_EMPTY;
	}
	if (!vmm_va_region_is_valid(window) ||
	    vmm_pa_region(base, vmm_va_region_size(window), &memory) != VMM_OK) {
		return VMM_ERR_WRAP;
	}
	map->window = window;
	map->base = base;
	return VMM_OK;
}

enum vmm_err vmm_direct_va(const struct vmm_direct_map *map, vmm_pa_t pa, vmm_va_t *va)
{
	uint64_t offset;

	if (vmm_pa_distance(map->base, pa, &offset) != VMM_OK ||
	    offset >= vmm_va_region_size(map->window)) {
		return VMM_ERR_RANGE;
	}
	return vmm_va_add(vmm_va_region_start(map->window), offset, va) == VMM_OK ? VMM_OK
										  : VMM_ERR_RANGE;
}

enum vmm_err vmm_direct_pa(const struct vmm_direct_map *map, vmm_va_t va, vmm_pa_t *pa)
{
	uint64_t offset;

	if (vmm_va_distance(vmm_va_region_start(map->window), va, &offset) != VMM_OK ||
	    offset >= vmm_va_region_size(map->window)) {
		return VMM_ERR_RANGE;
	}
	return vmm_pa_add(map->base, offset, pa) == VMM_OK ? VMM_OK : VMM_ERR_RANGE;
}

enum vmm_err vmm_direct_va_region(const struct vmm_direct_map *map, vmm_pa_region_t pa,
				  vmm_va_region_t *va)
{
	vmm_va_t first;
	vmm_va_t last;

	if (vmm_pa_region_is_empty(pa)) {
		return VMM_ERR_EMPTY;
	}
	if (vmm_direct_va(map, vmm_pa_region_start(pa), &first) != VMM_OK ||
	    vmm_direct_va(map, vmm_pa_region_last(pa), &last) != VMM_OK) {
		return VMM_ERR_RANGE;
	}
	return vmm_va_region_from_last(first, last, va);
}

enum vmm_err vmm_direct_pa_region(const struct vmm_direct_map *map, vmm_va_region_t va,
				  vmm_pa_region_t *pa)
{
	vmm_pa_t first;
	vmm_pa_t last;

	if (vmm_va_region_is_empty(va)) {
		return VMM_ERR_EMPTY;
	}
	if (vmm_direct_pa(map, vmm_va_region_start(va), &first) != VMM_OK ||
	    vmm_direct_pa(map, vmm_va_region_last(va), &last) != VMM_OK) {
		return VMM_ERR_RANGE;
	}
	return vmm_pa_region_from_last(first, last, pa);
}
