// SPDX-License-Identifier: BSD-2-Clause
//! UUID and commands of `conformance`.

use utee_abi::uuid::Uuid;

/// UUID.
pub const UUID: Uuid = Uuid::new(0x1a7d_9e62, 0x84c5, 0x4b3f, [0xb0, 0xe1, 0x6f, 0x2c, 0x8d, 0x5a, 0x93, 0x74]);

/// UUID of the twin in C, which has [`RUN_ALL`] alone: p0 value out: `a` is the number of checks that passed, `b` the line of
/// the first failure or 0.
pub const UUID_C: Uuid = Uuid::new(0xe8b1_f6c4, 0x3a57, 0x4d29, [0x9c, 0x80, 0x1f, 0x4e, 0x7b, 0x62, 0xa0, 0x35]);

/// UUID of `library-user-c`, which is linked with a library. Command 0: p0 value inout: `a` is added to 1000 and what was added
/// before, `b` becomes twice the sum.
pub const UUID_LIBRARY_USER: Uuid = Uuid::new(0xc15e_8b7f, 0x29d3, 0x4a06, [0x9b, 0x62, 0x7d, 0x0f, 0x4e, 0x81, 0xa5, 0xc9]);

/// Runs all groups of checks: p0 value out: `a` has a bit for each group that passed, `b` is the number of groups. Each
/// failure is printed.
pub const RUN_ALL: u32 = 0;
/// Runs group p0 value in `a`: p1 value out `a` is the number of checks that passed, `b` the line of the first failure or 0.
pub const RUN_GROUP: u32 = 1;
/// Makes p0 value in `a` times the cheapest system call: what a benchmark divides by.
pub const EMPTY_SYSCALLS: u32 = 2;
/// Reads p0 memref in and writes as much to p1 memref out.
pub const COPY: u32 = 3;
/// Digests p1 memref in by SHA-256, p0 value in `a` times: what a benchmark divides by.
pub const HASH: u32 = 4;
/// Fills p0 memref out with random bytes.
pub const RANDOM: u32 = 5;

/// Tells who the client is: p0 value out `a` is its login method, p1 memref out gets the octets of its UUID.
pub const IDENTITY: u32 = 6;

/// Does p0 value in `a`, an index of [`MEASURED`], `b` times: what a benchmark divides by. With 0 it makes ready all the same.
pub const MEASURE: u32 = 7;

/// What [`MEASURE`] does: its name in the benchmark, and how often it is done for one figure.
pub const MEASURED: &[(&str, u32)] = &[
    ("ecdsa-p256-sign", 4),
    ("ecdsa-p256-verify", 4),
    ("ecdsa-p256-keygen", 4),
    ("x25519", 4),
    ("x25519-keygen", 4),
    ("ed25519-sign", 4),
    ("ed25519-verify", 4),
    ("ed25519-keygen", 4),
    ("storage-256-create", 4),
    ("storage-256-open-write", 4),
    ("storage-256-open-read", 4),
    ("storage-256-create-delete", 4),
    ("rsa-2048-sign", 2),
    ("rsa-2048-sign-plain", 1),
    ("rsa-2048-verify", 4),
    ("rsa-2048-keygen", 4),
    ("rsa-4096-sign", 1),
    ("rsa-4096-verify", 4),
    ("rsa-4096-keygen", 1),
    ("dsa-2048-sign", 2),
    ("dsa-2048-verify", 2),
    ("dsa-2048-keygen", 2),
    ("dh-2048", 2),
    ("dh-2048-keygen", 2),
];

/// Runs p0 value in `a`, an index of [`STREAMED`], `b` times over as many bytes as p1 value in `a` says.
pub const STREAM: u32 = 8;

/// What [`STREAM`] runs: its name in the benchmark.
pub const STREAMED: &[&str] = &[
    "aes-128-cbc",
    "aes-128-cbc-decrypt",
    "aes-256-cbc",
    "aes-128-ctr",
    "aes-128-xts",
    "aes-128-gcm",
    "aes-256-gcm",
    "sha-1",
    "sha-256",
    "sha-512",
    "hmac-sha-256",
];

/// Over how many bytes the benchmark has it run: how the name goes on, bytes, times.
pub const STREAM_SIZES: [(&str, u32, u32); 3] = [("1k", 1 << 10, 64), ("64k", 1 << 16, 2), ("1m", 1 << 20, 1)];

/// Sends p1 memref in to port p0 value in `a` of the normal world, by TCP, or in one datagram of UDP when `b` is not 0, and gives what
/// comes back, as much, to p2 memref out.
pub const ECHO: u32 = 32;

/// Counts, in a persistent object, how often this was called since the object was made, resets included: p0 value out `a` is the count,
/// `b` is 0 if the TA's persistent time has gone on since the last time, 1 if it needs a reset, 2 if it is anything else.
pub const COUNT_FOR_EVER: u32 = 33;

/// Names of the groups, by number.
pub const GROUPS: &[&str] = &[
    "properties",
    "memory",
    "time",
    "random",
    "unique keys",
    "digests",
    "sessions",
    "cancellation",
    "mappings",
    "heap",
    "floating point",
    "arithmetic",
    "call rules",
    "keys",
    "curves",
    "storage",
    "public keys",
    // The published vectors of a family each, in the order of the crate `known-answers`.
    "known digests",
    "known ciphers",
    "known authenticated encryption",
    "known codes",
    "known derivations",
    "known rsa",
    "known dsa and dh",
    "known curves",
    "known uses of generated keys",
];
