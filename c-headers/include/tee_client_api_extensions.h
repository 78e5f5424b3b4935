/* SPDX-License-Identifier: BSD-2-Clause */
/* What OP-TEE's libteec has beyond GlobalPlatform's API. */
#ifndef TEE_CLIENT_API_EXTENSIONS_H
#define TEE_CLIENT_API_EXTENSIONS_H

#include <tee_client_api.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Shares a DMA buffer by its file descriptor; flags of sharedMem are set before. Its buffer is NULL and its size that of the
 * DMA buffer afterwards. TEEC_ERROR_NOT_SUPPORTED where Linux cannot (before 6.18).
 */
TEEC_Result TEEC_RegisterSharedMemoryFileDescriptor(TEEC_Context *context, TEEC_SharedMemory *sharedMem, int fd);

#ifdef __cplusplus
}
#endif

#endif
