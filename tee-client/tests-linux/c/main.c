/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests every function of libteec from C, whichever library of that name is there. */
#include <dirent.h>
#include <stdio.h>

#include "harness.h"

TEEC_Context context;

static unsigned int passed_count, failed_count;
static bool this_failed;
/* Only tests with this in their name, when there is one. */
static const char *wanted;

void failed(const char *file, int line, const char *what)
{
	this_failed = true;
	printf("%s:%d: not so: %s\n", file, line, what);
}

void wrong(const char *file, int line, const char *what, TEEC_Result result, TEEC_Result expected)
{
	this_failed = true;
	printf("%s:%d: %s is 0x%08x, not 0x%08x\n", file, line, what, result, expected);
}

void run(const char *name, void (*test)(void))
{
	if (wanted && !strstr(name, wanted))
		return;
	this_failed = false;
	test();
	printf("test c: %s ... %s\n", name, this_failed ? "FAILED: see above" : "ok");
	fflush(stdout);
	if (this_failed)
		failed_count++;
	else
		passed_count++;
}

TEEC_Result open_ta(TEEC_Session *session, TEEC_UUID uuid, uint32_t *origin)
{
	return TEEC_OpenSession(&context, session, &uuid, TEEC_LOGIN_PUBLIC, NULL, NULL, origin);
}

uint32_t fill(uint8_t *bytes, size_t size)
{
	uint32_t sum = 0;

	for (size_t at = 0; at < size; at++) {
		bytes[at] = (uint8_t)(at * 7 + at / 251);
		sum += bytes[at];
	}
	return sum;
}

bool is_reversed(const uint8_t *bytes, size_t size)
{
	for (size_t at = 0; at < size; at++) {
		size_t from = size - 1 - at;

		if (bytes[at] != (uint8_t)(from * 7 + from / 251))
			return false;
	}
	return true;
}

static int open_files(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int count = 0;

	if (!dir)
		return -1;
	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

static int files_before;

static void nothing_is_left_open(void)
{
	CHECK(open_files() == files_before);
}

int main(int argc, char **argv)
{
	TEEC_Result result = TEEC_ERROR_GENERIC;

	wanted = argc > 1 ? argv[1] : NULL;
	files_before = open_files();
	result = TEEC_InitializeContext(NULL, &context);
	if (result != TEEC_SUCCESS) {
		printf("test c: there is a TEE ... FAILED: TEEC_InitializeContext gives 0x%08x\n", result);
		return 1;
	}
	contexts_and_sessions();
	values_and_errors();
	temporary_memory();
	shared_memory();
	processes();
	TEEC_FinalizeContext(&context);
	RUN(nothing_is_left_open);
	printf("c: %u passed, %u failed\n", passed_count, failed_count);
	return failed_count ? 1 : 0;
}
