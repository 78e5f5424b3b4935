/* SPDX-License-Identifier: BSD-2-Clause */
/* What every group of tests uses. */
#ifndef HARNESS_H
#define HARNESS_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <tee_client_api.h>
#include <tee_client_api_extensions.h>

/* UUIDs and commands of the TAs in ta-examples, as their proto.rs has them. */
#define HELLO_WORLD { 0x8aaaf200, 0x2450, 0x11e4, { 0xab, 0xe2, 0x00, 0x02, 0xa5, 0xd5, 0xc5, 0x1b } }
#define SLEEPER     { 0x0f8b1c2e, 0x6d0a, 0x4f0e, { 0x9c, 0x57, 0x3b, 0x1d, 0x2a, 0x7e, 0x4c, 0x10 } }
#define HOSTILE     { 0xb6c53aba, 0x9669, 0x4668, { 0xa7, 0xf2, 0x20, 0x56, 0x29, 0xd0, 0x0f, 0x86 } }
#define NOBODY      { 0xdeadbeef, 0x1234, 0x4567, { 0x89, 0xab, 0xcd, 0xef, 0x01, 0x23, 0x45, 0x67 } }

enum hello_world { NOP, ADD, SPLIT, SUM, GREET, REVERSE, NULL_MEMREF, ALL, FAIL };
enum { SLEEP = 0 };
enum hostile { HOSTILE_NOP = 0, HOSTILE_READ = 1, HOSTILE_LOOP = 7, HOSTILE_PANIC = 9 };

#define GREETING "hello from the secure world"

/* Says what is wrong and leaves the test. */
#define CHECK(condition)                                                    \
	do {                                                                \
		if (!(condition)) {                                         \
			failed(__FILE__, __LINE__, #condition);             \
			return;                                             \
		}                                                           \
	} while (0)

/* As CHECK, for a result that is to be a certain one. */
#define CHECK_RESULT(expression, expected)                                  \
	do {                                                                \
		TEEC_Result result_ = (expression);                         \
		if (result_ != (expected)) {                                \
			wrong(__FILE__, __LINE__, #expression, result_, (expected)); \
			return;                                             \
		}                                                           \
	} while (0)

#define RUN(test) run(#test, test)

/* The context that tests share. */
extern TEEC_Context context;

void run(const char *name, void (*test)(void));
void failed(const char *file, int line, const char *what);
void wrong(const char *file, int line, const char *what, TEEC_Result result, TEEC_Result expected);

/* Opens a session for anybody. */
TEEC_Result open_ta(TEEC_Session *session, TEEC_UUID uuid, uint32_t *origin);
/* Fills with bytes that tell where they are; `sum` is what hello-world makes of them. */
uint32_t fill(uint8_t *bytes, size_t size);
bool is_reversed(const uint8_t *bytes, size_t size);

void contexts_and_sessions(void);
void values_and_errors(void);
void temporary_memory(void);
void shared_memory(void);
void processes(void);

#endif
