/* SPDX-License-Identifier: MIT */
#ifndef EXAMPLES_TORTURE_H
#define EXAMPLES_TORTURE_H

/**
 * @file torture.h
 * Between the parts of the torture kernel: what is mapped by the model, what the CPU makes of it,
 * and how steps and looks take turns.
 *
 * The model is arrays, one word per unit of a window, and shares no code with the library. A window
 * is a range of addresses in which only leaves of a certain size and larger ones are changed, so
 * that a few thousand words follow leaves of any size.
 */

#include "../common/cores.h"

/* --- memory.c: what is mapped --- */

/** Where words and code stand in each page of the pool. Caches' lines are not shared by cores. */
#define PAGE_ID          0 /**< a word that no other page has */
#define PAGE_KERNEL_CODE 256
#define PAGE_USER_CODE   384
#define PAGE_SLOTS       1024 /**< one for each core to write */
#define PAGE_SLOT_STEP   128

/** The memory that pages are tried on: each page knows which one it is. */
struct pool {
	uint64_t pa;
	uint64_t size;
	uint8_t *direct; /**< the kernel's own way to it, which never changes */
	unsigned int page_shift;
};
extern struct pool pool;

/** Takes memory and writes the pages. */
void pool_init(struct kernel *kernel);

/** Whether a physical address is in the pool. */
bool pool_has(uint64_t pa);

/** The word at PAGE_ID of the page that holds `pa`; its last word is the complement. */
uint64_t pool_id(uint64_t pa);

/** What the page's code returns. */
uint64_t pool_index(uint64_t pa);

/** A word of the pool by the kernel's own way. */
volatile uint64_t *pool_word(uint64_t pa);

/** Memory for the kernel's own use, zeroed. */
void *take_memory(struct kernel *kernel, const char *name, uint64_t size, uint64_t *pa);

/**
 * Table frames that are worthless once they are given back: each holds descriptors of a page that is
 * none of the pool's, so a CPU that still walks it reads what nobody mapped.
 */
struct vmm_frames *frames_init(struct kernel *kernel);

/** The descriptor that given back frames are filled with. */
void frames_poison(uint64_t descriptor);

/** How many more frames there are to be had. */
void frames_limit(uint64_t count);
#define FRAMES_NO_LIMIT UINT64_MAX

/** Frames that are in use. */
uint64_t frames_used(void);

/** How many may be taken still. */
uint64_t frames_left(void);

/* --- model.c --- */

/** A unit: 0 if nothing is mapped there, else the physical address and these. */
#define UNIT_MAPPED         UINT64_C(0x1)
#define UNIT_WRITE          UINT64_C(0x2)
#define UNIT_USER           UINT64_C(0x4)
#define UNIT_KERNEL_EXECUTE UINT64_C(0x8)
#define UNIT_USER_EXECUTE   UINT64_C(0x10)
#define UNIT_GLOBAL         UINT64_C(0x20)
#define UNIT_SOFTWARE(n)    ((uint64_t)(n) << 6)
#define UNIT_MEMORY(mem)    ((uint64_t)(mem) << 8) /**< enum vmm_mem, as stored */
#define UNIT_MEMORY_MASK    UNIT_MEMORY(7)
#define UNIT_TYPE           (UNIT_MEMORY_MASK | UNIT_GLOBAL) /**< what protect can't change */
#define UNIT_FLAGS          UINT64_C(0xfff)

#define FIXED_MAX  48
#define WINDOW_MAX 10
#define BLOCK_MAX  3

/** A table that the CPU translates by. */
struct space {
	struct vmm_table *table;
	bool allows_wx;
	bool keeps;         /**< tables that become empty stay */
	bool is_limited;    /**< its frames are those of frames_init() */
	unsigned int pa_bits; /**< of the CPU */
	bool checks_pa;     /**< the table knows them, too */
	unsigned int root_level;
	/** What was mapped before and never changes. */
	struct {
		uint64_t start;
		uint64_t last;
	} fixed[FIXED_MAX];
	unsigned int fixed_count;
};

/** A range of addresses that is played with. */
struct window {
	const struct space *space;
	uint64_t base;
	unsigned int level;       /**< of the smallest leaf, counted from the page */
	unsigned int unit_shift;  /**< its size */
	unsigned int block_shift; /**< the next level's; of the last one: a contiguous run's */
	unsigned int index_bits;  /**< units of a block */
	uint64_t count;           /**< units */
	uint64_t *units;
	uint64_t used[BLOCK_MAX]; /**< mapped units of each block */
};
extern struct window windows[WINDOW_MAX];
extern unsigned int window_count;

/** Makes windows in the halves of both spaces, which may be the same. Nothing is mapped in them. */
void model_init(struct kernel *kernel, struct space *lower, struct space *upper);

/** Notes what is mapped in a space when the windows are still empty. */
void model_note_fixed(struct space *space);

/** The address of a unit. */
uint64_t model_va(const struct window *window, uint64_t unit);

/** Whether some of a unit can be touched, as far as its memory is concerned. */
bool model_touches(const struct window *window, uint64_t unit);

/** The page at an address: its physical address and UNIT_ bits, or 0. */
uint64_t model_at(const struct window *window, uint64_t va);

/** Makes one page of a unit unmapped, apart from what the unit says; size 0: none is. */
void model_set_hole(uint64_t va, uint64_t size);

/** At which level, counted from the page, a walk to an unmapped address ends. */
int model_level(const struct window *window, uint64_t va);

/** What `attr` comes to: UNIT_ bits, or the error that it must give. */
enum vmm_err model_rule(const struct space *space, vmm_attr_t attr, uint64_t *flags);

/** An operation: what is asked for, what must come of it, and what did. */
struct step {
	enum vmm_op op;
	struct window *window;
	uint64_t first; /**< unit */
	uint64_t count; /**< units */
	uint64_t pa;
	vmm_attr_t attr;
	enum vmm_err expect;
	uint64_t expect_va; /**< of an error that names an address */
};

/** Fills in what must come of a step. */
void model_judge(struct step *step);

/** The step was done. */
void model_apply(const struct step *step);

/* --- random.c --- */

/** A number below `limit`, which isn't 0; each core has numbers of its own. */
uint64_t random_below(uint64_t limit);
bool random_one_in(uint64_t count);
void random_seed(uint64_t seed);

/** Chooses an operation that mostly succeeds, and what must come of it. */
void pick_step(struct step *step, struct window *window);

/* --- probe.c --- */

enum access {
	KERNEL_READ,
	KERNEL_WRITE,
	KERNEL_EXECUTE,
	USER_READ,
	USER_WRITE,
	USER_EXECUTE,
	ACCESS_COUNT
};

/** A page, and what is tried there. */
struct point {
	const struct window *window;
	uint64_t va;            /**< of the page */
	unsigned int accesses;  /**< bits by enum access */
	bool at_end;            /**< read the page's last word, not its first */
	bool opens_user;        /**< RISC-V: with SUM set */
};

/** Whether the last step mapped something, and this core didn't do it. */
extern _Thread_local bool others_mapped;

/** What was done, for the summary. */
struct counts {
	uint64_t done[ACCESS_COUNT]; /**< accesses that went through */
	uint64_t translation;        /**< faults, each as expected */
	uint64_t permission;
	uint64_t asked;              /**< answers of AT, or walks in software */
	uint64_t queried;            /**< answers of the library */
	uint64_t stable;             /**< points looked at while another core changed tables */
	uint64_t spurious;           /**< faults that were gone the second time */
};
extern struct counts counts[CORES_MAX];

/** What wasn't as the model has it. */
struct difference {
	const char *what; /**< NULL: nothing was */
	uint64_t va;
	uint64_t expected;
	uint64_t got;
	unsigned int core;
};
/** The first one that this core found since it was cleared. */
extern _Thread_local struct difference difference;

/** Notes a difference. */
void differ(const char *what, uint64_t va, uint64_t expected, uint64_t got);

/** Maps the user code that accesses are made by, and tells this core its number. */
void probe_init(struct kernel *kernel, struct space *lower);
void probe_core(unsigned int number);

/** A page of the window; `unit` chooses which. */
void probe_pick(struct point *point, const struct window *window, uint64_t unit);

/** The attributes, without hints, of a page that the model knows. */
uint32_t probe_attr(uint64_t page);

/**
 * Tries a point. `beside`: tables are being changed elsewhere, so they are not read, and what depends
 * on them isn't judged.
 */
void probe(const struct point *point, bool beside);

/* --- seam.c --- */

/**
 * The seam that tables are changed by: the CPU's for 0, else broken in one of the ways that
 * README.md lists; numbers beyond them begin again. There is one, which the next call makes anew.
 */
const struct vmm_sync *seam_make(uint64_t how);

/** What is broken then, in words; "nothing" for 0. */
const char *seam_broken(uint64_t how);

/* --- turns.c --- */

/** Steps between two turns of all cores, each in a window of its own. */
#define ROUND_MAX 4
/** What is looked at for a step, each time that points are chosen for it. */
#define STEP_POINT_MAX 10
/** What was chosen after the steps of the last round, and before and after those of this one. */
#define POINT_MAX (3 * ROUND_MAX * STEP_POINT_MAX)

/** Adds a page of a unit to the points, unless the window has no such unit or they are full. */
void point_add(const struct window *window, uint64_t unit);

/** Adds the edges of what a step changes, something in it and around it, and something else. */
void point_choose(const struct step *step);

/** Drops the first `before` points, which were looked at twice; the others are looked at again. */
void point_keep(unsigned int before);

/** Drops all points. */
void point_clear(void);

/** How many points there are. */
unsigned int point_count(void);

/** A point, by its place in the order in which they were added; one of point_count(). */
const struct point *point_at(unsigned int number);

/**
 * Starts the other cores and returns how many there are, this one included. They translate by the
 * table of `lower`, which must be there at the first turn, and draw from the seed by their number.
 * Without a call, this core takes its turns alone.
 */
unsigned int turn_start(struct kernel *kernel, const struct space *lower, uint64_t seed);

/** All cores look at all points; returns when they have. Only core 0 calls what stands here. */
void turn_take(void);

/** The last turn: the other cores stop after it. */
void turn_end(void);

/** Whether something was mapped that the other cores may see late at the next turns. */
void turn_note_mapped(bool mapped);

/**
 * Until turn_end_change(), tables change where the step is: the other cores look elsewhere
 * meanwhile, also if it is refused.
 */
void turn_begin_change(const struct step *step);
void turn_end_change(void);

/** The first difference that any core found, or NULL. */
const struct difference *turn_difference(void);

/* --- steps.c --- */

/** What came of the steps, for the summary. */
struct tally {
	uint64_t done[3]; /**< by enum vmm_op */
	uint64_t refused;
	uint64_t short_of_frames; /**< tried with one frame too few, not done */
	uint64_t blocks_cut;
	uint64_t runs_cut;
	uint64_t holes;
};
extern struct tally tally;

/**
 * Does a step that was judged, and notes what isn't as judged. Without frames for it, or tried with
 * one too few, it isn't done.
 */
void step_take(const struct step *step);

/**
 * Where the step left a leaf larger than a page, unmaps one page of it and maps it again, with a
 * turn before, between and after. Forgets the points of before.
 */
void step_make_hole(const struct step *step);

/** Prints a line that says what a step asks for. */
void step_print(const struct step *step);

/* --- cpu_<cpu>.c --- */

/** The seam by which all cores forget. */
extern const struct vmm_sync *const cpu_sync;

/** Bits of a physical address. */
unsigned int cpu_pa_bits(void);

/**
 * Makes the table of the lower half or, where one register has both, of all: as `config` says, as far
 * as the CPU has it. *upper is the table of the upper half.
 */
void cpu_make_tables(struct kernel *kernel, struct vmm_table_config config, struct space *lower,
		     struct space *upper);

/** This core translates by them. */
void cpu_adopt(struct kernel *kernel, const struct vmm_table *lower);

/** Before a turn that another core began: what it did is seen. */
void cpu_synchronize(void);

/** The memory that is stored for attributes that are right on every CPU, or VMM_ERR_ATTR. */
enum vmm_err cpu_rule(const struct space *space, vmm_attr_t attr, enum vmm_mem *mem);

/** Whether a page allows an access. */
bool cpu_allows(uint64_t page, enum access access, bool opens_user);

/** Lets the kernel touch users' pages, where that takes a bit. */
void cpu_open_user(bool open);

/** Asks the CPU where `va` leads, and compares. `level`: of the fault or the leaf, or -1. */
void cpu_ask(uint64_t va, uint64_t page, int level);
/** Whether it does so without reading tables by itself. */
extern const bool cpu_asks_hardware;

/** What the cause register must say in the bits of *mask. */
uint64_t cpu_cause(enum access access, bool mapped, int level, uint64_t *mask);

/**
 * Whether a fault where something was just mapped may be one that only a fence on this core was
 * missing for, which the library leaves to it. The next try counts.
 */
bool cpu_may_retry(const struct space *space, const struct board_trap *trap);

/** Before and after an access to a word that others reach with another memory type. */
void cpu_clean(volatile uint64_t *word);

/** After code was executed: an emulator that kept it by its virtual address looks again. */
void cpu_forget_code(volatile uint64_t *code);

/** Where a frame has a function's first argument and result; the second one follows. */
extern const unsigned int cpu_first_argument;

/** Code that returns `index` to its caller, and code that calls the kernel with it. */
void cpu_code(uint32_t index, uint32_t *kernel_code, uint32_t *user_code);
uint64_t cpu_code_index(uint64_t result);

/** For users: load the second argument from the first one's address and call the kernel; then the
 * same with a store. */
extern const uint32_t cpu_user_code[4];

#endif /* EXAMPLES_TORTURE_H */
