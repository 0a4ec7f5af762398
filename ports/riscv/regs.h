/* SPDX-License-Identifier: MIT */
#ifndef VMM_RISCV_REGS_H
#define VMM_RISCV_REGS_H

/*
 * Register words and instruction operands as arithmetic, so that a host can test what only S-mode
 * can execute. Section names are those of the privileged specification, volume II.
 */

#include <vmm/table.h>

/* satp ("Supervisor Address Translation and Protection"): MODE 63:60, ASID 59:44, PPN 43:0. */
#define VMM_RISCV_SATP_MODE_SHIFT 60
#define VMM_RISCV_SATP_ASID_SHIFT 44
#define VMM_RISCV_SATP_PPN ((UINT64_C(1) << 44) - 1)
#define VMM_RISCV_SATP_ASID (UINT64_C(0xffff) << VMM_RISCV_SATP_ASID_SHIFT)
#define VMM_RISCV_MODE_BARE 0
#define VMM_RISCV_MODE_SV39 8
#define VMM_RISCV_MODE_SV57 10

/* SBI specification, "RFENCE Extension" and "Base Extension". */
#define VMM_SBI_BASE UINT64_C(0x10)
#define VMM_SBI_BASE_PROBE_EXTENSION UINT64_C(3)
#define VMM_SBI_RFENCE UINT64_C(0x52464e43)
#define VMM_SBI_REMOTE_SFENCE_VMA UINT64_C(1)
#define VMM_SBI_REMOTE_SFENCE_VMA_ASID UINT64_C(2)

/* What SFENCE.VMA is to be executed with. */
struct vmm_riscv_fence_ {
	bool by_address; /* rs1 is each of the addresses; else x0: table descriptors too */
	bool by_asid;    /* rs2 is the ASID; else x0: global leaves too */
	uint16_t asid;
	uint64_t first;  /* sign-extended; by_address only, as the next two */
	uint64_t stride; /* in bytes */
	uint64_t count;
};

/* The arguments of a remote fence but for the harts. */
struct vmm_riscv_rfence_ {
	uint64_t function;
	uint64_t start;
	uint64_t size; /* in bytes; UINT64_MAX: every address */
	uint64_t asid;
};

/* The mode of satp for addresses of that size; MODE_BARE if there is none. */
VMM_INLINE uint64_t vmm_riscv_mode_(unsigned int va_bits)
{
	switch (va_bits) {
	case 39:
	case 48:
	case 57:
		return VMM_RISCV_MODE_SV39 + (va_bits - 39) / 9;
	default:
		return VMM_RISCV_MODE_BARE;
	}
}

/* The address sizes that there are, from the largest down. */
#define VMM_RISCV_VA_BITS_MAX 57
#define VMM_RISCV_VA_BITS_MIN 39

/* The next smaller one, which a CPU with this one has too ("Sv48", "Sv57"); 0: there is none. */
VMM_INLINE uint8_t vmm_riscv_smaller_(uint8_t va_bits)
{
	return va_bits > VMM_RISCV_VA_BITS_MIN ? (uint8_t)(va_bits - 9) : 0;
}

/* Bits va_bits..63 become copies of bit va_bits - 1, as every address must have it. */
VMM_INLINE uint64_t vmm_riscv_sign_extend_(unsigned int va_bits, uint64_t va)
{
	uint64_t sign = UINT64_C(1) << (va_bits - 1);

	return ((va & (sign + sign - 1)) ^ sign) - sign;
}

/* What `request` is on this architecture. */
struct vmm_riscv_fence_ vmm_riscv_fence_(const struct vmm_table *table,
					 const struct vmm_invalidation *request);

/* The same fence for other harts. */
struct vmm_riscv_rfence_ vmm_riscv_rfence_(const struct vmm_riscv_fence_ *fence);

#endif /* VMM_RISCV_REGS_H */
