/* SPDX-License-Identifier: BSD-2-Clause */
/* The device-enumeration pseudo-TA: which TAs the normal world's kernel binds drivers to. */
#ifndef PTA_DEVICE_H
#define PTA_DEVICE_H

#define PTA_DEVICE_UUID { 0x7011a688, 0xddde, 0x4053, { 0xa5, 0xa9, 0x7b, 0x3c, 0x4d, 0xdf, 0x13, 0xb8 } }

/* Each: [out] memref[0]: an array of UUIDs as 16 octets. */
#define PTA_CMD_GET_DEVICES 0
#define PTA_CMD_GET_DEVICES_SUPP 1
#define PTA_CMD_GET_DEVICES_RPMB 2

#endif
