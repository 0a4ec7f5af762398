/* SPDX-License-Identifier: MIT */
#ifndef EXAMPLES_USER_H
#define EXAMPLES_USER_H

/**
 * @file user.h User programs of a kernel in the upper half: each has an address space with a table,
 * a manager and an ASID of its own; the kernel's half is in all of them.
 */

#include <vmm/asid.h>

#include "calls.h"
#include "kernel.h"

/** How many spaces there can be, ever. */
#define USER_MAX 16

/** A program with its space. Zeroed before user_create(). */
struct user {
	const char *name;
	struct vmm_table *table;
	struct vmm vmm; /**< the record of its space */
	struct vmm_mapping pool[16];
	struct vmm_asid asid;
	struct board_frame frame; /**< where it goes on */
	bool ended;
};

/** The bytes of a linked program. */
struct user_program {
	const uint8_t *text;
	size_t text_size;
	const uint8_t *data;
	size_t data_size;
};

/** What a program's page is, and where: at the program's address and at the kernel's. */
struct user_page {
	vmm_pa_t pa;
	void *pointer;
};

/**
 * Makes the kernel ready for user programs: memory for their pages, and the kernel's half shared by
 * all their tables, which are set up with `sync`.
 */
void users_init(struct kernel *kernel, const struct vmm_sync *sync);

/** A page of memory for a program, zeroed. */
struct user_page user_take_page(void);

/** Makes a space with the program's code, data and stack in its own pages, to start in `role`. */
void user_create(struct user *user, const char *name, const struct user_program *program,
		 uint64_t role);

/** Maps a page into the program's space. */
void user_map(struct user *user, const char *what, uint64_t va, struct user_page page,
	      vmm_attr_t attr);

/** The kernel's pointer to `size` bytes in a page of the program; NULL if it can't read them. */
const void *user_bytes(const struct user *user, uint64_t va, uint64_t size);

/**
 * Makes core `cpu` translate by the program's space. Whoever calls it excludes the others: see
 * vmm/asid.h.
 */
struct vmm_asid_use user_switch(struct vmm_asids *asids, unsigned int cpu, struct user *user);

/** Ends a program's space, which no core translates by. Its pages stay what they are. */
void user_end(struct user *user);

/** Makes core `cpu` translate by the kernel's own table, and no user addresses. */
void user_leave(struct vmm_asids *asids, unsigned int cpu);

/** Why a program stopped running. */
enum user_event {
	USER_CALLED,  /**< a system call */
	USER_FAULTED, /**< a memory fault */
	USER_TRAPPED  /**< anything else that it must not do */
};

/** A system call, or a fault. */
struct user_news {
	uint64_t number; /**< USER_CALLED */
	uint64_t arguments[2];
	struct vmm_fault fault; /**< USER_FAULTED */
};

/** Runs the program, to whose space the core was switched, until something happens. */
enum user_event user_run(struct user *user, struct user_news *news);

/** The part of user_run() that reads the program's tables: no other core may change them then. */
enum user_event user_judge(struct user *user, struct user_news *news);

/**
 * Whether the tables allow the access that faulted: it was made just before they did, or the core
 * had cached that they don't. The core has then forgotten that, and the program may go on where it
 * was.
 */
bool user_may_retry(const struct user *user, const struct vmm_fault *fault);

/** Whether the program stopped at an access made to see whether it can; it goes on behind it. */
bool user_pass_over(struct user *user);

/** Says in words why the program was stopped, with the record of whom the address belongs to. */
void user_explain(const struct user *user, enum user_event event, const struct user_news *news);

/* --- user_<cpu>.c --- */

/** The first `count` tables of the CPU's own kind are in use. */
VMM_MUST_CHECK enum vmm_err user_machine_table(unsigned int index,
					       const struct vmm_table_config *config,
					       struct vmm_table **table);

/** Makes the kernel's half sharable. */
VMM_MUST_CHECK enum vmm_err user_machine_share(struct vmm_table *kernel,
					       struct vmm_detail *detail);

/** Puts the kernel's half into a program's table. */
VMM_MUST_CHECK enum vmm_err user_machine_join(struct vmm_table *table,
					      const struct vmm_table *kernel);

/** Lets this core translate user addresses, by `table` first. */
VMM_MUST_CHECK enum vmm_err user_machine_open(const struct vmm_table *table,
					      const struct vmm_table *kernel);

/** Changes the table while user addresses are translated. */
void user_machine_switch(const struct vmm_table *table, bool flush);

/** Ends it: user addresses lead nowhere. */
VMM_MUST_CHECK enum vmm_err user_machine_close(const struct vmm_table *kernel);

/** Before an access is made again that the tables allow. */
void user_machine_retry(void);

/** This core forgets all that it cached. */
void user_machine_forget(void);

/** Bits of an ASID that this CPU has. */
uint8_t user_machine_asid_bits(void);

/** Makes code that was stored as data ready to be executed, on every core. */
void user_machine_publish_code(const void *start, size_t size);

/** Whether the program made a system call: which one. It then goes on behind it. */
bool user_machine_call(struct board_frame *frame, struct user_news *news);

/** What the program finds as the system call's result. */
void user_machine_result(struct board_frame *frame, uint64_t value);

/** Makes the program go on behind an access that faulted, with the mark that a probe looks for. */
void user_machine_pass_over(struct board_frame *frame);

#endif /* EXAMPLES_USER_H */
