/* SPDX-License-Identifier: BSD-2-Clause */
/* A TA that tries each function of libutee that works. Command 0: value[0] out: checks passed, line of the first failure. */
#include "checks.h"

uint32_t checks_passed;
uint32_t checks_first_failure;

static int constructed;

/* Run by the entry, before TA_CreateEntryPoint. */
static void __attribute__((constructor)) construct(void)
{
	constructed++;
}

void check_at(bool holds, const char *what, const char *file, unsigned int line)
{
	if (holds) {
		checks_passed++;
		return;
	}
	EMSG("%s:%u: does not hold: %s", file, line, what);
	if (!checks_first_failure)
		checks_first_failure = line;
}

TEE_Result TA_CreateEntryPoint(void)
{
	CHECK(constructed == 1);
	return TEE_SUCCESS;
}

void TA_DestroyEntryPoint(void)
{
}

TEE_Result TA_OpenSessionEntryPoint(uint32_t types, TEE_Param params[TEE_NUM_PARAMS], void **context)
{
	(void)types;
	(void)params;
	(void)context;
	return TEE_SUCCESS;
}

void TA_CloseSessionEntryPoint(void *context)
{
	(void)context;
}

TEE_Result TA_InvokeCommandEntryPoint(void *context, uint32_t command, uint32_t types, TEE_Param params[TEE_NUM_PARAMS])
{
	(void)context;
	if (command != 0)
		return TEE_ERROR_NOT_SUPPORTED;
	if (types != TEE_PARAM_TYPES(TEE_PARAM_TYPE_VALUE_OUTPUT, TEE_PARAM_TYPE_NONE, TEE_PARAM_TYPE_NONE, TEE_PARAM_TYPE_NONE))
		return TEE_ERROR_BAD_PARAMETERS;
	check_framework();
	check_arithmetic();
	check_library();
	check_open();
	check_keys();
	check_curves();
	check_sm2();
	check_storage();
	check_public_keys();
	IMSG("%u checks passed%s", (unsigned int)checks_passed, checks_first_failure ? ", others FAILED" : "");
	params[0].value.a = checks_passed;
	params[0].value.b = checks_first_failure;
	return TEE_SUCCESS;
}
