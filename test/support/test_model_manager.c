/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "test_manager.h"
#include "test_model_manager.h"
#include "test_reader.h"

#include <vmm/aarch64.h>
#include <vmm/riscv.h>

#define ENTRIES_MAX TEST_POOL_COUNT
#define AREA_AT (UINT64_C(1) << 37)

struct entry {
	uint64_t va; /* usable part */
	uint64_t size;
	uint64_t before; /* bytes of guard pages */
	uint64_t after;
	uint64_t pa;
	vmm_attr_t attr;
	enum vmm_mapping_kind kind;
	size_t user_count;
	const char *users[ENTRIES_MAX];
};

struct fixture {
	struct test_manager manager;
	struct test_random *random;
	struct entry entries[ENTRIES_MAX]; /* in no order */
	size_t count;
	size_t used; /* entries of the pool, further users included */
	uint64_t page;
	uint64_t block;
	uint64_t area_size;
	uint64_t window_size;
	uint64_t *done; /* operations that succeeded */
};

static struct fixture fixture;

static const struct variant {
	const struct vmm_format *format;
	uint32_t flags;
	uint8_t guard_pages;
} variants[] = {
	{ &vmm_aarch64_4k, 0, 0 },
	{ &vmm_aarch64_16k, 0, 0 },
	{ &vmm_aarch64_64k, 0, 1 },
	{ &vmm_riscv_sv39, 0, 1 },
	{ &vmm_riscv_sv48, VMM_TABLE_SVPBMT | VMM_TABLE_SVNAPOT, 0 },
	{ &vmm_riscv_sv57, VMM_TABLE_KEEP, 0 },
};

static const char *const names[] = { "a", "b", "c", "d" };

static uint64_t below(struct fixture *self, uint64_t bound)
{
	return test_random_below(self->random, bound);
}

static uint64_t last_of(const struct entry *entry)
{
	return entry->va + entry->size + entry->after - 1;
}

static bool is_mapped(const struct entry *entry)
{
	return entry->kind == VMM_MAPPING_PLAIN || entry->kind == VMM_MAPPING_MMIO;
}

static uint64_t window_at(const struct fixture *self)
{
	return AREA_AT + self->area_size / 2;
}

static bool overlaps(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size)
{
	return a < b + b_size && b < a + a_size;
}

/* The lowest address of the range that is taken, or UINT64_MAX. */
static uint64_t first_taken(const struct fixture *self, uint64_t va, uint64_t size)
{
	uint64_t lowest = UINT64_MAX;

	for (size_t i = 0; i < self->count; i++) {
		const struct entry *entry = &self->entries[i];
		uint64_t start = entry->va - entry->before;

		if (overlaps(va, size, start, last_of(entry) + 1 - start)) {
			start = start > va ? start : va;
			lowest = start < lowest ? start : lowest;
		}
	}
	return lowest;
}

static struct entry *entry_at(struct fixture *self, uint64_t va)
{
	for (size_t i = 0; i < self->count; i++) {
		if (va - self->entries[i].va < self->entries[i].size) {
			return &self->entries[i];
		}
	}
	return NULL;
}

static void add(struct fixture *self, struct entry entry)
{
	assert_true(self->count < ENTRIES_MAX);
	self->entries[self->count] = entry;
	self->count++;
	self->used++;
}

static struct entry new_entry(enum vmm_mapping_kind kind, const char *name, uint64_t va,
			      uint64_t size, uint64_t pa, vmm_attr_t attr)
{
	struct entry entry = { .va = va, .size = size, .pa = pa, .attr = attr, .kind = kind,
			       .user_count = 1, .users = { name } };

	return entry;
}

static void drop(struct fixture *self, struct entry *entry)
{
	self->count--;
	self->used--;
	*entry = self->entries[self->count];
}

static vmm_attr_t stored(const struct fixture *self, vmm_attr_t attr)
{
	vmm_attr_t result = vmm_attr(0);

	assert_int_equal(vmm_table_effective(&self->manager.table, attr, &result), VMM_OK);
	return result;
}

/* --- comparing --- */

static void compare_users(const struct entry *entry, const struct vmm_mapping *mapping)
{
	const struct vmm_mapping *user = mapping;

	assert_int_equal(vmm_mapping_user_count(mapping), entry->user_count);
	for (size_t i = 0; i < entry->user_count; i++) {
		assert_string_equal(vmm_mapping_name(user), entry->users[i]);
		user = vmm_mapping_next_user(mapping, user);
	}
	assert_null(user);
}

static void compare_record(struct fixture *self)
{
	const struct vmm_mapping *mapping;
	const struct entry *entry;
	vmm_va_region_t va;
	uint64_t last = 0;
	size_t count = 0;

	for (mapping = vmm_first(&self->manager.vmm); mapping != NULL;
	     mapping = vmm_next(&self->manager.vmm, mapping)) {
		va = vmm_mapping_va(mapping);
		entry = entry_at(self, va.bytes.start);
		assert_non_null(entry);
		assert_true(va.bytes.start > last);
		last = va.bytes.start;
		assert_int_equal(va.bytes.start, entry->va);
		assert_int_equal(va.bytes.size, entry->size);
		assert_int_equal(vmm_mapping_kind(mapping), entry->kind);
		if (entry->kind != VMM_MAPPING_GUARD) {
			assert_int_equal(vmm_mapping_pa(mapping).bytes.start, entry->pa);
			assert_true(vmm_attr_is_same(vmm_mapping_attr(mapping), entry->attr));
			assert_true(vmm_attr_is_same(vmm_mapping_stored(mapping),
						     stored(self, entry->attr)));
		}
		compare_users(entry, mapping);
		count++;
	}
	assert_int_equal(count, self->count);
	assert_int_equal(self->manager.vmm.record.free_count, TEST_POOL_COUNT - self->used);
}

static void audit(struct fixture *self)
{
	struct vmm_audit_cursor cursor = { 0 };
	struct vmm_difference difference;

	while (vmm_audit_next(&self->manager.vmm, &cursor, &difference) == VMM_OK) {
		if (difference.kind != VMM_DIFFERENCE_ALIAS_WX &&
		    difference.kind != VMM_DIFFERENCE_ALIAS_TYPE) {
			test_text_init(&self->manager.text);
			vmm_difference_print(&self->manager.vmm, &difference,
					     &self->manager.text.out);
			fail_msg("%s", self->manager.text.text);
		}
	}
}

static void translate(struct fixture *self)
{
	uint64_t va = AREA_AT + below(self, self->area_size);
	const struct entry *entry = entry_at(self, va);
	uint64_t descriptor;
	uint64_t pa;
	bool found = test_reader_translate(&self->manager.table, va, &pa, &descriptor);

	if (entry == NULL || !is_mapped(entry)) {
		/* A lazy range may be mapped there or not. */
		assert_true(!found || (entry != NULL && entry->kind == VMM_MAPPING_LAZY));
	} else {
		assert_true(found);
	}
	if (found) {
		assert_int_equal(pa, entry->pa + (va - entry->va));
	}
}

/* --- operations --- */

static uint64_t pick_size(struct fixture *self)
{
	uint64_t size = self->page * (1 + below(self, 4));

	return test_random_one_in(self->random, 8) ? size + self->block : size;
}

/* Any address of the area, whether something is there or not. */
static uint64_t pick_place(struct fixture *self)
{
	uint64_t step = test_random_one_in(self->random, 4) ? self->block : self->page;

	return AREA_AT + step * below(self, self->area_size / step);
}

/* Mostly an address of some entry. */
static uint64_t pick_va(struct fixture *self)
{
	const struct entry *entry;

	if (self->count == 0 || test_random_one_in(self->random, 8)) {
		return pick_place(self);
	}
	entry = &self->entries[below(self, self->count)];
	return test_random_one_in(self->random, 2) ? entry->va
						    : entry->va + self->page * below(self, 4);
}

static uint64_t pick_pa(struct fixture *self)
{
	return self->block * below(self, 8) + self->page * below(self, 4);
}

static vmm_attr_t pick_attr(struct fixture *self)
{
	switch (below(self, 3)) {
	case 0:
		return VMM_KERNEL_RW;
	case 1:
		return VMM_KERNEL_RO;
	default:
		return VMM_KERNEL_RX;
	}
}

/* What holding a range in the area comes to, without the tables. */
static enum vmm_err judge_hold(const struct fixture *self, uint64_t va, uint64_t size)
{
	if (self->used == TEST_POOL_COUNT) {
		return VMM_ERR_FULL;
	}
	if (va + size > AREA_AT + self->area_size) {
		return overlaps(va, size, window_at(self), self->window_size) ? VMM_ERR_BUSY
									       : VMM_ERR_RANGE;
	}
	if (overlaps(va, size, window_at(self), self->window_size)) {
		return VMM_ERR_BUSY;
	}
	return first_taken(self, va, size) != UINT64_MAX ? VMM_ERR_EXISTS : VMM_OK;
}

/* Fails unless `err` is as expected, or a frame was missing. True: it happened. */
static bool judge(struct fixture *self, enum vmm_err err, enum vmm_err expected, unsigned int kind)
{
	if (err == VMM_ERR_NOMEM && expected == VMM_OK) {
		assert_true(self->manager.frames.fail_count > 0);
		return false;
	}
	assert_int_equal(err, expected);
	self->done[kind] += err == VMM_OK;
	return err == VMM_OK;
}

static void step_hold(struct fixture *self, enum vmm_mapping_kind kind)
{
	struct vmm *vmm = &self->manager.vmm;
	struct vmm_detail detail = { 0 };
	const char *name = names[below(self, 4)];
	uint64_t va = test_random_one_in(self->random, 4) ? pick_va(self) : pick_place(self);
	uint64_t size = pick_size(self) + (kind == VMM_MAPPING_LAZY ? 8 * self->page : 0);
	uint64_t pa = pick_pa(self);
	vmm_attr_t attr = pick_attr(self);
	vmm_va_region_t region = test_va_region(va, size);
	enum vmm_err expected = judge_hold(self, va, size);
	uint64_t taken = first_taken(self, va, size);
	enum vmm_err err;

	if (kind == VMM_MAPPING_PLAIN) {
		err = vmm_map_at(vmm, name, region, vmm_pa(pa), attr, &detail);
	} else if (kind == VMM_MAPPING_LAZY) {
		err = vmm_lazy_at(vmm, name, region, vmm_pa(pa), attr, &detail);
	} else {
		err = vmm_guard_at(vmm, name, region, &detail);
	}
	if (judge(self, err, expected, kind)) {
		add(self, new_entry(kind, name, va, size, pa, attr));
	} else if (err == VMM_ERR_EXISTS) {
		assert_int_equal(vmm_va_raw(detail.va), taken);
	}
}

static void step_map_any(struct fixture *self)
{
	struct vmm_place place = { .guards = { (uint8_t)below(self, 2), (uint8_t)below(self, 2) },
				   .fit = (enum vmm_fit)below(self, 3) };
	vmm_pa_region_t pa = test_pa_region(pick_pa(self), pick_size(self));
	vmm_attr_t attr = pick_attr(self);
	struct entry entry;
	vmm_va_t va;
	enum vmm_err err;

	err = vmm_map_any(&self->manager.vmm, "any", pa, attr, &place, &va, NULL);
	if (err == VMM_ERR_NOSPACE) {
		return; /* the space has its own model */
	}
	if (judge(self, err, self->used == TEST_POOL_COUNT ? VMM_ERR_FULL : VMM_OK, 4)) {
		entry = new_entry(VMM_MAPPING_PLAIN, "any", vmm_va_raw(va), pa.bytes.size,
				  pa.bytes.start, attr);
		entry.before = place.guards.before * self->page;
		entry.after = place.guards.after * self->page;
		assert_int_equal(first_taken(self, entry.va - entry.before,
					     entry.size + entry.before + entry.after), UINT64_MAX);
		add(self, entry);
	}
}

static void step_unmap(struct fixture *self)
{
	uint64_t va = pick_va(self);
	struct entry *entry = entry_at(self, va);
	enum vmm_err expected = VMM_OK;

	if (va - window_at(self) < self->window_size) {
		expected = VMM_ERR_BUSY;
	} else if (entry == NULL || entry->va != va) {
		expected = VMM_ERR_NOENT;
	}
	if (judge(self, vmm_unmap(&self->manager.vmm, vmm_va(va), NULL), expected, 5)) {
		drop(self, entry);
	}
}

/* The list after a part of an entry became another one, or nothing. */
static void cut(struct fixture *self, struct entry *entry, uint64_t va, uint64_t size,
		const vmm_attr_t *attr)
{
	struct entry whole = *entry;
	struct entry piece = whole;
	uint64_t end = whole.va + whole.size;

	drop(self, entry);
	if (va > whole.va) {
		piece.size = va - whole.va;
		piece.after = 0;
		add(self, piece);
	}
	if (attr != NULL) {
		piece = whole;
		piece.attr = *attr;
		piece.va = va;
		piece.pa += va - whole.va;
		piece.size = size;
		piece.before = va == whole.va ? whole.before : 0;
		piece.after = va + size == end ? whole.after : 0;
		add(self, piece);
	}
	if (va + size < end) {
		piece = whole;
		piece.va = va + size;
		piece.pa += va + size - whole.va;
		piece.size = end - (va + size);
		piece.before = 0;
		add(self, piece);
	}
}

/* How many more entries a cut takes. */
static size_t cut_needs(const struct entry *entry, uint64_t va, uint64_t size, bool keep)
{
	size_t pieces = (va > entry->va) + keep + (va + size < entry->va + entry->size);

	return pieces > 0 ? pieces - 1 : 0;
}

static void step_part(struct fixture *self, bool protect)
{
	uint64_t va = pick_va(self);
	uint64_t size = self->page * (1 + below(self, 3));
	struct entry *entry = entry_at(self, va);
	vmm_attr_t attr = pick_attr(self);
	enum vmm_err expected = VMM_OK;
	enum vmm_err err;

	if (overlaps(va, size, window_at(self), self->window_size)) {
		expected = VMM_ERR_BUSY;
	} else if (entry == NULL || va + size > entry->va + entry->size ||
		   (protect && entry->kind != VMM_MAPPING_PLAIN)) {
		expected = VMM_ERR_NOENT;
	} else if (entry->kind != VMM_MAPPING_LAZY &&
		   self->used + cut_needs(entry, va, size, protect) > TEST_POOL_COUNT) {
		expected = VMM_ERR_FULL;
	}
	err = protect ? vmm_protect_part(&self->manager.vmm, test_va_region(va, size), attr, NULL)
		      : vmm_unmap_part(&self->manager.vmm, test_va_region(va, size), NULL);
	if (judge(self, err, expected, protect ? 6 : 7) && entry->kind != VMM_MAPPING_LAZY) {
		cut(self, entry, va, size, protect ? &attr : NULL);
	}
}

static void step_map_part(struct fixture *self)
{
	uint64_t va = pick_va(self);
	uint64_t size = self->page * (1 + below(self, 3));
	struct entry *entry = entry_at(self, va);
	enum vmm_err err = vmm_map_part(&self->manager.vmm, test_va_region(va, size), NULL);

	if (overlaps(va, size, window_at(self), self->window_size)) {
		assert_int_equal(err, VMM_ERR_BUSY);
	} else if (entry == NULL || entry->kind != VMM_MAPPING_LAZY ||
		   va + size > entry->va + entry->size) {
		assert_int_equal(err, VMM_ERR_NOENT);
	} else {
		assert_true(err == VMM_OK || err == VMM_ERR_EXISTS || err == VMM_ERR_NOMEM);
		self->done[8] += err == VMM_OK;
	}
}

/* What a driver's request comes to: the entry that it shares, or none. */
static enum vmm_err judge_mmio(struct fixture *self, uint64_t pa, uint64_t size, vmm_attr_t attr,
			       struct entry **shared)
{
	*shared = NULL;
	for (size_t i = 0; i < self->count; i++) {
		struct entry *entry = &self->entries[i];

		if (!is_mapped(entry) || !overlaps(pa, size, entry->pa, entry->size)) {
			continue;
		}
		if (vmm_attr_mem(stored(self, entry->attr)) != vmm_attr_mem(stored(self, attr))) {
			return VMM_ERR_EXISTS;
		}
		if (entry->kind == VMM_MAPPING_MMIO && entry->pa <= pa &&
		    entry->pa + entry->size >= pa + size &&
		    vmm_attr_is_same(stored(self, entry->attr), stored(self, attr)) &&
		    (*shared == NULL || entry->pa < (*shared)->pa ||
		     (entry->pa == (*shared)->pa && entry->va < (*shared)->va))) {
			*shared = entry;
		}
	}
	return self->used == TEST_POOL_COUNT ? VMM_ERR_FULL : VMM_OK;
}

static void step_map_mmio(struct fixture *self)
{
	uint64_t pa = self->block * 100 + self->page * below(self, 12);
	uint64_t size = self->page * (1 + below(self, 3));
	uint64_t guard = self->manager.config.mmio_guards.before * self->page;
	vmm_attr_t attr = VMM_DEVICE;
	const char *name = names[below(self, 4)];
	struct entry *shared;
	struct entry entry;
	enum vmm_err expected;
	enum vmm_err err;
	vmm_va_t va;

	if (test_random_one_in(self->random, 8)) {
		pa = pick_pa(self); /* where there may be mappings by hand */
	}
	attr.bits &= test_random_one_in(self->random, 8) ? ~VMM_ATTR_WRITE : UINT32_MAX;
	expected = judge_mmio(self, pa, size, attr, &shared);
	err = vmm_map_mmio_as(&self->manager.vmm, name, vmm_pa(pa + 8), size - 8, attr, &va, NULL);
	if (err == VMM_ERR_NOSPACE && expected == VMM_OK && shared == NULL) {
		return;
	}
	if (!judge(self, err, expected, 9)) {
		return;
	}
	if (shared != NULL) {
		assert_int_equal(vmm_va_raw(va), shared->va + (pa - shared->pa) + 8);
		shared->users[shared->user_count] = name;
		shared->user_count++;
		self->used++;
		self->done[10]++;
		return;
	}
	assert_true(vmm_va_region_contains(self->manager.config.mmio_window, va));
	entry = new_entry(VMM_MAPPING_MMIO, name, vmm_va_raw(va) - 8, size, pa, attr);
	entry.before = guard;
	entry.after = guard;
	assert_int_equal(first_taken(self, entry.va - guard, size + 2 * guard), UINT64_MAX);
	add(self, entry);
}

static void step_unmap_mmio(struct fixture *self)
{
	uint64_t va = window_at(self) + self->page * below(self, self->window_size / self->page);
	const char *name = names[below(self, 4)];
	struct entry *entry = entry_at(self, va);
	size_t user = 0;

	while (entry != NULL && user < entry->user_count &&
	       strcmp(entry->users[user], name) != 0) {
		user++;
	}
	if (entry == NULL || user == entry->user_count) {
		judge(self, vmm_unmap_mmio(&self->manager.vmm, vmm_va(va), name, NULL),
		      VMM_ERR_NOENT, 11);
		return;
	}
	if (!judge(self, vmm_unmap_mmio(&self->manager.vmm, vmm_va(va), name, NULL), VMM_OK, 11)) {
		return;
	}
	if (entry->user_count == 1) {
		drop(self, entry);
		return;
	}
	entry->user_count--;
	memmove(&entry->users[user], &entry->users[user + 1],
		(entry->user_count - user) * sizeof(entry->users[0]));
	self->used--;
}

static void step(struct fixture *self)
{
	if (test_random_one_in(self->random, 10)) {
		test_frames_limit(&self->manager.frames, below(self, 3));
	}
	switch (below(self, 14)) {
	case 0:
	case 1:
	case 2:
		step_hold(self, VMM_MAPPING_PLAIN);
		break;
	case 3:
		step_hold(self, VMM_MAPPING_GUARD);
		break;
	case 4:
		step_hold(self, VMM_MAPPING_LAZY);
		break;
	case 5:
		step_map_any(self);
		break;
	case 6:
	case 7:
		step_unmap(self);
		break;
	case 8:
		step_part(self, false);
		break;
	case 9:
		step_part(self, true);
		break;
	case 10:
		step_map_part(self);
		break;
	case 11:
		step_unmap_mmio(self);
		break;
	default:
		step_map_mmio(self);
		break;
	}
	test_frames_limit(&self->manager.frames, TEST_FRAMES_NO_LIMIT);
}

static void set_up(struct fixture *self, const struct variant *variant)
{
	struct test_manager_config config = { .format = variant->format, .flags = variant->flags };

	self->count = 0;
	self->used = 0;
	self->page = UINT64_C(1) << variant->format->geometry->page_shift;
	self->block = self->page << variant->format->geometry->index_bits;
	self->area_size = 24 * self->block;
	self->window_size = 24 * self->page;
	config.area = test_va_region(AREA_AT, self->area_size);
	config.window = test_va_region(window_at(self), self->window_size);
	config.guards.before = variant->guard_pages;
	config.guards.after = variant->guard_pages;
	test_manager_init(&self->manager, &config);
}

size_t test_model_manager_count(void)
{
	return sizeof(variants) / sizeof(variants[0]);
}

void test_model_manager_run(size_t variant, struct test_random *random, uint64_t steps,
			    uint64_t *done)
{
	struct fixture *self = &fixture;
	bool keeps = (variants[variant].flags & VMM_TABLE_KEEP) != 0;
	struct test_census census;

	self->random = random;
	self->done = done;
	set_up(self, &variants[variant]);
	for (uint64_t i = 0; i < steps && !test_random_is_done(random); i++) {
		step(self);
		compare_record(self);
		assert_int_equal(vmm_check(&self->manager.vmm), VMM_OK);
		translate(self);
		if (test_random_one_in(random, 5)) {
			audit(self);
			test_reader_check(&self->manager.table, &self->manager.frames, keeps,
					  &census);
		}
	}
	audit(self);
	test_manager_fini(&self->manager);
}
