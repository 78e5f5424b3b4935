// SPDX-License-Identifier: BSD-2-Clause
//! SM2 (GB/T 32918): signatures, key exchange and encryption on its curve, with SM3, in constant time where a secret is at work.
//!
//! Points are checked to be on the curve whenever they come in, by [`on`]; the curve has no points of low order.

use crate::on::{self, FRESH, MAX_SCALAR};
use ::sm2::dsa::signature::hazmat::{PrehashVerifier, RandomizedPrehashSigner};
use ::sm2::dsa::{Signature, SigningKey, VerifyingKey};
use ::sm2::elliptic_curve::point::AffineCoordinates;
use ::sm2::elliptic_curve::{Group, ops::Reduce};
use ::sm2::{FieldBytes, NonZeroScalar, ProjectivePoint, Scalar, Sm2};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use sm3::{Digest, Sm3};
use subtle::ConstantTimeEq;
use utee_abi::result::TeeError;
use zeroize::{Zeroize, Zeroizing};

/// Bytes of a coordinate, a scalar, a digest.
pub const SIZE: usize = 32;
/// Bytes of a signature.
pub const SIGNATURE: usize = 2 * SIZE;
/// Bytes that a ciphertext has more than its message: a point that is not compressed, and a digest.
pub const OVERHEAD: usize = 1 + 3 * SIZE;
/// Bytes of an identity at most: its bits are counted by 16 of them.
pub const MAX_IDENTITY: usize = 0xFFFF / 8;

crate::instance!(Sm2);

/// Signs a digest, that of the signer's identity and the message (GB/T 32918.2); `fresh` as for [`on::sign`].
///
/// # Errors
/// BAD_PARAMETERS for a secret that is none of the curve, or a digest of another length.
pub fn sign(secret: &[u8], digest: &[u8], fresh: &[u8; FRESH]) -> Result<[u8; SIGNATURE], TeeError> {
    // Minus one has no inverse after one is added.
    let key = SigningKey::from_nonzero_scalar("", on::scalar::<Sm2>(secret)?.to_nonzero_scalar()).map_err(|_| TeeError::BAD_PARAMETERS)?;
    let mut random = ChaCha20Rng::from_seed(*fresh);
    let signature: Signature = key.sign_prehash_with_rng(&mut random, digest).map_err(|_| TeeError::BAD_PARAMETERS)?;
    Ok(signature.to_bytes().into())
}

/// Verifies a signature.
///
/// # Errors
/// SIGNATURE_INVALID; BAD_PARAMETERS for a point that is not on the curve.
pub fn verify(x: &[u8], y: &[u8], digest: &[u8], signature: &[u8]) -> Result<(), TeeError> {
    let key = VerifyingKey::new("", on::point::<Sm2>(x, y)?).map_err(|_| TeeError::BAD_PARAMETERS)?;
    let signature = Signature::from_slice(signature).map_err(|_| TeeError::SIGNATURE_INVALID)?;
    key.verify_prehash(digest, &signature).map_err(|_| TeeError::SIGNATURE_INVALID)
}

/// A coordinate or a digest.
type Number = Zeroizing<[u8; SIZE]>;

/// The coordinates of a point. `None` for the one at infinity.
fn coordinates(point: &ProjectivePoint) -> Option<[Number; 2]> {
    if point.is_identity().into() {
        return None;
    }
    let affine = point.to_affine();
    Some([Zeroizing::new(affine.x().into()), Zeroizing::new(affine.y().into())])
}

fn digest_of(parts: &[&[u8]]) -> Number {
    let mut hash = Sm3::new();
    parts.iter().for_each(|part| hash.update(part));
    Zeroizing::new(hash.finalize().into())
}

/// Adds the key stream of a secret to `data` (GB/T 32918.4, section 5.4.3). False when all of the stream is zero.
fn add_stream(secret: &[&[u8]], data: &mut [u8]) -> bool {
    let mut any = 0;
    for (count, block) in (1u32..).zip(data.chunks_mut(SIZE)) {
        let mut hash = Sm3::new();
        secret.iter().for_each(|part| hash.update(part));
        hash.update(count.to_be_bytes());
        let mut stream = hash.finalize();
        for (byte, key) in block.iter_mut().zip(&stream) {
            *byte ^= key;
            any |= key;
        }
        stream.as_mut_slice().zeroize();
    }
    any != 0
}

/// Where the parts of a ciphertext stand: point, message, digest (the order of GB/T 32918.4 before 2016, which OP-TEE keeps).
struct Parts<'c> {
    point: &'c mut [u8],
    message: &'c mut [u8],
    digest: &'c mut [u8],
}

fn parts(text: &mut [u8]) -> Option<Parts<'_>> {
    // An empty message is none.
    let len = text.len().checked_sub(OVERHEAD).filter(|len| *len > 0)?;
    let (point, rest) = text.split_at_mut_checked(1 + 2 * SIZE)?;
    let (message, digest) = rest.split_at_mut_checked(len)?;
    Some(Parts { point, message, digest })
}

/// Encrypts in place: the message stands in `text` behind room for the point, and has room for the digest behind it. False when
/// `random` does not serve: take other bytes then, and the message anew.
///
/// # Errors
/// BAD_PARAMETERS for an empty message or a point that is not on the curve.
pub fn encrypt(x: &[u8], y: &[u8], random: &[u8; SIZE], text: &mut [u8]) -> Result<bool, TeeError> {
    let key = on::point::<Sm2>(x, y)?;
    let to = parts(text).ok_or(TeeError::BAD_PARAMETERS)?;
    let Ok(ephemeral) = on::scalar::<Sm2>(random) else { return Ok(false) };
    let ephemeral = ephemeral.to_nonzero_scalar();
    let own = coordinates(&ProjectivePoint::mul_by_generator(&ephemeral)).ok_or(TeeError::GENERIC)?;
    let [shared_x, shared_y] = coordinates(&(key.to_projective() * *ephemeral)).ok_or(TeeError::GENERIC)?;
    let digest = digest_of(&[shared_x.as_slice(), to.message, shared_y.as_slice()]);
    if !add_stream(&[shared_x.as_slice(), shared_y.as_slice()], to.message) {
        return Ok(false);
    }
    // SEC 1, section 2.3.3: 4 for a point that is not compressed.
    to.point.iter_mut().zip([4].iter().chain(own[0].iter()).chain(own[1].iter())).for_each(|(to, from)| *to = *from);
    to.digest.copy_from_slice(digest.as_slice());
    Ok(true)
}

/// Decrypts in place; where in `text` the message stands then.
///
/// # Errors
/// CIPHERTEXT_INVALID for what was not encrypted for this key; NOT_SUPPORTED for a compressed point; BAD_PARAMETERS for what is too
/// short, a point that is not on the curve, or a secret that is none of it.
pub fn decrypt<'t>(secret: &[u8], text: &'t mut [u8]) -> Result<&'t [u8], TeeError> {
    let secret = on::scalar::<Sm2>(secret)?.to_nonzero_scalar();
    let from = parts(text).ok_or(TeeError::BAD_PARAMETERS)?;
    let (form, point) = from.point.split_first().ok_or(TeeError::BAD_PARAMETERS)?;
    match form {
        4 => {}
        2 | 3 | 6 | 7 => return Err(TeeError::NOT_SUPPORTED),
        _ => return Err(TeeError::BAD_PARAMETERS),
    }
    let (x, y) = point.split_at_checked(SIZE).ok_or(TeeError::BAD_PARAMETERS)?;
    let point = on::point::<Sm2>(x, y)?;
    let [x, y] = coordinates(&(point.to_projective() * *secret)).ok_or(TeeError::BAD_PARAMETERS)?;
    let is_keyed = add_stream(&[x.as_slice(), y.as_slice()], from.message);
    let digest = digest_of(&[x.as_slice(), from.message, y.as_slice()]);
    if is_keyed && digest.as_slice().ct_eq(from.digest).into() {
        return Ok(from.message);
    }
    from.message.zeroize();
    Err(TeeError::CIPHERTEXT_INVALID)
}

/// One side of a key exchange.
#[derive(Clone, Copy)]
pub struct Side<'k> {
    /// Who it is: [`MAX_IDENTITY`] bytes at most.
    pub identity: &'k [u8],
    /// Its public key.
    pub point: (&'k [u8], &'k [u8]),
    /// The public key that it made for this exchange.
    pub ephemeral: (&'k [u8], &'k [u8]),
}

/// A key exchange, seen from the side that has the secrets (GB/T 32918.3).
pub struct Exchange<'k> {
    /// This side has sent its point first.
    pub is_initiator: bool,
    /// This side, then the other one.
    pub sides: [Side<'k>; 2],
    /// The secrets of this side: of its key, and of the one that it made for this exchange.
    pub secrets: [&'k [u8]; 2],
}

/// What comes of an exchange.
pub struct Agreed {
    secret: [Number; 4],
    confirmations: [Number; 2],
}

/// a, b, and the coordinates of the base point (GB/T 32918.5).
const CURVE: [u8; 4 * SIZE] = [
    0xFF, 0xFF, 0xFF, 0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00,
    0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFC, 0x28, 0xE9, 0xFA, 0x9E, 0x9D, 0x9F, 0x5E, 0x34, 0x4D, 0x5A, 0x9E, 0x4B,
    0xCF, 0x65, 0x09, 0xA7, 0xF3, 0x97, 0x89, 0xF5, 0x15, 0xAB, 0x8F, 0x92, 0xDD, 0xBC, 0xBD, 0x41, 0x4D, 0x94, 0x0E, 0x93, 0x32, 0xC4,
    0xAE, 0x2C, 0x1F, 0x19, 0x81, 0x19, 0x5F, 0x99, 0x04, 0x46, 0x6A, 0x39, 0xC9, 0x94, 0x8F, 0xE3, 0x0B, 0xBF, 0xF2, 0x66, 0x0B, 0xE1,
    0x71, 0x5A, 0x45, 0x89, 0x33, 0x4C, 0x74, 0xC7, 0xBC, 0x37, 0x36, 0xA2, 0xF4, 0xF6, 0x77, 0x9C, 0x59, 0xBD, 0xCE, 0xE3, 0x6B, 0x69,
    0x21, 0x53, 0xD0, 0xA9, 0x87, 0x7C, 0xC6, 0x2A, 0x47, 0x40, 0x02, 0xDF, 0x32, 0xE5, 0x21, 0x39, 0xF0, 0xA0,
];

/// A number of the curve with its leading zeros.
fn whole(number: &[u8]) -> Result<[u8; SIZE], TeeError> {
    on::field::<Sm2>(number).map(Into::into)
}

impl Side<'_> {
    /// The digest of identity, curve and public key.
    fn digest(&self) -> Result<Number, TeeError> {
        let bits = self.identity.len().checked_mul(8).and_then(|bits| u16::try_from(bits).ok()).ok_or(TeeError::BAD_PARAMETERS)?;
        let (x, y) = (whole(self.point.0)?, whole(self.point.1)?);
        Ok(digest_of(&[&bits.to_be_bytes(), self.identity, &CURVE, &x, &y]))
    }
}

/// The number that stands for a point in the exchange: the lower half of x, without its highest bit, and that bit set.
fn short(x: &[u8]) -> Result<Scalar, TeeError> {
    let mut bytes = FieldBytes::default();
    let x = whole(x)?;
    for (to, from) in bytes.iter_mut().zip(x).skip(SIZE / 2) {
        *to = from;
    }
    if let Some(highest) = bytes.get_mut(SIZE / 2) {
        *highest |= 0x80;
    }
    Ok(Scalar::reduce(&bytes))
}

impl Exchange<'_> {
    /// Agrees.
    ///
    /// # Errors
    /// BAD_PARAMETERS for points that are not on the curve, secrets that are none of it, identities that are too long, and keys that
    /// cancel each other.
    pub fn run(&self) -> Result<Agreed, TeeError> {
        let [own, other] = &self.sides;
        let [secret, ephemeral] = self.secrets.map(on::scalar::<Sm2>);
        let (secret, ephemeral): (NonZeroScalar, NonZeroScalar) = (secret?.to_nonzero_scalar(), ephemeral?.to_nonzero_scalar());
        let factor = Zeroizing::new(*secret + short(own.ephemeral.0)? * *ephemeral);
        let (key, passing) = (on::point::<Sm2>(other.point.0, other.point.1)?, on::point::<Sm2>(other.ephemeral.0, other.ephemeral.1)?);
        let both = key.to_projective() + passing.to_projective() * short(other.ephemeral.0)?;
        let [x, y] = coordinates(&(both * *factor)).ok_or(TeeError::BAD_PARAMETERS)?;
        let [first, second] = if self.is_initiator { [own, other] } else { [other, own] };
        let digests = [first.digest()?, second.digest()?];
        let points = [whole(first.ephemeral.0)?, whole(first.ephemeral.1)?, whole(second.ephemeral.0)?, whole(second.ephemeral.1)?];
        let [a, b] = &digests;
        let inner = digest_of(&[x.as_slice(), a.as_slice(), b.as_slice(), points.as_flattened()]);
        let confirmations = [2, 3].map(|tag| digest_of(&[&[tag], y.as_slice(), inner.as_slice()]));
        let [a, b] = digests;
        // The responder confirms first, with 2.
        let [second, first] = confirmations;
        let confirmations = if self.is_initiator { [first, second] } else { [second, first] };
        Ok(Agreed { secret: [x, y, a, b], confirmations })
    }
}

impl Agreed {
    /// Fills `out` with the key.
    pub fn key(&self, out: &mut [u8]) {
        out.fill(0);
        let [x, y, a, b] = &self.secret;
        add_stream(&[x.as_slice(), y.as_slice(), a.as_slice(), b.as_slice()], out);
    }

    /// What this side sends to confirm.
    pub fn confirmation(&self) -> &[u8; SIZE] {
        &self.confirmations[0]
    }

    /// Whether the other side has confirmed.
    pub fn is_confirmed(&self, confirmation: &[u8]) -> bool {
        self.confirmations[1].as_slice().ct_eq(confirmation).into()
    }
}

const _: () = assert!(SIZE <= MAX_SCALAR);
