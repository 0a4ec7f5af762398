/* SPDX-License-Identifier: MIT */
#ifndef INSPECT_REMOTE_H
#define INSPECT_REMOTE_H

/**
 * @file remote.h
 * A machine behind QEMU's gdb stub: its physical memory and its registers, read only.
 *
 * Connecting stops the machine, and it stays stopped unless it is told to go on. Whatever the other
 * end sends, no more than a packet's room is written, and no answer is waited for longer than 10 s.
 */

#include "common.h"

struct remote;

/** Connects to "HOST:PORT" or to the path of a unix socket. Fails where there is no gdb stub. */
struct remote *remote_open(const char *where);

/** Whose registers are read; 0, the first CPU, by default. Fails if there is no such CPU. */
void remote_choose_cpu(struct remote *remote, unsigned int cpu);

/** Reads physical memory; false: some of it isn't there. */
bool remote_read(struct remote *remote, uint64_t pa, void *to, size_t size);

/** Reads a register of 64 bits by the name that the stub has for it; false: it has none. */
bool remote_register(struct remote *remote, const char *name, uint64_t *value);

/** Disconnects; `resume`: the machine goes on. */
void remote_close(struct remote *remote, bool resume);

#endif /* INSPECT_REMOTE_H */
