/* SPDX-License-Identifier: BSD-2-Clause */
/* Contexts, sessions, logins, values and errors. */
#include <unistd.h>

#include "harness.h"

static const TEEC_UUID hello_world = HELLO_WORLD;

static void context_of_any_name(void)
{
	TEEC_Context other = { 0 };

	CHECK_RESULT(TEEC_InitializeContext("optee-tz", &other), TEEC_SUCCESS);
	TEEC_FinalizeContext(&other);
	CHECK_RESULT(TEEC_InitializeContext("no-such-tee", &other), TEEC_ERROR_ITEM_NOT_FOUND);
	CHECK_RESULT(TEEC_InitializeContext(NULL, NULL), TEEC_ERROR_BAD_PARAMETERS);
	TEEC_FinalizeContext(NULL);
}

static void two_contexts_at_once(void)
{
	TEEC_Context other = { 0 };
	TEEC_Session first = { 0 }, second = { 0 };

	CHECK_RESULT(TEEC_InitializeContext(NULL, &other), TEEC_SUCCESS);
	CHECK_RESULT(open_ta(&first, hello_world, NULL), TEEC_SUCCESS);
	CHECK_RESULT(TEEC_OpenSession(&other, &second, &hello_world, TEEC_LOGIN_PUBLIC, NULL, NULL, NULL), TEEC_SUCCESS);
	CHECK_RESULT(TEEC_InvokeCommand(&second, NOP, NULL, NULL), TEEC_SUCCESS);
	CHECK_RESULT(TEEC_InvokeCommand(&first, NOP, NULL, NULL), TEEC_SUCCESS);
	TEEC_CloseSession(&second);
	TEEC_FinalizeContext(&other);
	CHECK_RESULT(TEEC_InvokeCommand(&first, NOP, NULL, NULL), TEEC_SUCCESS);
	TEEC_CloseSession(&first);
}

static void sessions_that_do_not_open(void)
{
	TEEC_UUID nobody = NOBODY;
	TEEC_Session session = { 0 };
	uint32_t origin = 0;

	CHECK_RESULT(open_ta(&session, nobody, &origin), TEEC_ERROR_ITEM_NOT_FOUND);
	CHECK(origin == TEEC_ORIGIN_TEE);
	CHECK_RESULT(TEEC_OpenSession(NULL, &session, &nobody, 0, NULL, NULL, &origin), TEEC_ERROR_BAD_PARAMETERS);
	CHECK(origin == TEEC_ORIGIN_API);
	CHECK_RESULT(TEEC_OpenSession(&context, NULL, &nobody, 0, NULL, NULL, NULL), TEEC_ERROR_BAD_PARAMETERS);
	CHECK_RESULT(TEEC_InvokeCommand(NULL, NOP, NULL, &origin), TEEC_ERROR_BAD_PARAMETERS);
	CHECK(origin == TEEC_ORIGIN_API);
	TEEC_CloseSession(NULL);
}

static void many_sessions(void)
{
	enum { COUNT = 16 };
	TEEC_Session sessions[COUNT];

	for (int n = 0; n < COUNT; n++)
		CHECK_RESULT(open_ta(&sessions[n], hello_world, NULL), TEEC_SUCCESS);
	for (int n = COUNT - 1; n >= 0; n--) {
		CHECK_RESULT(TEEC_InvokeCommand(&sessions[n], NOP, NULL, NULL), TEEC_SUCCESS);
		TEEC_CloseSession(&sessions[n]);
	}
}

static TEEC_Result login(uint32_t method, const void *data, uint32_t *origin)
{
	TEEC_Session session = { 0 };
	TEEC_Result result = TEEC_OpenSession(&context, &session, &hello_world, method, data, NULL, origin);

	if (result == TEEC_SUCCESS)
		TEEC_CloseSession(&session);
	return result;
}

static void every_login(void)
{
	gid_t group = getegid();

	CHECK_RESULT(login(TEEC_LOGIN_PUBLIC, NULL, NULL), TEEC_SUCCESS);
	CHECK_RESULT(login(TEEC_LOGIN_USER, NULL, NULL), TEEC_SUCCESS);
	CHECK_RESULT(login(TEEC_LOGIN_GROUP, &group, NULL), TEEC_SUCCESS);
}

static void logins_that_are_refused(void)
{
	gid_t stranger = 54321;
	uint32_t origin = 0;

	CHECK(login(TEEC_LOGIN_GROUP, &stranger, &origin) != TEEC_SUCCESS && origin == TEEC_ORIGIN_COMMS);
	CHECK_RESULT(login(3, NULL, &origin), TEEC_ERROR_BAD_PARAMETERS);
	CHECK(origin == TEEC_ORIGIN_COMMS);
	/* The kernel's own. */
	CHECK(login(0x80000000, NULL, &origin) != TEEC_SUCCESS && origin == TEEC_ORIGIN_COMMS);
	/* A TA's. */
	CHECK(login(0xF0000000, NULL, &origin) != TEEC_SUCCESS);
}

void contexts_and_sessions(void)
{
	RUN(context_of_any_name);
	RUN(two_contexts_at_once);
	RUN(sessions_that_do_not_open);
	RUN(many_sessions);
	RUN(every_login);
	RUN(logins_that_are_refused);
}

static TEEC_Session session;

static void values_go_both_ways(void)
{
	TEEC_Operation operation = { 0 };

	operation.paramTypes = TEEC_PARAM_TYPES(TEEC_VALUE_INOUT, TEEC_NONE, TEEC_NONE, TEEC_NONE);
	operation.params[0].value.a = 40;
	operation.params[0].value.b = 2;
	CHECK_RESULT(TEEC_InvokeCommand(&session, ADD, &operation, NULL), TEEC_SUCCESS);
	CHECK(operation.params[0].value.a == 42);
	operation.paramTypes = TEEC_PARAM_TYPES(TEEC_VALUE_INPUT, TEEC_VALUE_OUTPUT, TEEC_NONE, TEEC_NONE);
	operation.params[0].value.a = 0x12345678;
	operation.params[0].value.b = 99;
	CHECK_RESULT(TEEC_InvokeCommand(&session, SPLIT, &operation, NULL), TEEC_SUCCESS);
	CHECK(operation.params[1].value.a == 0x5678 && operation.params[1].value.b == 0x1234);
	CHECK(operation.params[0].value.a == 0x12345678 && operation.params[0].value.b == 99);
}

static void errors_of_the_ta_come_through(void)
{
	static const uint32_t codes[] = { TEEC_ERROR_GENERIC, TEEC_ERROR_SHORT_BUFFER, TEEC_ERROR_BUSY, 0x12345678, 1 };
	uint32_t origin = 0;

	for (size_t n = 0; n < sizeof(codes) / sizeof(codes[0]); n++) {
		TEEC_Operation operation = { 0 };

		operation.paramTypes = TEEC_PARAM_TYPES(TEEC_VALUE_INPUT, TEEC_NONE, TEEC_NONE, TEEC_NONE);
		operation.params[0].value.a = codes[n];
		CHECK_RESULT(TEEC_InvokeCommand(&session, FAIL, &operation, &origin), codes[n]);
		CHECK(origin == TEEC_ORIGIN_TRUSTED_APP);
	}
	CHECK_RESULT(TEEC_InvokeCommand(&session, 1234, NULL, &origin), TEEC_ERROR_NOT_SUPPORTED);
	CHECK(origin == TEEC_ORIGIN_TRUSTED_APP);
}

static void types_that_do_not_exist(void)
{
	static const uint32_t kinds[] = { 4, 8, 9, 10, 11 };
	uint32_t origin = 0;

	for (size_t n = 0; n < sizeof(kinds) / sizeof(kinds[0]); n++) {
		TEEC_Operation operation = { 0 };

		operation.paramTypes = TEEC_PARAM_TYPES(TEEC_NONE, TEEC_NONE, kinds[n], TEEC_NONE);
		CHECK_RESULT(TEEC_InvokeCommand(&session, NOP, &operation, &origin), TEEC_ERROR_BAD_PARAMETERS);
		CHECK(origin == TEEC_ORIGIN_API);
	}
}

static void parameters_of_open(void)
{
	TEEC_Session other = { 0 };
	TEEC_Operation operation = { 0 };
	uint8_t bytes[100] = { 1 };

	operation.paramTypes = TEEC_PARAM_TYPES(TEEC_VALUE_INPUT, TEEC_MEMREF_TEMP_INOUT, TEEC_NONE, TEEC_NONE);
	operation.params[1].tmpref.buffer = bytes;
	operation.params[1].tmpref.size = sizeof(bytes);
	CHECK_RESULT(TEEC_OpenSession(&context, &other, &hello_world, 0, NULL, &operation, NULL), TEEC_SUCCESS);
	TEEC_CloseSession(&other);
	CHECK(bytes[0] == 1 && operation.params[1].tmpref.size == sizeof(bytes));
}

void values_and_errors(void)
{
	if (open_ta(&session, hello_world, NULL) != TEEC_SUCCESS)
		return RUN(values_go_both_ways);
	RUN(values_go_both_ways);
	RUN(errors_of_the_ta_come_through);
	RUN(types_that_do_not_exist);
	RUN(parameters_of_open);
	TEEC_CloseSession(&session);
}
