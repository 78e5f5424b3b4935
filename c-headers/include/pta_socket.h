/* SPDX-License-Identifier: BSD-2-Clause */
/* The socket pseudo-TA, for TAs. Most use it through tee_tcpsocket.h and tee_udpsocket.h. */
#ifndef PTA_SOCKET_H
#define PTA_SOCKET_H

#define PTA_SOCKET_UUID { 0x3b996a7d, 0x2c2b, 0x4a49, { 0xa8, 0x96, 0xe1, 0xfb, 0x57, 0x66, 0xd2, 0xf4 } }

/* [in] value[0]: version of IP, port; [in] memref[1]: server; [in] value[2]: protocol; [out] value[3]: handle. */
#define PTA_SOCKET_OPEN 1
/* [in] value[0]: handle. */
#define PTA_SOCKET_CLOSE 2
#define PTA_SOCKET_TIMEOUT_NONBLOCKING 0
#define PTA_SOCKET_TIMEOUT_BLOCKING 0xffffffff
/* [in] value[0]: handle, timeout in ms; [in] memref[1]: data; [out] value[2]: bytes that went. */
#define PTA_SOCKET_SEND 3
/* [in] value[0]: handle, timeout in ms; [out] memref[1]: what came. */
#define PTA_SOCKET_RECV 4
/* [in] value[0]: handle, command; [inout] memref[1]: data. */
#define PTA_SOCKET_IOCTL 5

#endif
