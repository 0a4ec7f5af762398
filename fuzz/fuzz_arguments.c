/* SPDX-License-Identifier: MIT */
/*
 * Arguments of every value to the operations of a table and of its set-up. Which error comes of an
 * address, a size or a physical address is judged in 128-bit arithmetic; whatever is refused has to
 * leave tables and frames as they were.
 */
#include <string.h>

#include "fuzz.h"
#include "test_frames.h"
#include "test_reader.h"

#define FRAME_COUNT 20
#define STEPS       40

struct fixture {
	struct test_frames frames;
	struct vmm_table table;
	struct test_random *random;
};

static void set_up(struct fixture *self)
{
	struct test_random *random = self->random;
	struct vmm_table_config config;
	uint64_t kind = test_random_below(random, 4);

	memset(&config, 0, sizeof(config));
	memset(&self->table, 0, sizeof(self->table));
	config.format = fuzz_format(random);
	test_frames_init(&self->frames, config.format->geometry->page_shift, FRAME_COUNT,
			 UINT64_C(0x40000000));
	config.frames = &self->frames.frames;
	config.flags = (uint32_t)test_random_below(random, 128) & config.format->geometry->flags;
	if (kind > 0 && !config.format->geometry->sign_extended) {
		config.half = (enum vmm_half)test_random_below(random, 2);
		config.va_bits = (uint8_t)(25 + test_random_below(random, 24));
		config.pa_bits = (uint8_t)(32 + test_random_below(random, 17));
	}
	assert_int_equal(vmm_table_init(&self->table, &config), VMM_OK);
}

/* A set-up with anything in it has to succeed as judged, or leave the object zeroed. */
static void step_init(struct fixture *self)
{
	const struct vmm_geometry *geometry = self->table.format->geometry;
	struct test_random *random = self->random;
	static const struct vmm_table zero;
	struct vmm_table_config config;
	struct vmm_table table;
	bool is_legal;

	memset(&config, 0, sizeof(config));
	memset(&table, 0, sizeof(table));
	config.format = self->table.format;
	config.frames = &self->frames.frames;
	config.half = (enum vmm_half)test_random_below(random, 4);
	config.va_bits = (uint8_t)test_random_below(random, 256);
	config.pa_bits = (uint8_t)test_random_below(random, 256);
	config.asid_bits = (uint8_t)test_random_below(random, 20);
	config.asid = (uint16_t)fuzz_number(random);
	config.flags = (uint32_t)test_random_below(random, 256);
	is_legal = config.half < 2 || (config.half == VMM_BOTH_HALVES && geometry->sign_extended);
	is_legal = is_legal && !(config.half == VMM_UPPER_HALF && geometry->sign_extended);
	is_legal = is_legal && (config.va_bits == 0 || (config.va_bits >= geometry->va_bits_min &&
							config.va_bits <= geometry->va_bits_max));
	is_legal = is_legal && (config.pa_bits == 0 || (config.pa_bits > geometry->page_shift &&
							config.pa_bits <= geometry->pa_bits_max));
	is_legal = is_legal && config.asid_bits <= 16;
	is_legal = is_legal && (config.asid_bits == 0 || config.asid >> config.asid_bits == 0);
	is_legal = is_legal && (config.flags & ~geometry->flags) == 0;
	if (!is_legal) {
		assert_int_equal(vmm_table_init(&table, &config), VMM_ERR_UNSUPPORTED);
	} else {
		enum vmm_err err = vmm_table_init(&table, &config);

		/* The frames are above what few bits can name. */
		assert_true(err == VMM_OK || err == VMM_ERR_NOMEM ||
			    (err == VMM_ERR_PHYS && config.pa_bits != 0 && config.pa_bits < 32));
		vmm_table_fini(&table);
	}
	assert_memory_equal(&table, &zero, sizeof(table));
}

static uint64_t pick_start(struct fixture *self)
{
	struct test_random *random = self->random;
	uint64_t number = fuzz_number(random);

	/* Half of them in the table's half. */
	if (test_random_one_in(random, 2)) {
		number &= self->table.va_mask;
		number |= self->table.half == VMM_UPPER_HALF ? ~self->table.va_mask : 0;
	}
	if (!test_random_one_in(random, 8)) {
		number &= ~((UINT64_C(1) << self->table.format->geometry->page_shift) - 1);
	}
	return number;
}

static void expect(enum vmm_err found, enum vmm_err judged)
{
	static const enum vmm_err of_content[] = { VMM_OK, VMM_ERR_ATTR, VMM_ERR_WX, VMM_ERR_EXISTS,
						   VMM_ERR_NOENT, VMM_ERR_NOMEM };

	if (judged != VMM_OK) {
		assert_int_equal(found, judged);
		return;
	}
	for (size_t i = 0; i < sizeof(of_content) / sizeof(of_content[0]); i++) {
		if (found == of_content[i]) {
			return;
		}
	}
	fail_msg("an error that was not called for: %d", found);
}

static enum vmm_err run_request(struct fixture *self, const struct vmm_request *request)
{
	struct vmm_detail detail;

	switch (request->op) {
	case VMM_OP_MAP:
		return vmm_table_map(&self->table, request->va, request->pa, request->attr, &detail);
	case VMM_OP_UNMAP:
		return vmm_table_unmap(&self->table, request->va, &detail);
	case VMM_OP_PROTECT:
		break;
	}
	return vmm_table_protect(&self->table, request->va, request->attr, NULL);
}

static void step_request(struct fixture *self, enum vmm_op op)
{
	struct test_frames_snapshot *before = test_frames_save(&self->frames);
	size_t available = test_frames_available(&self->frames);
	struct vmm_table table = self->table;
	struct vmm_request request;
	uint64_t need = 77;
	enum vmm_err judged, needed, err;

	request.op = op;
	request.va.bytes.start = pick_start(self);
	request.va.bytes.size = fuzz_number(self->random);
	request.pa = vmm_pa(fuzz_number(self->random));
	request.attr = fuzz_attr(self->random);
	judged = fuzz_judge_region(&self->table, request.va.bytes.start, request.va.bytes.size);
	if (judged == VMM_OK && op == VMM_OP_MAP) {
		judged = fuzz_judge_output(&self->table, vmm_pa_raw(request.pa),
					   request.va.bytes.size);
	}
	needed = vmm_table_need(&self->table, &request, &need, NULL);
	expect(needed, judged);
	test_frames_assert_same(&self->frames, before);
	err = run_request(self, &request);
	if (needed != VMM_OK) {
		assert_int_equal(err, needed);
		assert_int_equal(need, 77);
	} else {
		assert_int_equal(err, need > available ? VMM_ERR_NOMEM : VMM_OK);
	}
	if (err != VMM_OK) {
		test_frames_assert_same(&self->frames, before);
		assert_memory_equal(&table, &self->table, sizeof(table));
	}
	test_frames_release(before);
}

static void step_look(struct fixture *self)
{
	uint64_t raw = fuzz_number(self->random);
	uint64_t page = UINT64_C(1) << self->table.format->geometry->page_shift;
	enum vmm_err judged = fuzz_judge_region(&self->table, raw & ~(page - 1), page);
	struct vmm_leaf leaf;
	vmm_pa_t pa = vmm_pa(1);
	enum vmm_err err = vmm_table_translate(&self->table, vmm_va(raw), &pa);

	assert_true(err == judged || (judged == VMM_OK && err == VMM_ERR_NOENT));
	assert_int_equal(vmm_table_query(&self->table, vmm_va(raw), &leaf), err);
	assert_int_equal(vmm_table_covers(&self->table, vmm_va(raw)), judged == VMM_OK);
	if (err == VMM_OK) {
		assert_true(raw - vmm_va_raw(leaf.va) < leaf.size);
		assert_int_equal(vmm_pa_raw(leaf.pa) + (raw - vmm_va_raw(leaf.va)), vmm_pa_raw(pa));
	} else {
		assert_int_equal(vmm_pa_raw(pa), 1);
	}
}

/* What is stored can be asked for, and is stored as it is. */
static void step_effective(struct fixture *self)
{
	vmm_attr_t attr = fuzz_attr(self->random);
	vmm_attr_t stored = vmm_attr(UINT32_MAX);
	vmm_attr_t again;
	enum vmm_err err = vmm_table_effective(&self->table, attr, &stored);

	if (err != VMM_OK) {
		assert_true(err == VMM_ERR_ATTR || err == VMM_ERR_WX);
		assert_int_equal(stored.bits, UINT32_MAX);
		return;
	}
	assert_int_equal(vmm_table_effective(&self->table, stored, &again), VMM_OK);
	assert_int_equal(again.bits, stored.bits);
	/* Never more than was asked for. */
	assert_int_equal(stored.bits & ~attr.bits & (VMM_ATTR_WRITE | VMM_ATTR_USER), 0);
	assert_true(vmm_attr_exec(stored) == vmm_attr_exec(attr));
}

static void step(struct fixture *self)
{
	switch (test_random_below(self->random, 9)) {
	case 0:
	case 1:
	case 2:
		step_request(self, VMM_OP_MAP);
		break;
	case 3:
		step_request(self, VMM_OP_UNMAP);
		break;
	case 4:
		step_request(self, VMM_OP_PROTECT);
		break;
	case 5:
		step_init(self);
		break;
	case 6:
		step_effective(self);
		break;
	default:
		step_look(self);
		break;
	}
}

int fuzz_one(const uint8_t *data, size_t size)
{
	static struct fixture fixture;
	struct fixture *self = &fixture;
	struct test_random random;
	bool keeps;

	test_random_from(&random, data, size);
	self->random = &random;
	set_up(self);
	keeps = (self->table.flags & VMM_TABLE_KEEP) != 0;
	for (unsigned int i = 0; i < STEPS && !test_random_is_done(&random); i++) {
		step(self);
	}
	test_reader_check(&self->table, &self->frames, keeps, NULL);
	vmm_table_fini(&self->table);
	test_frames_fini(&self->frames);
	return 0;
}
