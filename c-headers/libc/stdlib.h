/* SPDX-License-Identifier: BSD-2-Clause */
/* The heap, numbers, sorting and the end, as far as libutee.a has them. */
#ifndef STDLIB_H
#define STDLIB_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

void *malloc(size_t size);
void *calloc(size_t nmemb, size_t size);
void *realloc(void *ptr, size_t size);
void free(void *ptr);
void *memalign(size_t alignment, size_t size);
void *aligned_alloc(size_t alignment, size_t size);

long strtol(const char *restrict s, char **restrict end, int base);
unsigned long strtoul(const char *restrict s, char **restrict end, int base);
long long strtoll(const char *restrict s, char **restrict end, int base);
unsigned long long strtoull(const char *restrict s, char **restrict end, int base);
int atoi(const char *s);
long atol(const char *s);
int abs(int n);
long labs(long n);

void qsort(void *base, size_t nmemb, size_t size, int (*compare)(const void *, const void *));
void *bsearch(const void *key, const void *base, size_t nmemb, size_t size, int (*compare)(const void *, const void *));

/* From the TEE's generator. */
#define RAND_MAX 0x7fffffff
int rand(void);

/* Wipes the allocation first. */
void free_wipe(void *ptr);

void abort(void) __attribute__((noreturn));

#ifdef __cplusplus
}
#endif

#endif
