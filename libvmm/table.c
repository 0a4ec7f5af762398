/* SPDX-License-Identifier: MIT */
/* Translation tables: what is said through the vtable, and pinned ranges. */

#include <vmm/engine/shared.h>
#include <vmm/engine/walk.h>
#include <vmm/table.h>

enum vmm_err vmm_table_init(struct vmm_table *table, const struct vmm_table_config *config)
{
	return config->format == NULL ? VMM_ERR_UNSUPPORTED : config->format->init(table, config);
}

VMM_STATIC_ASSERT(sizeof(void *) != 8 || sizeof(struct vmm_table_config) == 64,
		  "every member of the configuration is copied below");

/* Member by member: a copy of the whole may call memcpy, and the library depends on nothing. */
enum vmm_err vmm_table_init_with_(struct vmm_table *table, const struct vmm_table_config *config,
				  const struct vmm_sync *sync)
{
	const struct vmm_table_config with = {
		.format = config->format,
		.frames = config->frames,
		.sync = sync,
		.half = config->half,
		.va_bits = config->va_bits,
		.pa_bits = config->pa_bits,
		.asid_bits = config->asid_bits,
		.asid = config->asid,
		.flush_max = config->flush_max,
		.flags = config->flags,
		.borrowed = config->borrowed,
		.root = config->root,
	};

	return vmm_table_init(table, &with);
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

/* The root descriptors of what is shared: the first, and how many. */
static uint64_t *shared_slots(const struct vmm_table *table, const vmm_va_region_t *shared,
			      uint64_t *count)
{
	const struct vmm_geometry *geometry = table->format->geometry;
	unsigned int shift = geometry->page_shift +
			     (unsigned int)table->root_level * geometry->index_bits;
	uint64_t *root = (uint64_t *)vmm_frames_ptr(table->frames, vmm_pa(table->root));

	*count = shared->bytes.size >> shift;
	return &root[(shared->bytes.start & table->va_mask) >> shift];
}

/* Options that decide what a descriptor means. */
#define MEANING (VMM_TABLE_SVNAPOT | VMM_TABLE_SVPBMT)

/* Whether the one reads the other's tables as the other does, at the same pointers. */
static bool is_alike(const struct vmm_table *table, const struct vmm_table *owner)
{
	return table->format == owner->format && table->half == owner->half &&
	       table->va_bits == owner->va_bits && table->pa_bits == owner->pa_bits &&
	       ((table->flags ^ owner->flags) & MEANING) == 0 &&
	       table->frames->window == owner->frames->window;
}

enum vmm_err vmm_table_join(struct vmm_table *table, const struct vmm_table *owner)
{
	const uint64_t *from;
	uint64_t *to;
	uint64_t count, i;

	if (owner->shared.bytes.size == 0 || owner->owner != NULL || table == owner ||
	    !is_alike(table, owner)) {
		return VMM_ERR_UNSUPPORTED;
	}
	if (table->shared.bytes.size != 0) {
		return table->owner == owner ? VMM_OK : VMM_ERR_BUSY;
	}
	from = shared_slots(owner, &owner->shared, &count);
	to = shared_slots(table, &owner->shared, &count);
	for (i = 0; i < count; i++) {
		if (vmm_is_valid_(vmm_load_(&to[i]))) {
			return VMM_ERR_EXISTS;
		}
	}
	for (i = 0; i < count; i++) {
		vmm_store_(&to[i], vmm_load_(&from[i]));
	}
	vmm_clean_(table, to, (size_t)count * sizeof(*to));
	/* The root's count is of its own tables and stays: nobody frees a root for being empty. */
	vmm_publish_(table);
	table->shared = owner->shared;
	table->owner = owner;
	vmm_mapped_(table, owner->shared.bytes.start & table->va_mask, owner->shared.bytes.size,
		    table->format->geometry->page_shift, 0, true);
	return VMM_OK;
}

void vmm_leave_(struct vmm_table *table)
{
	uint64_t *slots;
	uint64_t count, i;

	if (table->owner == NULL) {
		return;
	}
	slots = shared_slots(table, &table->shared, &count);
	for (i = 0; i < count; i++) {
		vmm_store_(&slots[i], 0);
	}
	table->owner = NULL;
	table->shared.bytes.size = 0;
}

/* A pointer moved by delta; NULL stays NULL. */
#define REBASE(pointer, type, delta)                                                               \
	((pointer) == NULL ? NULL : (type)((uintptr_t)(pointer) + (uintptr_t)(delta)))

void vmm_table_rebase(struct vmm_table *table, uint64_t delta)
{
	struct vmm_pin **link = &table->pins;

	table->format = REBASE(table->format, const struct vmm_format *, delta);
	table->frames = REBASE(table->frames, struct vmm_frames *, delta);
	table->sync = REBASE(table->sync, const struct vmm_sync *, delta);
	table->owner = REBASE(table->owner, const struct vmm_table *, delta);
	while (*link != NULL) {
		*link = (struct vmm_pin *)((uintptr_t)*link + (uintptr_t)delta);
		link = &(*link)->next;
	}
}

enum vmm_err vmm_table_set_asid(struct vmm_table *table, uint16_t asid)
{
	if (asid >> table->asid_bits != 0) {
		return VMM_ERR_UNSUPPORTED;
	}
	table->asid = asid;
	return VMM_OK;
}

void vmm_table_set_sync(struct vmm_table *table, const struct vmm_sync *sync)
{
	if (table->format != NULL) {
		table->sync = sync;
	}
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
