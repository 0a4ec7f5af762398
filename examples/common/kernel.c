/* SPDX-License-Identifier: MIT */
/*
 * What the example kernels share: the kernel's own mappings, its drivers, and the end after an
 * error.
 */

#include "kernel.h"

vmm_pa_region_t kernel_take_ram(uint64_t page_count)
{
	static vmm_pa_region_t rest;
	vmm_pa_region_t taken;

	if (vmm_pa_region_is_empty(rest)) {
		rest = board_free_ram();
	}
	kernel_require(
		"taking free memory",
		vmm_pa_region_take(&rest, page_count, machine_format->geometry->page_shift, &taken),
		NULL);
	return taken;
}

vmm_va_region_t kernel_va(vmm_pa_region_t pa)
{
	vmm_va_region_t va = VMM_VA_REGION_INIT(
		vmm_pa_raw(vmm_pa_region_start(pa)) + BOARD_VIRTUAL_OFFSET, vmm_pa_region_size(pa));

	return va;
}

bool kernel_section_is_guard(enum board_section section)
{
	return section == BOARD_SECTION_STACK_GUARD || section == BOARD_SECTION_TRAP_GUARD;
}

vmm_attr_t kernel_section_attr(enum board_section section)
{
	if (section == BOARD_SECTION_CODE) {
		return VMM_KERNEL_RX;
	}
	return section == BOARD_SECTION_RODATA ? VMM_KERNEL_RO : VMM_KERNEL_RW;
}

/* vmm_map_at() or vmm_adopt_at(). */
typedef enum vmm_err (*enter)(struct vmm *vmm, const char *name, vmm_va_region_t va, vmm_pa_t pa,
			      vmm_attr_t attr, struct vmm_detail *detail);

static enum vmm_err enter_self(struct vmm *vmm, enter enter_at, vmm_pa_region_t frames,
			       struct vmm_detail *detail)
{
	enum vmm_err err = VMM_OK;

	for (unsigned int i = 0; i < BOARD_SECTION_COUNT && err == VMM_OK; i++) {
		enum board_section section = (enum board_section)i;
		vmm_pa_region_t pa = board_section(section);
		const char *name = board_section_name(section);

		if (kernel_section_is_guard(section)) {
			err = vmm_guard_at(vmm, name, kernel_va(pa), detail);
		} else if (!vmm_pa_region_is_empty(pa)) {
			err = enter_at(vmm, name, kernel_va(pa), vmm_pa_region_start(pa),
				       kernel_section_attr(section), detail);
		}
	}
	if (err == VMM_OK) {
		err = enter_at(vmm, "Table frames", kernel_va(frames), vmm_pa_region_start(frames),
			       VMM_KERNEL_RW, detail);
	}
	return err;
}

enum vmm_err kernel_map_self(struct vmm *vmm, vmm_pa_region_t frames, struct vmm_detail *detail)
{
	return enter_self(vmm, vmm_map_at, frames, detail);
}

enum vmm_err kernel_adopt_self(struct vmm *vmm, vmm_pa_region_t frames, struct vmm_detail *detail)
{
	return enter_self(vmm, vmm_adopt_at, frames, detail);
}

enum vmm_err kernel_start_drivers(struct vmm *vmm, struct vmm_detail *detail)
{
	enum vmm_err err = VMM_OK;

	for (unsigned int i = 0; i < board.device_count && err == VMM_OK; i++) {
		const struct board_device *device = &board.devices[i];
		vmm_va_t va;

		err = vmm_map_mmio(vmm, device->name, vmm_pa_region_start(device->registers),
				   vmm_pa_region_size(device->registers), &va, detail);
		if (err == VMM_OK) {
			board_device_set_base(i, va);
			board_device_start(i);
		}
	}
	return err;
}

void kernel_show(const char *text, uint64_t value)
{
	board_puts(text);
	board_puthex(value);
	board_putc('\n');
}

_Noreturn void kernel_fail(const char *why)
{
	board_puts("failed: ");
	board_puts(why);
	board_putc('\n');
	board_exit(1);
}

void kernel_require(const char *what, enum vmm_err err, const struct vmm_detail *detail)
{
	if (err == VMM_OK) {
		return;
	}
	board_puts(what);
	board_puts(": ");
	board_puts(vmm_err_str(err));
	if (detail != NULL) {
		board_puts(" at ");
		board_puthex(vmm_va_raw(detail->va));
	}
	board_putc('\n');
	kernel_fail(what);
}
