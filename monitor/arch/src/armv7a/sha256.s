// SPDX-License-Identifier: BSD-2-Clause
// SHA-256 (FIPS 180-4, 6.2) for the core registers, whose rotations cost nothing.
//
// r4 to r11: the working variables, which change places instead of moving; lr: the constants; on the stack: the last 16 words of the
// schedule (64 bytes), the end of the constants, the blocks that are left, the state.

    .arm
    .pushsection .text.sha256_arm, "ax", %progbits
    .balign 32
sha256_arm_constants:
    .word       0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5
    .word       0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174
    .word       0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da
    .word       0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967
    .word       0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85
    .word       0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070
    .word       0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3
    .word       0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2

// Word \i of the message in r2.
    .macro sha256_arm_word i
    ldr         r2, [r1], #4
    rev         r2, r2
    str         r2, [sp, #4 * (\i)]
    .endm

// The next word of the schedule (6.2.2, step 1) in r2, for the place \i.
    .macro sha256_arm_next i
    ldr         r3, [sp, #4 * ((\i + 1) % 16)]
    ldr         r12, [sp, #4 * ((\i + 14) % 16)]
    ldr         r2, [sp, #4 * (\i)]
    mov         r0, r3, ror #7
    eor         r0, r0, r3, ror #18
    eor         r0, r0, r3, lsr #3
    ldr         r3, [sp, #4 * ((\i + 9) % 16)]
    add         r2, r2, r0
    mov         r0, r12, ror #17
    eor         r0, r0, r12, ror #19
    eor         r0, r0, r12, lsr #10
    add         r2, r2, r3
    add         r2, r2, r0
    str         r2, [sp, #4 * (\i)]
    .endm

// A round (6.2.2, step 3) with the word in r2.
    .macro sha256_arm_round a, b, c, d, e, f, g, h
    ldr         r3, [lr], #4
    add         \h, \h, r2
    add         \h, \h, r3
    eor         r0, \e, \e, ror #5
    eor         r0, r0, \e, ror #19
    add         \h, \h, r0, ror #6
    eor         r0, \f, \g
    and         r0, r0, \e
    eor         r0, r0, \g
    add         \h, \h, r0
    add         \d, \d, \h
    eor         r0, \a, \a, ror #11
    eor         r0, r0, \a, ror #20
    add         \h, \h, r0, ror #2
    and         r0, \a, \b
    add         \h, \h, r0
    eor         r0, \a, \b
    and         r0, r0, \c
    add         \h, \h, r0
    .endm

// Eight rounds, after which everything is where it was.
    .macro sha256_arm_eight word, i
    \word       \i + 0
    sha256_arm_round r4, r5, r6, r7, r8, r9, r10, r11
    \word       \i + 1
    sha256_arm_round r11, r4, r5, r6, r7, r8, r9, r10
    \word       \i + 2
    sha256_arm_round r10, r11, r4, r5, r6, r7, r8, r9
    \word       \i + 3
    sha256_arm_round r9, r10, r11, r4, r5, r6, r7, r8
    \word       \i + 4
    sha256_arm_round r8, r9, r10, r11, r4, r5, r6, r7
    \word       \i + 5
    sha256_arm_round r7, r8, r9, r10, r11, r4, r5, r6
    \word       \i + 6
    sha256_arm_round r6, r7, r8, r9, r10, r11, r4, r5
    \word       \i + 7
    sha256_arm_round r5, r6, r7, r8, r9, r10, r11, r4
    .endm

// r0: state, r1: blocks, r2: how many, not 0.
    .global sha256_arm
    .type sha256_arm, %function
sha256_arm:
    push        {r4-r11, lr}
    sub         sp, sp, #76
    adr         lr, sha256_arm_constants
    add         r3, lr, #256
    str         r3, [sp, #64]
    str         r0, [sp, #72]
    ldm         r0, {r4-r11}
1:
    str         r2, [sp, #68]
    sha256_arm_eight sha256_arm_word, 0
    sha256_arm_eight sha256_arm_word, 8
2:
    sha256_arm_eight sha256_arm_next, 0
    sha256_arm_eight sha256_arm_next, 8
    ldr         r0, [sp, #64]
    cmp         lr, r0
    bne         2b
    sub         lr, lr, #256
    ldr         r12, [sp, #72]
    ldm         r12!, {r0, r2, r3}
    add         r4, r4, r0
    add         r5, r5, r2
    add         r6, r6, r3
    ldm         r12!, {r0, r2, r3}
    add         r7, r7, r0
    add         r8, r8, r2
    add         r9, r9, r3
    ldm         r12, {r0, r2}
    add         r10, r10, r0
    add         r11, r11, r2
    sub         r12, r12, #24
    stm         r12, {r4-r11}
    ldr         r2, [sp, #68]
    subs        r2, r2, #1
    bne         1b
    add         sp, sp, #76
    pop         {r4-r11, pc}
    .popsection
