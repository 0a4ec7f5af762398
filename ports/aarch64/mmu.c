/* SPDX-License-Identifier: MIT */
/*
 * What only an AArch64 core can do, at EL1: ask the CPU what it has and where an address leads, and
 * keep caches right.
 */

#include <vmm/aarch64.h>

#include "aarch64_mmu.h"

/* enable.S loads the registers by these offsets. */
VMM_STATIC_ASSERT(offsetof(struct vmm_aarch64_regs, mair) == 0, "enable.S: mair");
VMM_STATIC_ASSERT(offsetof(struct vmm_aarch64_regs, tcr) == 8, "enable.S: tcr");
VMM_STATIC_ASSERT(offsetof(struct vmm_aarch64_regs, ttbr0) == 16, "enable.S: ttbr0");
VMM_STATIC_ASSERT(offsetof(struct vmm_aarch64_regs, ttbr1) == 24, "enable.S: ttbr1");
VMM_STATIC_ASSERT(offsetof(struct vmm_aarch64_regs, sctlr) == 32, "enable.S: sctlr");

/* ID_AA64MMFR2_EL1 by number: assemblers know its name only from Armv8.2 on. Where a core doesn't
 * have it, it reads as zero. */
void vmm_aarch64_probe(struct vmm_aarch64_features *features)
{
	uint64_t mmfr0, mmfr1, mmfr2;

	__asm__("mrs %0, id_aa64mmfr0_el1" : "=r"(mmfr0));
	__asm__("mrs %0, id_aa64mmfr1_el1" : "=r"(mmfr1));
	__asm__("mrs %0, s3_0_c0_c7_2" : "=r"(mmfr2));
	vmm_aarch64_features_from(mmfr0, mmfr1, mmfr2, features);
}

bool vmm_aarch64_is_enabled(void)
{
	return (vmm_aarch64_sctlr_() & AARCH64_SCTLR_M) != 0;
}

/* --- translation by the CPU --- */

#define PAR_FAULT   UINT64_C(1)
#define PAR_ADDRESS UINT64_C(0x000ffffffffff000)

/* One AT with the ISB that PAR_EL1 needs (D8.13). Nobody else's AT may come between. */
#define ASK(operation, va, par)                             \
	do {                                                \
		uint64_t masks;                             \
                                                            \
		__asm__ volatile("mrs %1, daif\n\t"         \
				 "msr daifset, #7\n\t"      \
				 "at " operation ", %2\n\t" \
				 "isb\n\t"                  \
				 "mrs %0, par_el1\n\t"      \
				 "msr daif, %1"             \
				 : "=&r"(par), "=&r"(masks) \
				 : "r"(va)                  \
				 : "memory");               \
	} while (false)

static uint64_t ask(uint64_t va, enum vmm_aarch64_access access)
{
	uint64_t par;

	switch (access) {
	case VMM_AARCH64_KERNEL_WRITE:
		ASK("s1e1w", va, par);
		break;
	case VMM_AARCH64_USER_READ:
		ASK("s1e0r", va, par);
		break;
	case VMM_AARCH64_USER_WRITE:
		ASK("s1e0w", va, par);
		break;
	case VMM_AARCH64_KERNEL_READ:
	default:
		ASK("s1e1r", va, par);
		break;
	}
	return par;
}

/* PAR_EL1.FST has the codes of ESR_EL1: a data abort is made of it, for one decoder. */
static enum vmm_err why_not(uint64_t par)
{
	uint64_t esr = UINT64_C(0x25) << 26 | (par >> 1 & 0x3f);
	struct vmm_fault fault;

	vmm_aarch64_fault_decode(esr, 0, &fault);
	if (fault.kind == VMM_FAULT_TRANSLATION) {
		return VMM_ERR_NOENT;
	}
	return fault.kind == VMM_FAULT_PERMISSION ? VMM_ERR_ATTR : VMM_ERR_CORRUPT;
}

enum vmm_err vmm_aarch64_translate(vmm_va_t va, enum vmm_aarch64_access access, vmm_pa_t *pa)
{
	uint64_t par = ask(vmm_va_raw(va), access);

	if ((par & PAR_FAULT) != 0) {
		return why_not(par);
	}
	*pa = vmm_pa((par & PAR_ADDRESS) | vmm_va_offset(va, 12));
	return VMM_OK;
}

/* --- caches --- */

/* Bytes of the smallest data cache line of the system: CTR_EL0.DminLine is log2 of its words. */
static uintptr_t line_size(void)
{
	uint64_t ctr;

	__asm__("mrs %0, ctr_el0" : "=r"(ctr));
	return (uintptr_t)4 << (ctr >> 16 & 0xf);
}

/*
 * Clean and invalidate where cleaning would do: Cortex-A53 up to r0p2 may lose what is only cleaned
 * (errata 819472, 824069, 826319, 827319).
 */
void vmm_aarch64_clean(const void *start, size_t size)
{
	uintptr_t line = line_size();
	uintptr_t address = (uintptr_t)start & ~(line - 1);
	uint64_t on = AARCH64_SCTLR_M | AARCH64_SCTLR_C;
	bool cached = (vmm_aarch64_sctlr_() & on) == on;
	uintptr_t left;

	if (size == 0) {
		return;
	}
	/* What was stored before reaches its line, or memory, before the line is dropped. */
	__asm__ volatile("dsb sy" : : : "memory");
	left = ((uintptr_t)start + (size - 1) - address) / line + 1;
	for (; left > 0; left--, address += line) {
		if (cached) {
			__asm__ volatile("dc civac, %0" : : "r"(address) : "memory");
		} else {
			__asm__ volatile("dc ivac, %0" : : "r"(address) : "memory");
		}
	}
	__asm__ volatile("dsb sy" : : : "memory");
}
