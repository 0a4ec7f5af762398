/* SPDX-License-Identifier: MIT */
/* What walkers can read, from the frames as they are seen at each call. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test_judge.h"

#define PRINTABLE(value) ((unsigned long long)(value))

void test_judge_report(struct test_seam *self, const char *format, ...)
{
	char *report = self->reports[self->report_count];
	size_t same = 0;
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(report, sizeof(self->reports[0]), format, arguments);
	va_end(arguments);
	for (size_t i = 0; i < self->report_count; i++) {
		same += strncmp(self->reports[i], report, strcspn(report, ":")) == 0;
	}
	/* Two by each rule are enough to see what is wrong. */
	if (same < 2 && self->report_count < TEST_SEAM_REPORTS - 1) {
		self->report_count++;
	}
}

/* --- copies of the frames --- */

static void *allocate(size_t count, size_t size)
{
	void *memory = calloc(count, size);

	assert_non_null(memory);
	return memory;
}

void test_judge_init(struct test_seam *self)
{
	size_t frames = self->frames.frame_count;
	size_t words = frames * test_judge_words(self);

	test_tlb_init(&self->tlb, self->arch, &self->table);
	self->now = allocate(words, sizeof(*self->now));
	self->base = allocate(words, sizeof(*self->base));
	self->unclean = allocate(words, 1);
	self->live = allocate(frames, 1);
	self->level = allocate(frames, 1);
	self->va = allocate(frames, sizeof(*self->va));
}

void test_judge_fini(struct test_seam *self)
{
	test_tlb_fini(&self->tlb);
	free(self->now);
	free(self->base);
	free(self->unclean);
	free(self->live);
	free(self->level);
	free(self->va);
	free(self->changes);
	free(self->fresh);
	memset(self, 0, sizeof(*self));
}

static const uint64_t *memory_of(const struct test_seam *self, size_t frame)
{
	return (const uint64_t *)vmm_frames_ptr(&self->frames.frames, test_judge_pa(self, frame));
}

static uint64_t *now_of(const struct test_seam *self, size_t frame)
{
	return &self->now[frame * test_judge_words(self)];
}

static uint64_t *base_of(const struct test_seam *self, size_t frame)
{
	return &self->base[frame * test_judge_words(self)];
}

static size_t frame_bytes(const struct test_seam *self)
{
	return test_judge_words(self) * sizeof(uint64_t);
}

static void copy_frame(struct test_seam *self, size_t frame)
{
	memcpy(now_of(self, frame), memory_of(self, frame), frame_bytes(self));
	memcpy(base_of(self, frame), memory_of(self, frame), frame_bytes(self));
}

bool test_judge_is_pending(const struct test_seam *self, size_t frame)
{
	return memcmp(now_of(self, frame), base_of(self, frame), frame_bytes(self)) != 0;
}

static bool is_frame(const struct test_seam *self, uint64_t pa)
{
	return test_frames_is_out(&self->frames, vmm_pa(pa));
}

/* --- what walkers can read --- */

static void read_frame(struct test_seam *self, uint64_t pa, unsigned int level, uint64_t va,
		       bool settled);

static void read_word(struct test_seam *self, uint64_t desc, unsigned int level, uint64_t va,
		      bool settled)
{
	enum test_what what = self->arch->what(self->arch, desc, level);
	enum test_tlb_clash clash;

	if (what == TEST_TABLE) {
		(void)test_tlb_add(&self->tlb, va, level, desc, true);
		read_frame(self, self->arch->next(desc), level - 1, va, settled);
		return;
	}
	if (what != TEST_LEAF) {
		return;
	}
	clash = test_tlb_add(&self->tlb, va, level, desc, false);
	if (clash == TEST_TLB_CLASH_RUN) {
		test_judge_report(self,
				  "R22: run and plain leaves at %#llx could be cached at once",
				  PRINTABLE(va));
	} else if (clash == TEST_TLB_CLASH) {
		test_judge_report(self, "%s: leaves that clash at %#llx could be cached at once",
				  self->has_direct ? "A1" : "A2", PRINTABLE(va));
	}
}

/* Reads a table: settled, as it is; otherwise also what it was at the last publish. */
static void read_frame(struct test_seam *self, uint64_t pa, unsigned int level, uint64_t va,
		       bool settled)
{
	size_t frame = test_judge_frame(self, pa);
	uint64_t reach = test_arch_reach(self->arch, level);
	const uint64_t *now, *base;

	if (!is_frame(self, pa)) {
		return;
	}
	now = now_of(self, frame);
	base = base_of(self, frame);
	self->live[frame] = 1;
	self->level[frame] = (uint8_t)level;
	self->va[frame] = va;
	for (size_t i = 0; i < test_judge_words(self); i++) {
		if ((now[i] & 1) != 0) {
			read_word(self, now[i], level, va + i * reach, settled);
		}
		if (!settled && base[i] != now[i] && (base[i] & 1) != 0) {
			read_word(self, base[i], level, va + i * reach, settled);
		}
	}
}

/* Adds all that a walker can read now, also by what it has cached of tables that are unlinked. */
static void read_all(struct test_seam *self)
{
	if (self->is_halted) {
		return;
	}
	memset(self->live, 0, self->frames.frame_count);
	self->tlb.epoch++;
	read_frame(self, self->table.root, self->table.root_level, 0, false);
	for (size_t i = 0; i < self->tlb.count; i++) {
		struct test_tlb_item item = self->tlb.items[i];

		if (item.is_walk && item.epoch != self->tlb.epoch) {
			self->tlb.items[i].epoch = self->tlb.epoch;
			read_frame(self, self->arch->next(item.desc), item.level - 1u, item.va,
				   false);
		}
	}
}

void test_judge_stamp_current(struct test_seam *self)
{
	self->tlb.epoch++;
	read_frame(self, self->table.root, self->table.root_level, 0, true);
}

void test_judge_warm(struct test_seam *self)
{
	bool was_halted = self->is_halted;

	if (self->is_warm) {
		return;
	}
	self->is_warm = true;
	test_tlb_clear(&self->tlb);
	self->tlb.may_resize =
		(self->table.flags & VMM_TABLE_RESIZE_LIVE) != 0 && !self->judge_resize;
	self->is_halted = self->table.format == NULL;
	read_all(self);
	self->is_halted = was_halted;
}

void test_judge_begin(struct test_seam *self)
{
	for (size_t i = 0; i < self->frames.frame_count; i++) {
		if (self->frames.is_out[i]) {
			copy_frame(self, i);
		}
	}
	memset(self->live, 0, self->frames.frame_count);
	self->is_warm = false;
	/* No CPU can walk before there is a root. */
	self->is_halted = self->table.format == NULL;
	self->queue_count = 0;
	self->fresh_count = 0;
	self->has_direct = false;
	self->has_dropped = false;
	self->may_be_wide = false;
	self->unmap_first = 1;
	self->unmap_last = 0;
}

/* --- what was stored --- */

static size_t collect_from(struct test_seam *self, size_t frame, size_t count)
{
	const uint64_t *memory = memory_of(self, frame);
	uint64_t *now = now_of(self, frame);
	size_t words = test_judge_words(self);

	if (memcmp(now, memory, frame_bytes(self)) == 0) {
		return count;
	}
	if (self->change_capacity < count + words) {
		self->change_capacity = (count + words) * 2;
		self->changes =
			realloc(self->changes, self->change_capacity * sizeof(*self->changes));
		assert_non_null(self->changes);
	}
	for (size_t i = 0; i < words; i++) {
		if (now[i] != memory[i]) {
			self->changes[count].frame = frame;
			self->changes[count].word = i;
			self->changes[count].old = now[i];
			count++;
			now[i] = memory[i];
			self->unclean[frame * words + i] = 1;
		}
	}
	return count;
}

static bool is_any_different(const struct test_seam *self)
{
	for (size_t i = 0; i < self->frames.frame_count; i++) {
		if (self->frames.is_out[i] &&
		    memcmp(now_of(self, i), memory_of(self, i), frame_bytes(self)) != 0) {
			return true;
		}
	}
	return false;
}

static void add_fresh(struct test_seam *self, uint64_t va, uint64_t size, bool linked)
{
	struct test_seam_fresh *last;

	if (self->fresh_count == self->fresh_capacity) {
		self->fresh_capacity = self->fresh_capacity * 2 + 16;
		self->fresh = realloc(self->fresh, self->fresh_capacity * sizeof(*self->fresh));
		assert_non_null(self->fresh);
	}
	last = &self->fresh[self->fresh_count++];
	last->first = va;
	last->last = va + (size - 1);
	last->published = false;
	last->linked = linked;
}

/*
 * A descriptor became valid where a walker reads: what it maps is new, and what it links is
 * complete.
 */
static void judge_made(struct test_seam *self, uint64_t desc, unsigned int level, uint64_t va,
		       bool is_new, bool linked)
{
	enum test_what what = self->arch->what(self->arch, desc, level);
	uint64_t reach = test_arch_reach(self->arch, level);
	size_t words = test_judge_words(self);
	size_t frame;

	if (what == TEST_LEAF && is_new) {
		add_fresh(self, va, reach, linked);
	}
	if (what != TEST_TABLE) {
		return;
	}
	frame = test_judge_frame(self, self->arch->next(desc));
	if (!is_frame(self, self->arch->next(desc))) {
		test_judge_report(self, "A10: %#llx at %#llx links no table", PRINTABLE(desc),
				  PRINTABLE(va));
		return;
	}
	if (test_judge_is_pending(self, frame)) {
		test_judge_report(self,
				  "A10: the table for %#llx was linked before it was published",
				  PRINTABLE(va));
	}
	if (memchr(&self->unclean[frame * words], 1, words) != NULL) {
		test_judge_report(self, "A11: the table for %#llx was linked before it was cleaned",
				  PRINTABLE(va));
	}
	for (size_t i = 0; i < words; i++) {
		judge_made(self, now_of(self, frame)[i], level - 1,
			   va + i * (reach >> self->arch->index_bits), is_new, true);
	}
}

/* A word of a table that walkers read. Returns whether it was or is valid. */
static bool judge_change(struct test_seam *self, const struct test_seam_change *change)
{
	const struct test_arch *arch = self->arch;
	unsigned int level = self->level[change->frame];
	uint64_t va = self->va[change->frame] + change->word * test_arch_reach(arch, level);
	uint64_t new = now_of(self, change->frame)[change->word];
	enum test_what was = arch->what(arch, change->old, level);
	enum test_what is = arch->what(arch, new, level);

	if (was != TEST_NOTHING && is != TEST_NOTHING) {
		self->has_direct = true;
	}
	if (was == TEST_TABLE && is == TEST_NOTHING && self->unmap_first <= va &&
	    va + (test_arch_reach(arch, level) - 1) <= self->unmap_last) {
		self->has_dropped = true;
	}
	if (is == TEST_FAULT) {
		test_judge_report(self, "%s: %#llx at %#llx is valid, and no descriptor",
				  arch->riscv ? "R2" : "A31", PRINTABLE(new), PRINTABLE(va));
	}
	if (is == TEST_LEAF || is == TEST_TABLE) {
		judge_made(self, new, level, va, was == TEST_NOTHING, false);
	}
	return was != TEST_NOTHING || is != TEST_NOTHING;
}

void test_judge_look(struct test_seam *self, uint64_t *built, uint64_t *stored)
{
	size_t count = 0;

	if (!is_any_different(self)) {
		return;
	}
	test_judge_warm(self);
	for (size_t i = 0; i < self->frames.frame_count; i++) {
		if (self->frames.is_out[i]) {
			count = collect_from(self, i, count);
		}
	}
	for (size_t i = 0; i < count; i++) {
		if (self->is_halted || self->live[self->changes[i].frame] == 0) {
			(*built)++;
		} else if (judge_change(self, &self->changes[i])) {
			(*stored)++;
		}
	}
	read_all(self);
}

/* --- what happens at the seam and to the frames --- */

void test_judge_publish(struct test_seam *self)
{
	for (size_t i = 0; i < self->frames.frame_count; i++) {
		if (self->frames.is_out[i] && test_judge_is_pending(self, i)) {
			memcpy(base_of(self, i), now_of(self, i), frame_bytes(self));
		}
	}
	for (size_t i = 0; i < self->fresh_count; i++) {
		self->fresh[i].published = true;
	}
}

/* Whether the addresses of a request are pages of the table. */
static bool is_addressed(struct test_seam *self, const struct vmm_invalidation *request)
{
	uint64_t first = vmm_va_raw(request->va);
	uint64_t last = first + ((request->count - 1) << request->stride_shift);
	uint64_t page = (UINT64_C(1) << self->arch->page_shift) - 1;
	const uint64_t mask = self->table.va_mask;
	uint64_t above[2] = {first & ~mask, last & ~mask};
	bool is_upper = self->table.half == VMM_UPPER_HALF;

	if (request->count == 0 || request->stride_shift < self->arch->page_shift ||
	    (first & page) != 0) {
		test_judge_report(self, "A12: %#llx and %llu more is no row of pages",
				  PRINTABLE(first), PRINTABLE(request->count));
		return false;
	}
	for (unsigned int i = 0; i < 2; i++) {
		if (self->table.half == VMM_BOTH_HALVES) {
			is_upper = ((i == 0 ? first : last) & (mask ^ mask >> 1)) != 0;
		}
		if (above[i] != (is_upper ? ~mask : 0)) {
			test_judge_report(self, "%s: %#llx is no address of the table",
					  self->arch->riscv ? "R14" : "A12",
					  PRINTABLE(i == 0 ? first : last));
			return false;
		}
	}
	return true;
}

void test_judge_mapped(struct test_seam *self, const struct vmm_invalidation *added)
{
	uint64_t first = vmm_va_raw(added->va) & self->table.va_mask;
	uint64_t last = first + ((added->count << added->stride_shift) - 1);
	size_t left = 0;

	if (!is_addressed(self, added)) {
		return;
	}
	if (self->arch->riscv && self->tlb.has_global && !added->any_asid) {
		test_judge_report(self, "R13: a fence of one ASID after mapping at %#llx",
				  PRINTABLE(first));
	}
	for (size_t i = 0; i < self->fresh_count; i++) {
		struct test_seam_fresh fresh = self->fresh[i];

		if (!fresh.published || fresh.first < first || fresh.last > last) {
			self->fresh[left++] = fresh;
		} else if (self->arch->riscv && fresh.linked && added->scope == VMM_SCOPE_LEAF) {
			test_judge_report(self,
					  "R12: a fence of leaves after linking tables for %#llx",
					  PRINTABLE(fresh.first));
		}
	}
	self->fresh_count = left;
}

static bool is_asid_right(struct test_seam *self, const struct vmm_invalidation *request)
{
	if (request->any_asid) {
		return true;
	}
	if (request->asid != self->table.asid || request->asid >> self->table.asid_bits != 0) {
		test_judge_report(self, "A13: %u is not the table's ASID", request->asid);
		return false;
	}
	return true;
}

void test_judge_invalidate(struct test_seam *self, const struct vmm_invalidation *request)
{
	bool is_broken = (self->table.flags & VMM_TABLE_FLUSH_WHOLE) != 0;

	test_judge_warm(self);
	for (size_t i = 0; i < self->frames.frame_count; i++) {
		if (self->live[i] != 0 && self->frames.is_out[i] &&
		    test_judge_is_pending(self, i)) {
			test_judge_report(self,
					  "A6: invalidation before the stores to %#llx were "
					  "published",
					  PRINTABLE(vmm_pa_raw(test_judge_pa(self, i))));
		}
	}
	if (request->scope != VMM_SCOPE_SPACE && is_broken) {
		test_judge_report(self, "R30: invalidation by address");
	}
	if (!is_asid_right(self, request) ||
	    (request->scope != VMM_SCOPE_SPACE && !is_addressed(self, request))) {
		return;
	}
	assert_true(self->queue_count < sizeof(self->queue) / sizeof(self->queue[0]));
	self->queue[self->queue_count++] = *request;
}

void test_judge_complete(struct test_seam *self)
{
	test_judge_warm(self);
	if (!self->is_halted) {
		test_judge_stamp_current(self);
		test_judge_width(self);
	}
	for (size_t i = 0; i < self->queue_count; i++) {
		test_tlb_drop(&self->tlb, &self->queue[i]);
	}
	self->queue_count = 0;
	read_all(self);
}

void test_judge_clean(struct test_seam *self, const void *start, size_t size)
{
	uint64_t pa = (uint64_t)(uintptr_t)start - self->frames.frames.window;
	size_t word = (size_t)((pa - self->frames.frames.first) / sizeof(uint64_t));
	size_t words = size / sizeof(uint64_t);

	if (size == 0) {
		return;
	}
	assert_true(is_frame(self, pa & ~(uint64_t)(frame_bytes(self) - 1)));
	assert_true(pa % sizeof(uint64_t) == 0 && size % sizeof(uint64_t) == 0);
	assert_true(word / test_judge_words(self) == (word + words - 1) / test_judge_words(self));
	memset(&self->unclean[word], 0, words);
}

void test_judge_taken(struct test_seam *self, vmm_pa_t frame)
{
	size_t index = test_judge_frame(self, vmm_pa_raw(frame));

	copy_frame(self, index);
	self->live[index] = 0;
	memset(&self->unclean[index * test_judge_words(self)], 1, test_judge_words(self));
}

void test_judge_returned(struct test_seam *self, vmm_pa_t frame)
{
	size_t index = test_judge_frame(self, vmm_pa_raw(frame));

	self->live[index] = 0;
	if (!self->is_warm) {
		return;
	}
	for (size_t i = 0; i < self->tlb.count; i++) {
		const struct test_tlb_item *item = &self->tlb.items[i];

		if (item->is_walk && self->arch->next(item->desc) == vmm_pa_raw(frame)) {
			test_judge_report(self,
					  "%s: frame %#llx is free, and a walk for %#llx may "
					  "still go through it",
					  self->arch->riscv && item->missed_scope ? "R12" : "A9",
					  PRINTABLE(vmm_pa_raw(frame)), PRINTABLE(item->va));
		}
	}
}
