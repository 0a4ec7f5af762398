/* SPDX-License-Identifier: MIT */
/*
 * The engine's parts that are the same for every format: arguments, set-up, and the last step of a
 * change, in which broken descriptors are made again.
 */

#include <vmm/engine/shared.h>
#include <vmm/engine/walk.h>

enum vmm_err vmm_fail_(const struct vmm_table *table, struct vmm_detail *detail, enum vmm_err err,
		       uint64_t va, uint64_t desc, int level)
{
	if (detail != NULL) {
		detail->va = vmm_va(vmm_extend_(table, va));
		detail->descriptor = desc;
		detail->level = level;
	}
	return err;
}

/* An argument that is no address of the table is reported as it was given. */
static enum vmm_err refuse(struct vmm_detail *detail, enum vmm_err err, vmm_va_t va)
{
	if (detail != NULL) {
		detail->va = va;
		detail->descriptor = 0;
		detail->level = -1;
	}
	return err;
}

bool vmm_table_covers(const struct vmm_table *table, vmm_va_t va)
{
	return vmm_covers_(table, vmm_va_raw(va));
}

enum vmm_err vmm_refuse_region_(const struct vmm_table *table, unsigned int page_shift,
				vmm_va_region_t va, struct vmm_detail *detail)
{
	uint64_t start = va.bytes.start;
	uint64_t last = start + (va.bytes.size - 1);

	if (va.bytes.size == 0) {
		return refuse(detail, VMM_ERR_EMPTY, vmm_va(start));
	}
	if (last < start) {
		return refuse(detail, VMM_ERR_WRAP, vmm_va(start));
	}
	if (((start | va.bytes.size) & vmm_addr_mask_(page_shift)) != 0) {
		return refuse(detail, VMM_ERR_ALIGN, vmm_va(start));
	}
	if (!vmm_covers_(table, start)) {
		return refuse(detail, VMM_ERR_RANGE, vmm_va(start));
	}
	/* Both ends must be on the same side of what sign extension leaves out. */
	if (va.bytes.size - 1 > table->va_mask - (start - table->origin)) {
		return refuse(detail, VMM_ERR_RANGE, vmm_va(last));
	}
	return refuse(detail, VMM_ERR_BUSY, vmm_va(vmm_max_(start, table->shared.bytes.start)));
}

enum vmm_err vmm_refuse_output_(const struct vmm_table *table, unsigned int page_shift, uint64_t va,
				uint64_t pa, struct vmm_detail *detail)
{
	bool aligned = (pa & vmm_addr_mask_(page_shift)) == 0;

	return vmm_fail_(table, detail, aligned ? VMM_ERR_PHYS : VMM_ERR_ALIGN, va, 0, -1);
}

/* --- set up --- */

/* A config with its defaults filled in: what the table keeps of it. */
struct setup {
	enum vmm_half half;
	uint8_t va_bits;
	uint8_t pa_bits;
	uint8_t asid_bits;
	uint16_t flush_max;
};

static bool is_half_known(const struct vmm_geometry *geometry, enum vmm_half half)
{
	if (geometry->sign_extended) {
		return half == VMM_LOWER_HALF || half == VMM_BOTH_HALVES;
	}
	return half == VMM_LOWER_HALF || half == VMM_UPPER_HALF;
}

static enum vmm_err setup_from(const struct vmm_geometry *geometry,
			       const struct vmm_table_config *config, struct setup *setup)
{
	setup->half = geometry->sign_extended ? VMM_BOTH_HALVES : config->half;
	setup->va_bits = config->va_bits != 0 ? config->va_bits : geometry->va_bits_max;
	setup->pa_bits = config->pa_bits != 0 ? config->pa_bits : geometry->pa_bits_max;
	setup->asid_bits = config->asid_bits != 0 ? config->asid_bits : 16;
	setup->flush_max = config->flush_max != 0 ? config->flush_max : 64;
	if (config->frames == NULL || config->frames->page_shift != geometry->page_shift ||
	    !is_half_known(geometry, config->half)) {
		return VMM_ERR_UNSUPPORTED;
	}
	if (setup->va_bits < geometry->va_bits_min || setup->va_bits > geometry->va_bits_max ||
	    setup->pa_bits <= geometry->page_shift || setup->pa_bits > geometry->pa_bits_max) {
		return VMM_ERR_UNSUPPORTED;
	}
	if (config->borrowed.bytes.size != 0) {
		uint64_t root = vmm_pa_raw(config->root);

		if ((root & ((UINT64_C(1) << geometry->page_shift) - 1)) != 0) {
			return VMM_ERR_ALIGN;
		}
		if (!vmm_pa_region_contains(config->borrowed, config->root) ||
		    root > UINT64_MAX >> (64 - setup->pa_bits)) {
			return VMM_ERR_RANGE;
		}
	}
	if (setup->asid_bits > 16 || config->asid >> setup->asid_bits != 0 ||
	    (config->flags & ~geometry->flags) != 0) {
		return VMM_ERR_UNSUPPORTED;
	}
	return VMM_OK;
}

static bool is_set_up_so(const struct vmm_table *table, const struct vmm_format *format,
			 const struct vmm_table_config *config, const struct setup *setup)
{
	return table->format == format && table->frames == config->frames &&
	       table->sync == config->sync && table->half == (uint8_t)setup->half &&
	       table->va_bits == setup->va_bits && table->pa_bits == setup->pa_bits &&
	       table->asid_bits == setup->asid_bits && table->asid == config->asid &&
	       table->flush_max == setup->flush_max && table->flags == config->flags &&
	       table->borrowed.bytes.start == config->borrowed.bytes.start &&
	       table->borrowed.bytes.size == config->borrowed.bytes.size &&
	       (config->borrowed.bytes.size == 0 || table->root == vmm_pa_raw(config->root));
}

void vmm_reset_(struct vmm_table *table)
{
	table->format = NULL;
	table->frames = NULL;
	table->sync = NULL;
	table->pins = NULL;
	table->root = 0;
	table->va_mask = 0;
	table->origin = 0;
	table->page_mask = 0;
	table->link_mask = 0;
	table->borrowed.bytes.start = 0;
	table->borrowed.bytes.size = 0;
	table->shared.bytes.start = 0;
	table->shared.bytes.size = 0;
	table->owner = NULL;
	table->last_word = 0;
	table->last_attr = vmm_attr(0);
	table->last_stored = vmm_attr(0);
	table->flags = 0;
	table->asid = 0;
	table->flush_max = 0;
	table->half = 0;
	table->va_bits = 0;
	table->pa_bits = 0;
	table->asid_bits = 0;
	table->root_level = 0;
	table->has_global = false;
}

static uint64_t origin_of(enum vmm_half half, uint64_t va_mask)
{
	if (half == VMM_BOTH_HALVES) {
		return ~(va_mask >> 1);
	}
	return half == VMM_UPPER_HALF ? ~va_mask : 0;
}

static enum vmm_err make_root(struct vmm_table *table, const struct vmm_geometry *geometry)
{
	struct vmm_chain_ chain;
	uint64_t *descriptors;
	size_t size = (size_t)1 << geometry->page_shift;
	bool is_clean;
	enum vmm_err err = vmm_take_(table, 1, &chain);

	if (err != VMM_OK) {
		return err;
	}
	table->root = vmm_pop_(table, &chain, &is_clean);
	descriptors = vmm_descriptors_(table, table->root);
	if (!is_clean) {
		vmm_words_zero_(descriptors, (unsigned int)(size / sizeof(*descriptors)));
	}
	vmm_count_set_(table, table->root, 0);
	vmm_clean_(table, descriptors, size);
	vmm_publish_(table);
	return VMM_OK;
}

enum vmm_err vmm_init_(struct vmm_table *table, const struct vmm_format *format,
		       const struct vmm_geometry *geometry, const struct vmm_table_config *config)
{
	struct setup setup;
	unsigned int bits;
	enum vmm_err err = setup_from(geometry, config, &setup);

	if (err != VMM_OK) {
		return err;
	}
	if (table->format != NULL) {
		return is_set_up_so(table, format, config, &setup) ? VMM_OK : VMM_ERR_BUSY;
	}
	vmm_reset_(table);
	bits = (unsigned int)setup.va_bits - geometry->page_shift;
	table->frames = config->frames;
	table->sync = config->sync;
	table->va_mask = UINT64_MAX >> (64 - setup.va_bits);
	table->origin = origin_of(setup.half, table->va_mask);
	table->flags = config->flags;
	table->asid = config->asid;
	table->flush_max = setup.flush_max;
	table->half = (uint8_t)setup.half;
	table->va_bits = setup.va_bits;
	table->pa_bits = setup.pa_bits;
	table->asid_bits = setup.asid_bits;
	table->root_level =
		(uint8_t)((bits + geometry->index_bits - 1) / geometry->index_bits - 1);
	if (config->borrowed.bytes.size != 0) {
		table->borrowed.bytes.start = config->borrowed.bytes.start;
		table->borrowed.bytes.size = config->borrowed.bytes.size;
		table->root = vmm_pa_raw(config->root);
		/* Nobody has told what is in it. */
		table->has_global = true;
		table->format = format;
		return VMM_OK;
	}
	err = make_root(table, geometry);
	if (err != VMM_OK) {
		vmm_reset_(table);
		return err;
	}
	table->format = format;
	return VMM_OK;
}

/* --- break-before-make --- */

/* A function that runs while a unit is broken is taken to end within so many bytes. */
#define CODE_REACH 8192u
/* The frames of the functions that run while a unit is broken, and of an interrupt's first push. */
#define STACK_REACH 2048u

static bool holds(uint64_t first, uint64_t last, uint64_t start, uint64_t size)
{
	return size != 0 && start <= last && start + (size - 1) >= first;
}

static bool holds_pin(const struct vmm_table *table, uint64_t first, uint64_t last)
{
	const struct vmm_pin *pin;

	for (pin = table->pins; pin != NULL; pin = pin->next) {
		if (holds(first, last, pin->range.bytes.start, pin->range.bytes.size)) {
			return true;
		}
	}
	return false;
}

static bool holds_code(const struct vmm_table *table, uint64_t first, uint64_t last, uintptr_t code,
		       uintptr_t store)
{
	const struct vmm_sync *sync = table->sync;
	const uintptr_t functions[] = {
		code,
		store,
		(uintptr_t)vmm_settle_,
		(uintptr_t)vmm_forget_,
		(uintptr_t)vmm_gather_issue_,
		(uintptr_t)sync->publish,
		(uintptr_t)sync->invalidate,
		(uintptr_t)sync->complete,
		(uintptr_t)sync->clean,
	};
	unsigned int i;

	for (i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
		if (functions[i] != 0 && holds(first, last, functions[i], CODE_REACH)) {
			return true;
		}
	}
	return false;
}

static bool holds_data(const struct vmm_table *table, const struct vmm_unit_ *unit, uint64_t first,
		       uint64_t last)
{
	uint64_t stack = (uint64_t)(uintptr_t)&table;

	return holds(first, last, stack - STACK_REACH, 2 * STACK_REACH) ||
	       holds(first, last, (uint64_t)(uintptr_t)table, sizeof(*table)) ||
	       holds(first, last, (uint64_t)(uintptr_t)table->sync, sizeof(*table->sync)) ||
	       holds(first, last, (uint64_t)(uintptr_t)table->frames, sizeof(*table->frames)) ||
	       holds(first, last, (uint64_t)(uintptr_t)table->format->geometry,
		     sizeof(struct vmm_codec)) ||
	       holds(first, last, (uint64_t)(uintptr_t)unit->slot, unit->count * sizeof(uint64_t));
}

enum vmm_err vmm_may_break_(const struct vmm_table *table, const struct vmm_unit_ *units,
			    const struct vmm_unit_ *unit, uintptr_t code, uintptr_t store,
			    struct vmm_detail *detail)
{
	uint64_t first, last;
	bool is_held;

	if (unit->count == 0 || !unit->breaks) {
		return VMM_OK;
	}
	first = vmm_extend_(table, unit->first);
	last = vmm_extend_(table, vmm_unit_last_(unit));
	is_held = holds_pin(table, first, last);
	/* What is shared the CPU may translate by a table that joined. */
	if (!is_held && table->sync != NULL &&
	    (table->sync->is_active(table) || vmm_is_shared_(table, unit->first))) {
		is_held = holds_code(table, first, last, code, store) ||
			  holds_data(table, &units[0], first, last) ||
			  holds_data(table, &units[1], first, last);
	}
	if (is_held) {
		return vmm_fail_(table, detail, VMM_ERR_PINNED, unit->first,
				 vmm_load_(unit->slot), unit->level);
	}
	return VMM_OK;
}

static bool make_again(const struct vmm_table *table, const struct vmm_unit_ *unit)
{
	unsigned int i;

	if (unit->count == 0 || !unit->breaks) {
		return false;
	}
	for (i = 0; i < unit->count; i++) {
		uint64_t word = vmm_load_(&unit->slot[i]);

		if (word != 0) {
			vmm_store_(&unit->slot[i], word | VMM_DESCRIPTOR_VALID);
		}
	}
	vmm_clean_(table, unit->slot, unit->count * sizeof(uint64_t));
	return true;
}

void vmm_settle_(const struct vmm_table *table, const struct vmm_gather_ *gather,
		 bool walk_by_space, const struct vmm_unit_ *units, unsigned int page_shift)
{
	bool made[2];
	unsigned int i;

	vmm_forget_(table, gather, walk_by_space);
	for (i = 0; i < 2; i++) {
		made[i] = make_again(table, &units[i]);
	}
	if (!made[0] && !made[1]) {
		return;
	}
	vmm_publish_(table);
	for (i = 0; i < 2; i++) {
		if (made[i]) {
			vmm_mapped_(table, units[i].first, (uint64_t)units[i].count << units[i].shift,
				    page_shift, units[i].level, !units[i].is_run);
		}
	}
}
