/* SPDX-License-Identifier: MIT */
/*
 * The model: what is mapped where, by arrays.
 */

#include "torture.h"

struct window windows[WINDOW_MAX];
unsigned int window_count;

static struct {
	uint64_t va;
	uint64_t size;
} hole;

/* --- windows --- */

static unsigned int level_shift(unsigned int level)
{
	const struct vmm_geometry *geometry = machine_format->geometry;

	return geometry->page_shift + level * geometry->index_bits;
}

/* Three tables full of leaves, so that there is a middle; at the last level two contiguous runs or
 * eight leaves. */
static void shape(struct window *window, unsigned int level)
{
	const struct vmm_geometry *geometry = machine_format->geometry;
	unsigned int run = geometry->run_shift[level] > 2 ? geometry->run_shift[level] : 2;
	bool is_last = level == geometry->leaf_level_max;

	window->level = level;
	window->unit_shift = level_shift(level);
	window->index_bits = is_last ? run : geometry->index_bits;
	window->block_shift = window->unit_shift + window->index_bits;
	window->count = (is_last ? UINT64_C(2) : UINT64_C(3)) << window->index_bits;
}

static void add_window(struct kernel *kernel, const struct space *space, unsigned int level,
		       uint64_t *base)
{
	struct window *window = &windows[window_count++];
	uint64_t pa;

	shape(window, level);
	window->space = space;
	window->base = *base;
	window->units =
		take_memory(kernel, "Model", window->count * sizeof(window->units[0]), &pa);
	for (uint64_t i = 0; i < window->count; i++) {
		window->units[i] = 0;
	}
	*base += window->count << window->unit_shift;
}

/* An eighth of the half is far more than all of them take; the largest first, so that each begins on
 * a block. The smallest one of the upper half ends where the address space does. */
static void add_half(struct kernel *kernel, const struct space *space, uint64_t base, bool is_upper)
{
	for (unsigned int level = machine_format->geometry->leaf_level_max + 1u; level-- > 0;) {
		if (is_upper && level == 0) {
			base = 0 - (UINT64_C(3) << level_shift(1));
		}
		add_window(kernel, space, level, &base);
	}
}

void model_init(struct kernel *kernel, struct space *lower, struct space *upper)
{
	uint64_t base = UINT64_C(1) << (machine_format->geometry->va_bits_max - 3);

	add_half(kernel, lower, base, false);
	add_half(kernel, upper, 0 - base, true);
}

void model_note_fixed(struct space *space)
{
	const struct vmm_geometry *geometry = machine_format->geometry;
	struct vmm_cursor cursor = {0};
	struct vmm_leaf leaf;

	space->root_level = (geometry->va_bits_max - geometry->page_shift - 1u) / geometry->index_bits;
	space->fixed_count = 0;
	while (vmm_table_visit(space->table, &cursor, &leaf, NULL) == VMM_OK) {
		if (space->fixed_count == FIXED_MAX) {
			kernel_fail("too much is mapped already");
		}
		space->fixed[space->fixed_count].start = vmm_va_raw(leaf.va);
		space->fixed[space->fixed_count].last = vmm_va_raw(leaf.va) + leaf.size - 1;
		space->fixed_count++;
	}
}

uint64_t model_va(const struct window *window, uint64_t unit)
{
	return window->base + (unit << window->unit_shift);
}

bool model_touches(const struct window *window, uint64_t unit)
{
	uint64_t pa = window->units[unit] & ~UNIT_FLAGS;
	uint64_t last = pa + (UINT64_C(1) << window->unit_shift) - 1;

	return window->units[unit] != 0 && pa < pool.pa + pool.size && last >= pool.pa;
}

void model_set_hole(uint64_t va, uint64_t size)
{
	hole.va = va;
	hole.size = size;
}

uint64_t model_at(const struct window *window, uint64_t va)
{
	uint64_t offset = va - window->base;
	uint64_t unit = window->units[offset >> window->unit_shift];

	if (unit == 0 || va - hole.va < hole.size) {
		return 0;
	}
	offset &= (UINT64_C(1) << window->unit_shift) - 1;
	return unit + (offset >> pool.page_shift << pool.page_shift);
}

/* --- where walks end --- */

static bool is_used(const struct window *window, uint64_t start, uint64_t last)
{
	for (unsigned int i = 0; i < BLOCK_MAX; i++) {
		uint64_t first = window->base + ((uint64_t)i << window->block_shift);
		uint64_t end = first + (UINT64_C(1) << window->block_shift) - 1;

		if (window->used[i] != 0 && first <= last && end >= start) {
			return true;
		}
	}
	return false;
}

/* Whether anything is mapped there. What is asked about is no smaller than a block of any window
 * that it meets. */
static bool is_empty(const struct space *space, uint64_t start, uint64_t last)
{
	for (unsigned int i = 0; i < space->fixed_count; i++) {
		if (space->fixed[i].start <= last && space->fixed[i].last >= start) {
			return false;
		}
	}
	for (unsigned int i = 0; i < window_count; i++) {
		if (windows[i].space->table == space->table && is_used(&windows[i], start, last)) {
			return false;
		}
	}
	return true;
}

/* A table exists as long as anything is mapped in it. */
int model_level(const struct window *window, uint64_t va)
{
	unsigned int level = window->space->root_level;

	if (va - hole.va < hole.size) {
		return 0;
	}
	for (; level > window->level; level--) {
		uint64_t mask = (UINT64_C(1) << level_shift(level)) - 1;

		if (is_empty(window->space, va & ~mask, va | mask)) {
			break;
		}
	}
	return (int)level;
}

/* --- what must come of a step --- */

/* What has no meaning on any CPU, then what is asked for but forbidden, then the CPU's own rules. */
enum vmm_err model_rule(const struct space *space, vmm_attr_t attr, uint64_t *flags)
{
	unsigned int memory = attr.bits & 0xf;
	unsigned int executes = attr.bits >> 4 & 3;
	bool writes = (attr.bits & VMM_ATTR_WRITE) != 0;
	bool is_user = (attr.bits & VMM_ATTR_USER) != 0;
	enum vmm_mem stored;
	enum vmm_err err;

	if (memory > VMM_MEM_PLATFORM || executes > VMM_EXEC_USER || attr.bits >> 15 != 0 ||
	    (executes != 0 && memory >= VMM_MEM_DEV_NGNRNE && memory <= VMM_MEM_DEV_GRE) ||
	    (executes == VMM_EXEC_USER && !is_user)) {
		return VMM_ERR_ATTR;
	}
	if (writes && executes != 0 && !space->allows_wx) {
		return VMM_ERR_WX;
	}
	err = cpu_rule(space, attr, &stored);
	if (err == VMM_OK) {
		*flags = UNIT_MAPPED | (writes ? UNIT_WRITE : 0) | (is_user ? UNIT_USER : 0) |
			 (executes == VMM_EXEC_KERNEL ? UNIT_KERNEL_EXECUTE : 0) |
			 (executes == VMM_EXEC_USER ? UNIT_USER_EXECUTE : 0) |
			 ((attr.bits & VMM_ATTR_GLOBAL) != 0 ? UNIT_GLOBAL : 0) |
			 UNIT_SOFTWARE(attr.bits >> 10 & 3) | UNIT_MEMORY(stored);
	}
	return err;
}

static void expect_at(struct step *step, enum vmm_err err, uint64_t unit)
{
	step->expect = err;
	step->expect_va = model_va(step->window, unit);
}

static void judge_units(struct step *step, uint64_t flags)
{
	for (uint64_t i = step->first; i < step->first + step->count; i++) {
		uint64_t unit = step->window->units[i];

		if (step->op == VMM_OP_MAP && unit != 0) {
			expect_at(step, VMM_ERR_EXISTS, i);
			return;
		}
		if (step->op == VMM_OP_PROTECT && unit == 0) {
			expect_at(step, VMM_ERR_NOENT, i);
			return;
		}
		if (step->op == VMM_OP_PROTECT && ((unit ^ flags) & UNIT_TYPE) != 0) {
			expect_at(step, VMM_ERR_ATTR, i);
			return;
		}
	}
}

void model_judge(struct step *step)
{
	const struct space *space = step->window->space;
	uint64_t size = step->count << step->window->unit_shift;
	uint64_t limit = UINT64_C(1) << space->pa_bits;
	uint64_t flags = 0;

	expect_at(step, VMM_OK, step->first);
	if (step->op == VMM_OP_UNMAP) {
		return;
	}
	if (step->op == VMM_OP_MAP && (step->pa >= limit || size > limit - step->pa)) {
		step->expect = VMM_ERR_PHYS;
		return;
	}
	step->expect = model_rule(space, step->attr, &flags);
	if (step->expect == VMM_OK) {
		judge_units(step, flags);
	}
}

void model_apply(const struct step *step)
{
	struct window *window = step->window;
	uint64_t flags = 0;

	if (step->op != VMM_OP_UNMAP && model_rule(window->space, step->attr, &flags) != VMM_OK) {
		kernel_fail("the model applies what it refuses");
	}
	for (uint64_t i = 0; i < step->count; i++) {
		uint64_t *unit = &window->units[step->first + i];
		uint64_t *used = &window->used[(step->first + i) >> window->index_bits];

		if (step->op == VMM_OP_UNMAP) {
			*used -= *unit != 0 ? 1 : 0;
			*unit = 0;
		} else if (step->op == VMM_OP_MAP) {
			*used += 1;
			*unit = (step->pa + (i << window->unit_shift)) | flags;
		} else {
			*unit = (*unit & ~UNIT_FLAGS) | flags;
		}
	}
}
