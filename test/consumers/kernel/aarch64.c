/* SPDX-License-Identifier: MIT */
/* QEMU's virt machine with an AArch64 CPU, at EL1, PSCI by HVC. */

#include <vmm/aarch64.h>

#include "cpu.h"

#define UARTDR 0x00 /* PL011, DDI 0183, 3.3 */
#define UARTFR 0x18
#define TXFF   (1u << 5)

#define PSCI_SYSTEM_OFF 0x84000008u

const char *const cpu_console_name = "their PL011";
const vmm_pa_region_t cpu_console = VMM_PA_REGION_INIT(0x09000000, 0x1000);

static struct vmm_aarch64_table table;

void cpu_console_put(uintptr_t base, char c)
{
	while ((*(volatile uint32_t *)(base + UARTFR) & TXFF) != 0) {
	}
	*(volatile uint32_t *)(base + UARTDR) = (unsigned char)c;
}

enum vmm_err cpu_table_init(struct vmm_frames *frames, struct vmm_table **made)
{
	struct vmm_table_config config = {.format = &vmm_aarch64_4k, .frames = frames};

	*made = &table.base;
	return vmm_aarch64_table_init(&table, &config);
}

enum vmm_err cpu_enable(const struct vmm_table *enabled)
{
	struct vmm_aarch64_features features;
	struct vmm_aarch64_regs regs;
	enum vmm_err err;

	vmm_aarch64_probe(&features);
	err = vmm_aarch64_plan_enable(enabled, NULL, &features, &regs);
	if (err == VMM_OK) {
		vmm_aarch64_enable(&regs);
	}
	return err;
}

enum vmm_err cpu_translate(vmm_va_t va, vmm_pa_t *pa)
{
	return vmm_aarch64_translate(va, VMM_AARCH64_KERNEL_WRITE, pa);
}

_Noreturn void cpu_off(void)
{
	register uint64_t function __asm__("x0") = PSCI_SYSTEM_OFF;

	for (;;) {
		__asm__ volatile("hvc #0" : "+r"(function) : : "x1", "x2", "x3", "memory");
	}
}
