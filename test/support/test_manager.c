/* SPDX-License-Identifier: MIT */
/* A manager for tests, and what it was like before. */

#include "test_manager.h"

#include <stdlib.h>
#include <string.h>

struct test_manager_snapshot {
	struct test_frames_snapshot *frames;
	struct vmm_table table;
	struct vmm vmm;                            /* with the roots of all trees */
	struct vmm_mapping pool[TEST_POOL_COUNT];  /* with the links of all trees */
};

static void write_text(struct vmm_out *out, const char *text, size_t size)
{
	struct test_text *self = (struct test_text *)out;

	assert_in_range(size, 1, VMM_OUT_PIECE_MAX);
	assert_true(self->used + size < sizeof(self->text));
	memcpy(&self->text[self->used], text, size);
	self->used += size;
	self->text[self->used] = '\0';
	self->piece_count++;
}

void test_text_init(struct test_text *self)
{
	self->out.write = write_text;
	self->used = 0;
	self->piece_count = 0;
	self->text[0] = '\0';
}

void test_manager_init(struct test_manager *self, const struct test_manager_config *config)
{
	struct vmm_table_config table_config = {
		.format = config->format,
		.half = config->half,
		.va_bits = config->va_bits,
		.flags = config->flags,
		.frames = &self->frames.frames,
	};

	memset(self, 0, sizeof(*self));
	test_text_init(&self->text);
	test_frames_init(&self->frames, config->format->geometry->page_shift, 48, 0x40000000);
	assert_int_equal(vmm_table_init(&self->table, &table_config), VMM_OK);
	memset(self->pool, 0xa5, sizeof(self->pool));
	self->config.table = &self->table;
	self->config.pool = self->pool;
	self->config.pool_count = config->pool_count != 0 ? config->pool_count : TEST_POOL_COUNT;
	self->config.area = config->area;
	self->config.mmio_window = config->window;
	self->config.mmio_guards = config->guards;
	assert_int_equal(vmm_init(&self->vmm, &self->config), VMM_OK);
}

void test_manager_check(struct test_manager *self)
{
	assert_int_equal(vmm_check(&self->vmm), VMM_OK);
	test_text_init(&self->text);
	if (vmm_audit(&self->vmm, &self->text.out) != 0) {
		fail_msg("%s", self->text.text);
	}
}

void test_manager_fini(struct test_manager *self)
{
	static const struct vmm zero_vmm;
	static const struct vmm_mapping zero_mapping;

	assert_int_equal(vmm_check(&self->vmm), VMM_OK);
	vmm_fini(&self->vmm);
	assert_memory_equal(&self->vmm, &zero_vmm, sizeof(zero_vmm));
	for (size_t i = 0; i < self->config.pool_count; i++) {
		assert_memory_equal(&self->pool[i], &zero_mapping, sizeof(zero_mapping));
	}
	vmm_table_fini(&self->table);
	test_frames_fini(&self->frames);
}

struct test_manager_snapshot *test_manager_save(const struct test_manager *self)
{
	struct test_manager_snapshot *snapshot = calloc(1, sizeof(*snapshot));

	assert_non_null(snapshot);
	snapshot->frames = test_frames_save(&self->frames);
	snapshot->table = self->table;
	snapshot->vmm = self->vmm;
	memcpy(snapshot->pool, self->pool, sizeof(self->pool));
	return snapshot;
}

void test_manager_assert_undone(const struct test_manager *self,
				const struct test_manager_snapshot *before)
{
	assert_int_equal(vmm_check(&self->vmm), VMM_OK);
	test_frames_assert_same_set(&self->frames, before->frames);
	assert_memory_equal(&self->table, &before->table, sizeof(self->table));
	assert_memory_equal(&self->vmm, &before->vmm, sizeof(self->vmm));
	assert_memory_equal(self->pool, before->pool, sizeof(self->pool));
}

void test_manager_assert_same(const struct test_manager *self,
			      const struct test_manager_snapshot *before)
{
	test_manager_assert_undone(self, before);
	test_frames_assert_same(&self->frames, before->frames);
}

void test_manager_release(struct test_manager_snapshot *snapshot)
{
	test_frames_release(snapshot->frames);
	free(snapshot);
}
