// SPDX-License-Identifier: BSD-2-Clause
//! SM2: its rows; the schemes are in [`curves::sm2`].

pub use curves::sm2::{Exchange, MAX_IDENTITY, OVERHEAD, SIGNATURE, SIZE, Side, decrypt, encrypt, sign, verify};
use utee_abi::crypto::{AlgorithmId as Id, ObjectType};

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// Signs digests.
    Sign,
    /// Agrees on a key.
    Exchange,
    /// Encrypts for the owner of a key.
    Encrypt,
}

/// The rows.
pub const ROWS: &[(Id, Use)] = &[(Id::SM2_DSA_SM3, Use::Sign), (Id::SM2_KEP, Use::Exchange), (Id::SM2_PKE, Use::Encrypt)];

impl Use {
    /// The types of its key pairs and of its public keys.
    pub const fn key_types(self) -> [ObjectType; 2] {
        match self {
            Self::Sign => [ObjectType::SM2_DSA_KEYPAIR, ObjectType::SM2_DSA_PUBLIC_KEY],
            Self::Exchange => [ObjectType::SM2_KEP_KEYPAIR, ObjectType::SM2_KEP_PUBLIC_KEY],
            Self::Encrypt => [ObjectType::SM2_PKE_KEYPAIR, ObjectType::SM2_PKE_PUBLIC_KEY],
        }
    }
}
