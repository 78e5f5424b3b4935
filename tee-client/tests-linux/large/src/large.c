/* SPDX-License-Identifier: BSD-2-Clause */
/* A TA that consists of a table, and has to read all of it to answer. */
#include <tee_internal_api.h>

#define CMD_HASH 0

__asm__(".section .rodata.table, \"a\"\n"
	".balign 4\n"
	"table:\n"
	".incbin \"table\"\n"
	"table_end:\n"
	".previous\n");

extern const uint8_t table[] __attribute__((visibility("hidden")));
extern const uint8_t table_end[] __attribute__((visibility("hidden")));

TEE_Result TA_CreateEntryPoint(void)
{
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

/* Bytes in the wrong order or in the wrong place change it (FNV-1a). */
TEE_Result TA_InvokeCommandEntryPoint(void *context, uint32_t command, uint32_t types, TEE_Param params[TEE_NUM_PARAMS])
{
	const uint8_t *byte;
	uint32_t hash = 2166136261;

	(void)context;
	if (command != CMD_HASH)
		return TEE_ERROR_NOT_SUPPORTED;
	if (types != TEE_PARAM_TYPES(TEE_PARAM_TYPE_VALUE_OUTPUT, TEE_PARAM_TYPE_NONE, TEE_PARAM_TYPE_NONE, TEE_PARAM_TYPE_NONE))
		return TEE_ERROR_BAD_PARAMETERS;
	for (byte = table; byte < table_end; byte++)
		hash = (hash ^ *byte) * 16777619;
	params[0].value.a = hash;
	params[0].value.b = table_end - table;
	return TEE_SUCCESS;
}
