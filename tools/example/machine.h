/* SPDX-License-Identifier: MIT */
#ifndef EXAMPLE_MACHINE_H
#define EXAMPLE_MACHINE_H

/*
 * QEMU's two `virt` machines: where devices are, and how the machine ends. BASE is the start of the
 * upper half. Numbers are written without a suffix, as requests take them, too.
 */

#define UART_VA    (BASE + 0x100000000)
#define EXIT_VA    (BASE + 0x100010000)
#define MAILBOX_VA (BASE + 0x100020000)

#ifdef __aarch64__
#define UART_PA    0x09000000 /* PL011 */
#define EXIT_PA    0x09010000 /* PL031, a clock: the machine ends by semihosting */
#define MAILBOX_PA 0x47ff0000
#else
#define UART_PA    0x10000000 /* NS16550 */
#define EXIT_PA    0x00100000 /* SiFive Test */
#define MAILBOX_PA 0x87df0000
#endif

#ifndef __ASSEMBLER__
/** Ends the machine with status 0; in start_<cpu>.S. */
_Noreturn void machine_exit(void);
#endif

#endif /* EXAMPLE_MACHINE_H */
