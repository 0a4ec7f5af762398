/* SPDX-License-Identifier: MIT */
#ifndef VMM_DIRECT_H
#define VMM_DIRECT_H

/**
 * @file direct.h
 * A direct mapping in a manager: physical memory at a fixed distance, mapped at once or as used.
 *
 * What is mapped is the memory of a list, without the holes of another: devices, memory that the
 * firmware keeps, and the image's own sections, which must not be writable a second time. A leaf
 * never reaches into a hole, and pages that are only in part memory are not mapped.
 *
 * Addresses are converted with layout.h: `vmm_direct_va(&direct.map, pa, &va)`, and all the others.
 */

#include <vmm/layout.h>
#include <vmm/vmm.h>

VMM_BEGIN_DECLS

/** How a direct mapping is set up. Members that are 0 mean the default, where there is one. */
struct vmm_direct_config {
	/** For the record; borrowed. */
	const char *name;
	/** Where, in the manager's area. The start of `map.window` maps `map.base`. */
	struct vmm_direct_map map;
	/** The memory, in any order; borrowed, and read by every call. */
	const vmm_pa_region_t *memory;
	uint32_t memory_count; /**< number of regions in `memory` */
	/** Number of `holes`. */
	uint32_t hole_count;
	/** What of it is never mapped, in any order, overlapping or not; borrowed like `memory`. */
	const vmm_pa_region_t *holes;
	/** Default, for no bit at all: VMM_KERNEL_RW. */
	vmm_attr_t attr;
	/** log2 of the bytes that are mapped together; default: a leaf of level 1, or a page. */
	uint8_t piece_shift;
	/** Map everything in init, with the largest leaves; otherwise as it is asked for. */
	bool eager;
};

/** A direct mapping. Zeroed before init. Members other than `map` are private. */
struct vmm_direct {
	struct vmm_direct_map map; /**< for vmm_direct_va() and vmm_direct_pa() */
	/** @privatesection */
	struct vmm *vmm;
	const vmm_pa_region_t *memory;
	const vmm_pa_region_t *holes;
	uint32_t memory_count;
	uint32_t hole_count;
	uint8_t piece_shift;
	bool eager;
};

/**
 * Holds the window in the manager, which takes one entry, and maps all of the memory if it is
 * eager.
 *
 * Memory behind the end of the window is left out. `config` is read during the call only.
 *
 * The errors of vmm_lazy_at(), those of vmm_table_map() if it is eager, and VMM_ERR_WRAP: the
 * memory behind the window, or a region of a list, passes the last byte of the space.
 * VMM_ERR_UNSUPPORTED: `piece_shift` is below a page or above 63. VMM_ERR_BUSY: it is set up, or
 * the window is partly the MMIO window.
 *
 * Cost: eager, one store per leaf, and for each stretch of memory between holes a look at all
 * regions and holes, at most as many times as there are of them.
 */
VMM_MUST_CHECK enum vmm_err vmm_direct_init(struct vmm_direct *direct, struct vmm *vmm,
					    const struct vmm_direct_config *config,
					    struct vmm_detail *detail);

/**
 * Makes sure that `pa` is mapped, and says where: *va is the address of its first byte. `va` may be
 * NULL. To be called before memory is used for the first time; calling it again costs little.
 *
 * Mapped are the whole pieces that have some of `pa`, without holes and what is no memory.
 *
 * A request of up to 64 pieces is all or nothing. A larger one is done in lots of 64, lowest
 * address first: WHERE IT FAILS, LOTS BEFORE STAY MAPPED.
 *
 * VMM_ERR_EMPTY: no bytes. VMM_ERR_WRAP: it passes the last byte of the space. VMM_ERR_RANGE: not
 * behind the window. VMM_ERR_NOENT: a byte is no memory, or in a hole; nothing was mapped. The
 * errors of vmm_table_map().
 *
 * Cost: for each piece a walk, and for each stretch of memory in it as in init.
 */
VMM_MUST_CHECK enum vmm_err vmm_direct_ensure(struct vmm_direct *direct, vmm_pa_region_t pa,
					      vmm_va_t *va, struct vmm_detail *detail);

/**
 * Unmaps all of it, gives up the window and zeroes the object.
 *
 * The errors of vmm_unmap(); it is then as before. One that is not set up is left alone.
 */
VMM_MUST_CHECK enum vmm_err vmm_direct_fini(struct vmm_direct *direct, struct vmm_detail *detail);

/**
 * Adds `delta` to every stored pointer, after the object, its lists and its manager have moved by
 * that many bytes. The manager is rebased by itself. O(1).
 */
void vmm_direct_rebase(struct vmm_direct *direct, uint64_t delta);

VMM_END_DECLS

#endif /* VMM_DIRECT_H */
