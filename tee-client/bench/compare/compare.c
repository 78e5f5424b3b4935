// SPDX-License-Identifier: BSD-2-Clause
/*
 * What calls cost from a program in Linux on any TEE that speaks OP-TEE's interfaces, a line each: `bench: <name> <nanoseconds>`.
 * Under an emulator that counts an instruction as a nanosecond that is instructions. The TA is one of OP-TEE's test suite, "sims",
 * so that both TEEs run the same code: a command that it does not know is a call that does nothing.
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tee_client_api.h>
#include <time.h>

#define BATCHES 5
#define KIB4 4096
/* sims, e6a33ed4-562b-463a-bb7e-ff5e15a493c8: its command that gives a number, and one that it does not have. */
static const TEEC_UUID sims = { 0xe6a33ed4, 0x562b, 0x463a, { 0xbb, 0x7e, 0xff, 0x5e, 0x15, 0xa4, 0x93, 0xc8 } };
#define GET_COUNTER 3
#define NO_COMMAND 0x7fffffff

static TEEC_Context context;
static TEEC_Session session;
static TEEC_SharedMemory memory;
static uint8_t bytes[KIB4];

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

/* Whether a call went as the name says it has to. */
typedef int step(void);

static int open_close(void)
{
	TEEC_Session other;

	if (TEEC_OpenSession(&context, &other, &sims, TEEC_LOGIN_PUBLIC, NULL, NULL, NULL) != TEEC_SUCCESS)
		return 0;
	TEEC_CloseSession(&other);
	return 1;
}

/* The TA has to have seen the call, and to refuse it. */
static int refused(TEEC_Operation *operation)
{
	uint32_t origin = 0;
	TEEC_Result result = TEEC_InvokeCommand(&session, NO_COMMAND, operation, &origin);

	return result == TEEC_ERROR_BAD_PARAMETERS && origin == TEEC_ORIGIN_TRUSTED_APP;
}

static int noop(void)
{
	return refused(NULL);
}

static int value(void)
{
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(TEEC_VALUE_OUTPUT, TEEC_NONE, TEEC_NONE, TEEC_NONE) };
	uint32_t origin = 0;

	return TEEC_InvokeCommand(&session, GET_COUNTER, &operation, &origin) == TEEC_SUCCESS;
}

static int registered(void)
{
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(TEEC_MEMREF_WHOLE, TEEC_NONE, TEEC_NONE, TEEC_NONE) };

	operation.params[0].memref.parent = &memory;
	return refused(&operation);
}

static int temporary(void)
{
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(TEEC_MEMREF_TEMP_INOUT, TEEC_NONE, TEEC_NONE, TEEC_NONE) };

	operation.params[0].tmpref.buffer = bytes;
	operation.params[0].tmpref.size = sizeof(bytes);
	return refused(&operation);
}

static int share(void)
{
	TEEC_SharedMemory other = { .size = KIB4, .flags = TEEC_MEM_INPUT | TEEC_MEM_OUTPUT };

	if (TEEC_AllocateSharedMemory(&context, &other) != TEEC_SUCCESS)
		return 0;
	TEEC_ReleaseSharedMemory(&other);
	return 1;
}

/* Prints the least mean of some batches. */
static int measure(const char *name, unsigned int rounds, step *call)
{
	uint64_t best = UINT64_MAX;

	for (int batch = 0; batch < BATCHES; batch++) {
		uint64_t from = now();

		for (unsigned int round = 0; round < rounds; round++) {
			if (!call()) {
				printf("bench: FAILED: %s\n", name);
				return 0;
			}
		}
		uint64_t mean = (now() - from) / rounds;

		if (mean < best)
			best = mean;
	}
	printf("bench: %s %" PRIu64 "\n", name, best);
	return 1;
}

int main(void)
{
	memset(&memory, 0, sizeof(memory));
	memory.size = KIB4;
	memory.flags = TEEC_MEM_INPUT | TEEC_MEM_OUTPUT;
	if (TEEC_InitializeContext(NULL, &context) != TEEC_SUCCESS)
		return EXIT_FAILURE;
	uint64_t from = now();

	if (!open_close())
		return EXIT_FAILURE;
	printf("bench: open-close-first %" PRIu64 "\n", now() - from);
	if (!measure("open-close-again", 4, open_close))
		return EXIT_FAILURE;
	if (TEEC_OpenSession(&context, &session, &sims, TEEC_LOGIN_PUBLIC, NULL, NULL, NULL) != TEEC_SUCCESS)
		return EXIT_FAILURE;
	if (TEEC_AllocateSharedMemory(&context, &memory) != TEEC_SUCCESS)
		return EXIT_FAILURE;
	int good = measure("open-close-loaded", 100, open_close) && measure("invoke-noop", 500, noop) &&
		   measure("invoke-value", 500, value) && measure("invoke-registered-4k", 200, registered) &&
		   measure("invoke-temporary-4k", 200, temporary) && measure("register-release-4k", 200, share);

	TEEC_ReleaseSharedMemory(&memory);
	TEEC_CloseSession(&session);
	TEEC_FinalizeContext(&context);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
