// SPDX-License-Identifier: BSD-2-Clause
//! Curve448: Ed448 with its variants (RFC 8032) and X448 (RFC 7748), in constant time where a secret is at work.

use crate::{Dom, Verifying};
use ed448_goldilocks::elliptic_curve::bigint::U448;
use ed448_goldilocks::elliptic_curve::scalar::FromUintUnchecked;
use ed448_goldilocks::{CompressedEdwardsY, EdwardsPoint, EdwardsScalar, EdwardsScalarBytes, MontgomeryPoint, WideEdwardsScalarBytes};
use shake::Shake256;
use shake::digest::{ExtendableOutput, Update, XofReader};
use subtle::ConstantTimeEq;
use utee_abi::result::TeeError;
use zeroize::{Zeroize, Zeroizing};

/// Bytes of a key of Ed448.
pub const SIGN_SIZE: usize = 57;
/// Bytes of a signature.
pub const SIGNATURE: usize = 2 * SIGN_SIZE;
/// Bytes of a key of X448, and of what is agreed on.
pub const AGREE_SIZE: usize = 56;

/// What every signature hashes first (RFC 8032, section 2, dom4).
const DOM: &[u8] = b"SigEd448";

/// The point of a public key, which is in its one encoding and in the group of prime order.
fn point(public: &[u8; SIGN_SIZE]) -> Result<EdwardsPoint, TeeError> {
    let affine = CompressedEdwardsY(*public).decompress().into_option().ok_or(TeeError::BAD_PARAMETERS)?;
    let point = affine.to_edwards();
    let fits = affine.compress().0 == *public && point != EdwardsPoint::IDENTITY;
    if fits { Ok(point) } else { Err(TeeError::BAD_PARAMETERS) }
}

/// Checks a public key of Ed448.
///
/// # Errors
/// BAD_PARAMETERS.
pub fn check_public(public: &[u8; SIGN_SIZE]) -> Result<(), TeeError> {
    point(public).map(|_| ())
}

/// The scalar that a private key of Ed448 stands for, and its prefix.
fn expand(secret: &[u8; SIGN_SIZE]) -> (Zeroizing<EdwardsScalar>, Zeroizing<[u8; SIGN_SIZE]>) {
    let mut hash = Shake256::default().chain(secret).finalize_xof();
    let (mut bytes, mut prefix) = (EdwardsScalarBytes::default(), Zeroizing::new([0; SIGN_SIZE]));
    hash.read(&mut bytes);
    hash.read(prefix.as_mut_slice());
    // RFC 8032, section 5.2.5: a multiple of the cofactor, of 448 bits.
    if let [first, .., high, last] = bytes.0.as_mut_slice() {
        *first &= 0xFC;
        *high |= 0x80;
        *last = 0;
    }
    let scalar = Zeroizing::new(EdwardsScalar::from_bytes_mod_order(&bytes));
    bytes.zeroize();
    (scalar, prefix)
}

fn encode(point: EdwardsPoint) -> [u8; SIGN_SIZE] {
    point.to_affine().compress().0
}

/// The public key of a private one of Ed448.
pub fn sign_public(secret: &[u8; SIGN_SIZE]) -> [u8; SIGN_SIZE] {
    encode(EdwardsPoint::GENERATOR * *expand(secret).0)
}

fn start(dom: Dom<'_>) -> Shake256 {
    Shake256::default().chain(DOM).chain(dom.head()).chain(dom.context)
}

fn reduced(hash: Shake256) -> EdwardsScalar {
    let mut bytes = WideEdwardsScalarBytes::default();
    hash.finalize_xof().read(&mut bytes);
    let scalar = EdwardsScalar::from_bytes_mod_order_wide(&bytes);
    bytes.zeroize();
    scalar
}

/// Signs a message, or its digest, on the terms that the core signs on with Ed25519.
pub fn sign(secret: &[u8; SIGN_SIZE], public: &[u8; SIGN_SIZE], dom: Dom<'_>, message: &[u8]) -> [u8; SIGNATURE] {
    let (scalar, prefix) = expand(secret);
    let ephemeral = Zeroizing::new(reduced(start(dom).chain(prefix.as_slice()).chain(message)));
    let commitment = encode(EdwardsPoint::GENERATOR * *ephemeral);
    let response = *ephemeral + reduced(start(dom).chain(commitment).chain(public).chain(message)) * *scalar;
    let mut signature = [0; SIGNATURE];
    let (first, second) = signature.split_at_mut(SIGN_SIZE);
    first.copy_from_slice(&commitment);
    second.copy_from_slice(&response.to_bytes_rfc_8032());
    signature
}

/// A signature that is being verified: the message comes in pieces.
pub struct Verify {
    hash: Shake256,
    key: EdwardsPoint,
    commitment: [u8; SIGN_SIZE],
    response: EdwardsScalar,
}

impl Verify {
    /// Before the message.
    ///
    /// # Errors
    /// BAD_PARAMETERS for a key that is none; SIGNATURE_INVALID for a signature of another length or not in its one encoding.
    pub fn new(public: &[u8; SIGN_SIZE], dom: Dom<'_>, signature: &[u8]) -> Result<Self, TeeError> {
        let key = point(public)?;
        let halves: &[u8; SIGNATURE] = signature.try_into().map_err(|_| TeeError::SIGNATURE_INVALID)?;
        let (mut commitment, mut response) = ([0; SIGN_SIZE], EdwardsScalarBytes::default());
        let (first, second) = halves.split_at(SIGN_SIZE);
        commitment.copy_from_slice(first);
        response.copy_from_slice(second);
        // Version 0.14.0-pre.15 does not look at the last byte.
        let response = EdwardsScalar::from_canonical_bytes(&response).into_option().filter(|_| second.last() == Some(&0));
        let response = response.ok_or(TeeError::SIGNATURE_INVALID)?;
        Ok(Self { hash: start(dom).chain(commitment).chain(public), key, commitment, response })
    }
}

impl Verifying for Verify {
    fn update(&mut self, part: &[u8]) {
        self.hash.update(part);
    }

    fn finish(self) -> Result<(), TeeError> {
        let challenge = reduced(self.hash);
        // All in the group of prime order, in which only the neutral point is of low order.
        let expected = EdwardsPoint::GENERATOR * self.response + self.key.negate() * challenge;
        let fits = encode(expected) == self.commitment && expected != EdwardsPoint::IDENTITY;
        if fits { Ok(()) } else { Err(TeeError::SIGNATURE_INVALID) }
    }
}

fn multiply(secret: &[u8; AGREE_SIZE], point: &MontgomeryPoint) -> Zeroizing<[u8; AGREE_SIZE]> {
    let mut bytes = Zeroizing::new(*secret);
    // RFC 7748, section 5: as for signatures.
    if let [first, .., high] = bytes.as_mut_slice() {
        *first &= 0xFC;
        *high |= 0x80;
    }
    let scalar = Zeroizing::new(EdwardsScalar::from_uint_unchecked(U448::from_le_slice(bytes.as_slice())));
    Zeroizing::new((point * &*scalar).0)
}

/// The public key of a private one of X448.
pub fn agree_public(secret: &[u8; AGREE_SIZE]) -> [u8; AGREE_SIZE] {
    *multiply(secret, &MontgomeryPoint::GENERATOR)
}

/// What both sides get.
///
/// # Errors
/// BAD_PARAMETERS when it is zero: the other side's point is of low order.
pub fn agree(secret: &[u8; AGREE_SIZE], public: &[u8; AGREE_SIZE]) -> Result<Zeroizing<[u8; AGREE_SIZE]>, TeeError> {
    let shared = multiply(secret, &MontgomeryPoint(*public));
    if shared.ct_eq(&[0; AGREE_SIZE]).into() { Err(TeeError::BAD_PARAMETERS) } else { Ok(shared) }
}
