/* SPDX-License-Identifier: MIT */
/*
 * Blobs: any bytes, and sound ones with a few bytes changed. What opens must be readable within its
 * bytes and must be written again as it was read; adopting tables by it changes none of them, and
 * leaves nothing behind if it fails.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "test_manager.h"

#include <vmm/adopt.h>

#define FRAME_COUNT 12
#define ENTRIES_MAX 8
#define BLOB_MAX    1024

struct fixture {
	struct test_frames frames;
	struct vmm_table made;
	struct vmm_blob_entry entries[ENTRIES_MAX];
	struct vmm_blob_head head;
	struct test_random *random;
};

static struct fixture fixture;

/* Reads all of a blob in a piece of memory that ends where it ends, and writes it again. */
static void read_all(const struct vmm_blob *blob)
{
	struct vmm_blob_entry *entries = calloc(blob->head.entry_count + 1u, sizeof(*entries));
	struct vmm_blob again;
	size_t length = strlen(blob->head.format);
	size_t need;
	void *bytes;

	assert_non_null(entries);
	for (uint32_t i = 0; i < blob->head.entry_count; i++) {
		vmm_blob_get(blob, i, &entries[i]);
		length += strlen(entries[i].name);
		assert_true(vmm_va_region_is_valid(entries[i].va));
		assert_false(vmm_va_region_is_empty(entries[i].va));
	}
	need = vmm_blob_size(&blob->head, entries);
	assert_true(need > length);
	bytes = malloc(need);
	assert_non_null(bytes);
	assert_int_equal(vmm_blob_write(bytes, need - 1, &blob->head, entries), VMM_ERR_NOSPACE);
	assert_int_equal(vmm_blob_write(bytes, need, &blob->head, entries), VMM_OK);
	assert_int_equal(vmm_blob_open(&again, bytes, need), VMM_OK);
	assert_string_equal(again.head.format, blob->head.format);
	assert_int_equal(again.head.entry_count, blob->head.entry_count);
	for (uint32_t i = 0; i < blob->head.entry_count; i++) {
		struct vmm_blob_entry entry;

		vmm_blob_get(&again, i, &entry);
		assert_string_equal(entry.name, entries[i].name);
		assert_true(vmm_va_region_equal(entry.va, entries[i].va));
		assert_int_equal(entry.attr.bits, entries[i].attr.bits);
	}
	free(bytes);
	free(entries);
}

/* A frame source that has none: adopting takes no frame. */
static enum vmm_err no_frame(struct vmm_frames *self, vmm_pa_t *frame, bool *clean)
{
	(void)self;
	(void)frame;
	(void)clean;
	fail_msg("a frame was taken");
	return VMM_ERR_NOMEM;
}

static void no_return(struct vmm_frames *self, vmm_pa_t frame, bool clean)
{
	(void)self;
	(void)frame;
	(void)clean;
	fail_msg("a frame was given back");
}

static void adopt(struct fixture *self, const void *bytes, size_t size)
{
	static const struct vmm zero_vmm;
	static const struct vmm_table zero_table;
	struct test_frames_snapshot *before = test_frames_save(&self->frames);
	struct vmm_mapping pool[ENTRIES_MAX];
	struct vmm_adoption adoption;
	struct vmm_frames frames;
	struct vmm_table table;
	struct vmm_audit_cursor cursor;
	struct vmm_difference difference;
	struct vmm vmm;

	memset(&adoption, 0, sizeof(adoption));
	memset(&frames, 0, sizeof(frames));
	memset(&cursor, 0, sizeof(cursor));
	memset(&table, 0, sizeof(table));
	memset(&vmm, 0, sizeof(vmm));
	frames.alloc = no_frame;
	frames.free = no_return;
	frames.window = self->frames.frames.window;
	frames.page_shift = self->frames.frames.page_shift;
	adoption.manager.table = &table;
	adoption.manager.pool = pool;
	adoption.manager.pool_count = 1 + (uint32_t)test_random_below(self->random, ENTRIES_MAX);
	adoption.tables.format = self->made.format;
	adoption.tables.frames = &frames;
	adoption.tables.flags = (uint32_t)test_random_below(self->random, 2);
	adoption.blob = bytes;
	adoption.blob_size = size;
	if (vmm_adopt(&vmm, &adoption, NULL) == VMM_OK) {
		while (vmm_audit_next(&vmm, &cursor, &difference) == VMM_OK) {
			assert_true(difference.kind == VMM_DIFFERENCE_ALIAS_WX ||
				    difference.kind == VMM_DIFFERENCE_ALIAS_TYPE);
		}
		assert_int_equal(vmm_check(&vmm), VMM_OK);
		vmm_fini(&vmm);
		vmm_table_fini(&table);
	}
	assert_memory_equal(&vmm, &zero_vmm, sizeof(vmm));
	assert_memory_equal(&table, &zero_table, sizeof(table));
	test_frames_assert_same(&self->frames, before);
	test_frames_release(before);
}

/* Tables, and entries for what is in them. */
static void make(struct fixture *self)
{
	static const char *const names[] = { "a", "code", "", "a" };
	struct test_random *random = self->random;
	struct vmm_table_config config;
	uint64_t page, va = 0;

	memset(&config, 0, sizeof(config));
	memset(&self->made, 0, sizeof(self->made));
	memset(&self->head, 0, sizeof(self->head));
	config.format = fuzz_format(random);
	page = UINT64_C(1) << config.format->geometry->page_shift;
	test_frames_init(&self->frames, config.format->geometry->page_shift, FRAME_COUNT,
			 UINT64_C(0x40000000));
	config.frames = &self->frames.frames;
	assert_int_equal(vmm_table_init(&self->made, &config), VMM_OK);
	while (self->head.entry_count < ENTRIES_MAX && !test_random_one_in(random, 8)) {
		struct vmm_blob_entry *entry = &self->entries[self->head.entry_count];

		va += page * (1 + test_random_below(random, 4));
		entry->name = names[test_random_below(random, 4)];
		entry->va = test_va_region(va, page * (1 + test_random_below(random, 3)));
		entry->pa = vmm_pa(va);
		entry->attr = fuzz_attr(random);
		entry->kind = test_random_one_in(random, 4) ? VMM_MAPPING_GUARD : VMM_MAPPING_PLAIN;
		va += entry->va.bytes.size;
		if (entry->kind == VMM_MAPPING_GUARD) {
			entry->pa = vmm_pa(0);
		} else if (vmm_table_map(&self->made, entry->va, entry->pa, entry->attr, NULL) !=
			   VMM_OK) {
			continue;
		}
		self->head.entry_count++;
	}
	self->head.format = config.format->geometry->name;
	self->head.half = (enum vmm_half)self->made.half;
	self->head.va_bits = self->made.va_bits;
	self->head.pa_bits = self->made.pa_bits;
	self->head.page_shift = config.format->geometry->page_shift;
	self->head.root = vmm_table_root(&self->made);
	self->head.borrowed = test_pa_region(self->frames.frames.first, page * FRAME_COUNT);
}

static void change_some(struct fixture *self, uint8_t *bytes, size_t size)
{
	uint64_t count = test_random_below(self->random, 6);
	uint64_t *words = vmm_frames_ptr(&self->frames.frames, self->head.root);

	while (count-- > 0) {
		uint64_t at = test_random_below(self->random, size);

		bytes[at] = (uint8_t)test_random_below(self->random, 256);
	}
	if (test_random_one_in(self->random, 4)) {
		words[test_random_below(self->random, 4)] = test_random_next(self->random);
	}
}

/* Where the tables are has to be believed; the fuzzer has no other memory. */
static bool is_ours(const struct fixture *self, const struct vmm_blob *blob)
{
	return vmm_pa_region_encloses(self->head.borrowed, blob->head.borrowed);
}

static void run_changed(struct fixture *self)
{
	struct vmm_blob blob;
	size_t size;
	uint8_t *bytes;

	make(self);
	size = vmm_blob_size(&self->head, self->entries);
	assert_true(size <= BLOB_MAX);
	bytes = malloc(size);
	assert_non_null(bytes);
	/* Attributes may have bits that there are not; then it is no blob, but bytes all the same. */
	if (vmm_blob_write(bytes, size, &self->head, self->entries) == VMM_OK) {
		change_some(self, bytes, size);
		if (vmm_blob_open(&blob, bytes, size) == VMM_OK) {
			read_all(&blob);
			if (is_ours(self, &blob)) {
				adopt(self, bytes, size);
			}
		}
	}
	free(bytes);
	test_frames_discard(&self->frames);
}

static void run_bytes(const uint8_t *data, size_t size)
{
	struct vmm_blob blob;
	uint8_t *bytes = malloc(size + 1);

	assert_non_null(bytes);
	/* Ends with the memory, so that a byte too much is seen; and never aligned. */
	memcpy(bytes + 1, data, size);
	if (vmm_blob_open(&blob, bytes + 1, size) == VMM_OK) {
		read_all(&blob);
	}
	free(bytes);
}

int fuzz_one(const uint8_t *data, size_t size)
{
	struct test_random random;

	if (size > 8 && memcmp(data, "vmm blob", 8) == 0) {
		run_bytes(data, size);
		return 0;
	}
	test_random_from(&random, data, size);
	fixture.random = &random;
	run_changed(&fixture);
	return 0;
}
