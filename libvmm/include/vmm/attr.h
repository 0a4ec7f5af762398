/* SPDX-License-Identifier: MIT */
#ifndef VMM_ATTR_H
#define VMM_ATTR_H

/**
 * @file attr.h
 * What a mapping allows, and what kind of memory it is: one word that every format encodes.
 *
 * Attributes say what the caller wants. What a format can really hold may differ (RISC-V without
 * Svpbmt has no memory type in its descriptors); vmm_table_effective() tells what will be stored,
 * or refuses. A format never stores weaker isolation than it was asked for.
 */

#include <vmm/cc.h>
#include <vmm/err.h>

VMM_BEGIN_DECLS

/** Attributes are one word in a struct, so that a size or an address does not pass for one. */
typedef struct vmm_attr_t {
	uint32_t bits; /**< VMM_ATTR_ bits or-ed together */
} vmm_attr_t;

/** The kind of memory: how it may be cached, reordered and gathered. */
enum vmm_mem {
	VMM_MEM_WB = 0,         /**< normal memory, write-back cacheable; the zero value */
	VMM_MEM_WT = 1,         /**< normal memory, write-through cacheable */
	VMM_MEM_NC = 2,         /**< normal memory, not cacheable: framebuffers, DMA buffers */
	VMM_MEM_DEV_NGNRNE = 3, /**< device: no gathering, no reordering, no early acknowledgment */
	VMM_MEM_DEV_NGNRE = 4,  /**< device: no gathering, no reordering; what most drivers want */
	VMM_MEM_DEV_GRE = 5,    /**< device: gathering, reordering, early acknowledgment */
	VMM_MEM_PLATFORM = 6    /**< the platform decides by address: RISC-V PMAs. See attributes.md */
};

/** Who may execute. Memory that nobody executes is the zero value. */
enum vmm_exec {
	VMM_EXEC_NEVER = 0,
	VMM_EXEC_KERNEL = 1, /**< EL1, S-mode; refused with VMM_ATTR_USER where user code could too */
	VMM_EXEC_USER = 2    /**< EL0, U-mode; needs VMM_ATTR_USER */
};

/* The fields of the word. */
#define VMM_ATTR_MEM(mem) ((uint32_t)(mem))            /**< bits 3:0: enum vmm_mem */
#define VMM_ATTR_EXEC(exec) ((uint32_t)(exec) << 4)    /**< bits 5:4: enum vmm_exec */
#define VMM_ATTR_WRITE (UINT32_C(1) << 6)              /**< writable; without it, read-only */
#define VMM_ATTR_USER (UINT32_C(1) << 7)               /**< EL0 or U-mode may access it */
#define VMM_ATTR_GLOBAL (UINT32_C(1) << 8)             /**< the same for every ASID */
#define VMM_ATTR_CONTIG (UINT32_C(1) << 9)             /**< hint: use contiguous or NAPOT runs */
#define VMM_ATTR_SW(value) ((uint32_t)((value) & 3u) << 10) /**< bits 11:10: yours, kept in leaves */
/**
 * Limits the largest leaf of this mapping to @p level, counted from the page, which is 0. Memory
 * that will be unmapped or protected piecewise later never needs a split if it is mapped with
 * VMM_ATTR_LEAF_MAX(0). Bits 14:12; absent means no limit. A hint: it is not stored in a leaf.
 */
#define VMM_ATTR_LEAF_MAX(level) ((uint32_t)((level) + 1u) << 12)

#define VMM_ATTR_MEM_MASK UINT32_C(0xf) /**< the field of VMM_ATTR_MEM() */
#define VMM_ATTR_EXEC_MASK (UINT32_C(3) << 4) /**< the field of VMM_ATTR_EXEC() */
#define VMM_ATTR_SW_MASK (UINT32_C(3) << 10) /**< the field of VMM_ATTR_SW() */
#define VMM_ATTR_LEAF_MAX_MASK (UINT32_C(7) << 12) /**< the field of VMM_ATTR_LEAF_MAX() */
/** Hints steer how a mapping is laid out; they are no property of the memory mapped. */
#define VMM_ATTR_HINTS (VMM_ATTR_CONTIG | VMM_ATTR_LEAF_MAX_MASK)
/** Every bit that has a meaning; any other is VMM_ERR_ATTR. */
#define VMM_ATTR_ALL UINT32_C(0x7fff)

/** Makes attributes of the VMM_ATTR_ bits or-ed together. */
VMM_INLINE vmm_attr_t vmm_attr(uint32_t bits)
{
	vmm_attr_t attr;

	attr.bits = bits;
	return attr;
}

/* The usual ones. */
/** Code of the kernel. */
#define VMM_KERNEL_RX vmm_attr(VMM_ATTR_EXEC(VMM_EXEC_KERNEL) | VMM_ATTR_GLOBAL)
/** Constants of the kernel. */
#define VMM_KERNEL_RO vmm_attr(VMM_ATTR_GLOBAL)
/** Data of the kernel. */
#define VMM_KERNEL_RW vmm_attr(VMM_ATTR_WRITE | VMM_ATTR_GLOBAL)
/** Registers of a device, nGnRE, for the kernel. */
#define VMM_DEVICE vmm_attr(VMM_ATTR_MEM(VMM_MEM_DEV_NGNRE) | VMM_ATTR_WRITE | VMM_ATTR_GLOBAL)
/** Code of a user program. */
#define VMM_USER_RX vmm_attr(VMM_ATTR_EXEC(VMM_EXEC_USER) | VMM_ATTR_USER)
/** Constants of a user program. */
#define VMM_USER_RO vmm_attr(VMM_ATTR_USER)
/** Data of a user program. */
#define VMM_USER_RW vmm_attr(VMM_ATTR_WRITE | VMM_ATTR_USER)

/** The kind of memory. */
VMM_INLINE enum vmm_mem vmm_attr_mem(vmm_attr_t attr)
{
	return (enum vmm_mem)(attr.bits & VMM_ATTR_MEM_MASK);
}

/** Who may execute. */
VMM_INLINE enum vmm_exec vmm_attr_exec(vmm_attr_t attr)
{
	return (enum vmm_exec)((attr.bits & VMM_ATTR_EXEC_MASK) >> 4);
}

/** Whether all of @p bits are set. */
VMM_INLINE bool vmm_attr_has(vmm_attr_t attr, uint32_t bits)
{
	return (attr.bits & bits) == bits;
}

/** Whether the memory is a device's registers, of any of the three kinds. */
VMM_INLINE bool vmm_attr_is_device(vmm_attr_t attr)
{
	enum vmm_mem mem = vmm_attr_mem(attr);

	return mem == VMM_MEM_DEV_NGNRNE || mem == VMM_MEM_DEV_NGNRE || mem == VMM_MEM_DEV_GRE;
}

/** Whether two mappings have the same properties; hints do not count. */
VMM_INLINE bool vmm_attr_is_same(vmm_attr_t a, vmm_attr_t b)
{
	return ((a.bits ^ b.bits) & ~VMM_ATTR_HINTS) == 0;
}

/**
 * The rules that hold for every format, checked before a format's own.
 *
 * @param allow_wx  whether the table was set up for memory both writable and executable
 * @return VMM_OK, or
 *  - VMM_ERR_ATTR: an undefined bit, memory type or execute value; device memory that is executable
 *    (Arm ARM D8.18: speculative fetch from a device); VMM_EXEC_USER without VMM_ATTR_USER
 *  - VMM_ERR_WX: writable and executable, and @p allow_wx is false
 */
VMM_MUST_CHECK enum vmm_err vmm_attr_check(vmm_attr_t attr, bool allow_wx);

VMM_END_DECLS

#endif /* VMM_ATTR_H */
