/* SPDX-License-Identifier: MIT */
#ifndef VMM_RISCV_H
#define VMM_RISCV_H

/**
 * @file riscv.h
 * RISC-V, 64 bits: Sv39, Sv48 and Sv57, and the CPU's part of them.
 *
 * The formats, the register words, the walk and the decoding of faults are plain C and exist on
 * every machine. What is marked *target only* is machine code of S-mode.
 *
 * A table holds both halves of the address space. The CPU never tells its Svnapot and Svpbmt to
 * S-mode: firmware's device tree does ("riscv,isa"), and you pass it on as VMM_TABLE_SVNAPOT
 * and VMM_TABLE_SVPBMT. A CPU without them faults on descriptors that use them.
 *
 * What one hart maps another may still see as unmapped: see vmm_riscv_is_spurious().
 */

#include <vmm/fault.h>
#include <vmm/format.h>

VMM_BEGIN_DECLS

/** 39 bits of virtual address in 3 levels; pages of 4 KiB. */
VMM_FORMAT_DECLARE(vmm_riscv_sv39);
/** 48 bits of virtual address in 4 levels; pages of 4 KiB. */
VMM_FORMAT_DECLARE(vmm_riscv_sv48);
/** 57 bits of virtual address in 5 levels; pages of 4 KiB. */
VMM_FORMAT_DECLARE(vmm_riscv_sv57);

/** A set of harts as SBI takes it. Zeroed: none. */
struct vmm_riscv_harts {
	uint64_t mask; /**< bit i is hart base + i */
	uint64_t base; /**< UINT64_MAX: every hart, and the mask is ignored */
};

/**
 * A table with what its fences need to know. Embeds the table first: pass &table.base on.
 *
 * With vmm_riscv_sync only `base` is used, and a plain struct vmm_table does as well. The other
 * members are yours, for vmm_riscv_sync_sbi; set them after vmm_riscv_table_init() and while nobody
 * changes the table.
 */
struct vmm_riscv_table {
	struct vmm_table base; /**< what the functions of table.h take */
	/** The other harts that may translate by this table, or may have and still cache it. */
	struct vmm_riscv_harts harts;
	/**
	 * Tells the other harts where one mask does not hold them or they change; NULL: `harts`.
	 * Called before each remote fence with index 0, 1, ... until it returns false. It must not
	 * change the table.
	 */
	bool (*next_harts)(const struct vmm_riscv_table *table, unsigned int index,
			   struct vmm_riscv_harts *harts);
	/**
	 * Called when a remote fence failed, with SBI's error (negative). Tables are changed by
	 * then and other harts still use what was there before, so it must not return: if it does,
	 * or is NULL, this hart stops at an ebreak for good.
	 */
	void (*fatal)(const struct vmm_riscv_table *table, int64_t sbi_error);
};

/**
 * vmm_table_init() with vmm_riscv_sync in place of a NULL `sync`, also on a host, where it does
 * nothing. Same errors and cost; also VMM_ERR_UNSUPPORTED for VMM_TABLE_FENCE_ALL with a NULL
 * `sync`, as vmm_riscv_sync reaches no other hart. The members behind `base` are left alone.
 *
 * Code that runs before relocation calls vmm_riscv_sv39_init() and so on: this one follows
 * config->format, a pointer that the linker stored.
 */
VMM_MUST_CHECK enum vmm_err vmm_riscv_table_init(struct vmm_riscv_table *table,
						 const struct vmm_table_config *config);

/** Fences on this hart only: SFENCE.VMA. On a host: does nothing. */
extern const struct vmm_sync vmm_riscv_sync;

/**
 * Fences on this hart, and through SBI's RFENCE extension on those that the table names. Target
 * only.
 *
 * For a struct vmm_riscv_table, not for a plain struct vmm_table. A map fences the other harts only
 * with VMM_TABLE_FENCE_ALL. vmm_riscv_sbi_has_rfence() tells whether firmware can do it.
 */
extern const struct vmm_sync vmm_riscv_sync_sbi;

/**
 * The word that makes satp translate by @p table: mode, ASID and root. 0, which means no
 * translation, if the table isn't set up with one of the formats above.
 */
uint64_t vmm_riscv_satp(const struct vmm_table *table);

/**
 * Walks the tables in memory as the CPU would for satp's value @p satp, on its own: it shares only
 * the descriptors' layout with the rest of the library, so it serves as a second opinion.
 *
 * RISC-V has no instruction that translates an address. Accepts Svnapot's and Svpbmt's descriptors,
 * whatever the CPU has. Permissions other than write are not looked at.
 *
 * @param window  added to the physical address of a table to reach it: vmm_frames::window
 * @param write   whether to ask for a page that can be written
 * @return VMM_OK, also for a satp that does not translate: *pa is then @p va; VMM_ERR_RANGE: not
 *  canonical; VMM_ERR_NOENT: not mapped, or @p write and it is read-only; VMM_ERR_CORRUPT: a
 *  reserved encoding; VMM_ERR_UNSUPPORTED: a mode of satp that isn't one of the three. One load per
 *  level.
 */
VMM_MUST_CHECK enum vmm_err vmm_riscv_walk(uint64_t satp, uint64_t window, vmm_va_t va, bool write,
					   vmm_pa_t *pa);

/**
 * Decodes what a trap left in scause, stval and sstatus. Everything that isn't a fault of an access
 * to memory becomes VMM_FAULT_OTHER: interrupts, environment calls, illegal instructions,
 * breakpoints.
 *
 * A page fault does not say why: VMM_FAULT_PAGE, until vmm_riscv_fault_refine() has looked at the
 * tables. An address of 0 may also mean that this CPU didn't tell; with Sstvala, which every RVA
 * profile has, it means 0.
 */
void vmm_riscv_fault_decode(uint64_t scause, uint64_t stval, uint64_t sstatus,
			    struct vmm_fault *fault);

/**
 * Finds out by walking @p table why a VMM_FAULT_PAGE happened, and puts the kind in its place:
 * VMM_FAULT_TRANSLATION (also for a descriptor with a reserved encoding), VMM_FAULT_PERMISSION, or
 * VMM_FAULT_ACCESS_FLAG (A is clear, or D for a write). It stays VMM_FAULT_PAGE if the tables, as
 * they are now, allow the access. Other kinds stay as they are.
 *
 * @param sstatus  as the trap left it: SUM and MXR decide too
 *
 * Cost: one load per level.
 */
void vmm_riscv_fault_refine(const struct vmm_table *table, uint64_t sstatus,
			    struct vmm_fault *fault);

/**
 * Whether a page fault was spurious: @p table, the one that the hart translates by, allows the
 * access.
 *
 * A hart may have cached that nothing was mapped, or with fewer permissions, before another hart
 * changed the table: a map fences on its own hart only, unless VMM_TABLE_FENCE_ALL. Call
 * vmm_riscv_fence_local() and return from the trap: the access is then made again. Parameters and
 * cost are those of vmm_riscv_fault_refine().
 */
bool vmm_riscv_is_spurious(const struct vmm_table *table, uint64_t sstatus,
			   const struct vmm_fault *fault);

/*
 * Target only from here on.
 */

/** What satp tells of this CPU. All harts that share tables are assumed alike. */
struct vmm_riscv_features {
	uint8_t va_bits;   /**< of the largest format it has: 39, 48 or 57, and every smaller one;
	                        0: none */
	uint8_t asid_bits; /**< of an address space's number: 0 to 16. For
	                        vmm_table_config::asid_bits, where 0 means the default: with 0
	                        here leave asid 0 */
};

/**
 * Finds out which formats the CPU has by writing satp and reading it back.
 *
 * A mode that the CPU has takes effect at once, so for a few instructions the CPU translates by a
 * table of one page, made in @p scratch, that maps the code here to itself, execute-only, with one
 * large leaf. Interrupts are held off meanwhile.
 *
 * @param scratch  4096 bytes at a multiple of 4096; what it held is lost. Yours again afterwards
 * @return VMM_OK; VMM_ERR_BUSY: the CPU translates already, nothing was tried; VMM_ERR_ALIGN:
 *  scratch. *features is written only on VMM_OK.
 */
VMM_MUST_CHECK enum vmm_err vmm_riscv_probe(void *scratch, struct vmm_riscv_features *features);

/** What vmm_riscv_enable() writes. enable.S knows the layout. */
struct vmm_riscv_regs {
	uint64_t satp; /**< mode, ASID and root */
};

/**
 * Computes the registers for a table. The same on every hart, so secondary ones use them too.
 *
 * @return VMM_OK; VMM_ERR_UNSUPPORTED: see vmm_riscv_satp() for what gives 0; *regs is as before
 */
VMM_MUST_CHECK enum vmm_err vmm_riscv_plan_enable(const struct vmm_table *table,
						  struct vmm_riscv_regs *regs);

/**
 * Makes this hart translate by the registers' table, from none or from another table on.
 *
 * The code that runs, its stack and what it touches next must be mapped where they are now. Needs
 * no stack and no relocation. Whoever built the table on another hart must have synchronized with
 * this one. Forgets all cached translations of this hart.
 *
 * @return whether the mode took effect. If not, satp is as it was: the CPU ignores a mode that it
 *  doesn't have ("Supervisor Address Translation and Protection")
 */
VMM_MUST_CHECK bool vmm_riscv_enable(const struct vmm_riscv_regs *regs);

/**
 * Makes this hart translate by @p table, under its ASID, from another table on. What is cached
 * under other ASIDs stays.
 *
 * Both tables map the code that runs, its stack and its data alike: see vmm_table_join(). Nobody
 * accesses what they map differently from the call until the return. The mode must be one that the
 * CPU has: the one that vmm_riscv_enable() accepted.
 *
 * @param flush  forget everything this hart cached, of every ASID: vmm_asid_use::flush. Cost
 * without
 *               it: one register
 */
void vmm_riscv_switch(const struct vmm_table *table, bool flush);

/** Ends translation on this hart. The code that runs must be mapped to its physical address. */
void vmm_riscv_disable(void);

/** Whether this hart translates, by whichever table. */
bool vmm_riscv_is_enabled(void);

/** vmm_riscv_walk() with this hart's satp. */
VMM_MUST_CHECK enum vmm_err vmm_riscv_translate(uint64_t window, vmm_va_t va, bool write,
						vmm_pa_t *pa);

/** This hart forgets every cached translation; after a spurious fault. */
void vmm_riscv_fence_local(void);

/** Whether firmware has SBI's RFENCE extension, which vmm_riscv_sync_sbi calls. One SBI call. */
bool vmm_riscv_sbi_has_rfence(void);

VMM_END_DECLS

#endif /* VMM_RISCV_H */
