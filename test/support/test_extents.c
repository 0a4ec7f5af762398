/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "test_extents.h"

/* Index of the first extent that ends at or after va. */
static size_t first_at(const struct test_extents *model, uint64_t va)
{
	size_t i = 0;

	while (i < model->count && model->list[i].last < va) {
		i++;
	}
	return i;
}

const struct test_extent *test_extents_find(const struct test_extents *model, uint64_t va)
{
	size_t i = first_at(model, va);

	return i < model->count && model->list[i].va <= va ? &model->list[i] : NULL;
}

struct test_verdict test_extents_judge_map(const struct test_extents *model, uint64_t va,
					   uint64_t last)
{
	size_t i = first_at(model, va);
	struct test_verdict verdict = { VMM_OK, 0 };

	if (i < model->count && model->list[i].va <= last) {
		verdict.err = VMM_ERR_EXISTS;
		verdict.va = model->list[i].va > va ? model->list[i].va : va;
	}
	return verdict;
}

struct test_verdict test_extents_judge_protect(const struct test_extents *model, uint64_t va,
					       uint64_t last, vmm_attr_t attr, uint32_t type_mask)
{
	struct test_verdict verdict = { VMM_OK, 0 };
	uint64_t at = va;

	for (;;) {
		const struct test_extent *extent = test_extents_find(model, at);

		verdict.va = at;
		if (extent == NULL) {
			verdict.err = VMM_ERR_NOENT;
			return verdict;
		}
		if (((extent->attr.bits ^ attr.bits) & type_mask) != 0) {
			verdict.err = VMM_ERR_ATTR;
			return verdict;
		}
		if (extent->last >= last) {
			return verdict;
		}
		at = extent->last + 1;
	}
}

static void insert(struct test_extents *model, size_t i, struct test_extent extent)
{
	assert_true(model->count < TEST_EXTENTS_MAX);
	memmove(&model->list[i + 1], &model->list[i], (model->count - i) * sizeof(extent));
	model->list[i] = extent;
	model->count++;
}

static void delete(struct test_extents *model, size_t i)
{
	memmove(&model->list[i], &model->list[i + 1],
		(model->count - i - 1) * sizeof(model->list[0]));
	model->count--;
}

/* Makes va the start of an extent if it is inside one. */
static void split(struct test_extents *model, uint64_t va)
{
	size_t i = first_at(model, va);
	struct test_extent high;

	if (i == model->count || model->list[i].va >= va) {
		return;
	}
	high = model->list[i];
	high.pa += va - high.va;
	high.va = va;
	model->list[i].last = va - 1;
	insert(model, i + 1, high);
}

static void join(struct test_extents *model)
{
	size_t i = 0;

	while (i + 1 < model->count) {
		struct test_extent *a = &model->list[i];
		const struct test_extent *b = &model->list[i + 1];

		if (a->last + 1 == b->va && a->pa + (b->va - a->va) == b->pa &&
		    a->attr.bits == b->attr.bits) {
			a->last = b->last;
			delete(model, i + 1);
		} else {
			i++;
		}
	}
}

void test_extents_map(struct test_extents *model, uint64_t va, uint64_t last, uint64_t pa,
		      vmm_attr_t attr)
{
	struct test_extent extent;

	extent.va = va;
	extent.last = last;
	extent.pa = pa;
	extent.attr = vmm_attr(attr.bits & ~VMM_ATTR_HINTS);
	insert(model, first_at(model, va), extent);
	join(model);
}

void test_extents_unmap(struct test_extents *model, uint64_t va, uint64_t last)
{
	size_t i;

	split(model, va);
	split(model, last + 1);
	i = first_at(model, va);
	while (i < model->count && model->list[i].va <= last) {
		delete(model, i);
	}
}

void test_extents_protect(struct test_extents *model, uint64_t va, uint64_t last, vmm_attr_t attr)
{
	size_t i;

	split(model, va);
	split(model, last + 1);
	for (i = first_at(model, va); i < model->count && model->list[i].va <= last; i++) {
		model->list[i].attr = vmm_attr(attr.bits & ~VMM_ATTR_HINTS);
	}
	join(model);
}

void test_extents_assert_table(const struct test_extents *model, const struct vmm_table *table)
{
	struct vmm_cursor cursor = { 0, false, false };
	struct vmm_detail detail;
	struct vmm_leaf leaf;
	size_t i;

	for (i = 0; i < model->count; i++) {
		const struct test_extent *extent = &model->list[i];

		assert_int_equal(vmm_table_visit(table, &cursor, &leaf, &detail), VMM_OK);
		if ((vmm_va_raw(leaf.va) & table->va_mask) != extent->va ||
		    leaf.size != extent->last - extent->va + 1 ||
		    vmm_pa_raw(leaf.pa) != extent->pa ||
		    (leaf.attr.bits & ~VMM_ATTR_HINTS) != extent->attr.bits) {
			print_error("expected va %#llx size %#llx pa %#llx attr %#x\n",
				    (unsigned long long)extent->va,
				    (unsigned long long)(extent->last - extent->va + 1),
				    (unsigned long long)extent->pa, extent->attr.bits);
			print_error("found    va %#llx size %#llx pa %#llx attr %#x\n",
				    (unsigned long long)vmm_va_raw(leaf.va),
				    (unsigned long long)leaf.size,
				    (unsigned long long)vmm_pa_raw(leaf.pa), leaf.attr.bits);
			fail_msg("the table and the model differ");
		}
	}
	assert_int_equal(vmm_table_visit(table, &cursor, &leaf, &detail), VMM_ERR_NOENT);
}
