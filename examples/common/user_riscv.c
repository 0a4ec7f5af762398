/* SPDX-License-Identifier: MIT */
/*
 * RISC-V: what user.h asks for. The kernel's half is shared: every program's root table has the
 * root descriptors of the kernel's, so that what they link is the same for all.
 */

#include "user.h"

#include <vmm/riscv.h>

#define SCAUSE_USER_CALL 8
#define SATP_ASID_SHIFT  44
#define SATP_ASID        (UINT64_C(0xffff) << SATP_ASID_SHIFT)

static struct vmm_riscv_table tables[USER_MAX];

enum vmm_err user_machine_table(unsigned int index, const struct vmm_table_config *config,
				struct vmm_table **table)
{
	*table = &tables[index].base;
	return vmm_riscv_table_init(&tables[index], config);
}

/* From the first to the last of the areas that the layout has for the kernel. */
enum vmm_err user_machine_share(struct vmm_table *kernel, struct vmm_detail *detail)
{
	uint64_t first = UINT64_MAX;
	uint64_t last = 0;
	vmm_va_region_t part;

	for (unsigned int i = 0; i < VMM_AREA_COUNT; i++) {
		vmm_va_region_t area = machine_layout->areas[i];

		if (vmm_va_region_is_empty(area) ||
		    !vmm_va_region_overlaps(area, vmm_table_region(kernel, VMM_UPPER_HALF))) {
			continue;
		}
		if (vmm_va_raw(vmm_va_region_start(area)) < first) {
			first = vmm_va_raw(vmm_va_region_start(area));
		}
		if (vmm_va_raw(vmm_va_region_last(area)) > last) {
			last = vmm_va_raw(vmm_va_region_last(area));
		}
	}
	part = (vmm_va_region_t)VMM_VA_REGION_INIT(first, last - first + 1);
	return vmm_table_share(kernel, part, detail);
}

enum vmm_err user_machine_join(struct vmm_table *table, const struct vmm_table *kernel)
{
	return vmm_table_join(table, kernel);
}

/* One register has both halves: there is nothing to open. */
enum vmm_err user_machine_open(const struct vmm_table *table, const struct vmm_table *kernel)
{
	(void)table;
	(void)kernel;
	return VMM_OK;
}

enum vmm_err user_machine_close(const struct vmm_table *kernel)
{
	vmm_riscv_switch(kernel, false);
	return VMM_OK;
}

void user_machine_switch(const struct vmm_table *table, bool flush)
{
	vmm_riscv_switch(table, flush);
}

void user_machine_retry(void)
{
	vmm_riscv_fence_local();
}

void user_machine_forget(void)
{
	vmm_riscv_fence_local();
}

/* Bits that the CPU hasn't got read as zero (Privileged specification, "Supervisor Address
 * Translation and Protection"). Whatever is cached under the number meanwhile is the kernel's, for
 * any number. */
uint8_t user_machine_asid_bits(void)
{
	uint64_t before;
	uint64_t satp;
	uint8_t count = 0;

	__asm__ volatile("csrr %0, satp" : "=r"(before));
	__asm__ volatile("csrw satp, %1\n\t"
			 "csrr %0, satp\n\t"
			 "csrw satp, %2\n\t"
			 "sfence.vma"
			 : "=&r"(satp)
			 : "r"(before | SATP_ASID), "r"(before)
			 : "memory");
	for (satp &= SATP_ASID; satp != 0; satp &= satp - 1) {
		count++;
	}
	return count;
}

/* Unprivileged specification, "Zifencei": this hart's fetches; further harts have a fence of their
 * own before they run a program for the first time. */
void user_machine_publish_code(const void *start, size_t size)
{
	(void)start;
	(void)size;
	__asm__ volatile("fence.i" : : : "memory");
}

bool user_machine_call(struct board_frame *frame, struct user_news *news)
{
	if (frame->cause != SCAUSE_USER_CALL) {
		return false;
	}
	news->number = frame->x[17];
	news->arguments[0] = frame->x[10];
	news->arguments[1] = frame->x[11];
	frame->pc += 4;
	return true;
}

void user_machine_result(struct board_frame *frame, uint64_t value)
{
	frame->x[10] = value;
}

void user_machine_pass_over(struct board_frame *frame)
{
	frame->pc += 4;
	frame->x[29] = 1;
}
