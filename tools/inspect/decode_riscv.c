/* SPDX-License-Identifier: MIT */
/*
 * Descriptors of Sv39, Sv48 and Sv57 as hardware reads them: RISC-V privileged specification,
 * "Virtual Address Translation Process", "Svnapot", "Svpbmt".
 */

#include "decode.h"

#include "codec.h"

/* Why a valid descriptor faults; NULL: it doesn't. In the order of the walk's steps. */
static const char *fault_of(const struct decoder *decoder, uint64_t desc, unsigned int level,
			    bool is_table)
{
	const uint64_t not_in_table =
		VMM_RISCV_A | VMM_RISCV_D | VMM_RISCV_U | VMM_RISCV_N | VMM_RISCV_PBMT;

	if ((desc & VMM_RISCV_RESERVED) != 0) {
		return "reserved: one of bits 60:54 is set";
	}
	if ((desc & (VMM_RISCV_R | VMM_RISCV_W)) == VMM_RISCV_W) {
		return "reserved: writable, but not readable";
	}
	if (is_table) {
		if (level == 0) {
			return "a table at the last level";
		}
		return (desc & not_in_table) != 0 ? "reserved: A, D, U, N or PBMT in a table"
						  : NULL;
	}
	if ((vmm_riscv_next_(desc) & (level_size(decoder->format, level) - 1)) != 0 && level > 0) {
		return "a misaligned superpage";
	}
	if ((desc & VMM_RISCV_PBMT) == VMM_RISCV_PBMT) {
		return "reserved: PBMT is 3";
	}
	if (!vmm_riscv_extensions_ok_(decoder->probe.flags, desc)) {
		return "N or PBMT is set in a way that the CPU doesn't have";
	}
	return NULL;
}

static uint8_t rights_of(uint64_t desc)
{
	unsigned int shift = (desc & VMM_RISCV_U) != 0 ? 3 : 0;
	unsigned int rights = 0;

	rights |= (desc & VMM_RISCV_R) != 0 ? RIGHT_KERNEL_READ : 0;
	rights |= (desc & VMM_RISCV_W) != 0 ? RIGHT_KERNEL_WRITE : 0;
	rights |= (desc & VMM_RISCV_X) != 0 ? RIGHT_KERNEL_EXECUTE : 0;
	/* S-mode may read and write U's pages only while it has set SUM, and never execute them. */
	return (uint8_t)(rights << shift);
}

static uint8_t mem_of(uint64_t desc)
{
	if ((desc & VMM_RISCV_PBMT) == VMM_RISCV_PBMT_NC) {
		return VMM_MEM_NC;
	}
	return (desc & VMM_RISCV_PBMT) == VMM_RISCV_PBMT_IO ? VMM_MEM_DEV_NGNRE : VMM_MEM_PLATFORM;
}

static const char *foreign_leaf(uint64_t desc, unsigned int below)
{
	if ((desc & VMM_RISCV_A) == 0) {
		return "A is clear";
	}
	if ((desc & (VMM_RISCV_W | VMM_RISCV_D)) == VMM_RISCV_W) {
		return "writable, and D is clear";
	}
	if ((desc & VMM_RISCV_R) == 0) {
		return "execute-only";
	}
	return (below & BELOW_GLOBAL) != 0 ? "a table above makes it global" : NULL;
}

void decode_riscv(const struct decoder *decoder, uint64_t desc, unsigned int level,
		  unsigned int below, struct look *look)
{
	bool is_table = (desc & (VMM_RISCV_R | VMM_RISCV_W | VMM_RISCV_X)) == 0;

	look->why = fault_of(decoder, desc, level, is_table);
	if (look->why != NULL) {
		look->kind = LOOK_BAD;
		return;
	}
	if (is_table) {
		look->kind = LOOK_TABLE;
		look->pa = vmm_riscv_next_(desc);
		look->below = (uint8_t)(below | ((desc & VMM_RISCV_G) != 0 ? BELOW_GLOBAL : 0));
		look->why = (desc & VMM_RISCV_G) != 0 ? "a table descriptor with G" : NULL;
		return;
	}
	look->kind = LOOK_LEAF;
	/* A leaf of a run has its place in the run for low bits, which the scan adds. */
	look->pa = (desc & VMM_RISCV_N) != 0 ? vmm_riscv_next_(desc & ~VMM_RISCV_NAPOT_PPN)
					     : vmm_riscv_next_(desc);
	look->why = foreign_leaf(desc, below);
	look->mem = mem_of(desc);
	look->rights = rights_of(desc);
	look->software = (uint8_t)((desc & VMM_RISCV_RSW) >> VMM_RISCV_RSW_SHIFT);
	look->global = (desc & VMM_RISCV_G) != 0 || (below & BELOW_GLOBAL) != 0;
	look->accessed = (desc & VMM_RISCV_A) != 0;
	look->contig = (desc & VMM_RISCV_N) != 0;
}

void words_riscv(FILE *out, uint64_t desc, const struct look *look)
{
	if (look->kind == LOOK_TABLE) {
		fputs((look->below & BELOW_GLOBAL) != 0 ? ", all below is global" : "", out);
		return;
	}
	fputs(look->accessed ? ", accessed" : ", not accessed", out);
	fputs((desc & VMM_RISCV_D) != 0 ? ", dirty" : ", not dirty", out);
}
