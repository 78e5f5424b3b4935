// SPDX-License-Identifier: BSD-2-Clause
//! Signatures and agreement on the curves of RFC 7748: one face for Curve25519 and Curve448.

use super::curve25519;
use alloc::vec::Vec;
use curves::curve448;
pub use curves::{Dom, Verifying};
use sha2::{Digest, Sha512};
use shake::Shake256;
use shake::digest::{ExtendableOutput, Update, XofReader};
use utee_abi::crypto::{AlgorithmId as Id, AttributeId, ObjectType};
use utee_abi::result::TeeError;
use zeroize::Zeroizing;

/// Bytes of a context at most (RFC 8032, section 2).
pub const MAX_CONTEXT: usize = 255;
/// Bytes of the longest key.
pub const MAX_KEY: usize = curve448::SIGN_SIZE;
/// Bytes of the longest signature.
pub const MAX_SIGNATURE: usize = 2 * MAX_KEY;

/// What is done on which curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// Ed25519.
    Ed25519,
    /// Ed448.
    Ed448,
    /// X25519.
    X25519,
    /// X448.
    X448,
}

/// The rows.
pub const ROWS: &[(Id, Use)] = &[(Id::ED25519, Use::Ed25519), (Id::ED448, Use::Ed448), (Id::X25519, Use::X25519), (Id::X448, Use::X448)];

fn fixed<const N: usize>(bytes: &[u8]) -> Result<&[u8; N], TeeError> {
    bytes.try_into().map_err(|_| TeeError::BAD_PARAMETERS)
}

impl Use {
    /// What the keys of a type are for; `None` for a type of no such keys.
    pub fn of_key(id: ObjectType) -> Option<Self> {
        Some(match id {
            ObjectType::ED25519_KEYPAIR | ObjectType::ED25519_PUBLIC_KEY => Self::Ed25519,
            ObjectType::ED448_KEYPAIR | ObjectType::ED448_PUBLIC_KEY => Self::Ed448,
            ObjectType::X25519_KEYPAIR => Self::X25519,
            ObjectType::X448_KEYPAIR => Self::X448,
            _ => return None,
        })
    }

    /// True where something is signed, false where something is agreed on.
    pub const fn signs(self) -> bool {
        matches!(self, Self::Ed25519 | Self::Ed448)
    }

    /// The type of its key pairs.
    pub const fn pair_type(self) -> ObjectType {
        match self {
            Self::Ed25519 => ObjectType::ED25519_KEYPAIR,
            Self::Ed448 => ObjectType::ED448_KEYPAIR,
            Self::X25519 => ObjectType::X25519_KEYPAIR,
            Self::X448 => ObjectType::X448_KEYPAIR,
        }
    }

    /// The type of its public keys, where there is one.
    pub const fn public_type(self) -> Option<ObjectType> {
        match self {
            Self::Ed25519 => Some(ObjectType::ED25519_PUBLIC_KEY),
            Self::Ed448 => Some(ObjectType::ED448_PUBLIC_KEY),
            Self::X25519 | Self::X448 => None,
        }
    }

    /// The attributes of a pair: private and public key.
    pub const fn attributes(self) -> [AttributeId; 2] {
        match self {
            Self::Ed25519 => [AttributeId::ED25519_PRIVATE_VALUE, AttributeId::ED25519_PUBLIC_VALUE],
            Self::Ed448 => [AttributeId::ED448_PRIVATE_VALUE, AttributeId::ED448_PUBLIC_VALUE],
            Self::X25519 => [AttributeId::X25519_PRIVATE_VALUE, AttributeId::X25519_PUBLIC_VALUE],
            Self::X448 => [AttributeId::X448_PRIVATE_VALUE, AttributeId::X448_PUBLIC_VALUE],
        }
    }

    /// Bytes of a key, and of what is agreed on.
    pub const fn size(self) -> usize {
        match self {
            Self::Ed25519 | Self::X25519 => curve25519::SIZE,
            Self::Ed448 => curve448::SIGN_SIZE,
            Self::X448 => curve448::AGREE_SIZE,
        }
    }

    /// Bytes of a signature.
    pub const fn signature_size(self) -> usize {
        self.size().saturating_mul(2)
    }

    /// The public key of a private one, to the start of `out`.
    ///
    /// # Errors
    /// BAD_PARAMETERS for a key of another length.
    pub fn public_of(self, secret: &[u8], out: &mut [u8; MAX_KEY]) -> Result<(), TeeError> {
        let mut put = |key: &[u8]| out.iter_mut().zip(key).for_each(|(to, from)| *to = *from);
        match self {
            Self::Ed25519 => put(&curve25519::sign_public(fixed(secret)?)),
            Self::Ed448 => put(&curve448::sign_public(fixed(secret)?)),
            Self::X25519 => put(&curve25519::agree_public(fixed(secret)?)),
            Self::X448 => put(&curve448::agree_public(fixed(secret)?)),
        }
        Ok(())
    }

    /// Checks a public key. Every string of bytes is one of an agreement; what it leads to is checked there.
    ///
    /// # Errors
    /// BAD_PARAMETERS.
    pub fn check_public(self, public: &[u8]) -> Result<(), TeeError> {
        match self {
            Self::Ed25519 => curve25519::check_public(fixed(public)?),
            Self::Ed448 => curve448::check_public(fixed(public)?),
            Self::X25519 | Self::X448 if public.len() == self.size() => Ok(()),
            Self::X25519 | Self::X448 => Err(TeeError::BAD_PARAMETERS),
        }
    }

    /// Checks that a public key is that of a private one: a signature made with another gives the private one away.
    ///
    /// # Errors
    /// BAD_PARAMETERS.
    pub fn check_pair(self, secret: &[u8], public: &[u8]) -> Result<(), TeeError> {
        let mut own = [0; MAX_KEY];
        self.public_of(secret, &mut own)?;
        if own.get(..self.size()) == Some(public) { Ok(()) } else { Err(TeeError::BAD_PARAMETERS) }
    }

    /// Signs a message, or its digest if `dom` says so, to the start of `out`. `message` is memory that nobody else can change, and the
    /// keys are a pair.
    ///
    /// # Errors
    /// BAD_PARAMETERS for keys of another length, and where nothing is signed.
    pub fn sign(self, keys: [&[u8]; 2], dom: Dom<'_>, message: &[u8], out: &mut [u8; MAX_SIGNATURE]) -> Result<(), TeeError> {
        let mut put = |signature: &[u8]| out.iter_mut().zip(signature).for_each(|(to, from)| *to = *from);
        let [secret, public] = keys;
        match self {
            Self::Ed25519 => put(&curve25519::sign(fixed(secret)?, fixed(public)?, dom, message)),
            Self::Ed448 => put(&curve448::sign(fixed(secret)?, fixed(public)?, dom, message)),
            Self::X25519 | Self::X448 => return Err(TeeError::BAD_PARAMETERS),
        }
        Ok(())
    }

    /// What both sides get.
    ///
    /// # Errors
    /// BAD_PARAMETERS for keys of another length, a point of low order, and where nothing is agreed on; OUT_OF_MEMORY.
    pub fn agree(self, secret: &[u8], public: &[u8]) -> Result<Zeroizing<Vec<u8>>, TeeError> {
        let mut shared = Zeroizing::new(Vec::new());
        shared.try_reserve_exact(self.size()).map_err(|_| TeeError::OUT_OF_MEMORY)?;
        match self {
            Self::X25519 => shared.extend_from_slice(curve25519::agree(fixed(secret)?, fixed(public)?)?.as_slice()),
            Self::X448 => shared.extend_from_slice(curve448::agree(fixed(secret)?, fixed(public)?)?.as_slice()),
            Self::Ed25519 | Self::Ed448 => return Err(TeeError::BAD_PARAMETERS),
        }
        Ok(shared)
    }
}

/// The digest of a pre-hashed signature, under way.
pub enum Prehash {
    /// Of Ed25519ph.
    Sha512(Sha512),
    /// Of Ed448ph.
    Shake256(Shake256),
}

/// Bytes of that digest.
pub const PREHASHED: usize = 64;

impl Prehash {
    /// Before the message.
    pub fn new(of: Use) -> Self {
        match of {
            Use::Ed448 | Use::X448 => Self::Shake256(Shake256::default()),
            Use::Ed25519 | Use::X25519 => Self::Sha512(Sha512::new()),
        }
    }

    /// Takes in a piece of the message.
    pub fn update(&mut self, part: &[u8]) {
        match self {
            Self::Sha512(hash) => Digest::update(hash, part),
            Self::Shake256(hash) => Update::update(hash, part),
        }
    }

    /// The digest.
    pub fn finish(self) -> [u8; PREHASHED] {
        match self {
            Self::Sha512(hash) => hash.finalize().into(),
            Self::Shake256(hash) => {
                let mut out = [0; PREHASHED];
                hash.finalize_xof().read(&mut out);
                out
            }
        }
    }
}

/// A signature on either curve that is being verified.
pub enum Verify {
    /// Ed25519.
    Ed25519(curve25519::Verify),
    /// Ed448.
    Ed448(curve448::Verify),
}

impl Verify {
    /// Before the message, or its digest if `dom` says so.
    ///
    /// # Errors
    /// BAD_PARAMETERS for a public key that is none, and where nothing is signed; SIGNATURE_INVALID for a signature that can be none.
    pub fn new(of: Use, public: &[u8], dom: Dom<'_>, signature: &[u8]) -> Result<Self, TeeError> {
        match of {
            Use::Ed25519 => curve25519::Verify::new(fixed(public)?, dom, signature).map(Self::Ed25519),
            Use::Ed448 => curve448::Verify::new(fixed(public)?, dom, signature).map(Self::Ed448),
            Use::X25519 | Use::X448 => Err(TeeError::BAD_PARAMETERS),
        }
    }
}

impl Verifying for Verify {
    fn update(&mut self, part: &[u8]) {
        match self {
            Self::Ed25519(verify) => verify.update(part),
            Self::Ed448(verify) => verify.update(part),
        }
    }

    fn finish(self) -> Result<(), TeeError> {
        match self {
            Self::Ed25519(verify) => verify.finish(),
            Self::Ed448(verify) => verify.finish(),
        }
    }
}
