/* SPDX-License-Identifier: MIT */
/*
 * smp: user programs on all cores but one, which changes the page that they look at. A core that
 * used a translation after it was taken away would see another word than it may, or none of a fault
 * that it must take.
 *
 * Locks: see docs/concurrency.md.
 */

#include <inttypes.h>
#include <stdio.h>

#include "../common/cores.h"
#include "../common/user.h"
#include "page.h"

/* The bytes of program.c. */
#include PROGRAM_HEADER

#define ROUND_COUNT  2
#define STATUS_STALE 3

/* Looks that every core must have made at each state. The first may still be of the one before. */
#define LOOK_COUNT 2

static struct kernel *kernel;
static struct vmm_sync seam;
static unsigned int core_count;

/* Who holds it may change or read tables, and may exchange ASIDs. */
static struct lock tables_lock;

static struct vmm_asid_cpu asid_cpus[CORES_MAX];
static struct vmm_asids asids;

/* The space of all programs, and each core's own part of it. */
static struct user space;
static struct user workers[WORKER_MAX];

/* What may be expected: of user pages, for the programs; and of kernel pages, for the cores'
 * kernels. */
static struct page *user_page;
static struct page kernel_page;

static const struct user_program program = {
	program_text,
	sizeof(program_text),
	program_data,
	sizeof(program_data),
};

/* --- on the other cores --- */

struct try {
	volatile uint64_t *address;
	uint64_t word;
};

static void try_read(void *argument)
{
	struct try *try = argument;

	try->word = *try->address;
}

static void try_write(void *argument)
{
	struct try *try = argument;

	*try->address = try->word;
}

/* A core may have cached that nothing was mapped, or with fewer rights: one fault is no news. */
static bool does(void (*act)(void *), struct try *try, bool expected)
{
	struct board_trap trap;

	if (board_try(act, try, &trap)) {
		return true;
	}
	if (!expected) {
		return false;
	}
	user_machine_retry();
	return board_try(act, try, &trap);
}

/* What program.c does, in the kernel's half. */
static void look_in_kernel(unsigned int number)
{
	struct page *page = &kernel_page;
	struct found *found = &page->found[number];
	uint64_t phase = __atomic_load_n(&page->phase, __ATOMIC_ACQUIRE);
	uint64_t expect = page->expect;
	uint64_t word = page->word;
	struct try try = {.address = (volatile uint64_t *)(uintptr_t)page->address};
	struct try write = {.address = try.address + 1 + number, .word = phase};
	uint64_t did;

	if ((phase & 1) != 0 || phase == 0) {
		return;
	}
	did = does(try_read, &try, (expect & EXPECT_READ) != 0) ? EXPECT_READ : 0;
	did |= does(try_write, &write, (expect & EXPECT_WRITE) != 0) ? EXPECT_WRITE : 0;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (__atomic_load_n(&page->phase, __ATOMIC_ACQUIRE) != phase) {
		return;
	}
	if (did != expect || ((did & EXPECT_READ) != 0 && try.word != word)) {
		found->phase = phase;
		found->word = try.word;
		found->did = did;
		__atomic_store_n(&found->wrong, 1, __ATOMIC_RELEASE);
		return;
	}
	found->faults += (did & EXPECT_READ) != 0 ? 0 : 1;
	found->faults += (did & EXPECT_WRITE) != 0 ? 0 : 1;
	__atomic_store_n(&found->checks, found->checks + 1, __ATOMIC_RELEASE);
}

/*
 * A fault of a program: made again if the tables allow the access by now, passed over if it was
 * made to see. The same one a third time is a translation that should be gone.
 */
static bool settle_fault(struct user *worker, const struct user_news *news, unsigned int *again)
{
	bool retried = *again < 2 && user_may_retry(worker, &news->fault);

	*again = retried ? *again + 1 : 0;
	return retried || user_pass_over(worker);
}

static void work(unsigned int number)
{
	struct user *worker = &workers[number];
	unsigned int again = 0;
	bool goes_on = true;

	user_machine_publish_code(NULL, 0);
	lock_take(&tables_lock);
	(void)user_switch(&asids, number, &space);
	lock_give(&tables_lock);
	while (goes_on) {
		struct user_news news;
		enum user_event event;

		board_user_run(&worker->frame);
		lock_take(&tables_lock);
		event = user_judge(worker, &news);
		if (event == USER_FAULTED) {
			goes_on = settle_fault(worker, &news, &again);
		} else {
			goes_on = event == USER_CALLED && news.number == CALL_YIELD;
		}
		lock_give(&tables_lock);
		if (event == USER_CALLED) {
			look_in_kernel(number);
		}
	}
	lock_take(&tables_lock);
	user_leave(&asids, number);
	lock_give(&tables_lock);
	__atomic_store_n(&worker->ended, true, __ATOMIC_RELEASE);
}

/* --- on the first core --- */

/* What is changed: a page at an address, in a record, told to those who look at it. */
struct subject {
	const char *name;
	struct vmm *vmm;
	struct page *page;
	uint64_t va;
	vmm_attr_t write;
	vmm_attr_t read;
	struct user_page frames[2];
};

static _Noreturn void report(const struct subject *subject, unsigned int number,
			     const struct found *found)
{
	printf("stale: in phase %" PRIu64 " core %u could%s%s at 0x%" PRIx64 ", %s, word 0x%" PRIx64
	       "\n       it may%s%s, word 0x%" PRIx64 "\n",
	       found->phase, number, (found->did & EXPECT_READ) != 0 ? " read" : "",
	       (found->did & EXPECT_WRITE) != 0 ? " write" : "", subject->va, subject->name,
	       found->word, (subject->page->expect & EXPECT_READ) != 0 ? " read" : "",
	       (subject->page->expect & EXPECT_WRITE) != 0 ? " write" : "", subject->page->word);
	board_exit(STATUS_STALE);
}

static void begin_change(const struct subject *subject)
{
	struct page *page = subject->page;

	__atomic_store_n(&page->phase, page->phase + 1, __ATOMIC_RELEASE);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/* Tells what may be expected from here on, and waits until every core has looked. */
static void end_change(const struct subject *subject, uint64_t expect, unsigned int frame)
{
	struct page *page = subject->page;
	uint64_t checks[WORKER_MAX];

	page->address = subject->va;
	page->expect = expect;
	page->word = *(const volatile uint64_t *)subject->frames[frame].pointer;
	__atomic_store_n(&page->phase, page->phase + 1, __ATOMIC_RELEASE);
	for (unsigned int i = 1; i < core_count; i++) {
		checks[i] = __atomic_load_n(&page->found[i].checks, __ATOMIC_ACQUIRE);
	}
	for (unsigned int i = 1; i < core_count; i++) {
		const struct found *found = &page->found[i];

		while (__atomic_load_n(&found->checks, __ATOMIC_ACQUIRE) < checks[i] + LOOK_COUNT) {
			/* A program that finds something wrong ends: the end is looked at first. */
			bool ended = __atomic_load_n(&workers[i].ended, __ATOMIC_ACQUIRE);

			if (__atomic_load_n(&found->wrong, __ATOMIC_ACQUIRE) != 0) {
				report(subject, i, found);
			}
			if (ended) {
				kernel_fail("a core stopped");
			}
			cores_pause();
		}
	}
}

static void map(const struct subject *subject, unsigned int frame)
{
	vmm_va_region_t va = VMM_VA_REGION_INIT(subject->va, vmm_table_page_size(kernel->table));
	struct vmm_detail detail = {.level = -1};

	kernel_require("map",
		       vmm_map_at(subject->vmm, "Looked at", va, subject->frames[frame].pa,
				  subject->write, &detail),
		       &detail);
}

static void protect(const struct subject *subject, vmm_attr_t attr)
{
	struct vmm_detail detail = {.level = -1};

	kernel_require("protect", vmm_protect(subject->vmm, vmm_va(subject->va), attr, &detail),
		       &detail);
}

static void unmap(const struct subject *subject)
{
	struct vmm_detail detail = {.level = -1};

	kernel_require("unmap", vmm_unmap(subject->vmm, vmm_va(subject->va), &detail), &detail);
}

/* Every way that a page can change. Returns what may be expected of it then. */
enum step {
	STEP_MAP,
	STEP_PROTECT,   /* take the right to write */
	STEP_UNPROTECT, /* give it back */
	STEP_BOTH,      /* both, in one step as the others see it */
	STEP_MOVE,      /* other memory at the address, likewise */
	STEP_UNMAP,
	STEP_COUNT
};

static uint64_t take(const struct subject *subject, enum step step)
{
	switch (step) {
	case STEP_MAP:
		map(subject, 0);
		break;
	case STEP_PROTECT:
		protect(subject, subject->read);
		return EXPECT_READ;
	case STEP_UNPROTECT:
		protect(subject, subject->write);
		break;
	case STEP_BOTH:
		protect(subject, subject->read);
		protect(subject, subject->write);
		break;
	case STEP_MOVE:
		unmap(subject);
		map(subject, 1);
		break;
	case STEP_UNMAP:
	case STEP_COUNT:
		unmap(subject);
		return 0;
	}
	return EXPECT_READ | EXPECT_WRITE;
}

/* Each step is seen by all cores before the next. `only`: this one and no other, after a map. */
static void change(const struct subject *subject, enum step only)
{
	for (unsigned int i = 0; i < STEP_COUNT; i++) {
		enum step step = (enum step)i;
		uint64_t expect;

		if (only != STEP_MAP && step != STEP_MAP && step != only) {
			continue;
		}
		begin_change(subject);
		lock_take(&tables_lock);
		expect = take(subject, step);
		lock_give(&tables_lock);
		end_change(subject, expect, step < STEP_MOVE ? 0 : 1);
	}
}

static void make_frames(struct subject *subject, uint64_t word)
{
	for (unsigned int i = 0; i < 2; i++) {
		subject->frames[i] = user_take_page();
		*(volatile uint64_t *)subject->frames[i].pointer = word + i;
	}
}

/* A page's worth of addresses in the kernel's half that nobody uses. */
static uint64_t free_kernel_va(void)
{
	struct user_page page = user_take_page();
	vmm_pa_region_t pa =
		VMM_PA_REGION_INIT(vmm_pa_raw(page.pa), vmm_table_page_size(kernel->table));
	struct vmm_detail detail = {.level = -1};
	vmm_va_t va;

	kernel_require("a place",
		       vmm_map_any(&kernel->vmm, "A place", pa, VMM_KERNEL_RW, NULL, &va, &detail),
		       &detail);
	kernel_require("a place", vmm_unmap(&kernel->vmm, va, &detail), &detail);
	return vmm_va_raw(va);
}

static void make_workers(void)
{
	struct user_page page = user_take_page();

	user_create(&space, "all", &program, 0);
	user_map(&space, "Page", PAGE_ADDRESS, page, VMM_USER_RW);
	user_page = page.pointer;
	for (unsigned int i = 1; i < CORES_MAX; i++) {
		uint64_t stack = STACK_ADDRESS + i * STACK_STEP;

		user_map(&space, "Worker's stack", stack, user_take_page(), VMM_USER_RW);
		workers[i].name = "worker";
		workers[i].table = space.table;
		board_user_frame(&workers[i].frame, USER_TEXT,
				 stack + vmm_table_page_size(kernel->table), i);
	}
}

/*
 * A word that a debugger or QEMU may have left. If it isn't 0, invalidations are local, and of the
 * subject that its lowest digit counts only the step that the next one counts is taken.
 */
static uint64_t mailbox_word(void)
{
	struct vmm_detail detail = {.level = -1};
	vmm_va_t va;

	kernel_require("mailbox",
		       vmm_map_any(&kernel->vmm, "Mailbox", board.mailbox, VMM_KERNEL_RO, NULL, &va,
				   &detail),
		       &detail);
	return *(const volatile uint64_t *)vmm_va_ptr(va);
}

/* Returns the mailbox's word. */
static uint64_t set_up(void)
{
	uint64_t wrong;
	bool is_local;

	kernel = kernel_set_up();
	printf("smp: " PORT_NAME ", %s\n\n", board.name);
	wrong = mailbox_word();
	is_local = wrong != 0;
	seam = *machine_sync;
	seam.invalidate = is_local ? cores_machine_invalidate_here : cores_machine_invalidate;
	vmm_table_set_sync(kernel->table, &seam);
	printf("invalidations reach %s\n", is_local ? "this core only, on purpose" : "every core");
	users_init(kernel, &seam);
	make_workers();
	kernel_require("ASIDs",
		       vmm_asids_init(&asids,
				      &(struct vmm_asids_config){
					      .cpus = asid_cpus,
					      .cpu_count = CORES_MAX,
					      .bits = user_machine_asid_bits(),
				      }),
		       NULL);
	return wrong;
}

static void show(const char *what, const struct page *page)
{
	uint64_t checks = 0;
	uint64_t faults = 0;

	for (unsigned int i = 1; i < core_count; i++) {
		checks += page->found[i].checks;
		faults += page->found[i].faults;
	}
	printf("%s: %" PRIu64 " states, %" PRIu64 " looks, %" PRIu64 " faults as expected\n", what,
	       page->phase / 2, checks, faults);
	if (faults == 0) {
		kernel_fail("nobody was kept from anything");
	}
}

static void end_all(void)
{
	__atomic_store_n(&user_page->phase, PHASE_END, __ATOMIC_RELEASE);
	for (unsigned int i = 1; i < core_count; i++) {
		while (!__atomic_load_n(&workers[i].ended, __ATOMIC_ACQUIRE)) {
			cores_pause();
		}
	}
	if (vmm_audit(&space.vmm, NULL) != 0 || vmm_audit(&kernel->vmm, NULL) != 0) {
		kernel_fail("record and tables differ");
	}
	user_end(&space);
}

#define SUBJECT_COUNT 3

static void make_subjects(struct subject *subjects)
{
	for (unsigned int i = 0; i < SUBJECT_COUNT; i++) {
		bool is_kernel = i == SUBJECT_COUNT - 1;

		subjects[i].vmm = is_kernel ? &kernel->vmm : &space.vmm;
		subjects[i].page = is_kernel ? &kernel_page : user_page;
		subjects[i].write = is_kernel ? VMM_KERNEL_RW : VMM_USER_RW;
		subjects[i].read = is_kernel ? VMM_KERNEL_RO : VMM_USER_RO;
		make_frames(&subjects[i], UINT64_C(0x1000) * (i + 1));
	}
	subjects[0].va = NEAR_ADDRESS;
	subjects[1].va = FAR_ADDRESS;
	subjects[2].va = free_kernel_va();
}

int kernel_main(void)
{
	static struct subject subjects[SUBJECT_COUNT] = {
		{.name = "a user page among others"},
		{.name = "a user page with tables of its own"},
		{.name = "a kernel page"},
	};
	uint64_t wrong = set_up();

	core_count = cores_start(kernel, work);
	printf("cores that run: %u\n\n", core_count);
	if (core_count != CORES_MAX) {
		kernel_fail("there are not enough cores");
	}
	make_subjects(subjects);
	for (unsigned int round = 0; round < ROUND_COUNT && wrong == 0; round++) {
		for (unsigned int i = 0; i < SUBJECT_COUNT; i++) {
			change(&subjects[i], STEP_MAP);
		}
	}
	if (wrong != 0) {
		unsigned int subject = (unsigned int)((wrong & 0xf) - 1) % SUBJECT_COUNT;

		change(&subjects[subject], (enum step)(wrong >> 4 & 0xf));
	}
	show("user pages", user_page);
	show("kernel page", &kernel_page);
	end_all();
	printf("\nsmp: done, no core used what was gone\n");
	return 0;
}
