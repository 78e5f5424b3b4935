// SPDX-License-Identifier: BSD-2-Clause
// SHA-256 (FIPS 180-4, 6.2) with the instructions of FEAT_SHA256 (Arm ARM, C7.2).

    .arch_extension crypto
    .pushsection .text.sha256_ce, "ax", %progbits
    .balign 16
sha256_ce_constants:
    .word       0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5
    .word       0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174
    .word       0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da
    .word       0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967
    .word       0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85
    .word       0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070
    .word       0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3
    .word       0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2

// Four rounds with the words v\w.
    .macro sha256_ce_rounds w
    ld1         {v6.4s}, [x3], #16
    mov         v7.16b, v0.16b
    add         v6.4s, v6.4s, v\w\().4s
    sha256h     q0, q1, v6.4s
    sha256h2    q1, q7, v6.4s
    .endm

// The same, and the words 16 behind in v\w; the others follow it.
    .macro sha256_ce_more w, x, y, z
    sha256_ce_rounds \w
    sha256su0   v\w\().4s, v\x\().4s
    sha256su1   v\w\().4s, v\y\().4s, v\z\().4s
    .endm

// x0: state, x1: blocks, x2: how many, not 0.
    .global sha256_ce
    .type sha256_ce, %function
sha256_ce:
    ld1         {v0.4s, v1.4s}, [x0]
1:
    adr         x3, sha256_ce_constants
    ld1         {v16.16b-v19.16b}, [x1], #64
    mov         v4.16b, v0.16b
    mov         v5.16b, v1.16b
    rev32       v16.16b, v16.16b
    rev32       v17.16b, v17.16b
    rev32       v18.16b, v18.16b
    rev32       v19.16b, v19.16b
    .rept       3
    sha256_ce_more 16, 17, 18, 19
    sha256_ce_more 17, 18, 19, 16
    sha256_ce_more 18, 19, 16, 17
    sha256_ce_more 19, 16, 17, 18
    .endr
    sha256_ce_rounds 16
    sha256_ce_rounds 17
    sha256_ce_rounds 18
    sha256_ce_rounds 19
    add         v0.4s, v0.4s, v4.4s
    add         v1.4s, v1.4s, v5.4s
    subs        x2, x2, #1
    b.ne        1b
    st1         {v0.4s, v1.4s}, [x0]
    ret
    .popsection
