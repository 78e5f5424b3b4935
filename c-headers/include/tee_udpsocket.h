/* SPDX-License-Identifier: BSD-2-Clause */
/* Sockets by UDP. */
#ifndef TEE_UDPSOCKET_H
#define TEE_UDPSOCKET_H

#include <__tee_ipsocket.h>
#include <__tee_udpsocket_defines.h>
#include <tee_isocket.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a socket is opened with: the name or the number of the server, and its port. */
typedef struct TEE_udpSocket_Setup_s {
	TEE_ipSocket_ipVersion ipVersion;
	char *server_addr;
	uint16_t server_port;
} TEE_udpSocket_Setup;

extern TEE_iSocket *const TEE_udpSocket;

#ifdef __cplusplus
}
#endif

#endif
