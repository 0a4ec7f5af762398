/* SPDX-License-Identifier: MIT */
/*
 * What docs/concurrency.md allows at the same time, done at the same time: threads play CPUs, and
 * ThreadSanitizer looks on in ./dev matrix gcc-thread clang-thread. There each test that needs a
 * lock is done without it, too, in a process of its own, which has to be reported.
 */
/* Barriers and locks of POSIX, which C11 by itself does not show. */
#define _POSIX_C_SOURCE 200809L

#include "support/test_parallel.h"

#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <vmm/aarch64.h>
#include <vmm/asid.h>
#include <vmm/fault.h>
#include <vmm/riscv.h>
#include <vmm/space.h>
#include <vmm/vmm.h>

#include "support/test_formats.h"
#include "support/test_manager.h"

#ifdef __SANITIZE_THREAD__
#define IS_LOOKED_ON 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define IS_LOOKED_ON 1
#endif
#endif
#ifndef IS_LOOKED_ON
#define IS_LOOKED_ON 0
#endif

#define FRAME_COUNT 128

/* Where no program has code or data: what it stands on would be refused in a shared part. */
#define AREA_AT (UINT64_C(1) << 36)
/* Of each CPU. */
#define STEPS 300

static struct test_random dice;

static void init_table(struct vmm_table *table, const struct vmm_format *format,
		       struct vmm_frames *frames, uint16_t asid, uint32_t flags)
{
	struct vmm_table_config config = {
		.format = format, .frames = frames, .sync = &test_parallel_sync, .asid = asid,
		.flags = flags | (test_formats_is_riscv(format) ? VMM_TABLE_SVNAPOT : 0),
	};

	memset(table, 0, sizeof(*table));
	assert_int_equal(vmm_table_init(table, &config), VMM_OK);
}

static unsigned int page_shift(const struct vmm_format *format)
{
	return format->geometry->page_shift;
}

/* --- tables of their own --- */

/* What one CPU works on, and the lock that it takes for it. */
struct own {
	struct test_locked *frames;
	struct vmm_table table;
	struct test_area area;
	struct test_lock *lock; /* NULL: none is needed */
};

static void change(struct test_worker *self)
{
	struct own *own = self->what;

	for (uint64_t i = test_random_steps(STEPS); i > 0; i--) {
		if (own->lock != NULL) {
			test_lock_take(own->lock);
		}
		test_area_change(&own->area, self);
		if (own->lock != NULL) {
			test_lock_give(own->lock);
		}
		test_parallel_changed(self);
	}
	test_parallel_done(self);
}

static void change_tables(const struct vmm_format *format, struct test_locked *frames,
			  unsigned int source_count)
{
	struct test_parallel cpus = { .count = 0 };
	struct own own[2];

	for (unsigned int i = 0; i < 2; i++) {
		own[i].frames = &frames[i % source_count];
		own[i].lock = NULL;
		init_table(&own[i].table, format, &own[i].frames->frames, (uint16_t)(i + 1), 0);
		test_area_init(&own[i].area, &own[i].table, AREA_AT);
		test_parallel_add(&cpus, change, &own[i]);
	}
	test_parallel_run(&cpus, &dice);
	for (unsigned int i = 0; i < 2; i++) {
		vmm_table_fini(&own[i].table);
		test_area_fini(&own[i].area);
	}
}

static void two_cpus_change_tables_of_their_own_without_a_lock(const struct vmm_format *format)
{
	struct test_locked frames[2];

	test_locked_init(&frames[0], page_shift(format), FRAME_COUNT);
	test_locked_init(&frames[1], page_shift(format), FRAME_COUNT);
	change_tables(format, frames, 2);
	test_locked_fini(&frames[0]);
	test_locked_fini(&frames[1]);
}

static void a_source_with_a_lock_of_its_own_serves_two_tables(const struct vmm_format *format)
{
	struct test_locked frames;

	test_locked_init(&frames, page_shift(format), FRAME_COUNT);
	change_tables(format, &frames, 1);
	test_locked_fini(&frames);
}

/* --- one table --- */

static void two_writers_take_turns(const struct vmm_format *format)
{
	struct test_parallel cpus = { .count = 0 };
	struct test_locked frames;
	struct test_lock lock;
	struct own own = { .frames = &frames, .lock = &lock };

	test_lock_init(&lock);
	test_locked_init(&frames, page_shift(format), FRAME_COUNT);
	init_table(&own.table, format, &frames.frames, 1, 0);
	test_area_init(&own.area, &own.table, AREA_AT);
	test_parallel_add(&cpus, change, &own);
	test_parallel_add(&cpus, change, &own);
	test_parallel_run(&cpus, &dice);
	vmm_table_fini(&own.table);
	test_area_fini(&own.area);
	test_locked_fini(&frames);
	test_lock_fini(&lock);
}

/* What readers see: the area of a writer, and a mapping that never changes. */
struct view {
	const struct test_area *area;
	const struct vmm_table *table;
	uint64_t stable; /* first address of as much as an area */
	uint64_t stable_size;
	struct test_lock *lock; /* shared by readers; NULL: none is needed */
};

static void look_at_stable(const struct view *view, struct test_worker *self)
{
	struct vmm_fault fault = { .kind = VMM_FAULT_PAGE, .access = VMM_FAULT_READ, .user = true };
	uint64_t va = view->stable + test_random_below(&self->random, view->stable_size);
	vmm_pa_t pa;
	enum vmm_err err = vmm_table_translate(view->table, vmm_va(va), &pa);

	(void)test_parallel_expect(self, err == VMM_OK && vmm_pa_raw(pa) == va + TEST_PARALLEL_AWAY,
				   "what nobody changes is not there");
	fault.va = vmm_va(va);
	if (!test_formats_is_riscv(view->table->format)) {
		return;
	}
	(void)test_parallel_expect(self, vmm_riscv_is_spurious(view->table, 0, &fault),
				   "what is mapped explains a fault");
	err = vmm_riscv_walk(vmm_riscv_satp(view->table), view->table->frames->window, vmm_va(va),
			     false, &pa);
	(void)test_parallel_expect(self, err == VMM_OK && vmm_pa_raw(pa) == va + TEST_PARALLEL_AWAY,
				   "the walk by satp ends elsewhere");
}

static void look(struct test_worker *self)
{
	const struct view *view = self->what;

	test_parallel_look_on(self);
	do {
		if (view->lock != NULL) {
			test_lock_share(view->lock);
		}
		test_area_look(view->area, view->table, self);
		look_at_stable(view, self);
		if (view->lock != NULL) {
			test_lock_give(view->lock);
		}
		test_parallel_looked(self);
	} while (test_parallel_is_busy(self));
}

static void map_stable(struct view *view, struct vmm_table *table, uint64_t start)
{
	uint64_t size = test_formats_leaf(table->format, 1) + 3 * vmm_table_page_size(table);
	vmm_pa_t pa = vmm_pa(start + TEST_PARALLEL_AWAY);

	view->stable = start;
	view->stable_size = size;
	assert_int_equal(vmm_table_map(table, test_va_region(start, size), pa, VMM_USER_RW, NULL),
			 VMM_OK);
}

/* The root descriptor's that the area is in. */
static vmm_va_region_t part_of(const struct vmm_table *table)
{
	uint64_t size = test_formats_leaf(table->format, table->root_level);

	return test_va_region(AREA_AT & ~(size - 1), size);
}

/* A writer and two readers, of the writer's table or of one that joined it. */
static void read_beside(const struct vmm_format *format, uint32_t flags, struct test_lock *lock,
			bool joined)
{
	struct test_parallel cpus = { .count = 0 };
	struct test_locked frames;
	struct vmm_table user = { .format = NULL };
	struct own own = { .frames = &frames, .lock = lock };
	struct view view = { .area = &own.area, .table = &own.table, .lock = lock };
	uint64_t block = test_formats_leaf(format, 1);

	test_locked_init(&frames, page_shift(format), FRAME_COUNT);
	init_table(&own.table, format, &frames.frames, 1, flags);
	if (joined) {
		assert_int_equal(vmm_table_share(&own.table, part_of(&own.table), NULL), VMM_OK);
		init_table(&user, format, &frames.frames, 2, 0);
		assert_int_equal(vmm_table_join(&user, &own.table), VMM_OK);
		view.table = &user;
	}
	map_stable(&view, &own.table, AREA_AT + 4 * block);
	test_area_init(&own.area, &own.table, AREA_AT);
	test_parallel_add(&cpus, change, &own);
	test_parallel_add(&cpus, look, &view);
	test_parallel_add(&cpus, look, &view);
	test_parallel_run(&cpus, &dice);
	vmm_table_fini(&user);
	vmm_table_fini(&own.table);
	test_area_fini(&own.area);
	test_locked_fini(&frames);
}

static void readers_need_no_lock_where_empty_tables_are_kept(const struct vmm_format *format)
{
	read_beside(format, VMM_TABLE_KEEP, NULL, false);
}

static void nor_do_readers_of_a_table_that_joined(const struct vmm_format *format)
{
	read_beside(format, VMM_TABLE_KEEP, NULL, true);
}

static void readers_share_the_lock_of_a_writer_that_frees(const struct vmm_format *format)
{
	struct test_lock lock;

	test_lock_init(&lock);
	read_beside(format, 0, &lock, false);
	test_lock_fini(&lock);
}

/* --- a part in common --- */

struct parted {
	struct test_locked frames;
	const struct vmm_format *format;
	struct own owner;
	struct test_lock lock; /* of the owner */
	uint64_t free;         /* first address of a root descriptor's that is nobody's in common */
};

/* Programs come and go while the kernel's part changes, each with a table that joins. */
static void run_programs(struct test_worker *self)
{
	struct parted *parted = self->what;

	for (uint64_t i = test_random_steps(STEPS / 20); i > 0; i--) {
		struct vmm_table table = { .format = NULL };
		struct test_area area;
		enum vmm_err err;

		init_table(&table, parted->format, &parted->frames.frames,
			   (uint16_t)(2 + self->index), 0);
		test_lock_take(&parted->lock);
		err = vmm_table_join(&table, &parted->owner.table);
		test_lock_give(&parted->lock);
		(void)test_parallel_expect(self, err == VMM_OK, "it can't be joined");
		test_area_init(&area, &table, parted->free);
		for (unsigned int k = 0; k < 20; k++) {
			test_area_change(&area, self);
		}
		vmm_table_fini(&table);
		test_area_fini(&area);
	}
	test_parallel_done(self);
}

static void tables_that_joined_change_beside_their_owner(const struct vmm_format *format)
{
	struct test_parallel cpus = { .count = 0 };
	struct parted parted = { .format = format };
	vmm_va_region_t part;

	test_lock_init(&parted.lock);
	test_locked_init(&parted.frames, page_shift(format), FRAME_COUNT);
	parted.owner.lock = &parted.lock;
	init_table(&parted.owner.table, format, &parted.frames.frames, 1, 0);
	part = part_of(&parted.owner.table);
	parted.free = part.bytes.start + part.bytes.size;
	assert_int_equal(vmm_table_share(&parted.owner.table, part, NULL), VMM_OK);
	test_area_init(&parted.owner.area, &parted.owner.table, AREA_AT);
	test_parallel_add(&cpus, change, &parted.owner);
	test_parallel_add(&cpus, run_programs, &parted);
	test_parallel_add(&cpus, run_programs, &parted);
	test_parallel_run(&cpus, &dice);
	vmm_table_fini(&parted.owner.table);
	test_area_fini(&parted.owner.area);
	test_locked_fini(&parted.frames);
	test_lock_fini(&parted.lock);
}

/* --- ASIDs --- */

#define CPU_COUNT 3
#define SPACE_COUNT 12
#define ASID_BITS 3

struct running {
	struct vmm_table table;
	struct test_lock lock;
	struct vmm_asid asid;
	struct test_area area;
};

struct switching {
	struct test_locked frames;
	struct test_lock lock; /* of the allocator and of `registers` */
	struct vmm_asids asids;
	struct vmm_asid_cpu cpus[CPU_COUNT];
	struct running spaces[SPACE_COUNT];
	/* What each CPU translates by: a space's index and one more, and its number; 0: by none. */
	struct {
		unsigned int space;
		uint16_t asid;
	} registers[CPU_COUNT];
};

/* With the lock held, as the kernel's switch does it. */
static bool switch_to(struct switching *all, struct test_worker *self, unsigned int space,
		      struct vmm_asid_use *use)
{
	struct running *next = &all->spaces[space];
	enum vmm_err err = vmm_asids_switch(&all->asids, self->index, &next->asid, use);

	if (err == VMM_OK && use->is_new) {
		test_lock_take(&next->lock);
		err = vmm_table_set_asid(&next->table, use->asid);
		test_lock_give(&next->lock);
	}
	all->registers[self->index].space = space + 1;
	all->registers[self->index].asid = use->asid;
	for (unsigned int i = 0; i < CPU_COUNT; i++) {
		bool is_same = all->registers[i].space == space + 1;

		if (all->registers[i].space != 0 &&
		    is_same != (all->registers[i].asid == use->asid)) {
			return false;
		}
	}
	return err == VMM_OK;
}

static void run_spaces(struct test_worker *self)
{
	struct switching *all = self->what;
	unsigned int cached[1 << ASID_BITS] = { 0 }; /* by number: the space, as in registers */

	for (uint64_t i = test_random_steps(4 * STEPS); i > 0; i--) {
		unsigned int space = (unsigned int)test_random_below(&self->random, SPACE_COUNT);
		struct running *now = &all->spaces[space];
		struct vmm_asid_use use = { 0, false, false };
		bool is_sound;

		test_lock_take(&all->lock);
		if (test_random_one_in(&self->random, 16)) {
			is_sound = vmm_asids_leave(&all->asids, self->index) == VMM_OK;
			all->registers[self->index].space = 0;
			test_lock_give(&all->lock);
			continue;
		}
		is_sound = switch_to(all, self, space, &use);
		test_lock_give(&all->lock);
		(void)test_parallel_expect(self, is_sound,
					   "two spaces have one number, or one has two");
		if (use.flush) {
			memset(cached, 0, sizeof(cached));
		}
		(void)test_parallel_expect(self,
					   cached[use.asid] == 0 || cached[use.asid] == space + 1,
					   "another space is cached under the number");
		cached[use.asid] = space + 1;
		test_lock_take(&now->lock);
		test_area_change(&now->area, self);
		test_lock_give(&now->lock);
	}
	test_parallel_done(self);
}

static void cpus_switch_under_the_allocators_lock(const struct vmm_format *format)
{
	struct test_parallel cpus = { .count = 0 };
	struct switching *all = calloc(1, sizeof(*all));
	struct vmm_asids_config config;

	assert_non_null(all);
	test_lock_init(&all->lock);
	test_locked_init(&all->frames, page_shift(format), FRAME_COUNT);
	memset(&config, 0, sizeof(config));
	config.cpus = all->cpus;
	config.cpu_count = CPU_COUNT;
	config.bits = ASID_BITS;
	assert_int_equal(vmm_asids_init(&all->asids, &config), VMM_OK);
	for (unsigned int i = 0; i < SPACE_COUNT; i++) {
		test_lock_init(&all->spaces[i].lock);
		init_table(&all->spaces[i].table, format, &all->frames.frames, 0, 0);
		test_area_init(&all->spaces[i].area, &all->spaces[i].table, AREA_AT);
	}
	for (unsigned int i = 0; i < CPU_COUNT; i++) {
		test_parallel_add(&cpus, run_spaces, all);
	}
	test_parallel_run(&cpus, &dice);
	assert_true(vmm_asids_generation(&all->asids) > 1);
	for (unsigned int i = 0; i < SPACE_COUNT; i++) {
		vmm_table_fini(&all->spaces[i].table);
		test_area_fini(&all->spaces[i].area);
		test_lock_fini(&all->spaces[i].lock);
	}
	test_locked_fini(&all->frames);
	test_lock_fini(&all->lock);
	free(all);
}

/* --- the manager --- */

#define GIB(n) (UINT64_C(n) << 30)

struct managed {
	struct test_manager manager;
	struct test_lock lock;
};

static void fill(struct test_manager *manager)
{
	uint64_t page = vmm_table_page_size(&manager->table);
	vmm_va_t va;

	assert_int_equal(vmm_map_at(&manager->vmm, "first", test_va_region(GIB(1), 20 * page),
				    vmm_pa(GIB(2)), VMM_KERNEL_RW, NULL), VMM_OK);
	assert_int_equal(vmm_map_at(&manager->vmm, "second", test_va_region(GIB(3), 5 * page),
				    vmm_pa(GIB(4)), VMM_KERNEL_RX, NULL), VMM_OK);
	assert_int_equal(vmm_lazy_at(&manager->vmm, "lazy", test_va_region(GIB(5), 9 * page),
				     vmm_pa(GIB(6)), VMM_KERNEL_RW, NULL), VMM_OK);
	assert_int_equal(vmm_map_mmio(&manager->vmm, "device", vmm_pa(GIB(7)), 4, &va, NULL),
			 VMM_OK);
	assert_int_equal(vmm_map_mmio(&manager->vmm, "too", vmm_pa(GIB(7) + 16), 4, &va, NULL),
			 VMM_OK);
}

static struct managed *new_managed(const struct vmm_format *format)
{
	struct managed *self = calloc(1, sizeof(*self));
	struct test_manager_config config = {
		.format = format,
		.window = VMM_VA_REGION_INIT(GIB(8), GIB(2)),
		.guards = { 1, 1 },
	};

	assert_non_null(self);
	test_manager_init(&self->manager, &config);
	test_lock_init(&self->lock);
	fill(&self->manager);
	return self;
}

static void free_managed(struct managed *self)
{
	test_manager_fini(&self->manager);
	test_lock_fini(&self->lock);
	free(self);
}

/* Everything that takes a manager, a space or a table that is const. */
static bool read_manager(const struct vmm *vmm, struct test_text *text)
{
	const struct vmm_fault fault = {
		.kind = VMM_FAULT_TRANSLATION, .access = VMM_FAULT_READ, .has_va = true,
		.va = vmm_va(GIB(5)),
	};
	const struct vmm_request request = {
		.op = VMM_OP_MAP, .va = VMM_VA_REGION_INIT(GIB(11), 1 << 16), .attr = VMM_KERNEL_RW,
	};
	const struct vmm_mapping *mapping;
	uint64_t need;
	vmm_attr_t stored;
	vmm_pa_t pa;
	unsigned int count = 0;

	for (mapping = vmm_first(vmm); mapping != NULL; mapping = vmm_next(vmm, mapping)) {
		count++;
	}
	if (count < 4 || vmm_find(vmm, vmm_va(GIB(3))) == NULL ||
	    vmm_find_pa(vmm, test_pa_region(GIB(7), 4), NULL) == NULL ||
	    vmm_translate(vmm, vmm_va(GIB(1)), &pa) != VMM_OK || vmm_pa_raw(pa) != GIB(2) ||
	    vmm_table_need(vmm->table, &request, &need, NULL) != VMM_OK || need == 0 ||
	    vmm_table_effective(vmm->table, VMM_KERNEL_RW, &stored) != VMM_OK ||
	    vmm_check(vmm) != VMM_OK || vmm_space_check(&vmm->area) != VMM_OK) {
		return false;
	}
	(void)vmm_space_find(&vmm->area, vmm_va(GIB(5)), NULL);
	(void)vmm_space_gap_at(&vmm->area, vmm_va(GIB(9)));
	(void)vmm_space_largest_gap(&vmm->area);
	(void)vmm_space_last(&vmm->area);
	test_text_init(text);
	if (vmm_audit(vmm, &text->out) != 0) {
		return false;
	}
	vmm_print(vmm, &text->out);
	vmm_explain(vmm, &fault, &text->out);
	return text->used > 0;
}

static void read_managed(struct test_worker *self)
{
	struct managed *managed = self->what;
	struct test_text *text = calloc(1, sizeof(*text));

	for (uint64_t i = test_random_steps(STEPS / 10); i > 0 && text != NULL; i--) {
		test_lock_share(&managed->lock);
		(void)test_parallel_expect(self, read_manager(&managed->manager.vmm, text),
					   "a manager that nobody changes is not as it was");
		test_lock_give(&managed->lock);
	}
	free(text);
	test_parallel_done(self);
}

/* Some memory and a device, there and gone again. */
static bool change_manager(struct vmm *vmm)
{
	uint64_t size = 3 * vmm_table_page_size(vmm->table);
	vmm_va_t at = vmm_va(0);
	vmm_va_t device = vmm_va(0);

	return vmm_map_any(vmm, "any", test_pa_region(GIB(12), size), VMM_KERNEL_RW, NULL, &at,
			   NULL) == VMM_OK &&
	       vmm_map_mmio(vmm, "other", vmm_pa(GIB(9)), 8, &device, NULL) == VMM_OK &&
	       vmm_protect(vmm, at, VMM_KERNEL_RO, NULL) == VMM_OK &&
	       vmm_unmap_mmio(vmm, device, "other", NULL) == VMM_OK &&
	       vmm_unmap(vmm, at, NULL) == VMM_OK;
}

static void change_managed(struct test_worker *self)
{
	struct managed *managed = self->what;

	for (uint64_t i = test_random_steps(STEPS / 3); i > 0; i--) {
		bool is_sound;

		test_lock_take(&managed->lock);
		is_sound = change_manager(&managed->manager.vmm);
		test_lock_give(&managed->lock);
		(void)test_parallel_expect(self, is_sound, "the manager refuses what is in order");
	}
	test_parallel_done(self);
}

static void whoever_only_reads_a_manager_needs_no_lock(const struct vmm_format *format)
{
	struct test_parallel cpus = { .count = 0 };
	struct managed *managed = new_managed(format);

	/* Nobody takes it for writing: as if it weren't there. */
	test_parallel_careless = true;
	for (unsigned int i = 0; i < 3; i++) {
		test_parallel_add(&cpus, read_managed, managed);
	}
	test_parallel_run(&cpus, &dice);
	test_parallel_careless = false;
	free_managed(managed);
}

static void managers_of_their_own_need_no_lock(const struct vmm_format *format)
{
	struct test_parallel cpus = { .count = 0 };
	struct managed *managed[2] = { new_managed(format), new_managed(format) };

	test_parallel_careless = true;
	test_parallel_add(&cpus, change_managed, managed[0]);
	test_parallel_add(&cpus, change_managed, managed[1]);
	test_parallel_run(&cpus, &dice);
	test_parallel_careless = false;
	free_managed(managed[0]);
	free_managed(managed[1]);
}

static void a_manager_is_changed_and_read_in_turn(const struct vmm_format *format)
{
	struct test_parallel cpus = { .count = 0 };
	struct managed *managed = new_managed(format);

	test_parallel_add(&cpus, change_managed, managed);
	test_parallel_add(&cpus, change_managed, managed);
	test_parallel_add(&cpus, read_managed, managed);
	test_parallel_run(&cpus, &dice);
	free_managed(managed);
}

/* --- without the lock --- */

static const struct test_case with_lock[] = {
	TEST_CASE(a_source_with_a_lock_of_its_own_serves_two_tables, TEST_ALL),
	TEST_CASE(two_writers_take_turns, TEST_ALL),
	TEST_CASE(readers_share_the_lock_of_a_writer_that_frees, TEST_ALL),
	TEST_CASE(tables_that_joined_change_beside_their_owner, TEST_ALL),
	TEST_CASE(cpus_switch_under_the_allocators_lock, TEST_ALL),
	TEST_CASE(a_manager_is_changed_and_read_in_turn, TEST_ALL),
};

#define WITH_LOCK_COUNT (sizeof(with_lock) / sizeof(with_lock[0]))
#define REPORTED 66

#define TRIES 12

/* This program again, to do one of these without any lock: the exit status says who noticed. */
static int status_without_lock(const char *name, const struct vmm_format *format, unsigned int try)
{
	char seed[] = { (char)('a' + try), '\0' };
	char program[] = "/proc/self/exe";
	char options[] = "TSAN_OPTIONS=exitcode=66:halt_on_error=1";
	char *const environment[] = { options, NULL };
	char *arguments[] = { program, strdup(name), strdup(format->geometry->name), seed, NULL };
	posix_spawn_file_actions_t actions;
	pid_t child;
	int status = 0;

	(void)posix_spawn_file_actions_init(&actions);
	(void)posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", 1 /* O_WRONLY */, 0);
	(void)posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", 1, 0);
	assert_int_equal(posix_spawn(&child, program, &actions, NULL, arguments, environment), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	(void)posix_spawn_file_actions_destroy(&actions);
	free(arguments[1]);
	free(arguments[2]);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void each_lock_that_is_left_out_is_reported(const struct vmm_format *format)
{
	for (size_t i = 0; i < WITH_LOCK_COUNT; i++) {
		unsigned int try = 0;
		int status;

		/* Two that never met, as one had done before the other began, are no race; and what
		 * a race did may end it before the report. */
		do {
			status = status_without_lock(with_lock[i].name, format, try);
			try++;
		} while (status != REPORTED && try < TRIES);
		print_message("# without its lock, %u times: %s\n", try, with_lock[i].name);
		assert_int_equal(status, REPORTED);
	}
}

/* What each_lock_that_is_left_out_is_reported() starts. */
static int run_without_lock(const char *name, const char *format_name)
{
	static const struct vmm_format *const formats[] = {
		&vmm_aarch64_4k, &vmm_aarch64_16k, &vmm_aarch64_64k,
		&vmm_riscv_sv39, &vmm_riscv_sv48, &vmm_riscv_sv57,
	};

	test_parallel_careless = true;
	(void)alarm(60);
	for (size_t i = 0; i < WITH_LOCK_COUNT; i++) {
		for (size_t k = 0; k < sizeof(formats) / sizeof(formats[0]); k++) {
			if (strcmp(with_lock[i].name, name) == 0 &&
			    strcmp(formats[k]->geometry->name, format_name) == 0) {
				with_lock[i].run(formats[k]);
			}
		}
	}
	return 0;
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		TEST_CASE(two_cpus_change_tables_of_their_own_without_a_lock, TEST_ALL),
		TEST_CASE(a_source_with_a_lock_of_its_own_serves_two_tables, TEST_ALL),
		TEST_CASE(two_writers_take_turns, TEST_ALL),
		TEST_CASE(readers_need_no_lock_where_empty_tables_are_kept, TEST_ALL),
		TEST_CASE(nor_do_readers_of_a_table_that_joined, TEST_ALL),
		TEST_CASE(readers_share_the_lock_of_a_writer_that_frees, TEST_ALL),
		TEST_CASE(tables_that_joined_change_beside_their_owner, TEST_ALL),
		TEST_CASE(cpus_switch_under_the_allocators_lock, TEST_ALL),
		TEST_CASE(whoever_only_reads_a_manager_needs_no_lock, TEST_ALL),
		TEST_CASE(managers_of_their_own_need_no_lock, TEST_ALL),
		TEST_CASE(a_manager_is_changed_and_read_in_turn, TEST_ALL),
		TEST_CASE(each_lock_that_is_left_out_is_reported, TEST_ALL),
	};

	if (argc == 4) {
		test_random_seed(&dice, (uint64_t)argv[3][0]);
		return run_without_lock(argv[1], argv[2]);
	}
	test_random_init(&dice, "threads");
	/* Without anybody who looks on it would end in whatever way. */
	return test_formats_run("threads", cases,
				sizeof(cases) / sizeof(cases[0]) - (IS_LOOKED_ON ? 0 : 1));
}
