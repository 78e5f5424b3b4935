// SPDX-License-Identifier: BSD-2-Clause
//! What the curves have of their own: variants of EdDSA, agreement by X25519 and X448, and SM2.
//!
//! Key pairs are made by [`Object::generate`] (`ED25519_KEYPAIR`, `X448_KEYPAIR`, `SM2_DSA_KEYPAIR`, ...) or of their bytes by
//! [`Object::from_pair`]. What is signed with Ed25519 and Ed448 is the message, not its digest.

use super::operations::key_for;
use super::{Attribute, Object, Signer, State, Verifier};
use crate::{Result, TeeError};
use utee_abi::crypto::{AlgorithmId, AttributeId, KeyUsage, ObjectType, OperationMode};

/// Bytes of a coordinate of SM2's curve, and of a confirmation.
const SM2_SIZE: usize = 32;

/// A variant of Ed25519 or Ed448 (RFC 8032): Ed25519ph, Ed25519ctx, Ed448ph.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Variant<'c> {
    /// The TEE hashes the message, and signs that.
    pub prehash: bool,
    /// Bytes that set one use apart from others: 255 at most.
    pub context: &'c [u8],
}

impl Variant<'_> {
    fn attributes(&self) -> [Attribute<'_>; 2] {
        [Attribute::Value(AttributeId::EDDSA_PREHASH, self.prehash.into(), 0), Attribute::Bytes(AttributeId::EDDSA_CTX, self.context)]
    }
}

impl Signer {
    /// Signs a message by a variant of Ed25519 or Ed448; the length of the signature.
    ///
    /// # Errors
    /// SHORT_BUFFER; BAD_PARAMETERS for a context that is too long; OUT_OF_MEMORY for a message that is too long to be hashed twice.
    pub fn sign_variant(&self, variant: Variant<'_>, message: &[u8], out: &mut [u8]) -> Result<usize> {
        self.sign_with(&variant.attributes(), message, out)
    }
}

impl Verifier {
    /// Verifies the signature of a message by a variant of Ed25519 or Ed448.
    ///
    /// # Errors
    /// SIGNATURE_INVALID; BAD_PARAMETERS for a context that is too long.
    pub fn verify_variant(&self, variant: Variant<'_>, message: &[u8], signature: &[u8]) -> Result<()> {
        self.verify_with(&variant.attributes(), message, signature)
    }
}

/// The attributes of private and public key, of a type of Curve25519 or Curve448.
fn pair_attributes(kind: ObjectType) -> Result<[AttributeId; 2]> {
    Ok(match kind {
        ObjectType::ED25519_KEYPAIR | ObjectType::ED25519_PUBLIC_KEY => {
            [AttributeId::ED25519_PRIVATE_VALUE, AttributeId::ED25519_PUBLIC_VALUE]
        }
        ObjectType::ED448_KEYPAIR | ObjectType::ED448_PUBLIC_KEY => [AttributeId::ED448_PRIVATE_VALUE, AttributeId::ED448_PUBLIC_VALUE],
        ObjectType::X25519_KEYPAIR => [AttributeId::X25519_PRIVATE_VALUE, AttributeId::X25519_PUBLIC_VALUE],
        ObjectType::X448_KEYPAIR => [AttributeId::X448_PRIVATE_VALUE, AttributeId::X448_PUBLIC_VALUE],
        _ => return Err(TeeError::NOT_SUPPORTED),
    })
}

/// Bits of the keys of a type of Curve25519, Curve448 or SM2.
const fn bits(kind: ObjectType) -> u32 {
    match kind {
        ObjectType::ED448_KEYPAIR | ObjectType::ED448_PUBLIC_KEY | ObjectType::X448_KEYPAIR => 448,
        _ => 256,
    }
}

/// Agrees on secrets with the owners of public keys, by X25519 or X448.
#[derive(Debug)]
pub struct Agreement {
    state: State,
    public: AttributeId,
}

impl Agreement {
    /// With a key pair.
    ///
    /// # Errors
    /// NOT_SUPPORTED for another algorithm, OUT_OF_MEMORY; ACCESS_DENIED for a pair that may not be used so; BAD_PARAMETERS for one of
    /// another type.
    pub fn new(algorithm: AlgorithmId, key: &Object) -> Result<Self> {
        let public = match algorithm {
            AlgorithmId::X25519 => AttributeId::X25519_PUBLIC_VALUE,
            AlgorithmId::X448 => AttributeId::X448_PUBLIC_VALUE,
            _ => return Err(TeeError::NOT_SUPPORTED),
        };
        let key = key_for(key, KeyUsage::DERIVE)?;
        Ok(Self { state: State::new(algorithm, OperationMode::Derive, [Some(key), None])?, public })
    }

    /// Makes an empty object the secret that is agreed on with the owner of a public key.
    ///
    /// # Errors
    /// BAD_PARAMETERS for a public key of another length or of low order, or an object that is a key already.
    pub fn agree(&self, public: &[u8], secret: &Object) -> Result<()> {
        // SAFETY: the attribute names memory that lives.
        unsafe { self.state.derive_raw(&[Attribute::Bytes(self.public, public).raw()], **secret) }
    }
}

/// A point of SM2's curve: its coordinates, 32 bytes at most.
pub type Point<'p> = (&'p [u8], &'p [u8]);

/// A key exchange by SM2 (GB/T 32918.3), as the side sees it whose keys are given.
#[derive(Clone, Copy, Debug)]
pub struct Sm2Exchange<'e> {
    /// This side has sent its point first.
    pub is_initiator: bool,
    /// The other side's public key.
    pub point: Point<'e>,
    /// The public key that the other side made for this exchange.
    pub ephemeral: Point<'e>,
    /// Who the initiator and the responder are.
    pub identities: [&'e [u8]; 2],
    /// What the other side sent to confirm, if it has.
    pub confirmation: Option<&'e [u8; SM2_SIZE]>,
}

impl Object {
    /// A key pair of Curve25519 or Curve448: private and public key, as the RFCs write them.
    ///
    /// # Errors
    /// BAD_PARAMETERS when they are no pair or of another length; NOT_SUPPORTED for another type.
    pub fn from_pair(kind: ObjectType, private: &[u8], public: &[u8]) -> Result<Self> {
        let [private_id, public_id] = pair_attributes(kind)?;
        let object = Self::new(kind, bits(kind))?;
        object.populate(&[Attribute::Bytes(private_id, private), Attribute::Bytes(public_id, public)])?;
        Ok(object)
    }

    /// A public key of Ed25519 or Ed448.
    ///
    /// # Errors
    /// BAD_PARAMETERS for one that is none; NOT_SUPPORTED for another type.
    pub fn from_public(kind: ObjectType, public: &[u8]) -> Result<Self> {
        let [_, id] = pair_attributes(kind)?;
        let object = Self::new(kind, bits(kind))?;
        object.populate(&[Attribute::Bytes(id, public)])?;
        Ok(object)
    }

    /// The public key of a pair of Curve25519 or Curve448; its length.
    ///
    /// # Errors
    /// SHORT_BUFFER; NOT_SUPPORTED for another type.
    pub fn public(&self, out: &mut [u8]) -> Result<usize> {
        let [_, id] = pair_attributes(ObjectType::from_raw(self.info()?.object_type))?;
        self.bytes(id, out)
    }

    /// The secret that this pair and the owner of another public key agree on by X25519 or X448: of type GENERIC_SECRET.
    ///
    /// # Errors
    /// BAD_PARAMETERS for a public key of another length or of low order; ACCESS_DENIED for a pair that may not be used so.
    pub fn agree(&self, public: &[u8]) -> Result<Self> {
        let algorithm = match ObjectType::from_raw(self.info()?.object_type) {
            ObjectType::X25519_KEYPAIR => AlgorithmId::X25519,
            ObjectType::X448_KEYPAIR => AlgorithmId::X448,
            _ => return Err(TeeError::NOT_SUPPORTED),
        };
        let secret = Self::new(ObjectType::GENERIC_SECRET, 512)?;
        Agreement::new(algorithm, self)?.agree(public, &secret)?;
        Ok(secret)
    }

    /// The key of so many bytes, a multiple of 8, that this SM2_KEP_KEYPAIR and the other side agree on, with `ephemeral`, a pair that was made for this
    /// exchange: of type GENERIC_SECRET; and what this side sends to confirm.
    ///
    /// # Errors
    /// BAD_PARAMETERS for points that are not on the curve; BAD_STATE when the other side's confirmation is wrong.
    pub fn exchange(&self, ephemeral: &Self, with: &Sm2Exchange<'_>, len: usize) -> Result<(Self, [u8; SM2_SIZE])> {
        let keys = [Some(key_for(self, KeyUsage::DERIVE)?), Some(key_for(ephemeral, KeyUsage::DERIVE)?)];
        // The kernel makes a key of as many bytes as the object has bits at most, as OP-TEE does.
        let object = Self::new(ObjectType::GENERIC_SECRET, u32::try_from(len).map_err(|_| TeeError::BAD_PARAMETERS)?)?;
        let state = State::new(AlgorithmId::SM2_KEP, OperationMode::Derive, keys)?;
        let mut confirmation = [0u8; SM2_SIZE];
        let [initiator, responder] = with.identities;
        let params = [
            Attribute::Value(AttributeId::SM2_KEP_USER, (!with.is_initiator).into(), 0).raw(),
            Attribute::Bytes(AttributeId::ECC_PUBLIC_VALUE_X, with.point.0).raw(),
            Attribute::Bytes(AttributeId::ECC_PUBLIC_VALUE_Y, with.point.1).raw(),
            Attribute::Bytes(AttributeId::ECC_EPHEMERAL_PUBLIC_VALUE_X, with.ephemeral.0).raw(),
            Attribute::Bytes(AttributeId::ECC_EPHEMERAL_PUBLIC_VALUE_Y, with.ephemeral.1).raw(),
            Attribute::Bytes(AttributeId::SM2_ID_INITIATOR, initiator).raw(),
            Attribute::Bytes(AttributeId::SM2_ID_RESPONDER, responder).raw(),
            Attribute::output(AttributeId::SM2_KEP_CONFIRMATION_OUT, &mut confirmation),
            Attribute::Bytes(AttributeId::SM2_KEP_CONFIRMATION_IN, with.confirmation.map_or(&[], |bytes| bytes.as_slice())).raw(),
        ];
        let count = params.len() - usize::from(with.confirmation.is_none());
        // SAFETY: the attributes name memory that lives, and the kernel writes the confirmation, which nobody else looks at.
        unsafe { state.derive_raw(params.get(..count).unwrap_or_default(), *object) }?;
        Ok((object, confirmation))
    }

    /// Encrypts a message for the owner of this SM2_PKE key (GB/T 32918.4: point, message, digest); the length, 97 bytes more.
    ///
    /// # Errors
    /// SHORT_BUFFER; BAD_PARAMETERS for an empty message; ACCESS_DENIED for a key that may not be used so.
    pub fn sm2_encrypt(&self, message: &[u8], out: &mut [u8]) -> Result<usize> {
        self.sm2_operate(OperationMode::Encrypt, KeyUsage::ENCRYPT, message, out)
    }

    /// Decrypts with this SM2_PKE_KEYPAIR; the length of the message.
    ///
    /// # Errors
    /// CIPHERTEXT_INVALID; SHORT_BUFFER, BAD_PARAMETERS; ACCESS_DENIED for a key that may not be used so.
    pub fn sm2_decrypt(&self, ciphertext: &[u8], out: &mut [u8]) -> Result<usize> {
        self.sm2_operate(OperationMode::Decrypt, KeyUsage::DECRYPT, ciphertext, out)
    }

    fn sm2_operate(&self, mode: OperationMode, usage: KeyUsage, data: &[u8], out: &mut [u8]) -> Result<usize> {
        let key = key_for(self, usage)?;
        let state = State::new(AlgorithmId::SM2_PKE, mode, [Some(key), None])?;
        // SAFETY: the kernel reads `data` and writes `out`.
        let (result, len) = unsafe { state.operate(&[], (data.as_ptr(), data.len()), (out.as_mut_ptr(), out.len())) };
        result.map(|()| len)
    }
}
