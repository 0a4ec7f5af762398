/* SPDX-License-Identifier: MIT */
#ifndef VMM_LAYOUT_H
#define VMM_LAYOUT_H

/**
 * @file layout.h
 * What a kernel uses which part of its address space for, as data; and the arithmetic of a direct
 * mapping.
 *
 * A layout is a set of areas. Three are supplied, for RISC-V Sv39, Sv48 and Sv57; docs/layouts.md
 * draws them. Nothing in the library depends on a layout: use one of these, check your own with
 * vmm_layout_check, or do without.
 *
 * Layouts and direct maps hold no pointers, so they can be used before relocation, and nothing here
 * changes an object: all of it may run on any number of CPUs at once.
 */

#include <vmm/region.h>

VMM_BEGIN_DECLS

/** What areas are for. */
enum vmm_area {
	/** Programs. */
	VMM_AREA_USER = 0,
	/** The call stack: inside the lower half, so that it is switched with the program. */
	VMM_AREA_STACK = 1,
	/** Physical memory at a fixed distance: see struct vmm_direct_map. */
	VMM_AREA_DIRECT = 2,
	/** What the kernel keeps about each page frame, as one sparse array. */
	VMM_AREA_VMEMMAP = 3,
	/** Device registers: the MMIO window. */
	VMM_AREA_IO = 4,
	/** The kernel's image. */
	VMM_AREA_KERNEL = 5,
	/** The number of areas; as an answer, none of them. */
	VMM_AREA_COUNT = 6
};

/** Areas, each a region; one that a layout does not have is empty. */
struct vmm_layout {
	/** Bits of a virtual address that are translated; those above repeat the highest. */
	uint8_t va_bits;
	/** log2 of the bytes that one entry of the root table maps. */
	uint8_t entry_shift;
	vmm_va_region_t areas[VMM_AREA_COUNT]; /**< by enum vmm_area */
};

/** The address that is `gib` GiB below the end of the address space. */
#define VMM_GIB_BELOW_END(gib) (UINT64_C(0) - (UINT64_C(gib) << 30))

/*
 * Sv39, one entry of the root table per GiB: 0 to 254 userspace, 255 the call stack, 256 to 510 the
 * direct mapping, 511 I/O. The kernel's image lies in the direct mapping.
 */
#define VMM_SV39_USER_START   UINT64_C(0) /**< Sv39: start of userspace */
#define VMM_SV39_USER_SIZE    (UINT64_C(255) << 30) /**< Sv39: size of userspace */
#define VMM_SV39_STACK_START  (UINT64_C(255) << 30) /**< Sv39: start of the call stack */
#define VMM_SV39_STACK_SIZE   (UINT64_C(1) << 30) /**< Sv39: size of the call stack */
#define VMM_SV39_DIRECT_START VMM_GIB_BELOW_END(256) /**< Sv39: start of the direct mapping */
#define VMM_SV39_DIRECT_SIZE  (UINT64_C(255) << 30) /**< Sv39: size of the direct mapping */
#define VMM_SV39_IO_START     VMM_GIB_BELOW_END(1) /**< Sv39: start of the kernel's I/O */
#define VMM_SV39_IO_SIZE      (UINT64_C(1) << 30) /**< Sv39: size of the kernel's I/O */

/* Sv48, one entry of the root table per 512 GiB: whole entries, from 384 on the kernel's. */
#define VMM_SV48_USER_START    UINT64_C(0) /**< Sv48: start of userspace */
#define VMM_SV48_USER_SIZE     (UINT64_C(65536) << 30) /**< Sv48: size of userspace */
#define VMM_SV48_KERNEL_START  VMM_GIB_BELOW_END(65536) /**< Sv48: start of the kernel's image */
#define VMM_SV48_KERNEL_SIZE   (UINT64_C(512) << 30) /**< Sv48: size of the kernel's image */
#define VMM_SV48_IO_START      VMM_GIB_BELOW_END(65024) /**< Sv48: start of the kernel's I/O */
#define VMM_SV48_IO_SIZE       (UINT64_C(512) << 30) /**< Sv48: size of the kernel's I/O */
#define VMM_SV48_VMEMMAP_START VMM_GIB_BELOW_END(64512) /**< Sv48: start of vmemmap */
#define VMM_SV48_VMEMMAP_SIZE  (UINT64_C(4096) << 30) /**< Sv48: size of vmemmap */
#define VMM_SV48_DIRECT_START  VMM_GIB_BELOW_END(60416) /**< Sv48: start of the direct mapping */
#define VMM_SV48_DIRECT_SIZE   (UINT64_C(2048) << 30) /**< Sv48: size of the direct mapping */

/* Sv57, one entry of the root table per 2^48 bytes: the entries that Sv48 has, one level up. */
#define VMM_SV57_USER_START    UINT64_C(0) /**< Sv57: start of userspace */
#define VMM_SV57_USER_SIZE     (VMM_SV48_USER_SIZE << 9) /**< Sv57: size of userspace */
#define VMM_SV57_KERNEL_START  (VMM_SV48_KERNEL_START << 9) /**< Sv57: start of the kernel */
#define VMM_SV57_KERNEL_SIZE   (VMM_SV48_KERNEL_SIZE << 9) /**< Sv57: size of the kernel's image */
#define VMM_SV57_IO_START      (VMM_SV48_IO_START << 9) /**< Sv57: start of the kernel's I/O */
#define VMM_SV57_IO_SIZE       (VMM_SV48_IO_SIZE << 9) /**< Sv57: size of the kernel's I/O */
#define VMM_SV57_VMEMMAP_START (VMM_SV48_VMEMMAP_START << 9) /**< Sv57: start of vmemmap */
#define VMM_SV57_VMEMMAP_SIZE  (VMM_SV48_VMEMMAP_SIZE << 9) /**< Sv57: size of vmemmap */
#define VMM_SV57_DIRECT_START  (VMM_SV48_DIRECT_START << 9) /**< Sv57: start of direct mapping */
#define VMM_SV57_DIRECT_SIZE   (VMM_SV48_DIRECT_SIZE << 9) /**< Sv57: size of the direct mapping */

/** Three levels: the areas of the VMM_SV39_ constants. */
extern const struct vmm_layout vmm_layout_sv39;
/** Four levels: the areas of the VMM_SV48_ constants. */
extern const struct vmm_layout vmm_layout_sv48;
/** Five levels: the areas of the VMM_SV57_ constants. */
extern const struct vmm_layout vmm_layout_sv57;

/**
 * Checks the rules of a layout: every area is aligned to entries of the root table, so that address
 * spaces can share it or not by whole entries; it is canonical and in one half; no two overlap.
 *
 * VMM_ERR_UNSUPPORTED: `va_bits` is above 64, or not above `entry_shift`. VMM_ERR_WRAP: an area
 * passes the last byte of the 64-bit space. VMM_ERR_ALIGN: one does not start and end between two
 * entries. VMM_ERR_RANGE: one has an address that is not canonical, or has parts of both halves.
 * VMM_ERR_EXISTS: two overlap. Of several, the first in this order for the first area that has any.
 *
 * Cost: the square of VMM_AREA_COUNT.
 */
VMM_MUST_CHECK enum vmm_err vmm_layout_check(const struct vmm_layout *layout);

/** The area that an address is in, or VMM_AREA_COUNT. Cost: VMM_AREA_COUNT. */
enum vmm_area vmm_layout_find(const struct vmm_layout *layout, vmm_va_t va);

/**
 * A direct mapping: the byte at physical address `base + i` is at virtual address
 * `window.start + i`, for every byte of the window.
 *
 * This is arithmetic; whether something is mapped there, the table knows. Where `base` and the
 * start of the window are equal modulo the largest leaf, all of it can be mapped with largest
 * leaves.
 */
struct vmm_direct_map {
	vmm_va_region_t window; /**< the virtual addresses */
	vmm_pa_t base; /**< what the first of them leads to */
};

/** Initializer for static data, from three integers. Nothing checks them. */
#define VMM_DIRECT_MAP_INIT(start, size, base)                     \
	{                                                          \
		VMM_VA_REGION_INIT(start, size), VMM_PA_INIT(base) \
	}

/**
 * Makes a direct mapping of the physical memory from `base` on through `window`.
 *
 * VMM_ERR_EMPTY: the window is empty. VMM_ERR_WRAP: it, or the memory behind it, passes the last
 * byte of its space.
 */
VMM_MUST_CHECK enum vmm_err vmm_direct_map_init(struct vmm_direct_map *map, vmm_va_region_t window,
						vmm_pa_t base);

/**
 * Finds the virtual address of a physical one. VMM_ERR_RANGE: `pa` is not behind the window. O(1).
 */
VMM_MUST_CHECK enum vmm_err vmm_direct_va(const struct vmm_direct_map *map, vmm_pa_t pa,
					  vmm_va_t *va);

/**
 * Finds the physical address of a virtual one. VMM_ERR_RANGE: `va` is not in the window. O(1).
 */
VMM_MUST_CHECK enum vmm_err vmm_direct_pa(const struct vmm_direct_map *map, vmm_va_t va,
					  vmm_pa_t *pa);

/**
 * Finds where a whole physical region is in the window; for an object, its last byte counts too.
 *
 * VMM_ERR_EMPTY: it has no byte. VMM_ERR_RANGE: not all of it is behind the window. O(1).
 */
VMM_MUST_CHECK enum vmm_err vmm_direct_va_region(const struct vmm_direct_map *map,
						 vmm_pa_region_t pa, vmm_va_region_t *va);

/**
 * Finds the physical region behind a whole region of the window.
 *
 * VMM_ERR_EMPTY: it has no byte. VMM_ERR_RANGE: not all of it is in the window. O(1).
 */
VMM_MUST_CHECK enum vmm_err vmm_direct_pa_region(const struct vmm_direct_map *map,
						 vmm_va_region_t va, vmm_pa_region_t *pa);

VMM_END_DECLS

#endif /* VMM_LAYOUT_H */
