// SPDX-License-Identifier: BSD-2-Clause
//! Rows of operations, most of them cryptographic, which the TA `conformance` does (`ta-examples/conformance/src/measured.rs`).

use super::Row;

pub(super) const ROWS: &[Row] = &[
    ("ecdsa-p256-sign", "ECDSA P-256: sign", Some(3_000_000), "OP-TEE 233 M"),
    ("ecdsa-p256-verify", "  verify", Some(6_000_000), "OP-TEE 159 M"),
    ("ecdsa-p256-keygen", "  generate a key", None, "OP-TEE 232 M"),
    ("x25519", "X25519: agree", Some(1_500_000), "OP-TEE 21.3 M"),
    ("x25519-keygen", "  generate a key", None, ""),
    ("ed25519-sign", "Ed25519: sign 32 bytes", None, ""),
    ("ed25519-verify", "  verify", None, ""),
    ("ed25519-keygen", "  generate a key", None, ""),
    ("rsa-2048-sign", "RSA-2048: sign, PKCS #1 v1.5", Some(60_000_000), "OP-TEE 1.14 G"),
    ("rsa-2048-sign-plain", "  sign, primes not known", None, "OP-TEE 1.11 G"),
    ("rsa-2048-verify", "  verify", Some(2_000_000), "OP-TEE 14.9 M"),
    ("rsa-2048-keygen", "  generate a key, mean of four", None, ""),
    ("rsa-4096-sign", "RSA-4096: sign, PKCS #1 v1.5", None, ""),
    ("rsa-4096-verify", "  verify", None, ""),
    ("rsa-4096-keygen", "  generate a key, one of them", None, ""),
    ("dsa-2048-sign", "DSA 2048/256: sign", None, ""),
    ("dsa-2048-verify", "  verify", None, ""),
    ("dsa-2048-keygen", "  generate a key", None, ""),
    ("dh-2048", "Diffie-Hellman 2048/256: agree", None, ""),
    ("dh-2048-keygen", "  generate a key", None, ""),
    // What protects them is not there yet, so that neither goal nor peer can be compared.
    ("storage-256-create", "object of 256 bytes, encrypted files: create", None, ""),
    ("storage-256-open-write", "  open, write, close", None, ""),
    ("storage-256-open-read", "  open, read, close", None, ""),
    ("storage-256-create-delete", "  create and delete", None, ""),
];
