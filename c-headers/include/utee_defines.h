/* SPDX-License-Identifier: BSD-2-Clause */
/* Parts of algorithm and object ids (OP-TEE ABI, state allocation). */
#ifndef UTEE_DEFINES_H
#define UTEE_DEFINES_H

#include <tee_api_defines.h>
#include <tee_api_defines_extensions.h>

/* The low byte is the main algorithm, bits 11 to 8 the chaining mode, bits 15 to 12 the digest, the top four the class. */
#define TEE_ALG_GET_MAIN_ALG(algo)    ((algo) & 0xFF)
#define TEE_ALG_GET_CHAIN_MODE(algo)  (((algo) >> 8) & 0xF)
#define TEE_ALG_GET_DIGEST_HASH(algo) (((algo) >> 12) & 0xF)
#define TEE_ALG_GET_CLASS(algo)       (((algo) >> 28) & 0xF)

#endif
