/* SPDX-License-Identifier: MIT */
/* Translation tables: what is said through the vtable, and pinned ranges. */

#include <vmm/table.h>

enum vmm_err vmm_table_init(struct vmm_table *table, const struct vmm_table_config *config)
{
	return config->format == NULL ? VMM_ERR_UNSUPPORTED : config->format->init(table, config);
}

void vmm_table_fini(struct vmm_table *table)
{
	if (table->format != NULL) {
		table->format->fini(table);
	}
}

vmm_va_region_t vmm_table_region(const struct vmm_table *table, enum vmm_half half)
{
	bool both = table->half == VMM_BOTH_HALVES;
	uint64_t size = both ? (table->va_mask >> 1) + 1 : table->va_mask + 1;
	bool upper = both ? half == VMM_UPPER_HALF : table->half == VMM_UPPER_HALF;
	vmm_va_region_t region;

	region.bytes.start = upper ? 0 - size : 0;
	region.bytes.size = size;
	return region;
}

void vmm_table_pin(struct vmm_table *table, struct vmm_pin *pin)
{
	pin->next = table->pins;
	table->pins = pin;
}

enum vmm_err vmm_table_unpin(struct vmm_table *table, struct vmm_pin *pin)
{
	struct vmm_pin **link;

	for (link = &table->pins; *link != NULL; link = &(*link)->next) {
		if (*link == pin) {
			*link = pin->next;
			pin->next = NULL;
			return VMM_OK;
		}
	}
	return VMM_ERR_NOENT;
}
