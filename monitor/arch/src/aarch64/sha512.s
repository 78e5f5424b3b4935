// SPDX-License-Identifier: BSD-2-Clause
// SHA-512 (FIPS 180-4, 6.4) with the instructions of FEAT_SHA512 (Arm ARM, C7.2).
//
// v0 to v3: the working variables, two in each, a, c, e and g in the lower halves; v16 to v23: the last 16 words of the schedule;
// v5 to v7 are temporaries; x3: the constants.

    .arch_extension sha3
    .pushsection .text.sha512_ce, "ax", %progbits
    .balign 16
sha512_ce_constants:
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

// Two rounds with the words v\w.
    .macro sha512_ce_rounds w
    ld1         {v6.2d}, [x3], #16
    add         v6.2d, v6.2d, v\w\().2d
    ext         v6.16b, v6.16b, v6.16b, #8
    add         v6.2d, v6.2d, v3.2d
    ext         v7.16b, v2.16b, v3.16b, #8
    ext         v5.16b, v1.16b, v2.16b, #8
    sha512h     q6, q7, v5.2d
    mov         v3.16b, v2.16b
    add         v2.2d, v1.2d, v6.2d
    sha512h2    q6, q1, v0.2d
    mov         v1.16b, v0.16b
    mov         v0.16b, v6.16b
    .endm

// The same, and the words 16 behind in v\w; v\x has the next two, v\y and v\z those of 8 and 10 behind v\w, v\last the last two.
    .macro sha512_ce_more w, x, y, z, last
    sha512_ce_rounds \w
    ext         v5.16b, v\y\().16b, v\z\().16b, #8
    sha512su0   v\w\().2d, v\x\().2d
    sha512su1   v\w\().2d, v\last\().2d, v5.2d
    .endm

// x0: state, x1: blocks, x2: how many, not 0.
    .global sha512_ce
    .type sha512_ce, %function
sha512_ce:
    ld1         {v0.2d-v3.2d}, [x0]
1:
    adr         x3, sha512_ce_constants
    ld1         {v16.16b-v19.16b}, [x1], #64
    ld1         {v20.16b-v23.16b}, [x1], #64
    mov         v24.16b, v0.16b
    mov         v25.16b, v1.16b
    mov         v26.16b, v2.16b
    mov         v27.16b, v3.16b
    .irp        w, 16, 17, 18, 19, 20, 21, 22, 23
    rev64       v\w\().16b, v\w\().16b
    .endr
    .rept       4
    sha512_ce_more 16, 17, 20, 21, 23
    sha512_ce_more 17, 18, 21, 22, 16
    sha512_ce_more 18, 19, 22, 23, 17
    sha512_ce_more 19, 20, 23, 16, 18
    sha512_ce_more 20, 21, 16, 17, 19
    sha512_ce_more 21, 22, 17, 18, 20
    sha512_ce_more 22, 23, 18, 19, 21
    sha512_ce_more 23, 16, 19, 20, 22
    .endr
    .irp        w, 16, 17, 18, 19, 20, 21, 22, 23
    sha512_ce_rounds \w
    .endr
    add         v0.2d, v0.2d, v24.2d
    add         v1.2d, v1.2d, v25.2d
    add         v2.2d, v2.2d, v26.2d
    add         v3.2d, v3.2d, v27.2d
    subs        x2, x2, #1
    b.ne        1b
    st1         {v0.2d-v3.2d}, [x0]
    ret
    .popsection
