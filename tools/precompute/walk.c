/* SPDX-License-Identifier: MIT */
/*
 * A second opinion: walks tables in the image as the CPU would.
 *
 * Nothing here comes from libvmm's formats; the descriptors are decoded anew. Arm ARM DDI 0487,
 * D8.3 (descriptors), D8.4 (permissions), D8.6 (memory attributes, with the MAIR_EL1 that
 * docs/attributes.md gives); RISC-V Privileged specification, "Sv39", "Svnapot", "Svpbmt". What the
 * architecture reserves is refused.
 */

#include "tool.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#define ULL(value) ((unsigned long long)(value))

#define BIT(n)              (UINT64_C(1) << (n))
#define FIELD(word, hi, lo) (((word) >> (lo)) & ((UINT64_C(2) << ((hi) - (lo))) - 1))

struct state {
	struct walk *walk;
	const struct image *image;
	const struct plan *plan;
	const struct found *found;
	unsigned char *visited; /* for each frame */
	unsigned int page_shift;
	unsigned int index_bits;
	bool is_arm;
	uint64_t extension; /* or-ed into addresses of the upper half */
	uint64_t sign;      /* above it, addresses are extended */
};

/* What a descriptor is: a table at `next`, or a leaf. */
struct decoded {
	bool is_table;
	uint64_t next;
	struct extent leaf;
};

static _Noreturn void refuse_descriptor(uint64_t va, uint64_t descriptor, const char *why)
{
	refuse("verification: the descriptor 0x%016llx for 0x%llx %s", ULL(descriptor), ULL(va),
	       why);
}

static uint64_t reach(const struct state *state, unsigned int level)
{
	return BIT(state->page_shift + level * state->index_bits);
}

/* --- AArch64 --- */

static void decode_arm_rights(uint64_t word, struct extent *leaf)
{
	static const int mems[8] = {
		VMM_MEM_DEV_NGNRE,  VMM_MEM_WB,      VMM_MEM_NC, VMM_MEM_WT,
		VMM_MEM_DEV_NGNRNE, VMM_MEM_DEV_GRE, -1,         -1,
	};

	leaf->mem = mems[FIELD(word, 4, 2)];
	leaf->user = FIELD(word, 6, 6) != 0;
	leaf->write = FIELD(word, 7, 7) == 0;
	leaf->global = FIELD(word, 11, 11) == 0;
	/* What EL0 can write, EL1 never executes. */
	leaf->execute = FIELD(word, 53, 53) == 0 && !(leaf->user && leaf->write);
	leaf->user_execute = FIELD(word, 54, 54) == 0;
}

/* Inner where it is cached, outer elsewhere: what the CPU makes of such memory anyway. */
static unsigned int shareability(int mem)
{
	return mem == VMM_MEM_WB || mem == VMM_MEM_WT ? 3 : 2;
}

static void decode_arm(const struct state *state, uint64_t word, unsigned int level, uint64_t va,
		       struct decoded *decoded)
{
	/* 1 GiB and 2 MiB; 32 MiB; 512 MiB (table D8-52). */
	unsigned int block_max = state->page_shift == 12 ? 2 : 1;
	uint64_t address = word & (BIT(48) - 1) & ~(BIT(state->page_shift) - 1);
	bool is_long = FIELD(word, 1, 1) != 0;

	if (level > 0 && is_long) {
		if ((word & ~address) != 3) {
			refuse_descriptor(va, word,
					  "links a table with bits that nobody asked for");
		}
		decoded->is_table = true;
		decoded->next = address;
		return;
	}
	if (is_long != (level == 0) || level > block_max) {
		refuse_descriptor(va, word, "is reserved at its level");
	}
	if ((address & (reach(state, level) - 1)) != 0) {
		refuse_descriptor(va, word, "is a block at a misaligned address");
	}
	if (FIELD(word, 10, 10) == 0) {
		refuse_descriptor(va, word, "lacks the access flag");
	}
	/* Software's bits, too; and below a page's address, where other sizes have theirs. */
	if (FIELD(word, 63, 55) != 0 || FIELD(word, 51, 48) != 0 || FIELD(word, 5, 5) != 0 ||
	    FIELD(word, state->page_shift, 12) != FIELD(address, state->page_shift, 12)) {
		refuse_descriptor(va, word, "has bits that nobody asked for");
	}
	decode_arm_rights(word, &decoded->leaf);
	if (decoded->leaf.mem < 0) {
		refuse_descriptor(va, word, "has a memory type without a meaning");
	}
	if (FIELD(word, 9, 8) != shareability(decoded->leaf.mem)) {
		refuse_descriptor(va, word, "is shared in another way than its memory type");
	}
	decoded->leaf.pa = address;
}

/* --- RISC-V --- */

static int decode_pbmt(uint64_t word, uint64_t va, const struct state *state)
{
	if ((state->plan->flags & VMM_TABLE_SVPBMT) == 0) {
		if (FIELD(word, 62, 61) != 0) {
			refuse_descriptor(va, word,
					  "uses Svpbmt, which the CPU is not said to have");
		}
		return VMM_MEM_PLATFORM;
	}
	switch (FIELD(word, 62, 61)) {
	case 0:
		return VMM_MEM_PLATFORM;
	case 1:
		return VMM_MEM_NC;
	case 2:
		return VMM_MEM_DEV_NGNRE;
	default:
		refuse_descriptor(va, word, "has a reserved memory type");
	}
}

static uint64_t decode_napot(const struct state *state, uint64_t word, uint64_t pa,
			     unsigned int level, uint64_t va)
{
	if (FIELD(word, 63, 63) == 0) {
		return pa;
	}
	if (level != 0 || (state->plan->flags & VMM_TABLE_SVNAPOT) == 0 ||
	    FIELD(word, 13, 10) != 8) {
		refuse_descriptor(va, word, "uses Svnapot where it can't be");
	}
	return (pa & ~UINT64_C(0xffff)) | (va & UINT64_C(0xf000));
}

static void decode_riscv(const struct state *state, uint64_t word, unsigned int level, uint64_t va,
			 struct decoded *decoded)
{
	bool read = FIELD(word, 1, 1) != 0;
	bool execute = FIELD(word, 3, 3) != 0;
	uint64_t pa = FIELD(word, 53, 10) << 12;

	decoded->leaf.write = FIELD(word, 2, 2) != 0;
	if (FIELD(word, 60, 54) != 0) {
		refuse_descriptor(va, word, "has reserved bits");
	}
	if (!read && !execute && !decoded->leaf.write) {
		if (level == 0 || (word & ~(FIELD(word, 53, 10) << 10)) != 1) {
			refuse_descriptor(va, word, "is no proper table");
		}
		decoded->is_table = true;
		decoded->next = pa;
		return;
	}
	if (!read) {
		refuse_descriptor(va, word, "can't be read");
	}
	if (FIELD(word, 6, 6) == 0 || (decoded->leaf.write && FIELD(word, 7, 7) == 0)) {
		refuse_descriptor(va, word, "lacks the accessed or dirty bit");
	}
	pa = decode_napot(state, word, pa, level, va);
	if ((pa & (reach(state, level) - 1)) != 0) {
		refuse_descriptor(va, word, "is a leaf at a misaligned address");
	}
	decoded->leaf.user = FIELD(word, 4, 4) != 0;
	decoded->leaf.global = FIELD(word, 5, 5) != 0;
	decoded->leaf.execute = execute && !decoded->leaf.user;
	decoded->leaf.user_execute = execute && decoded->leaf.user;
	decoded->leaf.mem = decode_pbmt(word, va, state);
	decoded->leaf.pa = pa;
}

/* --- the walk --- */

static bool is_alike(const struct extent *a, const struct extent *b)
{
	return a->va + a->size == b->va && a->pa + a->size == b->pa && a->write == b->write &&
	       a->execute == b->execute && a->user == b->user &&
	       a->user_execute == b->user_execute && a->global == b->global && a->mem == b->mem;
}

static void add_extent(struct walk *walk, const struct extent *extent)
{
	if (walk->count > 0 && is_alike(&walk->list[walk->count - 1], extent)) {
		walk->list[walk->count - 1].size += extent->size;
		return;
	}
	if ((walk->count & (walk->count - 1)) == 0) {
		walk->list = get_more(walk->list, walk->count * 2 + 1, sizeof(*walk->list));
	}
	walk->list[walk->count++] = *extent;
}

/* The bytes of a table, which must be one of those in use, and seen for the first time. */
static const unsigned char *table_bytes(const struct state *state, uint64_t pa)
{
	const struct found *found = state->found;
	uint64_t size = BIT(state->page_shift);
	const unsigned char *bytes = image_at(state->image, pa, size);
	uint64_t index = (pa - found->tables) >> state->page_shift;

	if (bytes == NULL || pa - found->tables >= found->tables_size ||
	    size > found->tables_size - (pa - found->tables) || (pa & (size - 1)) != 0) {
		refuse("verification: a table at physical 0x%llx is outside the image's room for "
		       "tables",
		       ULL(pa));
	}
	if (state->visited[index] != 0) {
		refuse("verification: the table at physical 0x%llx is linked twice", ULL(pa));
	}
	state->visited[index] = 1;
	state->walk->table_count++;
	return bytes;
}

static uint64_t read_word(const unsigned char *bytes)
{
	uint64_t word = 0;

	for (unsigned int i = 8; i > 0; i--) {
		word = word << 8 | bytes[i - 1];
	}
	return word;
}

/* How many descriptors a run has that begins as `word` does; 1: none (table D8-91; "Svnapot"). */
static uint64_t run_length(const struct state *state, uint64_t word, unsigned int level)
{
	if (!state->is_arm) {
		return FIELD(word, 63, 63) != 0 ? 16 : 1;
	}
	if (FIELD(word, 52, 52) == 0) {
		return 1;
	}
	if (state->page_shift == 14) {
		return level == 0 ? 128 : 32;
	}
	return state->page_shift == 12 ? 16 : 32;
}

/* A CPU may take one descriptor of a run for all of them, so all have to say the same. */
static void check_run(const struct state *state, const unsigned char *bytes, uint64_t index,
		      unsigned int level, uint64_t va)
{
	uint64_t word = read_word(&bytes[8 * index]);
	uint64_t length = run_length(state, word, level);
	uint64_t step = state->is_arm ? reach(state, level) : 0;
	uint64_t first = index & ~(length - 1);
	uint64_t wanted = word - (index - first) * step;

	if (state->is_arm && (wanted & (length * step - 1)) >> state->page_shift != 0) {
		refuse_descriptor(va, word, "is of a run at a misaligned address");
	}
	for (uint64_t i = 0; i < length; i++) {
		if (read_word(&bytes[8 * (first + i)]) != wanted + i * step) {
			refuse_descriptor(va, word, "is of a run that isn't whole");
		}
	}
}

/* The address that the CPU knows. */
static uint64_t extend(const struct state *state, uint64_t va)
{
	return va >= state->sign ? va | state->extension : va;
}

/* Each table is visited once at most, and each level is below the one before: this ends. */
static void walk_table(const struct state *state, uint64_t pa, unsigned int level, uint64_t base)
{
	const unsigned char *bytes = table_bytes(state, pa);
	unsigned int top = state->plan->va_bits - state->page_shift - level * state->index_bits;
	unsigned int bits = top < state->index_bits ? top : state->index_bits;

	for (uint64_t i = 0; i < BIT(state->index_bits); i++) {
		uint64_t word = read_word(&bytes[8 * i]);
		uint64_t va = base + i * reach(state, level);
		struct decoded decoded;

		if ((word & 1) == 0) {
			continue;
		}
		if (i >> bits != 0) {
			refuse_descriptor(va, word, "is beyond the bits of an address");
		}
		memset(&decoded, 0, sizeof(decoded));
		(state->is_arm ? decode_arm : decode_riscv)(state, word, level, extend(state, va),
							    &decoded);
		if (decoded.is_table) {
			walk_table(state, decoded.next, level - 1, va);
			continue;
		}
		check_run(state, bytes, i, level, extend(state, va));
		decoded.leaf.va = extend(state, va);
		decoded.leaf.size = reach(state, level);
		add_extent(state->walk, &decoded.leaf);
	}
}

void walk_tables(struct walk *walk, const struct image *image, const struct plan *plan,
		 const struct found *found, unsigned int table)
{
	enum vmm_half half = plan->tables[table].half;
	struct state state;
	unsigned int level;

	memset(walk, 0, sizeof(*walk));
	memset(&state, 0, sizeof(state));
	state.walk = walk;
	state.image = image;
	state.plan = plan;
	state.found = found;
	state.page_shift = plan->page_shift;
	state.index_bits = plan->page_shift - 3; /* a table of 8-byte descriptors fills a page */
	state.is_arm = image->machine == EM_AARCH64;
	state.extension = ~(BIT(plan->va_bits - 1) * 2 - 1);
	state.sign = UINT64_MAX;
	if (half != VMM_LOWER_HALF) {
		state.sign = half == VMM_UPPER_HALF ? 0 : BIT(plan->va_bits - 1);
	}
	state.visited = get_memory((size_t)(found->tables_size >> plan->page_shift) + 1, 1);
	level = (plan->va_bits - plan->page_shift - 1) / state.index_bits;
	walk_table(&state, plan->tables[table].root, level, 0);
	free(state.visited);
}

void walk_free(struct walk *walk)
{
	free(walk->list);
}
