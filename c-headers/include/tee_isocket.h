/* SPDX-License-Identifier: BSD-2-Clause */
/* Sockets of the normal world for TAs (GlobalPlatform TEE Sockets API 1.0). The normal world sees all that goes through them. */
#ifndef TEE_ISOCKET_H
#define TEE_ISOCKET_H

#include <__tee_isocket_defines.h>
#include <stdint.h>
#include <tee_api_types.h>

typedef void *TEE_iSocketHandle;

/*
 * The functions of a protocol. Lengths are in bytes and become what went or came; timeouts are in milliseconds, 0xFFFFFFFF waits
 * for ever and 0 not at all. A NULL pointer where none may be panics the TA.
 */
typedef const struct TEE_iSocket_s {
	uint32_t TEE_iSocketVersion;
	uint8_t protocolID;
	TEE_Result (*open)(TEE_iSocketHandle *ctx, void *setup, uint32_t *protocolError);
	TEE_Result (*close)(TEE_iSocketHandle ctx);
	TEE_Result (*send)(TEE_iSocketHandle ctx, const void *buf, uint32_t *length, uint32_t timeout);
	TEE_Result (*recv)(TEE_iSocketHandle ctx, void *buf, uint32_t *length, uint32_t timeout);
	uint32_t (*error)(TEE_iSocketHandle ctx);
	TEE_Result (*ioctl)(TEE_iSocketHandle ctx, uint32_t commandCode, void *buf, uint32_t *length);
} TEE_iSocket;

#endif
