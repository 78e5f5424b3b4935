/* SPDX-License-Identifier: BSD-2-Clause */
/* The log of OP-TEE's programs, which take it from libteec. In C: Rust has no functions of a variable number of arguments. */
#include <stdarg.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LINE_SIZE 256

void oxtee_teec_log(const char *function, int line, int level, const char *prefix, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

void oxtee_teec_log(const char *function, int line, int level, const char *prefix, const char *format, ...)
{
	static const char *const names[] = { "", "ERR", "INF", "DBG", "FLW" };
	const char *name = level >= 0 && level < (int)(sizeof(names) / sizeof(names[0])) ? names[level] : "";
	char text[LINE_SIZE];
	int used = 0;
	va_list arguments;

	if (function)
		used = snprintf(text, sizeof(text), "%s [%ld] %s:%s:%d: ", name, (long)syscall(SYS_gettid),
				prefix ? prefix : "", function, line);
	if (used < 0)
		return;
	if ((size_t)used < sizeof(text)) {
		va_start(arguments, format);
		vsnprintf(text + used, sizeof(text) - (size_t)used, format, arguments);
		va_end(arguments);
	}
	fputs(text, stdout);
}
