/* SPDX-License-Identifier: BSD-2-Clause */
/* Keys, ciphers, codes and authenticated encryption, with published vectors. */
#include "checks.h"
#include <string.h>

/* A key with these bytes. */
static TEE_ObjectHandle key_of(uint32_t type, const void *secret, size_t len)
{
	TEE_ObjectHandle key = TEE_HANDLE_NULL;
	TEE_Attribute attribute;

	TEE_InitRefAttribute(&attribute, TEE_ATTR_SECRET_VALUE, secret, len);
	CHECK(TEE_AllocateTransientObject(type, len * 8, &key) == TEE_SUCCESS);
	CHECK(TEE_PopulateTransientObject(key, &attribute, 1) == TEE_SUCCESS);
	return key;
}

static void check_objects(void)
{
	static const uint8_t secret[] = "sixteen bytes...";
	TEE_ObjectHandle key = key_of(TEE_TYPE_AES, secret, 16), copy;
	TEE_ObjectInfo info;
	uint8_t out[32];
	size_t size = 15;

	CHECK(TEE_GetObjectInfo1(key, &info) == TEE_SUCCESS && info.objectType == TEE_TYPE_AES && info.objectSize == 128);
	CHECK(info.handleFlags == TEE_HANDLE_FLAG_INITIALIZED && info.maxObjectSize == 128);
	CHECK(TEE_GetObjectBufferAttribute(key, TEE_ATTR_SECRET_VALUE, out, &size) == TEE_ERROR_SHORT_BUFFER && size == 16);
	CHECK(TEE_GetObjectBufferAttribute(key, TEE_ATTR_SECRET_VALUE, out, &size) == TEE_SUCCESS && !memcmp(out, secret, 16));
	CHECK(TEE_GetObjectBufferAttribute(key, TEE_ATTR_RSA_MODULUS, out, &size) == TEE_ERROR_ITEM_NOT_FOUND);
	CHECK(TEE_AllocateTransientObject(TEE_TYPE_AES, 256, &copy) == TEE_SUCCESS);
	CHECK(TEE_CopyObjectAttributes1(copy, key) == TEE_SUCCESS);
	size = sizeof(out);
	CHECK(TEE_GetObjectBufferAttribute(copy, TEE_ATTR_SECRET_VALUE, out, &size) == TEE_SUCCESS && size == 16);
	CHECK(TEE_RestrictObjectUsage1(copy, TEE_USAGE_ENCRYPT) == TEE_SUCCESS);
	TEE_GetObjectInfo1(copy, &info);
	CHECK(info.objectUsage == TEE_USAGE_ENCRYPT);
	TEE_ResetTransientObject(copy);
	CHECK(TEE_GenerateKey(copy, 192, NULL, 0) == TEE_SUCCESS);
	TEE_GetObjectInfo1(copy, &info);
	CHECK(info.objectSize == 192 && info.objectUsage == TEE_USAGE_DEFAULT);
	CHECK(TEE_AllocateTransientObject(TEE_TYPE_AES, 100, &key) == TEE_ERROR_NOT_SUPPORTED);
	TEE_FreeTransientObject(copy);
	TEE_CloseObject(key);
	TEE_CloseObject(TEE_HANDLE_NULL);
}

/* The functions that others have taken the place of, and numbers among attributes. */
static void check_deprecated(void)
{
	TEE_ObjectHandle key = TEE_HANDLE_NULL, copy = TEE_HANDLE_NULL;
	TEE_Attribute curve;
	TEE_ObjectInfo info;
	uint32_t a = 0, b = 1;

	TEE_InitValueAttribute(&curve, TEE_ATTR_ECC_CURVE, TEE_ECC_CURVE_NIST_P256, 0);
	CHECK(TEE_AllocateTransientObject(TEE_TYPE_ECDSA_KEYPAIR, 256, &key) == TEE_SUCCESS);
	TEE_GetObjectInfo(key, &info);
	CHECK(info.objectType == TEE_TYPE_ECDSA_KEYPAIR && info.objectSize == 0 && info.handleFlags == 0);
	CHECK(TEE_GenerateKey(key, 256, &curve, 1) == TEE_SUCCESS);
	CHECK(TEE_GetObjectValueAttribute(key, TEE_ATTR_ECC_CURVE, &a, &b) == TEE_SUCCESS && a == TEE_ECC_CURVE_NIST_P256 && b == 0);
	CHECK(TEE_GetObjectValueAttribute(key, TEE_ATTR_ECC_CURVE, &a, NULL) == TEE_SUCCESS);
	CHECK(TEE_GetObjectValueAttribute(key, TEE_ATTR_ECC_CURVE, NULL, &b) == TEE_SUCCESS);
	CHECK(TEE_GetObjectValueAttribute(key, TEE_ATTR_RSA_PSS_SALT_LENGTH, &a, &b) == TEE_ERROR_ITEM_NOT_FOUND);
	CHECK(TEE_AllocateTransientObject(TEE_TYPE_ECDSA_PUBLIC_KEY, 256, &copy) == TEE_SUCCESS);
	TEE_CopyObjectAttributes(copy, key);
	TEE_RestrictObjectUsage(copy, TEE_USAGE_VERIFY);
	TEE_GetObjectInfo(copy, &info);
	CHECK(info.objectSize == 256 && info.objectUsage == TEE_USAGE_VERIFY && info.handleFlags == TEE_HANDLE_FLAG_INITIALIZED);
	a = 0;
	CHECK(TEE_GetObjectValueAttribute(copy, TEE_ATTR_ECC_CURVE, &a, &b) == TEE_SUCCESS && a == TEE_ECC_CURVE_NIST_P256);
	TEE_FreeTransientObject(key);
	TEE_FreeTransientObject(copy);
}

/* SP 800-38A, F.2.1: two blocks, in pieces of any length, in place. */
static void check_cipher(void)
{
	static const uint8_t secret[] = { 0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6, 0xab, 0xf7, 0x15, 0x88, 0x09, 0xcf, 0x4f, 0x3c };
	static const uint8_t iv[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };
	static const uint8_t plain[] = { 0x6b, 0xc1, 0xbe, 0xe2, 0x2e, 0x40, 0x9f, 0x96, 0xe9, 0x3d, 0x7e, 0x11, 0x73, 0x93, 0x17, 0x2a,
					 0xae, 0x2d, 0x8a, 0x57, 0x1e, 0x03, 0xac, 0x9c, 0x9e, 0xb7, 0x6f, 0xac, 0x45, 0xaf, 0x8e, 0x51 };
	static const uint8_t text[] = { 0x76, 0x49, 0xab, 0xac, 0x81, 0x19, 0xb2, 0x46, 0xce, 0xe9, 0x8e, 0x9b, 0x12, 0xe9, 0x19, 0x7d,
					0x50, 0x86, 0xcb, 0x9b, 0x50, 0x72, 0x19, 0xee, 0x95, 0xdb, 0x11, 0x3a, 0x91, 0x76, 0x78, 0xb2 };
	TEE_ObjectHandle key = key_of(TEE_TYPE_AES, secret, sizeof(secret));
	TEE_OperationHandle operation, copy;
	TEE_OperationInfo info;
	uint8_t buffer[32], other[32];
	size_t done, len;

	CHECK(TEE_IsAlgorithmSupported(TEE_ALG_AES_CBC_NOPAD, TEE_CRYPTO_ELEMENT_NONE) == TEE_SUCCESS);
	CHECK(TEE_AllocateOperation(&operation, TEE_ALG_AES_CBC_NOPAD, TEE_MODE_ENCRYPT, 128) == TEE_SUCCESS);
	CHECK(TEE_AllocateOperation(&copy, TEE_ALG_AES_CBC_NOPAD, TEE_MODE_ENCRYPT, 128) == TEE_SUCCESS);
	CHECK(TEE_SetOperationKey(operation, key) == TEE_SUCCESS);
	TEE_FreeTransientObject(key);
	TEE_CipherInit(operation, iv, sizeof(iv));
	TEE_GetOperationInfo(operation, &info);
	CHECK(info.keySize == 128 && info.requiredKeyUsage == TEE_USAGE_ENCRYPT);
	CHECK(info.handleState == (TEE_HANDLE_FLAG_INITIALIZED | TEE_HANDLE_FLAG_KEY_SET));
	memcpy(buffer, plain, sizeof(plain));
	len = sizeof(buffer);
	CHECK(TEE_CipherUpdate(operation, buffer, 5, buffer, &len) == TEE_SUCCESS && len == 0);
	TEE_CopyOperation(copy, operation);
	len = 15;
	CHECK(TEE_CipherUpdate(operation, buffer + 5, 20, buffer, &len) == TEE_ERROR_SHORT_BUFFER && len == 16);
	CHECK(TEE_CipherUpdate(operation, buffer + 5, 20, buffer, &len) == TEE_SUCCESS && len == 16);
	done = len;
	len = sizeof(buffer) - done;
	CHECK(TEE_CipherDoFinal(operation, buffer + 25, 7, buffer + done, &len) == TEE_SUCCESS && len == 16);
	CHECK(!memcmp(buffer, text, sizeof(text)));
	len = sizeof(other);
	CHECK(TEE_CipherDoFinal(copy, plain + 5, 27, other, &len) == TEE_SUCCESS && len == 32 && !memcmp(other, text, sizeof(text)));
	TEE_FreeOperation(operation);
	TEE_FreeOperation(copy);
}

/* RFC 4231, case 4 (a key that is long enough for the object), its first bytes. */
static void check_mac(void)
{
	static const uint8_t wanted[] = { 0x82, 0x55, 0x8a, 0x38, 0x9a, 0x44, 0x3c, 0x0e, 0xa4, 0xcc, 0x81, 0x98, 0x99, 0xf2, 0x08, 0x3a,
					  0x85, 0xf0, 0xfa, 0xa3, 0xe5, 0x78, 0xf8, 0x07, 0x7a, 0x2e, 0x3f, 0xf4, 0x67, 0x29, 0x66, 0x5b };
	uint8_t secret[25], data[50], mac[32];
	TEE_OperationHandle operation;
	TEE_ObjectHandle key;
	size_t len = 31, n;

	for (n = 0; n < sizeof(secret); n++)
		secret[n] = (uint8_t)(n + 1);
	memset(data, 0xcd, sizeof(data));
	key = key_of(TEE_TYPE_HMAC_SHA256, secret, sizeof(secret));
	CHECK(TEE_AllocateOperation(&operation, TEE_ALG_HMAC_SHA256, TEE_MODE_MAC, 1024) == TEE_SUCCESS);
	CHECK(TEE_SetOperationKey(operation, key) == TEE_SUCCESS);
	TEE_MACInit(operation, NULL, 0);
	TEE_MACUpdate(operation, data, 20);
	CHECK(TEE_MACComputeFinal(operation, data, 30, mac, &len) == TEE_ERROR_SHORT_BUFFER && len == 32);
	CHECK(TEE_MACComputeFinal(operation, data, 30, mac, &len) == TEE_SUCCESS && !memcmp(mac, wanted, sizeof(wanted)));
	TEE_MACInit(operation, NULL, 0);
	CHECK(TEE_MACCompareFinal(operation, data, 50, wanted, 32) == TEE_SUCCESS);
	TEE_MACInit(operation, NULL, 0);
	mac[31] ^= 1;
	CHECK(TEE_MACCompareFinal(operation, data, 50, mac, 32) == TEE_ERROR_MAC_INVALID);
	TEE_FreeOperation(operation);
	TEE_FreeTransientObject(key);
}

/* SP 800-38C, example 2. */
static void check_ae(void)
{
	static const uint8_t text[] = { 0xd2, 0xa1, 0xf0, 0xe0, 0x51, 0xea, 0x5f, 0x62, 0x08, 0x1a, 0x77, 0x92, 0x07, 0x3d, 0x59, 0x3d };
	static const uint8_t wanted[] = { 0x1f, 0xc6, 0x4f, 0xbf, 0xac, 0xcd };
	uint8_t secret[16], nonce[8], aad[16], plain[16], out[16], tag[16];
	TEE_OperationHandle seal, unseal;
	TEE_ObjectHandle key;
	size_t len, tag_len, n;

	for (n = 0; n < 16; n++) {
		secret[n] = (uint8_t)(0x40 + n);
		aad[n] = (uint8_t)n;
		plain[n] = (uint8_t)(0x20 + n);
		nonce[n % 8] = (uint8_t)(0x10 + n % 8);
	}
	key = key_of(TEE_TYPE_AES, secret, sizeof(secret));
	CHECK(TEE_AllocateOperation(&seal, TEE_ALG_AES_CCM, TEE_MODE_ENCRYPT, 128) == TEE_SUCCESS);
	CHECK(TEE_AllocateOperation(&unseal, TEE_ALG_AES_CCM, TEE_MODE_DECRYPT, 128) == TEE_SUCCESS);
	CHECK(TEE_SetOperationKey(seal, key) == TEE_SUCCESS && TEE_SetOperationKey(unseal, key) == TEE_SUCCESS);
	CHECK(TEE_AEInit(seal, nonce, 8, 47, 16, 16) == TEE_ERROR_NOT_SUPPORTED);
	CHECK(TEE_AEInit(seal, nonce, 8, 48, 16, 16) == TEE_SUCCESS);
	TEE_AEUpdateAAD(seal, aad, 3);
	TEE_AEUpdateAAD(seal, aad + 3, 13);
	len = sizeof(out);
	CHECK(TEE_AEUpdate(seal, plain, 7, out, &len) == TEE_SUCCESS && len == 7);
	len = 9;
	tag_len = 5;
	CHECK(TEE_AEEncryptFinal(seal, plain + 7, 9, out + 7, &len, tag, &tag_len) == TEE_ERROR_SHORT_BUFFER && tag_len == 6);
	CHECK(TEE_AEEncryptFinal(seal, plain + 7, 9, out + 7, &len, tag, &tag_len) == TEE_SUCCESS);
	CHECK(!memcmp(out, text, sizeof(text)) && !memcmp(tag, wanted, sizeof(wanted)));
	for (n = 0; n < 2; n++) {
		CHECK(TEE_AEInit(unseal, nonce, 8, 48, 16, 16) == TEE_SUCCESS);
		TEE_AEUpdateAAD(unseal, aad, 16);
		len = sizeof(out);
		tag[0] ^= (uint8_t)(n == 0);
		CHECK(TEE_AEDecryptFinal(unseal, text, 16, out, &len, tag, 6) == (n ? TEE_SUCCESS : TEE_ERROR_MAC_INVALID));
		tag[0] ^= (uint8_t)(n == 0);
	}
	CHECK(!memcmp(out, plain, sizeof(plain)));
	TEE_FreeOperation(seal);
	TEE_FreeOperation(unseal);
	TEE_FreeTransientObject(key);
}

/* SHAKE128 of nothing (FIPS 202), and SHA-256 of "abc" given out in parts. */
static void check_extract(void)
{
	static const uint8_t shake[] = { 0x7f, 0x9c, 0x2b, 0xa4, 0xe8, 0x8f, 0x82, 0x7d };
	static const uint8_t abc[] = { 0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea };
	TEE_OperationHandle operation;
	uint8_t out[32];
	size_t len = 3;

	CHECK(TEE_AllocateOperation(&operation, TEE_ALG_SHAKE128, TEE_MODE_DIGEST, 0) == TEE_SUCCESS);
	CHECK(TEE_DigestExtract(operation, out, &len) == TEE_SUCCESS && len == 3);
	len = 5;
	CHECK(TEE_DigestExtract(operation, out + 3, &len) == TEE_SUCCESS && len == 5 && !memcmp(out, shake, sizeof(shake)));
	TEE_ResetOperation(operation);
	len = 8;
	CHECK(TEE_DigestDoFinal(operation, NULL, 0, out, &len) == TEE_SUCCESS && len == 8 && !memcmp(out, shake, sizeof(shake)));
	TEE_FreeOperation(operation);
	CHECK(TEE_AllocateOperation(&operation, TEE_ALG_SHA256, TEE_MODE_DIGEST, 0) == TEE_SUCCESS);
	TEE_DigestUpdate(operation, "abc", 3);
	len = 5;
	CHECK(TEE_DigestExtract(operation, out, &len) == TEE_SUCCESS && len == 5);
	len = 27;
	CHECK(TEE_DigestDoFinal(operation, NULL, 0, out + 5, &len) == TEE_SUCCESS && len == 27 && !memcmp(out, abc, sizeof(abc)));
	TEE_FreeOperation(operation);
}

/* RFC 5869, case 1, its first bytes. */
static void check_derive(void)
{
	static const uint8_t wanted[] = { 0x3c, 0xb2, 0x5f, 0x25, 0xfa, 0xac, 0xd5, 0x7a };
	uint8_t secret[22], salt[13], info[10], out[42];
	TEE_ObjectHandle from = TEE_HANDLE_NULL, to;
	TEE_OperationHandle operation;
	TEE_Attribute params[3];
	size_t len = sizeof(out), n;

	memset(secret, 0x0b, sizeof(secret));
	for (n = 0; n < sizeof(salt); n++)
		salt[n] = (uint8_t)n;
	for (n = 0; n < sizeof(info); n++)
		info[n] = (uint8_t)(0xf0 + n);
	TEE_InitRefAttribute(&params[0], TEE_ATTR_HKDF_IKM, secret, sizeof(secret));
	CHECK(TEE_AllocateTransientObject(TEE_TYPE_HKDF_IKM, 512, &from) == TEE_SUCCESS);
	CHECK(TEE_PopulateTransientObject(from, params, 1) == TEE_SUCCESS);
	CHECK(TEE_AllocateTransientObject(TEE_TYPE_GENERIC_SECRET, 512, &to) == TEE_SUCCESS);
	CHECK(TEE_AllocateOperation(&operation, TEE_ALG_HKDF_SHA256_DERIVE_KEY, TEE_MODE_DERIVE, 512) == TEE_SUCCESS);
	CHECK(TEE_SetOperationKey(operation, from) == TEE_SUCCESS);
	TEE_InitRefAttribute(&params[0], TEE_ATTR_HKDF_SALT, salt, sizeof(salt));
	TEE_InitRefAttribute(&params[1], TEE_ATTR_HKDF_INFO, info, sizeof(info));
	TEE_InitValueAttribute(&params[2], TEE_ATTR_HKDF_OKM_LENGTH, sizeof(out), 0);
	TEE_DeriveKey(operation, params, 3, to);
	CHECK(TEE_GetObjectBufferAttribute(to, TEE_ATTR_SECRET_VALUE, out, &len) == TEE_SUCCESS && len == 42);
	CHECK(!memcmp(out, wanted, sizeof(wanted)));
	TEE_FreeOperation(operation);
	TEE_FreeTransientObject(from);
	TEE_FreeTransientObject(to);
}

/* RFC 6979, A.2.5: the key and the signature of "sample" with SHA-256 are known. */
static void check_signature(void)
{
	static const uint8_t secret[] = { 0xc9, 0xaf, 0xa9, 0xd8, 0x45, 0xba, 0x75, 0x16, 0x6b, 0x5c, 0x21, 0x57, 0x67, 0xb1, 0xd6, 0x93,
					  0x4e, 0x50, 0xc3, 0xdb, 0x36, 0xe8, 0x9b, 0x12, 0x7b, 0x8a, 0x62, 0x2b, 0x12, 0x0f, 0x67, 0x21 };
	static const uint8_t x[] = { 0x60, 0xfe, 0xd4, 0xba, 0x25, 0x5a, 0x9d, 0x31, 0xc9, 0x61, 0xeb, 0x74, 0xc6, 0x35, 0x6d, 0x68,
				     0xc0, 0x49, 0xb8, 0x92, 0x3b, 0x61, 0xfa, 0x6c, 0xe6, 0x69, 0x62, 0x2e, 0x60, 0xf2, 0x9f, 0xb6 };
	static const uint8_t y[] = { 0x79, 0x03, 0xfe, 0x10, 0x08, 0xb8, 0xbc, 0x99, 0xa4, 0x1a, 0xe9, 0xe9, 0x56, 0x28, 0xbc, 0x64,
				     0xf2, 0xf1, 0xb2, 0x0c, 0x2d, 0x7e, 0x9f, 0x51, 0x77, 0xa3, 0xc2, 0x94, 0xd4, 0x46, 0x22, 0x99 };
	static const uint8_t digest[] = { 0xaf, 0x2b, 0xdb, 0xe1, 0xaa, 0x9b, 0x6e, 0xc1, 0xe2, 0xad, 0xe1, 0xd6, 0x94, 0xf4, 0x1f, 0xc7,
					  0x1a, 0x83, 0x1d, 0x02, 0x68, 0xe9, 0x89, 0x15, 0x62, 0x11, 0x3d, 0x8a, 0x62, 0xad, 0xd1, 0xbf };
	static const uint8_t known[] = { 0xef, 0xd4, 0x8b, 0x2a, 0xac, 0xb6, 0xa8, 0xfd, 0x11, 0x40, 0xdd, 0x9c, 0xd4, 0x5e, 0x81, 0xd6,
					 0x9d, 0x2c, 0x87, 0x7b, 0x56, 0xaa, 0xf9, 0x91, 0xc3, 0x4d, 0x0e, 0xa8, 0x4e, 0xaf, 0x37, 0x16,
					 0xf7, 0xcb, 0x1c, 0x94, 0x2d, 0x65, 0x7c, 0x41, 0xd4, 0x36, 0xc7, 0xa1, 0xb6, 0xe2, 0x9f, 0x65,
					 0xf3, 0xe9, 0x00, 0xdb, 0xb9, 0xaf, 0xf4, 0x06, 0x4d, 0xc4, 0xab, 0x2f, 0x84, 0x3a, 0xcd, 0xa8 };
	TEE_OperationHandle sign, verify;
	TEE_ObjectHandle key = TEE_HANDLE_NULL;
	TEE_Attribute attributes[4];
	uint8_t signature[64];
	size_t len = 63;

	TEE_InitRefAttribute(&attributes[0], TEE_ATTR_ECC_PRIVATE_VALUE, secret, sizeof(secret));
	TEE_InitRefAttribute(&attributes[1], TEE_ATTR_ECC_PUBLIC_VALUE_X, x, sizeof(x));
	TEE_InitRefAttribute(&attributes[2], TEE_ATTR_ECC_PUBLIC_VALUE_Y, x, sizeof(x));
	TEE_InitValueAttribute(&attributes[3], TEE_ATTR_ECC_CURVE, TEE_ECC_CURVE_NIST_P256, 0);
	CHECK(TEE_IsAlgorithmSupported(TEE_ALG_ECDSA_SHA256, TEE_ECC_CURVE_NIST_P256) == TEE_SUCCESS);
	CHECK(TEE_IsAlgorithmSupported(TEE_ALG_ECDSA_SHA256, TEE_ECC_CURVE_NIST_P192) == TEE_SUCCESS);
	CHECK(TEE_IsAlgorithmSupported(TEE_ALG_ECDSA_SHA256, TEE_ECC_CURVE_25519) == TEE_ERROR_NOT_SUPPORTED);
	CHECK(TEE_AllocateTransientObject(TEE_TYPE_ECDSA_KEYPAIR, 256, &key) == TEE_SUCCESS);
	CHECK(TEE_PopulateTransientObject(key, attributes, 4) == TEE_ERROR_BAD_PARAMETERS);
	TEE_InitRefAttribute(&attributes[2], TEE_ATTR_ECC_PUBLIC_VALUE_Y, y, sizeof(y));
	CHECK(TEE_PopulateTransientObject(key, attributes, 4) == TEE_SUCCESS);
	CHECK(TEE_AllocateOperation(&sign, TEE_ALG_ECDSA_SHA256, TEE_MODE_SIGN, 256) == TEE_SUCCESS);
	CHECK(TEE_AllocateOperation(&verify, TEE_ALG_ECDSA_SHA256, TEE_MODE_VERIFY, 256) == TEE_SUCCESS);
	CHECK(TEE_SetOperationKey(sign, key) == TEE_SUCCESS && TEE_SetOperationKey(verify, key) == TEE_SUCCESS);
	CHECK(TEE_AsymmetricVerifyDigest(verify, NULL, 0, digest, 32, known, 64) == TEE_SUCCESS);
	CHECK(TEE_AsymmetricSignDigest(sign, NULL, 0, digest, 32, signature, &len) == TEE_ERROR_SHORT_BUFFER && len == 64);
	CHECK(TEE_AsymmetricSignDigest(sign, NULL, 0, digest, 32, signature, &len) == TEE_SUCCESS && len == 64);
	CHECK(TEE_AsymmetricVerifyDigest(verify, NULL, 0, digest, 32, signature, 64) == TEE_SUCCESS);
	signature[40] ^= 1;
	CHECK(TEE_AsymmetricVerifyDigest(verify, NULL, 0, digest, 32, signature, 64) == TEE_ERROR_SIGNATURE_INVALID);
	TEE_FreeOperation(sign);
	TEE_FreeOperation(verify);
	TEE_FreeTransientObject(key);
}

void check_keys(void)
{
	check_signature();
	check_objects();
	check_deprecated();
	check_cipher();
	check_mac();
	check_ae();
	check_extract();
	check_derive();
}
