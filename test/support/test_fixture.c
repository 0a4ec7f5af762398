/* SPDX-License-Identifier: MIT */
/* One table of any format on a source of frames. */

#include "test_fixture.h"

#include <string.h>

void test_fixture_init(struct test_fixture *self, const struct vmm_format *format,
		       size_t frame_count, const struct vmm_table_config *config)
{
	struct vmm_table_config with;

	memset(self, 0, sizeof(*self));
	memset(&with, 0, sizeof(with));
	if (config != NULL) {
		with = *config;
	}
	self->arch = test_arch_of(format);
	self->page = test_arch_reach(self->arch, 0);
	self->block = test_arch_reach(self->arch, 1);
	test_frames_init(&self->frames, format->geometry->page_shift, frame_count,
			 TEST_FIXTURE_FIRST);
	with.format = format;
	with.frames = &self->frames.frames;
	assert_int_equal(vmm_table_init(&self->table, &with), VMM_OK);
}

void test_fixture_fini(struct test_fixture *self)
{
	vmm_table_fini(&self->table);
	test_frames_fini(&self->frames);
}
