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

/**
 * Whether the CPU has an instruction for the lowest bit of a word. Without, the compiler's built-in
 * function would be a call into its library.
 */
#if defined(__x86_64__) || defined(__aarch64__) || defined(__riscv_zbb)
#define VMM_HAS_CTZ_ 1
#else
#define VMM_HAS_CTZ_ 0
#endif

/*
 * Whether ThreadSanitizer looks on: gcc says so by a macro, clang by a question.
 */
#ifdef __SANITIZE_THREAD__
#define VMM_THREAD_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define VMM_THREAD_SANITIZER 1
#endif
#endif

/*
 * One access to a word that others access meanwhile: CPUs' walkers, readers in software. Never torn and never
 * doubled, in the order written. What is behind an address is read after the address: hardware keeps that by the
 * dependency. ThreadSanitizer takes a volatile access for any other and knows no dependency: it is told both.
 */
#ifdef VMM_THREAD_SANITIZER
/** A 64-bit word that others write meanwhile, read once. */
#define VMM_LOAD_SHARED(word) __atomic_load_n((word), __ATOMIC_ACQUIRE)
/** A 64-bit word that others read meanwhile, written once. */
#define VMM_STORE_SHARED(word, value) __atomic_store_n((word), (value), __ATOMIC_RELEASE)
#else
/** A 64-bit word that others write meanwhile, read once. */
#define VMM_LOAD_SHARED(word) (*(const volatile uint64_t *)(word))
/** A 64-bit word that others read meanwhile, written once. */
#define VMM_STORE_SHARED(word, value) ((void)(*(volatile uint64_t *)(word) = (value)))
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
