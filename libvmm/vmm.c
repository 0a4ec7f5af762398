/* SPDX-License-Identifier: MIT */
/* The manager: setting it up, moving it, and finding entries. */

#include "manager.h"
#include "rb.h"

static vmm_va_region_t area_of(const struct vmm_config *config)
{
	const struct vmm_table *table = config->table;

	if (!vmm_va_region_is_empty(config->area)) {
		return config->area;
	}
	return vmm_table_region(table, table->half == VMM_UPPER_HALF ? VMM_UPPER_HALF
								      : VMM_LOWER_HALF);
}

/* Whether the table translates all of the region. */
static bool translates(const struct vmm_table *table, vmm_va_region_t region)
{
	return (table->half != VMM_UPPER_HALF &&
		vmm_va_region_encloses(vmm_table_region(table, VMM_LOWER_HALF), region)) ||
	       (table->half != VMM_LOWER_HALF &&
		vmm_va_region_encloses(vmm_table_region(table, VMM_UPPER_HALF), region));
}

static enum vmm_err check_config(const struct vmm_config *config)
{
	vmm_va_region_t window = config->mmio_window;
	vmm_va_region_t area;

	if (config->table == NULL || config->table->format == NULL || config->pool == NULL ||
	    config->pool_count == 0) {
		return VMM_ERR_UNSUPPORTED;
	}
	area = area_of(config);
	if (!vmm_va_region_is_valid(area) || !vmm_va_region_is_valid(window)) {
		return VMM_ERR_WRAP;
	}
	if (!translates(config->table, area) || !translates(config->table, window)) {
		return VMM_ERR_RANGE;
	}
	if (vmm_va_region_overlaps(area, window) && !vmm_va_region_encloses(area, window)) {
		return VMM_ERR_RANGE;
	}
	if (config->mmio_guards.before > VMM_SPACE_GUARDS_MAX ||
	    config->mmio_guards.after > VMM_SPACE_GUARDS_MAX) {
		return VMM_ERR_UNSUPPORTED;
	}
	return VMM_OK;
}

static enum vmm_err init_area(struct vmm *vmm, const struct vmm_config *config)
{
	struct vmm_space_config space_config;

	space_config.bins = config->bins;
	space_config.bin_count = config->bin_count;
	space_config.page_shift = config->table->format->geometry->page_shift;
	space_config.exact_gaps = false;
	return vmm_space_init(&vmm->area, area_of(config), &space_config);
}

static enum vmm_err init_window(struct vmm *vmm, const struct vmm_config *config)
{
	struct vmm_space_config space_config;
	enum vmm_err err;

	if (vmm_va_region_is_empty(config->mmio_window)) {
		return VMM_OK;
	}
	space_config.bins = NULL;
	space_config.bin_count = 0;
	space_config.page_shift = config->table->format->geometry->page_shift;
	space_config.exact_gaps = false;
	err = vmm_space_init(&vmm->window, config->mmio_window, &space_config);
	if (err == VMM_OK &&
	    vmm_va_region_overlaps(vmm_space_area(&vmm->area), config->mmio_window)) {
		err = vmm_space_reserve_at(&vmm->area, config->mmio_window, NULL, &vmm->hole, NULL);
	}
	return err;
}

static enum vmm_err check_again(struct vmm *vmm, const struct vmm_config *config)
{
	if (vmm->table != config->table || vmm->record.pool != config->pool ||
	    vmm->record.pool_count != config->pool_count ||
	    !vmm_va_region_equal(vmm_window_(vmm), config->mmio_window) ||
	    vmm->mmio_guards.before != config->mmio_guards.before ||
	    vmm->mmio_guards.after != config->mmio_guards.after) {
		return VMM_ERR_BUSY;
	}
	/* The space knows its area and bins, and whether they are the same. */
	return init_area(vmm, config);
}

enum vmm_err vmm_init(struct vmm *vmm, const struct vmm_config *config)
{
	enum vmm_err err = check_config(config);

	if (err != VMM_OK) {
		return err;
	}
	if (vmm->table != NULL) {
		return check_again(vmm, config);
	}
	err = init_area(vmm, config);
	if (err == VMM_OK) {
		err = init_window(vmm, config);
	}
	if (err != VMM_OK) {
		vmm_space_fini(&vmm->window);
		vmm_space_fini(&vmm->area);
		return err;
	}
	vmm_record_init_(&vmm->record, config->pool, config->pool_count);
	vmm->mmio_guards = config->mmio_guards;
	vmm->table = config->table;
	return VMM_OK;
}

void vmm_fini(struct vmm *vmm)
{
	struct vmm_record *record = &vmm->record;

	vmm_space_fini(&vmm->window);
	vmm_space_fini(&vmm->area);
	/* Released ranges are zero, and so is what is free but for the chain. */
	vmm_record_init_(record, record->pool, record->pool_count);
	for (uint32_t i = 0; i < record->pool_count; i++) {
		record->pool[i].users = NULL;
	}
	record->pool = NULL;
	record->free = NULL;
	record->pool_count = 0;
	record->free_count = 0;
	vmm->mmio_guards.before = 0;
	vmm->mmio_guards.after = 0;
	vmm->table = NULL;
}

void vmm_rebase(struct vmm *vmm, uint64_t delta)
{
	if (vmm->table == NULL) {
		return;
	}
	vmm->table = (struct vmm_table *)((uintptr_t)vmm->table + (uintptr_t)delta);
	vmm_space_rebase(&vmm->area, delta);
	if (!vmm_va_region_is_empty(vmm_window_(vmm))) {
		vmm_space_rebase(&vmm->window, delta);
	}
	vmm_record_rebase_(&vmm->record, delta);
}

enum vmm_err vmm_translate(const struct vmm *vmm, vmm_va_t va, vmm_pa_t *pa)
{
	return vmm_table_translate(vmm->table, va, pa);
}

struct vmm_mapping *vmm_entry_at_(const struct vmm *vmm, vmm_va_t va, bool *in_guard)
{
	struct vmm_range *range = vmm_space_find(vmm_space_of_(vmm, va), va, in_guard);

	return range == NULL ? NULL : vmm_mapping_of_range_(range);
}

const struct vmm_mapping *vmm_find(const struct vmm *vmm, vmm_va_t va)
{
	bool in_guard = false;
	const struct vmm_mapping *mapping = vmm_entry_at_(vmm, va, &in_guard);

	return in_guard ? NULL : mapping;
}

const struct vmm_mapping *vmm_find_pa(const struct vmm *vmm, vmm_pa_region_t pa,
				      const struct vmm_mapping *after)
{
	uint64_t first = vmm_pa_raw(vmm_pa_region_start(pa));
	uint64_t last = vmm_pa_raw(vmm_pa_region_last(pa));

	if (vmm_pa_region_is_empty(pa) || !vmm_pa_region_is_valid(pa)) {
		return NULL;
	}
	return after == NULL ? vmm_record_first_at_(&vmm->record, first, last)
			     : vmm_record_next_at_(after, first, last);
}

/* Whether the window lies apart from the area, and below it. */
static bool window_is_below(const struct vmm *vmm)
{
	return vmm_va_compare(vmm_va_region_start(vmm_window_(vmm)),
			      vmm_va_region_start(vmm_space_area(&vmm->area))) < 0;
}

/*
 * The entry at or behind a range of the area: where the area has the window's place, what is in the
 * window comes first; where the window lies above the area, it comes last.
 */
static const struct vmm_range *from_area(const struct vmm *vmm, const struct vmm_range *range)
{
	const struct vmm_range *first;

	if (range == &vmm->hole) {
		first = vmm_space_first(&vmm->window);
		return first != NULL ? first : vmm_space_next(&vmm->area, range);
	}
	if (range == NULL && !vmm_range_is_reserved(&vmm->hole) && !window_is_below(vmm)) {
		return vmm_space_first(&vmm->window);
	}
	return range;
}

/* The entry behind the last one of the window. */
static const struct vmm_range *behind_window(const struct vmm *vmm)
{
	if (vmm_range_is_reserved(&vmm->hole)) {
		return vmm_space_next(&vmm->area, &vmm->hole);
	}
	return window_is_below(vmm) ? vmm_space_first(&vmm->area) : NULL;
}

static const struct vmm_mapping *entry_of(const struct vmm_range *range)
{
	return range == NULL ? NULL
			     : VMM_CONTAINER_OF_CONST(range, struct vmm_mapping, range);
}

const struct vmm_mapping *vmm_first(const struct vmm *vmm)
{
	const struct vmm_range *range = NULL;

	if (!vmm_range_is_reserved(&vmm->hole) && window_is_below(vmm)) {
		range = vmm_space_first(&vmm->window);
	}
	if (range == NULL) {
		range = from_area(vmm, vmm_space_first(&vmm->area));
	}
	return entry_of(range);
}

const struct vmm_mapping *vmm_next(const struct vmm *vmm, const struct vmm_mapping *mapping)
{
	const struct vmm_range *range = &mapping->range;

	if (vmm_in_window_(vmm, vmm_va_region_start(vmm_range_region(range)))) {
		range = vmm_space_next(&vmm->window, range);
		return entry_of(range != NULL ? range : behind_window(vmm));
	}
	return entry_of(from_area(vmm, vmm_space_next(&vmm->area, range)));
}

/* What is counted of the entries that hold a range. */
struct census {
	uint64_t held;
	uint64_t users;
	uint64_t mapped;
};

/* Whether the further users of a mapping are as many as it says, in a circle. */
static bool users_are_sound(const struct vmm_record *record, const struct vmm_mapping *mapping)
{
	const struct vmm_mapping *user = mapping->users;

	if (user == NULL) {
		return mapping->user_count == 1;
	}
	for (uint32_t left = mapping->user_count; left > 1; left--) {
		if (!vmm_record_has_(record, user) || vmm_range_is_reserved(&user->range) ||
		    user->users == NULL || (user->users == mapping->users) != (left == 2)) {
			return false;
		}
		user = user->users;
	}
	return mapping->user_count > 1;
}

static bool entry_is_sound(const struct vmm_record *record, const struct vmm_mapping *mapping,
			   bool in_window, struct census *census)
{
	uint64_t size = vmm_va_region_size(vmm_mapping_va(mapping));
	bool mapped = mapping->kind == VMM_MAPPING_PLAIN || mapping->kind == VMM_MAPPING_MMIO;

	if (!vmm_record_has_(record, mapping) || mapping->kind > VMM_MAPPING_LAZY ||
	    (mapping->kind == VMM_MAPPING_MMIO) != in_window ||
	    !users_are_sound(record, mapping)) {
		return false;
	}
	if (mapped && (mapping->pa_last - mapping->pa != size - 1 ||
		       !vmm_rb_is_hung_(record->by_pa, &mapping->by_pa))) {
		return false;
	}
	census->held++;
	census->users += mapping->user_count - 1;
	census->mapped += mapped;
	return census->users <= record->pool_count;
}

static bool space_is_sound(const struct vmm *vmm, const struct vmm_space *space,
			   struct census *census)
{
	const struct vmm_range *range;

	for (range = vmm_space_first(space); range != NULL; range = vmm_space_next(space, range)) {
		if (range != &vmm->hole &&
		    !entry_is_sound(&vmm->record, entry_of(range), space == &vmm->window, census)) {
			return false;
		}
	}
	return true;
}

enum vmm_err vmm_check(const struct vmm *vmm)
{
	struct census census;

	if (vmm_space_check(&vmm->area) != VMM_OK || vmm_space_check(&vmm->window) != VMM_OK) {
		return VMM_ERR_CORRUPT;
	}
	census.held = 0;
	census.users = 0;
	census.mapped = 0;
	if (!space_is_sound(vmm, &vmm->area, &census) ||
	    !space_is_sound(vmm, &vmm->window, &census) ||
	    !vmm_record_is_sound_(&vmm->record, census.held, census.users, census.mapped)) {
		return VMM_ERR_CORRUPT;
	}
	return VMM_OK;
}
