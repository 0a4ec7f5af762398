/* SPDX-License-Identifier: MIT */
/*
 * Chance: which operation, where, how large, on what.
 */

#include "torture.h"

static _Thread_local uint64_t state;

void random_seed(uint64_t seed)
{
	state = seed;
}

/* SplitMix64: every seed is as good as any other. */
static uint64_t random_word(void)
{
	uint64_t word = state += UINT64_C(0x9e3779b97f4a7c15);

	word = (word ^ word >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	word = (word ^ word >> 27) * UINT64_C(0x94d049bb133111eb);
	return word ^ word >> 31;
}

uint64_t random_below(uint64_t limit)
{
	return random_word() % limit;
}

bool random_one_in(uint64_t count)
{
	return random_below(count) == 0;
}

/* --- where --- */

/* A few more or fewer, so that a leaf or run is missed by little as often as it is hit. */
static uint64_t about(uint64_t value)
{
	if (random_one_in(2)) {
		return value;
	}
	value += random_below(4);
	return value > 3 ? value - random_below(4) : value;
}

static uint64_t run_of(const struct window *window)
{
	unsigned int shift = machine_format->geometry->run_shift[window->level];

	return UINT64_C(1) << (shift != 0 ? shift : 2);
}

static void pick_range(struct step *step)
{
	const struct window *window = step->window;
	uint64_t block = UINT64_C(1) << window->index_bits;
	uint64_t run = run_of(window);
	uint64_t first = random_below(window->count);
	uint64_t count = 1 + random_below(4);

	switch (random_below(8)) {
	case 0:
		count = 1 + random_below(40);
		break;
	case 1: /* runs */
	case 2:
		first = about(first / run * run);
		count = about(run * (1 + random_below(3)));
		break;
	case 3: /* blocks */
	case 4:
		first = about(first / block * block);
		count = about(block * (1 + random_below(2)));
		break;
	case 5: /* far */
		count = 1 + random_below(window->count);
		break;
	default:
		break;
	}
	step->first = first < window->count ? first : window->count - 1;
	step->count = count < window->count - step->first ? count : window->count - step->first;
	step->count += step->count == 0 ? 1 : 0;
}

/* Ends the range before the first unit that would be in the way. */
static void clip(struct step *step)
{
	const uint64_t *units = step->window->units;
	bool wants_free = step->op == VMM_OP_MAP;
	uint64_t first = step->first;
	uint64_t type;
	uint64_t i;

	for (i = 0; i < 64 && (units[first] == 0) != wants_free; i++) {
		first = random_below(step->window->count);
	}
	if (first != step->first && first + step->count > step->window->count) {
		step->count = step->window->count - first;
	}
	step->first = first;
	type = units[first] & (UNIT_TYPE | UNIT_MAPPED);
	for (i = 1; i < step->count; i++) {
		if ((units[first + i] & (UNIT_TYPE | UNIT_MAPPED)) != type) {
			break;
		}
	}
	step->count = i;
}

/* --- on what --- */

/* The same distance from an address that a block begins at as in virtual memory. */
static uint64_t pick_like(const struct step *step, uint64_t pa, unsigned int shift)
{
	uint64_t mask = (UINT64_C(1) << shift) - 1;

	return (pa & ~mask) + (model_va(step->window, step->first) & mask);
}

/* Mostly such that some of the pool is mapped, so that it can be touched. */
static uint64_t pick_pa(const struct step *step)
{
	const struct window *window = step->window;
	uint64_t unit = UINT64_C(1) << window->unit_shift;
	uint64_t size = step->count << window->unit_shift;
	uint64_t limit = UINT64_C(1) << window->space->pa_bits;
	uint64_t pa = pool.pa + random_below(pool.size);
	uint64_t before = random_below(step->count) << window->unit_shift;

	switch (random_below(8)) {
	case 0:
		pa = pick_like(step, random_below(limit), window->block_shift);
		break;
	case 1:
		pa = (pa & ~(unit - 1)) < before ? 0 : (pa & ~(unit - 1)) - before;
		break;
	case 2:
		pa &= ~(unit - 1);
		break;
	default:
		pa = pick_like(step, pa, window->block_shift);
		break;
	}
	if (size > limit - pa && !(window->space->checks_pa && random_one_in(4))) {
		pa = limit - size;
	}
	return pa;
}

static uint32_t pick_bits(void)
{
	uint32_t bits = random_one_in(2) ? VMM_ATTR_MEM(random_below(8)) : 0;

	bits |= random_one_in(2) ? VMM_ATTR_EXEC(random_below(4)) : 0;
	bits |= random_one_in(2) ? VMM_ATTR_WRITE : 0;
	bits |= random_one_in(2) ? VMM_ATTR_USER : 0;
	bits |= random_one_in(2) ? VMM_ATTR_GLOBAL : 0;
	bits |= random_one_in(2) ? VMM_ATTR_CONTIG : 0;
	bits |= VMM_ATTR_SW((uint32_t)random_below(4));
	bits |= random_one_in(6) ? VMM_ATTR_LEAF_MAX((uint32_t)random_below(3)) : 0;
	bits |= random_one_in(64) ? UINT32_C(1) << (15 + random_below(17)) : 0;
	return bits;
}

static uint32_t with_type(uint32_t bits, uint64_t unit)
{
	bits &= ~(VMM_ATTR_MEM_MASK | VMM_ATTR_GLOBAL);
	bits |= VMM_ATTR_MEM((unit & UNIT_MEMORY_MASK) >> 8);
	return bits | ((unit & UNIT_GLOBAL) != 0 ? VMM_ATTR_GLOBAL : 0);
}

/* Attributes that are refused are tried, but less often than chance would. */
static void pick_attr(struct step *step)
{
	uint64_t unit = step->window->units[step->first];
	bool keeps_type = step->op == VMM_OP_PROTECT && unit != 0 && !random_one_in(8);
	uint64_t flags;

	for (unsigned int tries = 0; tries < 4; tries++) {
		step->attr.bits = pick_bits();
		if (keeps_type) {
			step->attr.bits = with_type(step->attr.bits, unit);
		}
		if (model_rule(step->window->space, step->attr, &flags) == VMM_OK) {
			break;
		}
	}
	/* Pages for gigabytes would take more tables than there are frames. */
	if (step->window->level != 0) {
		step->attr.bits &= ~VMM_ATTR_LEAF_MAX_MASK;
	}
}

void pick_step(struct step *step, struct window *window)
{
	static const enum vmm_op ops[] = {VMM_OP_MAP,     VMM_OP_MAP,     VMM_OP_MAP,
					  VMM_OP_MAP,     VMM_OP_UNMAP,   VMM_OP_UNMAP,
					  VMM_OP_PROTECT, VMM_OP_PROTECT, VMM_OP_PROTECT};

	step->op = ops[random_below(sizeof(ops) / sizeof(ops[0]))];
	step->window = window;
	pick_range(step);
	if (step->op != VMM_OP_UNMAP && !random_one_in(8)) {
		clip(step);
	}
	step->pa = step->op == VMM_OP_MAP ? pick_pa(step) : 0;
	step->attr.bits = 0;
	if (step->op != VMM_OP_UNMAP) {
		pick_attr(step);
	}
	model_judge(step);
}
