/* SPDX-License-Identifier: MIT */
/*
 * The plan: every range of addresses that the tables or the record shall have, in order, without
 * overlaps, each in a table; and the places in the image where all of that goes.
 *
 * What the kernel asked for by name is cut out of its segments; what is left of them is mapped as
 * the segment is.
 */

#include "tool.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include <vmm/aarch64.h>
#include <vmm/riscv.h>

#define ULL(value) ((unsigned long long)(value))

const struct known_format known_formats[] = {
	{"aarch64-4k", EM_AARCH64, &vmm_aarch64_4k},
	{"aarch64-16k", EM_AARCH64, &vmm_aarch64_16k},
	{"aarch64-64k", EM_AARCH64, &vmm_aarch64_64k},
	{"riscv-sv39", EM_RISCV, &vmm_riscv_sv39},
	{"riscv-sv48", EM_RISCV, &vmm_riscv_sv48},
	{"riscv-sv57", EM_RISCV, &vmm_riscv_sv57},
};
const size_t known_format_count = sizeof(known_formats) / sizeof(known_formats[0]);

uint64_t plan_page_mask(const struct plan *plan)
{
	return (UINT64_C(1) << plan->page_shift) - 1;
}

uint64_t plan_round_up(const struct plan *plan, uint64_t value)
{
	return (value + plan_page_mask(plan)) & ~plan_page_mask(plan);
}

/* --- the format --- */

static const struct known_format *find_format(const char *name)
{
	for (size_t i = 0; i < known_format_count; i++) {
		if (strcmp(known_formats[i].name, name) == 0) {
			return &known_formats[i];
		}
	}
	return NULL;
}

static unsigned int choose_bits(const char *what, unsigned int asked, unsigned int least,
				unsigned int most)
{
	if (asked != 0 && (asked < least || asked > most)) {
		refuse("%s addresses of %u bits; the format has %u to %u", what, asked, least,
		       most);
	}
	return asked != 0 ? asked : most;
}

static void choose_format(struct plan *plan, const struct image *image, const struct wants *wants)
{
	const struct vmm_geometry *geometry;

	if (wants->format == NULL) {
		refuse("it does not say which format its tables have: VMM_PRECOMPUTE_FORMAT() or "
		       "--format");
	}
	plan->format = find_format(wants->format);
	if (plan->format == NULL) {
		refuse("'%s' is no format that this tool knows", wants->format);
	}
	if (plan->format->machine != image->machine) {
		refuse("format %s on a kernel for %s", plan->format->name,
		       image->machine == EM_AARCH64 ? "AArch64" : "RISC-V");
	}
	geometry = plan->format->format->geometry;
	if ((wants->flags & ~geometry->flags) != 0) {
		refuse("format %s has no Svpbmt or Svnapot", plan->format->name);
	}
	if (geometry->sign_extended && wants->half >= 0) {
		refuse("a table of %s has both halves", plan->format->name);
	}
	plan->page_shift = geometry->page_shift;
	plan->va_bits = choose_bits("virtual", wants->va_bits, geometry->va_bits_min,
				    geometry->va_bits_max);
	plan->pa_bits = choose_bits("physical", wants->pa_bits, geometry->page_shift + 1u,
				    geometry->pa_bits_max);
	plan->flags = wants->flags;
}

/* --- items --- */

struct item *plan_add_item(struct plan *plan, enum vmm_mapping_kind kind, const char *name)
{
	struct item *item;

	plan->items = get_more(plan->items, plan->item_count + 1, sizeof(*plan->items));
	item = &plan->items[plan->item_count++];
	memset(item, 0, sizeof(*item));
	item->kind = kind;
	item->name = name;
	return item;
}

static void check_pages(const struct plan *plan, const struct want *want)
{
	if (((want->va | want->size | want->pa) & plan_page_mask(plan)) != 0) {
		refuse("'%s' (0x%llx, size 0x%llx, physical 0x%llx) is not made of whole pages of "
		       "0x%llx bytes",
		       want->name, ULL(want->va), ULL(want->size), ULL(want->pa),
		       ULL(plan_page_mask(plan) + 1));
	}
}

/* The physical address of a part of the image. */
static uint64_t part_pa(const struct plan *plan, const struct image *image, const struct want *want)
{
	const struct segment *segment = image_segment(image, want->va, 1);

	/* The last page of a segment is the segment's, whole. */
	if (segment == NULL || want->va + (want->size - 1) > ((segment->va + (segment->size - 1)) |
							      plan_page_mask(plan))) {
		refuse("'%s' (0x%llx, size 0x%llx) is not within a loaded segment", want->name,
		       ULL(want->va), ULL(want->size));
	}
	return segment->pa + (want->va - segment->va);
}

/* A part of the image at its physical address, with the pages that it is in. */
static void add_identity(struct plan *plan, const struct image *image, const struct want *want)
{
	uint64_t pa = part_pa(plan, image, want);
	struct item *item = plan_add_item(plan, VMM_MAPPING_PLAIN, want->name);

	item->va = pa & ~plan_page_mask(plan);
	item->pa = item->va;
	item->size = plan_round_up(plan, pa + want->size - item->pa);
	item->attr = want->attr;
}

static void add_skip(struct plan *plan, const struct want *want)
{
	plan->skips = get_more(plan->skips, plan->skip_count + 1, sizeof(*plan->skips));
	plan->skips[plan->skip_count].va = want->va;
	plan->skips[plan->skip_count].pa = 0;
	plan->skips[plan->skip_count].size = want->size;
	plan->skip_count++;
}

static void add_want(struct plan *plan, const struct image *image, const struct want *want)
{
	struct want whole = *want;
	enum vmm_mapping_kind kind = VMM_MAPPING_PLAIN;
	struct item *item;

	if (want->kind == WANT_SKIP) {
		add_skip(plan, want);
		return;
	}
	if (want->is_identity) {
		add_identity(plan, image, want);
		return;
	}
	if (want->is_image && want->kind == WANT_MAP) {
		whole.pa = part_pa(plan, image, want);
	}
	check_pages(plan, &whole);
	if (want->kind == WANT_WINDOW) {
		return; /* when the tables are known */
	}
	if (want->kind != WANT_MAP) {
		kind = want->kind == WANT_GUARD ? VMM_MAPPING_GUARD : VMM_MAPPING_LAZY;
	}
	item = plan_add_item(plan, kind, want->name);
	item->va = whole.va;
	item->size = whole.size;
	item->pa = whole.pa;
	item->attr = whole.attr;
}

/* --- order --- */

static int compare_items(const void *a, const void *b)
{
	const struct item *first = a;
	const struct item *second = b;

	return first->va < second->va ? -1 : first->va > second->va;
}

static void sort_items(struct plan *plan)
{
	if (plan->item_count == 0) {
		refuse("there is nothing to map");
	}
	qsort(plan->items, plan->item_count, sizeof(*plan->items), compare_items);
	for (size_t i = 1; i < plan->item_count; i++) {
		const struct item *low = &plan->items[i - 1];
		const struct item *high = &plan->items[i];

		if (high->va - low->va < low->size) {
			refuse("'%s' (0x%llx, size 0x%llx) and '%s' (0x%llx, size 0x%llx) overlap",
			       low->name, ULL(low->va), ULL(low->size), high->name, ULL(high->va),
			       ULL(high->size));
		}
	}
}

static void check_items(const struct plan *plan)
{
	for (size_t i = 0; i < plan->item_count; i++) {
		const struct item *item = &plan->items[i];
		uint64_t last = item->pa + (item->size - 1);

		if (item->kind != VMM_MAPPING_GUARD && last >> (plan->pa_bits - 1) > 1) {
			refuse("'%s' is at physical 0x%llx to 0x%llx, beyond the %u bits of %s",
			       item->name, ULL(item->pa), ULL(last), plan->pa_bits,
			       plan->format->name);
		}
	}
}

/* --- tables --- */

/* The half that a range is in; VMM_BOTH_HALVES: in none, or in both. */
static enum vmm_half half_of(const struct plan *plan, uint64_t va, uint64_t size)
{
	bool sign = plan->format->format->geometry->sign_extended;
	unsigned int bits = plan->va_bits - sign;
	uint64_t last = va + (size - 1);

	if (last >> (bits - 1) <= 1 && va <= last) {
		return VMM_LOWER_HALF;
	}
	if (~va >> (bits - 1) <= 1 && va <= last) {
		return VMM_UPPER_HALF;
	}
	return VMM_BOTH_HALVES;
}

/* The table that a range is in; it is planned now, if it was not before. */
static unsigned int table_of(struct plan *plan, const struct wants *wants, const char *name,
			     uint64_t va, uint64_t size)
{
	enum vmm_half half = half_of(plan, va, size);
	unsigned int i = 0;

	if (half == VMM_BOTH_HALVES || (wants->half >= 0 && half != (enum vmm_half)wants->half)) {
		refuse("'%s' (0x%llx, size 0x%llx) is not in %s of %s with %u bits", name, ULL(va),
		       ULL(size),
		       wants->half < 0                 ? "a half"
		       : wants->half == VMM_LOWER_HALF ? "the lower half"
						       : "the upper half",
		       plan->format->name, plan->va_bits);
	}
	if (plan->format->format->geometry->sign_extended) {
		half = VMM_BOTH_HALVES;
	}
	while (i < plan->table_count && plan->tables[i].half != half) {
		i++;
	}
	if (i == plan->table_count) {
		memset(&plan->tables[i], 0, sizeof(plan->tables[i]));
		plan->tables[i].half = half;
		plan->table_count++;
	}
	return i;
}

static void choose_tables(struct plan *plan, const struct wants *wants)
{
	/* Items are in order, so the lower half's table is the first. */
	for (size_t i = 0; i < plan->item_count; i++) {
		struct item *item = &plan->items[i];

		item->table = table_of(plan, wants, item->name, item->va, item->size);
	}
}

static void check_window(struct plan *plan, vmm_va_region_t window)
{
	for (size_t i = 0; i < plan->item_count; i++) {
		struct item *item = &plan->items[i];
		vmm_va_region_t region = VMM_VA_REGION_INIT(item->va, item->size);

		if (!vmm_va_region_overlaps(window, region)) {
			continue;
		}
		if (item->kind != VMM_MAPPING_PLAIN || !vmm_va_region_encloses(window, region)) {
			refuse("'%s' (0x%llx, size 0x%llx) and the window for devices overlap",
			       item->name, ULL(item->va), ULL(item->size));
		}
		item->kind = VMM_MAPPING_MMIO;
	}
}

static void add_windows(struct plan *plan, const struct wants *wants)
{
	for (size_t i = 0; i < wants->count; i++) {
		const struct want *want = &wants->list[i];
		struct planned_table *table;

		if (want->kind != WANT_WINDOW) {
			continue;
		}
		table = &plan->tables[table_of(plan, wants, "window for devices", want->va,
					       want->size)];
		if (!vmm_va_region_is_empty(table->window)) {
			refuse("it asks for two windows for devices in one table");
		}
		table->window.bytes.start = want->va;
		table->window.bytes.size = want->size;
		check_window(plan, table->window);
	}
}

const char *plan_half_name(const struct plan *plan, unsigned int table)
{
	switch (plan->tables[table].half) {
	case VMM_LOWER_HALF:
		return "lower half";
	case VMM_UPPER_HALF:
		return "upper half";
	case VMM_BOTH_HALVES:
		break;
	}
	return "both halves";
}

void plan_make(struct plan *plan, const struct image *image, const struct wants *wants)
{
	memset(plan, 0, sizeof(*plan));
	choose_format(plan, image, wants);
	for (size_t i = 0; i < wants->count; i++) {
		add_want(plan, image, &wants->list[i]);
	}
	plan_segments(plan, image, wants);
	sort_items(plan);
	check_items(plan);
	choose_tables(plan, wants);
	add_windows(plan, wants);
	plan_places(plan, image, wants);
}

void plan_free(struct plan *plan)
{
	free(plan->items);
	free(plan->skips);
}
