/* SPDX-License-Identifier: MIT */
/* vmm/fault.h, vmm_explain(): what the CPU says about a fault, and what the record knows of it. */

#include <vmm/aarch64.h>
#include <vmm/bump.h>
#include <vmm/riscv.h>
#include <vmm/vmm.h>

#include "host.h"

#define SSTATUS_SPP 0x100 /* the trap came from S-mode */

static struct vmm_bump bump;
static struct vmm_table table;
static struct vmm_mapping pool[16];
static struct vmm vmm;
static struct vmm_out_chars out;

int main(void)
{
	struct vmm_table_config table_config = {.format = &vmm_riscv_sv39, .frames = &bump.frames};
	struct vmm_config config = {.table = &table, .pool = pool, .pool_count = 16};
	vmm_va_region_t code = VMM_VA_REGION_INIT(0x80200000, 0x10000);
	vmm_va_region_t guard = VMM_VA_REGION_INIT(0x80220000, 0x1000);
	struct vmm_fault fault;

	require("bump", vmm_bump_init(&bump, ram, 12, ram_window()));
	require("table", vmm_table_init(&table, &table_config));
	require("manager", vmm_init(&vmm, &config));
	require("code",
		vmm_map_at(&vmm, "Kernel code", code, vmm_pa(0x80200000), VMM_KERNEL_RX, NULL));
	require("guard", vmm_guard_at(&vmm, "Kernel stack", guard, NULL));
	vmm_out_chars_init(&out, put);

	/* RISC-V: scause 15 is a page fault of a store; why, only the tables tell. */
	vmm_riscv_fault_decode(15, 0x80200040, SSTATUS_SPP, &fault);
	vmm_explain(&vmm, &fault, &out.out);
	vmm_riscv_fault_refine(&table, SSTATUS_SPP, &fault);
	vmm_explain(&vmm, &fault, &out.out);

	vmm_riscv_fault_decode(15, 0x80220ff8, SSTATUS_SPP, &fault);
	vmm_riscv_fault_refine(&table, SSTATUS_SPP, &fault);
	vmm_explain(&vmm, &fault, &out.out);

	/* AArch64: ESR_EL1 says all of it. EC 0x25, a data abort; WnR; a permission fault, level 3. */
	vmm_aarch64_fault_decode(0x9600004f, 0x80200040, &fault);
	vmm_explain(&vmm, &fault, &out.out);

	/* Before there is a record, there is still the decoding. */
	vmm_aarch64_fault_decode(0x86000005, 0xffff0000dead0000, &fault);
	vmm_explain(NULL, &fault, &out.out);
	return 0;
}
