// SPDX-License-Identifier: BSD-2-Clause
//! Diffie-Hellman modulo a prime (PKCS #3, SP 800-56A).

use super::numbers::{Aid, below, of_bits, to_bytes};
use alloc::vec::Vec;
use modular::{Modulus, Number, Pace, Word};
use utee_abi::crypto::AlgorithmId as Id;
use utee_abi::result::TeeError;
use zeroize::Zeroizing;

/// The row.
pub const ROWS: &[(Id, ())] = &[(Id::DH_DERIVE_SHARED_SECRET, ())];

/// A group, and what is said of private values in it.
#[derive(Debug)]
pub struct Group {
    p: Modulus,
    g: Number,
    q: Option<Modulus>,
    /// 0 when nothing is said.
    private_bits: usize,
}

impl Group {
    /// From prime, base and, if it is known, order of the base, the most significant byte first; and bits of private values, or 0.
    ///
    /// # Errors
    /// BAD_PARAMETERS for an even prime or order, a base that is not from 2 to the prime less 2, an order that does not divide the prime
    /// less 1, more bits than that has; OUT_OF_MEMORY.
    pub fn new(prime: &[u8], base: &[u8], order: Option<&[u8]>, private_bits: u32) -> Result<Self, TeeError> {
        let p = Modulus::from_bytes(prime)?;
        let g = Number::from_be(base, p.len())?;
        let q = order.map(Modulus::from_bytes).transpose()?;
        let private_bits = usize::try_from(private_bits).map_err(|_| TeeError::BAD_PARAMETERS)?;
        let group = Self { p, g, q, private_bits };
        let divides = match &group.q {
            Some(q) => q.bits() <= group.p.bits() && q.rest_of(group.p.number())?.is_one(),
            None => true,
        };
        let fits = group.private_bits <= group.q.as_ref().unwrap_or(&group.p).bits();
        if divides && fits && group.is_element(&group.g) { Ok(group) } else { Err(TeeError::BAD_PARAMETERS) }
    }

    /// Bits of the prime.
    pub fn bits(&self) -> usize {
        self.p.bits()
    }

    /// From 2 to the prime less 2.
    fn is_element(&self, number: &Number) -> bool {
        let mut next = Number::zero(self.p.len()).ok();
        if let Some(next) = &mut next {
            next.add(number);
            next.add_word(1);
        }
        !number.is_zero() && !number.is_one() && next.is_some_and(|next| next.is_below(self.p.number()))
    }

    /// Words of private values: as many for all of a group.
    fn private_len(&self) -> usize {
        match (&self.q, self.private_bits) {
            (Some(q), _) => q.len(),
            (None, 0) => self.p.len(),
            (None, bits) => bits.div_ceil(Word::BITS as usize),
        }
    }

    /// A private value: from 1 to the order less 1, or with the bits that are asked for, the highest being set.
    fn draw(&self, aid: &mut dyn Aid) -> Result<Number, TeeError> {
        if self.private_bits == 0 {
            return below(self.q.as_ref().unwrap_or(&self.p).number(), aid)?.resized(self.private_len());
        }
        for _ in 0..128 {
            let mut private = of_bits(self.private_bits, self.private_len(), aid)?;
            let top = self.private_bits.saturating_sub(1);
            if let Some(word) = private.words_mut().get_mut(top / Word::BITS as usize) {
                *word |= 1 << (top % Word::BITS as usize);
            }
            if self.q.as_ref().is_none_or(|q| private.is_below(q.number())) {
                return Ok(private);
            }
        }
        Err(TeeError::BAD_PARAMETERS)
    }

    /// A key pair: private and public value.
    ///
    /// # Errors
    /// BAD_PARAMETERS when there are none of so many bits; BAD_STATE without random numbers; OUT_OF_MEMORY; what `aid` ends it with.
    pub fn generate(&self, aid: &mut dyn Aid) -> Result<(Number, Number), TeeError> {
        for _ in 0..16 {
            let private = self.draw(aid)?;
            let public = self.p.power(&self.p.enter(&self.g)?, &private, &mut Pace::new(&mut || aid.go_on()))?;
            let public = self.p.leave(&public)?;
            if self.is_element(&public) {
                return Ok((private, public));
            }
        }
        Err(TeeError::BAD_PARAMETERS)
    }

    /// Checks the values of a key pair: both are in their range.
    ///
    /// # Errors
    /// BAD_PARAMETERS; OUT_OF_MEMORY.
    pub fn check_pair(&self, private: &[u8], public: &[u8]) -> Result<(), TeeError> {
        let private = self.private(private)?;
        let public = Number::from_be(public, self.p.len())?;
        if !private.is_zero() && self.is_element(&public) { Ok(()) } else { Err(TeeError::BAD_PARAMETERS) }
    }

    fn private(&self, private: &[u8]) -> Result<Number, TeeError> {
        let private = Number::from_be(private, self.private_len())?;
        if private.is_below(self.q.as_ref().unwrap_or(&self.p).number()) { Ok(private) } else { Err(TeeError::BAD_PARAMETERS) }
    }

    /// The secret that both sides get, without leading zeros.
    ///
    /// # Errors
    /// BAD_PARAMETERS for a public value that is not from 2 to the prime less 2, or of another order than the group's, when that is known; for a
    /// secret that is no secret; OUT_OF_MEMORY; what `aid` ends it with.
    pub fn agree(&self, private: &[u8], public: &[u8], aid: &mut dyn Aid) -> Result<Zeroizing<Vec<u8>>, TeeError> {
        let number = Number::from_be(public, self.p.len())?;
        if !self.is_element(&number) {
            return Err(TeeError::BAD_PARAMETERS);
        }
        let public = self.p.enter(&number)?;
        let mut go_on = || aid.go_on();
        let mut pace = Pace::new(&mut go_on);
        if let Some(q) = &self.q
            && !self.p.public_power(&public, q.number(), &mut pace)?.is_same(&self.p.one()?)
        {
            return Err(TeeError::BAD_PARAMETERS);
        }
        let shared = self.p.leave(&self.p.power(&public, &self.private(private)?, &mut pace)?)?;
        if self.is_element(&shared) { to_bytes(&shared) } else { Err(TeeError::BAD_PARAMETERS) }
    }
}
