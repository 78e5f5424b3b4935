/* SPDX-License-Identifier: BSD-2-Clause */
/* Cancellation, TAs that die, threads, and processes that are forked with a context. */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"

static const TEEC_UUID hello_world = HELLO_WORLD, sleeper = SLEEPER, hostile = HOSTILE;

static void *cancel_soon(void *operation)
{
	/* Until the call has begun, asking has no effect: ask again. */
	for (int n = 0; n < 20; n++) {
		usleep(200000);
		TEEC_RequestCancellation(operation);
	}
	return NULL;
}

static void a_sleeping_ta_is_cancelled(void)
{
	TEEC_Session session = { 0 };
	TEEC_Operation operation = { 0 };
	pthread_t thread;

	CHECK_RESULT(open_ta(&session, sleeper, NULL), TEEC_SUCCESS);
	operation.paramTypes = TEEC_PARAM_TYPES(TEEC_VALUE_INOUT, TEEC_NONE, TEEC_NONE, TEEC_NONE);
	operation.params[0].value = (TEEC_Value){ 60, 1000 };
	CHECK(!pthread_create(&thread, NULL, cancel_soon, &operation));
	CHECK_RESULT(TEEC_InvokeCommand(&session, SLEEP, &operation, NULL), TEEC_ERROR_CANCEL);
	CHECK(operation.params[0].value.a < 60);
	pthread_join(thread, NULL);
	TEEC_CloseSession(&session);
}

static void cancelling_nothing(void)
{
	TEEC_Operation operation = { 0 };

	TEEC_RequestCancellation(NULL);
	TEEC_RequestCancellation(&operation);
}

static void dies(uint32_t command, uint32_t a)
{
	TEEC_Session session = { 0 };
	TEEC_Operation operation = { 0 };
	uint32_t origin = 0;

	CHECK_RESULT(open_ta(&session, hostile, NULL), TEEC_SUCCESS);
	CHECK_RESULT(TEEC_InvokeCommand(&session, HOSTILE_NOP, NULL, NULL), TEEC_SUCCESS);
	operation.paramTypes = TEEC_PARAM_TYPES(TEEC_VALUE_INPUT, TEEC_VALUE_OUTPUT, TEEC_NONE, TEEC_NONE);
	operation.params[0].value.a = a;
	CHECK_RESULT(TEEC_InvokeCommand(&session, command, &operation, &origin), TEEC_ERROR_TARGET_DEAD);
	CHECK(origin == TEEC_ORIGIN_TEE);
	CHECK_RESULT(TEEC_InvokeCommand(&session, HOSTILE_NOP, NULL, NULL), TEEC_ERROR_TARGET_DEAD);
	TEEC_CloseSession(&session);
	CHECK_RESULT(open_ta(&session, hostile, NULL), TEEC_SUCCESS);
	CHECK_RESULT(TEEC_InvokeCommand(&session, HOSTILE_NOP, NULL, NULL), TEEC_SUCCESS);
	TEEC_CloseSession(&session);
}

static void a_ta_that_panics(void)
{
	dies(HOSTILE_PANIC, 0);
}

static void a_ta_that_reads_what_it_may_not(void)
{
	dies(HOSTILE_READ, 0x1000);
}

static void a_ta_that_loops(void)
{
	dies(HOSTILE_LOOP, 0);
}

/* Turns bytes around in a session until `rounds` is over; NULL when each came back right. */
struct worker {
	TEEC_Session *session;
	size_t size;
	int rounds;
	bool ok;
};

static void *work(void *argument)
{
	struct worker *worker = argument;
	uint8_t *bytes = malloc(worker->size);

	worker->ok = bytes != NULL;
	for (int n = 0; worker->ok && n < worker->rounds; n++) {
		TEEC_Operation operation = { 0 };

		fill(bytes, worker->size);
		operation.paramTypes = TEEC_PARAM_TYPES(TEEC_MEMREF_TEMP_INOUT, TEEC_NONE, TEEC_NONE, TEEC_NONE);
		operation.params[0].tmpref.buffer = bytes;
		operation.params[0].tmpref.size = worker->size;
		worker->ok = TEEC_InvokeCommand(worker->session, REVERSE, &operation, NULL) == TEEC_SUCCESS &&
			     is_reversed(bytes, worker->size);
	}
	free(bytes);
	return NULL;
}

enum { THREADS = 8 };

static void threads_share_a_session(void)
{
	TEEC_Session session = { 0 };
	struct worker workers[THREADS];
	pthread_t threads[THREADS];

	CHECK_RESULT(open_ta(&session, hello_world, NULL), TEEC_SUCCESS);
	for (int n = 0; n < THREADS; n++) {
		workers[n] = (struct worker){ &session, 100 + 501 * (size_t)n, 50, false };
		CHECK(!pthread_create(&threads[n], NULL, work, &workers[n]));
	}
	for (int n = 0; n < THREADS; n++)
		pthread_join(threads[n], NULL);
	for (int n = 0; n < THREADS; n++)
		CHECK(workers[n].ok);
	TEEC_CloseSession(&session);
}

static void a_forked_process_shares_nothing(void)
{
	TEEC_Session session = { 0 };
	struct worker worker = { &session, 3000, 100, false };
	pid_t child = 0;
	int status = 0;

	CHECK_RESULT(open_ta(&session, hello_world, NULL), TEEC_SUCCESS);
	work(&worker);
	CHECK(worker.ok);
	child = fork();
	CHECK(child >= 0);
	if (!child) {
		struct worker other = { &session, 2000, 100, false };

		work(&other);
		_exit(other.ok ? 0 : 1);
	}
	work(&worker);
	CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
	CHECK(worker.ok);
	TEEC_CloseSession(&session);
}

static void a_killed_client_leaves_the_ta_usable(void)
{
	TEEC_Session session = { 0 };
	pid_t child = fork();

	CHECK(child >= 0);
	if (!child) {
		TEEC_Context own = { 0 };
		TEEC_Operation operation = { 0 };

		if (TEEC_InitializeContext(NULL, &own) != TEEC_SUCCESS ||
		    TEEC_OpenSession(&own, &session, &sleeper, TEEC_LOGIN_PUBLIC, NULL, NULL, NULL) != TEEC_SUCCESS)
			_exit(1);
		operation.paramTypes = TEEC_PARAM_TYPES(TEEC_VALUE_INOUT, TEEC_NONE, TEEC_NONE, TEEC_NONE);
		operation.params[0].value = (TEEC_Value){ 3, 200 };
		TEEC_InvokeCommand(&session, SLEEP, &operation, NULL);
		_exit(0);
	}
	usleep(300000);
	kill(child, SIGKILL);
	CHECK(waitpid(child, NULL, 0) == child);
	CHECK_RESULT(open_ta(&session, sleeper, NULL), TEEC_SUCCESS);
	TEEC_CloseSession(&session);
}

void processes(void)
{
	RUN(a_sleeping_ta_is_cancelled);
	RUN(cancelling_nothing);
	RUN(a_ta_that_panics);
	RUN(a_ta_that_reads_what_it_may_not);
	RUN(a_ta_that_loops);
	RUN(threads_share_a_session);
	RUN(a_forked_process_shares_nothing);
	RUN(a_killed_client_leaves_the_ta_usable);
}
