/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines on the secure console. */
#ifndef TRACE_H
#define TRACE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TRACE_MIN   0
#define TRACE_ERROR 1
#define TRACE_INFO  2
#define TRACE_DEBUG 3
#define TRACE_FLOW  4
#define TRACE_MAX   TRACE_FLOW

/* What the compiled code can print at most; `trace_level` of the TA decides at run time. */
#ifndef TRACE_LEVEL
#define TRACE_LEVEL TRACE_MAX
#endif

extern const int trace_level;
extern const char trace_ext_prefix[];

void trace_printf(const char *func, int line, int level, bool level_ok, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
void trace_vprintf(const char *func, int line, int level, bool level_ok, const char *fmt, va_list args)
	__attribute__((format(printf, 5, 0)));
void trace_ext_puts(const char *str);
void trace_set_level(int level);
int trace_get_level(void);
void dhex_dump(const char *func, int line, int level, const void *buf, int len);

#define trace_printf_helper(level, level_ok, ...) trace_printf(__func__, __LINE__, (level), (level_ok), __VA_ARGS__)
#define trace_at(level, ...)                                                                                            \
	do {                                                                                                            \
		if ((level) <= TRACE_LEVEL)                                                                             \
			trace_printf_helper((level), true, __VA_ARGS__);                                                \
	} while (0)

/* A plain message, and the four levels. */
#define MSG(...)  trace_printf_helper(0, false, __VA_ARGS__)
#define EMSG(...) trace_at(TRACE_ERROR, __VA_ARGS__)
#define IMSG(...) trace_at(TRACE_INFO, __VA_ARGS__)
#define DMSG(...) trace_at(TRACE_DEBUG, __VA_ARGS__)
#define FMSG(...) trace_at(TRACE_FLOW, __VA_ARGS__)

/* The same without function and line. */
#define MSG_RAW(...)  trace_printf(NULL, 0, 0, false, __VA_ARGS__)
#define EMSG_RAW(...) trace_printf(NULL, 0, TRACE_ERROR, true, __VA_ARGS__)
#define IMSG_RAW(...) trace_printf(NULL, 0, TRACE_INFO, true, __VA_ARGS__)
#define DMSG_RAW(...) trace_printf(NULL, 0, TRACE_DEBUG, true, __VA_ARGS__)
#define FMSG_RAW(...) trace_printf(NULL, 0, TRACE_FLOW, true, __VA_ARGS__)

#define DHEXDUMP(buf, len) dhex_dump(__func__, __LINE__, TRACE_DEBUG, (buf), (len))

#ifdef __cplusplus
}
#endif

#endif
