/* SPDX-License-Identifier: MIT */
#ifndef VMM_AARCH64_H
#define VMM_AARCH64_H

/**
 * @file aarch64.h
 * AArch64: translation tables of EL1 and EL0, and the CPU that walks them.
 *
 * Three formats, one per granule. A table serves the lower half (TTBR0_EL1) or the upper half
 * (TTBR1_EL1), for input sizes of 25 to 48 bits and output sizes of up to 48 bits.
 *
 * From reset to translation, on each core:
 *
 *     struct vmm_aarch64_features features;
 *     struct vmm_aarch64_regs regs;
 *
 *     vmm_aarch64_probe(&features);
 *     err = vmm_aarch64_plan_enable(&lower.base, NULL, &features, &regs);
 *     ...
 *     vmm_aarch64_enable(&regs);
 *
 * The first part of this header is plain C and is the same on every machine. The second part
 * holds the CPU's own instructions and exists on AArch64 targets only, at EL1.
 *
 * Before relocation: nothing here follows a link-time address but vmm_aarch64_table_init(), which
 * calls through the format, and the two sync objects. Use vmm_aarch64_4k_init() and its like with a
 * `sync` of NULL, and vmm_aarch64_clean() on the frames afterwards.
 */

#include <vmm/fault.h>
#include <vmm/format.h>

VMM_BEGIN_DECLS

/** Granule of 4 KiB; leaves of 4 KiB, 2 MiB and 1 GiB. */
VMM_FORMAT_DECLARE(vmm_aarch64_4k);
/** Granule of 16 KiB; leaves of 16 KiB and 32 MiB. */
VMM_FORMAT_DECLARE(vmm_aarch64_16k);
/** Granule of 64 KiB; leaves of 64 KiB and 512 MiB. */
VMM_FORMAT_DECLARE(vmm_aarch64_64k);

/** A table of one of these formats; `base` is what the functions of table.h take. */
struct vmm_aarch64_table {
	struct vmm_table base; /**< what the functions of table.h take */
};

/**
 * The seam for tables that a CPU walks: broadcast to the inner shareable domain, so that every
 * core of the system forgets. Level hints are not used. On a host an object that does nothing.
 *
 * `clean` cleans and invalidates to the point of coherency, for cores that walk tables before they
 * are coherent; where none does, a copy of the object with `clean` NULL saves that.
 */
extern const struct vmm_sync vmm_aarch64_sync;

/**
 * The same for CPUs that may lose an invalidation unless it is made twice with a DSB between:
 * errata 1286807 of Cortex-A76, 2441007 of A55, 2441009 of A510.
 */
extern const struct vmm_sync vmm_aarch64_sync_repeat_tlbi;

/**
 * vmm_table_init() with vmm_aarch64_sync where @p config has no sync. Errors as there.
 */
VMM_MUST_CHECK enum vmm_err vmm_aarch64_table_init(struct vmm_aarch64_table *table,
						   const struct vmm_table_config *config);

/** What a CPU has, as far as it matters here. */
struct vmm_aarch64_features {
	bool granule_4k; /**< pages of 4 KiB */
	bool granule_16k; /**< pages of 16 KiB */
	bool granule_64k; /**< pages of 64 KiB */
	bool ets2;         /**< FEAT_ETS2: a new mapping is usable without ISB */
	bool ttl;          /**< FEAT_TTL: invalidations by address may name their level */
	bool ntlbpa;       /**< FEAT_nTLBPA: walks cache nothing by physical address */
	uint8_t bbm_level; /**< FEAT_BBM: 0, 1 or 2; see VMM_TABLE_RESIZE_LIVE for 2 */
	uint8_t pa_bits;   /**< physical address size: 32, 36, 40, 42, 44, 48 or 52 */
	uint8_t asid_bits; /**< 8 or 16 */
};

/** Decodes ID_AA64MMFR0_EL1, ID_AA64MMFR1_EL1 and ID_AA64MMFR2_EL1. Values of the future count as
 *  the largest that is known. */
void vmm_aarch64_features_from(uint64_t mmfr0, uint64_t mmfr1, uint64_t mmfr2,
			       struct vmm_aarch64_features *features);

/** What vmm_aarch64_enable() writes. Change a bit in between if you must. */
struct vmm_aarch64_regs {
	uint64_t mair;  /**< MAIR_EL1 */
	uint64_t tcr;   /**< TCR_EL1 */
	uint64_t ttbr0; /**< TTBR0_EL1 */
	uint64_t ttbr1; /**< TTBR1_EL1 */
	uint64_t sctlr; /**< SCTLR_EL1 */
};

/** For vmm_aarch64_regs::sctlr: what is writable is not executable, whatever the tables say. */
#define VMM_AARCH64_SCTLR_WXN (UINT64_C(1) << 19)
/** For vmm_aarch64_regs::sctlr: EL1 and EL0 trap on a stack pointer that isn't a multiple of 16. */
#define VMM_AARCH64_SCTLR_SA (UINT64_C(3) << 3)

/**
 * Computes the registers with which a CPU translates by one or two tables.
 *
 * A half without a table faults on every address. Walks are write-back cacheable and inner
 * shareable. The output size is the smaller of the CPU's and the larger of the tables'. ASIDs
 * have 16 bits if the CPU and the tables have them. The current ASID is the lower table's, or the
 * upper one's if there is no lower: leaves of the upper half that aren't global carry it too.
 * SCTLR_EL1 has translation and caches on; alignment checks, WXN and big-endian off; the bits
 * that are RES1 in Armv8.0 set; all others clear.
 *
 * @param lower  of VMM_LOWER_HALF and set up, or NULL
 * @param upper  of VMM_UPPER_HALF and set up, or NULL
 * @return VMM_OK, or
 *  - VMM_ERR_EMPTY: neither table
 *  - VMM_ERR_RANGE: a table that is not of the half that it was given for
 *  - VMM_ERR_UNSUPPORTED: a table that is not set up, the CPU lacks its granule, or its ASID has
 *    more bits than CPU and tables have in common
 *  - VMM_ERR_PHYS: a root beyond the CPU's physical addresses
 */
VMM_MUST_CHECK enum vmm_err vmm_aarch64_plan_enable(const struct vmm_table *lower,
						    const struct vmm_table *upper,
						    const struct vmm_aarch64_features *features,
						    struct vmm_aarch64_regs *regs);

/** TTBR0_EL1 or TTBR1_EL1 for a table: root and ASID; CnP is clear. */
uint64_t vmm_aarch64_ttbr(const struct vmm_table *table);

/** No level hint, for vmm_aarch64_tlbi_operand(). */
#define VMM_AARCH64_NO_LEVEL (-1)

/**
 * The operand of TLBI VAE1IS, VALE1IS and, with ASID 0, of VAAE1IS and VAALE1IS.
 *
 * @param va          any bits below the page and above bit 55 are left out
 * @param page_shift  12, 14 or 16
 * @param arch_level  the level of the leaf, 1 to 3, if the CPU has FEAT_TTL; otherwise
 *                    VMM_AARCH64_NO_LEVEL
 * @param asid_bits   8: the upper half of the ASID must be zero, and becomes it
 */
uint64_t vmm_aarch64_tlbi_operand(vmm_va_t va, unsigned int page_shift, int arch_level,
				  uint16_t asid, unsigned int asid_bits);

/**
 * Decodes ESR_EL1 and FAR_EL1 of an exception that EL1 took.
 *
 * Instruction and data aborts and a misaligned PC or SP become words; every other exception is
 * VMM_FAULT_OTHER without an address, and only fault->raw says more.
 */
void vmm_aarch64_fault_decode(uint64_t esr, uint64_t far_address, struct vmm_fault *fault);

/* --- only on AArch64, at EL1 --- */

/** Reads what the CPU has. */
void vmm_aarch64_probe(struct vmm_aarch64_features *features);

/**
 * Turns translation and caches on. Runs on each core, translation off before.
 *
 * Uses no stack and returns to the physical address that it was called from, which the tables
 * must map to itself, executable at EL1; so too this function and the stack, if the caller goes
 * on using it. Everything cached by the core's TLB and instruction cache is forgotten first.
 *
 * What a core with caches off reads, *regs and the tables, must have left the caches of the others:
 * vmm_aarch64_clean() does that. A Cortex-A53 or A57 must have been made coherent before
 * (CPUECTLR_EL1.SMPEN, which firmware or EL2 does).
 */
void vmm_aarch64_enable(const struct vmm_aarch64_regs *regs);

/**
 * Makes this core translate the lower half by @p lower, under its ASID, from another table on. What
 * is cached under other ASIDs stays.
 *
 * TCR_EL1 must be as vmm_aarch64_plan_enable() made it for a lower table of the same format and
 * input size. The code that runs, its stack and its data are in the upper half. Nobody accesses the
 * lower half from the call until the return.
 *
 * @param flush  forget everything this core cached, of every ASID: vmm_asid_use::flush. Cost
 * without
 *               it: one register
 */
void vmm_aarch64_switch(const struct vmm_table *lower, bool flush);

/** This core forgets every cached translation of EL1 and EL0. Other cores don't. */
void vmm_aarch64_flush_local(void);

/**
 * Loads TCR_EL1 and TTBR0_EL1 of @p regs on a core that runs in the upper half with translation on:
 * the lower half gets another table, or none, or the first one. The upper half's fields must be
 * what they are. What was cached under the ASID is not forgotten.
 */
void vmm_aarch64_reload(const struct vmm_aarch64_regs *regs);

/** Whether this core translates (SCTLR_EL1.M). */
bool vmm_aarch64_is_enabled(void);

/** Whose access vmm_aarch64_translate() plays. */
enum vmm_aarch64_access {
	VMM_AARCH64_KERNEL_READ,
	VMM_AARCH64_KERNEL_WRITE,
	VMM_AARCH64_USER_READ,
	VMM_AARCH64_USER_WRITE
};

/**
 * Asks the CPU where @p va leads (AT S1E1R and its like). With translation off it leads to itself.
 *
 * @return VMM_OK, or
 *  - VMM_ERR_NOENT: a translation fault
 *  - VMM_ERR_ATTR: mapped, but not for this access
 *  - VMM_ERR_CORRUPT: any other fault: of address size, access flag, an external abort, a TLB
 *    conflict
 *
 * *pa is written only on VMM_OK. Cost: a walk. Interrupts are masked meanwhile, as a handler may
 * do the same.
 */
VMM_MUST_CHECK enum vmm_err vmm_aarch64_translate(vmm_va_t va, enum vmm_aarch64_access access,
						  vmm_pa_t *pa);

/**
 * Makes [start, start + size) in memory and in the caches agree, and waits for it.
 *
 * With caches on, what this core sees is written to the point of coherency, and then the lines
 * are dropped. With translation or caches off, where stores go straight to memory, lines are
 * dropped without writing them: before the stores, so that no old line is written over them
 * later, and after them, so that no old line is read instead. @p start and the size must then be
 * multiples of a cache line, or what shares the line is lost; table frames always are. Cost: per
 * cache line.
 */
void vmm_aarch64_clean(const void *start, size_t size);

VMM_END_DECLS

#endif /* VMM_AARCH64_H */
