/* SPDX-License-Identifier: MIT */
/*
 * AArch64: what torture.h asks for. References are to the Arm ARM, DDI 0487.
 */

#include "torture.h"

#include <vmm/aarch64.h>

#include "../common/user.h"

const struct vmm_sync *const cpu_sync = &vmm_aarch64_sync;
const bool cpu_asks_hardware = true;
const unsigned int cpu_first_argument = 0;

/* ldr x1, [x0]; svc #0; str x1, [x0]; svc #0 */
const uint32_t cpu_user_code[4] = {0xf9400001, 0xd4000001, 0xf9000001, 0xd4000001};

static struct vmm_aarch64_table lower_table;

unsigned int cpu_pa_bits(void)
{
	struct vmm_aarch64_features features;

	vmm_aarch64_probe(&features);
	return features.pa_bits < 48 ? features.pa_bits : 48;
}

/* The lower half is a new table's, the upper one the kernel's own. */
void cpu_make_tables(struct kernel *kernel, struct vmm_table_config config, struct space *lower,
		     struct space *upper)
{
	struct vmm_aarch64_features features;

	vmm_aarch64_probe(&features);
	config.flags &= VMM_TABLE_ALLOW_WX | VMM_TABLE_KEEP | VMM_TABLE_FLUSH_WHOLE |
			(features.bbm_level == 2 ? VMM_TABLE_RESIZE_LIVE : 0u);
	config.pa_bits = (uint8_t)cpu_pa_bits();
	config.asid &= features.asid_bits == 8 ? 0xff : 0xffff;
	kernel_require("lower table", vmm_aarch64_table_init(&lower_table, &config), NULL);
	lower->table = &lower_table.base;
	lower->allows_wx = (config.flags & VMM_TABLE_ALLOW_WX) != 0;
	lower->keeps = (config.flags & VMM_TABLE_KEEP) != 0;
	lower->is_limited = true;
	lower->pa_bits = config.pa_bits;
	lower->checks_pa = true;
	/* Leaves of the upper half carry the lower one's ASID unless they are global (D8.16). */
	vmm_table_set_sync(kernel->table, config.sync);
	kernel_require("ASID", vmm_table_set_asid(kernel->table, config.asid), NULL);
	upper->table = kernel->table;
	upper->pa_bits = config.pa_bits;
}

void cpu_adopt(struct kernel *kernel, const struct vmm_table *lower)
{
	kernel_require("lower half", user_machine_open(lower, kernel->table), NULL);
	user_machine_switch(lower, true);
}

/* A new mapping may be used after a context synchronization (D8.17.1). */
void cpu_synchronize(void)
{
	__asm__ volatile("isb" : : : "memory");
}

enum vmm_err cpu_rule(const struct space *space, vmm_attr_t attr, enum vmm_mem *mem)
{
	(void)space;
	*mem = vmm_attr_mem(attr);
	if (*mem == VMM_MEM_PLATFORM ||
	    (vmm_attr_exec(attr) == VMM_EXEC_KERNEL &&
	     vmm_attr_has(attr, VMM_ATTR_USER | VMM_ATTR_WRITE))) {
		return VMM_ERR_ATTR;
	}
	return VMM_OK;
}

/* Without PAN, EL1 reads what EL0 may. */
bool cpu_allows(uint64_t page, enum access access, bool opens_user)
{
	(void)opens_user;
	switch (access) {
	case KERNEL_READ:
		return true;
	case KERNEL_WRITE:
		return (page & UNIT_WRITE) != 0;
	case KERNEL_EXECUTE:
		return (page & UNIT_KERNEL_EXECUTE) != 0;
	case USER_READ:
		return (page & UNIT_USER) != 0;
	case USER_WRITE:
		return (page & (UNIT_USER | UNIT_WRITE)) == (UNIT_USER | UNIT_WRITE);
	case USER_EXECUTE:
	case ACCESS_COUNT:
		break;
	}
	return (page & UNIT_USER_EXECUTE) != 0;
}

void cpu_open_user(bool open)
{
	(void)open;
}

/* --- what the CPU says --- */

#define PAR_FAULT    UINT64_C(1)
#define PAR_STATUS(par) ((par) >> 1 & 0x3f)
#define PAR_SH       (UINT64_C(3) << 7)
#define PAR_ADDRESS  UINT64_C(0x000ffffffffff000)
#define PAR_ATTR     (UINT64_C(0xff) << 56)

#define FAULT_TRANSLATION 0x04 /* and the level (D24.2, ESR_EL1, ISS of a data abort: DFSC) */
#define FAULT_PERMISSION  0x0c

static uint64_t status_of(bool mapped, int level, uint64_t *mask)
{
	uint64_t status = mapped ? FAULT_PERMISSION : FAULT_TRANSLATION;

	*mask = level >= 0 ? 0x3f : 0x3c;
	return level >= 0 ? status | (uint64_t)(3 - level) : status;
}

/* MAIR's byte and the shareability: inner for what is cached, else outer (D24.2, PAR_EL1). */
static uint64_t par_of(uint64_t page)
{
	static const uint8_t mair[] = {
		[VMM_MEM_WB] = 0xff,
		[VMM_MEM_WT] = 0xbb,
		[VMM_MEM_NC] = 0x44,
		[VMM_MEM_DEV_NGNRNE] = 0x00,
		[VMM_MEM_DEV_NGNRE] = 0x04,
		[VMM_MEM_DEV_GRE] = 0x0c,
	};
	uint64_t mem = (page & UNIT_MEMORY_MASK) >> 8;
	uint64_t sh = mem == VMM_MEM_WB || mem == VMM_MEM_WT ? 3 : 2;

	return (page & ~UNIT_FLAGS) | (uint64_t)mair[mem] << 56 | sh << 7;
}

static void judge_par(const char *what, uint64_t va, uint64_t page, enum access access, int level,
		      uint64_t par)
{
	const uint64_t checked = PAR_FAULT | PAR_SH | PAR_ADDRESS | PAR_ATTR;
	uint64_t mask, status;

	if (page != 0 && cpu_allows(page, access, false)) {
		if (((par ^ par_of(page)) & checked) != 0) {
			differ(what, va, par_of(page), par);
		}
		return;
	}
	status = status_of(page != 0, level, &mask);
	if ((par & PAR_FAULT) == 0 || ((PAR_STATUS(par) ^ status) & mask) != 0) {
		differ(what, va, status << 1 | PAR_FAULT, par);
	}
}

/* PAR_EL1 is there after a context synchronization (D8.13). */
#define AT(operation, va, par)                                                                     \
	__asm__ volatile("at " operation ", %1\n\tisb\n\tmrs %0, par_el1"                          \
			 : "=r"(par)                                                               \
			 : "r"(va)                                                                 \
			 : "memory")

void cpu_ask(uint64_t va, uint64_t page, int level)
{
	uint64_t par;

	AT("s1e1r", va, par);
	judge_par("AT S1E1R", va, page, KERNEL_READ, level, par);
	AT("s1e1w", va, par);
	judge_par("AT S1E1W", va, page, KERNEL_WRITE, level, par);
	AT("s1e0r", va, par);
	judge_par("AT S1E0R", va, page, USER_READ, level, par);
	AT("s1e0w", va, par);
	judge_par("AT S1E0W", va, page, USER_WRITE, level, par);
}

#define ESR_EC_SHIFT 26
#define ESR_WNR      (UINT64_C(1) << 6)

/* Exception classes (D24.2, ESR_EL1): an abort of the lower level, or of the same. */
uint64_t cpu_cause(enum access access, bool mapped, int level, uint64_t *mask)
{
	bool is_user = access >= USER_READ;
	bool executes = access == KERNEL_EXECUTE || access == USER_EXECUTE;
	bool writes = access == KERNEL_WRITE || access == USER_WRITE;
	uint64_t ec = (executes ? 0x20u : 0x24u) + (is_user ? 0u : 1u);
	uint64_t status = status_of(mapped, level, mask);

	*mask |= UINT64_C(0x3f) << ESR_EC_SHIFT | (executes ? 0 : ESR_WNR);
	return ec << ESR_EC_SHIFT | (writes ? ESR_WNR : 0) | status;
}

bool cpu_may_retry(const struct space *space, const struct board_trap *trap)
{
	(void)space;
	(void)trap;
	return false;
}

/* Aliases with other attributes agree when lines were cleaned and dropped (B2.12). */
void cpu_clean(volatile uint64_t *word)
{
	vmm_aarch64_clean((const void *)(uintptr_t)word, sizeof(*word));
}

/*
 * QEMU (7.2 and 10.0) keeps code that it translated by its virtual address, and when a leaf of more
 * than 4 KiB is invalidated by address it drops what it kept for the first 4 KiB only: it would go
 * on to execute where its own TLB says that it can't. A store to the code makes it look again.
 */
void cpu_forget_code(volatile uint64_t *code)
{
	uint64_t word = *code;

	*code = word;
}

/* --- code --- */

#define MOVZ_X0 0xd2800000u
#define RET     0xd65f03c0u
#define SVC     0xd4000001u

void cpu_code(uint32_t index, uint32_t *kernel_code, uint32_t *user_code)
{
	kernel_code[0] = user_code[0] = MOVZ_X0 | index << 5;
	kernel_code[1] = RET;
	user_code[1] = SVC;
}

uint64_t cpu_code_index(uint64_t result)
{
	return result;
}
