/* SPDX-License-Identifier: MIT */
/*
 * Looks at a page in every way that there is, and compares with the model.
 */

#include "torture.h"

#include "../common/user.h"

struct counts counts[CORES_MAX];
_Thread_local struct difference difference;
_Thread_local bool others_mapped;

static _Thread_local unsigned int core;
static uint64_t user_code;

void probe_core(unsigned int number)
{
	core = number;
}

void differ(const char *what, uint64_t va, uint64_t expected, uint64_t got)
{
	if (difference.what == NULL) {
		difference = (struct difference){what, va, expected, got, core};
	}
}

/* Below everything else in the lower half. */
void probe_init(struct kernel *kernel, struct space *lower)
{
	uint64_t size = vmm_table_page_size(lower->table);
	vmm_va_region_t va = VMM_VA_REGION_INIT(
		UINT64_C(1) << (machine_format->geometry->va_bits_max - 4), size);
	struct vmm_detail detail = {.level = -1};
	struct vmm_leaf leaf;
	uint64_t pa;
	uint32_t *words = take_memory(kernel, "User code", size, &pa);

	for (unsigned int i = 0; i < 4; i++) {
		words[i] = cpu_user_code[i];
	}
	user_machine_publish_code(words, sizeof(cpu_user_code));
	user_code = vmm_va_raw(vmm_va_region_start(va));
	kernel_require("user code",
		       vmm_table_map(lower->table, va, vmm_pa(pa), VMM_USER_RX, &detail), &detail);
	kernel_require("user code", vmm_table_query(lower->table, vmm_va(user_code), &leaf), NULL);
	frames_poison(leaf.descriptor);
}

/* --- accesses --- */

struct try {
	const struct point *point;
	enum access access;
	uint64_t va;    /* of the word, or of the code */
	uint64_t value; /* to write, or what was read or returned */
	struct board_trap trap;
};

static void read_word(void *argument)
{
	struct try *try = argument;

	try->value = *(const volatile uint64_t *)(uintptr_t)try->va;
}

static void write_word(void *argument)
{
	const struct try *try = argument;

	*(volatile uint64_t *)(uintptr_t)try->va = try->value;
}

static void call_code(void *argument)
{
	struct try *try = argument;
	uint64_t (*code)(void) = (uint64_t (*)(void))(uintptr_t)try->va;

	try->value = code();
}

static bool try_as_kernel(struct try *try)
{
	static void (*const acts[])(void *) = {read_word, write_word, call_code};
	bool done;

	cpu_open_user(try->point->opens_user);
	done = board_try(acts[try->access - KERNEL_READ], try, &try->trap);
	cpu_open_user(false);
	return done;
}

/* The page's own code, or code that accesses the page. */
static bool try_as_user(struct try *try)
{
	bool executes = try->access == USER_EXECUTE;
	uint64_t code = user_code + (try->access == USER_WRITE ? 2 * sizeof(cpu_user_code[0]) : 0);
	struct board_frame frame;
	struct user_news news;

	board_user_frame(&frame, executes ? try->va : code, 0, try->va);
	frame.x[cpu_first_argument + 1] = try->value;
	board_user_run(&frame);
	try->trap = (struct board_trap){
		.kind = (enum board_trap_kind)frame.kind,
		.pc = frame.pc,
		.status = frame.status,
		.cause = frame.cause,
		.address = frame.address,
	};
	try->value = frame.x[cpu_first_argument + (executes ? 0 : 1)];
	return user_machine_call(&frame, &news);
}

static bool act(struct try *try)
{
	return try->access < USER_READ ? try_as_kernel(try) : try_as_user(try);
}

static bool is_write(enum access access)
{
	return access == KERNEL_WRITE || access == USER_WRITE;
}

static bool is_execute(enum access access)
{
	return access == KERNEL_EXECUTE || access == USER_EXECUTE;
}

static uint64_t offset_of(const struct point *point, enum access access)
{
	if (is_write(access)) {
		return PAGE_SLOTS + (uint64_t)core * PAGE_SLOT_STEP;
	}
	if (is_execute(access)) {
		return access == USER_EXECUTE ? PAGE_USER_CODE : PAGE_KERNEL_CODE;
	}
	return point->at_end ? (UINT64_C(1) << pool.page_shift) - sizeof(uint64_t) : PAGE_ID;
}

/* --- what came of them --- */

static const char *const access_names[] = {
	"read",         "write",           "execution",
	"read by user", "write by user", "execution by user",
};

static void judge_done(const struct try *try, uint64_t pa, uint64_t wrote)
{
	uint64_t id = try->point->at_end ? ~pool_id(pa) : pool_id(pa);

	counts[core].done[try->access]++;
	if (is_write(try->access)) {
		uint64_t word = *pool_word(pa + offset_of(try->point, try->access));

		if (word != wrote) {
			differ("what was written", try->va, wrote, word);
		}
	} else if (is_execute(try->access)) {
		if (cpu_code_index(try->value) != pool_index(pa)) {
			differ("which code ran", try->va, pool_index(pa), cpu_code_index(try->value));
		}
		cpu_forget_code(pool_word(pa + offset_of(try->point, try->access)));
	} else if (try->value != id) {
		differ("what was read", try->va, id, try->value);
	}
}

/* What the library makes of the fault. */
static void judge_decoded(const struct try *try, bool mapped, int level)
{
	static const enum vmm_fault_access accesses[] = {VMM_FAULT_READ, VMM_FAULT_WRITE,
							 VMM_FAULT_EXECUTE};
	enum vmm_fault_kind kind = mapped ? VMM_FAULT_PERMISSION : VMM_FAULT_TRANSLATION;
	const struct vmm_table *table = try->point->window->space->table;
	struct vmm_fault fault;

	if (!machine_fault_decode(table, &try->trap, &fault) || fault.kind != kind) {
		differ("decoded kind", try->va, kind, fault.kind);
	}
	if (fault.access != accesses[try->access % 3]) {
		differ("decoded access", try->va, accesses[try->access % 3], fault.access);
	}
	if (!fault.has_va || vmm_va_raw(fault.va) != try->va) {
		differ("decoded address", try->va, try->va, vmm_va_raw(fault.va));
	}
	if (fault.has_level && level >= 0 && fault.level != vmm_table_arch_level(table, level)) {
		differ("decoded level", try->va, (uint64_t)level, (uint64_t)fault.level);
	}
}

static void judge_fault(const struct try *try, uint64_t page, int level, bool beside)
{
	uint64_t mask;
	uint64_t cause = cpu_cause(try->access, page != 0, level, &mask);

	counts[core].permission += page != 0 ? 1 : 0;
	counts[core].translation += page == 0 ? 1 : 0;
	if (((try->trap.cause ^ cause) & mask) != 0) {
		differ("cause", try->va, cause, try->trap.cause);
	}
	if (try->trap.address != try->va) {
		differ("address of a fault", try->va, try->va, try->trap.address);
	}
	if (!beside) {
		judge_decoded(try, page != 0, level);
	}
}

/* A fault where there should be none is tried again once if only a fence may be missing. */
static bool act_patiently(struct try *try, bool allowed, bool beside)
{
	bool done = act(try);

	if (!done && allowed && !beside && others_mapped &&
	    cpu_may_retry(try->point->window->space, &try->trap)) {
		counts[core].spurious++;
		done = act(try);
	}
	return done;
}

static void try_access(const struct point *point, enum access access, uint64_t page, int level,
		       bool beside)
{
	bool allowed = page != 0 && cpu_allows(page, access, point->opens_user);
	uint64_t pa = page & ~UNIT_FLAGS;
	struct try try = {.point = point, .access = access};
	volatile uint64_t *word;
	uint64_t value = random_below(UINT64_MAX);
	bool done;

	if (allowed && !pool_has(pa)) {
		return;
	}
	try.va = point->va + offset_of(point, access);
	try.value = value;
	word = pool_has(pa) ? pool_word(pa + offset_of(point, access)) : NULL;
	if (word != NULL) {
		cpu_clean(word);
	}
	done = act_patiently(&try, allowed, beside);
	if (word != NULL) {
		cpu_clean(word);
	}
	if (done != allowed) {
		differ(access_names[access], try.va, allowed, done ? 1 : try.trap.cause);
	} else if (done) {
		judge_done(&try, pa, value);
	} else {
		judge_fault(&try, page, level, beside);
	}
}

/* --- what the library says --- */

/* The library's word for what the model knows: hints aside. */
uint32_t probe_attr(uint64_t page)
{
	uint32_t bits = VMM_ATTR_MEM((page & UNIT_MEMORY_MASK) >> 8);

	bits |= VMM_ATTR_SW(page >> 6 & 3);
	bits |= (page & UNIT_WRITE) != 0 ? VMM_ATTR_WRITE : 0;
	bits |= (page & UNIT_USER) != 0 ? VMM_ATTR_USER : 0;
	bits |= (page & UNIT_GLOBAL) != 0 ? VMM_ATTR_GLOBAL : 0;
	bits |= (page & UNIT_KERNEL_EXECUTE) != 0 ? VMM_ATTR_EXEC(VMM_EXEC_KERNEL) : 0;
	bits |= (page & UNIT_USER_EXECUTE) != 0 ? VMM_ATTR_EXEC(VMM_EXEC_USER) : 0;
	return bits;
}

/* Returns the leaf's level, or that of an empty slot if tables come and go with what they map. */
static int judge_query(const struct point *point, uint64_t page)
{
	const struct space *space = point->window->space;
	struct vmm_leaf leaf;
	enum vmm_err err = vmm_table_query(space->table, vmm_va(point->va), &leaf);

	counts[core].queried++;
	if ((err == VMM_OK) != (page != 0) || (err != VMM_OK && err != VMM_ERR_NOENT)) {
		differ("query", point->va, page, (uint64_t)err);
		return -1;
	}
	if (err != VMM_OK) {
		return space->keeps ? -1 : model_level(point->window, point->va);
	}
	if (vmm_pa_raw(leaf.pa) + (point->va - vmm_va_raw(leaf.va)) != (page & ~UNIT_FLAGS)) {
		differ("queried address", point->va, page, vmm_pa_raw(leaf.pa));
	}
	if ((leaf.attr.bits & ~VMM_ATTR_HINTS) != probe_attr(page)) {
		differ("queried attributes", point->va, probe_attr(page), leaf.attr.bits);
	}
	return leaf.level;
}

/* --- points --- */

/* A page of the unit: mostly one that can be touched, else an edge or any. */
static uint64_t pick_page(const struct window *window, uint64_t unit)
{
	uint64_t size = UINT64_C(1) << window->unit_shift;
	uint64_t pa = window->units[unit] & ~UNIT_FLAGS;
	uint64_t page = UINT64_C(1) << pool.page_shift;
	uint64_t first = pa > pool.pa ? pa : pool.pa;
	uint64_t end = pa + size < pool.pa + pool.size ? pa + size : pool.pa + pool.size;

	if (window->units[unit] != 0 && first < end && !random_one_in(4)) {
		return first - pa + random_below((end - first) / page) * page;
	}
	if (random_one_in(2)) {
		return random_one_in(2) ? 0 : size - page;
	}
	return random_below(size / page) * page;
}

void probe_pick(struct point *point, const struct window *window, uint64_t unit)
{
	point->window = window;
	point->va = model_va(window, unit) + pick_page(window, unit);
	point->accesses = (unsigned int)random_below(1u << ACCESS_COUNT) | 1u << KERNEL_READ;
	point->at_end = random_one_in(2);
	/* Seldom: QEMU forgets all translations when the bit changes. */
	point->opens_user = random_one_in(16);
}

void probe(const struct point *point, bool beside)
{
	uint64_t page = model_at(point->window, point->va);
	int level = beside ? -1 : judge_query(point, page);

	if (!beside || cpu_asks_hardware) {
		cpu_ask(point->va, page, level);
		counts[core].asked++;
	}
	for (unsigned int i = 0; i < ACCESS_COUNT; i++) {
		if ((point->accesses >> i & 1) != 0) {
			try_access(point, (enum access)i, page, level, beside);
		}
	}
	counts[core].stable += beside ? 1 : 0;
}
