/* SPDX-License-Identifier: BSD-2-Clause */
/* Random numbers for the normal world. */
#ifndef PTA_RNG_H
#define PTA_RNG_H

#define PTA_RNG_UUID { 0xab7a617c, 0xb8e7, 0x4d8f, { 0x83, 0x01, 0xd0, 0x9b, 0x61, 0x03, 0x6b, 0x64 } }

/* [inout] memref[0]: the numbers. */
#define PTA_CMD_GET_ENTROPY 0x0
/* [out] value[0]: bytes a second, quality in 1024ths of a bit for each bit. */
#define PTA_CMD_GET_RNG_INFO 0x1

#endif
