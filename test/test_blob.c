/* SPDX-License-Identifier: MIT */
/* The blob: what is written is read again, and nothing that somebody else wrote does harm. */

#define _DEFAULT_SOURCE /* for MAP_ANONYMOUS */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <sys/mman.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <vmm/blob.h>

#include "test_random.h"

#define ROOM        1024
#define ENTRY_COUNT 4
#define HEAD_SIZE   72
#define ENTRY_SIZE  40

static const struct vmm_blob_entry entries[ENTRY_COUNT] = {
	{"code",
	 VMM_VA_REGION_INIT(0x10000, 0x4000),
	 VMM_PA_INIT(0x40010000),
	 {0x110},
	 VMM_MAPPING_PLAIN},
	{"stack", VMM_VA_REGION_INIT(0x14000, 0x1000), VMM_PA_INIT(0), {0}, VMM_MAPPING_GUARD},
	{"",
	 VMM_VA_REGION_INIT(0x20000, 0x100000),
	 VMM_PA_INIT(0x80000000),
	 {0x140},
	 VMM_MAPPING_LAZY},
	{"uart",
	 VMM_VA_REGION_INIT(0x40001000, 0x1000),
	 VMM_PA_INIT(0x9000000),
	 {0x144},
	 VMM_MAPPING_MMIO},
};

static const struct vmm_blob_head head = {
	.format = "AArch64 4 KiB",
	.half = VMM_LOWER_HALF,
	.va_bits = 48,
	.pa_bits = 40,
	.page_shift = 12,
	.flags = VMM_TABLE_KEEP,
	.root = VMM_PA_INIT(0x40020000),
	.borrowed = VMM_PA_REGION_INIT(0x40020000, 0x5000),
	.window = VMM_VA_REGION_INIT(0x40000000, 0x10000),
	.entry_count = ENTRY_COUNT,
};

static unsigned char good[ROOM];
static size_t good_size;

static int set_up(void **state)
{
	(void)state;
	good_size = vmm_blob_size(&head, entries);
	memset(good, 0xa5, sizeof(good));
	return vmm_blob_write(good, ROOM, &head, entries) == VMM_OK ? 0 : -1;
}

/* Room that ends where nothing may be read. */
static unsigned char *end_of_room(void)
{
	const size_t size = 1 << 16;
	static unsigned char *room;

	if (room == NULL) {
		room = mmap(NULL, 2 * size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			    0);
		assert_ptr_not_equal(room, MAP_FAILED);
		assert_int_equal(mprotect(room + size, size, PROT_NONE), 0);
	}
	return room + size;
}

/* Opens a copy that has no byte more than it should, so that no step beyond goes unseen. */
static enum vmm_err open_copy(const unsigned char *bytes, size_t size)
{
	unsigned char *copy = end_of_room() - size;
	struct vmm_blob blob;
	struct vmm_blob_entry entry;
	enum vmm_err err;
	size_t letters = 0;

	memcpy(copy, bytes, size);
	err = vmm_blob_open(&blob, copy, size);
	if (err == VMM_OK) {
		assert_true(blob.head.entry_count <= size / ENTRY_SIZE);
		letters += strlen(blob.head.format);
		for (uint32_t i = 0; i < blob.head.entry_count; i++) {
			vmm_blob_get(&blob, i, &entry);
			letters += strlen(entry.name);
		}
		assert_true(letters <= size * (blob.head.entry_count + 1u));
	}
	return err;
}

static enum vmm_err open_changed(size_t offset, uint64_t value, unsigned int size)
{
	unsigned char bytes[ROOM];

	memcpy(bytes, good, good_size);
	for (unsigned int i = 0; i < size; i++) {
		bytes[offset + i] = (unsigned char)(value >> 8 * i);
	}
	return open_copy(bytes, good_size);
}

static void what_is_written_is_read_again(void **state)
{
	struct vmm_blob blob;
	struct vmm_blob_entry entry;

	(void)state;
	assert_int_equal(vmm_blob_open(&blob, good, good_size), VMM_OK);
	assert_string_equal(blob.head.format, head.format);
	assert_int_equal(blob.head.half, head.half);
	assert_int_equal(blob.head.va_bits, head.va_bits);
	assert_int_equal(blob.head.pa_bits, head.pa_bits);
	assert_int_equal(blob.head.page_shift, head.page_shift);
	assert_int_equal(blob.head.flags, head.flags);
	assert_true(vmm_pa_equal(blob.head.root, head.root));
	assert_true(vmm_pa_region_equal(blob.head.borrowed, head.borrowed));
	assert_true(vmm_va_region_equal(blob.head.window, head.window));
	assert_int_equal(blob.head.entry_count, ENTRY_COUNT);
	for (uint32_t i = 0; i < ENTRY_COUNT; i++) {
		vmm_blob_get(&blob, i, &entry);
		assert_string_equal(entry.name, entries[i].name);
		assert_true(vmm_va_region_equal(entry.va, entries[i].va));
		assert_true(vmm_pa_equal(entry.pa, entries[i].pa));
		assert_int_equal(entry.attr.bits, entries[i].attr.bits);
		assert_int_equal(entry.kind, entries[i].kind);
	}
}

static void numbers_are_little_endian_wherever_it_is_written(void **state)
{
	static const unsigned char beginning[] = {
		'v', 'm', 'm', ' ', 'b', 'l', 'o', 'b', 1, 0, 0, 0,
	};
	static const unsigned char from_half_on[] = {
		0, 48, 40, 12, 0x10, 0, 0, 0, 0, 0, 0x02, 0x40, 0, 0, 0, 0,
	};

	(void)state;
	assert_memory_equal(good, beginning, sizeof(beginning));
	assert_memory_equal(&good[16], from_half_on, sizeof(from_half_on));
	assert_int_equal(good[64], ENTRY_COUNT);
	assert_int_equal(good[HEAD_SIZE + 2], 1); /* 0x10000 */
}

static void it_may_lie_at_any_address_and_in_more_room_than_it_takes(void **state)
{
	unsigned char bytes[ROOM + 1];
	struct vmm_blob blob;

	(void)state;
	memset(bytes, 0xff, sizeof(bytes));
	memcpy(&bytes[1], good, good_size);
	assert_int_equal(vmm_blob_open(&blob, &bytes[1], ROOM), VMM_OK);
	assert_int_equal(blob.head.entry_count, ENTRY_COUNT);
}

static void a_blob_without_entries_is_one(void **state)
{
	struct vmm_blob_head empty = head;
	unsigned char bytes[ROOM];
	struct vmm_blob blob;

	(void)state;
	empty.entry_count = 0;
	assert_int_equal(vmm_blob_write(bytes, ROOM, &empty, NULL), VMM_OK);
	assert_int_equal(vmm_blob_open(&blob, bytes, ROOM), VMM_OK);
	assert_int_equal(blob.head.entry_count, 0);
	/* Even without a letter. */
	empty.format = "";
	assert_int_equal(vmm_blob_write(bytes, ROOM, &empty, NULL), VMM_OK);
	assert_int_equal(vmm_blob_open(&blob, bytes, ROOM), VMM_OK);
	assert_string_equal(blob.head.format, "");
}

static void the_largest_and_smallest_sizes_of_addresses_are_accepted(void **state)
{
	struct vmm_blob_entry entry = { "all", VMM_VA_REGION_INIT(0, 2), VMM_PA_INIT(0), { 0 },
					VMM_MAPPING_GUARD };
	struct vmm_blob_head edge = head;
	unsigned char bytes[ROOM];

	(void)state;
	edge.page_shift = 1;
	edge.va_bits = 64;
	edge.pa_bits = 64;
	edge.entry_count = 1;
	assert_int_equal(vmm_blob_write(bytes, ROOM, &edge, &entry), VMM_OK);
	edge.page_shift = 63;
	edge.root = vmm_pa(0);
	edge.borrowed.bytes.start = 0;
	edge.borrowed.bytes.size = UINT64_C(1) << 63;
	edge.window = vmm_va_region_empty();
	entry.va.bytes.size = UINT64_C(1) << 63;
	assert_int_equal(vmm_blob_write(bytes, ROOM, &edge, &entry), VMM_OK);
	edge.va_bits = 63;
	assert_int_equal(vmm_blob_write(bytes, ROOM, &edge, &entry), VMM_ERR_CORRUPT);
}

static void room_that_nobody_wrote_to_is_empty(void **state)
{
	static const unsigned char zero[ROOM];
	struct vmm_blob blob;

	(void)state;
	assert_int_equal(vmm_blob_open(&blob, NULL, ROOM), VMM_ERR_EMPTY);
	assert_int_equal(vmm_blob_open(&blob, good, 0), VMM_ERR_EMPTY);
	assert_int_equal(vmm_blob_open(&blob, zero, ROOM), VMM_ERR_EMPTY);
}

static void too_little_room_writes_nothing(void **state)
{
	unsigned char bytes[ROOM];

	(void)state;
	memset(bytes, 0xa5, sizeof(bytes));
	assert_int_equal(vmm_blob_write(bytes, good_size - 1, &head, entries), VMM_ERR_NOSPACE);
	for (size_t i = 0; i < sizeof(bytes); i++) {
		assert_int_equal(bytes[i], 0xa5);
	}
	assert_int_equal(vmm_blob_write(bytes, good_size, &head, entries), VMM_OK);
}

static void a_failed_open_leaves_the_object_alone(void **state)
{
	struct vmm_blob blob;
	struct vmm_blob before;

	(void)state;
	memset(&blob, 0x5a, sizeof(blob));
	before = blob;
	assert_int_equal(vmm_blob_open(&blob, good, good_size - 1), VMM_ERR_CORRUPT);
	assert_memory_equal(&blob, &before, sizeof(blob));
}

static void another_magic_number_or_version_is_refused(void **state)
{
	(void)state;
	assert_int_equal(open_changed(0, 'V', 1), VMM_ERR_CORRUPT);
	assert_int_equal(open_changed(8, 2, 4), VMM_ERR_UNSUPPORTED);
	assert_int_equal(open_changed(8, 0, 4), VMM_ERR_UNSUPPORTED);
	assert_int_equal(open_changed(11, 1, 1), VMM_ERR_UNSUPPORTED);
}

/* Of all texts, each with its end. */
#define TEXT_SIZE                                                                       \
	(sizeof("AArch64 4 KiB") + sizeof("code") + sizeof("stack") + sizeof("") +     \
	 sizeof("uart"))

/* Offset, value, bytes: each makes one thing wrong. */
static const struct {
	const char *what;
	size_t offset;
	uint64_t value;
	unsigned int size;
} wrong[] = {
	{"size beyond the bytes", 12, ROOM, 4},
	{"size below the head", 12, HEAD_SIZE - 1, 4},
	{"size without any text", 12, HEAD_SIZE + ENTRY_COUNT * ENTRY_SIZE, 4},
	{"half", 16, 3, 1},
	{"no address bits", 17, 12, 1},
	{"too many address bits", 17, 65, 1},
	{"no physical bits", 18, 0, 1},
	{"no more physical bits than in a page", 18, 12, 1},
	{"one physical bit too many", 18, 65, 1},
	{"too many physical bits", 18, 255, 1},
	{"no page shift", 19, 0, 1},
	{"page shift beyond an address", 19, 64, 1},
	{"root misaligned", 24, 0x40020008, 8},
	{"root outside the frames", 24, 0x40025000, 8},
	{"frames misaligned", 40, 0x5001, 8},
	{"frames that wrap", 40, UINT64_C(0xffffffffbffe1000), 8},
	{"window misaligned", 48, 0x40000001, 8},
	{"window that wraps", 56, UINT64_C(0xfffffffffffff000), 8},
	{"window partly in an entry", 56, 0x1000, 8},
	{"entries beyond the bytes", 64, 0xffffffff, 4},
	{"one entry more, made of text", 64, ENTRY_COUNT + 1, 4},
	{"format's name beyond the end", 68, ROOM, 4},
	{"format's name at the end", 68, TEXT_SIZE, 4},
	{"two entries more than there is room for", 64, ENTRY_COUNT + 2, 4},
	{"entry misaligned", HEAD_SIZE, 0x10001, 8},
	{"entry of half a page more", HEAD_SIZE + 8, 0x3800, 8},
	{"entry empty", HEAD_SIZE + 8, 0, 8},
	{"entry overlaps the next", HEAD_SIZE + 8, 0x5000, 8},
	{"entry that wraps", HEAD_SIZE + 8, UINT64_C(0xfffffffffffff000), 8},
	{"entry that alone wraps", HEAD_SIZE + 2 * ENTRY_SIZE, UINT64_C(0xfffffffffffff000), 8},
	{"physical address misaligned", HEAD_SIZE + 16, 0x40010800, 8},
	{"physical memory that wraps", HEAD_SIZE + 16, UINT64_C(0xfffffffffffff000), 8},
	{"attribute unknown", HEAD_SIZE + 24, 0x8000, 4},
	{"kind unknown", HEAD_SIZE + 28, 4, 4},
	{"device outside the window", HEAD_SIZE + 28, VMM_MAPPING_MMIO, 4},
	{"other kind in the window", HEAD_SIZE + 3 * ENTRY_SIZE + 28, VMM_MAPPING_PLAIN, 4},
	{"name beyond the end", HEAD_SIZE + 32, ROOM, 4},
	{"name at the end", HEAD_SIZE + 32, TEXT_SIZE, 4},
	{"reserved word", HEAD_SIZE + 36, 1, 4},
	{"entries out of order", HEAD_SIZE + ENTRY_SIZE, 0x8000, 8},
};

static void each_thing_that_is_wrong_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		if (open_changed(wrong[i].offset, wrong[i].value, wrong[i].size) !=
		    VMM_ERR_CORRUPT) {
			fail_msg("accepted: %s", wrong[i].what);
		}
	}
}

static void a_text_without_an_end_is_refused(void **state)
{
	(void)state;
	assert_int_equal(open_changed(good_size - 1, 'x', 1), VMM_ERR_CORRUPT);
}

static void every_truncation_is_refused(void **state)
{
	(void)state;
	for (size_t size = 1; size < good_size; size++) {
		assert_int_equal(open_copy(good, size), VMM_ERR_CORRUPT);
	}
}

static void no_flipped_bit_leads_outside(void **state)
{
	unsigned char bytes[ROOM];

	(void)state;
	memcpy(bytes, good, good_size);
	for (size_t bit = 0; bit < good_size * 8; bit++) {
		bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
		(void)open_copy(bytes, good_size);
		bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
	}
}

static void no_garbage_leads_outside(void **state)
{
	unsigned char bytes[ROOM];
	struct test_random random;

	(void)state;
	test_random_init(&random, "no_garbage_leads_outside");
	for (unsigned int round = 0; round < 20000; round++) {
		memcpy(bytes, good, good_size);
		for (unsigned int i = 0; i < 8; i++) {
			bytes[16 + test_random_below(&random, good_size - 16)] =
				(unsigned char)test_random_below(&random, 256);
		}
		(void)open_copy(bytes, good_size);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read_again),
		cmocka_unit_test(numbers_are_little_endian_wherever_it_is_written),
		cmocka_unit_test(it_may_lie_at_any_address_and_in_more_room_than_it_takes),
		cmocka_unit_test(a_blob_without_entries_is_one),
		cmocka_unit_test(the_largest_and_smallest_sizes_of_addresses_are_accepted),
		cmocka_unit_test(room_that_nobody_wrote_to_is_empty),
		cmocka_unit_test(too_little_room_writes_nothing),
		cmocka_unit_test(a_failed_open_leaves_the_object_alone),
		cmocka_unit_test(another_magic_number_or_version_is_refused),
		cmocka_unit_test(each_thing_that_is_wrong_is_refused),
		cmocka_unit_test(a_text_without_an_end_is_refused),
		cmocka_unit_test(every_truncation_is_refused),
		cmocka_unit_test(no_flipped_bit_leads_outside),
		cmocka_unit_test(no_garbage_leads_outside),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
