/* SPDX-License-Identifier: MIT */
/* What is judged when invalidations complete, and when an operation ends. */
#include <string.h>

#include "test_judge.h"

#define PRINTABLE(value) ((unsigned long long)(value))

/* More rows of addresses than these, and all may be forgotten by one invalidation. */
#define ROWS_MAX 8

/* --- wider than needed? --- */

/* What the tables no longer hold, and CPUs may. */
struct obsolete {
	uint64_t leaves;
	uint64_t links;
	uint64_t rows; /* of adjacent leaves of one size */
	bool has_global; /* or something that tables share */
};

static bool is_obsolete(const struct test_seam *self, const struct test_tlb_item *item)
{
	return item->epoch != self->tlb.epoch;
}

static bool is_obsolete_leaf_at(const struct test_seam *self, uint64_t va, unsigned int level)
{
	const struct test_tlb_item *item = NULL;

	while ((item = test_tlb_at(&self->tlb, va, level, item)) != NULL) {
		if (!item->is_walk && is_obsolete(self, item)) {
			return true;
		}
	}
	return false;
}

static struct obsolete count_obsolete(const struct test_seam *self)
{
	struct obsolete obsolete = {0, 0, 0, false};

	for (size_t i = 0; i < self->tlb.count; i++) {
		const struct test_tlb_item *item = &self->tlb.items[i];
		uint64_t reach = test_arch_reach(self->arch, item->level);

		if (!is_obsolete(self, item)) {
			continue;
		}
		obsolete.has_global |= test_tlb_is_shared(&self->tlb, item);
		if (item->is_walk) {
			obsolete.links++;
			continue;
		}
		obsolete.leaves++;
		obsolete.has_global |= self->arch->is_global(item->desc);
		obsolete.rows +=
			item->va == 0 || !is_obsolete_leaf_at(self, item->va - reach, item->level);
	}
	return obsolete;
}

/* Whether the i-th address of a request finds anything that must go. */
static bool is_useful(const struct test_seam *self, const struct vmm_invalidation *request,
		      uint64_t i, bool links_only)
{
	struct vmm_invalidation one = *request;
	uint64_t raw = vmm_va_raw(request->va) + (i << request->stride_shift);

	one.va = vmm_va(raw);
	one.count = 1;
	for (unsigned int level = 0; level <= self->table.root_level; level++) {
		uint64_t va = raw & self->table.va_mask & ~(test_arch_reach(self->arch, level) - 1);
		const struct test_tlb_item *item = NULL;

		while ((item = test_tlb_at(&self->tlb, va, level, item)) != NULL) {
			if (is_obsolete(self, item) && (item->is_walk || !links_only) &&
			    test_tlb_is_hit(&self->tlb, item, &one)) {
				return true;
			}
		}
	}
	return false;
}

static void judge_addresses(struct test_seam *self, const struct vmm_invalidation *request)
{
	bool has_link = request->scope != VMM_SCOPE_WALK;

	/* Nobody has read what was in a table that went as a whole. */
	if (self->has_dropped) {
		return;
	}
	for (uint64_t i = 0; i < request->count; i++) {
		if (!is_useful(self, request, i, false)) {
			test_judge_report(
				self, "wide: nothing changed at %#llx",
				PRINTABLE(vmm_va_raw(request->va) + (i << request->stride_shift)));
		}
		has_link |= is_useful(self, request, i, true);
	}
	if (!has_link) {
		test_judge_report(self, "wide: walks for %#llx are as they were",
				  PRINTABLE(vmm_va_raw(request->va)));
	}
}

static bool may_take_space(const struct test_seam *self, const struct obsolete *obsolete)
{
	return self->has_dropped || (self->table.flags & VMM_TABLE_FLUSH_WHOLE) != 0 ||
	       obsolete->leaves + obsolete->links > self->table.flush_max ||
	       obsolete->rows + obsolete->links > ROWS_MAX ||
	       (self->arch->riscv && obsolete->links > 0);
}

void test_judge_width(struct test_seam *self)
{
	struct obsolete obsolete;
	bool may_be_any;
	uint64_t addresses = 0;

	if (self->may_be_wide || self->queue_count == 0) {
		return;
	}
	obsolete = count_obsolete(self);
	may_be_any = obsolete.has_global ||
		     (!self->arch->riscv && self->table.half == VMM_UPPER_HALF) ||
		     (obsolete.links > 0 && self->tlb.has_global);
	for (size_t i = 0; i < self->queue_count; i++) {
		const struct vmm_invalidation *request = &self->queue[i];

		if (request->any_asid && !may_be_any) {
			test_judge_report(self, "wide: every ASID for the leaves of one");
		}
		if (request->scope != VMM_SCOPE_SPACE) {
			judge_addresses(self, request);
			addresses += request->count;
		} else if (!may_take_space(self, &obsolete) || self->queue_count > 1) {
			test_judge_report(self,
					  "wide: the whole space for %llu leaves, %llu tables",
					  PRINTABLE(obsolete.leaves), PRINTABLE(obsolete.links));
		}
	}
	if (addresses > self->table.flush_max ||
	    (addresses > obsolete.leaves + obsolete.links && !self->has_dropped)) {
		test_judge_report(self, "wide: %llu addresses for %llu leaves and %llu tables",
				  PRINTABLE(addresses), PRINTABLE(obsolete.leaves),
				  PRINTABLE(obsolete.links));
	}
}

/* --- what is left when an operation ends --- */

/* Whether the tables hold the same leaf with other permissions. */
static bool is_permission_only(const struct test_seam *self, const struct test_tlb_item *stale)
{
	const struct test_tlb_item *item = NULL;

	while ((item = test_tlb_at(&self->tlb, stale->va, stale->level, item)) != NULL) {
		if (!is_obsolete(self, item) && !item->is_walk &&
		    ((item->desc ^ stale->desc) & ~self->arch->permission) == 0) {
			return true;
		}
	}
	return false;
}

static const char *rule_of_stale(const struct test_seam *self, const struct test_tlb_item *item)
{
	const struct test_arch *arch = self->arch;

	if (item->is_walk) {
		return arch->riscv && item->missed_scope ? "R12" : "A9";
	}
	if (item->missed_level) {
		return "A12";
	}
	if (item->missed_asid) {
		return arch->riscv ? "R13" : "A9";
	}
	if (arch->in_run(item->desc)) {
		return arch->riscv ? "R22" : "A17";
	}
	if (is_permission_only(self, item)) {
		return "A3";
	}
	return arch->riscv ? "R20" : "A2";
}

static void judge_stale(struct test_seam *self)
{
	test_judge_stamp_current(self);
	for (size_t i = 0; i < self->tlb.count; i++) {
		const struct test_tlb_item *item = &self->tlb.items[i];

		if (is_obsolete(self, item)) {
			test_judge_report(self, "%s: %#llx for %#llx, level %u, can still be used",
					  rule_of_stale(self, item), PRINTABLE(item->desc),
					  PRINTABLE(item->va), item->level);
		}
	}
}

/* The members of a run: Arm ARM D8.7.1 RSKQHL; RISC-V "Svnapot". */
static void judge_run(struct test_seam *self, const uint64_t *words, size_t index,
		      unsigned int level, uint64_t va)
{
	const struct test_arch *arch = self->arch;
	size_t members = level < VMM_LEVELS_MAX ? arch->run[level] : 0;
	uint64_t reach = test_arch_reach(arch, level);
	size_t first = members == 0 ? index : index - index % members;
	uint64_t start = va + first * reach;
	uint64_t pa = arch->output(arch, words[first], level, start);
	bool is_whole = members != 0 && pa % (members * reach) == 0 &&
			start + (members * reach - 1) <= self->table.va_mask;

	for (size_t i = 0; is_whole && i < members; i++) {
		uint64_t desc = words[first + i];

		is_whole = arch->what(arch, desc, level) == TEST_LEAF && arch->in_run(desc) &&
			   arch->output(arch, desc, level, start + i * reach) == pa + i * reach &&
			   ((desc ^ words[first]) & (arch->permission | arch->type)) == 0;
	}
	if (!is_whole) {
		test_judge_report(self, "%s: the run at %#llx is not whole",
				  arch->riscv ? "R21" : "A15", PRINTABLE(start));
	}
}

static void judge_frame(struct test_seam *self, size_t frame)
{
	const struct test_arch *arch = self->arch;
	size_t count = test_judge_words(self);
	const uint64_t *words = &self->now[frame * count];
	unsigned int level = self->level[frame];

	if (test_judge_is_pending(self, frame)) {
		test_judge_report(self, "A5: stores for %#llx are not published",
				  PRINTABLE(self->va[frame]));
	}
	if (memchr(&self->unclean[frame * count], 1, count) != NULL) {
		test_judge_report(self, "A11: stores for %#llx are not cleaned",
				  PRINTABLE(self->va[frame]));
	}
	for (size_t i = 0; i < count; i++) {
		enum test_what what = arch->what(arch, words[i], level);

		if (what == TEST_FAULT) {
			test_judge_report(self, "%s: the CPU faults on %#llx",
					  arch->riscv ? "R21" : "A15", PRINTABLE(words[i]));
		} else if (what == TEST_LEAF && arch->in_run(words[i])) {
			judge_run(self, words, i, level, self->va[frame]);
		}
	}
}

void test_judge_end(struct test_seam *self)
{
	if (!self->is_warm) {
		return;
	}
	if (self->queue_count > 0) {
		test_judge_report(self, "A7: an invalidation was started and never completed");
	}
	memset(self->live, 0, self->frames.frame_count);
	judge_stale(self);
	for (size_t i = 0; i < self->fresh_count; i++) {
		test_judge_report(self, "%s: %#llx..%#llx is mapped and can't be used",
				  self->arch->riscv ? "R10" : "A5", PRINTABLE(self->fresh[i].first),
				  PRINTABLE(self->fresh[i].last));
	}
	for (size_t i = 0; i < self->frames.frame_count; i++) {
		if (self->live[i] != 0) {
			judge_frame(self, i);
		}
	}
}
