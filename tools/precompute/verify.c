/* SPDX-License-Identifier: MIT */
/*
 * Is an image what the plan says? Asked before one is written, and by --check of one that was.
 *
 * Tables are compared in both directions: all that is planned is mapped, and nothing else. Then
 * each segment is looked for in what the walk found, whatever the plan says.
 */

#include "tool.h"

#include <string.h>

#include <vmm/blob.h>

#define ULL(value) ((unsigned long long)(value))

/* --- what was found in the image --- */

static void check_found(struct plan *plan, const struct found *found)
{
	uint64_t page = UINT64_C(1) << plan->page_shift;

	if (found->root[0] == 0 && found->root[1] == 0) {
		refuse("it has no tables yet: run the tool without --check first");
	}
	if (found->tables != plan->room.pa || found->tables_size == 0 ||
	    found->tables_size > plan->room.size || (found->tables_size & (page - 1)) != 0) {
		refuse("verification: the tables, said to be at physical 0x%llx, size 0x%llx, are "
		       "outside the room for them",
		       ULL(found->tables), ULL(found->tables_size));
	}
	if (found->spare != found->tables + found->tables_size ||
	    found->spare_size != plan->room.size - found->tables_size) {
		refuse("verification: the frames said to be spare are not those behind the tables");
	}
	plan->used = found->tables_size;
}

/* The root of each planned table; a half without one has none. */
static void check_roots(struct plan *plan, const struct found *found)
{
	bool is_used[2] = {false, false};

	for (unsigned int i = 0; i < plan->table_count; i++) {
		enum vmm_half half = plan->tables[i].half;
		unsigned int side = half == VMM_UPPER_HALF ? 1 : 0;

		plan->tables[i].root = found->root[side];
		is_used[0] |= half != VMM_UPPER_HALF;
		is_used[1] |= half != VMM_LOWER_HALF;
		if (half == VMM_BOTH_HALVES && found->root[0] != found->root[1]) {
			refuse("verification: both halves have one table, but two roots");
		}
	}
	for (unsigned int side = 0; side < 2; side++) {
		if (is_used[side] != (found->root[side] != 0)) {
			refuse("verification: the %s half has %s", side == 0 ? "lower" : "upper",
			       is_used[side] ? "no root" : "a root, and nothing to map");
		}
	}
}

/* --- tables --- */

static bool is_mapped(const struct item *item)
{
	return item->kind == VMM_MAPPING_PLAIN || item->kind == VMM_MAPPING_MMIO;
}

/* Rights that no mapping may have, whoever asked. */
static void check_rights(const struct extent *extent)
{
	bool executes = extent->execute || extent->user_execute;

	if (extent->write && executes) {
		refuse("verification: 0x%llx, size 0x%llx, is writable and executable",
		       ULL(extent->va), ULL(extent->size));
	}
	if (executes && vmm_attr_is_device(vmm_attr(VMM_ATTR_MEM(extent->mem)))) {
		refuse("verification: 0x%llx, size 0x%llx, is device memory and executable",
		       ULL(extent->va), ULL(extent->size));
	}
}

static void check_extent(const struct plan *plan, const struct extent *extent)
{
	uint64_t last = extent->pa + (extent->size - 1);

	check_rights(extent);
	if (last >> (plan->pa_bits - 1) > 1) {
		refuse("verification: 0x%llx leads to physical 0x%llx, beyond %u bits",
		       ULL(extent->va), ULL(last), plan->pa_bits);
	}
}

/* Whether the attributes are those that the format stores for the item. */
static bool is_as_asked(const struct extent *extent, vmm_attr_t attr)
{
	return extent->write == vmm_attr_has(attr, VMM_ATTR_WRITE) &&
	       extent->user == vmm_attr_has(attr, VMM_ATTR_USER) &&
	       extent->global == vmm_attr_has(attr, VMM_ATTR_GLOBAL) &&
	       extent->execute == (vmm_attr_exec(attr) == VMM_EXEC_KERNEL) &&
	       extent->user_execute == (vmm_attr_exec(attr) == VMM_EXEC_USER) &&
	       extent->mem == (int)vmm_attr_mem(attr);
}

/* The extent that has an address, or NULL. */
static const struct extent *extent_at(const struct walk *walk, uint64_t va)
{
	size_t low = 0;
	size_t high = walk->count;

	/* Invariant: extents below `low` begin at or below va, those from `high` on above it. */
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (walk->list[middle].va <= va) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	if (low == 0 || va - walk->list[low - 1].va >= walk->list[low - 1].size) {
		return NULL;
	}
	return &walk->list[low - 1];
}

/* Whether all of the item is mapped as asked. */
static void check_item(const struct walk *walk, const struct item *item)
{
	uint64_t done = 0;

	/* Invariant: [item->va, item->va + done) is mapped as asked. */
	while (done < item->size) {
		uint64_t va = item->va + done;
		const struct extent *extent = extent_at(walk, va);

		if (extent == NULL) {
			refuse("verification: '%s' is not mapped at 0x%llx", item->name, ULL(va));
		}
		if (extent->pa + (va - extent->va) != item->pa + done) {
			refuse("verification: '%s' is mapped to physical 0x%llx at 0x%llx",
			       item->name, ULL(extent->pa + (va - extent->va)), ULL(va));
		}
		if (!is_as_asked(extent, item->stored)) {
			refuse("verification: '%s' is mapped with other attributes at 0x%llx",
			       item->name, ULL(va));
		}
		done += extent->size - (va - extent->va);
	}
}

/* The sizes agree: as each item is mapped, then nothing else is. */
static void check_table(const struct plan *plan, const struct walk *walk, unsigned int table)
{
	uint64_t planned = 0;
	uint64_t mapped = 0;

	for (size_t i = 0; i < walk->count; i++) {
		check_extent(plan, &walk->list[i]);
		mapped += walk->list[i].size;
	}
	for (size_t i = 0; i < plan->item_count; i++) {
		const struct item *item = &plan->items[i];

		if (item->table != table) {
			continue;
		}
		if (is_mapped(item)) {
			check_item(walk, item);
			planned += item->size;
		} else if (item->kind == VMM_MAPPING_GUARD && extent_at(walk, item->va) != NULL) {
			refuse("verification: the guard '%s' is mapped at 0x%llx", item->name,
			       ULL(item->va));
		}
	}
	if (mapped != planned) {
		refuse("verification: 0x%llx bytes are mapped in the %s, 0x%llx were asked for",
		       ULL(mapped), plan_half_name(plan, table), ULL(planned));
	}
}

/* --- segments --- */

/* The end of the guard or skipped part that has an address; 0: there is none. */
static uint64_t left_out_up_to(const struct plan *plan, uint64_t va, bool *is_guard)
{
	for (size_t i = 0; i < plan->skip_count; i++) {
		if (va - plan->skips[i].va < plan->skips[i].size) {
			*is_guard = false;
			return plan->skips[i].va + (plan->skips[i].size - 1);
		}
	}
	for (size_t i = 0; i < plan->item_count; i++) {
		const struct item *item = &plan->items[i];

		if (item->kind == VMM_MAPPING_GUARD && va - item->va < item->size) {
			*is_guard = true;
			return item->va + (item->size - 1);
		}
	}
	return 0;
}

/* A guard may lie in a segment, but nothing that is loaded may lie in a guard. */
static void check_guard(const struct image *image, const struct segment *segment, uint64_t va,
			uint64_t last)
{
	for (uint64_t at = va - segment->va; at < segment->file_size && segment->va + at <= last;
	     at++) {
		if (image->bytes[segment->offset + at] != 0) {
			refuse("a guard at 0x%llx covers loaded bytes of segment %u at 0x%llx",
			       ULL(va), segment->index, ULL(segment->va + at));
		}
	}
}

static void check_segment(const struct image *image, const struct plan *plan,
			  const struct walk walks[2], const struct segment *segment)
{
	uint64_t last = segment->va + (segment->size - 1);
	uint64_t va = segment->va;
	bool is_guard = false;

	/* Invariant: [segment->va, va) is mapped where it is loaded, or left out on purpose. */
	for (;;) {
		const struct extent *extent = extent_at(&walks[0], va);
		uint64_t end = left_out_up_to(plan, va, &is_guard);

		if (extent == NULL) {
			extent = extent_at(&walks[1], va);
		}
		if (extent != NULL && end == 0) {
			if (extent->pa + (va - extent->va) != segment->pa + (va - segment->va)) {
				refuse("verification: segment %u is loaded elsewhere than "
				       "0x%llx is mapped to",
				       segment->index, ULL(va));
			}
			end = extent->va + (extent->size - 1);
		} else if (end != 0 && is_guard) {
			check_guard(image, segment, va, end);
		} else if (end == 0) {
			refuse("segment %u, which is loaded, is not mapped at 0x%llx",
			       segment->index, ULL(va));
		}
		if (end >= last) {
			return;
		}
		va = end + 1;
	}
}

/* --- the record --- */

static bool is_same_entry(const struct vmm_blob_entry *entry, const struct item *item)
{
	return strcmp(entry->name, item->name) == 0 && entry->va.bytes.start == item->va &&
	       entry->va.bytes.size == item->size && vmm_pa_raw(entry->pa) == item->pa &&
	       entry->attr.bits == item->attr.bits && entry->kind == item->kind;
}

static void check_blob_head(const struct plan *plan, unsigned int table,
			    const struct vmm_blob_head *head)
{
	const struct planned_table *planned = &plan->tables[table];

	if (strcmp(head->format, plan->format->format->geometry->name) != 0 ||
	    head->half != planned->half || head->va_bits != plan->va_bits ||
	    head->pa_bits != plan->pa_bits || head->flags != plan->flags ||
	    vmm_pa_raw(head->root) != planned->root ||
	    head->borrowed.bytes.start != plan->room.pa ||
	    head->borrowed.bytes.size != plan->used ||
	    !vmm_va_region_equal(head->window, planned->window)) {
		refuse("verification: the record of the %s is of other tables",
		       plan_half_name(plan, table));
	}
}

static void check_blob(const struct image *image, const struct plan *plan, unsigned int table,
		       const struct found *found)
{
	unsigned int side = plan->tables[table].half == VMM_UPPER_HALF ? 1 : 0;
	uint64_t offset = found->blob[side];
	uint64_t size = found->blob_size[side];
	struct vmm_blob blob;
	uint32_t index = 0;

	if (offset > plan->blob.size || size > plan->blob.size - offset) {
		refuse("verification: the record of the %s is outside its room",
		       plan_half_name(plan, table));
	}
	if (plan->blob.size == 0) {
		return;
	}
	if (vmm_blob_open(&blob, image_at(image, plan->blob.pa, plan->blob.size) + offset,
			  (size_t)size) != VMM_OK) {
		refuse("verification: the record of the %s is damaged",
		       plan_half_name(plan, table));
	}
	check_blob_head(plan, table, &blob.head);
	for (size_t i = 0; i < plan->item_count; i++) {
		struct vmm_blob_entry entry;

		if (plan->items[i].table != table) {
			continue;
		}
		if (index < blob.head.entry_count) {
			vmm_blob_get(&blob, index, &entry);
		}
		if (index >= blob.head.entry_count || !is_same_entry(&entry, &plan->items[i])) {
			refuse("verification: the record lacks '%s' at 0x%llx", plan->items[i].name,
			       ULL(plan->items[i].va));
		}
		index++;
	}
	if (index != blob.head.entry_count) {
		refuse("verification: the record has more than was asked for");
	}
}

/* --- warnings --- */

/* What a running kernel needs to change its tables. */
static void check_room(const struct plan *plan, const struct walk walks[2])
{
	const struct extent *extent = extent_at(&walks[0], plan->room.va);

	if (extent == NULL) {
		extent = extent_at(&walks[1], plan->room.va);
	}
	if (extent == NULL || !extent->write) {
		warn("the tables are not mapped writable; a kernel that changes them needs that");
	}
}

/* The same memory writable here and executable there. */
static void check_aliases(const struct walk *a, const struct walk *b)
{
	for (size_t i = 0; i < a->count; i++) {
		for (size_t j = 0; j < b->count; j++) {
			const struct extent *writable = &a->list[i];
			const struct extent *other = &b->list[j];

			if (writable->write && (other->execute || other->user_execute) &&
			    (writable->pa - other->pa < other->size ||
			     other->pa - writable->pa < writable->size)) {
				warn("memory is writable at 0x%llx and executable at 0x%llx",
				     ULL(writable->va), ULL(other->va));
			}
		}
	}
}

void verify_image(const struct image *image, struct plan *plan, struct walk walks[2])
{
	struct found found;
	uint64_t table_count = 0;

	patch_find(image, plan, &found);
	check_found(plan, &found);
	check_roots(plan, &found);
	build_effective(plan);
	memset(walks, 0, 2 * sizeof(*walks));
	for (unsigned int i = 0; i < plan->table_count; i++) {
		walk_tables(&walks[i], image, plan, &found, i);
		check_table(plan, &walks[i], i);
		check_blob(image, plan, i, &found);
		table_count += walks[i].table_count;
	}
	if (table_count << plan->page_shift != plan->used) {
		refuse("verification: %llu tables are linked, %llu are said to be in use",
		       ULL(table_count), ULL(plan->used >> plan->page_shift));
	}
	for (unsigned int i = 0; i < image->segment_count; i++) {
		check_segment(image, plan, walks, &image->segments[i]);
	}
	check_room(plan, walks);
	for (unsigned int i = 0; i < plan->table_count; i++) {
		check_aliases(&walks[i], &walks[0]);
		if (plan->table_count > 1) {
			check_aliases(&walks[i], &walks[1]);
		}
	}
}
