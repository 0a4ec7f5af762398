/* SPDX-License-Identifier: MIT */
/*
 * Somebody else's kernel: it maps itself, switches translation on, maps its console as a driver would
 * and prints through it. It has nothing of libvmm but its headers and the library.
 */

#include <vmm/bump.h>
#include <vmm/version.h>
#include <vmm/vmm.h>

#include "cpu.h"

/* kernel.ld */
extern const char text_start[], text_end[], rodata_end[], data_end[];

void kernel_main(void);

/* Compilers call them by themselves. */
void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memset(void *to, int value, size_t size);

/* Room for tables: part of the data, as good as any memory. */
static _Alignas(4096) unsigned char frames[16 * 4096];

static struct vmm_bump bump;
static struct vmm_mapping pool[16];
static struct vmm vmm;
static uintptr_t console;

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
	volatile unsigned char *bytes = to;

	for (size_t i = 0; i < size; i++) {
		bytes[i] = ((const unsigned char *)from)[i];
	}
	return to;
}

void *memset(void *to, int value, size_t size)
{
	volatile unsigned char *bytes = to;

	for (size_t i = 0; i < size; i++) {
		bytes[i] = (unsigned char)value;
	}
	return to;
}

static void put(char c)
{
	if (c == '\n') {
		cpu_console_put(console, '\r');
	}
	cpu_console_put(console, c);
}

static void print(const char *text)
{
	while (*text != '\0') {
		put(*text++);
	}
}

static enum vmm_err map_part(const char *name, const char *start, const char *end, vmm_attr_t attr)
{
	vmm_va_region_t va = VMM_VA_REGION_INIT((uintptr_t)start, (uintptr_t)(end - start));

	return vmm_map_at(&vmm, name, va, vmm_pa((uintptr_t)start), attr, NULL);
}

static enum vmm_err start(vmm_va_t *driver)
{
	vmm_pa_region_t memory = VMM_PA_REGION_INIT((uintptr_t)frames, sizeof(frames));
	struct vmm_config config = {
		.pool = pool,
		.pool_count = sizeof(pool) / sizeof(pool[0]),
		.mmio_window = VMM_VA_REGION_INIT(0x200000000, 0x10000000),
	};
	enum vmm_err err;

	err = vmm_bump_init_zeroed(&bump, memory, 12, 0);
	err = err ? err : cpu_table_init(&bump.frames, &config.table);
	err = err ? err : vmm_init(&vmm, &config);
	err = err ? err : map_part("Code", text_start, text_end, VMM_KERNEL_RX);
	err = err ? err : map_part("Constants", text_end, rodata_end, VMM_KERNEL_RO);
	err = err ? err : map_part("Data", rodata_end, data_end, VMM_KERNEL_RW);
	err = err ? err : cpu_enable(config.table);
	err = err ? err
		  : vmm_map_mmio(&vmm, cpu_console_name, vmm_pa_region_start(cpu_console),
				 vmm_pa_region_size(cpu_console), driver, NULL);
	return err;
}

static const char *judge(vmm_va_t driver)
{
	vmm_pa_t pa;

	if (cpu_translate(driver, &pa) != VMM_OK ||
	    !vmm_pa_equal(pa, vmm_pa_region_start(cpu_console))) {
		return "the CPU goes elsewhere";
	}
	if (vmm_audit(&vmm, NULL) != 0) {
		return "record and tables differ";
	}
	return vmm_version_number() == VMM_VERSION_NUMBER ? "good" : "headers and library differ";
}

void kernel_main(void)
{
	vmm_va_t driver;
	enum vmm_err err;

	console = (uintptr_t)vmm_pa_raw(vmm_pa_region_start(cpu_console));
	print("theirs: translation is off\n");
	err = start(&driver);
	if (err != VMM_OK) {
		/* Where translation is on by now, this is lost, and the test misses the last line. */
		print(vmm_err_str(err));
		cpu_off();
	}
	console = (uintptr_t)vmm_va_raw(driver);
	print("theirs: libvmm ");
	print(vmm_version());
	print(", printed through ");
	print(cpu_console_name);
	print("\n");
	vmm_print_chars(&vmm, put);
	print("theirs: ");
	print(judge(driver));
	print("\n");
	cpu_off();
}
