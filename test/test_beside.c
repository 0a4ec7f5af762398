/* SPDX-License-Identifier: MIT */
/*
 * What a CPU can read of a descriptor while it is changed: the old word, the new one, and what is
 * between them by design. The host runs the library one instruction at a time and looks after each.
 */

#define _POSIX_C_SOURCE 200809L
#if defined(__x86_64__)
#include <x86intrin.h>
#endif
#include <signal.h>
#include <string.h>

#include "test_formats.h"
#include "test_frames.h"
#include "test_manager.h"

#define SEEN_MAX 16

static struct test_frames source;
static struct vmm_table table;

/* --- steps --- */

static const volatile uint64_t *watched;
static uint64_t seen[SEEN_MAX];
static volatile sig_atomic_t seen_count;
static volatile sig_atomic_t step_count;

static void step(int number)
{
	uint64_t word = *watched;

	(void)number;
	step_count = 1;
	if (seen_count < SEEN_MAX && (seen_count == 0 || seen[seen_count - 1] != word)) {
		seen[seen_count++] = word;
	}
}

#if defined(__x86_64__)

/* The trap flag: a signal after each instruction from here on, also of whoever called. */
static void trap(void)
{
	__writeeflags(__readeflags() | 0x100);
}

static void trap_end(void)
{
	__writeeflags(__readeflags() & ~0x100ull);
}

#else

static void trap(void)
{
}

static void trap_end(void)
{
}

#endif

/* Looks at a word from the next instruction on, or from the first publish on. */
static void watch(const uint64_t *word, bool is_at_once)
{
	struct sigaction action;

	memset(&action, 0, sizeof(action));
	action.sa_handler = step;
	assert_int_equal(sigaction(SIGTRAP, &action, NULL), 0);
	watched = word;
	seen[0] = *word;
	seen_count = 1;
	step_count = 0;
	if (is_at_once) {
		trap();
	}
}

static void tear_down(void)
{
	watched = NULL;
	vmm_table_fini(&table);
	test_frames_fini(&source);
}

static void watch_end(void)
{
	trap_end();
	/* Another CPU, or an emulator of this one without the flag. */
	if (step_count == 0) {
		tear_down();
		skip();
	}
}

/* Until then an operation stores to tables only that nobody can see yet. */
static void publish(const struct vmm_table *self)
{
	(void)self;
	if (watched != NULL) {
		trap();
	}
}

static void no_request(const struct vmm_table *self, const struct vmm_invalidation *request)
{
	(void)self;
	(void)request;
}

static void no_call(const struct vmm_table *self)
{
	(void)self;
}

static bool never(const struct vmm_table *self)
{
	(void)self;
	return false;
}

static const struct vmm_sync seam = {
	.publish = publish,
	.mapped = no_request,
	.invalidate = no_request,
	.complete = no_call,
	.is_active = never,
};

/* Fails unless exactly these words were seen, in this order. */
static void expect(const uint64_t *words, size_t count)
{
	for (size_t i = 0; i < (size_t)seen_count; i++) {
		if (i >= count || seen[i] != words[i]) {
			fail_msg("a CPU could have read %#llx",
				 (unsigned long long)seen[i]);
		}
	}
	assert_int_equal(seen_count, count);
}

/* --- tables --- */

static void set_up(const struct vmm_format *format)
{
	struct vmm_table_config config;

	memset(&config, 0, sizeof(config));
	memset(&table, 0, sizeof(table));
	test_frames_init(&source, format->geometry->page_shift, 24,
			 UINT64_C(1) << (format->geometry->page_shift + 6));
	config.format = format;
	config.frames = &source.frames;
	config.sync = &seam;
	watched = NULL;
	config.flags = test_formats_is_riscv(format) ? VMM_TABLE_SVNAPOT : 0;
	assert_int_equal(vmm_table_init(&table, &config), VMM_OK);
}

static uint64_t *slot_of(const struct vmm_format *format, uint64_t va, unsigned int level)
{
	const struct vmm_geometry *geometry = format->geometry;
	uint64_t pa = vmm_pa_raw(vmm_table_root(&table));

	for (unsigned int at = table.root_level;; at--) {
		uint64_t *words = vmm_frames_ptr(&source.frames, vmm_pa(pa));
		uint64_t *slot = &words[va >> (geometry->page_shift + at * geometry->index_bits) &
					((1u << geometry->index_bits) - 1)];

		if (at == level) {
			return slot;
		}
		pa = test_formats_is_riscv(format) ? (*slot >> 10) << 12
						   : *slot & UINT64_C(0xfffffffff000);
	}
}

static void map(vmm_va_region_t va, uint64_t pa, vmm_attr_t attr)
{
	watched = NULL;
	assert_int_equal(vmm_table_map(&table, va, vmm_pa(pa), attr, NULL), VMM_OK);
}

/* One page and rows of pages take different ways; the last one of a row is looked at, too. */
static void a_page_is_written_once(const struct vmm_format *format)
{
	static const uint64_t counts[] = {1, 2, 7};
	uint64_t page = test_formats_page(format);

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		vmm_va_region_t pages = test_va_region(0, counts[i] * page);
		uint64_t words[3] = {0, 0, 0};
		enum vmm_err err;
		uint64_t *slot;

		set_up(format);
		/* The table is there before, so that walkers read it. */
		map(test_va_region(16 * page, page), page, VMM_USER_RW);
		slot = slot_of(format, (counts[i] - 1) * page, 0);
		watch(slot, true);
		err = vmm_table_map(&table, pages, vmm_pa(page), VMM_USER_RW, NULL);
		watch_end();
		assert_int_equal(err, VMM_OK);
		words[1] = *slot;
		expect(words, 2);
		watch(slot, true);
		err = vmm_table_protect(&table, pages, VMM_USER_RO, NULL);
		watch_end();
		assert_int_equal(err, VMM_OK);
		words[2] = *slot;
		expect(&words[1], 2);
		watch(slot, true);
		err = vmm_table_unmap(&table, pages, NULL);
		watch_end();
		assert_int_equal(err, VMM_OK);
		words[0] = words[2];
		words[1] = 0;
		expect(words, 2);
		tear_down();
	}
}

static void a_table_is_linked_once(const struct vmm_format *format)
{
	uint64_t page = test_formats_page(format);
	uint64_t words[2] = {0, 0};
	enum vmm_err err;
	uint64_t *slot;

	set_up(format);
	slot = slot_of(format, 0, table.root_level);
	watch(slot, false);
	err = vmm_table_map(&table, test_va_region(page, 3 * page), vmm_pa(page), VMM_USER_RW, NULL);
	watch_end();
	assert_int_equal(err, VMM_OK);
	words[1] = *slot;
	expect(words, 2);
	tear_down();
}

/* The block, then the link; where the CPU wants a break, the link without its valid bit between. */
static void a_cut_block_becomes_its_link(const struct vmm_format *format)
{
	uint64_t leaf = test_formats_leaf(format, 1);
	uint64_t page = test_formats_page(format);
	bool is_riscv = test_formats_is_riscv(format);
	uint64_t words[3];
	enum vmm_err err;
	uint64_t *slot;

	set_up(format);
	map(test_va_region(leaf, 2 * leaf), leaf, VMM_KERNEL_RW);
	slot = slot_of(format, leaf, 1);
	words[0] = *slot;
	watch(slot, false);
	err = vmm_table_unmap(&table, test_va_region(leaf, page), NULL);
	watch_end();
	assert_int_equal(err, VMM_OK);
	words[1] = is_riscv ? *slot : *slot & ~UINT64_C(1);
	words[2] = *slot;
	expect(words, is_riscv ? 2 : 3);
	tear_down();
}

int main(void)
{
	static const struct test_case cases[] = {
		TEST_CASE(a_page_is_written_once, TEST_ALL),
		TEST_CASE(a_table_is_linked_once, TEST_ALL),
		TEST_CASE(a_cut_block_becomes_its_link, TEST_ALL),
	};

	return test_formats_run("beside", cases, sizeof(cases) / sizeof(cases[0]));
}
