/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A TA that is linked with the library of ../library-c. Command 0: value[0] inout: a number to add, then the sum and what
 * the hook makes of it. Command 1: memref[0] out: the sum in words.
 */
#include <link.h>
#include <string.h>
#include <tally.h>
#include <tee_internal_api_extensions.h>

static uint32_t seen_by_constructor;

/* The constructors of libraries run before those of the TA. */
static void __attribute__((constructor)) construct(void)
{
	seen_by_constructor = tally_sum;
}

/* The library calls this. */
uint32_t tally_hook(uint32_t sum)
{
	return sum * 2;
}

static int count_module(struct dl_phdr_info *info, size_t size, void *data)
{
	uint32_t *count = data;

	/* The TA has no name, libraries have their UUID. */
	if (size >= sizeof(*info) && (*count ? !strcmp(info->dlpi_name, TALLY_LIBRARY) : !info->dlpi_name[0]))
		(*count)++;
	return 0;
}

TEE_Result TA_CreateEntryPoint(void)
{
	uint32_t modules = 0;

	dl_iterate_phdr(count_module, &modules);
	return seen_by_constructor == 1000 && modules == 2 ? TEE_SUCCESS : TEE_ERROR_BAD_STATE;
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

static TEE_Result add(uint32_t types, TEE_Param params[TEE_NUM_PARAMS])
{
	uint32_t before = tally_of_thread;

	if (types != TEE_PARAM_TYPES(TEE_PARAM_TYPE_VALUE_INOUT, 0, 0, 0))
		return TEE_ERROR_BAD_PARAMETERS;
	if (tally_add(params[0].value.a) != tally_sum || tally_of_thread - before != params[0].value.a)
		return TEE_ERROR_GENERIC;
	params[0].value.a = tally_sum;
	params[0].value.b = tally_hooked();
	return TEE_SUCCESS;
}

static TEE_Result say(uint32_t types, TEE_Param params[TEE_NUM_PARAMS])
{
	char *text;
	size_t room;

	if (types != TEE_PARAM_TYPES(TEE_PARAM_TYPE_MEMREF_OUTPUT, 0, 0, 0))
		return TEE_ERROR_BAD_PARAMETERS;
	text = tally_text();
	if (!text)
		return TEE_ERROR_OUT_OF_MEMORY;
	room = params[0].memref.size;
	params[0].memref.size = strlen(text);
	if (room >= params[0].memref.size)
		memcpy(params[0].memref.buffer, text, params[0].memref.size);
	TEE_Free(text);
	return room >= params[0].memref.size ? TEE_SUCCESS : TEE_ERROR_SHORT_BUFFER;
}

TEE_Result TA_InvokeCommandEntryPoint(void *context, uint32_t command, uint32_t types, TEE_Param params[TEE_NUM_PARAMS])
{
	(void)context;
	switch (command) {
	case 0:
		return add(types, params);
	case 1:
		return say(types, params);
	default:
		return TEE_ERROR_NOT_SUPPORTED;
	}
}
