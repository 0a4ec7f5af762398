/* SPDX-License-Identifier: MIT */
#ifndef BOARD_H
#define BOARD_H

/**
 * @file board.h
 * What a kernel needs to know about the machine it runs on, and nothing more.
 *
 * One board is linked into a kernel. Its boot.S brings the first core to C, with translation off,
 * a stack, a thread-local block and a vector table; then every device is started and kernel_main()
 * is called. Kernels are linked at the physical address at which they are loaded, so a section's
 * virtual address is its physical one until the kernel decides otherwise; or BOARD_VIRTUAL_OFFSET
 * above it, in the upper half. Such a kernel has translation on before kernel_main() is called, its
 * devices are not started, and what it prints before it has mapped the console is lost.
 *
 * Every function may be called with translation off: none makes an unaligned access or needs libc,
 * since all data accesses of AArch64 are then Device accesses (Arm ARM DDI 0487, B2). printf has to
 * wait until translation is on. From then on whoever uses a device must have mapped it: at its
 * physical address, or elsewhere and told so by board_device_set_base().
 *
 * Callers serialise. One core at a time may print.
 */

#include <vmm/region.h>

#ifndef BOARD_VIRTUAL_OFFSET
/** How far above its physical address the image is linked: the linker's VIRTUAL_OFFSET. */
#define BOARD_VIRTUAL_OFFSET 0
#endif

/** What a device is for. A kernel finds the console and the exit device by it. */
enum board_device_kind {
	BOARD_DEVICE_CONSOLE,
	BOARD_DEVICE_GPIO,
	BOARD_DEVICE_INTERRUPTS,
	BOARD_DEVICE_EXIT,
	BOARD_DEVICE_CORES, /**< see board.cores */
};

/** A device as the board's memory map has it; the list is constant. */
struct board_device {
	const char *name;
	enum board_device_kind kind;
	vmm_pa_region_t registers; /**< exactly the registers, so not rounded to pages */
	/** Brings the device into a known state through the registers at `base`: their physical
	 * address while translation is off, a virtual one later. */
	void (*start)(uintptr_t base);
};

/** A board's constant facts. The one that is linked is called `board`. */
struct board {
	const char *name;
	/** Memory that a kernel may use, its own image included. Firmware's memory isn't in it. */
	vmm_pa_region_t ram;
	/** Where a debugger, or QEMU with `-device loader`, may leave a 64-bit word for the
	 * kernel: 64 KiB, aligned to that, which neither the image nor board_free_ram() touches. */
	vmm_pa_region_t mailbox;
	/** The first device is the console, as nothing can be said before it works. At most 8. */
	const struct board_device *devices;
	unsigned int device_count;
	/** What cores are started by, if that takes registers; NULL: firmware does it when called.
	 *  Not one of the devices above: only who starts cores maps it. */
	const struct board_device *cores;
	unsigned int core_count; /**< at most; a machine may have fewer */
};
extern const struct board board;

/** The kernel: what it returns is the machine's exit status. Each kernel supplies this function. */
int kernel_main(void);

/** What kernel_early() works on: each kernel of the upper half supplies both. */
extern struct kernel_early kernel_early_objects;

/**
 * Builds the tables of a kernel of the upper half, and switches translation on with the image
 * mapped where it is and BOARD_VIRTUAL_OFFSET above. Called on the boot core with translation off:
 * nothing that it reaches before may follow an address that the linker stored. After VMM_OK the
 * core goes up and starts from the top of its stack again; an error ends the machine.
 */
enum vmm_err kernel_early(struct kernel_early *objects);

/* The image */

/** The image's sections in the order of their addresses; each begins and ends on a page. */
enum board_section {
	BOARD_SECTION_CODE,        /**< executable, read-only */
	BOARD_SECTION_RODATA,      /**< read-only */
	BOARD_SECTION_DATA,        /**< read and write: .data, thread-local block, .bss */
	BOARD_SECTION_STACK_GUARD, /**< one page to be left unmapped */
	BOARD_SECTION_STACK,       /**< the boot core's stack */
	BOARD_SECTION_TRAP_GUARD,  /**< one page to be left unmapped */
	BOARD_SECTION_TRAP_STACK,  /**< what trap handlers run on */
	BOARD_SECTION_COUNT,
};

/** Where a section is. May be called before and after a kernel moved to the upper half. */
vmm_pa_region_t board_section(enum board_section section);

/** What a section is called, for people; a guard is called what it guards. */
const char *board_section_name(enum board_section section);

/** The first byte behind the image, which begins a page. May be called like board_section(). */
vmm_pa_t board_image_end(void);

/** Memory behind the image up to the end of RAM or to the mailbox: for the kernel to hand out. */
vmm_pa_region_t board_free_ram(void);

/* Devices */

/** Index of the first device of that kind, or board.device_count if there is none. */
unsigned int board_device_find(enum board_device_kind kind);

/** Tells the board that a device's registers are now to be found at `base`. */
void board_device_set_base(unsigned int index, vmm_va_t base);

/** Where the board looks for a device's registers. */
vmm_va_t board_device_base(unsigned int index);

/** Calls the device's start() with its current base. */
void board_device_start(unsigned int index);

/** Writes one character to the console, a line feed as carriage return and line feed. Waits. */
void board_putc(char c);

/** Writes a string to the console. */
void board_puts(const char *text);

/** Writes 0x and 16 digits to the console. */
void board_puthex(uint64_t value);

/** Ends the machine: QEMU exits with `status` modulo 256; a board that can't end waits forever. */
_Noreturn void board_exit(int status);

/** Exit status after a trap that nobody handled, and after one while a trap was being handled. */
#define BOARD_STATUS_TRAP        100
#define BOARD_STATUS_NESTED_TRAP 101
/** Exit status, plus the error's number as a positive one, if there was no way to the upper half. */
#define BOARD_STATUS_EARLY       110

/** The core that runs: MPIDR_EL1's affinity level 0, or the hart. */
unsigned int board_core(void);

/* Cores */

/** Words of struct vmm_aarch64_regs or struct vmm_riscv_regs, at most. */
#define BOARD_CORE_REGS 5

/** What a core starts with. All memory is the core's for good. */
struct board_core_setup {
	void (*fn)(void *argument); /**< when it returns the core waits for ever */
	void *argument;
	void *stack_top;      /**< a multiple of 16 */
	void *trap_stack_top; /**< a multiple of 16; at least 4 KiB */
	void *thread;         /**< board_thread_size() bytes at a multiple of 16; needs no clearing */
	/**
	 * Whether the core switches translation on first, by `regs`. They map the code section of
	 * the image to where it is loaded, for the switch, and what the core needs then: the image
	 * at BOARD_VIRTUAL_OFFSET above, and its stacks. If not, fn is called without translation.
	 */
	bool translate;
	uint64_t regs[BOARD_CORE_REGS]; /**< struct vmm_aarch64_regs or struct vmm_riscv_regs */
};

/** Bytes of a core's thread-local block. */
uint64_t board_thread_size(void);

/** Tells the board where the registers of board.cores are now to be found. */
void board_core_set_base(vmm_va_t base);

/**
 * Starts a core that never ran. False: there is no such core, or its start was refused, or it takes
 * registers that nobody mapped. *setup is copied.
 */
bool board_core_start(unsigned int core, const struct board_core_setup *setup);

/* Traps */

enum board_trap_kind {
	BOARD_TRAP_SYNCHRONOUS, /**< the instruction at pc, or the access it made */
	BOARD_TRAP_INTERRUPT,
	BOARD_TRAP_FAST_INTERRUPT, /**< AArch64: FIQ */
	BOARD_TRAP_SYSTEM_ERROR,   /**< AArch64: SError */
};

/**
 * What was interrupted. The vectors load all of it again when the handler returns, so a handler may
 * change it; kind, cause and address are for reading. vectors.S knows the layout.
 */
struct board_frame {
	uint64_t x[32];  /**< AArch64: x0 to x30 and SP_EL0. RISC-V: x0 to x31, of which x2 is sp */
	uint64_t pc;     /**< ELR_EL1 or sepc */
	uint64_t status; /**< SPSR_EL1 or sstatus */
	uint64_t cause;  /**< ESR_EL1 or scause */
	uint64_t address; /**< FAR_EL1 or stval */
	uint64_t kind;    /**< enum board_trap_kind */
	uint64_t thread;  /**< AArch64: TPIDR_EL0. RISC-V has tp among x[]; nothing here */
};

/** What is left of a trap for whoever asks later; members as in struct board_frame. */
struct board_trap {
	enum board_trap_kind kind;
	uint64_t pc;
	uint64_t sp;
	uint64_t status;
	uint64_t cause;
	uint64_t address;
};

/**
 * A kernel's own handler. It runs on the trap stack with interrupts masked. Returns true if what
 * was interrupted shall go on as the frame says now, false if it can't help.
 */
typedef bool (*board_trap_hook)(struct board_frame *frame);

/** Sets the handler that sees each trap first; NULL for none. */
void board_set_trap_hook(board_trap_hook hook);

/**
 * Runs a user program from where *frame says until it traps: EL0 or U-mode, interrupts masked. Then
 * *frame is what was interrupted, and the trap hook and board_try() never see it. Each core may run
 * one at a time.
 *
 * The program has no floating point. On AArch64 it has a thread pointer of its own.
 */
void board_user_run(struct board_frame *frame);

/** Makes a frame to begin a user program with: every register 0 but these, and the `argument`. */
void board_user_frame(struct board_frame *frame, uint64_t pc, uint64_t sp, uint64_t argument);

/**
 * Calls fn(argument) and returns true when it returned. When it trapped, even by running over the
 * end of its stack, fills *trap, abandons fn and returns false. Calls may be nested, and each core
 * has its own. Only synchronous traps end fn, and only those that the hook didn't handle.
 *
 * What fn acquired stays acquired. Costs about 25 stores and loads.
 */
bool board_try(void (*fn)(void *argument), void *argument, struct board_trap *trap);

#endif /* BOARD_H */
