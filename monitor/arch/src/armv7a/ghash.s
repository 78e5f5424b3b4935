// SPDX-License-Identifier: BSD-2-Clause
// GHASH (SP 800-38D, 6.4) in constant time, as POLYVAL computes it (RFC 8452, appendix A): bytes reversed, the key times x.
// A product of 64 bits is made of eight of VMULL.P8, as in Camara, Gouvea, Lopez and Dahab, "Fast Software Polynomial Multiplication on
// ARM Processors Using the NEON Engine" (2013), 3.1.
//
// d0, d1: sum, low half first; d2, d3: key, d4: sum of its halves; d5 to d7: 16, 32 and 48 ones.

    .fpu neon
    .arm
    .pushsection .text.ghash_neon, "ax", %progbits

// Product of d\a and d\b in q\q, whose halves are d\l and d\h; q12 to q15 are lost.
    .macro ghash_neon_times q, l, h, a, b
    vext.8      d24, d\a, d\a, #1
    vmull.p8    q12, d24, d\b
    vext.8      d\l, d\b, d\b, #1
    vmull.p8    q\q, d\a, d\l
    vext.8      d26, d\a, d\a, #2
    vmull.p8    q13, d26, d\b
    vext.8      d30, d\b, d\b, #2
    vmull.p8    q15, d\a, d30
    vext.8      d28, d\a, d\a, #3
    vmull.p8    q14, d28, d\b
    veor        q12, q12, q\q
    vext.8      d\l, d\b, d\b, #3
    vmull.p8    q\q, d\a, d\l
    veor        q13, q13, q15
    vext.8      d30, d\b, d\b, #4
    vmull.p8    q15, d\a, d30
    veor        d24, d24, d25
    vand        d25, d25, d7
    veor        d26, d26, d27
    vand        d27, d27, d6
    veor        q14, q14, q\q
    veor        d24, d24, d25
    veor        d26, d26, d27
    veor        d28, d28, d29
    vand        d29, d29, d5
    veor        d30, d30, d31
    vmov.i64    d31, #0
    vext.8      q12, q12, q12, #15
    veor        d28, d28, d29
    vext.8      q13, q13, q13, #14
    vmull.p8    q\q, d\a, d\b
    vext.8      q14, q14, q14, #13
    vext.8      q15, q15, q15, #12
    veor        q12, q12, q13
    veor        q14, q14, q15
    veor        q\q, q\q, q12
    veor        q\q, q\q, q14
    .endm

// r0: sum, r1: key times x (both 128 bits, little-endian), r2: blocks, r3: how many, not 0.
    .global ghash_neon
    .type ghash_neon, %function
ghash_neon:
    vld1.8      {q0}, [r0]
    vld1.8      {q1}, [r1]
    veor        d4, d2, d3
    vmov.i64    d5, #0x000000000000ffff
    vmov.i64    d6, #0x00000000ffffffff
    vmov.i64    d7, #0x0000ffffffffffff
1:
    vld1.8      {q9}, [r2]!
    vrev64.8    q9, q9
    veor        d1, d1, d18
    veor        d0, d0, d19
    ghash_neon_times 8, 16, 17, 0, 2
    ghash_neon_times 10, 20, 21, 1, 3
    veor        d0, d0, d1
    ghash_neon_times 9, 18, 19, 0, 4
    veor        q9, q9, q8
    veor        q9, q9, q10
    veor        d17, d17, d18
    veor        d20, d20, d19
    // Times x^-128 modulo x^128 + x^127 + x^126 + x^121 + 1: the low half is added into the high one.
    vshl.i64    q0, q8, #63
    vshl.i64    q9, q8, #62
    veor        q0, q0, q9
    vshl.i64    q9, q8, #57
    veor        q0, q0, q9
    veor        d17, d17, d0
    veor        d20, d20, d1
    vshr.u64    q0, q8, #1
    vshr.u64    q9, q8, #2
    veor        q0, q0, q9
    vshr.u64    q9, q8, #7
    veor        q0, q0, q9
    veor        q0, q0, q8
    veor        q0, q0, q10
    subs        r3, r3, #1
    bne         1b
    vst1.8      {q0}, [r0]
    bx          lr
    .popsection
