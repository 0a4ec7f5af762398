/* SPDX-License-Identifier: MIT */
/*
 * RISC-V: what cores.h asks for. A table that has joined the kernel's half maps the code where it
 * is loaded until a hart has settled.
 */

#include "cores.h"

#include <vmm/riscv.h>

static struct vmm_riscv_table identity;

_Static_assert(sizeof(struct vmm_riscv_regs) == sizeof(uint64_t), "one register");

enum vmm_err cores_machine_regs(struct kernel *kernel, uint64_t *regs)
{
	const struct vmm_table_config config = {
		.format = machine_format,
		.frames = &kernel->bump.frames,
	};
	vmm_pa_region_t code = board_section(BOARD_SECTION_CODE);
	vmm_va_region_t va =
		VMM_VA_REGION_INIT(vmm_pa_raw(vmm_pa_region_start(code)), vmm_pa_region_size(code));
	enum vmm_err err = vmm_riscv_table_init(&identity, &config);

	if (err == VMM_OK) {
		err = vmm_table_join(&identity.base, kernel->table);
	}
	if (err == VMM_OK) {
		err = vmm_table_map(&identity.base, va, vmm_pa_region_start(code), VMM_KERNEL_RX,
				    NULL);
	}
	if (err == VMM_OK) {
		regs[0] = vmm_riscv_satp(&identity.base);
	}
	return err;
}

enum vmm_err cores_machine_settle(struct kernel *kernel)
{
	vmm_riscv_switch(kernel->table, true);
	return VMM_OK;
}

void cores_machine_done(void)
{
	vmm_table_fini(&identity.base);
}

/*
 * vmm_riscv_sync_sbi wants a table that knows its harts. Which these are is the same for all tables
 * here, the kernel's plain one included: every hart.
 */
void cores_machine_invalidate(const struct vmm_table *table,
			      const struct vmm_invalidation *request)
{
	struct vmm_riscv_table everywhere = {
		.base = *table,
		.harts = {.base = UINT64_MAX},
	};

	vmm_riscv_sync_sbi.invalidate(&everywhere.base, request);
}

/* SFENCE.VMA is for this hart. */
void cores_machine_invalidate_here(const struct vmm_table *table,
				   const struct vmm_invalidation *request)
{
	vmm_riscv_sync.invalidate(table, request);
}

/* Zihintpause's PAUSE, a FENCE that other CPUs take for a fence of nothing. */
void cores_pause(void)
{
	__asm__ volatile(".word 0x0100000f" : : : "memory");
}
