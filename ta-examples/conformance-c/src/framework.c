/* SPDX-License-Identifier: BSD-2-Clause */
/* The functions of the GlobalPlatform TEE Internal Core API. */
#include "checks.h"
#include <pta_system.h>
#include <string.h>

static const TEE_UUID own_uuid = { 0xe8b1f6c4, 0x3a57, 0x4d29, { 0x9c, 0x80, 0x1f, 0x4e, 0x7b, 0x62, 0xa0, 0x35 } };
static const TEE_UUID hello_world = { 0x8aaaf200, 0x2450, 0x11e4, { 0xab, 0xe2, 0x00, 0x02, 0xa5, 0xd5, 0xc5, 0x1b } };

/* Commands of hello-world. */
#define CMD_ADD   1
#define CMD_SUM   3
#define CMD_GREET 4

static void check_properties(void)
{
	static const uint8_t block[] = { 1, 2, 255 };
	TEE_PropSetHandle own = TEE_PROPSET_CURRENT_TA;
	TEE_PropSetHandle enumerator;
	TEE_Identity identity;
	TEE_UUID uuid;
	uint64_t wide;
	uint32_t number;
	uint8_t bytes[64];
	char text[64];
	size_t size;
	bool truth;
	int count = 0;

	CHECK(TEE_GetPropertyAsBool(own, "org.oxtee.test.bool", &truth) == TEE_SUCCESS && truth);
	CHECK(TEE_GetPropertyAsU32(own, "org.oxtee.test.u32", &number) == TEE_SUCCESS && number == 7);
	CHECK(TEE_GetPropertyAsU64(own, "org.oxtee.test.u64", &wide) == TEE_SUCCESS && wide == 0x100000002);
	size = sizeof(bytes);
	CHECK(TEE_GetPropertyAsBinaryBlock(own, "org.oxtee.test.block", bytes, &size) == TEE_SUCCESS);
	CHECK(size == sizeof(block) && !memcmp(bytes, block, size));
	size = sizeof(text);
	CHECK(TEE_GetPropertyAsString(own, "gpd.ta.version", text, &size) == TEE_SUCCESS);
	CHECK(!strcmp(text, "1.0 \"beta\"") && size == strlen(text) + 1);
	size = 3;
	CHECK(TEE_GetPropertyAsString(own, "gpd.ta.version", text, &size) == TEE_ERROR_SHORT_BUFFER && size == 11);
	CHECK(TEE_GetPropertyAsUUID(own, "gpd.ta.appID", &uuid) == TEE_SUCCESS && !memcmp(&uuid, &own_uuid, sizeof(uuid)));
	CHECK(TEE_GetPropertyAsU32(own, "gpd.ta.appID", &number) == TEE_ERROR_BAD_FORMAT);
	CHECK(TEE_GetPropertyAsU32(own, "nothing", &number) == TEE_ERROR_ITEM_NOT_FOUND);
	CHECK(TEE_GetPropertyAsIdentity(TEE_PROPSET_CURRENT_CLIENT, "gpd.client.identity", &identity) == TEE_SUCCESS);

	CHECK(TEE_AllocatePropertyEnumerator(&enumerator) == TEE_SUCCESS);
	TEE_StartPropertyEnumerator(enumerator, TEE_PROPSET_TEE_IMPLEMENTATION);
	do {
		size = sizeof(text);
		CHECK(TEE_GetPropertyName(enumerator, text, &size) == TEE_SUCCESS);
		count += !strcmp(text, "gpd.tee.apiversion") + !strcmp(text, "gpd.tee.internalCore.version");
		size = sizeof(text);
		CHECK(TEE_GetPropertyAsString(enumerator, NULL, text, &size) == TEE_SUCCESS);
	} while (TEE_GetNextProperty(enumerator) == TEE_SUCCESS);
	CHECK(count == 2);
	TEE_ResetPropertyEnumerator(enumerator);
	CHECK(TEE_GetNextProperty(enumerator) == TEE_ERROR_ITEM_NOT_FOUND);
	TEE_FreePropertyEnumerator(enumerator);
}

static void check_memory(void)
{
	static const char read_only[] = "constant";
	uint8_t *block = TEE_Malloc(100, TEE_MALLOC_FILL_ZERO);
	size_t n;

	CHECK(block && ((uintptr_t)block & 7) == 0);
	for (n = 0; n < 100 && !block[n]; n++)
		;
	CHECK(n == 100);
	TEE_MemFill(block, 0x1A5, 100);
	CHECK(block[0] == 0xA5 && block[99] == 0xA5);
	block = TEE_Realloc(block, 20000);
	CHECK(block && block[99] == 0xA5 && block[100] == 0);
	TEE_MemMove(block + 1, block, 99);
	CHECK(block[99] == 0xA5);
	CHECK(TEE_MemCompare(block, block + 1, 50) == 0 && TEE_MemCompare("abc", "abd", 3) < 0);
	CHECK(!TEE_Malloc(40000, TEE_MALLOC_NO_FILL));
	TEE_Free(block);
	TEE_Free(NULL);

	CHECK(TEE_CheckMemoryAccessRights(TEE_MEMORY_ACCESS_READ, (void *)read_only, sizeof(read_only)) == TEE_SUCCESS);
	CHECK(TEE_CheckMemoryAccessRights(TEE_MEMORY_ACCESS_WRITE, (void *)read_only, 1) == TEE_ERROR_ACCESS_DENIED);
	CHECK(TEE_CheckMemoryAccessRights(TEE_MEMORY_ACCESS_READ | TEE_MEMORY_ACCESS_ANY_OWNER, NULL, 1) == TEE_ERROR_ACCESS_DENIED);
	TEE_SetInstanceData(read_only);
	CHECK(TEE_GetInstanceData() == read_only);

	block = tee_map_zi(5000, TEE_MAP_FLAG_SHAREABLE);
	CHECK(block && block[0] == 0 && block[4999] == 0);
	CHECK(TEE_CheckMemoryAccessRights(TEE_MEMORY_ACCESS_READ, block, 5000) == TEE_ERROR_ACCESS_DENIED);
	CHECK(tee_unmap(block, 5000) == TEE_SUCCESS);
	/* For TAs whose flags say that they maintain caches. */
	CHECK(TEE_CacheClean((char *)read_only, 4) == TEE_ERROR_NOT_SUPPORTED);
	CHECK(TEE_CacheFlush((char *)read_only, 4) == TEE_ERROR_NOT_SUPPORTED);
	CHECK(TEE_CacheInvalidate((char *)read_only, 4) == TEE_ERROR_NOT_SUPPORTED);

	/* Nothing is allocated somewhere, and given back. */
	block = TEE_Malloc(0, TEE_MALLOC_FILL_ZERO);
	CHECK(block);
	block = TEE_Realloc(block, 10);
	CHECK(block && block[9] == 0);
	block = TEE_Realloc(block, 0);
	CHECK(block);
	TEE_Free(block);
	block = TEE_Malloc(64, TEE_MALLOC_NO_FILL | TEE_MALLOC_NO_SHARE);
	CHECK(block);
	TEE_Free(block);
}

static void check_time_and_random(void)
{
	TEE_Time before, after, set = { 5000, 10 };
	uint8_t first[16], second[16];

	TEE_GetSystemTime(&before);
	CHECK(TEE_Wait(15) == TEE_SUCCESS);
	TEE_GetSystemTime(&after);
	CHECK((int64_t)(after.seconds - before.seconds) * 1000 + after.millis - before.millis >= 15);
	TEE_GetREETime(&after);
	CHECK(after.millis < 1000);
	CHECK(TEE_SetTAPersistentTime(&set) == TEE_SUCCESS);
	CHECK(TEE_GetTAPersistentTime(&after) == TEE_SUCCESS && after.seconds - set.seconds < 5);
	set.millis = 1000;
	CHECK(TEE_SetTAPersistentTime(&set) == TEE_ERROR_BAD_PARAMETERS);
	TEE_GenerateRandom(first, sizeof(first));
	TEE_GenerateRandom(second, sizeof(second));
	CHECK(memcmp(first, second, sizeof(first)));
	CHECK(!TEE_GetCancellationFlag() && TEE_UnmaskCancellation() && !TEE_MaskCancellation() && TEE_MaskCancellation());
}

static void check_digests(void)
{
	/* SHA-256 of "abc" (FIPS 180-4, examples), its first bytes. */
	static const uint8_t abc[] = { 0xBA, 0x78, 0x16, 0xBF, 0x8F, 0x01, 0xCF, 0xEA };
	TEE_OperationHandle operation, copy;
	TEE_OperationInfo info;
	uint8_t hash[32];
	size_t size = 31;

	CHECK(TEE_IsAlgorithmSupported(TEE_ALG_SHA256, TEE_CRYPTO_ELEMENT_NONE) == TEE_SUCCESS);
	CHECK(TEE_IsAlgorithmSupported(TEE_ALG_MD5SHA1, TEE_CRYPTO_ELEMENT_NONE) == TEE_SUCCESS);
	/* Of the class of digests, and no digest. */
	CHECK(TEE_IsAlgorithmSupported(0x500000FF, TEE_CRYPTO_ELEMENT_NONE) == TEE_ERROR_NOT_SUPPORTED);
	CHECK(TEE_AllocateOperation(&operation, 0x500000FF, TEE_MODE_DIGEST, 0) == TEE_ERROR_NOT_SUPPORTED);
	CHECK(TEE_AllocateOperation(&operation, TEE_ALG_SHA256, TEE_MODE_DIGEST, 0) == TEE_SUCCESS);
	CHECK(TEE_AllocateOperation(&copy, TEE_ALG_SHA256, TEE_MODE_DIGEST, 0) == TEE_SUCCESS);
	TEE_GetOperationInfo(operation, &info);
	CHECK(info.digestLength == 32 && info.operationClass == TEE_OPERATION_DIGEST && info.mode == TEE_MODE_DIGEST);
	TEE_DigestUpdate(operation, "ab", 2);
	TEE_CopyOperation(copy, operation);
	CHECK(TEE_DigestDoFinal(operation, "c", 1, hash, &size) == TEE_ERROR_SHORT_BUFFER && size == 32);
	CHECK(TEE_DigestDoFinal(operation, "c", 1, hash, &size) == TEE_SUCCESS && !memcmp(hash, abc, sizeof(abc)));
	memset(hash, 0, sizeof(hash));
	CHECK(TEE_DigestDoFinal(copy, "c", 1, hash, &size) == TEE_SUCCESS && !memcmp(hash, abc, sizeof(abc)));
	TEE_DigestUpdate(copy, "forgotten", 9);
	TEE_ResetOperation(copy);
	CHECK(TEE_DigestDoFinal(copy, "abc", 3, hash, &size) == TEE_SUCCESS && !memcmp(hash, abc, sizeof(abc)));
	TEE_FreeOperation(operation);
	TEE_FreeOperation(copy);
}

static void check_sessions(void)
{
	static const TEE_UUID nobody = { 0 };
	uint32_t origin = 0;
	uint8_t bytes[100];
	char text[40];
	TEE_TASessionHandle session;
	TEE_Param params[TEE_NUM_PARAMS] = { 0 };

	CHECK(TEE_OpenTASession(&nobody, TEE_TIMEOUT_INFINITE, 0, NULL, &session, &origin) == TEE_ERROR_ITEM_NOT_FOUND);
	CHECK(origin == TEE_ORIGIN_TEE && session == TEE_HANDLE_NULL);
	CHECK(TEE_OpenTASession(&hello_world, TEE_TIMEOUT_INFINITE, 0, NULL, &session, &origin) == TEE_SUCCESS);

	params[0].value.a = 40;
	params[0].value.b = 2;
	CHECK(TEE_InvokeTACommand(session, TEE_TIMEOUT_INFINITE, CMD_ADD, TEE_PARAM_TYPE_VALUE_INOUT, params, &origin) == TEE_SUCCESS);
	CHECK(params[0].value.a == 42 && params[0].value.b == 1 && origin == TEE_ORIGIN_TRUSTED_APP);

	memset(bytes, 2, sizeof(bytes));
	params[0].memref.buffer = bytes;
	params[0].memref.size = sizeof(bytes);
	CHECK(TEE_InvokeTACommand(session, TEE_TIMEOUT_INFINITE, CMD_SUM,
				  TEE_PARAM_TYPES(TEE_PARAM_TYPE_MEMREF_INPUT, TEE_PARAM_TYPE_VALUE_OUTPUT, 0, 0), params,
				  &origin) == TEE_SUCCESS);
	CHECK(params[1].value.a == 200 && params[1].value.b == 100);

	memset(text, '-', sizeof(text));
	params[0].memref.buffer = text;
	params[0].memref.size = 4;
	CHECK(TEE_InvokeTACommand(session, TEE_TIMEOUT_INFINITE, CMD_GREET, TEE_PARAM_TYPE_MEMREF_OUTPUT, params, &origin) ==
	      TEE_ERROR_SHORT_BUFFER);
	CHECK(params[0].memref.size == 27 && params[0].memref.buffer == text && text[0] == '-');
	params[0].memref.size = sizeof(text);
	CHECK(TEE_InvokeTACommand(session, TEE_TIMEOUT_INFINITE, CMD_GREET, TEE_PARAM_TYPE_MEMREF_OUTPUT, params, NULL) == TEE_SUCCESS);
	CHECK(params[0].memref.size == 27 && !memcmp(text, "hello from", 10) && text[27] == '-');
	CHECK(TEE_InvokeTACommand(session, TEE_TIMEOUT_INFINITE, CMD_ADD, 0, NULL, &origin) == TEE_ERROR_BAD_PARAMETERS);
	TEE_CloseTASession(session);
	CHECK(TEE_InvokeTACommand(session, TEE_TIMEOUT_INFINITE, CMD_ADD, 0, NULL, &origin) == TEE_ERROR_BAD_PARAMETERS);
}

#ifdef __aarch64__
/* Signs a pointer with key A, or authenticates it; neither does anything on a CPU without keys. */
static uint64_t sign(uint64_t pointer, uint64_t modifier)
{
	register uint64_t x17 __asm__("x17") = pointer;
	register uint64_t x16 __asm__("x16") = modifier;

	__asm__("hint #8" : "+r"(x17) : "r"(x16));
	return x17;
}

static uint64_t authenticate(uint64_t pointer, uint64_t modifier)
{
	register uint64_t x17 __asm__("x17") = pointer;
	register uint64_t x16 __asm__("x16") = modifier;

	__asm__("hint #12" : "+r"(x17) : "r"(x16));
	return x17;
}

static void check_pointers(void)
{
	uint64_t pointer = (uint64_t)(uintptr_t)check_pointers;
	uint64_t first = sign(pointer, 1), second = sign(pointer, 2);

	CHECK(authenticate(first, 1) == pointer && authenticate(second, 2) == pointer);
	/* Which of the two it is says the CPU, to the kernel alone. */
	CHECK((first == pointer) == (second == pointer));
	IMSG("pointers are %s", first == pointer ? "not signed" : "signed");
}
#endif

void check_framework(void)
{
	check_properties();
	check_memory();
	check_time_and_random();
	check_digests();
	check_sessions();
#ifdef __aarch64__
	check_pointers();
#endif
}
