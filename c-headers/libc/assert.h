/* SPDX-License-Identifier: BSD-2-Clause */
#undef assert
#ifdef NDEBUG
#define assert(expression) ((void)0)
#else
#define assert(expression) ((expression) ? (void)0 : __assert_fail(#expression, __FILE__, __LINE__, __func__))
#endif

#ifndef ASSERT_H
#define ASSERT_H

/* Prints what failed and panics the TA. */
void __assert_fail(const char *expression, const char *file, unsigned int line, const char *function) __attribute__((noreturn));

#if !defined(static_assert) && !defined(__cplusplus)
#define static_assert _Static_assert
#endif

#endif
