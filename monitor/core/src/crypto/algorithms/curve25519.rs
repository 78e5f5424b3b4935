// SPDX-License-Identifier: BSD-2-Clause
//! Curve25519: Ed25519 with its variants (RFC 8032) and X25519 (RFC 7748), in constant time where a secret is at work.
//!
//! Keys are bytes, as the RFCs write them. A public key of Ed25519 is a point in its one encoding, and none of low order; an
//! agreement whose result would not depend on the secret is refused.

use super::edwards::{Dom, Verifying};
use curve25519_dalek::edwards::CompressedEdwardsY;
use curve25519_dalek::{EdwardsPoint, MontgomeryPoint, Scalar};
use sha2::{Digest, Sha512};
use subtle::ConstantTimeEq;
use utee_abi::result::TeeError;
use zeroize::{Zeroize, Zeroizing};

/// Bytes of a key, public or private, and of what is agreed on.
pub const SIZE: usize = 32;
/// Bytes of a signature.
pub const SIGNATURE: usize = 2 * SIZE;

/// What the variants hash first (RFC 8032, section 2, dom2).
const DOM: &[u8] = b"SigEd25519 no Ed25519 collisions";

/// The point of a public key, which is in its one encoding and not of low order.
fn point(public: &[u8; SIZE]) -> Result<EdwardsPoint, TeeError> {
    let encoded = CompressedEdwardsY(*public);
    let point = encoded.decompress().filter(|point| point.compress() == encoded && !point.is_small_order());
    point.ok_or(TeeError::BAD_PARAMETERS)
}

/// Checks a public key of Ed25519.
///
/// # Errors
/// BAD_PARAMETERS.
pub fn check_public(public: &[u8; SIZE]) -> Result<(), TeeError> {
    point(public).map(|_| ())
}

/// The two halves that a private key of Ed25519 stands for: scalar before its bits are set, and prefix.
fn expand(secret: &[u8; SIZE]) -> [Zeroizing<[u8; SIZE]>; 2] {
    let mut hash = Sha512::digest(secret);
    let mut halves = [Zeroizing::new([0; SIZE]), Zeroizing::new([0; SIZE])];
    for (half, bytes) in halves.iter_mut().zip(hash.chunks_exact(SIZE)) {
        half.copy_from_slice(bytes);
    }
    hash.as_mut_slice().zeroize();
    halves
}

/// The public key of a private one of Ed25519.
pub fn sign_public(secret: &[u8; SIZE]) -> [u8; SIZE] {
    let [scalar, _] = expand(secret);
    EdwardsPoint::mul_base_clamped(*scalar).compress().0
}

fn start(dom: Dom<'_>) -> Sha512 {
    let mut hash = Sha512::new();
    if !dom.is_pure() {
        hash.update(DOM);
        hash.update(dom.head());
        hash.update(dom.context);
    }
    hash
}

fn reduced(hash: Sha512) -> Scalar {
    Scalar::from_bytes_mod_order_wide(&hash.finalize().into())
}

/// Signs a message, or what [`prehash`] made of it. `message` must be memory that nobody changes meanwhile: it is hashed twice, and
/// two signatures with one ephemeral key would give the private one away. So would a `public` that is not that of `secret`.
pub fn sign(secret: &[u8; SIZE], public: &[u8; SIZE], dom: Dom<'_>, message: &[u8]) -> [u8; SIGNATURE] {
    let [mut scalar, prefix] = expand(secret);
    *scalar = curve25519_dalek::scalar::clamp_integer(*scalar);
    let scalar = Zeroizing::new(Scalar::from_bytes_mod_order(*scalar));
    let mut hash = start(dom);
    hash.update(prefix.as_slice());
    hash.update(message);
    let ephemeral = Zeroizing::new(reduced(hash));
    let commitment = EdwardsPoint::mul_base(&ephemeral).compress();
    let mut hash = start(dom);
    hash.update(commitment.as_bytes());
    hash.update(public);
    hash.update(message);
    let response = *ephemeral + reduced(hash) * *scalar;
    let mut signature = [0; SIGNATURE];
    let (first, second) = signature.split_at_mut(SIZE);
    first.copy_from_slice(commitment.as_bytes());
    second.copy_from_slice(response.as_bytes());
    signature
}

/// The digest that a pre-hashed signature is of, under way.
pub fn prehash() -> Sha512 {
    Sha512::new()
}

/// A signature that is being verified: the message comes in pieces.
pub struct Verify {
    hash: Sha512,
    key: EdwardsPoint,
    commitment: [u8; SIZE],
    response: Scalar,
}

impl Verify {
    /// Before the message.
    ///
    /// # Errors
    /// BAD_PARAMETERS for a key that is none; SIGNATURE_INVALID for a signature of another length or not in its one encoding.
    pub fn new(public: &[u8; SIZE], dom: Dom<'_>, signature: &[u8]) -> Result<Self, TeeError> {
        let key = point(public)?;
        let halves: &[u8; SIGNATURE] = signature.try_into().map_err(|_| TeeError::SIGNATURE_INVALID)?;
        let (mut commitment, mut response) = ([0; SIZE], [0; SIZE]);
        let (first, second) = halves.split_at(SIZE);
        commitment.copy_from_slice(first);
        response.copy_from_slice(second);
        let response = Scalar::from_canonical_bytes(response).into_option().ok_or(TeeError::SIGNATURE_INVALID)?;
        let mut hash = start(dom);
        hash.update(commitment);
        hash.update(public);
        Ok(Self { hash, key, commitment, response })
    }
}

impl Verifying for Verify {
    fn update(&mut self, part: &[u8]) {
        self.hash.update(part);
    }

    fn finish(self) -> Result<(), TeeError> {
        let challenge = reduced(self.hash);
        let expected = EdwardsPoint::vartime_double_scalar_mul_basepoint(&challenge, &-self.key, &self.response);
        let fits = expected.compress().0 == self.commitment && !expected.is_small_order();
        if fits { Ok(()) } else { Err(TeeError::SIGNATURE_INVALID) }
    }
}

/// The public key of a private one of X25519.
pub fn agree_public(secret: &[u8; SIZE]) -> [u8; SIZE] {
    MontgomeryPoint::mul_base_clamped(*secret).0
}

/// What both sides get.
///
/// # Errors
/// BAD_PARAMETERS when it is zero: the other side's point is of low order.
pub fn agree(secret: &[u8; SIZE], public: &[u8; SIZE]) -> Result<Zeroizing<[u8; SIZE]>, TeeError> {
    let shared = Zeroizing::new(MontgomeryPoint(*public).mul_clamped(*secret).0);
    if shared.ct_eq(&[0; SIZE]).into() { Err(TeeError::BAD_PARAMETERS) } else { Ok(shared) }
}
