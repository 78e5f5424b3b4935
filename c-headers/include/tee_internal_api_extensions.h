/* SPDX-License-Identifier: BSD-2-Clause */
/* OP-TEE's functions beyond the GlobalPlatform specification. */
#ifndef TEE_INTERNAL_API_EXTENSIONS_H
#define TEE_INTERNAL_API_EXTENSIONS_H

#include <tee_api_defines_extensions.h>
#include <tee_internal_api.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Memory that tee_map_zi may be asked for: private to this TA, or fit to be handed to others. */
#define TEE_MAP_FLAG_SHAREABLE 1

/* Cache maintenance of memory that is not private; the TA needs TA_FLAG_CACHE_MAINTENANCE. */
TEE_Result TEE_CacheClean(char *buf, size_t len);
TEE_Result TEE_CacheFlush(char *buf, size_t len);
TEE_Result TEE_CacheInvalidate(char *buf, size_t len);

/* Zeroed memory in whole pages beyond the heap; NULL when there is none. */
void *tee_map_zi(size_t len, uint32_t flags);
/* The same at an address; NULL when something is there. */
void *tee_map_zi_va(uintptr_t va, size_t len, uint32_t flags);
TEE_Result tee_unmap(void *buf, size_t len);

/* "8-4-4-4-12" hexadecimal digits to a UUID; BAD_PARAMETERS for anything else. */
TEE_Result tee_uuid_from_str(TEE_UUID *uuid, const char *s);

TEE_Result tee_invoke_supp_plugin(const TEE_UUID *uuid, uint32_t cmd, uint32_t sub_cmd, void *buf, size_t len, size_t *outlen);

#ifdef __cplusplus
}
#endif

#endif
