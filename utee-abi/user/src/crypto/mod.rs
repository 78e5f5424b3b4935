// SPDX-License-Identifier: BSD-2-Clause
//! Keys and what is done with them (GlobalPlatform TEE Internal Core API 1.3.1, chapters 5 and 6).
//!
//! [`Object`] is a key; [`Cipher`], [`Mac`], [`Ae`], [`Signer`], [`Verifier`], [`Encryptor`] and [`Decryptor`] are operations with a key of their own,
//! and [`derive`](Object::derive) makes keys of secrets. What is dropped is freed and wiped in the kernel. Digests are in [`crate::digest`].
//!
//! ```no_run
//! use utee::crypto::{Cipher, Direction, Object};
//! use utee::utee_abi::crypto::{AlgorithmId, ObjectType};
//! let key = Object::generate(ObjectType::AES, 256)?;
//! let mut cipher = Cipher::new(AlgorithmId::AES_CTR, Direction::Encrypt, &key)?;
//! let mut text = *b"attack at dawn";
//! cipher.start(&[0; 16])?;
//! cipher.finish_in_place(&mut text)?;
//! # Ok::<(), utee::TeeError>(())
//! ```

mod blocks;
mod curves;
mod encryption;
mod object;
mod operations;
mod signature;
mod state;
#[cfg(test)]
mod tests;

pub use blocks::Blocks;
pub use curves::{Agreement, Point, Sm2Exchange, Variant};
pub use encryption::{Decryptor, Encryptor};
pub use object::{Attribute, Object, ObjectRef};
pub use operations::{Ae, Cipher, Direction, Mac};
pub use signature::{Signer, Verifier};
pub use state::State;

use crate::TeeError;
use utee_abi::crypto::{AlgorithmId, OperationClass, OperationMode};

/// Tells whether the TEE has an algorithm, by asking it.
#[must_use]
pub fn is_supported(algorithm: AlgorithmId) -> bool {
    let mode = match algorithm.canonical().class() {
        None => return false,
        Some(OperationClass::Cipher | OperationClass::AuthenticatedEncryption | OperationClass::AsymmetricCipher) => OperationMode::Encrypt,
        Some(OperationClass::Mac) => OperationMode::Mac,
        Some(OperationClass::Digest) => OperationMode::Digest,
        Some(OperationClass::AsymmetricSignature) => OperationMode::Sign,
        Some(OperationClass::KeyDerivation) => OperationMode::Derive,
    };
    // Without keys a state is refused, but for another reason when there is no such algorithm.
    !matches!(State::new(algorithm, mode, [None, None]), Err(TeeError::NOT_SUPPORTED | TeeError::NOT_IMPLEMENTED))
}
