/* SPDX-License-Identifier: MIT */
#ifndef VMM_OUT_H
#define VMM_OUT_H

/**
 * @file out.h
 * Where text for people goes: a console, a log, a buffer.
 *
 * The library prints whole lines, each with '\n' at its end, in pieces of at most
 * VMM_OUT_PIECE_MAX bytes. It needs no C library and no memory but the stack, and everything that
 * it does is allowed with the MMU off.
 */

#include <vmm/cc.h>

VMM_BEGIN_DECLS

/** The most bytes that the library passes to write at a time. */
#define VMM_OUT_PIECE_MAX 160

/** A sink of text. Embed it first in an object of your own. */
struct vmm_out {
	/**
	 * Takes `size` bytes of ASCII text, which is not terminated and is gone when it returns.
	 * Only names that you gave can have other bytes. A line comes in one piece, unless names
	 * make it longer than VMM_OUT_PIECE_MAX.
	 */
	void (*write)(struct vmm_out *self, const char *text, size_t size);
};

/** A sink that passes on character by character. */
struct vmm_out_chars {
	struct vmm_out out; /**< what vmm_print() and others take */
	void (*put)(char c); /**< gets a line feed alone; whoever needs a carriage return adds it */
};

/** Sets up a sink for vmm_print and others: pass them &chars->out. */
void vmm_out_chars_init(struct vmm_out_chars *chars, void (*put)(char c));

VMM_END_DECLS

#endif /* VMM_OUT_H */
