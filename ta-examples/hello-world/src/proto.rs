// SPDX-License-Identifier: BSD-2-Clause
//! UUID and commands of `hello-world` and of its twin in C, `hello-world-c`.

use utee_abi::uuid::Uuid;

/// UUID of `hello-world`.
pub const UUID: Uuid = Uuid::new(0x8aaa_f200, 0x2450, 0x11e4, [0xab, 0xe2, 0x00, 0x02, 0xa5, 0xd5, 0xc5, 0x1b]);

/// UUID of `hello-world-c`.
pub const UUID_C: Uuid = Uuid::new(0x7c0e_2a5b, 0x91d4, 0x4c36, [0xa8, 0xf3, 0x5e, 0x2b, 0x60, 0xd7, 0x19, 0x84]);

/// What [`GREET`] answers.
pub const GREETING: &str = "hello from the secure world";

/// Does nothing; no parameters are looked at.
pub const NOP: u32 = 0;
/// Adds: p0 value inout `a` becomes `a + b`, `b` becomes the number of commands of this session so far.
pub const ADD: u32 = 1;
/// Splits: p0 value in `a`, p1 value out: `a` its low half, `b` its high half (16 bits each).
pub const SPLIT: u32 = 2;
/// Checksum: p0 memref in, p1 value out: `a` the sum of its bytes modulo 2^32, `b` their number.
pub const SUM: u32 = 3;
/// Greets: p0 memref out gets [`GREETING`]. SHORT_BUFFER with the needed size when it does not fit.
pub const GREET: u32 = 4;
/// Turns p0 memref inout around, byte by byte.
pub const REVERSE: u32 = 5;
/// p0 memref inout may be NULL; p1 value out: `a` is 1 for NULL, `b` its size.
pub const NULL_MEMREF: u32 = 6;
/// p0 value in, p1 value inout, p2 memref in, p3 memref out: copies p2 to p3, p1 becomes p0 + p1, `a` and `b` apart.
pub const ALL: u32 = 7;
/// Answers with the TEE_Result in p0 value in `a`, whatever it is.
pub const FAIL: u32 = 8;
