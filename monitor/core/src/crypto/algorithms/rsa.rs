// SPDX-License-Identifier: BSD-2-Clause
//! RSA (RFC 8017): keys and what is done with them. How messages become numbers is in [`super::rsa_padding`].
//!
//! With a private key everything takes the same time for all numbers of its size. What comes in is blinded with a random number; what
//! comes out is raised to the public exponent again and given away only when that gives what came in: a fault in
//! the half modulo one prime would tell the primes otherwise.

use super::numbers::{self, Aid, below, inverse, to_bytes};
use super::prime::Search;
use super::rsa_padding as padding;
use alloc::vec::Vec;
use modular::{Modulus, Number, Pace, Residue, Word};
use utee_abi::crypto::{Algorithm, AlgorithmId as Id, ObjectType, OperationMode};
use utee_abi::result::TeeError;
use zeroize::Zeroizing;

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// Encrypts numbers as they are.
    Raw,
    /// Encrypts with the padding of PKCS #1 v1.5.
    Pkcs1v15,
    /// Encrypts with OAEP and a digest.
    Oaep(Algorithm),
    /// Signs digests with the padding of PKCS #1 v1.5; without a digest whatever is given, and no name of it.
    SignPkcs1v15(Option<Algorithm>),
    /// Signs digests with PSS.
    SignPss(Algorithm),
}

impl Use {
    /// True for signatures.
    pub const fn is_signature(self) -> bool {
        matches!(self, Self::SignPkcs1v15(_) | Self::SignPss(_))
    }

    /// Whether it goes with a mode.
    pub const fn fits(self, mode: OperationMode) -> bool {
        use OperationMode as M;
        if self.is_signature() { matches!(mode, M::Sign | M::Verify) } else { matches!(mode, M::Encrypt | M::Decrypt) }
    }
}

/// The rows.
pub const ROWS: &[(Id, Use)] = &[
    (Id::RSA_NOPAD, Use::Raw),
    (Id::RSAES_PKCS1_V1_5, Use::Pkcs1v15),
    (Id::RSAES_PKCS1_OAEP_MGF1_MD5, Use::Oaep(Algorithm::Md5)),
    (Id::RSAES_PKCS1_OAEP_MGF1_SHA1, Use::Oaep(Algorithm::Sha1)),
    (Id::RSAES_PKCS1_OAEP_MGF1_SHA224, Use::Oaep(Algorithm::Sha224)),
    (Id::RSAES_PKCS1_OAEP_MGF1_SHA256, Use::Oaep(Algorithm::Sha256)),
    (Id::RSAES_PKCS1_OAEP_MGF1_SHA384, Use::Oaep(Algorithm::Sha384)),
    (Id::RSAES_PKCS1_OAEP_MGF1_SHA512, Use::Oaep(Algorithm::Sha512)),
    (Id::RSAES_PKCS1_OAEP_MGF1_SHA3_224, Use::Oaep(Algorithm::Sha3_224)),
    (Id::RSAES_PKCS1_OAEP_MGF1_SHA3_256, Use::Oaep(Algorithm::Sha3_256)),
    (Id::RSAES_PKCS1_OAEP_MGF1_SHA3_384, Use::Oaep(Algorithm::Sha3_384)),
    (Id::RSAES_PKCS1_OAEP_MGF1_SHA3_512, Use::Oaep(Algorithm::Sha3_512)),
    (Id::RSASSA_PKCS1_V1_5, Use::SignPkcs1v15(None)),
    (Id::RSASSA_PKCS1_V1_5_MD5, Use::SignPkcs1v15(Some(Algorithm::Md5))),
    (Id::RSASSA_PKCS1_V1_5_MD5SHA1, Use::SignPkcs1v15(Some(Algorithm::Md5Sha1))),
    (Id::RSASSA_PKCS1_V1_5_SHA1, Use::SignPkcs1v15(Some(Algorithm::Sha1))),
    (Id::RSASSA_PKCS1_V1_5_SHA224, Use::SignPkcs1v15(Some(Algorithm::Sha224))),
    (Id::RSASSA_PKCS1_V1_5_SHA256, Use::SignPkcs1v15(Some(Algorithm::Sha256))),
    (Id::RSASSA_PKCS1_V1_5_SHA384, Use::SignPkcs1v15(Some(Algorithm::Sha384))),
    (Id::RSASSA_PKCS1_V1_5_SHA512, Use::SignPkcs1v15(Some(Algorithm::Sha512))),
    (Id::RSASSA_PKCS1_V1_5_SHA3_224, Use::SignPkcs1v15(Some(Algorithm::Sha3_224))),
    (Id::RSASSA_PKCS1_V1_5_SHA3_256, Use::SignPkcs1v15(Some(Algorithm::Sha3_256))),
    (Id::RSASSA_PKCS1_V1_5_SHA3_384, Use::SignPkcs1v15(Some(Algorithm::Sha3_384))),
    (Id::RSASSA_PKCS1_V1_5_SHA3_512, Use::SignPkcs1v15(Some(Algorithm::Sha3_512))),
    (Id::RSASSA_PKCS1_PSS_MGF1_MD5, Use::SignPss(Algorithm::Md5)),
    (Id::RSASSA_PKCS1_PSS_MGF1_SHA1, Use::SignPss(Algorithm::Sha1)),
    (Id::RSASSA_PKCS1_PSS_MGF1_SHA224, Use::SignPss(Algorithm::Sha224)),
    (Id::RSASSA_PKCS1_PSS_MGF1_SHA256, Use::SignPss(Algorithm::Sha256)),
    (Id::RSASSA_PKCS1_PSS_MGF1_SHA384, Use::SignPss(Algorithm::Sha384)),
    (Id::RSASSA_PKCS1_PSS_MGF1_SHA512, Use::SignPss(Algorithm::Sha512)),
    (Id::RSASSA_PKCS1_PSS_MGF1_SHA3_224, Use::SignPss(Algorithm::Sha3_224)),
    (Id::RSASSA_PKCS1_PSS_MGF1_SHA3_256, Use::SignPss(Algorithm::Sha3_256)),
    (Id::RSASSA_PKCS1_PSS_MGF1_SHA3_384, Use::SignPss(Algorithm::Sha3_384)),
    (Id::RSASSA_PKCS1_PSS_MGF1_SHA3_512, Use::SignPss(Algorithm::Sha3_512)),
];

/// True for the types of RSA keys.
pub fn is_key(id: ObjectType) -> bool {
    matches!(id, ObjectType::RSA_KEYPAIR | ObjectType::RSA_PUBLIC_KEY)
}

/// The public part of a key.
#[derive(Debug)]
pub struct Public {
    n: Modulus,
    e: Number,
}

impl Public {
    /// From modulus and exponent, the most significant byte first.
    ///
    /// # Errors
    /// BAD_PARAMETERS for an even modulus, and an exponent that is even, below 3 or no smaller than the modulus; OUT_OF_MEMORY.
    pub fn new(modulus: &[u8], exponent: &[u8]) -> Result<Self, TeeError> {
        let (n, e) = (Modulus::from_bytes(modulus)?, Number::from_bytes(exponent)?);
        if e.is_odd() && !e.is_one() && e.is_below(n.number()) { Ok(Self { n, e }) } else { Err(TeeError::BAD_PARAMETERS) }
    }

    /// Bytes of the modulus, and of what is encrypted and signed.
    pub fn bytes(&self) -> usize {
        self.n.bytes()
    }

    /// Bits of the modulus.
    pub fn bits(&self) -> usize {
        self.n.bits()
    }

    fn enter(&self, message: &[u8]) -> Result<Residue, TeeError> {
        let number = Number::from_be(message, self.n.len())?;
        if number.is_below(self.n.number()) { self.n.enter(&number) } else { Err(TeeError::BAD_PARAMETERS) }
    }

    fn raised(&self, base: &Residue, aid: &mut dyn Aid) -> Result<Residue, TeeError> {
        self.n.public_power(base, &self.e, &mut Pace::new(&mut || aid.go_on()))
    }

    /// Raises a number to the public exponent, in bytes as many as the modulus.
    ///
    /// # Errors
    /// BAD_PARAMETERS for a number that is not below the modulus; OUT_OF_MEMORY; what `aid` ends it with.
    pub fn apply(&self, message: &[u8], aid: &mut dyn Aid) -> Result<Zeroizing<Vec<u8>>, TeeError> {
        let power = self.raised(&self.enter(message)?, aid)?;
        self.out(&self.n.leave(&power)?)
    }

    fn out(&self, number: &Number) -> Result<Zeroizing<Vec<u8>>, TeeError> {
        let mut out = numbers::bytes(self.bytes())?;
        number.write_be(&mut out)?;
        Ok(out)
    }

    /// Encrypts a message. `label` and `mask`, the digest of the mask generation function, count for OAEP.
    ///
    /// # Errors
    /// BAD_PARAMETERS for a message that is too long; BAD_STATE for [`Use`]s that sign; those of [`Public::apply`].
    pub fn encrypt(&self, how: Use, message: &[u8], oaep: &Oaep<'_>, aid: &mut dyn Aid) -> Result<Zeroizing<Vec<u8>>, TeeError> {
        match how {
            Use::Raw => self.apply(message, aid),
            Use::Pkcs1v15 => self.apply(&padding::encode_pkcs1v15(message, self.bytes(), aid)?, aid),
            Use::Oaep(digest) => self.apply(&padding::encode_oaep(message, self.bytes(), digest, oaep, aid)?, aid),
            Use::SignPkcs1v15(_) | Use::SignPss(_) => Err(TeeError::BAD_STATE),
        }
    }

    /// Verifies the signature of a digest. The length of the salt counts for PSS.
    ///
    /// # Errors
    /// SIGNATURE_INVALID; BAD_PARAMETERS for a digest of a wrong length; BAD_STATE for [`Use`]s that encrypt; OUT_OF_MEMORY; what `aid` ends it with.
    pub fn verify(&self, how: Use, digest: &[u8], signature: &[u8], salt: usize, aid: &mut dyn Aid) -> Result<(), TeeError> {
        padding::check_digest(how, digest)?;
        if signature.len() != self.bytes() {
            return Err(TeeError::SIGNATURE_INVALID);
        }
        let encoded = self.apply(signature, aid).map_err(|error| match error {
            TeeError::BAD_PARAMETERS => TeeError::SIGNATURE_INVALID,
            other => other,
        })?;
        match how {
            Use::SignPkcs1v15(algorithm) => padding::verify_pkcs1v15(&encoded, algorithm, digest),
            Use::SignPss(algorithm) => padding::verify_pss(&encoded, self.bits(), algorithm, digest, salt),
            _ => Err(TeeError::BAD_STATE),
        }
    }
}

/// What OAEP wants beside the message.
#[derive(Debug)]
pub struct Oaep<'l> {
    /// The label.
    pub label: &'l [u8],
    /// The digest of the mask generation function, if it is another one than that of the scheme.
    pub mask: Option<Algorithm>,
}

/// What there is for each half of a computation modulo two primes.
#[derive(Debug)]
struct Halves {
    p: Modulus,
    q: Modulus,
    p_exponent: Number,
    q_exponent: Number,
    /// The inverse of q modulo p.
    coefficient: Residue,
}

/// A key pair.
#[derive(Debug)]
pub struct Private {
    public: Public,
    d: Number,
    halves: Option<Halves>,
}

/// The numbers of a key pair, the most significant byte first, in the order of the attributes of its type: modulus, exponents, and
/// if they are known primes, their exponents and the coefficient.
pub struct Parts<'p> {
    /// n, e, d.
    pub numbers: [&'p [u8]; 3],
    /// p, q, d modulo p - 1 and q - 1, the inverse of q modulo p.
    pub halves: Option<[&'p [u8]; 5]>,
}

impl Private {
    /// From its numbers.
    ///
    /// # Errors
    /// BAD_PARAMETERS for numbers that no key has: those of [`Public::new`], a private exponent that is not below the modulus,
    /// primes that do not make it; OUT_OF_MEMORY.
    pub fn new(parts: &Parts<'_>) -> Result<Self, TeeError> {
        let [n, e, d] = parts.numbers;
        let public = Public::new(n, e)?;
        let d = Number::from_be(d, public.n.len())?;
        if d.is_zero() || !d.is_below(public.n.number()) {
            return Err(TeeError::BAD_PARAMETERS);
        }
        let halves = parts.halves.map(|halves| Halves::new(halves, &public.n)).transpose()?;
        Ok(Self { public, d, halves })
    }

    /// Its public part.
    pub fn public(&self) -> &Public {
        &self.public
    }

    /// Raises a number to the private exponent, in bytes as many as the modulus.
    ///
    /// # Errors
    /// BAD_PARAMETERS for a number that is not below the modulus; GENERIC when the result is wrong, by a fault or since the numbers of
    /// the key do not go together; BAD_STATE without random numbers; OUT_OF_MEMORY; what `aid` ends it with.
    pub fn apply(&self, message: &[u8], aid: &mut dyn Aid) -> Result<Zeroizing<Vec<u8>>, TeeError> {
        let Public { n, .. } = &self.public;
        let message = self.public.enter(message)?;
        let (blind, unblind) = self.blinding(aid)?;
        let blinded = n.leave(&n.multiply(&message, &blind)?)?;
        let power = match &self.halves {
            Some(halves) => halves.power(&blinded, n.len(), aid)?,
            None => n.leave(&n.power(&n.enter(&blinded)?, &self.d, &mut Pace::new(&mut || aid.go_on()))?)?,
        };
        let result = n.multiply(&n.enter(&power)?, &n.enter(&unblind)?)?;
        if !self.public.raised(&result, aid)?.is_same(&message) {
            return Err(TeeError::GENERIC);
        }
        self.public.out(&n.leave(&result)?)
    }

    /// A random number to the public exponent, and its inverse.
    fn blinding(&self, aid: &mut dyn Aid) -> Result<(Residue, Number), TeeError> {
        let Public { n, .. } = &self.public;
        // Numbers without an inverse are as rare as lucky guesses of the primes, but for tiny keys.
        for _ in 0..16 {
            let random = below(n.number(), aid)?;
            if let Some(inverse) = inverse(&random, n.number())? {
                return Ok((self.public.raised(&n.enter(&random)?, aid)?, inverse));
            }
        }
        Err(TeeError::GENERIC)
    }

    /// Decrypts a message.
    ///
    /// # Errors
    /// BAD_PARAMETERS for what is no encrypted message, after the same time whatever is wrong; those of [`Private::apply`].
    pub fn decrypt(&self, how: Use, message: &[u8], oaep: &Oaep<'_>, aid: &mut dyn Aid) -> Result<Zeroizing<Vec<u8>>, TeeError> {
        if how != Use::Raw && message.len() != self.public.bytes() {
            return Err(TeeError::BAD_PARAMETERS);
        }
        match how {
            Use::Raw => self.apply(message, aid),
            Use::Pkcs1v15 => padding::decode_pkcs1v15(&self.apply(message, aid)?),
            Use::Oaep(digest) => padding::decode_oaep(self.apply(message, aid)?, digest, oaep),
            Use::SignPkcs1v15(_) | Use::SignPss(_) => Err(TeeError::BAD_STATE),
        }
    }

    /// Signs a digest, with a salt of so many bytes for PSS.
    ///
    /// # Errors
    /// BAD_PARAMETERS for a digest of a wrong length, or a key that is too small; BAD_STATE for [`Use`]s that encrypt; those of [`Private::apply`].
    pub fn sign(&self, how: Use, digest: &[u8], salt: usize, aid: &mut dyn Aid) -> Result<Zeroizing<Vec<u8>>, TeeError> {
        padding::check_digest(how, digest)?;
        let encoded = match how {
            Use::SignPkcs1v15(algorithm) => padding::sign_pkcs1v15(self.public.bytes(), algorithm, digest)?,
            Use::SignPss(algorithm) => padding::sign_pss(self.public.bits(), algorithm, digest, salt, aid)?,
            _ => return Err(TeeError::BAD_STATE),
        };
        self.apply(&encoded, aid)
    }
}

impl Halves {
    fn new([p, q, p_exponent, q_exponent, coefficient]: [&[u8]; 5], n: &Modulus) -> Result<Self, TeeError> {
        let (p, q) = (Modulus::from_bytes(p)?, Modulus::from_bytes(q)?);
        if !p.number().product(q.number())?.is_same(n.number()) {
            return Err(TeeError::BAD_PARAMETERS);
        }
        let (p_exponent, q_exponent) = (Number::from_be(p_exponent, p.len())?, Number::from_be(q_exponent, q.len())?);
        let coefficient = p.enter(&Number::from_be(coefficient, p.len())?)?;
        Ok(Self { p, q, p_exponent, q_exponent, coefficient })
    }

    /// By the Chinese remainder theorem (RFC 8017, section 5.1.2), in so many words.
    fn power(&self, base: &Number, len: usize, aid: &mut dyn Aid) -> Result<Number, TeeError> {
        let Self { p, q, .. } = self;
        let of_p = p.power(&p.enter(base)?, &self.p_exponent, &mut Pace::new(&mut || aid.go_on()))?;
        let of_q = q.power(&q.enter(base)?, &self.q_exponent, &mut Pace::new(&mut || aid.go_on()))?;
        let of_q = q.leave(&of_q)?;
        let factor = p.multiply(&p.subtract(&of_p, &p.enter(&of_q)?)?, &self.coefficient)?;
        let mut power = p.leave(&factor)?.product(q.number())?;
        power.add(&of_q);
        power.resized(len)
    }
}

/// Checks a public exponent that a key is to be generated for: odd, from 65537 to 2^256 (SP 800-56B).
///
/// # Errors
/// BAD_PARAMETERS; OUT_OF_MEMORY.
pub fn exponent(bytes: &[u8]) -> Result<Modulus, TeeError> {
    let exponent = Modulus::from_bytes(bytes)?;
    if (17..=256).contains(&exponent.bits()) && exponent.number().is_odd() { Ok(exponent) } else { Err(TeeError::BAD_PARAMETERS) }
}

/// The public exponent of keys for which none is asked for.
pub const EXPONENT: [u8; 3] = [1, 0, 1];

/// Generates a key pair of `bits` bits (FIPS 186-5, appendix A.1.3): its numbers, the most significant byte first, in the order of the
/// attributes of its type.
///
/// # Errors
/// BAD_PARAMETERS for fewer than 16 bits more than the exponent has; BAD_STATE without random numbers; OUT_OF_MEMORY; what `aid` ends it with.
pub fn generate(bits: usize, exponent: &Modulus, aid: &mut dyn Aid) -> Result<[Zeroizing<Vec<u8>>; 8], TeeError> {
    if bits < exponent.bits().saturating_add(16) || bits < 64 {
        return Err(TeeError::BAD_PARAMETERS);
    }
    let search = Search::new()?;
    loop {
        let first = search.prime(bits.div_ceil(2), exponent, aid)?;
        let second = search.prime(bits / 2, exponent, aid)?;
        let (p, q) = if first.is_below(&second) { (second, first) } else { (first, second) };
        // Primes that are near each other are found from their product.
        let mut distance = p.resized(p.words().len())?;
        distance.sub(&q.resized(p.words().len())?);
        if distance.bits() <= (bits / 2).saturating_sub(100) || distance.is_zero() {
            continue;
        }
        let n = p.product(&q)?.resized(bits.div_ceil(Word::BITS as usize))?;
        let (p_less, q_less) = (less_one(&p)?, less_one(&q)?);
        let (order, _) = numbers::divide(&p_less.product(&q_less)?, &numbers::common_divisor(&p_less, &q_less)?)?;
        let d = inverse_of_odd(exponent, &order)?;
        if n.bits() != bits || d.bits() <= bits / 2 {
            continue;
        }
        let (_, p_exponent) = numbers::divide(&d, &p_less)?;
        let (_, q_exponent) = numbers::divide(&d, &q_less)?;
        let coefficient = inverse(&q.resized(p.words().len())?, &p)?.ok_or(TeeError::GENERIC)?;
        let [n, e, d, p] = [to_bytes(&n)?, to_bytes(exponent.number())?, to_bytes(&d)?, to_bytes(&p)?];
        return Ok([n, e, d, p, to_bytes(&q)?, to_bytes(&p_exponent)?, to_bytes(&q_exponent)?, to_bytes(&coefficient)?]);
    }
}

/// An odd number less one.
fn less_one(number: &Number) -> Result<Number, TeeError> {
    let mut less = number.resized(number.words().len())?;
    less.words_mut().first_mut().into_iter().for_each(|word| *word &= !1);
    Ok(less)
}

/// The inverse of an odd number modulo an even one: by the inverse of the even one, as `of * inverse = 1 + modulus * factor`.
fn inverse_of_odd(of: &Modulus, modulus: &Number) -> Result<Number, TeeError> {
    let rest = of.rest_of(modulus)?;
    let factor = inverse(&rest, of.number())?.ok_or(TeeError::GENERIC)?;
    // The negative of it.
    let mut negative = of.number().resized(of.len())?;
    negative.sub(&factor);
    let mut sum = modulus.product(&negative)?;
    sum.add_word(1);
    let (quotient, rest) = numbers::divide(&sum, of.number())?;
    if rest.is_zero() { quotient.resized(modulus.words().len()) } else { Err(TeeError::GENERIC) }
}
