/* SPDX-License-Identifier: MIT */
/* QEMU's virt machine with a RISC-V CPU, in S-mode under OpenSBI. */

#include <vmm/riscv.h>

#include "cpu.h"

#define THR  0 /* NS16550 */
#define LSR  5
#define THRE (1u << 5)

#define SBI_SRST 0x53525354 /* System Reset Extension */

const char *const cpu_console_name = "their NS16550";
const vmm_pa_region_t cpu_console = VMM_PA_REGION_INIT(0x10000000, 0x100);

static struct vmm_riscv_table table;
static _Alignas(4096) unsigned char scratch[4096];

void cpu_console_put(uintptr_t base, char c)
{
	while ((*(volatile uint8_t *)(base + LSR) & THRE) == 0) {
	}
	*(volatile uint8_t *)(base + THR) = (uint8_t)c;
}

enum vmm_err cpu_table_init(struct vmm_frames *frames, struct vmm_table **made)
{
	struct vmm_table_config config = {.format = &vmm_riscv_sv39, .frames = frames};

	*made = &table.base;
	return vmm_riscv_table_init(&table, &config);
}

enum vmm_err cpu_enable(const struct vmm_table *enabled)
{
	struct vmm_riscv_features features;
	struct vmm_riscv_regs regs;
	enum vmm_err err;

	err = vmm_riscv_probe(scratch, &features);
	err = err ? err : vmm_riscv_plan_enable(enabled, &regs);
	if (err == VMM_OK && !vmm_riscv_enable(&regs)) {
		err = VMM_ERR_UNSUPPORTED;
	}
	return err;
}

enum vmm_err cpu_translate(vmm_va_t va, vmm_pa_t *pa)
{
	return vmm_riscv_translate(0, va, true, pa);
}

_Noreturn void cpu_off(void)
{
	register uint64_t type __asm__("a0") = 0;
	register uint64_t reason __asm__("a1") = 0;
	register uint64_t function __asm__("a6") = 0;
	register uint64_t extension __asm__("a7") = SBI_SRST;

	for (;;) {
		__asm__ volatile("ecall"
				 : "+r"(type), "+r"(reason)
				 : "r"(function), "r"(extension)
				 : "memory");
	}
}
