/* SPDX-License-Identifier: MIT */
/*
 * tasks: user programs at one virtual address on different memory. What each sees, what each must
 * not, what they have in common, and what a switch costs.
 */

#include <inttypes.h>
#include <stdio.h>

#include "../common/user.h"
#include "roles.h"

/* The bytes of program.c. */
#include PROGRAM_HEADER

#define KEEPER_COUNT 2
#define ROGUE_COUNT  9
#define NOWHERE      0x70000000

static struct kernel *kernel;
static struct vmm_sync seam;
static uint64_t invalidation_count;

static struct vmm_asid_cpu asid_cpu;
static struct vmm_asids asids;

static struct user keepers[KEEPER_COUNT];
static struct user rogues[ROGUE_COUNT];

static const struct user_program program = {
	program_text,
	sizeof(program_text),
	program_data,
	sizeof(program_data),
};

/* The kernel's, for programs that try to read it. */
static volatile uint64_t secret = UINT64_C(0x5ec2e75ec2e75ec2);

/* --- the seam, counting --- */

static void count_invalidation(const struct vmm_table *table,
			       const struct vmm_invalidation *request)
{
	invalidation_count++;
	machine_sync->invalidate(table, request);
}

static void make_seam(void)
{
	seam = *machine_sync;
	seam.invalidate = count_invalidation;
}

/* --- system calls --- */

static uint64_t where_of(uint64_t role)
{
	switch (role) {
	case ROLE_READ_KERNEL:
	case ROLE_WRITE_KERNEL:
		return (uintptr_t)&secret;
	case ROLE_CALL_KERNEL:
		return (uintptr_t)board_putc;
	case ROLE_READ_OTHER:
		return USER_PRIVATE;
	case ROLE_WRITE_CODE:
		return USER_TEXT;
	case ROLE_CALL_DATA:
		return USER_DATA;
	default:
		return NOWHERE;
	}
}

static void print(const struct user *user, uint64_t va, uint64_t size)
{
	const char *text = user_bytes(user, va, size);

	printf("  [%s] ", user->name);
	if (text == NULL) {
		printf("asks to print what it can't read");
	}
	for (uint64_t i = 0; text != NULL && i < size; i++) {
		board_putc(text[i]);
	}
	printf("\n");
}

/* Returns whether the program goes on until its next yield. */
static bool answer(struct user *user, uint64_t role, const struct user_news *news)
{
	uint64_t result = 0;

	switch (news->number) {
	case CALL_PRINT:
		print(user, news->arguments[0], news->arguments[1]);
		break;
	case CALL_YIELD:
		break;
	case CALL_EXIT:
		printf("  [%s] exits with %" PRIu64 "\n", user->name, news->arguments[0]);
		user->ended = true;
		if (news->arguments[0] != 0) {
			kernel_fail("a program saw what isn't its own");
		}
		break;
	case CALL_WHERE:
		result = where_of(role);
		break;
	default:
		printf("  [%s] makes no such call\n", user->name);
		user->ended = true;
		break;
	}
	user_machine_result(&user->frame, result);
	return news->number != CALL_YIELD && !user->ended;
}

/* Runs a program until it yields or ends. */
static void run(struct user *user, uint64_t role)
{
	struct user_news news;
	enum user_event event;

	(void)user_switch(&asids, 0, user);
	do {
		event = user_run(user, &news);
		if (event != USER_CALLED) {
			printf("  [%s] is stopped: ", user->name);
			user_explain(user, event, &news);
			user->ended = true;
		}
	} while (event == USER_CALLED && answer(user, role, &news));
}

/* --- two that keep their words --- */

/* Anew: no space has a number of this allocator yet. */
static void start_asids(unsigned int bits)
{
	for (unsigned int i = 0; i < KEEPER_COUNT; i++) {
		keepers[i].asid = (struct vmm_asid){0};
	}
	for (unsigned int i = 0; i < ROGUE_COUNT; i++) {
		rogues[i].asid = (struct vmm_asid){0};
	}
	asids = (struct vmm_asids){0};
	kernel_require("ASIDs",
		       vmm_asids_init(&asids,
				      &(struct vmm_asids_config){
					      .cpus = &asid_cpu,
					      .cpu_count = 1,
					      .bits = (uint8_t)bits,
				      }),
		       NULL);
}

static void show_spaces(void)
{
	struct user_page private_page = user_take_page();

	for (unsigned int i = 0; i < KEEPER_COUNT; i++) {
		user_create(&keepers[i], i == 0 ? "ping" : "pong", &program,
			    ROLE_KEEP | (i + 1) << 28);
	}
	user_map(&keepers[0], "Ping's own", USER_PRIVATE, private_page, VMM_USER_RW);
	for (unsigned int i = 0; i < KEEPER_COUNT; i++) {
		printf("%s:\n", keepers[i].name);
		vmm_print_chars(&keepers[i].vmm, board_putc);
		if (vmm_audit(&keepers[i].vmm, NULL) != 0) {
			kernel_fail("record and tables differ");
		}
	}
}

/* One address, asked of the hardware in each space. */
static void show_one_address(void)
{
	vmm_pa_t first = vmm_pa(0);

	for (unsigned int i = 0; i < KEEPER_COUNT; i++) {
		vmm_pa_t by_hardware;
		vmm_pa_t by_table;

		(void)user_switch(&asids, 0, &keepers[i]);
		kernel_require(machine_translate_how,
			       machine_translate(vmm_va(USER_DATA), &by_hardware), NULL);
		kernel_require("translate",
			       vmm_translate(&keepers[i].vmm, vmm_va(USER_DATA), &by_table), NULL);
		printf("0x%x of %s is physical 0x%" PRIx64 " by %s\n", USER_DATA, keepers[i].name,
		       vmm_pa_raw(by_hardware), machine_translate_how);
		if (!vmm_pa_equal(by_table, by_hardware) || vmm_pa_equal(by_hardware, first)) {
			kernel_fail("that isn't its memory");
		}
		first = by_hardware;
	}
}

static void let_them_run(void)
{
	while (!keepers[0].ended || !keepers[1].ended) {
		for (unsigned int i = 0; i < KEEPER_COUNT; i++) {
			if (!keepers[i].ended) {
				run(&keepers[i], ROLE_KEEP);
			}
		}
	}
}

/* --- what they have in common --- */

static void read_word(void *address)
{
	(void)*(volatile uint64_t *)address;
}

static void show_kernel_half(void)
{
	struct vmm_detail detail = {.level = -1};
	struct board_trap trap;
	vmm_va_t va;

	kernel_require("a board",
		       vmm_map_any(&kernel->vmm, "Blackboard", kernel_take_ram(1), VMM_KERNEL_RW,
				   NULL, &va, &detail),
		       &detail);
	printf("the kernel maps a page at 0x%" PRIx64 "\n", vmm_va_raw(va));
	for (unsigned int i = 0; i < KEEPER_COUNT; i++) {
		volatile uint64_t *word = vmm_va_ptr(va);

		(void)user_switch(&asids, 0, &keepers[i]);
		if (i == 0) {
			*word = UINT64_C(0xb1ac4b0a2d);
		}
		printf("in the space of %s it reads 0x%" PRIx64 "\n", keepers[i].name, *word);
		if (*word != UINT64_C(0xb1ac4b0a2d)) {
			kernel_fail("that is something else");
		}
	}
	kernel_require("unmapping it", vmm_unmap(&kernel->vmm, va, &detail), &detail);
	for (unsigned int i = 0; i < KEEPER_COUNT; i++) {
		(void)user_switch(&asids, 0, &keepers[i]);
		printf("unmapped, in the space of %s: %s\n", keepers[i].name,
		       board_try(read_word, vmm_va_ptr(va), &trap) ? "still there" : "a fault");
		if (board_try(read_word, vmm_va_ptr(va), &trap)) {
			kernel_fail("it is still there");
		}
	}
}

/* --- what a program must not --- */

/* From here on a program counts for ever. */
static void restart(struct user *user, uint64_t mine)
{
	board_user_frame(&user->frame, USER_TEXT, USER_STACK + vmm_table_page_size(user->table),
			 ROLE_COUNT | mine << 28);
	user->ended = false;
}

static const struct {
	const char *name;
	uint64_t role;
} rogue_roles[ROGUE_COUNT] = {
	{"kernel reader", ROLE_READ_KERNEL}, {"kernel writer", ROLE_WRITE_KERNEL},
	{"kernel caller", ROLE_CALL_KERNEL}, {"spy", ROLE_READ_OTHER},
	{"stray", ROLE_READ_NOWHERE},        {"patcher", ROLE_WRITE_CODE},
	{"injector", ROLE_CALL_DATA},        {"recursion", ROLE_OVERFLOW},
	{"calculator", ROLE_FLOAT},
};

/* Each begins, and is stopped at its next turn. The others have their turns in between. */
static void show_isolation(void)
{
	unsigned int turn_count = 0;

	for (unsigned int i = 0; i < KEEPER_COUNT; i++) {
		restart(&keepers[i], i + 1);
	}
	for (unsigned int i = 0; i < ROGUE_COUNT; i++) {
		user_create(&rogues[i], rogue_roles[i].name, &program, rogue_roles[i].role);
	}
	for (unsigned int turn = 0; turn < 2; turn++) {
		for (unsigned int i = 0; i < ROGUE_COUNT; i++) {
			struct user *keeper = &keepers[i % KEEPER_COUNT];

			run(&rogues[i], rogue_roles[i].role);
			run(keeper, ROLE_COUNT);
			turn_count += !keeper->ended;
			if (rogues[i].ended != (turn == 1)) {
				kernel_fail("it wasn't stopped, or too early");
			}
		}
	}
	printf("ping and pong went on for %u turns, their words unharmed\n", turn_count);
	if (turn_count != 2 * ROGUE_COUNT) {
		kernel_fail("one of them ended");
	}
	if (secret != UINT64_C(0x5ec2e75ec2e75ec2)) {
		kernel_fail("the secret was written");
	}
}

/* --- what a switch costs --- */

static void show_switches(void)
{
	uint64_t flush_count = 0;

	invalidation_count = 0;
	for (unsigned int i = 0; i < 1000; i++) {
		struct user *user = &keepers[i % KEEPER_COUNT];
		struct user_news news;

		flush_count += user_switch(&asids, 0, user).flush;
		if (user_run(user, &news) != USER_CALLED || news.number != CALL_YIELD) {
			kernel_fail("it doesn't count any more");
		}
	}
	printf("%u bits: 1000 switches, %" PRIu64 " invalidations, %" PRIu64 " flushes\n",
	       user_machine_asid_bits(), invalidation_count, flush_count);
	if (invalidation_count != 0 || flush_count != 0) {
		kernel_fail("a switch costs more than a register");
	}
}

/* Of six spaces with three numbers, each in turn. */
static void show_rollover(void)
{
	struct user *users[6] = {&keepers[0], &keepers[1], &rogues[0],
				 &rogues[1],  &rogues[2],  &rogues[3]};
	uint64_t flush_count = 0;

	/* What is cached under the numbers so far is of other spaces. */
	user_leave(&asids, 0);
	user_machine_forget();
	for (unsigned int i = 0; i < 6; i++) {
		restart(users[i], 16 + i);
	}
	start_asids(2);
	printf("2 bits:");
	for (unsigned int i = 0; i < 60; i++) {
		struct user *user = users[i % 6];
		struct vmm_asid_use use = user_switch(&asids, 0, user);
		struct user_news news;

		if (i < 18) {
			printf(" %u%s", use.asid, use.flush ? "f" : "");
		}
		flush_count += use.flush;
		if (user_run(user, &news) != USER_CALLED || news.number != CALL_YIELD) {
			kernel_fail("it sees another one's word");
		}
	}
	printf("...\n60 switches among 6 spaces: %" PRIu64 " generations, %" PRIu64 " flushes\n",
	       vmm_asids_generation(&asids), flush_count);
	if (vmm_asids_generation(&asids) != flush_count + 1 || flush_count < 10) {
		kernel_fail("a generation is one flush");
	}
}

/* --- the end --- */

static void end_all(uint64_t before)
{
	uint64_t now;

	user_leave(&asids, 0);
	for (unsigned int i = 0; i < KEEPER_COUNT; i++) {
		user_end(&keepers[i]);
	}
	for (unsigned int i = 0; i < ROGUE_COUNT; i++) {
		user_end(&rogues[i]);
	}
	now = vmm_bump_available(&kernel->bump);
	printf("%" PRIu64 " frames free before, %" PRIu64 " now\n", before, now);
	if (before != now) {
		kernel_fail("a space took something with it");
	}
}

int kernel_main(void)
{
	uint64_t available;

	kernel = kernel_set_up();
	printf("tasks: " PORT_NAME ", %s\n", board.name);
	make_seam();
	users_init(kernel, &seam);
	available = vmm_bump_available(&kernel->bump);
	start_asids(user_machine_asid_bits());

	printf("\n1. Two address spaces\n");
	show_spaces();
	show_one_address();
	printf("\n2. Each writes at the same address, and reads what it wrote\n");
	let_them_run();
	printf("\n3. The kernel's half is in both\n");
	show_kernel_half();
	printf("\n4. What a program must not do\n");
	show_isolation();
	printf("\n5. What a switch costs\n");
	show_switches();
	printf("\n6. More spaces than numbers\n");
	show_rollover();
	printf("\n7. The end of all spaces\n");
	end_all(available);

	printf("\ntasks: done\n");
	return 0;
}
