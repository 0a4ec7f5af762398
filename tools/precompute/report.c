/* SPDX-License-Identifier: MIT */
/* What was done, for people and for programs. */

#include "tool.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ULL(value) ((unsigned long long)(value))
#define WIDTH      100

/* --- figures --- */

/*
 * The bytes that the tables would take if every page of each GiB in use had a descriptor, as where
 * tables are laid out as one object for an address space: the figure to compare with.
 */
static uint64_t full_size(const struct plan *plan, const struct walk *walk)
{
	const uint64_t in_gib = (UINT64_C(1) << 30) - 1;
	unsigned int index_bits = plan->page_shift - 3;
	unsigned int root_level = (plan->va_bits - plan->page_shift - 1) / index_bits;
	uint64_t mask = (UINT64_C(2) << (plan->va_bits - 1)) - 1;
	uint64_t count = 1;

	if (walk->count == 0) {
		return 0;
	}
	for (unsigned int level = 0; level < root_level; level++) {
		unsigned int shift = plan->page_shift + (level + 1) * index_bits;
		uint64_t next = 0;

		/* Invariant: tables of this level below index `next` are counted. */
		for (size_t i = 0; i < walk->count; i++) {
			const struct extent *extent = &walk->list[i];
			uint64_t first = (extent->va & ~in_gib & mask) >> shift;
			uint64_t end = (((extent->va + (extent->size - 1)) | in_gib) & mask) >> shift;

			first = first < next ? next : first;
			count += end < first ? 0 : end - first + 1;
			next = end + 1;
		}
	}
	return count << plan->page_shift;
}

static uint64_t all_full_sizes(const struct report *report)
{
	uint64_t size = 0;

	for (unsigned int i = 0; i < report->plan->table_count; i++) {
		size += full_size(report->plan, &report->walks[i]);
	}
	return size;
}

/* What the image carries for tables, record and root: what the kernel grows by. */
static uint64_t carried(const struct plan *plan)
{
	return plan->room.size + plan->blob.size + FOUND_SIZE;
}

static uint64_t blob_used(const struct patches *patches)
{
	uint64_t size = 0;

	for (unsigned int i = 0; i < patches->count; i++) {
		size += strncmp(patches->list[i].what, "record", 6) == 0 ? patches->list[i].size
									 : 0;
	}
	return size;
}

/* --- for people --- */

static const char *bold = "";
static const char *green = "";
static const char *plain = "";

static void choose_colors(void)
{
	const char *terminal = getenv("TERM");

	if (isatty(STDOUT_FILENO) && getenv("NO_COLOR") == NULL && terminal != NULL &&
	    strcmp(terminal, "dumb") != 0) {
		bold = "\033[1m";
		green = "\033[32m";
		plain = "\033[0m";
	}
}

/* 0xffff_0000_4020_0000 */
static const char *address(uint64_t value, char text[24])
{
	snprintf(text, 24, "0x%04llx_%04llx_%04llx_%04llx", ULL(value >> 48),
		 ULL(value >> 32 & 0xffff), ULL(value >> 16 & 0xffff), ULL(value & 0xffff));
	return text;
}

static const char *size_text(uint64_t size, char text[24])
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	unsigned int unit = 0;

	while (unit < 6 && size >= 1024 && size % 1024 == 0) {
		size /= 1024;
		unit++;
	}
	snprintf(text, 24, "%llu %s", ULL(size), units[unit]);
	return text;
}

static const char *attr_text(vmm_attr_t attr, char text[24])
{
	static const char *const memories[] = {"C", "WT", "NC", "Dev", "Dev", "Dev", "PMA"};
	static const char *const executes[] = {"XN", "X", "XU", "?"};

	snprintf(text, 24, "%-3s %s %s%s", memories[vmm_attr_mem(attr)],
		 vmm_attr_has(attr, VMM_ATTR_WRITE) ? "RW" : "RO", executes[vmm_attr_exec(attr)],
		 vmm_attr_has(attr, VMM_ATTR_USER) ? " U" : "");
	return text;
}

static void print_rule(void)
{
	printf("  ");
	for (unsigned int i = 0; i < WIDTH - 2; i++) {
		putchar('-');
	}
	putchar('\n');
}

static void print_row(const char *name, uint64_t va, const char *pa, uint64_t size,
		      const char *attributes)
{
	char va_text[24];
	char bytes[24];

	printf("  %-27s %s  %-21s %12s  %s\n", name, address(va, va_text), pa,
	       size_text(size, bytes), attributes);
}

static void print_item(const struct item *item)
{
	char pa[24];
	char attributes[24];

	switch (item->kind) {
	case VMM_MAPPING_GUARD:
		print_row(item->name, item->va, "", item->size, "no access");
		break;
	case VMM_MAPPING_LAZY:
		print_row(item->name, item->va, address(item->pa, pa), item->size,
			  "not yet mapped");
		break;
	case VMM_MAPPING_PLAIN:
	case VMM_MAPPING_MMIO:
		print_row(item->name, item->va, address(item->pa, pa), item->size,
			  attr_text(item->stored, attributes));
		break;
	}
}

static void print_items(const struct plan *plan)
{
	print_rule();
	printf("  %s%-27s %-21s  %-21s %12s  %s%s\n", bold, "Section", "Virtual start",
	       "Physical start", "Size", "Attributes", plain);
	print_rule();
	for (size_t i = 0; i < plan->item_count; i++) {
		print_item(&plan->items[i]);
	}
	for (unsigned int i = 0; i < plan->table_count; i++) {
		vmm_va_region_t window = plan->tables[i].window;

		if (!vmm_va_region_is_empty(window)) {
			print_row("Window for devices", window.bytes.start, "", window.bytes.size,
				  "kept free");
		}
	}
	print_rule();
}

/* In the columns of the sections. */
static void print_patches(const struct patches *patches)
{
	char va[24];
	char pa[24];
	char bytes[24];

	for (unsigned int i = 0; i < patches->count; i++) {
		const struct patch *patch = &patches->list[i];

		printf("  %sPatched%s %-19s %s  %s %12s  file 0x%llx\n", green, plain, patch->what,
		       address(patch->va, va), address(patch->pa, pa),
		       size_text(patch->size, bytes), ULL(patch->offset));
	}
}

static void print_figures(const struct report *report)
{
	const struct plan *plan = report->plan;
	char used[24];
	char full[24];

	printf("  %llu of %llu tables in use, %s; full tables for every GiB in use would "
	       "take %s\n",
	       ULL(plan->used >> plan->page_shift), ULL(plan->room.size >> plan->page_shift),
	       size_text(plan->used, used), size_text(all_full_sizes(report), full));
	printf("  record: %llu of %llu bytes; the image carries %llu bytes for all of it\n",
	       ULL(blob_used(report->patches)), ULL(plan->blob.size), ULL(carried(plan)));
}

void report_text(const struct report *report)
{
	const struct plan *plan = report->plan;

	choose_colors();
	printf("%s%s%s: %s, tables of %s, %u-bit virtual and %u-bit physical addresses\n", bold,
	       report->input, plain, report->image->machine == EM_AARCH64 ? "AArch64" : "RISC-V",
	       plan->format->name, plan->va_bits, plan->pa_bits);
	print_items(plan);
	print_patches(report->patches);
	print_figures(report);
	if (report->output == NULL) {
		printf("  verified: tables, record and image agree\n");
	} else {
		printf("  verified, and written to %s\n", report->output);
	}
}

/* --- for programs --- */

static void json_string(const char *text)
{
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\') {
			printf("\\%c", c);
		} else if (c < 0x20 || c > 0x7e) {
			/* Bytes, so that whatever a name is made of is JSON. */
			printf("\\u%04x", c);
		} else {
			putchar(c);
		}
	}
}

static void json_text(const char *name, const char *text)
{
	printf("\"%s\": \"", name);
	json_string(text);
	putchar('"');
}

/* As text: a number in JSON has 53 bits. */
static void json_address(const char *name, uint64_t value)
{
	printf("\"%s\": \"0x%llx\"", name, ULL(value));
}

static void json_flag(const char *name, bool value)
{
	printf("\"%s\": %s", name, value ? "true" : "false");
}

static void json_tables(const struct report *report)
{
	const struct plan *plan = report->plan;

	printf("  \"tables\": [");
	for (unsigned int i = 0; i < plan->table_count; i++) {
		printf("%s\n    {", i == 0 ? "" : ",");
		json_text("half", plan_half_name(plan, i));
		printf(", ");
		json_address("root", plan->tables[i].root);
		printf(", \"count\": %llu, ", ULL(report->walks[i].table_count));
		json_address("window", plan->tables[i].window.bytes.start);
		printf(", ");
		json_address("window_size", plan->tables[i].window.bytes.size);
		printf("}");
	}
	printf("\n  ],\n");
}

static void json_items(const struct plan *plan)
{
	static const char *const kinds[] = {"map", "device", "guard", "lazy"};
	char attributes[24];

	printf("  \"mappings\": [");
	for (size_t i = 0; i < plan->item_count; i++) {
		const struct item *item = &plan->items[i];

		printf("%s\n    {", i == 0 ? "" : ",");
		json_text("name", item->name);
		printf(", ");
		json_text("kind", kinds[item->kind]);
		printf(", ");
		json_address("va", item->va);
		printf(", ");
		json_address("pa", item->pa);
		printf(", ");
		json_address("size", item->size);
		printf(", ");
		json_text("attributes", item->kind == VMM_MAPPING_GUARD
						? ""
						: attr_text(item->stored, attributes));
		printf("}");
	}
	printf("\n  ],\n");
}

/* What the walk found in the image, for comparison with what a machine finds. */
static void json_extents(const struct report *report)
{
	const char *comma = "";

	printf("  \"walk\": [");
	for (unsigned int i = 0; i < report->plan->table_count; i++) {
		for (size_t j = 0; j < report->walks[i].count; j++) {
			const struct extent *extent = &report->walks[i].list[j];

			printf("%s\n    {", comma);
			comma = ",";
			json_address("va", extent->va);
			printf(", ");
			json_address("pa", extent->pa);
			printf(", ");
			json_address("size", extent->size);
			printf(", ");
			json_flag("write", extent->write);
			printf(", ");
			json_flag("execute", extent->execute);
			printf(", ");
			json_flag("user", extent->user);
			printf(", ");
			json_flag("user_execute", extent->user_execute);
			printf(", ");
			json_flag("global", extent->global);
			printf("}");
		}
	}
	printf("\n  ],\n");
}

static void json_patches(const struct patches *patches)
{
	printf("  \"patches\": [");
	for (unsigned int i = 0; i < patches->count; i++) {
		const struct patch *patch = &patches->list[i];

		printf("%s\n    {", i == 0 ? "" : ",");
		json_text("what", patch->what);
		printf(", ");
		json_address("va", patch->va);
		printf(", ");
		json_address("pa", patch->pa);
		printf(", \"offset\": %llu, \"size\": %llu}", ULL(patch->offset), ULL(patch->size));
	}
	printf("\n  ],\n");
}

void report_json(const struct report *report)
{
	const struct plan *plan = report->plan;

	printf("{\n  ");
	json_text("input", report->input);
	printf(",\n  \"output\": ");
	if (report->output == NULL) {
		printf("null");
	} else {
		printf("\"");
		json_string(report->output);
		printf("\"");
	}
	printf(",\n  ");
	json_text("format", plan->format->name);
	printf(",\n  \"va_bits\": %u,\n  \"pa_bits\": %u,\n  \"page_size\": %llu,\n", plan->va_bits,
	       plan->pa_bits, 1ULL << plan->page_shift);
	json_tables(report);
	json_items(plan);
	json_extents(report);
	json_patches(report->patches);
	printf("  \"table_bytes\": %llu,\n  \"room_bytes\": %llu,\n  \"full_bytes\": %llu,\n",
	       ULL(plan->used), ULL(plan->room.size), ULL(all_full_sizes(report)));
	printf("  \"record_bytes\": %llu,\n  \"carried_bytes\": %llu\n}\n",
	       ULL(blob_used(report->patches)), ULL(carried(plan)));
}
