// SPDX-License-Identifier: BSD-2-Clause
// AES (FIPS 197) and GHASH (SP 800-38D, 6.4) with the instructions of FEAT_AES and FEAT_PMULL (Arm ARM, C7.2).

    .arch_extension crypto
    .pushsection .text.aes_ce, "ax", %progbits

// One round of encryption but the last for v\b; v16: round key.
    .macro aes_ce_round b
    aese        v\b\().16b, v16.16b
    aesmc       v\b\().16b, v\b\().16b
    .endm

// The last round: v16, then v17.
    .macro aes_ce_last b
    aese        v\b\().16b, v16.16b
    eor         v\b\().16b, v\b\().16b, v17.16b
    .endm

// The same of decryption.
    .macro aes_ce_unround b
    aesd        v\b\().16b, v16.16b
    aesimc      v\b\().16b, v\b\().16b
    .endm

    .macro aes_ce_unlast b
    aesd        v\b\().16b, v16.16b
    eor         v\b\().16b, v\b\().16b, v17.16b
    .endm

// Does \what with each of v0 to v3, or with v0.
    .macro aes_ce_four what
    \what       0
    \what       1
    \what       2
    \what       3
    .endm

    .macro aes_ce_one what
    \what       0
    .endm

// Encrypts as many blocks as \each says; x0: round keys, x1: rounds.
    .macro aes_ce_forward each
    mov         x5, x0
    sub         x6, x1, #1
1:
    ld1         {v16.16b}, [x5], #16
    \each       aes_ce_round
    subs        x6, x6, #1
    b.ne        1b
    ld1         {v16.16b, v17.16b}, [x5]
    \each       aes_ce_last
    .endm

// Decrypts them; x4: the last round key. The keys between the first and the last one go through InvMixColumns (5.3.5).
    .macro aes_ce_backward each
    mov         x5, x4
    mov         x7, #-16
    sub         x6, x1, #1
    ld1         {v16.16b}, [x5], x7
1:
    \each       aes_ce_unround
    ld1         {v16.16b}, [x5], x7
    aesimc      v16.16b, v16.16b
    subs        x6, x6, #1
    b.ne        1b
    ld1         {v17.16b}, [x5]
    \each       aes_ce_unlast
    .endm

// All blocks, four at a time while there are so many.
    .macro aes_ce_all direction
    subs        x3, x3, #4
    b.lo        3f
2:
    ld1         {v0.16b-v3.16b}, [x2]
    \direction  aes_ce_four
    st1         {v0.16b-v3.16b}, [x2], #64
    subs        x3, x3, #4
    b.hs        2b
3:
    adds        x3, x3, #4
    b.eq        5f
4:
    ld1         {v0.16b}, [x2]
    \direction  aes_ce_one
    st1         {v0.16b}, [x2], #16
    subs        x3, x3, #1
    b.ne        4b
5:
    ret
    .endm

// x0: round keys, x1: rounds, x2: blocks, x3: how many.
    .global aes_ce_encrypt
    .type aes_ce_encrypt, %function
aes_ce_encrypt:
    aes_ce_all  aes_ce_forward

// The same.
    .global aes_ce_decrypt
    .type aes_ce_decrypt, %function
aes_ce_decrypt:
    add         x4, x0, x1, lsl #4
    aes_ce_all  aes_ce_backward

// The same as aes_ce_encrypt, each block chained to the one before, the first one to that at x4; there is one at least.
    .global aes_ce_cbc_encrypt
    .type aes_ce_cbc_encrypt, %function
aes_ce_cbc_encrypt:
    ld1         {v0.16b}, [x4]
2:
    ld1         {v1.16b}, [x2]
    eor         v0.16b, v0.16b, v1.16b
    aes_ce_forward aes_ce_one
    st1         {v0.16b}, [x2], #16
    subs        x3, x3, #1
    b.ne        2b
    st1         {v0.16b}, [x4]
    ret

// x0: four equal words, whose bytes go through SubBytes (for the key schedule); ShiftRows does nothing to them.
    .global aes_ce_sub_bytes
    .type aes_ce_sub_bytes, %function
aes_ce_sub_bytes:
    ld1         {v0.16b}, [x0]
    movi        v16.16b, #0
    aese        v0.16b, v16.16b
    st1         {v0.16b}, [x0]
    ret

// As POLYVAL computes it (RFC 8452, appendix A). x0: sum, x1: key times x (both 128 bits, little-endian), x2: blocks, x3: how many, not 0.
    .global ghash_ce
    .type ghash_ce, %function
ghash_ce:
    ld1         {v0.16b}, [x0]
    ld1         {v1.16b}, [x1]
    ext         v2.16b, v1.16b, v1.16b, #8
    eor         v2.16b, v2.16b, v1.16b
    // x^63 + x^62 + x^57: the polynomial's upper end.
    mov         x4, #0xc200000000000000
    fmov        d7, x4
    movi        v6.16b, #0
1:
    ld1         {v3.16b}, [x2], #16
    rev64       v3.16b, v3.16b
    ext         v3.16b, v3.16b, v3.16b, #8
    eor         v0.16b, v0.16b, v3.16b
    pmull       v4.1q, v0.1d, v1.1d
    pmull2      v5.1q, v0.2d, v1.2d
    ext         v3.16b, v0.16b, v0.16b, #8
    eor         v3.16b, v3.16b, v0.16b
    pmull       v3.1q, v3.1d, v2.1d
    eor         v3.16b, v3.16b, v4.16b
    eor         v3.16b, v3.16b, v5.16b
    ext         v16.16b, v6.16b, v3.16b, #8
    eor         v4.16b, v4.16b, v16.16b
    ext         v16.16b, v3.16b, v6.16b, #8
    eor         v5.16b, v5.16b, v16.16b
    // The low half is added into the high one, 64 bits at a time.
    .rept 2
    pmull       v3.1q, v4.1d, v7.1d
    ext         v4.16b, v4.16b, v4.16b, #8
    eor         v4.16b, v4.16b, v3.16b
    .endr
    eor         v0.16b, v5.16b, v4.16b
    subs        x3, x3, #1
    b.ne        1b
    st1         {v0.16b}, [x0]
    ret
    .popsection
