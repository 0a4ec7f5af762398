/* SPDX-License-Identifier: MIT */
/*
 * Descriptors of Sv39, Sv48 and Sv57, and what goes with them. Positions are those of the privileged
 * specification, "Sv39", "Svnapot" and "Svpbmt", written here as numbers.
 */

#include "../libvmm/attr.c"

#include "codec.h"
#include "regs.h"

#include "prove.h"

static struct vmm_table table_of(bool svnapot, bool svpbmt)
{
	struct vmm_table table = { 0 };

	table.flags = (svnapot ? VMM_TABLE_SVNAPOT : 0u) | (svpbmt ? VMM_TABLE_SVPBMT : 0u);
	table.pa_bits = 56;
	return table;
}

static bool is_stored(const struct vmm_table *table, uint32_t bits, bool allow_wx, vmm_attr_t *stored)
{
	return vmm_attr_check(vmm_attr(bits), allow_wx) == VMM_OK &&
	       vmm_riscv_effective_(table, vmm_attr(bits), stored) == VMM_OK;
}

/* 60:54 always, 63 without Svnapot, 62:61 without Svpbmt and never both of them. */
bool prove_riscv_no_reserved_bit(uint32_t bits, bool allow_wx, uint64_t pa, bool svnapot, bool svpbmt)
{
	struct vmm_table table = table_of(svnapot, svpbmt);
	vmm_attr_t stored;
	uint64_t desc;

	ONLY_IF(is_stored(&table, bits, allow_wx, &stored));
	ONLY_IF((pa & ~BITS(55, 12)) == 0);
	desc = vmm_riscv_leaf_(vmm_riscv_attr_word_(&table, stored), pa, 0);
	HOLDS((desc & BITS(60, 54)) == 0 && desc >> 63 == 0);
	HOLDS(svpbmt || (desc & BITS(62, 61)) == 0);
	HOLDS((desc & BITS(62, 61)) != BITS(62, 61));
	/* V, and R: W without R is reserved, neither R, W nor X is a table. A and D: see "Svade". */
	HOLDS((desc & 3) == 3 && (desc & 0xc0) == 0xc0);
	/* "Svnapot": ppn[3:0] = 1000b is 64 KiB, every other encoding is reserved. */
	desc = vmm_riscv_run_(desc, 0);
	HOLDS(desc >> 63 == 1 && (desc >> 10 & 0xf) == 8 && (desc & BITS(60, 54)) == 0);
	return true;
}

bool prove_riscv_permissions_are_those_asked_for(uint32_t bits, bool allow_wx, uint64_t pa,
						 bool svnapot, bool svpbmt)
{
	struct vmm_table table = table_of(svnapot, svpbmt);
	vmm_attr_t stored;
	uint64_t desc;
	bool write, exec, user;

	ONLY_IF(is_stored(&table, bits, allow_wx, &stored));
	ONLY_IF((pa & ~BITS(55, 12)) == 0);
	desc = vmm_riscv_leaf_(vmm_riscv_attr_word_(&table, stored), pa, 0);
	write = (desc >> 2 & 1) != 0;
	exec = (desc >> 3 & 1) != 0;
	user = (desc >> 4 & 1) != 0;
	HOLDS(write == ((bits >> 6 & 1) != 0));
	HOLDS(user == ((bits >> 7 & 1) != 0));
	HOLDS((desc >> 5 & 1) == (bits >> 8 & 1));
	HOLDS(exec == ((bits >> 4 & 3) != 0));
	/* S-mode executes what has U clear, U-mode what has it set: X has one meaning. */
	HOLDS(!exec || user == ((bits >> 4 & 3) == 2));
	HOLDS(allow_wx || !write || !exec);
	HOLDS((desc >> 8 & 3) == (bits >> 10 & 3));
	return true;
}

/* Never a weaker type: devices are IO or the platform's, NC is NC. */
bool prove_riscv_memory_types(uint32_t bits, bool allow_wx, bool svnapot, bool svpbmt)
{
	struct vmm_table table = table_of(svnapot, svpbmt);
	uint32_t asked = bits & 0xf;
	vmm_attr_t stored;
	uint64_t pbmt;

	ONLY_IF(is_stored(&table, bits, allow_wx, &stored));
	pbmt = vmm_riscv_attr_word_(&table, stored) >> 61 & 3;
	/* By number: 0 WB, 1 WT, 2 NC, 3 to 5 devices, 6 as the platform says. */
	HOLDS(asked != 1 && asked <= 6);
	HOLDS(asked != 2 || (svpbmt && pbmt == 1));
	HOLDS(asked < 3 || asked > 5 || pbmt == (svpbmt ? 2u : 0u));
	HOLDS((asked != 0 && asked != 6) || pbmt == 0);
	return true;
}

bool prove_riscv_attributes_come_back(uint32_t bits, bool allow_wx, uint64_t pa, bool svnapot,
				      bool svpbmt)
{
	struct vmm_table table = table_of(svnapot, svpbmt);
	vmm_attr_t stored, back;
	uint64_t word, desc;

	ONLY_IF(is_stored(&table, bits, allow_wx, &stored));
	ONLY_IF((pa & ~BITS(55, 12)) == 0);
	word = vmm_riscv_attr_word_(&table, stored);
	desc = vmm_riscv_leaf_(word, pa, 0);
	back = vmm_riscv_attr_(&table, desc, 0);
	HOLDS(vmm_attr_is_same(back, stored) && !vmm_attr_has(back, VMM_ATTR_CONTIG));
	HOLDS(vmm_riscv_word_(desc, 0) == word);
	HOLDS(vmm_riscv_is_global_(desc) == vmm_attr_has(stored, VMM_ATTR_GLOBAL));
	HOLDS(!vmm_riscv_in_run_(desc, 0));
	desc = vmm_riscv_run_(desc, 0);
	back = vmm_riscv_attr_(&table, desc, 0);
	HOLDS(vmm_attr_is_same(back, stored) && vmm_attr_has(back, VMM_ATTR_CONTIG));
	HOLDS(vmm_riscv_word_(desc, 0) == word && vmm_riscv_in_run_(desc, 0));
	return true;
}

bool prove_riscv_effective_is_final(uint32_t bits, bool allow_wx, bool svnapot, bool svpbmt)
{
	struct vmm_table table = table_of(svnapot, svpbmt);
	vmm_attr_t stored, again;

	ONLY_IF(is_stored(&table, bits, allow_wx, &stored));
	HOLDS(is_stored(&table, stored.bits, allow_wx, &again));
	HOLDS(again.bits == stored.bits);
	/* A run only where the CPU has them. */
	HOLDS(svnapot || (stored.bits >> 9 & 1) == 0);
	return true;
}

/* "Virtual Address Translation Process", steps 3 to 6: what a CPU would fault on is never a leaf. */
bool prove_riscv_kinds(uint64_t word, uint32_t level, bool svnapot, bool svpbmt)
{
	struct vmm_table table = table_of(svnapot, svpbmt);
	uint64_t desc = word | 1;
	bool r = (desc >> 1 & 1) != 0;
	bool w = (desc >> 2 & 1) != 0;
	bool x = (desc >> 3 & 1) != 0;
	enum vmm_kind kind;
	bool faults;

	ONLY_IF(level < 5);
	kind = vmm_riscv_kind_(&table, desc, level);
	faults = (desc & BITS(60, 54)) != 0 || (!r && w) ||
		 (!svnapot && desc >> 63 != 0) || (!svpbmt && (desc & BITS(62, 61)) != 0) ||
		 (desc & BITS(62, 61)) == BITS(62, 61);
	if (r || w || x) {
		/* A superpage's low page number bits are zero; a run's are 1000b, on level 0 alone. */
		faults = faults || (desc >> 10 & ((UINT64_C(1) << 9 * level) - 1)) != 0 ||
			 (desc >> 63 != 0 && (level != 0 || (desc >> 10 & 0xf) != 8));
		HOLDS((kind == VMM_KIND_LEAF) == !faults);
		HOLDS(kind != VMM_KIND_TABLE);
		return true;
	}
	/* A, D, U, N and PBMT are reserved in a table; G there is refused though it is legal. */
	faults = faults || level == 0 || (desc & 0xd0) != 0 || (desc & BITS(63, 61)) != 0;
	HOLDS((kind == VMM_KIND_TABLE) == (!faults && (desc >> 5 & 1) == 0));
	HOLDS(kind != VMM_KIND_LEAF);
	return true;
}

bool prove_riscv_outputs(uint32_t bits, uint64_t pa, uint64_t va, uint32_t level, bool svpbmt)
{
	struct vmm_table table = table_of(true, svpbmt);
	vmm_attr_t stored;
	uint64_t desc, offset;

	ONLY_IF(level < 5 && is_stored(&table, bits, true, &stored));
	offset = (UINT64_C(1) << (12 + 9 * level)) - 1;
	ONLY_IF((pa & offset) == 0 && pa >> 56 == 0);
	desc = vmm_riscv_leaf_(vmm_riscv_attr_word_(&table, stored), pa, level);
	HOLDS(vmm_riscv_kind_(&table, desc, level) == VMM_KIND_LEAF);
	HOLDS(vmm_riscv_output_(desc, level, va) == (pa | (va & offset)));
	return true;
}

/* All 16 pages of a run hold the word that any of them would make, and lead to memory side by side. */
bool prove_riscv_runs(uint32_t bits, uint64_t pa, uint64_t va, bool svpbmt)
{
	struct vmm_table table = table_of(true, svpbmt);
	vmm_attr_t stored;
	uint64_t word, desc;

	ONLY_IF(is_stored(&table, bits, true, &stored));
	ONLY_IF((pa & BITS(15, 0)) == 0 && pa >> 56 == 0);
	word = vmm_riscv_attr_word_(&table, stored);
	desc = vmm_riscv_run_(vmm_riscv_leaf_(word, pa, 0), 0);
	HOLDS(vmm_riscv_kind_(&table, desc, 0) == VMM_KIND_LEAF);
	HOLDS(vmm_riscv_output_(desc, 0, va) == (pa | (va & BITS(15, 0))));
	HOLDS(vmm_riscv_run_(vmm_riscv_leaf_(word, pa | (va & BITS(15, 12)), 0), 0) == desc);
	return true;
}

bool prove_riscv_tables_come_back(uint64_t pa, uint32_t level, bool svnapot, bool svpbmt)
{
	struct vmm_table table = table_of(svnapot, svpbmt);
	uint64_t desc = vmm_riscv_table_desc_(pa);

	ONLY_IF((pa & ~BITS(55, 12)) == 0 && level > 0 && level < 5);
	HOLDS(vmm_riscv_next_(desc) == pa && (desc & ~BITS(53, 10)) == 1);
	HOLDS(vmm_riscv_kind_(&table, desc, level) == VMM_KIND_TABLE);
	return true;
}

bool prove_riscv_permission_bits_are_no_others(uint64_t desc, uint64_t word)
{
	uint64_t mask = vmm_riscv_sv39_row_.permission;
	uint64_t changed = (desc & ~mask) | (word & mask);

	/* R, W, X, U, A, D and RSW; not V, G, the page number, PBMT or N. */
	HOLDS(mask == (BITS(4, 1) | BITS(9, 6)));
	HOLDS(((changed ^ desc) & ~mask) == 0);
	HOLDS(vmm_riscv_sv39_row_.type == (BITS(5, 5) | BITS(62, 61)));
	return true;
}

/* "Sv39": bits 63 to 39 must all be equal to bit 38; and so on. */
bool prove_riscv_sign_extension(uint64_t va, uint32_t which)
{
	uint32_t bits = 39 + 9 * which;
	uint64_t extended;

	ONLY_IF(which < 3);
	extended = vmm_riscv_sign_extend_(bits, va);
	HOLDS(((extended ^ va) & ((UINT64_C(1) << bits) - 1)) == 0);
	HOLDS(extended >> (bits - 1) == 0 || extended >> (bits - 1) == ~UINT64_C(0) >> (bits - 1));
	HOLDS(vmm_riscv_sign_extend_(bits, extended) == extended);
	HOLDS(vmm_riscv_mode_(bits) == 8 + which);
	return true;
}
