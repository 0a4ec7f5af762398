/* SPDX-License-Identifier: MIT */
/* What an audit found, for people. */

#include "line.h"
#include "manager.h"

static void say_mapped_as(struct vmm_line_ *line, vmm_attr_t attr)
{
	vmm_line_attr_(line, attr);
	vmm_line_text_(line, " (");
	vmm_line_hex_(line, attr.bits);
	vmm_line_char_(line, ')');
}

/* Where it is: the addresses and the name of the entry there. */
static void say_place(struct vmm_line_ *line, const struct vmm_difference *difference)
{
	vmm_line_va_(line, vmm_va_region_start(difference->va));
	vmm_line_text_(line, "..");
	vmm_line_va_(line, vmm_va_region_last(difference->va));
	if (difference->mapping != NULL) {
		vmm_line_text_(line, " in ");
		vmm_line_name_(line, difference->mapping->name);
	}
	vmm_line_text_(line, ": ");
}

static void say_unrecorded(struct vmm_line_ *line, const struct vmm_difference *difference)
{
	vmm_line_text_(line, "mapped to ");
	vmm_line_hex_(line, vmm_pa_raw(difference->pa));
	vmm_line_text_(line, " as ");
	say_mapped_as(line, difference->attr);
	vmm_line_text_(line, difference->kind == VMM_DIFFERENCE_GUARD ? ", but is a guard"
								       : ", but not recorded");
}

static void say_physical(struct vmm_line_ *line, const struct vmm_difference *difference)
{
	uint64_t offset = difference->va.bytes.start -
			  vmm_mapping_va(difference->mapping).bytes.start;

	vmm_line_text_(line, "mapped to ");
	vmm_line_hex_(line, vmm_pa_raw(difference->pa));
	vmm_line_text_(line, " instead of ");
	vmm_line_hex_(line, difference->mapping->pa + offset);
}

static void say_attr(struct vmm_line_ *line, const struct vmm_difference *difference)
{
	vmm_line_text_(line, "mapped as ");
	say_mapped_as(line, difference->attr);
	vmm_line_text_(line, " instead of ");
	say_mapped_as(line, difference->mapping->stored);
}

static void say_descriptor(struct vmm_line_ *line, const struct vmm *vmm,
			   const struct vmm_difference *difference)
{
	int level = vmm_table_arch_level(vmm->table, difference->level);

	vmm_line_text_(line, "damaged descriptor ");
	vmm_line_hex_(line, difference->descriptor);
	vmm_line_text_(line, " at level ");
	if (level < 0) {
		vmm_line_char_(line, '-');
		level = -level;
	}
	vmm_line_decimal_(line, (uint64_t)level, 1);
}

static void say_alias(struct vmm_line_ *line, const struct vmm_difference *difference)
{
	vmm_line_text_(line, "same memory, from ");
	vmm_line_hex_(line, vmm_pa_raw(difference->pa));
	vmm_line_text_(line, " on, as ");
	vmm_line_name_(line, difference->other->name);
	vmm_line_text_(line, difference->kind == VMM_DIFFERENCE_ALIAS_WX
				     ? ": writable here, executable there"
				     : ": two types of memory");
}

void vmm_difference_print(const struct vmm *vmm, const struct vmm_difference *difference,
			  struct vmm_out *out)
{
	struct vmm_line_ line;

	vmm_line_init_(&line, out);
	if (difference->kind != VMM_DIFFERENCE_RECORD) {
		say_place(&line, difference);
	}
	switch (difference->kind) {
	case VMM_DIFFERENCE_UNMAPPED:
		vmm_line_text_(&line, "recorded, but not mapped");
		break;
	case VMM_DIFFERENCE_UNRECORDED:
	case VMM_DIFFERENCE_GUARD:
		say_unrecorded(&line, difference);
		break;
	case VMM_DIFFERENCE_PHYSICAL:
		say_physical(&line, difference);
		break;
	case VMM_DIFFERENCE_ATTR:
		say_attr(&line, difference);
		break;
	case VMM_DIFFERENCE_DESCRIPTOR:
		say_descriptor(&line, vmm, difference);
		break;
	case VMM_DIFFERENCE_ALIAS_WX:
	case VMM_DIFFERENCE_ALIAS_TYPE:
		say_alias(&line, difference);
		break;
	default:
		vmm_line_text_(&line, "the record is damaged");
		break;
	}
	vmm_line_end_(&line);
}

/* Member by member: a compiler makes a call of memset of more. */
void vmm_audit_start_(struct vmm_audit_cursor *audit)
{
	audit->cursor.next = 0;
	audit->cursor.done = false;
	audit->cursor.each = false;
	audit->leaf.size = 0;
	audit->mapping = NULL;
	audit->used = 0;
	for (size_t i = 0; i < sizeof(audit->widest) / sizeof(audit->widest[0]); i++) {
		audit->widest[i] = NULL;
	}
	audit->stage = 0;
	audit->part = 0;
	audit->leaf_is_bad = false;
	audit->no_leaf = false;
}

uint64_t vmm_audit(const struct vmm *vmm, struct vmm_out *out)
{
	struct vmm_audit_cursor audit;
	struct vmm_difference difference;
	uint64_t count = 0;

	for (vmm_audit_start_(&audit); vmm_audit_next(vmm, &audit, &difference) == VMM_OK; count++) {
		if (out != NULL) {
			vmm_difference_print(vmm, &difference, out);
		}
	}
	return count;
}
