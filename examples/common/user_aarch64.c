/* SPDX-License-Identifier: MIT */
/*
 * AArch64: what user.h asks for. The kernel's half is TTBR1_EL1's, the same for every program; a
 * switch changes TTBR0_EL1, root and ASID at once.
 */

#include "user.h"

#include <vmm/aarch64.h>

#define ESR_EC_SHIFT 26
#define ESR_EC_SVC64 0x15

static struct vmm_aarch64_table tables[USER_MAX];

enum vmm_err user_machine_table(unsigned int index, const struct vmm_table_config *config,
				struct vmm_table **table)
{
	*table = &tables[index].base;
	return vmm_aarch64_table_init(&tables[index], config);
}

enum vmm_err user_machine_share(struct vmm_table *kernel, struct vmm_detail *detail)
{
	(void)kernel;
	(void)detail;
	return VMM_OK;
}

enum vmm_err user_machine_join(struct vmm_table *table, const struct vmm_table *kernel)
{
	(void)table;
	(void)kernel;
	return VMM_OK;
}

/* Walks by TTBR0_EL1 were forbidden. */
enum vmm_err user_machine_open(const struct vmm_table *table, const struct vmm_table *kernel)
{
	struct vmm_aarch64_features features;
	struct vmm_aarch64_regs regs;
	enum vmm_err err;

	vmm_aarch64_probe(&features);
	err = vmm_aarch64_plan_enable(table, kernel, &features, &regs);
	if (err == VMM_OK) {
		vmm_aarch64_reload(&regs);
	}
	return err;
}

/* The plan without a lower table forbids walks by TTBR0_EL1. */
enum vmm_err user_machine_close(const struct vmm_table *kernel)
{
	struct vmm_aarch64_features features;
	struct vmm_aarch64_regs regs;
	enum vmm_err err;

	vmm_aarch64_probe(&features);
	err = vmm_aarch64_plan_enable(NULL, kernel, &features, &regs);
	if (err == VMM_OK) {
		vmm_aarch64_reload(&regs);
	}
	return err;
}

void user_machine_switch(const struct vmm_table *table, bool flush)
{
	vmm_aarch64_switch(table, flush);
}

/* What makes an access fault isn't cached (Arm ARM DDI 0487, D8.17), and the way back to the
 * program synchronizes. */
void user_machine_retry(void)
{
}

void user_machine_forget(void)
{
	vmm_aarch64_flush_local();
}

uint8_t user_machine_asid_bits(void)
{
	struct vmm_aarch64_features features;

	vmm_aarch64_probe(&features);
	return features.asid_bits;
}

/* Arm ARM DDI 0487, B2.7.4: data to the point of unification, then the instruction caches of all
 * cores in the inner shareable domain. The smallest line there is has 16 bytes. */
void user_machine_publish_code(const void *start, size_t size)
{
	for (uintptr_t at = (uintptr_t)start & ~(uintptr_t)15; at < (uintptr_t)start + size;
	     at += 16) {
		__asm__ volatile("dc cvau, %0" : : "r"(at) : "memory");
	}
	__asm__ volatile("dsb ish\n\tic ialluis\n\tdsb ish\n\tisb" : : : "memory");
}

bool user_machine_call(struct board_frame *frame, struct user_news *news)
{
	if (frame->kind != BOARD_TRAP_SYNCHRONOUS || frame->cause >> ESR_EC_SHIFT != ESR_EC_SVC64) {
		return false;
	}
	news->number = frame->x[8];
	news->arguments[0] = frame->x[0];
	news->arguments[1] = frame->x[1];
	return true;
}

void user_machine_result(struct board_frame *frame, uint64_t value)
{
	frame->x[0] = value;
}

void user_machine_pass_over(struct board_frame *frame)
{
	frame->pc += 4;
	frame->x[9] = 1;
}
