// SPDX-License-Identifier: BSD-2-Clause
// SHA-512 (FIPS 180-4, 6.4) with NEON, which has registers of 64 bits.
//
// d0 to d15: the last 16 words of the schedule; d16 to d23: the working variables, which change places instead of moving; the
// others are temporaries; r3: the constants.

    .fpu neon
    .arm
    .pushsection .text.sha512_neon, "ax", %progbits
    .balign 32
sha512_neon_constants:
    .quad       0x428a2f98d728ae22, 0x7137449123ef65cd, 0xb5c0fbcfec4d3b2f, 0xe9b5dba58189dbbc
    .quad       0x3956c25bf348b538, 0x59f111f1b605d019, 0x923f82a4af194f9b, 0xab1c5ed5da6d8118
    .quad       0xd807aa98a3030242, 0x12835b0145706fbe, 0x243185be4ee4b28c, 0x550c7dc3d5ffb4e2
    .quad       0x72be5d74f27b896f, 0x80deb1fe3b1696b1, 0x9bdc06a725c71235, 0xc19bf174cf692694
    .quad       0xe49b69c19ef14ad2, 0xefbe4786384f25e3, 0x0fc19dc68b8cd5b5, 0x240ca1cc77ac9c65
    .quad       0x2de92c6f592b0275, 0x4a7484aa6ea6e483, 0x5cb0a9dcbd41fbd4, 0x76f988da831153b5
    .quad       0x983e5152ee66dfab, 0xa831c66d2db43210, 0xb00327c898fb213f, 0xbf597fc7beef0ee4
    .quad       0xc6e00bf33da88fc2, 0xd5a79147930aa725, 0x06ca6351e003826f, 0x142929670a0e6e70
    .quad       0x27b70a8546d22ffc, 0x2e1b21385c26c926, 0x4d2c6dfc5ac42aed, 0x53380d139d95b3df
    .quad       0x650a73548baf63de, 0x766a0abb3c77b2a8, 0x81c2c92e47edaee6, 0x92722c851482353b
    .quad       0xa2bfe8a14cf10364, 0xa81a664bbc423001, 0xc24b8b70d0f89791, 0xc76c51a30654be30
    .quad       0xd192e819d6ef5218, 0xd69906245565a910, 0xf40e35855771202a, 0x106aa07032bbd1b8
    .quad       0x19a4c116b8d2d0c8, 0x1e376c085141ab53, 0x2748774cdf8eeb99, 0x34b0bcb5e19b48a8
    .quad       0x391c0cb3c5c95a63, 0x4ed8aa4ae3418acb, 0x5b9cca4f7763e373, 0x682e6ff3d6b2b8a3
    .quad       0x748f82ee5defb2fc, 0x78a5636f43172f60, 0x84c87814a1f0ab72, 0x8cc702081a6439ec
    .quad       0x90befffa23631e28, 0xa4506cebde82bde9, 0xbef9a3f7b2c67915, 0xc67178f2e372532b
    .quad       0xca273eceea26619c, 0xd186b8c721c0c207, 0xeada7dd6cde0eb1e, 0xf57d4f7fee6ed178
    .quad       0x06f067aa72176fba, 0x0a637dc5a2c898a6, 0x113f9804bef90dae, 0x1b710b35131c471b
    .quad       0x28db77f523047d84, 0x32caab7b40c72493, 0x3c9ebe0a15c9bebc, 0x431d67c49c100d4c
    .quad       0x4cc5d4becb3e42b6, 0x597f299cfc657e2a, 0x5fcb6fab3ad6faec, 0x6c44198c4a475817

// A round (6.4.2, step 3) with the word d\w.
    .macro sha512_neon_round w, a, b, c, d, e, f, g, h
    vshr.u64    d24, \e, #14
    vshr.u64    d25, \e, #18
    vshr.u64    d26, \e, #41
    vsli.64     d24, \e, #50
    vsli.64     d25, \e, #46
    vsli.64     d26, \e, #23
    vld1.64     {d28}, [r3]!
    veor        d24, d24, d25
    vmov        d29, \e
    veor        d24, d24, d26
    vbsl        d29, \f, \g
    vadd.i64    d28, d28, d\w
    vadd.i64    d24, d24, \h
    vadd.i64    d28, d28, d29
    vadd.i64    d28, d28, d24
    vadd.i64    \d, \d, d28
    vshr.u64    d24, \a, #28
    vshr.u64    d25, \a, #34
    vshr.u64    d26, \a, #39
    vsli.64     d24, \a, #36
    vsli.64     d25, \a, #30
    vsli.64     d26, \a, #25
    veor        d30, \a, \b
    veor        d24, d24, d25
    vbsl        d30, \c, \b
    veor        d24, d24, d26
    vadd.i64    d28, d28, d30
    vadd.i64    \h, d28, d24
    .endm

// The next two words of the schedule (6.4.2, step 1) in q\to; q\after: the two behind; q\ninth, q\tenth: 8 to 11 behind; q\last: 14, 15.
    .macro sha512_neon_next to, after, ninth, tenth, last
    vshr.u64    q12, q\last, #19
    vshr.u64    q13, q\last, #61
    vshr.u64    q14, q\last, #6
    vsli.64     q12, q\last, #45
    vsli.64     q13, q\last, #3
    vext.8      q15, q\to, q\after, #8
    veor        q12, q12, q13
    veor        q12, q12, q14
    vadd.i64    q\to, q\to, q12
    vshr.u64    q12, q15, #1
    vshr.u64    q13, q15, #8
    vshr.u64    q14, q15, #7
    vsli.64     q12, q15, #63
    vsli.64     q13, q15, #56
    vext.8      q15, q\ninth, q\tenth, #8
    veor        q12, q12, q13
    vadd.i64    q\to, q\to, q15
    veor        q12, q12, q14
    vadd.i64    q\to, q\to, q12
    .endm

// Eight rounds with the words from d\w on, after which everything is where it was.
    .macro sha512_neon_eight w0, w1, w2, w3, w4, w5, w6, w7
    sha512_neon_round \w0, d16, d17, d18, d19, d20, d21, d22, d23
    sha512_neon_round \w1, d23, d16, d17, d18, d19, d20, d21, d22
    sha512_neon_round \w2, d22, d23, d16, d17, d18, d19, d20, d21
    sha512_neon_round \w3, d21, d22, d23, d16, d17, d18, d19, d20
    sha512_neon_round \w4, d20, d21, d22, d23, d16, d17, d18, d19
    sha512_neon_round \w5, d19, d20, d21, d22, d23, d16, d17, d18
    sha512_neon_round \w6, d18, d19, d20, d21, d22, d23, d16, d17
    sha512_neon_round \w7, d17, d18, d19, d20, d21, d22, d23, d16
    .endm

// r0: state, r1: blocks, r2: how many, not 0.
    .global sha512_neon
    .type sha512_neon, %function
sha512_neon:
    push        {r4, lr}
    vldmia      r0, {d16-d23}
    ldr         r3, 8f
7:
    add         r3, pc, r3
    b           1f
8:
    .word       sha512_neon_constants - 7b - 8
1:
    vld1.8      {q0}, [r1]!
    vld1.8      {q1}, [r1]!
    vld1.8      {q2}, [r1]!
    vld1.8      {q3}, [r1]!
    vld1.8      {q4}, [r1]!
    vld1.8      {q5}, [r1]!
    vld1.8      {q6}, [r1]!
    vld1.8      {q7}, [r1]!
    vrev64.8    q0, q0
    vrev64.8    q1, q1
    vrev64.8    q2, q2
    vrev64.8    q3, q3
    vrev64.8    q4, q4
    vrev64.8    q5, q5
    vrev64.8    q6, q6
    vrev64.8    q7, q7
    mov         r4, #4
2:
    sha512_neon_eight 0, 1, 2, 3, 4, 5, 6, 7
    sha512_neon_eight 8, 9, 10, 11, 12, 13, 14, 15
    sha512_neon_next 0, 1, 4, 5, 7
    sha512_neon_next 1, 2, 5, 6, 0
    sha512_neon_next 2, 3, 6, 7, 1
    sha512_neon_next 3, 4, 7, 0, 2
    sha512_neon_next 4, 5, 0, 1, 3
    sha512_neon_next 5, 6, 1, 2, 4
    sha512_neon_next 6, 7, 2, 3, 5
    sha512_neon_next 7, 0, 3, 4, 6
    subs        r4, r4, #1
    bne         2b
    sha512_neon_eight 0, 1, 2, 3, 4, 5, 6, 7
    sha512_neon_eight 8, 9, 10, 11, 12, 13, 14, 15
    sub         r3, r3, #640
    vldmia      r0, {d24-d31}
    vadd.i64    q8, q8, q12
    vadd.i64    q9, q9, q13
    vadd.i64    q10, q10, q14
    vadd.i64    q11, q11, q15
    vstmia      r0, {d16-d23}
    subs        r2, r2, #1
    bne         1b
    pop         {r4, pc}
    .popsection
