/* SPDX-License-Identifier: BSD-2-Clause */
/* The parts of the C library, and what the compiler needs of it: division, floating point, memory of any alignment. */
#include "checks.h"
#include <assert.h>
#include <base64.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <string_ext.h>

static int descending(const void *first, const void *second)
{
	return *(const int *)second - *(const int *)first;
}

/* memcpy, memmove and memset against loops, for all alignments and lengths around the sizes of words and blocks. */
static void check_copies(void)
{
	static uint8_t from[160], to[160], wanted[160];
	size_t at, into, len, n;
	int wrong = 0;

	for (n = 0; n < sizeof(from); n++)
		from[n] = (uint8_t)(n * 7 + 1);
	for (at = 0; at < 5; at++) {
		for (into = 0; into < 5; into++) {
			for (len = 0; len < 140; len += len < 70 ? 1 : 9) {
				memset(to, 0xEE, sizeof(to));
				memset(wanted, 0xEE, sizeof(wanted));
				for (n = 0; n < len; n++)
					wanted[into + n] = from[at + n];
				wrong += memcpy(to + into, from + at, len) != to + into;
				wrong += memcmp(to, wanted, sizeof(to)) != 0;

				memcpy(to, from, sizeof(to));
				memmove(to + into, to + at, len);
				for (n = 0; n < sizeof(to); n++)
					wrong += to[n] != (n >= into && n < into + len ? from[at + n - into] : from[n]);

				memcpy(to, from, sizeof(to));
				memset(to + into, 0x155, len);
				for (n = 0; n < sizeof(to); n++)
					wrong += to[n] != (n >= into && n < into + len ? 0x55 : from[n]);
			}
		}
	}
	CHECK(wrong == 0);
	CHECK(memcmp("abcdefgh", "abcdefgi", 8) < 0 && memcmp("b\0", "a\xff", 2) > 0 && memcmp("\x80", "\x01", 1) > 0);
	/* Words of which the first different byte is not the highest one. */
	CHECK(memcmp("\x01\xff\xff\xff", "\x02\x00\x00\x00", 4) < 0);
}

static void check_numbers(void)
{
	volatile uint64_t dividend = 1000000000000000003ull;
	volatile int64_t negative = -7;
	volatile uint32_t divisor = 1000003;
	volatile double real = 2.0;
	volatile float single = 0.1f;

	CHECK(dividend / divisor == 999997000008ull && dividend % divisor == 999979);
	CHECK(negative / 2 == -3 && negative % 2 == -1);
	CHECK(1000000007u / divisor == 999 && 1000000007u % divisor == 997010);
	CHECK(real / 8 == 0.25 && (int)(real * 21.4) == 42 && (uint64_t)(real * 1e12) == 2000000000000ull);
	CHECK(single * 10 > 0.99f && single * 10 < 1.01f);
	CHECK(strtoul("0x1F", NULL, 0) == 31 && strtol("-12", NULL, 10) == -12 && atoi("99x") == 99);
	CHECK(strtoull("18446744073709551615", NULL, 10) == UINT64_MAX && abs(-3) == 3);
}

static void check_strings(void)
{
	static const TEE_UUID uuid = { 0x8aaaf200, 0x2450, 0x11e4, { 0xab, 0xe2, 0x00, 0x02, 0xa5, 0xd5, 0xc5, 0x1b } };
	int values[] = { 3, 1, 4, 1, 5, 9, 2, 6 };
	TEE_UUID parsed;
	char text[64];
	char *copy;

	CHECK(snprintf(text, sizeof(text), "%s %d %#x %5.2s|", "text", -5, 255u, "abc") == 19);
	CHECK(!strcmp(text, "text -5 0xff    ab|"));
	CHECK(snprintf(text, sizeof(text), "%" PRIu64 " %zu", UINT64_MAX, sizeof(text)) == 23);
	snprintf(text, sizeof(text), "%pUl", (void *)&uuid);
	CHECK(!strcmp(text, "8aaaf200-2450-11e4-abe2-0002a5d5c51b"));
	CHECK(tee_uuid_from_str(&parsed, text) == TEE_SUCCESS && !memcmp(&parsed, &uuid, sizeof(uuid)));
	CHECK(strlen("") == 0 && strlen("12345") == 5 && strnlen("12345", 3) == 3);
	CHECK(strlcpy(text, "0123456789", 5) == 10 && !strcmp(text, "0123"));
	CHECK(!strcmp(strchr("a=b", '='), "=b") && !strcmp(strstr("needle in hay", "in"), "in hay"));
	copy = strdup("copy");
	CHECK(copy && !strcmp(copy, "copy"));
	free(copy);
	qsort(values, 8, sizeof(values[0]), descending);
	CHECK(values[0] == 9 && values[3] == 4 && values[7] == 1);
	CHECK(consttime_memcmp("abc", "abc", 3) == 0 && consttime_memcmp("abc", "abd", 3) < 0);
	memzero_explicit(text, sizeof(text));
	CHECK(text[0] == 0 && text[63] == 0);
	copy = memalign(256, 10);
	CHECK(copy && ((uintptr_t)copy & 255) == 0);
	free(copy);
	copy = calloc(10, 10);
	CHECK(copy && copy[99] == 0);
	free(copy);
	assert(values[0] == 9);
}

static jmp_buf target;
static volatile bool armed = true;

static void __attribute__((noinline)) jump(int depth)
{
	if (depth > 0)
		jump(depth - 1);
	else if (armed)
		longjmp(target, 0);
	CHECK(!"reached");
}

static void check_utilities(void)
{
	volatile int kept = 5, rounds = 0;
	char text[16];
	uint8_t bytes[8];
	size_t len = sizeof(text);

	/* 0 is never what setjmp returns again. */
	if (setjmp(target) == 0) {
		rounds++;
		jump(4);
	}
	CHECK(kept == 5 && rounds == 1);
	CHECK(base64_enc("foob", 4, text, &len) && len == 9 && !strcmp(text, "Zm9vYg=="));
	len = 3;
	CHECK(!base64_dec(text, 8, bytes, &len) && len == 4);
	CHECK(base64_dec(text, 8, bytes, &len) && len == 4 && !memcmp(bytes, "foob", 4) && base64_enc_len(4) == 8);
	CHECK(!base64_dec("Zm*v", 4, bytes, &len));
	CHECK(bcmp("abc", "abd", 3) && !bcmp("abc", "abd", 2));
	CHECK(rand() >= 0 && (rand() != rand() || rand() != rand()));
	free_wipe(malloc(40));
	free_wipe(NULL);
}

void check_library(void)
{
	check_copies();
	check_numbers();
	check_strings();
	check_utilities();
	printf("printf: %s and %c\n", "text", 'c');
	DMSG("not shown at this level");
	EMSG("shown: %d", 1);
}
