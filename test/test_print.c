/* SPDX-License-Identifier: MIT */
/* What is printed for people, byte by byte: the record, and faults explained. */

#include "support/test_manager.h"

#include <string.h>

#include <vmm/aarch64.h>
#include <vmm/fault.h>
#include <vmm/riscv.h>

#define KIB(n) (UINT64_C(n) << 10)
#define MIB(n) (UINT64_C(n) << 20)
#define GIB(n) (UINT64_C(n) << 30)

static struct test_manager manager;

static void start(struct test_manager *self, const struct vmm_format *format, uint32_t flags)
{
	struct test_manager_config config = {
		.format = format,
		.flags = flags,
		.window = VMM_VA_REGION_INIT(GIB(2), MIB(16)),
	};

	test_manager_init(self, &config);
}

static int set_up(void **state)
{
	start(&manager, &vmm_aarch64_4k, 0);
	*state = &manager;
	return 0;
}

static int set_up_64k(void **state)
{
	struct test_manager_config config = {
		.format = &vmm_aarch64_64k,
		.window = VMM_VA_REGION_INIT(0xf0000, MIB(1)),
	};

	test_manager_init(&manager, &config);
	*state = &manager;
	return 0;
}

static int tear_down(void **state)
{
	test_manager_fini(*state);
	return 0;
}

static void map(struct test_manager *self, const char *name, uint64_t va, uint64_t pa,
		uint64_t size, vmm_attr_t attr)
{
	assert_int_equal(vmm_map_at(&self->vmm, name, test_va_region(va, size), vmm_pa(pa), attr,
				    NULL), VMM_OK);
}

static void assert_prints(struct test_manager *self, const char *expected)
{
	test_text_init(&self->text);
	vmm_print(&self->vmm, &self->text.out);
	assert_string_equal(self->text.text, expected);
}

#define RULE                                                                                   \
	"      ---------------------------------------------------------------------------------" \
	"----------------------------\n"
#define HEAD                                                                                  \
	RULE "                        Virtual                                   Physical       " \
	"        Size       Attr     Entity\n" RULE

static void the_table_is_that_of_the_first_seed(void **state)
{
	struct test_manager *self = *state;
	vmm_va_t va;

	map(self, "Kernel code and RO data", 0x80000, 0x80000, KIB(64), VMM_KERNEL_RX);
	map(self, "Kernel data", 0x90000, 0x90000, KIB(64), VMM_KERNEL_RW);
	assert_int_equal(vmm_map_mmio(&self->vmm, "BCM PL011 UART", vmm_pa(0x3f201000), 0x48, &va,
				      NULL), VMM_OK);
	assert_int_equal(vmm_va_raw(va), 0xf1000);
	assert_int_equal(vmm_map_mmio(&self->vmm, "BCM GPIO", vmm_pa(0x3f200000), 0xa0, &va, NULL),
			 VMM_OK);
	assert_prints(self, HEAD
		"      0x0000_0000_0008_0000..0x0000_0000_0008_ffff --> "
		"0x00_0008_0000..0x00_0008_ffff |  64 KiB | C   RO X  | Kernel code and RO data\n"
		"      0x0000_0000_0009_0000..0x0000_0000_0009_ffff --> "
		"0x00_0009_0000..0x00_0009_ffff |  64 KiB | C   RW XN | Kernel data\n"
		"      0x0000_0000_000f_0000..0x0000_0000_000f_ffff --> "
		"0x00_3f20_0000..0x00_3f20_ffff |  64 KiB | Dev RW XN | BCM PL011 UART\n"
		"                                                      "
		"                                                      | BCM GPIO\n" RULE);
}

static void an_empty_record_is_a_head_without_lines(void **state)
{
	assert_prints(*state, HEAD RULE);
}

static void every_memory_type_has_its_word(void **state)
{
	struct test_manager *self = *state;
	static const uint8_t mems[] = { VMM_MEM_WB, VMM_MEM_WT, VMM_MEM_NC, VMM_MEM_DEV_NGNRNE,
					VMM_MEM_DEV_NGNRE, VMM_MEM_DEV_GRE };

	for (size_t i = 0; i < sizeof(mems); i++) {
		map(self, "", MIB(1) * i, 0, KIB(4), vmm_attr(VMM_ATTR_MEM(mems[i])));
	}
	assert_prints(self, HEAD
		"      0x0000_0000_0000_0000..0x0000_0000_0000_0fff --> "
		"0x00_0000_0000..0x00_0000_0fff |   4 KiB | C   RO XN | \n"
		"      0x0000_0000_0010_0000..0x0000_0000_0010_0fff --> "
		"0x00_0000_0000..0x00_0000_0fff |   4 KiB | WT  RO XN | \n"
		"      0x0000_0000_0020_0000..0x0000_0000_0020_0fff --> "
		"0x00_0000_0000..0x00_0000_0fff |   4 KiB | NC  RO XN | \n"
		"      0x0000_0000_0030_0000..0x0000_0000_0030_0fff --> "
		"0x00_0000_0000..0x00_0000_0fff |   4 KiB | Dev RO XN | \n"
		"      0x0000_0000_0040_0000..0x0000_0000_0040_0fff --> "
		"0x00_0000_0000..0x00_0000_0fff |   4 KiB | Dev RO XN | \n"
		"      0x0000_0000_0050_0000..0x0000_0000_0050_0fff --> "
		"0x00_0000_0000..0x00_0000_0fff |   4 KiB | Dev RO XN | \n" RULE);
}

static void where_the_platform_decides_it_says_so(void **state)
{
	struct test_manager self;
	vmm_va_t va;

	(void)state;
	start(&self, &vmm_riscv_sv39, 0);
	assert_int_equal(vmm_map_mmio(&self.vmm, "uart", vmm_pa(0x10000000), 1, &va, NULL), VMM_OK);
	assert_prints(&self, HEAD
		"      0x0000_0000_8000_0000..0x0000_0000_8000_0fff --> "
		"0x00_1000_0000..0x00_1000_0fff |   4 KiB | PMA RW XN | uart\n" RULE);
	test_manager_fini(&self);
}

static void user_memory_widens_the_column(void **state)
{
	struct test_manager *self = *state;

	map(self, "program", MIB(1), MIB(3), MIB(1), VMM_USER_RX);
	map(self, "kernel", MIB(4), MIB(4), KIB(8), VMM_KERNEL_RX);
	assert_prints(self,
		"      ---------------------------------------------------------------------------"
		"------------------------------------\n"
		"                        Virtual                                   Physical       "
		"        Size       Attr       Entity\n"
		"      ---------------------------------------------------------------------------"
		"------------------------------------\n"
		"      0x0000_0000_0010_0000..0x0000_0000_001f_ffff --> "
		"0x00_0030_0000..0x00_003f_ffff |   1 MiB | C   RO XU U | program\n"
		"      0x0000_0000_0040_0000..0x0000_0000_0040_1fff --> "
		"0x00_0040_0000..0x00_0040_1fff |   8 KiB | C   RO X    | kernel\n"
		"      ---------------------------------------------------------------------------"
		"------------------------------------\n");
}

/* The text of the line that ends so, but for its end, is as wide as that of the first line. */
static void further_users_stand_below_the_first_beside_user_memory(void **state)
{
	struct test_manager *self = *state;
	const char *first;
	const char *second;
	vmm_va_t va;

	map(self, "program", MIB(1), MIB(3), MIB(1), VMM_USER_RX);
	assert_int_equal(vmm_map_mmio(&self->vmm, "a", vmm_pa(0x9000000), 1, &va, NULL), VMM_OK);
	assert_int_equal(vmm_map_mmio(&self->vmm, "b", vmm_pa(0x9000000), 1, &va, NULL), VMM_OK);
	test_text_init(&self->text);
	vmm_print(&self->vmm, &self->text.out);
	first = strstr(self->text.text, " | a\n");
	second = strstr(self->text.text, " | b\n");
	assert_non_null(first);
	assert_non_null(second);
	assert_int_equal(second - strchr(first, '\n') - 1, 109);
	while (first > self->text.text && first[-1] != '\n') {
		first--;
	}
	assert_int_equal(strstr(first, " | a\n") - first, 109);
}

static void a_memory_type_that_there_is_not_is_a_question_mark(void **state)
{
	struct test_manager *self = *state;

	map(self, "x", MIB(1), MIB(3), MIB(1), VMM_KERNEL_RW);
	for (uint32_t mem = VMM_MEM_PLATFORM + 1; mem < 16; mem++) {
		self->pool[0].stored = vmm_attr(VMM_ATTR_MEM(mem));
		test_text_init(&self->text);
		vmm_print(&self->vmm, &self->text.out);
		assert_non_null(strstr(self->text.text, "| ?   RO XN | x\n"));
	}
	self->pool[0].stored = VMM_KERNEL_RW;
}

static void long_physical_addresses_widen_the_column(void **state)
{
	struct test_manager *self = *state;
	vmm_va_t va;

	map(self, "far", MIB(2), UINT64_C(1) << 40, KIB(4), VMM_KERNEL_RW);
	assert_int_equal(vmm_map_mmio(&self->vmm, "a", vmm_pa(0x9000000), 1, &va, NULL), VMM_OK);
	assert_int_equal(vmm_map_mmio(&self->vmm, "b", vmm_pa(0x9000000), 1, &va, NULL), VMM_OK);
	assert_prints(self,
		"      ---------------------------------------------------------------------------"
		"--------------------------------------\n"
		"                        Virtual                                     Physical     "
		"            Size       Attr     Entity\n"
		"      ---------------------------------------------------------------------------"
		"--------------------------------------\n"
		"      0x0000_0000_0020_0000..0x0000_0000_0020_0fff --> "
		"0x0100_0000_0000..0x0100_0000_0fff |   4 KiB | C   RW XN | far\n"
		"      0x0000_0000_8000_0000..0x0000_0000_8000_0fff --> "
		"0x0000_0900_0000..0x0000_0900_0fff |   4 KiB | Dev RW XN | a\n"
		"                                                        "
		"                                                        | b\n"
		"      ---------------------------------------------------------------------------"
		"--------------------------------------\n");
}

static void guards_have_no_access_and_no_physical_address(void **state)
{
	struct test_manager *self = *state;

	assert_int_equal(vmm_guard_at(&self->vmm, "Boot stack", test_va_region(MIB(1), KIB(4)),
				      NULL), VMM_OK);
	assert_prints(self, HEAD
		"      0x0000_0000_0010_0000..0x0000_0000_0010_0fff     "
		"                               |   4 KiB | no access | Boot stack\n" RULE);
}

static void sizes_are_in_the_largest_unit_that_is_exact(void **state)
{
	struct test_manager *self = *state;
	static const struct {
		uint64_t size;
		const char *text;
	} cases[] = {
		{ KIB(4), "|   4 KiB |" },      { KIB(1020), "|1020 KiB |" },
		{ MIB(1), "|   1 MiB |" },      { MIB(1) + KIB(4), "|1028 KiB |" },
		{ KIB(9996), "|9996 KiB |" },   { KIB(10000), "|  10 MiB |" },
		{ MIB(1023), "|1023 MiB |" },   { GIB(1), "|   1 GiB |" },
		{ GIB(512), "| 512 GiB |" },    { GIB(1) + MIB(1), "|1025 MiB |" },
		{ GIB(12) + KIB(4), "|  13 GiB |" }, { GIB(2048), "|   2 TiB |" },
		{ GIB(16384), "|  16 TiB |" },  { MIB(9999), "|9999 MiB |" },
		{ MIB(10000), "|  10 GiB |" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		map(self, "x", GIB(4), 0, cases[i].size, VMM_KERNEL_RW);
		test_text_init(&self->text);
		vmm_print(&self->vmm, &self->text.out);
		assert_non_null(strstr(self->text.text, cases[i].text));
		assert_int_equal(vmm_unmap(&self->vmm, vmm_va(GIB(4)), NULL), VMM_OK);
	}
}

static void a_line_is_one_piece_and_a_long_name_comes_in_several(void **state)
{
	struct test_manager *self = *state;
	char name[400];

	map(self, "short", MIB(1), 0, KIB(4), VMM_KERNEL_RW);
	test_text_init(&self->text);
	vmm_print(&self->vmm, &self->text.out);
	assert_int_equal(self->text.piece_count, 5);
	memset(name, 'n', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	map(self, name, MIB(2), 0, KIB(4), VMM_KERNEL_RW);
	test_text_init(&self->text);
	vmm_print(&self->vmm, &self->text.out);
	assert_non_null(strstr(self->text.text, name));
	assert_true(self->text.piece_count > 7);
}

static struct test_text characters;

static void put(char c)
{
	characters.out.write(&characters.out, &c, 1);
}

static void characters_are_the_same_text(void **state)
{
	struct test_manager *self = *state;

	map(self, "x", MIB(1), 0, KIB(4), VMM_KERNEL_RW);
	test_text_init(&characters);
	vmm_print_chars(&self->vmm, put);
	assert_prints(self, characters.text);
}

/* --- faults --- */

static void assert_explains(struct test_manager *self, const struct vmm_fault *fault,
			    const char *expected)
{
	test_text_init(&self->text);
	vmm_explain(&self->vmm, fault, &self->text.out);
	assert_string_equal(self->text.text, expected);
}

static struct vmm_fault fault_at(enum vmm_fault_kind kind, enum vmm_fault_access access,
				 uint64_t va)
{
	struct vmm_fault fault = { .kind = kind,
				   .access = access,
				   .has_va = true,
				   .has_level = kind != VMM_FAULT_PAGE,
				   .level = 3,
				   .va = vmm_va(va) };

	if (!fault.has_level) {
		fault.level = 0;
	}
	return fault;
}

static void refused_access_says_what_the_memory_is(void **state)
{
	struct test_manager *self = *state;
	struct vmm_fault fault = fault_at(VMM_FAULT_PERMISSION, VMM_FAULT_WRITE, MIB(1) + 0x40);

	map(self, "Kernel code", MIB(1), 0, KIB(64), VMM_KERNEL_RX);
	map(self, "Kernel data", MIB(2), MIB(2), KIB(64), VMM_KERNEL_RW);
	map(self, "program", MIB(3), MIB(3), KIB(64), VMM_USER_RX);
	assert_explains(self, &fault,
		"write to 0x0000_0000_0010_0040: permission fault at level 3 (read-only) in "
		"'Kernel code', 0x40 bytes in\n");
	fault.user = true;
	assert_explains(self, &fault,
		"user write to 0x0000_0000_0010_0040: permission fault at level 3 (the kernel's) "
		"in 'Kernel code', 0x40 bytes in\n");
	fault = fault_at(VMM_FAULT_PERMISSION, VMM_FAULT_EXECUTE, MIB(2));
	assert_explains(self, &fault,
		"execute at 0x0000_0000_0020_0000: permission fault at level 3 (not executable) "
		"in 'Kernel data', 0x0 bytes in\n");
	fault = fault_at(VMM_FAULT_PERMISSION, VMM_FAULT_EXECUTE, MIB(3));
	assert_explains(self, &fault,
		"execute at 0x0000_0000_0030_0000: permission fault at level 3 (executable for "
		"user programs only) in 'program', 0x0 bytes in\n");
	fault = fault_at(VMM_FAULT_PERMISSION, VMM_FAULT_READ, MIB(3) + 8);
	assert_explains(self, &fault,
		"read from 0x0000_0000_0030_0008: permission fault at level 3 (user programs') in "
		"'program', 0x8 bytes in\n");
	fault = fault_at(VMM_FAULT_PAGE, VMM_FAULT_READ, MIB(1));
	assert_explains(self, &fault,
		"read from 0x0000_0000_0010_0000: page fault (the tables allow it now) in "
		"'Kernel code', 0x0 bytes in\n");
	fault = fault_at(VMM_FAULT_TRANSLATION, VMM_FAULT_WRITE, MIB(1));
	assert_explains(self, &fault,
		"write to 0x0000_0000_0010_0000: translation fault at level 3 (the tables map it "
		"now) in 'Kernel code', 0x0 bytes in\n");
}

static void a_fault_in_a_guard_names_what_it_guards(void **state)
{
	struct test_manager *self = *state;
	struct vmm_place place = { .guards = { 1, 0 }, .window = VMM_VA_REGION_INIT(MIB(8),
										      MIB(1)) };
	struct vmm_fault fault = fault_at(VMM_FAULT_TRANSLATION, VMM_FAULT_WRITE, MIB(1) + 0xff8);
	vmm_va_t va;

	assert_int_equal(vmm_guard_at(&self->vmm, "Boot stack", test_va_region(MIB(1), KIB(4)),
				      NULL), VMM_OK);
	assert_explains(self, &fault,
		"write to 0x0000_0000_0010_0ff8: translation fault at level 3 in the guard page "
		"of 'Boot stack'\n");
	assert_int_equal(vmm_map_any(&self->vmm, "IRQ stack", test_pa_region(MIB(64), KIB(16)),
				     VMM_KERNEL_RW, &place, &va, NULL), VMM_OK);
	fault = fault_at(VMM_FAULT_PAGE, VMM_FAULT_WRITE, vmm_va_raw(va) - 8);
	assert_explains(self, &fault,
		"write to 0x0000_0000_0080_0ff8: page fault in the guard page of 'IRQ stack'\n");
}

static void a_fault_beside_everything_names_the_neighbors(void **state)
{
	struct test_manager *self = *state;
	struct vmm_fault fault = fault_at(VMM_FAULT_TRANSLATION, VMM_FAULT_READ, MIB(2));
	vmm_va_t va;

	assert_explains(self, &fault,
		"read from 0x0000_0000_0020_0000: translation fault at level 3: nothing is mapped; "
		"nearest above: the MMIO window, 0x7fe00000 bytes on\n");
	map(self, "low", MIB(1), 0, KIB(64), VMM_KERNEL_RX);
	map(self, "high", MIB(4), MIB(2), KIB(64), VMM_KERNEL_RW);
	assert_explains(self, &fault,
		"read from 0x0000_0000_0020_0000: translation fault at level 3: nothing is mapped; "
		"nearest below: 'low', 0xf0001 bytes back; nearest above: 'high', 0x200000 bytes "
		"on\n");
	assert_int_equal(vmm_map_mmio(&self->vmm, "uart", vmm_pa(0x9000000), 1, &va, NULL), VMM_OK);
	fault.va = vmm_va(vmm_va_raw(va) + KIB(8));
	assert_explains(self, &fault,
		"read from 0x0000_0000_8000_2000: translation fault at level 3: nothing is mapped; "
		"nearest below: 'uart', 0x1001 bytes back\n");
	fault.va = vmm_va(UINT64_C(1) << 47);
	fault.level = 0;
	assert_explains(self, &fault,
		"read from 0x0000_8000_0000_0000: translation fault at level 0: nothing is mapped; "
		"nearest below: the MMIO window, 0x7fff7f000001 bytes back\n");
	fault.va = vmm_va(0 - GIB(1));
	fault.level = -1;
	assert_explains(self, &fault,
		"read from 0xffff_ffff_c000_0000: translation fault at level -1 (not in this table)"
		", outside the addresses managed\n");
}

static void tables_that_say_otherwise_are_mentioned(void **state)
{
	struct test_manager *self = *state;
	struct vmm_fault fault = fault_at(VMM_FAULT_PERMISSION, VMM_FAULT_WRITE, MIB(1));

	assert_int_equal(vmm_table_map(&self->table, test_va_region(MIB(1), KIB(4)), vmm_pa(0),
				       VMM_KERNEL_RO, NULL), VMM_OK);
	assert_explains(self, &fault,
		"write to 0x0000_0000_0010_0000: permission fault at level 3 (read-only), mapped "
		"but not recorded\n");
	map(self, "gone", MIB(2), 0, KIB(4), VMM_KERNEL_RO);
	assert_int_equal(vmm_table_unmap(&self->table, test_va_region(MIB(2), KIB(4)), NULL),
			 VMM_OK);
	fault.va = vmm_va(MIB(2) + 1);
	assert_explains(self, &fault,
		"write to 0x0000_0000_0020_0001: permission fault at level 3 (not mapped now) in "
		"'gone', 0x1 bytes in, which is recorded, but not mapped\n");
	assert_int_equal(vmm_lazy_at(&self->vmm, "direct", test_va_region(GIB(8), GIB(1)),
				     vmm_pa(0), VMM_KERNEL_RW, NULL), VMM_OK);
	fault = fault_at(VMM_FAULT_TRANSLATION, VMM_FAULT_READ, GIB(8) + 16);
	assert_explains(self, &fault,
		"read from 0x0000_0002_0000_0010: translation fault at level 3 in 'direct', 0x10 "
		"bytes in, which is not mapped yet\n");
}

static void faults_that_are_not_about_tables_are_named(void **state)
{
	struct test_manager *self = *state;
	struct vmm_fault fault = { .kind = VMM_FAULT_EXTERNAL, .access = VMM_FAULT_READ,
				   .on_walk = true };

	assert_explains(self, &fault, "read: external abort on a walk of the tables\n");
	map(self, "uart", MIB(1), 0x9000000, KIB(4), VMM_DEVICE);
	fault = fault_at(VMM_FAULT_ALIGNMENT, VMM_FAULT_WRITE, MIB(1) + 3);
	fault.has_level = false;
	assert_explains(self, &fault,
		"write to 0x0000_0000_0010_0003: alignment fault in 'uart', 0x3 bytes in\n");
	fault = fault_at(VMM_FAULT_OTHER, VMM_FAULT_READ, 0);
	fault.raw = 0x56000000;
	assert_explains(self, &fault, "not a memory fault: cause 0x56000000\n");
	fault = fault_at(VMM_FAULT_TRANSLATION, VMM_FAULT_MAINTENANCE, 16);
	test_text_init(&self->text);
	vmm_explain(NULL, &fault, &self->text.out);
	assert_string_equal(self->text.text, "maintenance at 0x0000_0000_0000_0010: translation "
					     "fault at level 3\n");
}

/* Nobody checks physical addresses of what isn't mapped yet. */
static void the_widest_address_and_the_largest_size_have_room(void **state)
{
	struct test_manager_config setup = { .format = &vmm_riscv_sv57 };
	struct test_manager *self = *state;
	struct vmm_fault fault = { .kind = VMM_FAULT_OTHER, .raw = UINT64_MAX };

	test_manager_fini(self);
	test_manager_init(self, &setup);
	assert_int_equal(vmm_lazy_at(&self->vmm, "all", test_va_region(0, UINT64_C(1) << 56),
				     vmm_pa(UINT64_C(0xff) << 56), VMM_KERNEL_RW, NULL), VMM_OK);
	test_text_init(&self->text);
	vmm_print(&self->vmm, &self->text.out);
	assert_non_null(strstr(self->text.text, "0xff00_0000_0000_0000..0xffff_ffff_ffff_ffff |"
						"  64 PiB |"));
	assert_explains(self, &fault, "not a memory fault: cause 0xffffffffffffffff\n");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_table_is_that_of_the_first_seed, set_up_64k,
						tear_down),
		TEST(an_empty_record_is_a_head_without_lines),
		TEST(every_memory_type_has_its_word),
		TEST(where_the_platform_decides_it_says_so),
		TEST(user_memory_widens_the_column),
		TEST(further_users_stand_below_the_first_beside_user_memory),
		TEST(a_memory_type_that_there_is_not_is_a_question_mark),
		TEST(long_physical_addresses_widen_the_column),
		TEST(guards_have_no_access_and_no_physical_address),
		TEST(sizes_are_in_the_largest_unit_that_is_exact),
		TEST(a_line_is_one_piece_and_a_long_name_comes_in_several),
		TEST(characters_are_the_same_text),
		TEST(refused_access_says_what_the_memory_is),
		TEST(a_fault_in_a_guard_names_what_it_guards),
		TEST(a_fault_beside_everything_names_the_neighbors),
		TEST(tables_that_say_otherwise_are_mentioned),
		TEST(faults_that_are_not_about_tables_are_named),
		TEST(the_widest_address_and_the_largest_size_have_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
