/* SPDX-License-Identifier: MIT */
/*
 * One step: an operation on a table, done, judged and counted; now and then tried with one frame
 * too few instead, or followed by a hole in a leaf.
 */

#include <inttypes.h>
#include <stdio.h>

#include "torture.h"

struct tally tally;

static const char *const op_names[] = {"map", "unmap", "protect"};

static vmm_va_region_t region_of(const struct step *step)
{
	vmm_va_region_t va = VMM_VA_REGION_INIT(model_va(step->window, step->first),
						step->count << step->window->unit_shift);

	return va;
}

static enum vmm_err run(const struct step *step, struct vmm_detail *detail)
{
	struct vmm_table *table = step->window->space->table;

	switch (step->op) {
	case VMM_OP_MAP:
		return vmm_table_map(table, region_of(step), vmm_pa(step->pa), step->attr, detail);
	case VMM_OP_UNMAP:
		return vmm_table_unmap(table, region_of(step), detail);
	case VMM_OP_PROTECT:
		break;
	}
	return vmm_table_protect(table, region_of(step), step->attr, detail);
}

/* Whether the leaf or run that `inside` is in goes on beyond `beyond`. */
static void count_cut(const struct vmm_table *table, uint64_t inside, uint64_t beyond)
{
	const struct vmm_geometry *geometry = table->format->geometry;
	struct vmm_leaf leaf;
	uint64_t run;

	if (vmm_table_query(table, vmm_va(inside), &leaf) != VMM_OK) {
		return;
	}
	run = leaf.size << geometry->run_shift[leaf.level];
	if (beyond - vmm_va_raw(leaf.va) < leaf.size) {
		tally.blocks_cut++;
	} else if (vmm_attr_has(leaf.attr, VMM_ATTR_CONTIG) && (inside ^ beyond) < run) {
		tally.runs_cut++;
	}
}

static void count_cuts(const struct vmm_table *table, vmm_va_region_t va)
{
	uint64_t start = vmm_va_raw(vmm_va_region_start(va));
	uint64_t last = vmm_va_raw(vmm_va_region_last(va));

	count_cut(table, start, start - 1);
	count_cut(table, last, last + 1);
}

/* One frame fewer than it takes: the step must leave no trace. */
static bool run_short(const struct step *step)
{
	const struct vmm_request request = {step->op, region_of(step), vmm_pa(step->pa),
					    step->attr};
	uint64_t used = frames_used();
	uint64_t need;
	enum vmm_err err;

	if (vmm_table_need(step->window->space->table, &request, &need, NULL) != VMM_OK ||
	    need == 0) {
		return false;
	}
	frames_limit(need - 1);
	err = run(step, NULL);
	frames_limit(FRAMES_NO_LIMIT);
	if (err != VMM_ERR_NOMEM || frames_used() != used) {
		differ("one frame too few", model_va(step->window, step->first), used,
		       (uint64_t)err);
	}
	tally.short_of_frames++;
	return true;
}

/*
 * Whether there are frames for what is to be done, perhaps after a trim: tables that are kept, and
 * those of cut leaves, add up to more than there are in the end.
 */
static bool has_frames(const struct space *space, const struct vmm_request *request)
{
	uint64_t need;

	if (!space->is_limited || vmm_table_need(space->table, request, &need, NULL) != VMM_OK ||
	    need <= frames_left()) {
		return true;
	}
	vmm_table_trim(space->table);
	return vmm_table_need(space->table, request, &need, NULL) == VMM_OK &&
	       need <= frames_left();
}

void step_take(const struct step *step)
{
	const struct vmm_request request = {step->op, region_of(step), vmm_pa(step->pa),
					    step->attr};
	uint64_t start = model_va(step->window, step->first);
	struct vmm_detail detail = {.level = -1};
	enum vmm_err err;

	turn_begin_change(step);
	if (step->expect == VMM_OK && !has_frames(step->window->space, &request)) {
		turn_end_change();
		return;
	}
	if (step->expect == VMM_OK && step->op != VMM_OP_MAP) {
		count_cuts(step->window->space->table, region_of(step));
	}
	if (step->expect == VMM_OK && step->window->space->is_limited && random_one_in(8) &&
	    run_short(step)) {
		turn_end_change();
		return;
	}
	err = run(step, &detail);
	if (err != step->expect) {
		differ(op_names[step->op], start, (uint64_t)step->expect, (uint64_t)err);
	} else if (err == VMM_OK) {
		model_apply(step);
		tally.done[step->op]++;
	} else {
		tally.refused++;
		if (vmm_va_raw(detail.va) != step->expect_va) {
			differ("refused where", start, step->expect_va, vmm_va_raw(detail.va));
		}
	}
	turn_end_change();
}

static void change_page(const struct step *step, const struct vmm_request *request)
{
	struct vmm_table *table = step->window->space->table;
	bool unmaps = request->op == VMM_OP_UNMAP;
	enum vmm_err err;

	turn_begin_change(step);
	err = unmaps ? vmm_table_unmap(table, request->va, NULL)
		     : vmm_table_map(table, request->va, request->pa, request->attr, NULL);
	if (err != VMM_OK) {
		differ("a page of a leaf", vmm_va_raw(vmm_va_region_start(request->va)), 0,
		       (uint64_t)err);
	}
	model_set_hole(unmaps ? vmm_va_raw(vmm_va_region_start(request->va)) : 0,
		       unmaps ? vmm_va_region_size(request->va) : 0);
	turn_end_change();
	turn_note_mapped(!unmaps);
	turn_take();
}

/* One page of a large leaf goes, is looked at, and comes back: tables of more than one level. */
void step_make_hole(const struct step *step)
{
	const struct window *window = step->window;
	uint64_t unit = step->first + random_below(step->count);
	struct vmm_request request = {.op = VMM_OP_UNMAP};
	uint64_t va;
	uint64_t page;

	if (window->level == 0 || window->units[unit] == 0) {
		return;
	}
	point_clear();
	point_add(window, unit);
	point_add(window, unit);
	turn_take();
	va = point_at(0)->va;
	page = model_at(window, va);
	request.va = (vmm_va_region_t)VMM_VA_REGION_INIT(va, UINT64_C(1) << pool.page_shift);
	request.pa = vmm_pa(page & ~UNIT_FLAGS);
	request.attr.bits = probe_attr(page);
	turn_begin_change(step);
	if (!has_frames(window->space, &request)) {
		turn_end_change();
		return;
	}
	turn_end_change();
	count_cuts(window->space->table, request.va);
	change_page(step, &request);
	request.op = VMM_OP_MAP;
	change_page(step, &request);
	tally.holes++;
}

void step_print(const struct step *step)
{
	printf("%s 0x%" PRIx64 " bytes at 0x%" PRIx64 " to 0x%" PRIx64 ", attributes 0x%" PRIx32
	       "\n",
	       op_names[step->op], step->count << step->window->unit_shift,
	       model_va(step->window, step->first), step->pa, step->attr.bits);
}
