/* SPDX-License-Identifier: MIT */
/*
 * Every operation that takes frames, with the n-th one missing for each n: everything is bit for
 * bit as it was, frames are given back in the reverse order, as clean as they came, and the
 * source's own error comes through. The same with a source that hands out a frame that it must not.
 */
#include <string.h>

#include "test_formats.h"
#include "test_frames.h"

#define FRAME_COUNT 40
#define PHYSICAL    (UINT64_C(1) << 30)
#define USER_RUNS   vmm_attr(VMM_ATTR_USER | VMM_ATTR_WRITE | VMM_ATTR_CONTIG)
#define USER_PAGES  vmm_attr(VMM_ATTR_USER | VMM_ATTR_WRITE | VMM_ATTR_LEAF_MAX(0))

struct fixture {
	struct test_frames frames;
	/* Stands before the frames, to lie about the n-th of them. */
	struct vmm_frames liar;
	uint64_t lie_nth; /* 0: never */
	uint64_t lie;
	uint64_t lies_returned;
	struct vmm_table table;
	uint64_t base;   /* the first address */
	uint64_t page;
	uint64_t block;  /* the largest leaf */
	uint64_t middle; /* of one level less */
};

static struct fixture f;

/* What kind of table it is: all that planning looks at but the format. */
struct kind {
	const char *name;
	uint32_t flags; /* a format that doesn't know them has no such kind */
	enum vmm_half half;
	bool shares; /* the operations are in a part that others may join */
};

static const struct kind kinds[] = {
	{"plain", 0, VMM_LOWER_HALF, false},
	{"kept", VMM_TABLE_KEEP, VMM_LOWER_HALF, false},
	{"resized live", VMM_TABLE_RESIZE_LIVE, VMM_LOWER_HALF, false},
	{"upper half", 0, VMM_UPPER_HALF, false},
	{"shared", 0, VMM_LOWER_HALF, true},
};

#define KIND_COUNT (sizeof(kinds) / sizeof(kinds[0]))

static const struct kind *kind = &kinds[0];

static bool has_kind(const struct vmm_format *format)
{
	return (kind->flags & ~format->geometry->flags) == 0 &&
	       (kind->half == VMM_LOWER_HALF || !format->geometry->sign_extended);
}

/* --- a source that lies --- */

static enum vmm_err alloc_through(struct vmm_frames *self, vmm_pa_t *frame, bool *clean)
{
	(void)self;
	if (f.lie_nth != 0) {
		f.lie_nth--;
		if (f.lie_nth == 0) {
			*frame = vmm_pa(f.lie);
			*clean = false;
			return VMM_OK;
		}
	}
	return f.frames.frames.alloc(&f.frames.frames, frame, clean);
}

static void free_through(struct vmm_frames *self, vmm_pa_t frame, bool clean)
{
	(void)self;
	if (vmm_pa_raw(frame) == f.lie) {
		assert_false(clean);
		f.lies_returned++;
		return;
	}
	f.frames.frames.free(&f.frames.frames, frame, clean);
}

static void set_up(const struct vmm_format *format, enum test_frames_fill fill)
{
	struct vmm_table_config config;
	unsigned int top = format->geometry->leaf_level_max;

	memset(&f, 0, sizeof(f));
	memset(&config, 0, sizeof(config));
	f.page = test_formats_page(format);
	f.block = test_formats_leaf(format, top > 2 ? 2 : top);
	f.middle = test_formats_leaf(format, top > 2 ? 1 : top - 1);
	test_frames_init(&f.frames, format->geometry->page_shift, FRAME_COUNT, PHYSICAL);
	f.frames.fill = fill;
	f.liar = f.frames.frames;
	f.liar.alloc = alloc_through;
	f.liar.free = free_through;
	f.lie = UINT64_MAX;
	config.format = format;
	config.frames = &f.liar;
	config.pa_bits = 40;
	config.half = kind->half;
	config.flags = kind->flags | (test_formats_is_riscv(format) ? VMM_TABLE_SVNAPOT : 0);
	assert_int_equal(vmm_table_init(&f.table, &config), VMM_OK);
	f.base = vmm_va_raw(vmm_va_region_start(vmm_table_region(&f.table, kind->half)));
	if (kind->shares) {
		vmm_va_region_t part = VMM_VA_REGION_INIT(
			0, test_formats_leaf(format, f.table.root_level));

		/* All that the operations touch. */
		while (part.bytes.size < 4 * f.block) {
			part.bytes.size *= 2;
		}
		assert_int_equal(vmm_table_share(&f.table, part, NULL), VMM_OK);
	}
}

static void tear_down(void)
{
	vmm_table_fini(&f.table);
	test_frames_fini(&f.frames);
}

/* --- operations: what is there before, and the request --- */

struct operation {
	void (*prepare)(void);
	struct vmm_request (*request)(void);
	bool is_share; /* vmm_table_share() of the request's region */
};

static struct vmm_request request(enum vmm_op op, uint64_t va, uint64_t pa, uint64_t size,
				  vmm_attr_t attr)
{
	struct vmm_request made;

	memset(&made, 0, sizeof(made));
	made.op = op;
	made.va.bytes.start = f.base + va;
	made.va.bytes.size = size;
	made.pa = vmm_pa(pa);
	made.attr = attr;
	return made;
}

static enum vmm_err run(const struct operation *operation, struct vmm_detail *detail)
{
	struct vmm_request wanted = operation->request();

	if (operation->is_share) {
		return vmm_table_share(&f.table, wanted.va, detail);
	}
	switch (wanted.op) {
	case VMM_OP_MAP:
		return vmm_table_map(&f.table, wanted.va, wanted.pa, wanted.attr, detail);
	case VMM_OP_UNMAP:
		return vmm_table_unmap(&f.table, wanted.va, detail);
	default:
		return vmm_table_protect(&f.table, wanted.va, wanted.attr, detail);
	}
}

static void map(uint64_t va, uint64_t size, vmm_attr_t attr)
{
	vmm_va_region_t region = VMM_VA_REGION_INIT(f.base + va, size);

	assert_int_equal(vmm_table_map(&f.table, region, vmm_pa(va), attr, NULL), VMM_OK);
}

static void empty(void)
{
}

static void blocks(void)
{
	map(0, 3 * f.block, USER_RUNS);
}

static void pages_around(void)
{
	map(f.block - f.page, 2 * f.page, USER_RUNS);
}

static struct vmm_request map_page(void)
{
	return request(VMM_OP_MAP, f.block, 0, f.page, USER_RUNS);
}

static struct vmm_request map_ragged(void)
{
	return request(VMM_OP_MAP, f.block - f.page, f.block - f.page, f.block + 3 * f.page,
		       USER_RUNS);
}

static struct vmm_request map_all_sizes(void)
{
	uint64_t start = f.block - f.middle - f.page;

	return request(VMM_OP_MAP, start, start, 2 * f.block + 2 * f.middle, USER_RUNS);
}

static struct vmm_request map_pages(void)
{
	return request(VMM_OP_MAP, 2 * test_formats_leaf(f.table.format, 1) - f.page, 0,
		       test_formats_leaf(f.table.format, 1) + 2 * f.page, USER_PAGES);
}

static struct vmm_request map_beside(void)
{
	return request(VMM_OP_MAP, f.block + f.page, f.block + f.page, f.block, USER_RUNS);
}

static struct vmm_request unmap_page(void)
{
	return request(VMM_OP_UNMAP, f.block + f.middle + f.page, 0, f.page, USER_RUNS);
}

static struct vmm_request unmap_ends(void)
{
	return request(VMM_OP_UNMAP, f.block - f.page, 0, f.block + 2 * f.page, USER_RUNS);
}

static struct vmm_request unmap_within(void)
{
	return request(VMM_OP_UNMAP, f.block + f.page, 0, f.block - 2 * f.page, USER_RUNS);
}

static struct vmm_request protect_page(void)
{
	return request(VMM_OP_PROTECT, 2 * f.block - f.page, 0, f.page, VMM_USER_RO);
}

static struct vmm_request protect_ends(void)
{
	return request(VMM_OP_PROTECT, f.page, 0, 3 * f.block - 2 * f.page, VMM_USER_RO);
}

/* Two descriptors of the root, none of which has a table yet. */
static struct vmm_request share(void)
{
	unsigned int top = f.table.root_level;

	return request(VMM_OP_MAP, 0, 0, 2 * test_formats_leaf(f.table.format, top), USER_RUNS);
}

static const struct operation operations[] = {
	{empty, map_page, false},
	{empty, map_ragged, false},
	{empty, map_all_sizes, false},
	{empty, map_pages, false},
	{pages_around, map_beside, false},
	{blocks, unmap_page, false},
	{blocks, unmap_ends, false},
	{blocks, unmap_within, false},
	{blocks, protect_page, false},
	{blocks, protect_ends, false},
	{empty, share, true},
};

#define OPERATION_COUNT (sizeof(operations) / sizeof(operations[0]))

/* --- what must hold --- */

struct before {
	struct test_frames_snapshot *frames;
	struct vmm_table table;
	size_t mark;
};

static void save(struct before *before)
{
	before->frames = test_frames_save(&f.frames);
	before->table = f.table;
	before->mark = test_frames_mark(&f.frames);
}

static void assert_as_before(struct before *before)
{
	test_frames_assert_rolled_back(&f.frames, before->mark);
	test_frames_assert_same(&f.frames, before->frames);
	assert_memory_equal(&before->table, &f.table, sizeof(before->table));
	test_frames_release(before->frames);
}

/* The frames that an operation takes, found by letting it fail ever later. */
static uint64_t fail_each(const struct operation *operation, enum vmm_err err)
{
	uint64_t n;

	f.frames.fail_err = err;
	for (n = 1;; n++) {
		struct vmm_detail detail = {vmm_va(0), 7, 7};
		struct before before;
		enum vmm_err got;

		save(&before);
		test_frames_fail_nth(&f.frames, n);
		got = run(operation, &detail);
		test_frames_fail_nth(&f.frames, 0);
		if (got == VMM_OK) {
			test_frames_release(before.frames);
			break;
		}
		assert_int_equal(got, err);
		assert_int_equal(detail.level, -1);
		assert_int_equal(detail.descriptor, 0);
		assert_int_equal(vmm_va_raw(detail.va), operation->request().va.bytes.start);
		assert_as_before(&before);
	}
	return n - 1;
}

static void each_operation(const struct vmm_format *format, enum test_frames_fill fill,
			   enum vmm_err err)
{
	for (size_t i = 0; i < OPERATION_COUNT; i++) {
		struct vmm_request request;
		uint64_t need = 0;

		if (operations[i].is_share && kind->shares) {
			continue;
		}
		set_up(format, fill);
		operations[i].prepare();
		request = operations[i].request();
		if (!operations[i].is_share) {
			assert_int_equal(vmm_table_need(&f.table, &request, &need, NULL), VMM_OK);
			assert_in_range(need, 1, FRAME_COUNT);
			assert_int_equal(fail_each(&operations[i], err), need);
		} else {
			assert_int_equal(fail_each(&operations[i], err), 2);
		}
		tear_down();
	}
}

static void each_frame_missing_changes_nothing(const struct vmm_format *format)
{
	each_operation(format, TEST_FRAMES_DIRTY, VMM_ERR_NOMEM);
}

static void the_same_in_tables_of_every_kind(const struct vmm_format *format)
{
	for (size_t i = 1; i < KIND_COUNT; i++) {
		kind = &kinds[i];
		if (has_kind(format)) {
			print_message("# %s\n", kind->name);
			each_operation(format, TEST_FRAMES_DIRTY, VMM_ERR_NOMEM);
			each_operation(format, TEST_FRAMES_IN_TURN, VMM_ERR_NOMEM);
		}
	}
	kind = &kinds[0];
}

static void each_clean_frame_missing_changes_nothing(const struct vmm_format *format)
{
	each_operation(format, TEST_FRAMES_CLEAN, VMM_ERR_NOMEM);
	each_operation(format, TEST_FRAMES_IN_TURN, VMM_ERR_NOMEM);
}

static void the_sources_own_error_comes_through(const struct vmm_format *format)
{
	each_operation(format, TEST_FRAMES_IN_TURN, VMM_ERR_BUSY);
}

/* The n-th frame is a lie: refused, given back, and nothing has changed. */
static void each_frame_a_lie(const struct operation *operation, uint64_t lie)
{
	for (uint64_t n = 1;; n++) {
		struct before before;
		enum vmm_err err;

		save(&before);
		f.lie_nth = n;
		f.lie = lie;
		f.lies_returned = 0;
		err = run(operation, NULL);
		if (f.lie_nth != 0) {
			assert_int_equal(err, VMM_OK);
			test_frames_release(before.frames);
			f.lie_nth = 0;
			return;
		}
		assert_int_equal(err, VMM_ERR_PHYS);
		assert_int_equal(f.lies_returned, 1);
		assert_as_before(&before);
	}
}

static void each_frame_that_is_none_is_refused(const struct vmm_format *format)
{
	uint64_t page = test_formats_page(format);
	uint64_t lies[4];

	lies[0] = PHYSICAL + page / 2;
	lies[1] = PHYSICAL - page;
	lies[2] = PHYSICAL + FRAME_COUNT * page;
	lies[3] = UINT64_C(1) << 40;
	for (size_t i = 0; i < OPERATION_COUNT; i++) {
		for (unsigned int k = 0; k < 4; k++) {
			set_up(format, TEST_FRAMES_IN_TURN);
			operations[i].prepare();
			/* Even where the source claims the address, the CPU has none such. */
			f.liar.frame_count = k == 3 ? UINT64_C(1) << 40 : FRAME_COUNT;
			each_frame_a_lie(&operations[i], lies[k]);
			f.liar.frame_count = FRAME_COUNT;
			tear_down();
		}
	}
}

static void after_everything_failed_everything_still_works(const struct vmm_format *format)
{
	struct vmm_va_region_t all;

	set_up(format, TEST_FRAMES_IN_TURN);
	for (size_t i = 0; i < OPERATION_COUNT - 1; i++) {
		all = vmm_table_region(&f.table, VMM_LOWER_HALF);
		operations[i].prepare();
		(void)fail_each(&operations[i], VMM_ERR_NOMEM);
		assert_int_equal(vmm_table_unmap(&f.table, all, NULL), VMM_OK);
		assert_int_equal(f.frames.out_count, 1);
	}
	tear_down();
}

static void a_table_that_gets_no_root_is_none(const struct vmm_format *format)
{
	static const struct vmm_table zero;
	struct test_frames_snapshot *before;
	struct vmm_table_config config;
	struct vmm_table table = zero;

	set_up(format, TEST_FRAMES_DIRTY);
	memset(&config, 0, sizeof(config));
	config.format = format;
	config.frames = &f.liar;
	before = test_frames_save(&f.frames);
	test_frames_fail_nth(&f.frames, 1);
	assert_int_equal(vmm_table_init(&table, &config), VMM_ERR_NOMEM);
	assert_memory_equal(&table, &zero, sizeof(zero));
	test_frames_assert_same(&f.frames, before);
	test_frames_release(before);
	assert_int_equal(vmm_table_init(&table, &config), VMM_OK);
	vmm_table_fini(&table);
	tear_down();
}

int main(void)
{
	static const struct test_case cases[] = {
		TEST_CASE(each_frame_missing_changes_nothing, TEST_ALL),
		TEST_CASE(the_same_in_tables_of_every_kind, TEST_ALL),
		TEST_CASE(each_clean_frame_missing_changes_nothing, TEST_ALL),
		TEST_CASE(the_sources_own_error_comes_through, TEST_ALL),
		TEST_CASE(each_frame_that_is_none_is_refused, TEST_ALL),
		TEST_CASE(a_table_that_gets_no_root_is_none, TEST_ALL),
		TEST_CASE(after_everything_failed_everything_still_works, TEST_ALL),
	};

	return test_formats_run("oom", cases, sizeof(cases) / sizeof(cases[0]));
}
