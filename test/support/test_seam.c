/* SPDX-License-Identifier: MIT */
/*
 * The recorder: what the library does at the seam and to its frames, as events. Judged in
 * test_judge.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test_judge.h"

static struct test_seam *seam_of(const struct vmm_table *table)
{
	return VMM_CONTAINER_OF((struct vmm_sync *)(uintptr_t)table->sync, struct test_seam, sync);
}

/* --- events --- */

static void note(struct test_seam *self, enum test_seam_token token, uint64_t count,
		 const struct vmm_invalidation *request)
{
	struct test_seam_event *event = &self->events[self->event_count];

	/* Frames are chained as they are taken: that is no building yet. */
	if (token == TEST_SEAM_TAKE && self->event_count > 1 &&
	    event[-1].token == TEST_SEAM_BUILD && event[-2].token == TEST_SEAM_TAKE) {
		self->event_count--;
		event--;
	}
	if (self->event_count > 0 && event[-1].token == token && request == NULL) {
		event[-1].count += count;
		return;
	}
	assert_true(self->event_count < TEST_SEAM_EVENTS);
	event->token = token;
	event->count = count;
	if (request != NULL) {
		event->request = *request;
	}
	self->event_count++;
}

const char *test_seam_trace(struct test_seam *self)
{
	static const char *const words[] = {"take", "build", "store",    "publish", "leaf",
					    "walk", "space", "complete", "mapped",  "free"};
	size_t used = 0;

	self->trace[0] = '\0';
	for (size_t i = 0; i < self->event_count; i++) {
		const struct test_seam_event *event = &self->events[i];
		bool is_request = event->token == TEST_SEAM_LEAF ||
				  event->token == TEST_SEAM_WALK || event->token == TEST_SEAM_SPACE;
		char count[32] = "";

		if (event->count > 1 && event->token != TEST_SEAM_BUILD &&
		    event->token != TEST_SEAM_MAPPED) {
			(void)snprintf(count, sizeof(count), "*%llu",
				       (unsigned long long)event->count);
		}
		used += (size_t)snprintf(&self->trace[used], sizeof(self->trace) - used, "%s%s%s%s",
					 used > 0 ? " " : "", words[event->token],
					 is_request && event->request.any_asid ? "-any" : "",
					 count);
		assert_true(used < sizeof(self->trace));
	}
	return self->trace;
}

/* Looks at all frames and notes what was stored since the last look. */
static void look(struct test_seam *self)
{
	uint64_t built = 0;
	uint64_t stored = 0;

	test_judge_look(self, &built, &stored);
	if (built > 0) {
		note(self, TEST_SEAM_BUILD, built, NULL);
	}
	if (stored > 0) {
		note(self, TEST_SEAM_STORE, stored, NULL);
	}
}

/* Whether this call is the one that the mutation is about. */
static bool is_mutated(struct test_seam *self, enum test_seam_mutation mutation)
{
	if (self->mutation != mutation) {
		return false;
	}
	self->mutable_count++;
	return self->mutate_nth == 0 || self->mutate_nth == self->mutable_count;
}

/* --- the seam --- */

static void publish(const struct vmm_table *table)
{
	struct test_seam *self = seam_of(table);

	look(self);
	if (is_mutated(self, TEST_SEAM_LOSE_PUBLISH)) {
		return;
	}
	note(self, TEST_SEAM_PUBLISH, 1, NULL);
	test_judge_publish(self);
}

static void mutate(struct test_seam *self, struct vmm_invalidation *request)
{
	switch (is_mutated(self, self->mutation) ? self->mutation : TEST_SEAM_FAITHFUL) {
	case TEST_SEAM_LEAF_SCOPE:
		request->scope = VMM_SCOPE_LEAF;
		break;
	case TEST_SEAM_WALK_SCOPE:
		request->scope = VMM_SCOPE_WALK;
		break;
	case TEST_SEAM_SPACE_SCOPE:
		request->scope = VMM_SCOPE_SPACE;
		break;
	case TEST_SEAM_ONE_ADDRESS:
		request->count = 1;
		break;
	case TEST_SEAM_ONE_MORE:
		request->count++;
		break;
	case TEST_SEAM_WRONG_LEVEL:
		request->level++;
		break;
	case TEST_SEAM_WRONG_ASID:
		request->asid++;
		break;
	case TEST_SEAM_EXACT_ASID:
		request->any_asid = false;
		break;
	case TEST_SEAM_ANY_ASID:
		request->any_asid = true;
		break;
	case TEST_SEAM_NO_EXTENSION:
		request->va = vmm_va(vmm_va_raw(request->va) & self->table.va_mask);
		break;
	case TEST_SEAM_MISALIGNED:
		request->va = vmm_va(vmm_va_raw(request->va) +
				     (UINT64_C(1) << self->arch->page_shift) / 2);
		break;
	default:
		break;
	}
}

static void mapped(const struct vmm_table *table, const struct vmm_invalidation *added)
{
	struct test_seam *self = seam_of(table);
	struct vmm_invalidation seen = *added;

	look(self);
	if (is_mutated(self, TEST_SEAM_LOSE_MAPPED)) {
		return;
	}
	mutate(self, &seen);
	note(self, TEST_SEAM_MAPPED, 1, &seen);
	test_judge_mapped(self, &seen);
}

static void invalidate(const struct vmm_table *table, const struct vmm_invalidation *request)
{
	static const enum test_seam_token tokens[] = {TEST_SEAM_LEAF, TEST_SEAM_WALK,
						      TEST_SEAM_SPACE};
	struct test_seam *self = seam_of(table);
	struct vmm_invalidation seen = *request;

	look(self);
	if (is_mutated(self, TEST_SEAM_LOSE_INVALIDATE)) {
		return;
	}
	mutate(self, &seen);
	note(self, tokens[seen.scope], seen.count, &seen);
	test_judge_invalidate(self, &seen);
}

static void complete(const struct vmm_table *table)
{
	struct test_seam *self = seam_of(table);

	look(self);
	if (is_mutated(self, TEST_SEAM_LOSE_COMPLETE)) {
		return;
	}
	note(self, TEST_SEAM_COMPLETE, 1, NULL);
	test_judge_complete(self);
}

static void clean(const struct vmm_table *table, const void *start, size_t size)
{
	struct test_seam *self = seam_of(table);

	look(self);
	if (!is_mutated(self, TEST_SEAM_LOSE_CLEAN)) {
		test_judge_clean(self, start, size);
	}
}

static bool is_active(const struct vmm_table *table)
{
	return seam_of(table)->is_active;
}

/* --- frames --- */

static void taken(struct test_frames *frames, vmm_pa_t frame)
{
	struct test_seam *self = VMM_CONTAINER_OF(frames, struct test_seam, frames);

	test_judge_taken(self, frame);
	look(self);
	note(self, TEST_SEAM_TAKE, 1, NULL);
}

static void returned(struct test_frames *frames, vmm_pa_t frame, bool is_clean)
{
	struct test_seam *self = VMM_CONTAINER_OF(frames, struct test_seam, frames);

	(void)is_clean;
	look(self);
	note(self, TEST_SEAM_FREE, 1, NULL);
	test_judge_returned(self, frame);
}

/* --- operations --- */

void test_seam_begin(struct test_seam *self)
{
	self->event_count = 0;
	self->report_count = 0;
	self->mutable_count = 0;
	self->op_count++;
	test_judge_begin(self);
}

void test_seam_end(struct test_seam *self, enum vmm_err err)
{
	look(self);
	if (err != VMM_OK) {
		for (size_t i = 0; i < self->event_count; i++) {
			enum test_seam_token token = self->events[i].token;

			assert_true(token == TEST_SEAM_TAKE || token == TEST_SEAM_BUILD ||
				    token == TEST_SEAM_FREE);
		}
	}
	test_judge_end(self);
}

static enum vmm_err finish(struct test_seam *self, enum vmm_err err)
{
	test_seam_end(self, err);
	if (self->mutation == TEST_SEAM_FAITHFUL) {
		test_seam_assert_sound(self);
	}
	return err;
}

static vmm_va_region_t region(uint64_t va, uint64_t size)
{
	vmm_va_region_t made;

	made.bytes.start = va;
	made.bytes.size = size;
	return made;
}

enum vmm_err test_seam_map(struct test_seam *self, uint64_t va, uint64_t pa, uint64_t size,
			   vmm_attr_t attr)
{
	test_seam_begin(self);
	return finish(self, vmm_table_map(&self->table, region(va, size), vmm_pa(pa), attr, NULL));
}

enum vmm_err test_seam_unmap(struct test_seam *self, uint64_t va, uint64_t size)
{
	test_seam_begin(self);
	self->unmap_first = va & self->table.va_mask;
	self->unmap_last = self->unmap_first + (size - 1);
	return finish(self, vmm_table_unmap(&self->table, region(va, size), NULL));
}

enum vmm_err test_seam_protect(struct test_seam *self, uint64_t va, uint64_t size, vmm_attr_t attr)
{
	test_seam_begin(self);
	return finish(self, vmm_table_protect(&self->table, region(va, size), attr, NULL));
}

void test_seam_trim(struct test_seam *self)
{
	test_seam_begin(self);
	self->may_be_wide = true;
	vmm_table_trim(&self->table);
	(void)finish(self, VMM_OK);
}

/* --- set up --- */

void test_seam_init(struct test_seam *self, const struct test_arch *arch,
		    const struct vmm_table_config *config, size_t frame_count)
{
	struct vmm_table_config own = *config;

	memset(self, 0, sizeof(*self));
	self->arch = arch != NULL ? arch : test_arch_of(config->format);
	test_frames_init(&self->frames, self->arch->page_shift, frame_count,
			 UINT64_C(1) << (self->arch->page_shift + 6));
	self->frames.taken = taken;
	self->frames.returned = returned;
	self->sync.publish = publish;
	self->sync.mapped = mapped;
	self->sync.invalidate = invalidate;
	self->sync.complete = complete;
	self->sync.clean = clean;
	self->sync.is_active = is_active;
	own.frames = &self->frames.frames;
	own.sync = &self->sync;
	test_judge_init(self);
	test_seam_begin(self);
	assert_int_equal(vmm_table_init(&self->table, &own), VMM_OK);
	test_judge_end(self);
	test_seam_assert_sound(self);
}

void test_seam_begin_fini(struct test_seam *self)
{
	test_seam_begin(self);
	self->may_be_wide = true;
	self->is_halted = true;
	test_judge_warm(self);
}

void test_seam_fini(struct test_seam *self)
{
	test_seam_begin_fini(self);
	vmm_table_fini(&self->table);
	if (self->mutation == TEST_SEAM_FAITHFUL) {
		test_seam_assert_sound(self);
		test_frames_fini(&self->frames);
	} else {
		test_frames_discard(&self->frames);
	}
	test_judge_fini(self);
}

void test_seam_discard(struct test_seam *self)
{
	test_frames_discard(&self->frames);
	test_judge_fini(self);
}

bool test_seam_has(const struct test_seam *self, const char *rule)
{
	size_t length = strlen(rule);

	for (size_t i = 0; i < self->report_count; i++) {
		if (strncmp(self->reports[i], rule, length) == 0 &&
		    self->reports[i][length] == ':') {
			return true;
		}
	}
	return false;
}

void test_seam_assert_sound(const struct test_seam *self)
{
	for (size_t i = 0; i < self->report_count; i++) {
		print_error("%s\n", self->reports[i]);
	}
	assert_int_equal(self->report_count, 0);
}
