/* SPDX-License-Identifier: BSD-2-Clause */
/* A TA that shows every kind of parameter: the twin of `hello-world` in C. Its commands are those of that one's proto.rs. */
#include <stdlib.h>
#include <string.h>
#include <tee_internal_api.h>

#define CMD_NOP         0
#define CMD_ADD         1
#define CMD_SPLIT       2
#define CMD_SUM         3
#define CMD_GREET       4
#define CMD_REVERSE     5
#define CMD_NULL_MEMREF 6
#define CMD_ALL         7
#define CMD_FAIL        8

static const char greeting[] = "hello from the secure world";

struct session {
	uint32_t commands;
};

TEE_Result TA_CreateEntryPoint(void)
{
	DMSG("hello-world-c starts");
	return TEE_SUCCESS;
}

void TA_DestroyEntryPoint(void)
{
}

TEE_Result TA_OpenSessionEntryPoint(uint32_t types, TEE_Param params[TEE_NUM_PARAMS], void **context)
{
	struct session *session = TEE_Malloc(sizeof(*session), TEE_MALLOC_FILL_ZERO);

	(void)types;
	(void)params;
	if (!session)
		return TEE_ERROR_OUT_OF_MEMORY;
	*context = session;
	return TEE_SUCCESS;
}

void TA_CloseSessionEntryPoint(void *context)
{
	TEE_Free(context);
}

/* A copy of a memref: the client can change its memory while the TA looks at it. */
static TEE_Result copy_in(const TEE_Param *param, uint8_t **copy)
{
	*copy = malloc(param->memref.size + 1);
	if (!*copy)
		return TEE_ERROR_OUT_OF_MEMORY;
	memcpy(*copy, param->memref.buffer, param->memref.size);
	return TEE_SUCCESS;
}

/* Fills a memref, or says how large it has to be. */
static TEE_Result copy_out(TEE_Param *param, const void *data, size_t size)
{
	size_t room = param->memref.size;

	param->memref.size = size;
	if (size > room || (size && !param->memref.buffer))
		return TEE_ERROR_SHORT_BUFFER;
	memcpy(param->memref.buffer, data, size);
	return TEE_SUCCESS;
}

static TEE_Result add(struct session *session, uint32_t types, TEE_Param params[TEE_NUM_PARAMS])
{
	if (types != TEE_PARAM_TYPES(TEE_PARAM_TYPE_VALUE_INOUT, TEE_PARAM_TYPE_NONE, TEE_PARAM_TYPE_NONE, TEE_PARAM_TYPE_NONE))
		return TEE_ERROR_BAD_PARAMETERS;
	params[0].value.a += params[0].value.b;
	params[0].value.b = session->commands;
	return TEE_SUCCESS;
}

static TEE_Result split(uint32_t types, TEE_Param params[TEE_NUM_PARAMS])
{
	uint32_t whole = params[0].value.a;

	if (types !=
	    TEE_PARAM_TYPES(TEE_PARAM_TYPE_VALUE_INPUT, TEE_PARAM_TYPE_VALUE_OUTPUT, TEE_PARAM_TYPE_NONE, TEE_PARAM_TYPE_NONE))
		return TEE_ERROR_BAD_PARAMETERS;
	params[1].value.a = whole & 0xFFFF;
	params[1].value.b = whole >> 16;
	return TEE_SUCCESS;
}

static TEE_Result sum(uint32_t types, TEE_Param params[TEE_NUM_PARAMS])
{
	uint8_t *copy;
	uint32_t total = 0;
	size_t n;
	TEE_Result res;

	if (types !=
	    TEE_PARAM_TYPES(TEE_PARAM_TYPE_MEMREF_INPUT, TEE_PARAM_TYPE_VALUE_OUTPUT, TEE_PARAM_TYPE_NONE, TEE_PARAM_TYPE_NONE))
		return TEE_ERROR_BAD_PARAMETERS;
	res = copy_in(&params[0], &copy);
	if (res != TEE_SUCCESS)
		return res;
	for (n = 0; n < params[0].memref.size; n++)
		total += copy[n];
	free(copy);
	params[1].value.a = total;
	params[1].value.b = params[0].memref.size;
	return TEE_SUCCESS;
}

static TEE_Result greet(uint32_t types, TEE_Param params[TEE_NUM_PARAMS])
{
	if (types != TEE_PARAM_TYPES(TEE_PARAM_TYPE_MEMREF_OUTPUT, TEE_PARAM_TYPE_NONE, TEE_PARAM_TYPE_NONE, TEE_PARAM_TYPE_NONE))
		return TEE_ERROR_BAD_PARAMETERS;
	IMSG("greeting a client");
	return copy_out(&params[0], greeting, strlen(greeting));
}

static TEE_Result reverse(uint32_t types, TEE_Param params[TEE_NUM_PARAMS])
{
	size_t size = params[0].memref.size;
	uint8_t *copy;
	size_t n;
	TEE_Result res;

	if (types != TEE_PARAM_TYPES(TEE_PARAM_TYPE_MEMREF_INOUT, TEE_PARAM_TYPE_NONE, TEE_PARAM_TYPE_NONE, TEE_PARAM_TYPE_NONE))
		return TEE_ERROR_BAD_PARAMETERS;
	res = copy_in(&params[0], &copy);
	if (res != TEE_SUCCESS)
		return res;
	for (n = 0; n < size / 2; n++) {
		uint8_t byte = copy[n];

		copy[n] = copy[size - 1 - n];
		copy[size - 1 - n] = byte;
	}
	res = copy_out(&params[0], copy, size);
	free(copy);
	return res;
}

static TEE_Result null_memref(uint32_t types, TEE_Param params[TEE_NUM_PARAMS])
{
	if (types !=
	    TEE_PARAM_TYPES(TEE_PARAM_TYPE_MEMREF_INOUT, TEE_PARAM_TYPE_VALUE_OUTPUT, TEE_PARAM_TYPE_NONE, TEE_PARAM_TYPE_NONE))
		return TEE_ERROR_BAD_PARAMETERS;
	params[1].value.a = params[0].memref.buffer == NULL;
	params[1].value.b = params[0].memref.size;
	return TEE_SUCCESS;
}

static TEE_Result all(uint32_t types, TEE_Param params[TEE_NUM_PARAMS])
{
	uint8_t *copy;
	TEE_Result res;

	if (types != TEE_PARAM_TYPES(TEE_PARAM_TYPE_VALUE_INPUT, TEE_PARAM_TYPE_VALUE_INOUT, TEE_PARAM_TYPE_MEMREF_INPUT,
				     TEE_PARAM_TYPE_MEMREF_OUTPUT))
		return TEE_ERROR_BAD_PARAMETERS;
	params[1].value.a += params[0].value.a;
	params[1].value.b += params[0].value.b;
	res = copy_in(&params[2], &copy);
	if (res != TEE_SUCCESS)
		return res;
	res = copy_out(&params[3], copy, params[2].memref.size);
	free(copy);
	return res;
}

static TEE_Result fail(uint32_t types, TEE_Param params[TEE_NUM_PARAMS])
{
	if (types != TEE_PARAM_TYPES(TEE_PARAM_TYPE_VALUE_INPUT, TEE_PARAM_TYPE_NONE, TEE_PARAM_TYPE_NONE, TEE_PARAM_TYPE_NONE))
		return TEE_ERROR_BAD_PARAMETERS;
	return params[0].value.a;
}

TEE_Result TA_InvokeCommandEntryPoint(void *context, uint32_t command, uint32_t types, TEE_Param params[TEE_NUM_PARAMS])
{
	struct session *session = context;

	session->commands++;
	switch (command) {
	case CMD_NOP:
		return TEE_SUCCESS;
	case CMD_ADD:
		return add(session, types, params);
	case CMD_SPLIT:
		return split(types, params);
	case CMD_SUM:
		return sum(types, params);
	case CMD_GREET:
		return greet(types, params);
	case CMD_REVERSE:
		return reverse(types, params);
	case CMD_NULL_MEMREF:
		return null_memref(types, params);
	case CMD_ALL:
		return all(types, params);
	case CMD_FAIL:
		return fail(types, params);
	default:
		return TEE_ERROR_NOT_SUPPORTED;
	}
}
