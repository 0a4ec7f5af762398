/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "test_tlb.h"

#define NO_ITEM (-1)

static size_t slot_of(const struct test_tlb *self, uint64_t va, unsigned int level)
{
	uint64_t mixed = ((va >> self->arch->page_shift) + level) * UINT64_C(0x9e3779b97f4a7c15);

	return (size_t)(mixed >> 32) & (self->head_count - 1);
}

static void hash_all(struct test_tlb *self)
{
	memset(self->heads, 0xff, self->head_count * sizeof(*self->heads));
	for (size_t i = 0; i < self->count; i++) {
		int32_t *head =
			&self->heads[slot_of(self, self->items[i].va, self->items[i].level)];

		self->items[i].next = *head;
		*head = (int32_t)i;
	}
}

static void make_room(struct test_tlb *self, size_t capacity)
{
	self->capacity = capacity;
	self->head_count = capacity;
	self->items = realloc(self->items, capacity * sizeof(*self->items));
	self->heads = realloc(self->heads, capacity * sizeof(*self->heads));
	assert_non_null(self->items);
	assert_non_null(self->heads);
	hash_all(self);
}

void test_tlb_init(struct test_tlb *self, const struct test_arch *arch,
		   const struct vmm_table *table)
{
	memset(self, 0, sizeof(*self));
	self->arch = arch;
	self->table = table;
	make_room(self, 64);
}

void test_tlb_fini(struct test_tlb *self)
{
	free(self->items);
	free(self->heads);
	memset(self, 0, sizeof(*self));
}

void test_tlb_clear(struct test_tlb *self)
{
	self->count = 0;
	hash_all(self);
}

const struct test_tlb_item *test_tlb_at(const struct test_tlb *self, uint64_t va,
					unsigned int level, const struct test_tlb_item *from)
{
	int32_t i = from != NULL ? from->next : self->heads[slot_of(self, va, level)];

	while (i != NO_ITEM && (self->items[i].va != va || self->items[i].level != level)) {
		i = self->items[i].next;
	}
	return i == NO_ITEM ? NULL : &self->items[i];
}

static uint64_t last_of(const struct test_tlb *self, const struct test_tlb_item *item)
{
	return item->va + (test_arch_reach(self->arch, item->level) - 1);
}

/* Two leaves, both of which translate va. */
static enum test_tlb_clash clash(const struct test_tlb *self, const struct test_tlb_item *a,
				 const struct test_tlb_item *b, uint64_t va)
{
	const struct test_arch *arch = self->arch;
	bool resized = a->level != b->level || arch->in_run(a->desc) != arch->in_run(b->desc);

	if (arch->riscv) {
		return resized && (arch->in_run(a->desc) || arch->in_run(b->desc))
			       ? TEST_TLB_CLASH_RUN
			       : TEST_TLB_NO_CLASH;
	}
	if ((resized && !self->may_resize) || ((a->desc ^ b->desc) & arch->type) != 0 ||
	    arch->output(arch, a->desc, a->level, va) !=
		    arch->output(arch, b->desc, b->level, va)) {
		return TEST_TLB_CLASH;
	}
	return TEST_TLB_NO_CLASH;
}

static enum test_tlb_clash clash_any(const struct test_tlb *self, const struct test_tlb_item *leaf)
{
	enum test_tlb_clash found = TEST_TLB_NO_CLASH;

	/* Leaves as large or larger are where they must be; smaller ones may be anywhere in it. */
	for (unsigned int level = leaf->level; level <= self->table->root_level; level++) {
		uint64_t va = leaf->va & ~(test_arch_reach(self->arch, level) - 1);
		const struct test_tlb_item *other = NULL;

		while (found == TEST_TLB_NO_CLASH &&
		       (other = test_tlb_at(self, va, level, other)) != NULL) {
			if (other != leaf && !other->is_walk) {
				found = clash(self, leaf, other, leaf->va);
			}
		}
	}
	for (size_t i = 0; leaf->level > 0 && i < self->count && found == TEST_TLB_NO_CLASH; i++) {
		const struct test_tlb_item *other = &self->items[i];

		if (other->level < leaf->level && !other->is_walk && other->va >= leaf->va &&
		    other->va <= last_of(self, leaf)) {
			found = clash(self, leaf, other, other->va);
		}
	}
	return found;
}

enum test_tlb_clash test_tlb_add(struct test_tlb *self, uint64_t va, unsigned int level,
				 uint64_t desc, bool is_walk)
{
	const struct test_tlb_item *same = NULL;
	struct test_tlb_item *item;
	int32_t *head;

	while ((same = test_tlb_at(self, va, level, same)) != NULL) {
		if (same->desc == desc) {
			self->items[same - self->items].epoch = self->epoch;
			return TEST_TLB_NO_CLASH;
		}
	}
	if (self->count == self->capacity) {
		make_room(self, self->capacity * 2);
	}
	item = &self->items[self->count];
	memset(item, 0, sizeof(*item));
	item->va = va;
	item->level = (uint8_t)level;
	item->desc = desc;
	item->is_walk = is_walk;
	item->epoch = self->epoch;
	head = &self->heads[slot_of(self, va, level)];
	item->next = *head;
	*head = (int32_t)self->count;
	self->count++;
	self->has_global |= !is_walk && self->arch->is_global(desc);
	return is_walk ? TEST_TLB_NO_CLASH : clash_any(self, item);
}

/* Whether one of the addresses lies in the item. */
static bool is_address_hit(const struct test_tlb *self, const struct test_tlb_item *item,
			   const struct vmm_invalidation *request)
{
	uint64_t first = vmm_va_raw(request->va) & self->table->va_mask;
	uint64_t steps = 0;

	if (request->scope == VMM_SCOPE_SPACE) {
		return true;
	}
	if (item->va > first) {
		uint64_t round = (UINT64_C(1) << request->stride_shift) - 1;

		steps = (item->va - first + round) >> request->stride_shift;
	}
	return steps < request->count &&
	       first + (steps << request->stride_shift) <= last_of(self, item);
}

bool test_tlb_is_shared(const struct test_tlb *self, const struct test_tlb_item *item)
{
	uint64_t first = self->table->shared.bytes.start & self->table->va_mask;

	return item->va - first < self->table->shared.bytes.size;
}

static bool is_asid_hit(const struct test_tlb *self, const struct test_tlb_item *item,
			const struct vmm_invalidation *request)
{
	/* Whichever ASID runs, an Arm CPU walks the upper half by the same table. */
	bool shared = (!self->arch->riscv && self->table->half == VMM_UPPER_HALF) ||
		      test_tlb_is_shared(self, item);

	if (request->any_asid) {
		return true;
	}
	if (request->asid != self->table->asid) {
		return false;
	}
	if (item->is_walk) {
		return !shared && !self->has_global;
	}
	if (self->arch->is_global(item->desc)) {
		return !self->arch->riscv && request->scope != VMM_SCOPE_SPACE;
	}
	return !shared;
}

static bool is_scope_hit(const struct test_tlb *self, const struct test_tlb_item *item,
			 const struct vmm_invalidation *request)
{
	return !item->is_walk || request->scope == VMM_SCOPE_SPACE ||
	       (request->scope == VMM_SCOPE_WALK && !self->arch->riscv);
}

/*
 * An invalidation of leaves may be told to the CPU with its level, which then looks at no others.
 */
static bool is_level_hit(const struct test_tlb_item *item, const struct vmm_invalidation *request)
{
	return request->scope != VMM_SCOPE_LEAF || request->level == item->level;
}

bool test_tlb_is_hit(const struct test_tlb *self, const struct test_tlb_item *item,
		     const struct vmm_invalidation *request)
{
	return is_address_hit(self, item, request) && is_scope_hit(self, item, request) &&
	       is_level_hit(item, request) && is_asid_hit(self, item, request);
}

void test_tlb_drop(struct test_tlb *self, const struct vmm_invalidation *request)
{
	size_t kept = 0;

	for (size_t i = 0; i < self->count; i++) {
		struct test_tlb_item *item = &self->items[i];

		if (test_tlb_is_hit(self, item, request)) {
			continue;
		}
		if (is_address_hit(self, item, request)) {
			item->missed_scope |= !is_scope_hit(self, item, request);
			item->missed_level |= !is_level_hit(item, request);
			item->missed_asid |= !is_asid_hit(self, item, request);
		}
		self->items[kept++] = *item;
	}
	self->count = kept;
	hash_all(self);
}
