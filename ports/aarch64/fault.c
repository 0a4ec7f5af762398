/* SPDX-License-Identifier: MIT */
/*
 * ESR_EL1 and FAR_EL1 into words. Plain C.
 *
 * Arm ARM DDI 0487, D24.2 "ESR_EL1": EC, and the ISS encodings of instruction and data aborts.
 */

#include <vmm/aarch64.h>

#define ESR_EC_SHIFT         26
#define EC_INSTRUCTION_LOWER 0x20 /* abort of a fetch, from EL0 */
#define EC_INSTRUCTION_SAME  0x21
#define EC_PC_ALIGNMENT      0x22
#define EC_DATA_LOWER        0x24 /* abort of a data access, from EL0 */
#define EC_DATA_SAME         0x25
#define EC_SP_ALIGNMENT      0x26

#define ESR_STATUS        UINT64_C(0x3f)      /* DFSC, IFSC */
#define ESR_WRITE         (UINT64_C(1) << 6)  /* WnR */
#define ESR_CACHE         (UINT64_C(1) << 8)  /* CM */
#define ESR_FAR_NOT_VALID (UINT64_C(1) << 10) /* FnV */

/* Fault status codes that hold no level. */
#define STATUS_EXTERNAL  0x10
#define STATUS_ALIGNMENT 0x21
#define STATUS_CONFLICT  0x30

/* A run of fault status codes of one kind, one for each level from `level` on. */
struct status_row {
	uint8_t first;
	uint8_t count;
	int8_t level;
	uint8_t kind; /* enum vmm_fault_kind */
	bool on_walk;
};

/* Levels below 0 occur with 52-bit addresses and 128-bit descriptors. */
static const struct status_row leveled[] = {
	{0x00, 4, 0, VMM_FAULT_ADDRESS_SIZE, false},  {0x04, 4, 0, VMM_FAULT_TRANSLATION, false},
	{0x08, 4, 0, VMM_FAULT_ACCESS_FLAG, false},   {0x0c, 4, 0, VMM_FAULT_PERMISSION, false},
	{0x12, 6, -2, VMM_FAULT_EXTERNAL, true}, /* synchronous external abort */
	{0x1b, 5, -1, VMM_FAULT_EXTERNAL, true}, /* parity or ECC error */
	{0x22, 6, -2, VMM_FAULT_EXTERNAL, true}, /* granule protection fault */
	{0x29, 1, -1, VMM_FAULT_ADDRESS_SIZE, false}, {0x2a, 2, -2, VMM_FAULT_TRANSLATION, false},
	{0x2c, 1, -2, VMM_FAULT_ADDRESS_SIZE, false},
};

static enum vmm_fault_kind kind_without_level(unsigned int status)
{
	switch (status) {
	case STATUS_ALIGNMENT:
		return VMM_FAULT_ALIGNMENT;
	case STATUS_CONFLICT:
		return VMM_FAULT_CONFLICT;
	case STATUS_EXTERNAL:
	case 0x18: /* parity or ECC error */
	case 0x28: /* granule protection fault */
		return VMM_FAULT_EXTERNAL;
	default:
		return VMM_FAULT_OTHER;
	}
}

/* Kind and level by fault status code (tables of DFSC and IFSC, which agree where both have a
 * code). */
static void decode_status(unsigned int status, struct vmm_fault *fault)
{
	size_t i;

	for (i = 0; i < sizeof(leveled) / sizeof(leveled[0]); i++) {
		const struct status_row *row = &leveled[i];

		if (status >= row->first && status - row->first < row->count) {
			fault->kind = (enum vmm_fault_kind)row->kind;
			fault->on_walk = row->on_walk;
			fault->has_level = true;
			fault->level = row->level + (int)(status - row->first);
			return;
		}
	}
	fault->kind = kind_without_level(status);
}

/* FAR_EL1 may be unknown only for an external abort that hit no walk, and FnV says so. */
static bool far_is_valid(uint64_t esr)
{
	return (esr & ESR_STATUS) != STATUS_EXTERNAL || (esr & ESR_FAR_NOT_VALID) == 0;
}

/* WnR is set for cache maintenance and AT too, whatever permission it needs. */
static enum vmm_fault_access data_access(uint64_t esr)
{
	if ((esr & ESR_CACHE) != 0) {
		return VMM_FAULT_MAINTENANCE;
	}
	return (esr & ESR_WRITE) != 0 ? VMM_FAULT_WRITE : VMM_FAULT_READ;
}

static void clear(struct vmm_fault *fault, uint64_t raw)
{
	fault->kind = VMM_FAULT_OTHER;
	fault->access = VMM_FAULT_READ;
	fault->user = false;
	fault->on_walk = false;
	fault->has_va = false;
	fault->has_level = false;
	fault->level = 0;
	fault->va = vmm_va(0);
	fault->raw = raw;
}

void vmm_aarch64_fault_decode(uint64_t esr, uint64_t far_address, struct vmm_fault *fault)
{
	unsigned int class = (unsigned int)(esr >> ESR_EC_SHIFT) & 0x3f;

	clear(fault, esr);
	switch (class) {
	case EC_INSTRUCTION_LOWER:
	case EC_INSTRUCTION_SAME:
		fault->access = VMM_FAULT_EXECUTE;
		fault->user = class == EC_INSTRUCTION_LOWER;
		fault->has_va = far_is_valid(esr);
		decode_status((unsigned int)(esr & ESR_STATUS), fault);
		break;
	case EC_DATA_LOWER:
	case EC_DATA_SAME:
		fault->access = data_access(esr);
		fault->user = class == EC_DATA_LOWER;
		fault->has_va = far_is_valid(esr);
		decode_status((unsigned int)(esr & ESR_STATUS), fault);
		break;
	case EC_PC_ALIGNMENT:
		fault->kind = VMM_FAULT_ALIGNMENT;
		fault->access = VMM_FAULT_EXECUTE;
		fault->has_va = true;
		break;
	case EC_SP_ALIGNMENT: /* FAR_EL1 is unknown */
		fault->kind = VMM_FAULT_ALIGNMENT;
		break;
	default:
		break;
	}
	if (fault->has_va) {
		fault->va = vmm_va(far_address);
	}
}
