/* SPDX-License-Identifier: MIT */
/* The record as a table for people. Columns widen where the contents need it, for all lines. */

#include "line.h"
#include "manager.h"

/* The widths that depend on what is printed. */
struct columns {
	unsigned int pa_digits; /* 10, as long as every address fits: multiples of 2 */
	bool has_user;
};

/* Where everything begins, in characters. */
enum {
	INDENT = 6,
	VA_WIDTH = 21,
	ATTR_WIDTH = 9
};

static void write_chars(struct vmm_out *self, const char *text, size_t size)
{
	struct vmm_out_chars *chars = VMM_CONTAINER_OF(self, struct vmm_out_chars, out);

	for (size_t i = 0; i < size; i++) {
		chars->put(text[i]);
	}
}

void vmm_out_chars_init(struct vmm_out_chars *chars, void (*put)(char c))
{
	chars->out.write = write_chars;
	chars->put = put;
}

/* "0x", digits, and a '_' between groups of four. */
static unsigned int groups_width(unsigned int digits)
{
	return 2 + digits + (digits - 1) / 4;
}

static void measure(const struct vmm *vmm, struct columns *columns)
{
	const struct vmm_mapping *mapping;
	uint64_t last;

	columns->pa_digits = 10;
	columns->has_user = false;
	for (mapping = vmm_first(vmm); mapping != NULL; mapping = vmm_next(vmm, mapping)) {
		last = vmm_pa_raw(vmm_pa_region_last(vmm_mapping_pa(mapping)));
		while (columns->pa_digits < 16 && last >> (4 * columns->pa_digits) != 0) {
			columns->pa_digits += 2;
		}
		columns->has_user |= vmm_attr_has(mapping->stored, VMM_ATTR_USER);
	}
}

static unsigned int pa_width(const struct columns *columns)
{
	return 2 * groups_width(columns->pa_digits) + 2;
}

/* What the table is wider than with 10 digits and without users. */
static unsigned int extra_width(const struct columns *columns)
{
	return 2 * (groups_width(columns->pa_digits) - groups_width(10)) +
	       (columns->has_user ? 2 : 0);
}

static void print_rule(struct vmm_line_ *line, const struct columns *columns)
{
	vmm_line_chars_(line, ' ', INDENT);
	vmm_line_chars_(line, '-', 109 + extra_width(columns));
	vmm_line_end_(line);
}

static void print_head(struct vmm_line_ *line, const struct columns *columns)
{
	unsigned int extra = groups_width(columns->pa_digits) - groups_width(10);

	print_rule(line, columns);
	vmm_line_chars_(line, ' ', 24);
	vmm_line_text_(line, "Virtual");
	vmm_line_chars_(line, ' ', 35 + extra);
	vmm_line_text_(line, "Physical");
	vmm_line_chars_(line, ' ', 15 + extra);
	vmm_line_text_(line, "Size       Attr  ");
	vmm_line_chars_(line, ' ', columns->has_user ? 5 : 3);
	vmm_line_text_(line, "Entity");
	vmm_line_end_(line);
	print_rule(line, columns);
}

/* In the largest unit that divides it, or, if that takes more than four digits, rounded up. */
static void print_size(struct vmm_line_ *line, uint64_t size)
{
	static const char units[][8] = { " KiB | ", " MiB | ", " GiB | ", " TiB | ", " PiB | " };
	uint64_t count = size >> 10;
	unsigned int unit = 0;

	while (unit < 4 && (count > 9999 || count % 1024 == 0)) {
		count = count / 1024 + (count % 1024 != 0);
		unit++;
	}
	vmm_line_decimal_(line, count, 4);
	vmm_line_text_(line, units[unit]);
}

static void print_pa(struct vmm_line_ *line, const struct columns *columns, vmm_pa_region_t pa)
{
	if (vmm_pa_region_is_empty(pa)) {
		vmm_line_chars_(line, ' ', 5 + pa_width(columns));
		return;
	}
	vmm_line_text_(line, " --> ");
	vmm_line_groups_(line, vmm_pa_raw(vmm_pa_region_start(pa)), columns->pa_digits);
	vmm_line_text_(line, "..");
	vmm_line_groups_(line, vmm_pa_raw(vmm_pa_region_last(pa)), columns->pa_digits);
}

static void print_attr(struct vmm_line_ *line, const struct columns *columns,
		       const struct vmm_mapping *mapping)
{
	if (mapping->kind == VMM_MAPPING_GUARD) {
		vmm_line_text_(line, "no access");
	} else {
		vmm_line_attr_(line, mapping->stored);
	}
	if (columns->has_user) {
		vmm_line_text_(line, vmm_attr_has(mapping->stored, VMM_ATTR_USER) ? " U" : "  ");
	}
}

static void print_mapping(struct vmm_line_ *line, const struct columns *columns,
			  const struct vmm_mapping *mapping)
{
	vmm_va_region_t va = vmm_mapping_va(mapping);
	const struct vmm_mapping *user = mapping;
	unsigned int margin = INDENT + 2 * VA_WIDTH + 2 + 5 + pa_width(columns) + 2 + 4 + 4 + 3 +
			      ATTR_WIDTH + (columns->has_user ? 2 : 0) + 1;

	vmm_line_chars_(line, ' ', INDENT);
	vmm_line_va_(line, vmm_va_region_start(va));
	vmm_line_text_(line, "..");
	vmm_line_va_(line, vmm_va_region_last(va));
	print_pa(line, columns, vmm_mapping_pa(mapping));
	vmm_line_text_(line, " |");
	print_size(line, vmm_va_region_size(va));
	print_attr(line, columns, mapping);
	vmm_line_text_(line, " | ");
	vmm_line_text_(line, mapping->name);
	vmm_line_end_(line);
	while ((user = vmm_mapping_next_user(mapping, user)) != NULL) {
		vmm_line_chars_(line, ' ', margin);
		vmm_line_text_(line, "| ");
		vmm_line_text_(line, user->name);
		vmm_line_end_(line);
	}
}

void vmm_print(const struct vmm *vmm, struct vmm_out *out)
{
	const struct vmm_mapping *mapping;
	struct columns columns;
	struct vmm_line_ line;

	vmm_line_init_(&line, out);
	measure(vmm, &columns);
	print_head(&line, &columns);
	for (mapping = vmm_first(vmm); mapping != NULL; mapping = vmm_next(vmm, mapping)) {
		print_mapping(&line, &columns, mapping);
	}
	print_rule(&line, &columns);
}

void vmm_print_chars(const struct vmm *vmm, void (*put)(char c))
{
	struct vmm_out_chars chars;

	vmm_out_chars_init(&chars, put);
	vmm_print(vmm, &chars.out);
}
