/* SPDX-License-Identifier: MIT */
/*
 * vmm-inspect reads descriptors by the manual, the library by its codecs: where a codec accepts a
 * word, both must say the same; and what only the manual accepts is worked out here by hand.
 */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "decode.h"

#define ROUNDS 200000

static const char *const format_names[] = {"aarch64-4k", "aarch64-16k", "aarch64-64k",
					   "riscv-sv39", "riscv-sv48",  "riscv-sv57"};

static uint64_t state = 88172645463325252u;

static uint64_t random_word(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

/* Words of which many are descriptors: a few bits set at random places, or bits of a real one. */
static uint64_t random_descriptor(void)
{
	uint64_t word = random_word() & random_word();

	if ((random_word() & 1) != 0) {
		word &= random_word() & random_word();
	}
	if ((random_word() & 3) != 0) {
		word &= UINT64_C(0x0060fffffffff7ff);
	}
	return (random_word() & 3) == 0 ? word | 0x703 : word | 1;
}

static unsigned int rights_of(vmm_attr_t attr, bool riscv)
{
	bool user = vmm_attr_has(attr, VMM_ATTR_USER);
	bool write = vmm_attr_has(attr, VMM_ATTR_WRITE);
	unsigned int rights = 0;

	if (!user || !riscv) {
		rights |= RIGHT_KERNEL_READ | (write ? RIGHT_KERNEL_WRITE : 0);
	}
	if (user) {
		rights |= RIGHT_USER_READ | (write ? RIGHT_USER_WRITE : 0);
	}
	rights |= vmm_attr_exec(attr) == VMM_EXEC_KERNEL ? RIGHT_KERNEL_EXECUTE : 0;
	rights |= vmm_attr_exec(attr) == VMM_EXEC_USER ? RIGHT_USER_EXECUTE : 0;
	return rights;
}

static void compare_leaf(const struct decoder *decoder, uint64_t desc, unsigned int level,
			 const struct look *look)
{
	const struct vmm_codec *codec = decoder->format->codec;
	vmm_attr_t attr = codec->attr(&decoder->probe, desc, level);

	assert_int_equal(look->kind, LOOK_LEAF);
	assert_int_equal(look->mem, vmm_attr_mem(attr));
	assert_int_equal(look->global, vmm_attr_has(attr, VMM_ATTR_GLOBAL));
	assert_int_equal(look->contig, vmm_attr_has(attr, VMM_ATTR_CONTIG));
	assert_int_equal(look->software, (attr.bits & VMM_ATTR_SW_MASK) / VMM_ATTR_SW(1));
	assert_true(look->pa == codec->output(desc, level, 0));
	/* Execute-only leaves are readable in the library's words, which have no other. */
	if (look->why == NULL) {
		assert_int_equal(look->rights, rights_of(attr, decoder->format->riscv));
	}
}

static void compare(const struct decoder *decoder, uint64_t desc, unsigned int level,
		    unsigned int seen[4])
{
	const struct vmm_codec *codec = decoder->format->codec;
	enum vmm_kind kind = codec->kind(&decoder->probe, desc, level);
	struct look look;

	decode(decoder, desc, level, 0, &look);
	seen[look.kind]++;
	if (kind == VMM_KIND_TABLE) {
		assert_int_equal(look.kind, LOOK_TABLE);
		assert_true(look.pa == codec->next(desc));
		assert_null(look.why);
	} else if (kind == VMM_KIND_LEAF && codec->is_known(&decoder->probe, desc)) {
		compare_leaf(decoder, desc, level, &look);
	} else {
		/* What the codec refuses is damage, or is said to be foreign. */
		assert_non_null(look.why);
	}
}

static void the_library_and_the_tool_read_descriptors_alike(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(format_names) / sizeof(format_names[0]); i++) {
		const struct format *format = format_find(format_names[i]);
		unsigned int seen[4] = {0};
		struct decoder decoder;

		assert_non_null(format);
		decoder_init(&decoder, format);
		for (unsigned int round = 0; round < ROUNDS; round++) {
			compare(&decoder, random_descriptor(),
				(unsigned int)(random_word() % format->codec->geometry.level_count),
				seen);
		}
		assert_true(seen[LOOK_TABLE] > 100);
		assert_true(seen[LOOK_LEAF] > 100);
		assert_true(seen[LOOK_BAD] > 100);
	}
}

static struct look look_at(const char *name, uint64_t desc, unsigned int level, unsigned int below)
{
	struct decoder decoder;
	struct look look;

	decoder_init(&decoder, format_find(name));
	decode(&decoder, desc, level, below, &look);
	return look;
}

static void invalid_words_are_empty_whatever_they_hold(void **unused)
{
	struct look look = look_at("aarch64-4k", UINT64_C(0xfffffffffffffffe), 0, 0);

	(void)unused;
	assert_int_equal(look.kind, LOOK_EMPTY);
	assert_true(look.pa == 0);
}

/* Words of a kernel that uses what the library doesn't; values worked out from table D8-52. */
static void foreign_leaves_are_read_and_said_to_be_foreign(void **unused)
{
	/* A page with DBM, as Linux writes it: read-only until hardware notes a write. */
	struct look dbm = look_at("aarch64-4k", UINT64_C(0x00680000402108c7 | 0x400), 0, 0);
	/* No access flag. */
	struct look old = look_at("aarch64-4k", UINT64_C(0x0060000040210307), 0, 0);
	/* Execute-only for user programs: X and U without R. */
	struct look only = look_at("riscv-sv39", UINT64_C(0x20080000 | 0xd9), 0, 0);

	(void)unused;
	assert_int_equal(dbm.kind, LOOK_LEAF);
	assert_non_null(strstr(dbm.why, "DBM"));
	assert_int_equal(old.kind, LOOK_LEAF);
	assert_false(old.accessed);
	assert_non_null(old.why);
	assert_int_equal(only.rights, RIGHT_USER_EXECUTE);
	assert_non_null(strstr(only.why, "execute-only"));
}

static void table_descriptors_limit_what_is_below_them(void **unused)
{
	/* APTable[1:0], UXNTable and PXNTable all set (table D8-50). */
	struct look table = look_at("aarch64-4k", UINT64_C(0x7800000040211003), 1, 0);
	/* A page that would be the user's to read, write and execute. */
	uint64_t page = UINT64_C(0x0000000040210747);
	struct look free = look_at("aarch64-4k", page, 0, 0);
	struct look limited = look_at("aarch64-4k", page, 0, table.below);
	/* G in a table makes leaves global that are not so by themselves. */
	struct look global = look_at("riscv-sv39", UINT64_C(0x20080021), 1, 0);
	struct look leaf = look_at("riscv-sv39", UINT64_C(0x200800c7), 0, global.below);

	(void)unused;
	assert_int_equal(table.kind, LOOK_TABLE);
	assert_true(table.pa == 0x40211000);
	assert_int_equal(free.rights, RIGHT_KERNEL_READ | RIGHT_KERNEL_WRITE | RIGHT_USER_READ |
					      RIGHT_USER_WRITE | RIGHT_USER_EXECUTE);
	assert_int_equal(limited.rights, RIGHT_KERNEL_READ);
	assert_int_equal(global.kind, LOOK_TABLE);
	assert_true(leaf.global);
	assert_non_null(leaf.why);
}

static void mair_says_what_memory_is(void **unused)
{
	/* Attr0 to Attr7: values of the manual, "MAIR_EL1", and one that mixes. */
	static const struct {
		uint8_t mair;
		uint8_t mem;
	} bytes[] = {
		{0x00, VMM_MEM_DEV_NGNRNE}, {0x04, VMM_MEM_DEV_NGNRE}, {0x08, MEM_DEV_NGRE},
		{0x0c, VMM_MEM_DEV_GRE},    {0x44, VMM_MEM_NC},        {0xbb, VMM_MEM_WT},
		{0xff, VMM_MEM_WB},         {0x4f, MEM_OTHER},
	};
	struct decoder decoder;
	struct look look;

	(void)unused;
	decoder_init(&decoder, format_find("aarch64-4k"));
	for (unsigned int i = 0; i < 8; i++) {
		decoder.mair = (uint64_t)bytes[i].mair << 8 * i;
		decode(&decoder, UINT64_C(0x0060000040210703) | (uint64_t)i << 2, 0, 0, &look);
		assert_int_equal(look.mem, bytes[i].mem);
	}
}

static void writable_is_never_executable_with_wxn(void **unused)
{
	struct decoder decoder;
	struct look look;

	(void)unused;
	decoder_init(&decoder, format_find("aarch64-4k"));
	decode(&decoder, UINT64_C(0x0040000040210707), 0, 0, &look);
	assert_int_equal(look.rights,
			 RIGHT_KERNEL_READ | RIGHT_KERNEL_WRITE | RIGHT_KERNEL_EXECUTE);
	decoder.wxn = true;
	decode(&decoder, UINT64_C(0x0040000040210707), 0, 0, &look);
	assert_int_equal(look.rights, RIGHT_KERNEL_READ | RIGHT_KERNEL_WRITE);
}

static void words_say_it_all(void **unused)
{
	char words[WORDS_MAX];
	struct decoder decoder;
	struct look look;

	(void)unused;
	decoder_init(&decoder, format_find("aarch64-4k"));
	decode(&decoder, UINT64_C(0x0070000040210707), 0, 0, &look);
	assert_string_equal(decode_words(&decoder, UINT64_C(0x0070000040210707), 0, &look, words),
			    "page of 4 KiB, write-back, kernel rw-, global, in a run of 16, inner "
			    "shareable");
	decode(&decoder, UINT64_C(0x0070000040210701), 0, 0, &look);
	assert_string_equal(decode_words(&decoder, UINT64_C(0x0070000040210701), 0, &look, words),
			    "damaged: reserved: bit 1 is clear at the last level");
	decoder_init(&decoder, format_find("riscv-sv48"));
	decode(&decoder, UINT64_C(0x2000000020080017), 1, 0, &look);
	assert_string_equal(decode_words(&decoder, UINT64_C(0x2000000020080017), 1, &look, words),
			    "block of 2 MiB, not cacheable, kernel ---, user rw-, of one ASID, not "
			    "accessed, not dirty (foreign: A is clear)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_library_and_the_tool_read_descriptors_alike),
		cmocka_unit_test(invalid_words_are_empty_whatever_they_hold),
		cmocka_unit_test(foreign_leaves_are_read_and_said_to_be_foreign),
		cmocka_unit_test(table_descriptors_limit_what_is_below_them),
		cmocka_unit_test(mair_says_what_memory_is),
		cmocka_unit_test(writable_is_never_executable_with_wxn),
		cmocka_unit_test(words_say_it_all),
	};

	return cmocka_run_group_tests_name("inspect_decode", tests, NULL, NULL);
}
