/* SPDX-License-Identifier: MIT */
#ifndef VMM_CC_H
#define VMM_CC_H

/**
 * @file cc.h
 * What the compiler is asked for, in one place.
 *
 * The only header of the library with conditional compilation. It brings the three freestanding
 * headers everything else stands on: fixed-width integers, `bool`, `size_t` and `offsetof`.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** The compiler warns where the result of such a function is dropped. */
#define VMM_MUST_CHECK __attribute__((warn_unused_result))

/** Inlined at every optimization level: an address costs what an integer costs, even at -O0. */
#define VMM_ALWAYS_INLINE inline __attribute__((always_inline, unused))

/** Storage class and attributes of a small function in a header. */
#define VMM_INLINE static VMM_ALWAYS_INLINE

/** The same for a function that is worth inlining where speed counts: the compiler decides. */
#define VMM_HELPER static inline __attribute__((unused))

/** A condition that nearly always holds: the compiler lays the code out for it. */
#define VMM_LIKELY(condition) __builtin_expect((condition), 1)

/** Whether the compiler was asked for small code: then what is there for speed alone is left out. */
#ifdef __OPTIMIZE_SIZE__
#define VMM_FOR_SIZE 1
#else
#define VMM_FOR_SIZE 0
#endif

/** Declarations between these have C linkage, in C++ as well. */
#ifdef __cplusplus
#define VMM_BEGIN_DECLS                        extern "C" {
/** The other end of VMM_BEGIN_DECLS. */
#define VMM_END_DECLS                          }
/** The compiler refuses what does not hold: _Static_assert, in C++ static_assert. */
#define VMM_STATIC_ASSERT(condition, sentence) static_assert(condition, sentence)
#else
#define VMM_BEGIN_DECLS
/** The other end of VMM_BEGIN_DECLS. */
#define VMM_END_DECLS
/** The compiler refuses what does not hold: _Static_assert, in C++ static_assert. */
#define VMM_STATIC_ASSERT(condition, sentence) _Static_assert(condition, sentence)
#endif

/**
 * The object whose `member` `pointer` points to. For the library and for authors of ports, whose
 * objects embed the library's.
 *
 * Two spellings, so that neither can take `const` away: -Wcast-qual names a mix-up.
 */
#define VMM_CONTAINER_OF(pointer, type, member) \
	((type *)(void *)(((char *)(pointer)) - offsetof(type, member)))
/** VMM_CONTAINER_OF() for a pointer to const. */
#define VMM_CONTAINER_OF_CONST(pointer, type, member) \
	((const type *)(const void *)(((const char *)(pointer)) - offsetof(type, member)))

#endif /* VMM_CC_H */
