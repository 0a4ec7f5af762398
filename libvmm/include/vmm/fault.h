/* SPDX-License-Identifier: MIT */
#ifndef VMM_FAULT_H
#define VMM_FAULT_H

/**
 * @file fault.h
 * What a memory fault is, in words that are the same on every architecture.
 *
 * The ports fill the struct from what their CPU left in its registers:
 * vmm_aarch64_fault_decode() and vmm_riscv_fault_decode(). Nothing here is about why the access was
 * made, or what lies at the address: that is for whoever knows the mappings.
 */

#include <vmm/addr.h>

VMM_BEGIN_DECLS

/** What the hardware objected to. */
enum vmm_fault_kind {
	VMM_FAULT_OTHER = 0,    /**< no memory fault, or one that the list below doesn't have */
	VMM_FAULT_TRANSLATION,  /**< nothing is mapped there, or the address is not canonical */
	VMM_FAULT_PERMISSION,   /**< mapped, but not for this access */
	VMM_FAULT_ACCESS_FLAG,  /**< the descriptor's accessed flag is clear */
	VMM_FAULT_ADDRESS_SIZE, /**< a table or leaf points beyond the physical addresses */
	VMM_FAULT_ALIGNMENT,    /**< not aligned as the access or the memory type demands */
	VMM_FAULT_CONFLICT,     /**< two cached translations for one address */
	VMM_FAULT_EXTERNAL,     /**< the memory system answered with an error */
	VMM_FAULT_PAGE          /**< RISC-V: one of the first three; the CPU doesn't say which */
};

/** What was tried. */
enum vmm_fault_access {
	VMM_FAULT_READ = 0,
	VMM_FAULT_WRITE,      /**< also an atomic update; RISC-V: cache maintenance too */
	VMM_FAULT_EXECUTE,    /**< an instruction fetch */
	VMM_FAULT_MAINTENANCE /**< cache maintenance or an address translation instruction */
};

/** A fault, decoded. */
struct vmm_fault {
	enum vmm_fault_kind kind; /**< why */
	enum vmm_fault_access access; /**< meaningful unless kind is OTHER */
	bool user;      /**< made by EL0 or U-mode; false also where the CPU doesn't say */
	bool on_walk;   /**< EXTERNAL: it hit the walk of the tables, not the access itself */
	bool has_va;    /**< the CPU said which address */
	bool has_level; /**< the CPU said at which level; RISC-V never does */
	int level;      /**< the architecture's number (Arm: 3 is a page); 0 without has_level */
	vmm_va_t va;    /**< 0 without has_va */
	uint64_t raw;   /**< the cause register as it was: ESR_EL1 or scause */
};

/**
 * Names a kind in a few lower-case English words: "translation fault".
 *
 * Never NULL; for a value that is not in the list, that of VMM_FAULT_OTHER. The string is the
 * library's and constant. Holds no stored pointers, so it may be called before relocation. O(1).
 */
const char *vmm_fault_kind_str(enum vmm_fault_kind kind);

/** Names an access in one lower-case English word: "read". As vmm_fault_kind_str(); else
 * "access". */
const char *vmm_fault_access_str(enum vmm_fault_access access);

VMM_END_DECLS

#endif /* VMM_FAULT_H */
