/* SPDX-License-Identifier: BSD-2-Clause */
/* What runs here, signed by the TEE. */
#ifndef PTA_ATTESTATION_H
#define PTA_ATTESTATION_H

#define PTA_ATTESTATION_UUID { 0x39800861, 0x182a, 0x4720, { 0x9b, 0x67, 0x2b, 0xcd, 0x62, 0x2b, 0xc0, 0xb5 } }

/* [out] memref[0]: exponent, big-endian; [out] memref[1]: modulus; [out] value[2]: algorithm. */
#define PTA_ATTESTATION_GET_PUBKEY 0x0
/* [in] memref[0]: UUID of a TA; [in] memref[1]: nonce; [out] memref[2]: digest of its image, signature over nonce and digest. */
#define PTA_ATTESTATION_GET_TA_SHDR_DIGEST 0x1
/* [in] memref[0]: nonce; [out] memref[1]: hash of the code and constants of the TA that calls, signature. */
#define PTA_ATTESTATION_HASH_TA_MEMORY 0x2
/* [in] memref[0]: nonce; [out] memref[1]: hash of the code and constants of the TEE, signature. */
#define PTA_ATTESTATION_HASH_TEE_MEMORY 0x3

#endif
