/* SPDX-License-Identifier: MIT */
#ifndef CPU_H
#define CPU_H

/* What kernel.c asks of a CPU and its machine. */

#include <vmm/table.h>

/* The console's registers, where the bus has them. */
extern const char *const cpu_console_name;
extern const vmm_pa_region_t cpu_console;

/* Writes a character by the console's registers at `base`. */
void cpu_console_put(uintptr_t base, char c);

/* Makes the one table of this kernel, of the CPU's usual format with 4 KiB pages. */
VMM_MUST_CHECK enum vmm_err cpu_table_init(struct vmm_frames *frames, struct vmm_table **table);

/* Switches translation on. */
VMM_MUST_CHECK enum vmm_err cpu_enable(const struct vmm_table *table);

/* Where the CPU itself says that an address leads. */
VMM_MUST_CHECK enum vmm_err cpu_translate(vmm_va_t va, vmm_pa_t *pa);

/* Ends the machine by a call of firmware. */
_Noreturn void cpu_off(void);

#endif /* CPU_H */
