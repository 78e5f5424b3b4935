/* SPDX-License-Identifier: BSD-2-Clause */
/* Comparing and wiping secrets. */
#ifndef STRING_EXT_H
#define STRING_EXT_H

#include <stddef.h>
#include <string.h>

/* 0 when equal; the time does not depend on the contents. */
int consttime_memcmp(const void *p1, const void *p2, size_t n);
/* Clears memory even when the compiler sees no use of it. */
void memzero_explicit(void *s, size_t n);

#endif
