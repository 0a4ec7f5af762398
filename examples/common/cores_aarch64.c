/* SPDX-License-Identifier: MIT */
/*
 * AArch64: what cores.h asks for. TTBR0_EL1 maps the code where it is loaded until a core has
 * settled.
 */

#include "cores.h"

#include <vmm/aarch64.h>

static struct vmm_aarch64_table identity;

_Static_assert(sizeof(struct vmm_aarch64_regs) == BOARD_CORE_REGS * sizeof(uint64_t),
	       "secondary.S passes that much on");

enum vmm_err cores_machine_regs(struct kernel *kernel, uint64_t *regs)
{
	const struct vmm_table_config config = {
		.format = machine_format,
		.frames = &kernel->bump.frames,
	};
	vmm_pa_region_t code = board_section(BOARD_SECTION_CODE);
	vmm_va_region_t va =
		VMM_VA_REGION_INIT(vmm_pa_raw(vmm_pa_region_start(code)), vmm_pa_region_size(code));
	struct vmm_aarch64_features features;
	struct vmm_aarch64_regs words;
	enum vmm_err err = vmm_aarch64_table_init(&identity, &config);

	if (err == VMM_OK) {
		err = vmm_table_map(&identity.base, va, vmm_pa_region_start(code), VMM_KERNEL_RX,
				    NULL);
	}
	vmm_aarch64_probe(&features);
	if (err == VMM_OK) {
		err = vmm_aarch64_plan_enable(&identity.base, kernel->table, &features, &words);
	}
	if (err == VMM_OK) {
		regs[0] = words.mair;
		regs[1] = words.tcr;
		regs[2] = words.ttbr0;
		regs[3] = words.ttbr1;
		regs[4] = words.sctlr;
	}
	return err;
}

enum vmm_err cores_machine_settle(struct kernel *kernel)
{
	struct vmm_aarch64_features features;
	struct vmm_aarch64_regs regs;
	enum vmm_err err;

	vmm_aarch64_probe(&features);
	err = vmm_aarch64_plan_enable(NULL, kernel->table, &features, &regs);
	if (err == VMM_OK) {
		vmm_aarch64_reload(&regs);
		vmm_aarch64_flush_local();
	}
	return err;
}

void cores_machine_done(void)
{
	vmm_table_fini(&identity.base);
}

/* TLBI instructions of the inner shareable domain are broadcast. */
void cores_machine_invalidate(const struct vmm_table *table,
			      const struct vmm_invalidation *request)
{
	vmm_aarch64_sync.invalidate(table, request);
}

/* Without IS in its name, TLBI is for this core. */
void cores_machine_invalidate_here(const struct vmm_table *table,
				   const struct vmm_invalidation *request)
{
	(void)table;
	(void)request;
	vmm_aarch64_flush_local();
}

void cores_pause(void)
{
	__asm__ volatile("yield" : : : "memory");
}
