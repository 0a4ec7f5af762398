/* SPDX-License-Identifier: MIT */
/* Sentences about faults and about differences: what happened, and whose memory it was. */

#include <vmm/fault.h>

#include "line.h"
#include "manager.h"

/* "user write to 0x...", or "write" where the address is not known. */
static void say_access(struct vmm_line_ *line, const struct vmm_fault *fault)
{
	if (fault->user) {
		vmm_line_text_(line, "user ");
	}
	vmm_line_text_(line, vmm_fault_access_str(fault->access));
	if (!fault->has_va) {
		return;
	}
	switch (fault->access) {
	case VMM_FAULT_WRITE:
		vmm_line_text_(line, " to ");
		break;
	case VMM_FAULT_READ:
		vmm_line_text_(line, " from ");
		break;
	default:
		vmm_line_text_(line, " at ");
		break;
	}
	vmm_line_va_(line, fault->va);
}

static void say_kind(struct vmm_line_ *line, const struct vmm_fault *fault)
{
	/* Wider than the member, so that every value of it has a negative. */
	int64_t level = fault->level;

	vmm_line_text_(line, vmm_fault_kind_str(fault->kind));
	if (fault->kind == VMM_FAULT_EXTERNAL && fault->on_walk) {
		vmm_line_text_(line, " on a walk of the tables");
	}
	if (fault->has_level) {
		vmm_line_text_(line, " at level ");
		if (level < 0) {
			vmm_line_char_(line, '-');
		}
		vmm_line_decimal_(line, (uint64_t)(level < 0 ? -level : level), 1);
	}
}

/* Why memory with these attributes doesn't allow the access. */
static const char *why_refused(const struct vmm_fault *fault, vmm_attr_t attr)
{
	enum vmm_exec exec = vmm_attr_exec(attr);

	if (fault->user && !vmm_attr_has(attr, VMM_ATTR_USER)) {
		return " (the kernel's)";
	}
	if (fault->access == VMM_FAULT_WRITE && !vmm_attr_has(attr, VMM_ATTR_WRITE)) {
		return " (read-only)";
	}
	if (fault->access == VMM_FAULT_EXECUTE && exec == VMM_EXEC_NEVER) {
		return " (not executable)";
	}
	if (fault->access == VMM_FAULT_EXECUTE && (exec == VMM_EXEC_USER) != fault->user) {
		return fault->user ? " (executable for the kernel only)"
				   : " (executable for user programs only)";
	}
	if (!fault->user && vmm_attr_has(attr, VMM_ATTR_USER)) {
		return " (user programs')";
	}
	return " (the tables allow it now)";
}

/* Whether it is about what the tables say, so that they are worth a look. */
static bool is_about_tables(enum vmm_fault_kind kind)
{
	return kind == VMM_FAULT_TRANSLATION || kind == VMM_FAULT_PERMISSION ||
	       kind == VMM_FAULT_PAGE;
}

static void say_why(struct vmm_line_ *line, const struct vmm *vmm, const struct vmm_fault *fault)
{
	struct vmm_leaf leaf;

	if (!is_about_tables(fault->kind)) {
		return;
	}
	switch (vmm_table_query(vmm->table, fault->va, &leaf)) {
	case VMM_OK:
		vmm_line_text_(line, fault->kind == VMM_FAULT_TRANSLATION
					     ? " (the tables map it now)"
					     : why_refused(fault, leaf.attr));
		break;
	case VMM_ERR_CORRUPT:
		vmm_line_text_(line, " (a damaged descriptor)");
		break;
	case VMM_ERR_RANGE:
		vmm_line_text_(line, " (not in this table)");
		break;
	default:
		if (fault->kind == VMM_FAULT_PERMISSION) {
			vmm_line_text_(line, " (not mapped now)");
		}
		break;
	}
}

/* An entry beside the gap, and how far away it is. */
static void say_neighbor(struct vmm_line_ *line, const struct vmm *vmm, bool above, uint64_t beside,
			 uint64_t distance)
{
	const struct vmm_range *range =
		vmm_space_find(vmm_space_of_(vmm, vmm_va(beside)), vmm_va(beside), NULL);

	vmm_line_text_(line, above ? "; nearest above: " : "; nearest below: ");
	if (range == NULL) {
		/* Gaps end at ranges: this is the window's place in the area, its nearest page free. */
		vmm_line_text_(line, "the MMIO window");
	} else {
		vmm_line_name_(line,
			       VMM_CONTAINER_OF_CONST(range, struct vmm_mapping, range)->name);
	}
	vmm_line_text_(line, ", ");
	vmm_line_hex_(line, distance);
	vmm_line_text_(line, above ? " bytes on" : " bytes back");
}

/* What is on either side of an address at which nothing is recorded. */
static void say_neighbors(struct vmm_line_ *line, const struct vmm *vmm, vmm_va_t va)
{
	const struct vmm_space *space = vmm_space_of_(vmm, va);
	vmm_va_region_t area = vmm_space_area(space);
	vmm_va_region_t gap = vmm_space_gap_at(space, va);
	uint64_t start = vmm_va_raw(vmm_va_region_start(gap));
	uint64_t last = vmm_va_raw(vmm_va_region_last(gap));

	if (start != vmm_va_raw(vmm_va_region_start(area))) {
		say_neighbor(line, vmm, false, start - 1, vmm_va_raw(va) - (start - 1));
	}
	if (last != vmm_va_raw(vmm_va_region_last(area))) {
		say_neighbor(line, vmm, true, last + 1, last + 1 - vmm_va_raw(va));
	}
}

static void say_no_entry(struct vmm_line_ *line, const struct vmm *vmm, vmm_va_t va)
{
	struct vmm_leaf leaf;

	if (vmm_table_query(vmm->table, va, &leaf) == VMM_OK) {
		vmm_line_text_(line, ", mapped but not recorded");
		return;
	}
	if (!vmm_va_region_contains(vmm_space_area(&vmm->area), va) && !vmm_in_window_(vmm, va)) {
		vmm_line_text_(line, ", outside the addresses managed");
		return;
	}
	vmm_line_text_(line, ": nothing is mapped");
	say_neighbors(line, vmm, va);
}

static void say_entry(struct vmm_line_ *line, const struct vmm *vmm,
		      const struct vmm_mapping *mapping, vmm_va_t va)
{
	struct vmm_leaf leaf;

	vmm_line_text_(line, " in ");
	vmm_line_name_(line, mapping->name);
	vmm_line_text_(line, ", ");
	vmm_line_hex_(line, vmm_va_raw(va) -
			    vmm_va_raw(vmm_va_region_start(vmm_mapping_va(mapping))));
	vmm_line_text_(line, " bytes in");
	if (vmm_table_query(vmm->table, va, &leaf) == VMM_ERR_NOENT) {
		vmm_line_text_(line, mapping->kind == VMM_MAPPING_LAZY
					     ? ", which is not mapped yet"
					     : ", which is recorded, but not mapped");
	}
}

static void say_where(struct vmm_line_ *line, const struct vmm *vmm, vmm_va_t va)
{
	bool in_guard = false;
	const struct vmm_mapping *mapping = vmm_entry_at_(vmm, va, &in_guard);

	if (mapping == NULL) {
		say_no_entry(line, vmm, va);
		return;
	}
	if (in_guard || mapping->kind == VMM_MAPPING_GUARD) {
		vmm_line_text_(line, " in the guard page of ");
		vmm_line_name_(line, mapping->name);
		return;
	}
	say_entry(line, vmm, mapping, va);
}

void vmm_explain(const struct vmm *vmm, const struct vmm_fault *fault, struct vmm_out *out)
{
	struct vmm_line_ line;

	vmm_line_init_(&line, out);
	if (fault->kind == VMM_FAULT_OTHER) {
		vmm_line_text_(&line, "not a memory fault: cause ");
		vmm_line_hex_(&line, fault->raw);
		vmm_line_end_(&line);
		return;
	}
	say_access(&line, fault);
	vmm_line_text_(&line, ": ");
	say_kind(&line, fault);
	if (vmm != NULL && fault->has_va) {
		say_why(&line, vmm, fault);
		say_where(&line, vmm, fault->va);
	}
	vmm_line_end_(&line);
}
