/* SPDX-License-Identifier: MIT */
#ifndef VMM_ASID_H
#define VMM_ASID_H

/**
 * @file asid.h
 * Which address space has which ASID, where there are more spaces than numbers.
 *
 * An ASID marks what a CPU caches of one address space, so that a switch need not forget anything.
 * Numbers are handed out in ascending order and never one by one given back. When they are used up
 * a new *generation* begins: all numbers are free again, but for those that some CPU translates by
 * at that moment, and each CPU has to forget everything once, the next time that it switches. A
 * number of an older generation is exchanged for a new one when its space is used again.
 *
 * On each switch, with interrupts masked and the lock that guards the allocator held:
 *
 *     err = vmm_asids_switch(&asids, cpu, &task->asid, &use);
 *     if (use.is_new)
 *             err = vmm_table_set_asid(&task->table, use.asid);
 *     vmm_aarch64_switch(&task->table, use.flush);    or vmm_riscv_switch()
 *
 * The order matters: first the CPU translates by the new space, then it forgets (RISC-V Privileged,
 * "SFENCE.VMA": satp first, then the fence of a recycled ASID), and only then user memory is
 * touched.
 *
 * **Locks.** Calls for one allocator exclude each other, on every CPU; the registers are loaded
 * before the lock is given up, so that nobody starts a generation in between. vmm_table_set_asid()
 * is an operation of a writer of that table, and so excludes changes of it, which name its ASID in
 * invalidations. A space gets a new number only while no CPU translates by it.
 *
 * All memory is the caller's. Nothing here is a privileged instruction.
 */

#include <vmm/cc.h>
#include <vmm/err.h>

VMM_BEGIN_DECLS

/** The ASID of an address space. Zeroed: it has none yet. Zero it again when the space ends. */
struct vmm_asid {
	uint64_t tag; /**< private: generation and number */
};

/** What the allocator knows of one CPU. The caller gives an array. Members are private. */
struct vmm_asid_cpu {
	/** @privatesection */
	uint64_t active;       /* tag of the space that it translates by; 0: none of ours */
	uint64_t kept;         /* active when this generation began: not handed out in it */
	bool is_flush_pending; /* a generation began since it forgot everything */
};

/** How an allocator is set up. */
struct vmm_asids_config {
	struct vmm_asid_cpu *cpus; /**< one for each CPU, the allocator's from init on */
	uint32_t cpu_count; /**< number of `cpus` */
	uint8_t bits;         /**< of an ASID, 1 to 16: what CPU and tables have */
	uint16_t kernel_last; /**< 0 to this one are never handed out; default: 0 alone */
};

/** An allocator. Zeroed before init. Members are private. */
struct vmm_asids {
	/** @privatesection */
	struct vmm_asid_cpu *cpus;
	uint32_t cpu_count;
	uint32_t first; /* the lowest number handed out */
	uint32_t last;
	uint32_t next;  /* the next number; above `last`: a new generation is due */
	uint64_t generation;
};

/** What a switch has to do. */
struct vmm_asid_use {
	uint16_t asid; /**< for satp or TTBR0_EL1, and for vmm_table_set_asid() */
	bool is_new;   /**< the space had another number, or none */
	bool flush;    /**< this CPU must forget everything of every ASID, once it translates by the
	                    new space: SFENCE.VMA x0, x0; TLBI VMALLE1, DSB NSH, ISB */
};

/**
 * Sets up an allocator with all numbers free. No CPU has anything cached under them, as after
 * vmm_aarch64_enable() and vmm_riscv_enable().
 *
 * Called again with the same arguments it changes nothing.
 *
 * @return VMM_OK, or
 *  - VMM_ERR_UNSUPPORTED: no ASIDs (0 bits: leave it at ASID 0 and forget on each switch), more
 *    than 16 bits, or no more numbers than CPUs: each CPU may keep one, and one has to be left
 *  - VMM_ERR_EMPTY: no CPU, or no array
 *  - VMM_ERR_BUSY: set up already, with other arguments
 *
 * Cost: by CPU.
 */
VMM_MUST_CHECK enum vmm_err vmm_asids_init(struct vmm_asids *asids,
					   const struct vmm_asids_config *config);

/**
 * CPU @p cpu is about to translate by the space of @p asid, which gets a number if it has none of
 * this generation. The same space may run on several CPUs, under the same number.
 *
 * @param cpu   below cpu_count; the one that runs
 * @param asid  the space's own; changed only here
 * @param use   what to do now, all of it
 * @return VMM_OK; VMM_ERR_RANGE: no such CPU, or not set up. *use is then as it was.
 *
 * Cost: O(1) if the number is current; else by CPU, and now and then by CPU squared.
 */
VMM_MUST_CHECK enum vmm_err vmm_asids_switch(struct vmm_asids *asids, uint32_t cpu,
					     struct vmm_asid *asid, struct vmm_asid_use *use);

/**
 * CPU @p cpu translates by none of the spaces any more, but by what the kernel has for itself under
 * a number that is never handed out. Its last number needs no keeping. Before a space ends every
 * CPU that translates by it switches or leaves.
 *
 * VMM_ERR_RANGE: no such CPU, or not set up. Cost: O(1).
 */
VMM_MUST_CHECK enum vmm_err vmm_asids_leave(struct vmm_asids *asids, uint32_t cpu);

/** How many generations there were, the first included; 0: not set up. Cost: O(1). */
uint64_t vmm_asids_generation(const struct vmm_asids *asids);

VMM_END_DECLS

#endif /* VMM_ASID_H */
