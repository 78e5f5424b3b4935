/* SPDX-License-Identifier: BSD-2-Clause */
/* Persistent objects, their data and enumerators. */
#include "checks.h"
#include <string.h>

#define READ_WRITE (TEE_DATA_FLAG_ACCESS_READ | TEE_DATA_FLAG_ACCESS_WRITE)
#define ALL (READ_WRITE | TEE_DATA_FLAG_ACCESS_WRITE_META)
#define SHARED (TEE_DATA_FLAG_SHARE_READ | TEE_DATA_FLAG_SHARE_WRITE)

static const char id[] = "one";

static TEE_Result create(uint32_t flags, TEE_ObjectHandle key, const char *text, TEE_ObjectHandle *object)
{
	return TEE_CreatePersistentObject(TEE_STORAGE_PRIVATE, id, 3, flags, key, text, strlen(text), object);
}

static TEE_Result open_one(uint32_t flags, TEE_ObjectHandle *object)
{
	return TEE_OpenPersistentObject(TEE_STORAGE_PRIVATE, id, 3, flags, object);
}

/* Removes what a run that was broken off has left on the disk; the number of objects. */
static size_t remove_all(void)
{
	TEE_ObjectEnumHandle enumerator = TEE_HANDLE_NULL;
	uint8_t name[TEE_OBJECT_ID_MAX_LEN];
	TEE_ObjectHandle object;
	size_t len, count = 0;
	TEE_ObjectInfo info;

	CHECK(TEE_AllocatePersistentObjectEnumerator(&enumerator) == TEE_SUCCESS);
	if (TEE_StartPersistentObjectEnumerator(enumerator, TEE_STORAGE_PRIVATE) == TEE_SUCCESS) {
		while (TEE_GetNextPersistentObject(enumerator, count ? NULL : &info, name, &len) == TEE_SUCCESS) {
			CHECK(TEE_OpenPersistentObject(TEE_STORAGE_PRIVATE, name, len, TEE_DATA_FLAG_ACCESS_WRITE_META, &object) == TEE_SUCCESS);
			CHECK(TEE_CloseAndDeletePersistentObject1(object) == TEE_SUCCESS);
			count++;
		}
	}
	TEE_FreePersistentObjectEnumerator(enumerator);
	return count;
}

static void check_stream(void)
{
	TEE_ObjectHandle object = TEE_HANDLE_NULL, other = TEE_HANDLE_NULL;
	TEE_ObjectInfo info;
	char text[32];
	size_t count = 0;

	CHECK(open_one(ALL, &object) == TEE_ERROR_ITEM_NOT_FOUND && object == TEE_HANDLE_NULL);
	CHECK(create(READ_WRITE | SHARED, TEE_HANDLE_NULL, "0123456789", &object) == TEE_SUCCESS);
	CHECK(create(READ_WRITE | SHARED, TEE_HANDLE_NULL, "", &other) == TEE_ERROR_ACCESS_CONFLICT && other == TEE_HANDLE_NULL);
	CHECK(open_one(READ_WRITE, &other) == TEE_ERROR_ACCESS_CONFLICT);
	CHECK(open_one(READ_WRITE | SHARED, &other) == TEE_SUCCESS);
	CHECK(TEE_ReadObjectData(object, text, 4, &count) == TEE_SUCCESS && count == 4 && !memcmp(text, "0123", 4));
	CHECK(TEE_SeekObjectData(other, -2, TEE_DATA_SEEK_END) == TEE_SUCCESS);
	CHECK(TEE_WriteObjectData(other, "abcd", 4) == TEE_SUCCESS);
	CHECK(TEE_ReadObjectData(object, text, sizeof(text), &count) == TEE_SUCCESS && count == 8 && !memcmp(text, "4567abcd", 8));
	CHECK(TEE_ReadObjectData(object, text, sizeof(text), &count) == TEE_SUCCESS && count == 0);
	CHECK(TEE_TruncateObjectData(object, 3) == TEE_SUCCESS);
	CHECK(TEE_GetObjectInfo1(object, &info) == TEE_SUCCESS && info.dataSize == 3 && info.dataPosition == 12);
	CHECK(info.handleFlags == (TEE_HANDLE_FLAG_PERSISTENT | TEE_HANDLE_FLAG_INITIALIZED | READ_WRITE | SHARED));
	CHECK(info.objectType == TEE_TYPE_DATA && info.objectSize == 0);
	CHECK(TEE_SeekObjectData(object, -100, TEE_DATA_SEEK_CUR) == TEE_SUCCESS);
	CHECK(TEE_GetObjectInfo1(object, &info) == TEE_SUCCESS && info.dataPosition == 0);
	CHECK(TEE_SeekObjectData(object, TEE_DATA_MAX_POSITION, TEE_DATA_SEEK_SET) == TEE_SUCCESS);
	CHECK(TEE_GetObjectInfo1(object, &info) == TEE_SUCCESS && info.dataPosition == TEE_DATA_MAX_POSITION);
	CHECK(TEE_SeekObjectData(object, 1, TEE_DATA_SEEK_CUR) == TEE_ERROR_OVERFLOW);
	CHECK(TEE_WriteObjectData(object, "x", 1) == TEE_ERROR_OVERFLOW);
	TEE_CloseObject(object);
	TEE_CloseObject(other);
	CHECK(open_one(ALL, &object) == TEE_SUCCESS);
	CHECK(TEE_RenamePersistentObject(object, "two", 3) == TEE_SUCCESS);
	CHECK(open_one(ALL, &other) == TEE_ERROR_ITEM_NOT_FOUND);
	CHECK(create(READ_WRITE, TEE_HANDLE_NULL, "", &other) == TEE_SUCCESS);
	CHECK(TEE_RenamePersistentObject(object, id, 3) == TEE_ERROR_ACCESS_CONFLICT);
	TEE_CloseObject(other);
	TEE_CloseAndDeletePersistentObject(object);
	CHECK(TEE_OpenPersistentObject(TEE_STORAGE_PRIVATE_RPMB, id, 3, ALL, &object) == TEE_ERROR_STORAGE_NOT_AVAILABLE);
	CHECK(TEE_OpenPersistentObject(77, id, 3, ALL, &object) == TEE_ERROR_ITEM_NOT_FOUND);
	CHECK(remove_all() == 1 && remove_all() == 0);
}

static void check_key(void)
{
	static const uint8_t secret[] = "sixteen bytes...";
	TEE_ObjectHandle key = TEE_HANDLE_NULL, object = TEE_HANDLE_NULL, copy = TEE_HANDLE_NULL;
	TEE_Attribute attribute;
	TEE_ObjectInfo info;
	uint8_t out[32];
	size_t size = sizeof(out);

	TEE_InitRefAttribute(&attribute, TEE_ATTR_SECRET_VALUE, secret, 16);
	CHECK(TEE_AllocateTransientObject(TEE_TYPE_AES, 256, &key) == TEE_SUCCESS);
	CHECK(TEE_PopulateTransientObject(key, &attribute, 1) == TEE_SUCCESS);
	CHECK(create(ALL, key, "data", &object) == TEE_SUCCESS);
	CHECK(TEE_GetObjectBufferAttribute(object, TEE_ATTR_SECRET_VALUE, out, &size) == TEE_SUCCESS);
	CHECK(size == 16 && !memcmp(out, secret, 16));
	CHECK(TEE_AllocateTransientObject(TEE_TYPE_AES, 256, &copy) == TEE_SUCCESS);
	CHECK(TEE_CopyObjectAttributes1(copy, object) == TEE_SUCCESS);
	CHECK(TEE_RestrictObjectUsage1(object, TEE_USAGE_MAC) == TEE_SUCCESS);
	TEE_CloseObject(object);
	CHECK(open_one(ALL, &object) == TEE_SUCCESS);
	CHECK(TEE_GetObjectInfo1(object, &info) == TEE_SUCCESS && info.objectUsage == TEE_USAGE_MAC && info.maxObjectSize == 256);
	CHECK(TEE_CloseAndDeletePersistentObject1(object) == TEE_SUCCESS);
	CHECK(TEE_CloseAndDeletePersistentObject1(TEE_HANDLE_NULL) == TEE_SUCCESS);
	/* The transient object becomes the handle. */
	CHECK(create(ALL, key, "mine", NULL) == TEE_SUCCESS);
	CHECK(TEE_ReadObjectData(key, out, sizeof(out), &size) == TEE_SUCCESS && size == 4 && !memcmp(out, "mine", 4));
	CHECK(TEE_CloseAndDeletePersistentObject1(key) == TEE_SUCCESS);
	TEE_FreeTransientObject(copy);
}

void check_storage(void)
{
	remove_all();
	check_stream();
	check_key();
	CHECK(remove_all() == 0);
}
