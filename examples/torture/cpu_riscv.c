/* SPDX-License-Identifier: MIT */
/*
 * RISC-V: what torture.h asks for. References are to the Privileged specification.
 */

#include "torture.h"

#include <stdio.h>

#include <vmm/riscv.h>

#include "../common/user.h"

const struct vmm_sync *const cpu_sync = &vmm_riscv_sync_sbi;
const bool cpu_asks_hardware = false;
const unsigned int cpu_first_argument = 10;

/* ld a1, 0(a0); ecall; sd a1, 0(a0); ecall */
const uint32_t cpu_user_code[4] = {0x00053583, 0x00000073, 0x00b53023, 0x00000073};

#define SSTATUS_SUM (UINT64_C(1) << 18)

static struct vmm_riscv_table table;
static uint32_t options; /* of the table */
static uint64_t window;  /* of its frames */

unsigned int cpu_pa_bits(void)
{
	return 56;
}

/* --- the table --- */

/* The kernel's own mappings, one for one: a table that joined the kernel's would have to have its
 * options. */
static void copy_kernel(struct vmm_table *to, const struct vmm_table *from)
{
	struct vmm_cursor cursor = {0};
	struct vmm_leaf leaf;

	while (vmm_table_visit(from, &cursor, &leaf, NULL) == VMM_OK) {
		vmm_va_region_t va = VMM_VA_REGION_INIT(vmm_va_raw(leaf.va), leaf.size);
		struct vmm_detail detail = {.level = -1};

		kernel_require("the kernel's half",
			       vmm_table_map(to, va, leaf.pa, leaf.attr, &detail), &detail);
	}
}

static void make_table(struct kernel *kernel, const struct vmm_table_config *config)
{
	kernel_require("table", vmm_riscv_table_init(&table, config), NULL);
	table.harts.base = UINT64_MAX;
	copy_kernel(&table.base, kernel->table);
}

static void read_word(void *argument)
{
	(void)*(const volatile uint64_t *)argument;
}

/*
 * No register tells S-mode of Svnapot and Svpbmt. Descriptors that use them fault where they are
 * reserved ("Sv39", bits 63 and 62:61), so each is tried.
 */
static bool has(struct kernel *kernel, struct vmm_table_config config, uint32_t flag)
{
	const uint64_t size = 0x10000;
	vmm_va_region_t va = VMM_VA_REGION_INIT(
		UINT64_C(1) << (machine_format->geometry->va_bits_max - 4), size);
	uint32_t bits = flag == VMM_TABLE_SVPBMT ? VMM_ATTR_MEM(VMM_MEM_NC) : VMM_ATTR_CONTIG;
	uint64_t pa = (pool.pa + size - 1) & ~(size - 1);
	struct board_trap trap;
	bool done;

	config.flags = flag;
	make_table(kernel, &config);
	kernel_require("a try",
		       vmm_table_map(&table.base, va, vmm_pa(pa), vmm_attr(bits), NULL), NULL);
	vmm_riscv_switch(&table.base, true);
	done = board_try(read_word, vmm_va_ptr(vmm_va_region_start(va)), &trap);
	vmm_riscv_switch(kernel->table, true);
	vmm_table_fini(&table.base);
	return done;
}

void cpu_make_tables(struct kernel *kernel, struct vmm_table_config config, struct space *lower,
		     struct space *upper)
{
	uint8_t asid_bits = user_machine_asid_bits();
	uint32_t flags = config.flags & (VMM_TABLE_ALLOW_WX | VMM_TABLE_KEEP |
					 VMM_TABLE_FLUSH_WHOLE | VMM_TABLE_FENCE_ALL);

	window = config.frames->window;
	config.asid &= (uint16_t)((UINT32_C(1) << asid_bits) - 1);
	flags |= has(kernel, config, VMM_TABLE_SVNAPOT) ? VMM_TABLE_SVNAPOT : 0;
	flags |= has(kernel, config, VMM_TABLE_SVPBMT) ? VMM_TABLE_SVPBMT : 0;
	printf("Svnapot: %s, Svpbmt: %s\n", (flags & VMM_TABLE_SVNAPOT) != 0 ? "yes" : "no",
	       (flags & VMM_TABLE_SVPBMT) != 0 ? "yes" : "no");
	options = config.flags = flags;
	make_table(kernel, &config);
	lower->table = &table.base;
	lower->allows_wx = (flags & VMM_TABLE_ALLOW_WX) != 0;
	lower->keeps = (flags & VMM_TABLE_KEEP) != 0;
	lower->is_limited = true;
	lower->pa_bits = cpu_pa_bits();
	lower->checks_pa = true;
	*upper = *lower;
}

void cpu_adopt(struct kernel *kernel, const struct vmm_table *lower)
{
	(void)kernel;
	vmm_riscv_switch(lower, true);
}

/* Stores of another hart to memory that is executed, see "Zifencei", don't happen here. */
void cpu_synchronize(void)
{
}

enum vmm_err cpu_rule(const struct space *space, vmm_attr_t attr, enum vmm_mem *mem)
{
	bool has_types = (options & VMM_TABLE_SVPBMT) != 0;

	(void)space;
	if (vmm_attr_exec(attr) == VMM_EXEC_KERNEL && vmm_attr_has(attr, VMM_ATTR_USER)) {
		return VMM_ERR_ATTR;
	}
	switch (vmm_attr_mem(attr)) {
	case VMM_MEM_WT:
		return VMM_ERR_ATTR;
	case VMM_MEM_NC:
		*mem = VMM_MEM_NC;
		return has_types ? VMM_OK : VMM_ERR_ATTR;
	case VMM_MEM_DEV_NGNRNE:
	case VMM_MEM_DEV_NGNRE:
	case VMM_MEM_DEV_GRE:
		*mem = has_types ? VMM_MEM_DEV_NGNRE : VMM_MEM_PLATFORM;
		break;
	case VMM_MEM_WB:
	case VMM_MEM_PLATFORM:
		*mem = VMM_MEM_PLATFORM;
		break;
	}
	return VMM_OK;
}

/* "Sv32", the U bit: S-mode touches users' pages with SUM only, and never executes them. */
bool cpu_allows(uint64_t page, enum access access, bool opens_user)
{
	bool is_user = (page & UNIT_USER) != 0;

	switch (access) {
	case KERNEL_READ:
		return !is_user || opens_user;
	case KERNEL_WRITE:
		return (!is_user || opens_user) && (page & UNIT_WRITE) != 0;
	case KERNEL_EXECUTE:
		return (page & UNIT_KERNEL_EXECUTE) != 0;
	case USER_READ:
		return is_user;
	case USER_WRITE:
		return is_user && (page & UNIT_WRITE) != 0;
	case USER_EXECUTE:
	case ACCESS_COUNT:
		break;
	}
	return (page & UNIT_USER_EXECUTE) != 0;
}

void cpu_open_user(bool open)
{
	if (open) {
		__asm__ volatile("csrs sstatus, %0" : : "r"(SSTATUS_SUM) : "memory");
	} else {
		__asm__ volatile("csrc sstatus, %0" : : "r"(SSTATUS_SUM) : "memory");
	}
}

/* There is no instruction for it: a walk in software from satp, which knows writing only. */
void cpu_ask(uint64_t va, uint64_t page, int level)
{
	uint64_t expected = page & ~UNIT_FLAGS;
	vmm_pa_t pa = vmm_pa(0);
	enum vmm_err err = vmm_riscv_translate(window, vmm_va(va), false, &pa);

	(void)level;
	if (err != (page != 0 ? VMM_OK : VMM_ERR_NOENT) || vmm_pa_raw(pa) != expected) {
		differ("walk", va, page, vmm_pa_raw(pa));
	}
	err = vmm_riscv_translate(window, vmm_va(va), true, &pa);
	if (err != ((page & UNIT_WRITE) != 0 ? VMM_OK : VMM_ERR_NOENT)) {
		differ("walk to write", va, page, (uint64_t)err);
	}
}

/* "Supervisor Cause": page faults of a load, a store, a fetch; for whatever reason. */
uint64_t cpu_cause(enum access access, bool mapped, int level, uint64_t *mask)
{
	static const uint8_t causes[] = {13, 15, 12};

	(void)mapped;
	(void)level;
	*mask = UINT64_MAX;
	return causes[access % 3];
}

bool cpu_may_retry(const struct space *space, const struct board_trap *trap)
{
	struct vmm_fault fault;

	vmm_riscv_fault_decode(trap->cause, trap->address, trap->status, &fault);
	if ((options & VMM_TABLE_FENCE_ALL) != 0 ||
	    !vmm_riscv_is_spurious(space->table, trap->status, &fault)) {
		return false;
	}
	vmm_riscv_fence_local();
	return true;
}

/* Memory is coherent whatever its type on QEMU's machines; cache instructions are an extension. */
void cpu_clean(volatile uint64_t *word)
{
	(void)word;
}

/* QEMU drops all that it kept at each SFENCE.VMA, whatever its operands. */
void cpu_forget_code(volatile uint64_t *code)
{
	(void)code;
}

/* --- code --- */

#define LUI_A0 0x00000537u
#define RET    0x00008067u
#define ECALL  0x00000073u

void cpu_code(uint32_t index, uint32_t *kernel_code, uint32_t *user_code)
{
	kernel_code[0] = user_code[0] = LUI_A0 | index << 12;
	kernel_code[1] = RET;
	user_code[1] = ECALL;
}

uint64_t cpu_code_index(uint64_t result)
{
	return result >> 12;
}
