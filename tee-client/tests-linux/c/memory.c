/* SPDX-License-Identifier: BSD-2-Clause */
/* Buffers for one call, and memory that is shared for longer. */
#include <stdlib.h>

#include "harness.h"

static const TEEC_UUID hello_world = HELLO_WORLD;
static const size_t sizes[] = { 1, 2, 63, 64, 65, 4095, 4096, 4097, 8192, 65536, 65537, 200000, 1 << 20 };
#define SIZES (sizeof(sizes) / sizeof(sizes[0]))
/* What hello-world can hold of a buffer: it copies it to its heap. */
#define HEAP_LIMIT 8192

/* Constants, which cannot be lent to the TEE for writing; zeroes, so that they cost nothing. */
static const uint8_t constant_small[100] = { 5, 6, 7 };
static const uint8_t constant_large[100000] = { 5, 6, 7 };

static TEEC_Session session;

static TEEC_Result sum(const void *bytes, size_t size, uint32_t *total)
{
	TEEC_Operation operation = { 0 };
	TEEC_Result result = TEEC_SUCCESS;

	operation.paramTypes = TEEC_PARAM_TYPES(TEEC_MEMREF_TEMP_INPUT, TEEC_VALUE_OUTPUT, TEEC_NONE, TEEC_NONE);
	operation.params[0].tmpref.buffer = (void *)(uintptr_t)bytes;
	operation.params[0].tmpref.size = size;
	result = TEEC_InvokeCommand(&session, SUM, &operation, NULL);
	*total = operation.params[1].value.a;
	return operation.params[1].value.b == size || result != TEEC_SUCCESS ? result : TEEC_ERROR_GENERIC;
}

static void buffers_of_every_size(void)
{
	uint8_t *bytes = malloc(1 << 20);
	uint32_t total = 0;

	CHECK(bytes);
	for (size_t n = 0; n < SIZES; n++) {
		uint32_t expected = fill(bytes, sizes[n]);
		TEEC_Result result = sum(bytes, sizes[n], &total);

		/* The TA may lack the memory for a copy, but nothing else. */
		if (sizes[n] > HEAP_LIMIT && result == TEEC_ERROR_OUT_OF_MEMORY)
			continue;
		CHECK_RESULT(result, TEEC_SUCCESS);
		CHECK(total == expected);
	}
	free(bytes);
}

static void buffers_at_every_offset(void)
{
	uint8_t *bytes = malloc(3 * 4096);
	uint32_t total = 0;

	CHECK(bytes);
	for (size_t offset = 0; offset < 4100; offset += offset < 16 ? 1 : 1021) {
		uint32_t expected = fill(bytes + offset, 5000);

		CHECK_RESULT(sum(bytes + offset, 5000, &total), TEEC_SUCCESS);
		CHECK(total == expected);
	}
	free(bytes);
}

static void constants_are_read(void)
{
	uint32_t total = 0;
	TEEC_Result result = TEEC_SUCCESS;

	CHECK_RESULT(sum(constant_small, sizeof(constant_small), &total), TEEC_SUCCESS);
	CHECK(total == 18);
	result = sum(constant_large, sizeof(constant_large), &total);
	CHECK(result == TEEC_ERROR_OUT_OF_MEMORY || (result == TEEC_SUCCESS && total == 18));
}

static void empty_and_null(void)
{
	TEEC_Operation operation = { 0 };
	uint32_t total = 1, origin = 0;
	uint8_t byte = 1;

	CHECK_RESULT(sum(&byte, 0, &total), TEEC_SUCCESS);
	CHECK(total == 0);
	operation.paramTypes = TEEC_PARAM_TYPES(TEEC_MEMREF_TEMP_INOUT, TEEC_VALUE_OUTPUT, TEEC_NONE, TEEC_NONE);
	CHECK_RESULT(TEEC_InvokeCommand(&session, NULL_MEMREF, &operation, NULL), TEEC_SUCCESS);
	CHECK(operation.params[1].value.a == 1 && operation.params[1].value.b == 0);
	operation.params[0].tmpref.size = 1;
	CHECK_RESULT(TEEC_InvokeCommand(&session, NULL_MEMREF, &operation, &origin), TEEC_ERROR_BAD_PARAMETERS);
	CHECK(origin == TEEC_ORIGIN_API);
}

static void output_leaves_the_rest_alone(void)
{
	TEEC_Operation operation = { 0 };
	uint8_t bytes[100];

	memset(bytes, 0xAA, sizeof(bytes));
	operation.paramTypes = TEEC_PARAM_TYPES(TEEC_MEMREF_TEMP_OUTPUT, TEEC_NONE, TEEC_NONE, TEEC_NONE);
	operation.params[0].tmpref.buffer = bytes;
	operation.params[0].tmpref.size = sizeof(bytes);
	CHECK_RESULT(TEEC_InvokeCommand(&session, GREET, &operation, NULL), TEEC_SUCCESS);
	CHECK(operation.params[0].tmpref.size == strlen(GREETING) && !memcmp(bytes, GREETING, strlen(GREETING)));
	for (size_t at = strlen(GREETING); at < sizeof(bytes); at++)
		CHECK(bytes[at] == 0xAA);
}

static void short_buffer_says_what_is_needed(void)
{
	TEEC_Operation operation = { 0 };
	uint8_t bytes[5] = { 1, 2, 3, 4, 5 };
	uint32_t origin = 0;

	operation.paramTypes = TEEC_PARAM_TYPES(TEEC_MEMREF_TEMP_OUTPUT, TEEC_NONE, TEEC_NONE, TEEC_NONE);
	operation.params[0].tmpref.buffer = bytes;
	operation.params[0].tmpref.size = 4;
	CHECK_RESULT(TEEC_InvokeCommand(&session, GREET, &operation, &origin), TEEC_ERROR_SHORT_BUFFER);
	CHECK(origin == TEEC_ORIGIN_TRUSTED_APP && operation.params[0].tmpref.size == strlen(GREETING) && bytes[4] == 5);
	operation.params[0].tmpref.buffer = NULL;
	operation.params[0].tmpref.size = 0;
	CHECK_RESULT(TEEC_InvokeCommand(&session, GREET, &operation, NULL), TEEC_ERROR_SHORT_BUFFER);
	CHECK(operation.params[0].tmpref.size == strlen(GREETING));
}

static void inout_comes_back(void)
{
	static const size_t lengths[] = { 1, 100, 4096, 5000 };
	uint8_t *bytes = malloc(8192);

	CHECK(bytes);
	for (size_t n = 0; n < sizeof(lengths) / sizeof(lengths[0]); n++) {
		TEEC_Operation operation = { 0 };

		fill(bytes + 3, lengths[n]);
		operation.paramTypes = TEEC_PARAM_TYPES(TEEC_MEMREF_TEMP_INOUT, TEEC_NONE, TEEC_NONE, TEEC_NONE);
		operation.params[0].tmpref.buffer = bytes + 3;
		operation.params[0].tmpref.size = lengths[n];
		CHECK_RESULT(TEEC_InvokeCommand(&session, REVERSE, &operation, NULL), TEEC_SUCCESS);
		CHECK(operation.params[0].tmpref.size == lengths[n] && is_reversed(bytes + 3, lengths[n]));
	}
	free(bytes);
}

/* p2 to p3 and values beside them; the buffers may be the same one. */
static void copy(size_t from, size_t to)
{
	TEEC_Operation operation = { 0 };
	uint8_t bytes[3000] = { 0 }, before[1000];

	fill(bytes + from, 1000);
	memcpy(before, bytes + from, 1000);
	operation.paramTypes = TEEC_PARAM_TYPES(TEEC_VALUE_INPUT, TEEC_VALUE_INOUT, TEEC_MEMREF_TEMP_INPUT, TEEC_MEMREF_TEMP_OUTPUT);
	operation.params[0].value = (TEEC_Value){ 1, 2 };
	operation.params[1].value = (TEEC_Value){ 10, 20 };
	operation.params[2].tmpref = (TEEC_TempMemoryReference){ bytes + from, 1000 };
	operation.params[3].tmpref = (TEEC_TempMemoryReference){ bytes + to, 1000 };
	CHECK_RESULT(TEEC_InvokeCommand(&session, ALL, &operation, NULL), TEEC_SUCCESS);
	CHECK(operation.params[1].value.a == 11 && operation.params[1].value.b == 22);
	CHECK(operation.params[3].tmpref.size == 1000 && !memcmp(bytes + to, before, 1000));
}

static void four_parameters(void)
{
	copy(0, 2000);
}

static void buffers_that_overlap(void)
{
	copy(0, 0);
	copy(0, 500);
	copy(500, 0);
}

void temporary_memory(void)
{
	if (open_ta(&session, hello_world, NULL) != TEEC_SUCCESS)
		return RUN(buffers_of_every_size);
	RUN(buffers_of_every_size);
	RUN(buffers_at_every_offset);
	RUN(constants_are_read);
	RUN(empty_and_null);
	RUN(output_leaves_the_rest_alone);
	RUN(short_buffer_says_what_is_needed);
	RUN(inout_comes_back);
	RUN(four_parameters);
	RUN(buffers_that_overlap);
	TEEC_CloseSession(&session);
}

static TEEC_Result on_shared(TEEC_SharedMemory *memory, uint32_t kind, uint32_t command, size_t offset, size_t *size, uint32_t *origin)
{
	TEEC_Operation operation = { 0 };
	TEEC_Result result = TEEC_SUCCESS;

	operation.paramTypes = TEEC_PARAM_TYPES(kind, command == SUM ? TEEC_VALUE_OUTPUT : TEEC_NONE, TEEC_NONE, TEEC_NONE);
	operation.params[0].memref.parent = memory;
	operation.params[0].memref.offset = offset;
	operation.params[0].memref.size = *size;
	result = TEEC_InvokeCommand(&session, command, &operation, origin);
	*size = command == SUM ? operation.params[1].value.a : operation.params[0].memref.size;
	return result;
}

static void use(TEEC_SharedMemory *memory)
{
	uint8_t *bytes = memory->buffer;
	size_t size = 0;
	uint32_t expected = 0, origin = 0;

	fill(bytes, memory->size);
	CHECK_RESULT(on_shared(memory, TEEC_MEMREF_WHOLE, REVERSE, 0, &size, NULL), TEEC_SUCCESS);
	CHECK(size == memory->size && is_reversed(bytes, size));
	expected = fill(bytes + 100, 50);
	size = 50;
	CHECK_RESULT(on_shared(memory, TEEC_MEMREF_PARTIAL_INPUT, SUM, 100, &size, NULL), TEEC_SUCCESS);
	CHECK(size == expected);
	size = 50;
	CHECK_RESULT(on_shared(memory, TEEC_MEMREF_PARTIAL_INOUT, REVERSE, 100, &size, NULL), TEEC_SUCCESS);
	CHECK(size == 50 && is_reversed(bytes + 100, 50));
	size = 100;
	CHECK_RESULT(on_shared(memory, TEEC_MEMREF_PARTIAL_OUTPUT, GREET, memory->size - 100, &size, NULL), TEEC_SUCCESS);
	CHECK(size == strlen(GREETING) && !memcmp(bytes + memory->size - 100, GREETING, size));
	size = 4;
	CHECK_RESULT(on_shared(memory, TEEC_MEMREF_PARTIAL_OUTPUT, GREET, 0, &size, NULL), TEEC_ERROR_SHORT_BUFFER);
	CHECK(size == strlen(GREETING));
	size = 100;
	CHECK_RESULT(on_shared(memory, TEEC_MEMREF_PARTIAL_INPUT, SUM, memory->size - 99, &size, &origin), TEEC_ERROR_BAD_PARAMETERS);
	CHECK(origin == TEEC_ORIGIN_API);
	size = 2;
	CHECK_RESULT(on_shared(memory, TEEC_MEMREF_PARTIAL_INPUT, SUM, SIZE_MAX, &size, NULL), TEEC_ERROR_BAD_PARAMETERS);
}

static void registered_where_it_lies(void)
{
	uint8_t *bytes = malloc(8192);
	TEEC_SharedMemory memory = { .buffer = bytes ? bytes + 7 : NULL, .size = 5000, .flags = TEEC_MEM_INPUT | TEEC_MEM_OUTPUT };

	CHECK(bytes);
	CHECK_RESULT(TEEC_RegisterSharedMemory(&context, &memory), TEEC_SUCCESS);
	use(&memory);
	TEEC_ReleaseSharedMemory(&memory);
	TEEC_ReleaseSharedMemory(&memory);
	free(bytes);
}

static void allocated(void)
{
	static const size_t lengths[] = { 200, 4096, 8000 };

	for (size_t n = 0; n < sizeof(lengths) / sizeof(lengths[0]); n++) {
		TEEC_SharedMemory memory = { .size = lengths[n], .flags = TEEC_MEM_INPUT | TEEC_MEM_OUTPUT };

		CHECK_RESULT(TEEC_AllocateSharedMemory(&context, &memory), TEEC_SUCCESS);
		CHECK(memory.buffer && memory.size == lengths[n]);
		use(&memory);
		TEEC_ReleaseSharedMemory(&memory);
		CHECK(!memory.buffer);
	}
}

static void large_and_empty(void)
{
	static const size_t lengths[] = { 0, 1 << 20, 4 << 20 };

	for (size_t n = 0; n < sizeof(lengths) / sizeof(lengths[0]); n++) {
		TEEC_SharedMemory memory = { .size = lengths[n], .flags = TEEC_MEM_INPUT };
		size_t size = lengths[n] ? 100 : 0;
		uint32_t expected = 0;

		CHECK_RESULT(TEEC_AllocateSharedMemory(&context, &memory), TEEC_SUCCESS);
		CHECK(memory.buffer);
		if (size)
			expected = fill((uint8_t *)memory.buffer + lengths[n] - size, size);
		CHECK_RESULT(on_shared(&memory, TEEC_MEMREF_PARTIAL_INPUT, SUM, lengths[n] - size, &size, NULL), TEEC_SUCCESS);
		CHECK(size == expected);
		TEEC_ReleaseSharedMemory(&memory);
	}
}

static void read_only_memory(void)
{
	TEEC_SharedMemory memory = { .size = sizeof(constant_small), .flags = TEEC_MEM_INPUT };
	size_t size = sizeof(constant_small);

	memory.buffer = (void *)(uintptr_t)constant_small;
	CHECK_RESULT(TEEC_RegisterSharedMemory(&context, &memory), TEEC_SUCCESS);
	CHECK_RESULT(on_shared(&memory, TEEC_MEMREF_WHOLE, SUM, 0, &size, NULL), TEEC_SUCCESS);
	CHECK(size == 18);
	size = 2;
	CHECK_RESULT(on_shared(&memory, TEEC_MEMREF_PARTIAL_INPUT, SUM, 1, &size, NULL), TEEC_SUCCESS);
	CHECK(size == 13);
	TEEC_ReleaseSharedMemory(&memory);
}

static void directions_are_kept(void)
{
	TEEC_SharedMemory memory = { .size = 100, .flags = TEEC_MEM_INPUT };
	size_t size = 10;
	uint32_t origin = 0;

	CHECK_RESULT(TEEC_AllocateSharedMemory(&context, &memory), TEEC_SUCCESS);
	CHECK_RESULT(on_shared(&memory, TEEC_MEMREF_PARTIAL_OUTPUT, GREET, 0, &size, &origin), TEEC_ERROR_BAD_PARAMETERS);
	CHECK(origin == TEEC_ORIGIN_API);
	CHECK_RESULT(on_shared(&memory, TEEC_MEMREF_PARTIAL_INOUT, REVERSE, 0, &size, NULL), TEEC_ERROR_BAD_PARAMETERS);
	TEEC_ReleaseSharedMemory(&memory);
}

static void memory_that_is_refused(void)
{
	uint8_t bytes[16];
	TEEC_SharedMemory memory = { .buffer = bytes, .size = sizeof(bytes) };

	CHECK_RESULT(TEEC_RegisterSharedMemory(&context, &memory), TEEC_ERROR_BAD_PARAMETERS);
	CHECK_RESULT(TEEC_AllocateSharedMemory(&context, &memory), TEEC_ERROR_BAD_PARAMETERS);
	memory.flags = 4;
	CHECK_RESULT(TEEC_RegisterSharedMemory(&context, &memory), TEEC_ERROR_BAD_PARAMETERS);
	memory.flags = TEEC_MEM_INPUT;
	memory.buffer = NULL;
	CHECK_RESULT(TEEC_RegisterSharedMemory(&context, &memory), TEEC_ERROR_BAD_PARAMETERS);
	CHECK_RESULT(TEEC_RegisterSharedMemory(NULL, &memory), TEEC_ERROR_BAD_PARAMETERS);
	CHECK_RESULT(TEEC_RegisterSharedMemory(&context, NULL), TEEC_ERROR_BAD_PARAMETERS);
	CHECK_RESULT(TEEC_AllocateSharedMemory(&context, NULL), TEEC_ERROR_BAD_PARAMETERS);
	memory.size = SIZE_MAX / 2;
	CHECK_RESULT(TEEC_AllocateSharedMemory(&context, &memory), TEEC_ERROR_OUT_OF_MEMORY);
	TEEC_ReleaseSharedMemory(NULL);
}

static void descriptors_that_are_refused(void)
{
	TEEC_SharedMemory memory = { .flags = TEEC_MEM_INPUT };

	CHECK_RESULT(TEEC_RegisterSharedMemoryFileDescriptor(NULL, &memory, 0), TEEC_ERROR_BAD_PARAMETERS);
	CHECK_RESULT(TEEC_RegisterSharedMemoryFileDescriptor(&context, NULL, 0), TEEC_ERROR_BAD_PARAMETERS);
	CHECK_RESULT(TEEC_RegisterSharedMemoryFileDescriptor(&context, &memory, -1), TEEC_ERROR_BAD_PARAMETERS);
	/* No DMA buffer: refused where Linux knows the request, and where it does not. */
	CHECK(TEEC_RegisterSharedMemoryFileDescriptor(&context, &memory, 0) != TEEC_SUCCESS);
}

void shared_memory(void)
{
	if (open_ta(&session, hello_world, NULL) != TEEC_SUCCESS)
		return RUN(registered_where_it_lies);
	RUN(registered_where_it_lies);
	RUN(allocated);
	RUN(large_and_empty);
	RUN(read_only_memory);
	RUN(directions_are_kept);
	RUN(memory_that_is_refused);
	RUN(descriptors_that_are_refused);
	TEEC_CloseSession(&session);
}
