// SPDX-License-Identifier: BSD-2-Clause
//! DSA (FIPS 186-4), with ephemeral keys of RFC 6979. Keys from the TA are checked when they come in: they cannot be used otherwise.

use super::digest::MAX_DIGEST;
use super::mac::Hmac;
use super::numbers::{Aid, below, bytes, inverse};
use alloc::vec::Vec;
use modular::{Modulus, Number, Pace, Residue};
use utee_abi::crypto::{Algorithm, AlgorithmId as Id, ObjectType};
use utee_abi::result::TeeError;
use zeroize::Zeroizing;

/// The rows: each with its digest.
pub const ROWS: &[(Id, Algorithm)] = &[
    (Id::DSA_SHA1, Algorithm::Sha1),
    (Id::DSA_SHA224, Algorithm::Sha224),
    (Id::DSA_SHA256, Algorithm::Sha256),
    (Id::DSA_SHA3_224, Algorithm::Sha3_224),
    (Id::DSA_SHA3_256, Algorithm::Sha3_256),
    (Id::DSA_SHA3_384, Algorithm::Sha3_384),
    (Id::DSA_SHA3_512, Algorithm::Sha3_512),
];

/// True for the types of DSA keys.
pub fn is_key(id: ObjectType) -> bool {
    matches!(id, ObjectType::DSA_KEYPAIR | ObjectType::DSA_PUBLIC_KEY)
}

/// Bits that the order of the group may have.
const ORDER_BITS: core::ops::RangeInclusive<usize> = 128..=512;

/// Bytes of fresh randomness that go into a signature's ephemeral key.
pub const FRESH: usize = 32;

/// The group in which everything is computed.
#[derive(Debug)]
pub struct Domain {
    p: Modulus,
    q: Modulus,
    g: Residue,
}

fn go_on_always() -> Result<(), TeeError> {
    Ok(())
}

impl Domain {
    /// From prime, order and generator, the most significant byte first.
    ///
    /// # Errors
    /// BAD_PARAMETERS for even numbers, an order that does not divide the prime less one or is tiny, a generator that generates
    /// nothing; OUT_OF_MEMORY.
    pub fn new(prime: &[u8], order: &[u8], generator: &[u8]) -> Result<Self, TeeError> {
        let (p, q) = (Modulus::from_bytes(prime)?, Modulus::from_bytes(order)?);
        let generator = Number::from_be(generator, p.len())?;
        let fine = ORDER_BITS.contains(&q.bits())
            && q.bits() < p.bits()
            && q.rest_of(p.number())?.is_one()
            && generator.is_below(p.number())
            && !generator.is_zero()
            && !generator.is_one();
        if !fine {
            return Err(TeeError::BAD_PARAMETERS);
        }
        let domain = Self { g: p.enter(&generator)?, p, q };
        let whole = domain.p.public_power(&domain.g, domain.q.number(), &mut Pace::new(&mut go_on_always))?;
        if whole.is_same(&domain.p.one()?) { Ok(domain) } else { Err(TeeError::BAD_PARAMETERS) }
    }

    /// Bits of the prime.
    pub fn bits(&self) -> usize {
        self.p.bits()
    }

    /// Bytes of the order: half a signature.
    pub fn order_bytes(&self) -> usize {
        self.q.bytes()
    }

    /// Checks a public value.
    ///
    /// # Errors
    /// BAD_PARAMETERS when it is not from 2 to the prime less 1; OUT_OF_MEMORY.
    pub fn check_public(&self, public: &[u8]) -> Result<(), TeeError> {
        self.public(public).map(drop)
    }

    fn public(&self, public: &[u8]) -> Result<Residue, TeeError> {
        let public = Number::from_be(public, self.p.len())?;
        if public.is_zero() || public.is_one() || !public.is_below(self.p.number()) {
            return Err(TeeError::BAD_PARAMETERS);
        }
        self.p.enter(&public)
    }

    fn private(&self, private: &[u8]) -> Result<Number, TeeError> {
        let private = Number::from_be(private, self.q.len())?;
        if private.is_zero() || !private.is_below(self.q.number()) { Err(TeeError::BAD_PARAMETERS) } else { Ok(private) }
    }

    /// Checks that a private value is from 1 to the order less 1, and that the public value is its.
    ///
    /// # Errors
    /// BAD_PARAMETERS; OUT_OF_MEMORY.
    pub fn check_pair(&self, private: &[u8], public: &[u8]) -> Result<(), TeeError> {
        let public = self.public(public)?;
        let own = self.p.power(&self.g, &self.private(private)?, &mut Pace::new(&mut go_on_always))?;
        if own.is_same(&public) { Ok(()) } else { Err(TeeError::BAD_PARAMETERS) }
    }

    /// A key pair: private and public value.
    ///
    /// # Errors
    /// BAD_STATE without random numbers; OUT_OF_MEMORY; what `aid` ends it with.
    pub fn generate(&self, aid: &mut dyn Aid) -> Result<(Number, Number), TeeError> {
        let private = below(self.q.number(), aid)?;
        let public = self.p.power(&self.g, &private, &mut Pace::new(&mut || aid.go_on()))?;
        Ok((private, self.p.leave(&public)?))
    }

    /// The leftmost bits of some bytes, as many as the order has.
    fn leftmost(&self, from: &[u8]) -> Result<Number, TeeError> {
        let taken = from.get(..from.len().min(self.order_bytes())).unwrap_or_default();
        let number = Number::from_be(taken, self.q.len())?;
        number.halved((taken.len() * 8).saturating_sub(self.q.bits()))
    }

    /// Signs a digest: r and s, each as long as the order. The ephemeral key is derived from key and digest (RFC 6979) and from `fresh`
    /// randomness, so that neither a bad source of it nor a fault that comes twice gives the key away.
    ///
    /// # Errors
    /// BAD_PARAMETERS for a private value that is none; OUT_OF_MEMORY; what `aid` ends it with.
    pub fn sign(
        &self,
        private: &[u8],
        algorithm: Algorithm,
        digest: &[u8],
        fresh: &[u8],
        aid: &mut dyn Aid,
    ) -> Result<Zeroizing<Vec<u8>>, TeeError> {
        let q = &self.q;
        let x = self.private(private)?;
        let z = q.enter(&self.leftmost(digest)?)?;
        let mut ephemeral = Ephemeral::new(self, algorithm, &x, &q.leave(&z)?, fresh)?;
        let x = q.enter(&x)?;
        for _ in 0..16 {
            let k = ephemeral.next(self)?;
            let power = self.p.leave(&self.p.power(&self.g, &k, &mut Pace::new(&mut || aid.go_on()))?)?;
            let r = q.enter(&power)?;
            let Some(inverse) = inverse(&k, q.number())? else { continue };
            let sum = q.add(&z, &q.multiply(&x, &r)?)?;
            let (r, s) = (q.leave(&r)?, q.leave(&q.multiply(&q.enter(&inverse)?, &sum)?)?);
            if r.is_zero() || s.is_zero() {
                continue;
            }
            let mut out = bytes(self.order_bytes() * 2)?;
            let (first, second) = out.split_at_mut_checked(self.order_bytes()).ok_or(TeeError::GENERIC)?;
            r.write_be(first)?;
            s.write_be(second)?;
            return Ok(out);
        }
        Err(TeeError::GENERIC)
    }

    /// Verifies a signature of r and s.
    ///
    /// # Errors
    /// SIGNATURE_INVALID; BAD_PARAMETERS for a public value that is none; OUT_OF_MEMORY; what `aid` ends it with.
    pub fn verify(&self, public: &[u8], digest: &[u8], signature: &[u8], aid: &mut dyn Aid) -> Result<(), TeeError> {
        let (p, q) = (&self.p, &self.q);
        let y = self.public(public)?;
        let halves = signature.split_at_checked(self.order_bytes()).filter(|(r, s)| r.len() == s.len());
        let (r, s) = halves.ok_or(TeeError::SIGNATURE_INVALID)?;
        let (r, s) = (Number::from_be(r, q.len())?, Number::from_be(s, q.len())?);
        if [&r, &s].iter().any(|half| half.is_zero() || !half.is_below(q.number())) {
            return Err(TeeError::SIGNATURE_INVALID);
        }
        let w = q.enter(&inverse(&s, q.number())?.ok_or(TeeError::SIGNATURE_INVALID)?)?;
        let first = q.leave(&q.multiply(&q.enter(&self.leftmost(digest)?)?, &w)?)?;
        let second = q.leave(&q.multiply(&q.enter(&r)?, &w)?)?;
        let mut go_on = || aid.go_on();
        let mut pace = Pace::new(&mut go_on);
        let power = p.multiply(&p.power(&self.g, &first, &mut pace)?, &p.power(&y, &second, &mut pace)?)?;
        if q.rest_of(&p.leave(&power)?)?.is_same(&r) { Ok(()) } else { Err(TeeError::SIGNATURE_INVALID) }
    }
}

/// Ephemeral keys (RFC 6979, section 3.2; its steps are lettered), with additional data (section 3.6).
struct Ephemeral {
    algorithm: Algorithm,
    size: usize,
    key: Zeroizing<[u8; MAX_DIGEST]>,
    value: Zeroizing<[u8; MAX_DIGEST]>,
}

impl Ephemeral {
    fn new(domain: &Domain, algorithm: Algorithm, x: &Number, z: &Number, fresh: &[u8]) -> Result<Self, TeeError> {
        let mut octets = bytes(domain.order_bytes() * 2)?;
        let (first, second) = octets.split_at_mut_checked(domain.order_bytes()).ok_or(TeeError::GENERIC)?;
        x.write_be(first)?;
        z.write_be(second)?;
        let size = Hmac::new(algorithm, &[])?.size();
        // b, c
        let mut new = Self { algorithm, size, key: Zeroizing::new([0; MAX_DIGEST]), value: Zeroizing::new([1; MAX_DIGEST]) };
        // d to g
        for step in 0..2 {
            new.rekey(&[&[step], &octets, fresh])?;
        }
        Ok(new)
    }

    /// HMAC of the value and more parts: the new key, then the new value.
    fn rekey(&mut self, parts: &[&[u8]]) -> Result<(), TeeError> {
        let key = self.hmac(parts)?;
        self.key = key;
        self.value = self.hmac(&[])?;
        Ok(())
    }

    fn hmac(&self, parts: &[&[u8]]) -> Result<Zeroizing<[u8; MAX_DIGEST]>, TeeError> {
        let mut mac = Hmac::new(self.algorithm, self.key.get(..self.size).ok_or(TeeError::GENERIC)?)?;
        mac.update(self.value.get(..self.size).ok_or(TeeError::GENERIC)?)?;
        for part in parts {
            mac.update(part)?;
        }
        let mut out = Zeroizing::new([0; MAX_DIGEST]);
        mac.finish(&mut out)?;
        Ok(out)
    }

    /// h
    fn next(&mut self, domain: &Domain) -> Result<Number, TeeError> {
        for _ in 0..256 {
            let mut octets = bytes(domain.order_bytes())?;
            for part in octets.chunks_mut(self.size.max(1)) {
                self.value = self.hmac(&[])?;
                part.iter_mut().zip(self.value.iter()).for_each(|(to, from)| *to = *from);
            }
            let k = domain.leftmost(&octets)?;
            self.rekey(&[&[0]])?;
            if !k.is_zero() && k.is_below(domain.q.number()) {
                return Ok(k);
            }
        }
        Err(TeeError::GENERIC)
    }
}
