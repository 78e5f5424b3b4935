/* SPDX-License-Identifier: BSD-2-Clause */
/* The curves that have types of their own, with published vectors. */
#include "checks.h"

#include <string.h>

/* RFC 8032, section 7.2. */
static const uint8_t ed_secret[] = {
	0x03, 0x05, 0x33, 0x4e, 0x38, 0x1a, 0xf7, 0x8f, 0x14, 0x1c, 0xb6, 0x66, 0xf6, 0x19, 0x9f, 0x57,
	0xbc, 0x34, 0x95, 0x33, 0x5a, 0x25, 0x6a, 0x95, 0xbd, 0x2a, 0x55, 0xbf, 0x54, 0x66, 0x63, 0xf6,
};
static const uint8_t ed_public[] = {
	0xdf, 0xc9, 0x42, 0x5e, 0x4f, 0x96, 0x8f, 0x7f, 0x0c, 0x29, 0xf0, 0x25, 0x9c, 0xf5, 0xf9, 0xae,
	0xd6, 0x85, 0x1c, 0x2b, 0xb4, 0xad, 0x8b, 0xfb, 0x86, 0x0c, 0xfe, 0xe0, 0xab, 0x24, 0x82, 0x92,
};
static const uint8_t ed_message[] = {
	0xf7, 0x26, 0x93, 0x6d, 0x19, 0xc8, 0x00, 0x49, 0x4e, 0x3f, 0xda, 0xff, 0x20, 0xb2, 0x76, 0xa8,
};
static const uint8_t ed_signature[] = {
	0x55, 0xa4, 0xcc, 0x2f, 0x70, 0xa5, 0x4e, 0x04, 0x28, 0x8c, 0x5f, 0x4c, 0xd1, 0xe4, 0x5a, 0x7b,
	0xb5, 0x20, 0xb3, 0x62, 0x92, 0x91, 0x18, 0x76, 0xca, 0xda, 0x73, 0x23, 0x19, 0x8d, 0xd8, 0x7a,
	0x8b, 0x36, 0x95, 0x0b, 0x95, 0x13, 0x00, 0x22, 0x90, 0x7a, 0x7f, 0xb7, 0xc4, 0xe9, 0xb2, 0xd5,
	0xf6, 0xcc, 0xa6, 0x85, 0xa5, 0x87, 0xb4, 0xb2, 0x1f, 0x4b, 0x88, 0x8e, 0x4e, 0x7e, 0xdb, 0x0d,
};

/* RFC 7748, section 6.1. */
static const uint8_t alice_secret[] = {
	0x77, 0x07, 0x6d, 0x0a, 0x73, 0x18, 0xa5, 0x7d, 0x3c, 0x16, 0xc1, 0x72, 0x51, 0xb2, 0x66, 0x45,
	0xdf, 0x4c, 0x2f, 0x87, 0xeb, 0xc0, 0x99, 0x2a, 0xb1, 0x77, 0xfb, 0xa5, 0x1d, 0xb9, 0x2c, 0x2a,
};
static const uint8_t alice_public[] = {
	0x85, 0x20, 0xf0, 0x09, 0x89, 0x30, 0xa7, 0x54, 0x74, 0x8b, 0x7d, 0xdc, 0xb4, 0x3e, 0xf7, 0x5a,
	0x0d, 0xbf, 0x3a, 0x0d, 0x26, 0x38, 0x1a, 0xf4, 0xeb, 0xa4, 0xa9, 0x8e, 0xaa, 0x9b, 0x4e, 0x6a,
};
static const uint8_t bob_public[] = {
	0xde, 0x9e, 0xdb, 0x7d, 0x7b, 0x7d, 0xc1, 0xb4, 0xd3, 0x5b, 0x61, 0xc2, 0xec, 0xe4, 0x35, 0x37,
	0x3f, 0x83, 0x43, 0xc8, 0x5b, 0x78, 0x67, 0x4d, 0xad, 0xfc, 0x7e, 0x14, 0x6f, 0x88, 0x2b, 0x4f,
};
static const uint8_t shared[] = {
	0x4a, 0x5d, 0x9d, 0x5b, 0xa4, 0xce, 0x2d, 0xe1, 0x72, 0x8e, 0x3b, 0xf4, 0x80, 0x35, 0x0f, 0x25,
	0xe0, 0x7e, 0x21, 0xc9, 0x47, 0xd1, 0x9e, 0x33, 0x76, 0xf0, 0x9b, 0x3c, 0x1e, 0x16, 0x17, 0x42,
};

static void check_ed25519(void)
{
	TEE_OperationHandle sign, verify;
	TEE_ObjectHandle key = TEE_HANDLE_NULL, public = TEE_HANDLE_NULL;
	TEE_Attribute attributes[2], context[2];
	uint8_t signature[64], low[32] = { 1 };
	size_t len = 63;

	CHECK(TEE_IsAlgorithmSupported(TEE_ALG_ED25519, TEE_ECC_CURVE_25519) == TEE_SUCCESS);
	CHECK(TEE_IsAlgorithmSupported(TEE_ALG_ED448, TEE_ECC_CURVE_448) == TEE_SUCCESS);
	CHECK(TEE_IsAlgorithmSupported(TEE_ALG_ED25519, TEE_CRYPTO_ELEMENT_NONE) == TEE_ERROR_NOT_SUPPORTED);
	CHECK(TEE_IsAlgorithmSupported(TEE_ALG_ED25519, TEE_ECC_CURVE_NIST_P256) == TEE_ERROR_NOT_SUPPORTED);
	TEE_InitRefAttribute(&attributes[0], TEE_ATTR_ED25519_PRIVATE_VALUE, ed_secret, sizeof(ed_secret));
	TEE_InitRefAttribute(&attributes[1], TEE_ATTR_ED25519_PUBLIC_VALUE, alice_public, sizeof(alice_public));
	CHECK(TEE_AllocateTransientObject(TEE_TYPE_ED25519_KEYPAIR, 256, &key) == TEE_SUCCESS);
	CHECK(TEE_PopulateTransientObject(key, attributes, 2) == TEE_ERROR_BAD_PARAMETERS);
	TEE_InitRefAttribute(&attributes[1], TEE_ATTR_ED25519_PUBLIC_VALUE, ed_public, sizeof(ed_public));
	CHECK(TEE_PopulateTransientObject(key, attributes, 2) == TEE_SUCCESS);
	CHECK(TEE_AllocateTransientObject(TEE_TYPE_ED25519_PUBLIC_KEY, 256, &public) == TEE_SUCCESS);
	TEE_InitRefAttribute(&attributes[0], TEE_ATTR_ED25519_PUBLIC_VALUE, low, sizeof(low));
	CHECK(TEE_PopulateTransientObject(public, attributes, 1) == TEE_ERROR_BAD_PARAMETERS);
	CHECK(TEE_CopyObjectAttributes1(public, key) == TEE_SUCCESS);
	CHECK(TEE_AllocateOperation(&sign, TEE_ALG_ED25519, TEE_MODE_SIGN, 256) == TEE_SUCCESS);
	CHECK(TEE_AllocateOperation(&verify, TEE_ALG_ED25519, TEE_MODE_VERIFY, 256) == TEE_SUCCESS);
	CHECK(TEE_SetOperationKey(sign, key) == TEE_SUCCESS && TEE_SetOperationKey(verify, public) == TEE_SUCCESS);
	TEE_InitRefAttribute(&context[0], TEE_ATTR_EDDSA_CTX, "foo", 3);
	TEE_InitValueAttribute(&context[1], TEE_ATTR_EDDSA_PREHASH, 0, 0);
	CHECK(TEE_AsymmetricSignDigest(sign, context, 2, ed_message, 16, signature, &len) == TEE_ERROR_SHORT_BUFFER && len == 64);
	CHECK(TEE_AsymmetricSignDigest(sign, context, 2, ed_message, 16, signature, &len) == TEE_SUCCESS && len == 64);
	CHECK(!memcmp(signature, ed_signature, sizeof(ed_signature)));
	CHECK(TEE_AsymmetricVerifyDigest(verify, context, 1, ed_message, 16, signature, 64) == TEE_SUCCESS);
	CHECK(TEE_AsymmetricVerifyDigest(verify, NULL, 0, ed_message, 16, signature, 64) == TEE_ERROR_SIGNATURE_INVALID);
	TEE_FreeOperation(sign);
	TEE_FreeOperation(verify);
	TEE_FreeTransientObject(key);
	TEE_FreeTransientObject(public);
}

static void check_x25519(void)
{
	TEE_OperationHandle operation;
	TEE_ObjectHandle key = TEE_HANDLE_NULL, secret = TEE_HANDLE_NULL;
	TEE_Attribute attributes[2];
	uint8_t out[32];
	size_t len = sizeof(out);

	CHECK(TEE_IsAlgorithmSupported(TEE_ALG_X25519, TEE_ECC_CURVE_25519) == TEE_SUCCESS);
	CHECK(TEE_IsAlgorithmSupported(TEE_ALG_X448, TEE_ECC_CURVE_448) == TEE_SUCCESS);
	TEE_InitRefAttribute(&attributes[0], TEE_ATTR_X25519_PRIVATE_VALUE, alice_secret, sizeof(alice_secret));
	TEE_InitRefAttribute(&attributes[1], TEE_ATTR_X25519_PUBLIC_VALUE, alice_public, sizeof(alice_public));
	CHECK(TEE_AllocateTransientObject(TEE_TYPE_X25519_KEYPAIR, 256, &key) == TEE_SUCCESS);
	CHECK(TEE_PopulateTransientObject(key, attributes, 2) == TEE_SUCCESS);
	CHECK(TEE_AllocateTransientObject(TEE_TYPE_GENERIC_SECRET, 256, &secret) == TEE_SUCCESS);
	CHECK(TEE_AllocateOperation(&operation, TEE_ALG_X25519, TEE_MODE_DERIVE, 256) == TEE_SUCCESS);
	CHECK(TEE_SetOperationKey(operation, key) == TEE_SUCCESS);
	TEE_InitRefAttribute(&attributes[0], TEE_ATTR_X25519_PUBLIC_VALUE, bob_public, sizeof(bob_public));
	TEE_DeriveKey(operation, attributes, 1, secret);
	CHECK(TEE_GetObjectBufferAttribute(secret, TEE_ATTR_SECRET_VALUE, out, &len) == TEE_SUCCESS && len == 32);
	CHECK(!memcmp(out, shared, sizeof(shared)));
	TEE_FreeOperation(operation);
	TEE_FreeTransientObject(key);
	TEE_FreeTransientObject(secret);
}

void check_curves(void)
{
	check_ed25519();
	check_x25519();
}
