/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * printf and the trace functions. They are in C because a variadic function cannot be defined in stable Rust. Conversions:
 * d i u x X o c s p n-less and %%, flags - 0 + space #, width and precision (also *), lengths hh h l ll z j t; and OP-TEE's
 * %pUl for a TEE_UUID.
 */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tee_api_types.h>
#include <trace.h>

/* A place for text; what does not fit is counted only. */
struct out {
	char *buf;
	size_t size;
	size_t len;
};

struct spec {
	bool left;
	bool zero;
	bool alt;
	char sign;
	int width;
	int precision; /* -1: none */
};

static void put(struct out *out, char c)
{
	if (out->len < out->size)
		out->buf[out->len] = c;
	out->len++;
}

static void put_n(struct out *out, const char *s, size_t n)
{
	while (n--)
		put(out, *s++);
}

static void pad(struct out *out, char c, int n)
{
	while (n-- > 0)
		put(out, c);
}

/* `prefix`, zeros up to the precision, and the digits, padded to the width. */
static void put_field(struct out *out, const struct spec *spec, const char *prefix, const char *digits, int len)
{
	int prefix_len = (int)strlen(prefix);
	int zeros = spec->precision > len ? spec->precision - len : 0;
	int fill = spec->width - prefix_len - zeros - len;

	if (!spec->left && spec->zero && spec->precision < 0 && fill > 0) {
		zeros = fill;
		fill = 0;
	}
	if (!spec->left)
		pad(out, ' ', fill);
	put_n(out, prefix, (size_t)prefix_len);
	pad(out, '0', zeros);
	put_n(out, digits, (size_t)len);
	if (spec->left)
		pad(out, ' ', fill);
}

static void put_number(struct out *out, const struct spec *spec, uintmax_t value, unsigned int base, bool upper, const char *prefix)
{
	const char *set = upper ? "0123456789ABCDEF" : "0123456789abcdef";
	char digits[3 * sizeof(value)];
	size_t at = sizeof(digits);

	/* A precision of 0 prints no digit for 0. */
	while (value != 0 || (at == sizeof(digits) && spec->precision != 0)) {
		digits[--at] = set[value % base];
		value /= base;
		if (value == 0)
			break;
	}
	put_field(out, spec, prefix, digits + at, (int)(sizeof(digits) - at));
}

static void put_string(struct out *out, const struct spec *spec, const char *s)
{
	size_t max = spec->precision < 0 ? SIZE_MAX : (size_t)spec->precision;
	size_t len = 0;
	int fill;

	if (!s)
		s = "(null)";
	while (len < max && s[len])
		len++;
	fill = spec->width - (int)len;
	if (!spec->left)
		pad(out, ' ', fill);
	put_n(out, s, len);
	if (spec->left)
		pad(out, ' ', fill);
}

static void put_uuid(struct out *out, const TEE_UUID *uuid)
{
	struct spec wide = { .precision = -1, .zero = true, .width = 8 };
	struct spec half = { .precision = -1, .zero = true, .width = 4 };
	struct spec byte = { .precision = -1, .zero = true, .width = 2 };
	size_t n;

	put_number(out, &wide, uuid->timeLow, 16, false, "");
	put(out, '-');
	put_number(out, &half, uuid->timeMid, 16, false, "");
	put(out, '-');
	put_number(out, &half, uuid->timeHiAndVersion, 16, false, "");
	put(out, '-');
	for (n = 0; n < sizeof(uuid->clockSeqAndNode); n++) {
		if (n == 2)
			put(out, '-');
		put_number(out, &byte, uuid->clockSeqAndNode[n], 16, false, "");
	}
}

enum length { CHAR, SHORT, INT, LONG, LLONG, SIZE, MAX, PTRDIFF };

static uintmax_t next_unsigned(va_list *args, enum length length)
{
	switch (length) {
	case CHAR:
		return (unsigned char)va_arg(*args, unsigned int);
	case SHORT:
		return (unsigned short)va_arg(*args, unsigned int);
	case LONG:
		return va_arg(*args, unsigned long);
	case LLONG:
		return va_arg(*args, unsigned long long);
	case SIZE:
		return va_arg(*args, size_t);
	case MAX:
		return va_arg(*args, uintmax_t);
	case PTRDIFF:
		return (uintmax_t)va_arg(*args, ptrdiff_t);
	default:
		return va_arg(*args, unsigned int);
	}
}

static intmax_t next_signed(va_list *args, enum length length)
{
	switch (length) {
	case CHAR:
		return (signed char)va_arg(*args, int);
	case SHORT:
		return (short)va_arg(*args, int);
	case LONG:
		return va_arg(*args, long);
	case LLONG:
		return va_arg(*args, long long);
	case SIZE:
		return (intmax_t)va_arg(*args, size_t);
	case MAX:
		return va_arg(*args, intmax_t);
	case PTRDIFF:
		return va_arg(*args, ptrdiff_t);
	default:
		return va_arg(*args, int);
	}
}

static const char *parse_flags(const char *fmt, struct spec *spec)
{
	for (;; fmt++) {
		switch (*fmt) {
		case '-':
			spec->left = true;
			break;
		case '0':
			spec->zero = true;
			break;
		case '#':
			spec->alt = true;
			break;
		case '+':
			spec->sign = '+';
			break;
		case ' ':
			if (!spec->sign)
				spec->sign = ' ';
			break;
		default:
			return fmt;
		}
	}
}

static const char *parse_int(const char *fmt, va_list *args, int *value)
{
	if (*fmt == '*') {
		*value = va_arg(*args, int);
		return fmt + 1;
	}
	*value = 0;
	while (*fmt >= '0' && *fmt <= '9') {
		if (*value < INT32_MAX / 10 - 1)
			*value = *value * 10 + (*fmt - '0');
		fmt++;
	}
	return fmt;
}

static const char *parse_length(const char *fmt, enum length *length)
{
	*length = INT;
	switch (*fmt) {
	case 'h':
		*length = fmt[1] == 'h' ? CHAR : SHORT;
		return fmt + (fmt[1] == 'h' ? 2 : 1);
	case 'l':
		*length = fmt[1] == 'l' ? LLONG : LONG;
		return fmt + (fmt[1] == 'l' ? 2 : 1);
	case 'z':
		*length = SIZE;
		return fmt + 1;
	case 'j':
		*length = MAX;
		return fmt + 1;
	case 't':
		*length = PTRDIFF;
		return fmt + 1;
	default:
		return fmt;
	}
}

/* One conversion, `fmt` being past its length; returns what follows it. */
static const char *convert(struct out *out, struct spec *spec, enum length length, const char *fmt, va_list *args)
{
	char sign[2] = { spec->sign, 0 };
	uintmax_t value;
	intmax_t number;
	char c;

	switch (*fmt) {
	case 'd':
	case 'i':
		number = next_signed(args, length);
		if (number < 0)
			sign[0] = '-';
		value = number < 0 ? 0 - (uintmax_t)number : (uintmax_t)number;
		put_number(out, spec, value, 10, false, sign);
		break;
	case 'u':
		put_number(out, spec, next_unsigned(args, length), 10, false, "");
		break;
	case 'o':
		value = next_unsigned(args, length);
		put_number(out, spec, value, 8, false, spec->alt && value ? "0" : "");
		break;
	case 'x':
	case 'X':
		value = next_unsigned(args, length);
		put_number(out, spec, value, 16, *fmt == 'X', spec->alt && value ? (*fmt == 'X' ? "0X" : "0x") : "");
		break;
	case 'c':
		c = (char)va_arg(*args, int);
		spec->precision = -1;
		spec->zero = false;
		put_field(out, spec, "", &c, 1);
		break;
	case 's':
		put_string(out, spec, va_arg(*args, const char *));
		break;
	case 'p':
		if (fmt[1] == 'U' && fmt[2] == 'l') {
			put_uuid(out, va_arg(*args, const TEE_UUID *));
			return fmt + 3;
		}
		put_number(out, spec, (uintptr_t)va_arg(*args, void *), 16, false, "0x");
		break;
	case '%':
		put(out, '%');
		break;
	case 0:
		return fmt;
	default:
		/* Not a conversion that exists here: shown as it is written. */
		put(out, '%');
		put(out, *fmt);
	}
	return fmt + 1;
}

int vsnprintf(char *restrict buf, size_t size, const char *restrict fmt, va_list list)
{
	struct out out = { .buf = buf, .size = size ? size - 1 : 0, .len = 0 };
	va_list args;

	va_copy(args, list);
	while (*fmt) {
		struct spec spec = { .precision = -1 };
		enum length length;

		if (*fmt != '%') {
			put(&out, *fmt++);
			continue;
		}
		fmt = parse_flags(fmt + 1, &spec);
		fmt = parse_int(fmt, &args, &spec.width);
		if (spec.width < 0) {
			spec.left = true;
			spec.width = -spec.width;
		}
		if (*fmt == '.')
			fmt = parse_int(fmt + 1, &args, &spec.precision);
		fmt = parse_length(fmt, &length);
		fmt = convert(&out, &spec, length, fmt, &args);
	}
	va_end(args);
	if (size)
		buf[out.len < out.size ? out.len : out.size] = 0;
	return (int)out.len;
}

int snprintf(char *restrict buf, size_t size, const char *restrict fmt, ...)
{
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(buf, size, fmt, args);
	va_end(args);
	return len;
}

int sprintf(char *restrict buf, const char *restrict fmt, ...)
{
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(buf, SIZE_MAX / 2, fmt, args);
	va_end(args);
	return len;
}

/* sprintf of sources that were compiled with a check of the room; what does not fit panics the TA. */
int __sprintf_chk(char *restrict buf, int flag, size_t size, const char *restrict fmt, ...)
{
	va_list args;
	int len;

	(void)flag;
	va_start(args, fmt);
	len = vsnprintf(buf, size, fmt, args);
	va_end(args);
	if (len < 0 || (size_t)len >= size)
		abort();
	return len;
}

/* Longest text of one printf or trace call; the rest is cut off. */
#define MAX_TEXT 256

int vprintf(const char *restrict fmt, va_list args)
{
	char text[MAX_TEXT];
	int len = vsnprintf(text, sizeof(text), fmt, args);

	trace_ext_puts(text);
	return len;
}

int printf(const char *restrict fmt, ...)
{
	va_list args;
	int len;

	va_start(args, fmt);
	len = vprintf(fmt, args);
	va_end(args);
	return len;
}

int puts(const char *s)
{
	trace_ext_puts(s);
	trace_ext_puts("\n");
	return 0;
}

int putchar(int c)
{
	char text[2] = { (char)c, 0 };

	trace_ext_puts(text);
	return (unsigned char)c;
}

void trace_vprintf(const char *func, int line, int level, bool level_ok, const char *fmt, va_list args)
{
	static const char letters[] = "?EIDF";
	char text[MAX_TEXT];
	size_t room = sizeof(text) - 1; /* for the newline */
	size_t len = 0;

	if (level_ok) {
		if (level > trace_get_level())
			return;
		len = (size_t)snprintf(text, room, "%c/%s: ", letters[level <= TRACE_MAX ? level : 0], trace_ext_prefix);
	}
	if (func && len < room)
		len += (size_t)snprintf(text + len, room - len, "%s:%d ", func, line);
	if (len < room)
		len += (size_t)vsnprintf(text + len, room - len, fmt, args);
	if (len >= room)
		len = room - 1;
	text[len] = '\n';
	text[len + 1] = 0;
	trace_ext_puts(text);
}

void trace_printf(const char *func, int line, int level, bool level_ok, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	trace_vprintf(func, line, level, level_ok, fmt, args);
	va_end(args);
}

void dhex_dump(const char *func, int line, int level, const void *buf, int len)
{
	const uint8_t *bytes = buf;
	int at;

	for (at = 0; at < len; at += 16) {
		char text[3 * 16 + 1];
		struct out out = { .buf = text, .size = sizeof(text) - 1, .len = 0 };
		struct spec byte = { .precision = -1, .zero = true, .width = 2 };
		int n;

		for (n = at; n < len && n < at + 16; n++) {
			put_number(&out, &byte, bytes[n], 16, false, "");
			put(&out, ' ');
		}
		text[out.len] = 0;
		trace_printf(func, line, level, true, "%08x  %s", (unsigned int)at, text);
	}
}
