/* SPDX-License-Identifier: BSD-2-Clause */
/* OP-TEE's commands for the ioctl of TCP: the data are the size in bytes, four of them. */
#ifndef TEE_TCPSOCKET_DEFINES_EXTENSIONS_H
#define TEE_TCPSOCKET_DEFINES_EXTENSIONS_H

#define TEE_TCP_SET_RECVBUF 0x65f00000
#define TEE_TCP_SET_SENDBUF 0x65f00001

#endif
