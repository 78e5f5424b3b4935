/* SPDX-License-Identifier: BSD-2-Clause */
/* Each function of the arithmetical API, with numbers that can be checked by hand, and some that cannot. */
#include "checks.h"
#include <string.h>

#define BITS 1024
#define WORDS TEE_BigIntSizeInU32(BITS)

/* A number with room for products, and words behind it that nothing may touch. */
struct number {
	TEE_BigInt words[TEE_BigIntSizeInU32(2 * BITS)];
	uint32_t guard;
};

static struct number a, b, n, to, rest, u, v;

static void set(struct number *number, int32_t value)
{
	TEE_BigIntInit(number->words, TEE_BigIntSizeInU32(2 * BITS));
	number->guard = 0xA5A5A5A5;
	TEE_BigIntConvertFromS32(number->words, value);
}

static bool is(const struct number *number, int32_t value)
{
	int32_t found = 0;

	return TEE_BigIntConvertToS32(&found, number->words) == TEE_SUCCESS && found == value && number->guard == 0xA5A5A5A5;
}

static void check_small_numbers(void)
{
	set(&a, -1234);
	set(&b, 77);
	set(&n, 1000);
	set(&to, 0);
	set(&rest, 0);
	set(&u, 0);
	set(&v, 0);
	TEE_BigIntAdd(to.words, a.words, b.words);
	CHECK(is(&to, -1157));
	TEE_BigIntSub(to.words, a.words, b.words);
	CHECK(is(&to, -1311));
	TEE_BigIntNeg(to.words, a.words);
	CHECK(is(&to, 1234));
	TEE_BigIntMul(to.words, a.words, b.words);
	CHECK(is(&to, -95018));
	TEE_BigIntSquare(to.words, b.words);
	CHECK(is(&to, 5929));
	TEE_BigIntDiv(to.words, rest.words, a.words, b.words);
	CHECK(is(&to, -16) && is(&rest, -2));
	TEE_BigIntDiv(to.words, NULL, a.words, b.words);
	CHECK(is(&to, -16));
	TEE_BigIntMod(to.words, a.words, n.words);
	CHECK(is(&to, 766));
	TEE_BigIntAddMod(to.words, a.words, b.words, n.words);
	CHECK(is(&to, 843));
	TEE_BigIntSubMod(to.words, a.words, b.words, n.words);
	CHECK(is(&to, 689));
	TEE_BigIntMulMod(to.words, a.words, b.words, n.words);
	CHECK(is(&to, 982));
	TEE_BigIntSquareMod(to.words, a.words, n.words);
	CHECK(is(&to, 756));
	TEE_BigIntInvMod(to.words, b.words, n.words);
	CHECK(is(&to, 13));
	CHECK(TEE_BigIntExpMod(to.words, a.words, b.words, n.words, NULL) == TEE_SUCCESS && is(&to, 256));
	CHECK(TEE_BigIntRelativePrime(b.words, n.words) && !TEE_BigIntRelativePrime(a.words, n.words));
	TEE_BigIntComputeExtendedGcd(to.words, u.words, v.words, a.words, n.words);
	TEE_BigIntMul(u.words, u.words, a.words);
	TEE_BigIntMul(v.words, v.words, n.words);
	TEE_BigIntAdd(u.words, u.words, v.words);
	CHECK(is(&to, 2) && is(&u, 2));
	TEE_BigIntShiftRight(to.words, a.words, 3);
	CHECK(is(&to, -154));
	CHECK(TEE_BigIntCmp(a.words, b.words) < 0 && TEE_BigIntCmpS32(b.words, 77) == 0 && TEE_BigIntCmpS32(b.words, -78) > 0);
	CHECK(TEE_BigIntGetBit(a.words, 1) && !TEE_BigIntGetBit(a.words, 0) && TEE_BigIntGetBitCount(a.words) == 11);
	CHECK(TEE_BigIntSetBit(b.words, 4, true) == TEE_SUCCESS && is(&b, 93));
	CHECK(TEE_BigIntSetBit(b.words, 2 * BITS, true) == TEE_ERROR_OVERFLOW);
	CHECK(TEE_BigIntAssign(to.words, a.words) == TEE_SUCCESS && is(&to, -1234));
	CHECK(TEE_BigIntAbs(to.words, a.words) == TEE_SUCCESS && is(&to, 1234));
	set(&b, 79);
	CHECK(TEE_BigIntIsProbablePrime(b.words, 80) == 1 && TEE_BigIntIsProbablePrime(n.words, 80) == 0);
}

static void check_large_numbers(void)
{
	/* An array of the type itself does not exist where its alignment is more than its size. */
	static uint64_t memory[BITS / 32 + 4];
	TEE_BigIntFMMContext *context = (TEE_BigIntFMMContext *)memory;
	static struct number x, y;
	uint8_t bytes[BITS / 8], back[BITS / 8];
	TEE_BigInt small[TEE_BigIntSizeInU32(32)];
	size_t len = sizeof(back);

	/* Operands of random bits, the modulus odd. */
	TEE_GenerateRandom(bytes, sizeof(bytes));
	bytes[0] |= 0x80;
	CHECK(TEE_BigIntConvertFromOctetString(a.words, bytes, sizeof(bytes), 1) == TEE_SUCCESS);
	CHECK(TEE_BigIntConvertToOctetString(back, &len, a.words) == TEE_SUCCESS);
	CHECK(len == sizeof(bytes) && !memcmp(bytes, back, len));
	len--;
	CHECK(TEE_BigIntConvertToOctetString(back, &len, a.words) == TEE_ERROR_SHORT_BUFFER && len == sizeof(bytes));
	TEE_GenerateRandom(bytes, sizeof(bytes));
	CHECK(TEE_BigIntConvertFromOctetString(b.words, bytes, sizeof(bytes), -1) == TEE_SUCCESS);
	TEE_GenerateRandom(bytes, sizeof(bytes));
	bytes[0] |= 0x80;
	bytes[sizeof(bytes) - 1] |= 1;
	CHECK(TEE_BigIntConvertFromOctetString(n.words, bytes, sizeof(bytes), 1) == TEE_SUCCESS);
	TEE_BigIntInit(small, TEE_BigIntSizeInU32(32));
	CHECK(TEE_BigIntConvertFromOctetString(small, bytes, sizeof(bytes), 1) == TEE_ERROR_OVERFLOW);
	CHECK(TEE_BigIntAssign(small, a.words) == TEE_ERROR_OVERFLOW && TEE_BigIntAbs(small, a.words) == TEE_ERROR_OVERFLOW);

	/* (a * b) / b is a, with no rest. */
	TEE_BigIntMul(to.words, a.words, b.words);
	CHECK(TEE_BigIntGetBitCount(to.words) > BITS);
	TEE_BigIntDiv(u.words, v.words, to.words, b.words);
	CHECK(TEE_BigIntCmp(u.words, a.words) == 0 && TEE_BigIntCmpS32(v.words, 0) == 0 && to.guard == 0xA5A5A5A5);

	/* The slow product and the fast one. */
	CHECK(TEE_BigIntFMMContextSizeInU32(BITS) <= 2 * (sizeof(memory) / sizeof(memory[0])));
	CHECK(TEE_BigIntFMMSizeInU32(BITS) <= WORDS);
	CHECK(TEE_BigIntInitFMMContext1(context, TEE_BigIntFMMContextSizeInU32(BITS), n.words) == TEE_SUCCESS);
	TEE_BigIntInitFMMContext(context, TEE_BigIntFMMContextSizeInU32(BITS), n.words);
	TEE_BigIntInitFMM(x.words, TEE_BigIntFMMSizeInU32(BITS));
	TEE_BigIntInitFMM(y.words, TEE_BigIntFMMSizeInU32(BITS));
	TEE_BigIntConvertToFMM(x.words, a.words, n.words, context);
	TEE_BigIntConvertToFMM(y.words, b.words, n.words, context);
	TEE_BigIntComputeFMM(x.words, x.words, y.words, n.words, context);
	TEE_BigIntConvertFromFMM(u.words, x.words, n.words, context);
	TEE_BigIntMulMod(v.words, a.words, b.words, n.words);
	CHECK(TEE_BigIntCmp(u.words, v.words) == 0);

	/* a to the power of 3. */
	set(&to, 3);
	CHECK(TEE_BigIntExpMod(u.words, a.words, to.words, n.words, context) == TEE_SUCCESS);
	TEE_BigIntSquareMod(v.words, a.words, n.words);
	TEE_BigIntMulMod(v.words, v.words, a.words, n.words);
	CHECK(TEE_BigIntCmp(u.words, v.words) == 0);

	/* 2^127 - 1 is a prime. */
	set(&a, 0);
	set(&b, 1);
	CHECK(TEE_BigIntSetBit(a.words, 127, true) == TEE_SUCCESS);
	TEE_BigIntSub(a.words, a.words, b.words);
	CHECK(TEE_BigIntIsProbablePrime(a.words, 100) == -1);
	TEE_BigIntSquare(a.words, a.words);
	CHECK(TEE_BigIntIsProbablePrime(a.words, 100) == 0);
}

void check_arithmetic(void)
{
	uint32_t size = 0;

	CHECK(TEE_GetPropertyAsU32(TEE_PROPSET_TEE_IMPLEMENTATION, "gpd.tee.arith.maxBigIntSize", &size) == TEE_SUCCESS && size == 4096);
	check_small_numbers();
	check_large_numbers();
}
