/* SPDX-License-Identifier: BSD-2-Clause */
/* Formatted text; what is printed goes to the secure console. */
#ifndef STDIO_H
#define STDIO_H

#include <stdarg.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

int printf(const char *restrict fmt, ...) __attribute__((format(printf, 1, 2)));
int vprintf(const char *restrict fmt, va_list args) __attribute__((format(printf, 1, 0)));
int sprintf(char *restrict buf, const char *restrict fmt, ...) __attribute__((format(printf, 2, 3)));
int snprintf(char *restrict buf, size_t size, const char *restrict fmt, ...) __attribute__((format(printf, 3, 4)));
int vsnprintf(char *restrict buf, size_t size, const char *restrict fmt, va_list args) __attribute__((format(printf, 3, 0)));
int puts(const char *s);
int putchar(int c);

/* Every stream is the secure console. */
typedef struct _FILE FILE;
extern FILE *stdout;
extern FILE *stderr;
int fputc(int c, FILE *stream);
int fputs(const char *restrict s, FILE *restrict stream);
size_t fwrite(const void *restrict data, size_t size, size_t nmemb, FILE *restrict stream);

/* What compilers make of sprintf when they check the room. */
int __sprintf_chk(char *restrict buf, int flag, size_t size, const char *restrict fmt, ...) __attribute__((format(printf, 4, 5)));

#ifdef __cplusplus
}
#endif

#endif
