/* SPDX-License-Identifier: BSD-2-Clause */
/* Jumps out of functions. A buffer is as large as OP-TEE's. */
#ifndef SETJMP_H
#define SETJMP_H

#ifdef __cplusplus
extern "C" {
#endif

typedef long long jmp_buf[23];

int setjmp(jmp_buf buf) __attribute__((returns_twice));
void longjmp(jmp_buf buf, int value) __attribute__((noreturn));

#ifdef __cplusplus
}
#endif

#endif
