/* SPDX-License-Identifier: MIT */
/*
 * Somebody else's program on an operating system: tables built in an array, and what they say. Every
 * format is there, so it asks one of each CPU.
 */

#include <stdio.h>

#include <vmm/aarch64.h>
#include <vmm/bump.h>
#include <vmm/riscv.h>
#include <vmm/version.h>
#include <vmm/vmm.h>

#define FRAMES     UINT64_C(0x40000000)
#define FRAME_SIZE UINT64_C(0x20000)

static _Alignas(4096) unsigned char memory[FRAME_SIZE];

static void put(char c)
{
	(void)putchar(c);
}

static enum vmm_err try_format(const struct vmm_format *format)
{
	static const vmm_pa_region_t frames = VMM_PA_REGION_INIT(FRAMES, FRAME_SIZE);
	struct vmm_bump bump = {.fresh_count = 0};
	struct vmm_table table = {.format = NULL};
	struct vmm_mapping pool[4];
	struct vmm vmm = {.table = NULL};
	struct vmm_table_config table_config = {.format = format, .frames = &bump.frames};
	struct vmm_config config = {
		.table = &table,
		.pool = pool,
		.pool_count = 4,
		.mmio_window = VMM_VA_REGION_INIT(0x10000000, 0x100000),
	};
	vmm_va_t va;
	vmm_pa_t pa;
	enum vmm_err err;

	err = vmm_bump_init(&bump, frames, 12, (uintptr_t)memory - FRAMES);
	err = err ? err : vmm_table_init(&table, &table_config);
	err = err ? err : vmm_init(&vmm, &config);
	err = err ? err : vmm_map_mmio(&vmm, "UART", vmm_pa(0x09000010), 8, &va, NULL);
	err = err ? err : vmm_translate(&vmm, va, &pa);
	if (err == VMM_OK && vmm_pa_raw(pa) != 0x09000010) {
		err = VMM_ERR_CORRUPT;
	}
	if (err == VMM_OK) {
		printf("%s\n", format->geometry->name);
		vmm_print_chars(&vmm, put);
	}
	vmm_fini(&vmm);
	vmm_table_fini(&table);
	return err;
}

int main(void)
{
	enum vmm_err err;

	if (vmm_version_number() != VMM_VERSION_NUMBER) {
		puts("headers and library differ");
		return 1;
	}
	err = try_format(&vmm_aarch64_4k);
	err = err ? err : try_format(&vmm_riscv_sv39);
	printf("libvmm %s: %s\n", vmm_version(), vmm_err_str(err));
	return err == VMM_OK ? 0 : 1;
}
