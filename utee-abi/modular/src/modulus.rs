// SPDX-License-Identifier: BSD-2-Clause
//! A modulus, and numbers in the form that goes with it (Montgomery's): with R just above its words, x stands as x * R.

use crate::{Number, Word, low_bits, words};
use core::fmt;
use subtle::ConstantTimeEq;
use utee_abi::result::TeeError;

/// Bits of an exponent that are taken at a time.
const WINDOW: u32 = 4;

/// Products of two words after which a long computation asks whether it is to go on: some milliseconds.
const STRIDE: usize = 1 << 20;

/// Whom a computation asks now and then whether it is to go on.
pub struct Pace<'g> {
    go_on: &'g mut dyn FnMut() -> Result<(), TeeError>,
    done: usize,
}

impl fmt::Debug for Pace<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pace({} of {STRIDE})", self.done)
    }
}

impl<'g> Pace<'g> {
    /// Asks `go_on`, whose error ends the computation.
    pub fn new(go_on: &'g mut dyn FnMut() -> Result<(), TeeError>) -> Self {
        Self { go_on, done: 0 }
    }

    fn step(&mut self, work: usize) -> Result<(), TeeError> {
        self.done = self.done.saturating_add(work);
        if self.done < STRIDE {
            return Ok(());
        }
        self.done = 0;
        (self.go_on)()
    }
}

/// An odd number of 3 at least. All numbers in its form have as many words as it.
#[derive(Debug)]
pub struct Modulus {
    n: Number,
    bits: usize,
    inverse: Word,
    /// R: the form of 1.
    one: Number,
    /// R * R: the form of R.
    square: Number,
}

/// A number in the form of a modulus, below it.
#[derive(Debug)]
pub struct Residue(Number);

impl Residue {
    /// A copy.
    ///
    /// # Errors
    /// OUT_OF_MEMORY.
    pub fn copy(&self) -> Result<Self, TeeError> {
        self.0.resized(self.0.words().len()).map(Self)
    }

    /// Whether both are the same number, of the same modulus.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.0.is_same(&other.0)
    }
}

impl Modulus {
    /// Prepares a modulus from bytes, the most significant first.
    ///
    /// # Errors
    /// BAD_PARAMETERS for an even number, or one below 3; OUT_OF_MEMORY.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, TeeError> {
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        Self::new(Number::from_bytes(bytes.get(zeros..).unwrap_or_default())?)
    }

    /// Prepares a modulus. Its length in bits is no secret afterwards.
    ///
    /// # Errors
    /// BAD_PARAMETERS for an even number, one below 3, or one with a leading word of zeros; OUT_OF_MEMORY.
    pub fn new(n: Number) -> Result<Self, TeeError> {
        let (bits, len) = (n.bits(), n.words().len());
        let width = len.saturating_mul(Word::BITS as usize);
        if !n.is_odd() || bits < 2 || width.saturating_sub(bits) >= Word::BITS as usize {
            return Err(TeeError::BAD_PARAMETERS);
        }
        // The power of two below the modulus, doubled until it is R.
        let mut one = Number::zero(len)?;
        if let Some(top) = one.words_mut().last_mut() {
            *top = (1 as Word).wrapping_shl(bits.wrapping_sub(1) as u32);
        }
        for _ in bits..=width {
            words::double(one.words_mut(), n.words());
        }
        let inverse = words::negated_inverse(n.words().first().copied().unwrap_or(1));
        let mut modulus = Self { n, bits, inverse, square: one.resized(len)?, one };
        // R is the size of a word to the power of the number of words.
        let mut base = modulus.one.resized(len)?;
        for _ in 0..Word::BITS {
            words::double(base.words_mut(), modulus.n.words());
        }
        let exponent = Number::from_bytes(&len.to_be_bytes())?;
        modulus.square = modulus.public_power(&Residue(base), &exponent, &mut Pace::new(&mut || Ok(())))?.0;
        Ok(modulus)
    }

    /// Words of the modulus.
    #[must_use]
    pub fn len(&self) -> usize {
        self.n.words().len()
    }

    /// False: there is no modulus without words.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bits of the modulus.
    #[must_use]
    pub fn bits(&self) -> usize {
        self.bits
    }

    /// Bytes of the modulus.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bits.div_ceil(8)
    }

    /// The modulus.
    #[must_use]
    pub fn number(&self) -> &Number {
        &self.n
    }

    /// Room for a product.
    fn room(&self) -> Result<Number, TeeError> {
        Number::zero(self.len().saturating_mul(2))
    }

    /// `to` becomes `to * other / R`. One of both may be any number of as many words, if the other one is below the modulus.
    fn multiply_in(&self, to: &mut [Word], other: &[Word], room: &mut Number) {
        words::product(room.words_mut(), to, other);
        self.reduce_in(to, room);
    }

    fn square_in(&self, to: &mut [Word], room: &mut Number) {
        words::square(room.words_mut(), to);
        self.reduce_in(to, room);
    }

    fn reduce_in(&self, to: &mut [Word], room: &mut Number) {
        let over = words::reduce(room.words_mut(), self.n.words(), self.inverse);
        if let Some(upper) = room.words_mut().get_mut(self.len()..) {
            words::correct(upper, over, self.n.words());
            to.iter_mut().zip(upper.iter()).for_each(|(to, from)| *to = *from);
        }
    }

    /// The form of 1.
    ///
    /// # Errors
    /// OUT_OF_MEMORY.
    pub fn one(&self) -> Result<Residue, TeeError> {
        self.one.resized(self.len()).map(Residue)
    }

    /// A number of any length, in the form of the modulus.
    ///
    /// # Errors
    /// OUT_OF_MEMORY.
    pub fn enter(&self, number: &Number) -> Result<Residue, TeeError> {
        let mut room = self.room()?;
        let mut sum = Number::zero(self.len())?;
        let mut part = Number::zero(self.len())?;
        // Horner's rule, with the digits that the modulus's words make.
        for digit in number.words().chunks(self.len().max(1)).rev() {
            self.multiply_in(sum.words_mut(), self.square.words(), &mut room);
            part.words_mut().fill(0);
            part.words_mut().iter_mut().zip(digit).for_each(|(to, from)| *to = *from);
            self.multiply_in(part.words_mut(), self.square.words(), &mut room);
            let over = words::add(sum.words_mut(), part.words());
            words::correct(sum.words_mut(), over, self.n.words());
        }
        Ok(Residue(sum))
    }

    /// The number itself, in as many words as the modulus.
    ///
    /// # Errors
    /// OUT_OF_MEMORY.
    pub fn leave(&self, residue: &Residue) -> Result<Number, TeeError> {
        let mut room = self.room()?;
        room.words_mut().iter_mut().zip(residue.0.words()).for_each(|(to, from)| *to = *from);
        let mut number = Number::zero(self.len())?;
        self.reduce_in(number.words_mut(), &mut room);
        Ok(number)
    }

    /// What is left of a number of any length.
    ///
    /// # Errors
    /// OUT_OF_MEMORY.
    pub fn rest_of(&self, number: &Number) -> Result<Number, TeeError> {
        self.leave(&self.enter(number)?)
    }

    /// The product.
    ///
    /// # Errors
    /// OUT_OF_MEMORY.
    pub fn multiply(&self, first: &Residue, second: &Residue) -> Result<Residue, TeeError> {
        let mut product = first.copy()?;
        self.multiply_in(product.0.words_mut(), second.0.words(), &mut self.room()?);
        Ok(product)
    }

    /// The sum.
    ///
    /// # Errors
    /// OUT_OF_MEMORY.
    pub fn add(&self, first: &Residue, second: &Residue) -> Result<Residue, TeeError> {
        let mut sum = first.copy()?;
        let over = words::add(sum.0.words_mut(), second.0.words());
        words::correct(sum.0.words_mut(), over, self.n.words());
        Ok(sum)
    }

    /// The difference.
    ///
    /// # Errors
    /// OUT_OF_MEMORY.
    pub fn subtract(&self, first: &Residue, second: &Residue) -> Result<Residue, TeeError> {
        let mut rest = first.copy()?;
        let below = words::sub_masked(rest.0.words_mut(), second.0.words(), Word::MAX);
        words::add_masked(rest.0.words_mut(), self.n.words(), below.wrapping_neg());
        Ok(rest)
    }

    /// The power, by the same steps for all exponents of as many words.
    ///
    /// # Errors
    /// OUT_OF_MEMORY, and what `pace` ends it with.
    pub fn power(&self, base: &Residue, exponent: &Number, pace: &mut Pace<'_>) -> Result<Residue, TeeError> {
        let len = self.len();
        let mut room = self.room()?;
        // The powers 0 to 15, one behind the other.
        let mut powers = Number::zero(len.saturating_mul(1 << WINDOW))?;
        let mut last = self.one.resized(len)?;
        for power in powers.words_mut().chunks_exact_mut(len.max(1)) {
            power.iter_mut().zip(last.words()).for_each(|(to, from)| *to = *from);
            self.multiply_in(last.words_mut(), base.0.words(), &mut room);
        }
        let mut result = self.one.resized(len)?;
        let mut power = last;
        for word in exponent.words().iter().rev() {
            for shift in (0..Word::BITS).step_by(WINDOW as usize).rev() {
                for _ in 0..WINDOW {
                    self.square_in(result.words_mut(), &mut room);
                }
                // Every power is read, whichever is wanted.
                let wanted = low_bits(word >> shift) & ((1 << WINDOW) - 1);
                for (index, other) in (0u32..).zip(powers.words().chunks_exact(len.max(1))) {
                    let mask = Word::from(index.ct_eq(&wanted).unwrap_u8()).wrapping_neg();
                    words::assign(power.words_mut(), other, mask);
                }
                self.multiply_in(result.words_mut(), power.words(), &mut room);
                pace.step(len.saturating_mul(len).saturating_mul(WINDOW as usize).saturating_mul(2))?;
            }
        }
        Ok(Residue(result))
    }

    /// The power for an exponent that is no secret: the time depends on it.
    ///
    /// # Errors
    /// As [`Modulus::power`].
    pub fn public_power(&self, base: &Residue, exponent: &Number, pace: &mut Pace<'_>) -> Result<Residue, TeeError> {
        let mut room = self.room()?;
        let mut result = self.one()?;
        for (index, bit) in bits_from_top(exponent, exponent.bits()).enumerate() {
            if index > 0 {
                self.square_in(result.0.words_mut(), &mut room);
            }
            match bit {
                1 if index == 0 => result = base.copy()?,
                1 => self.multiply_in(result.0.words_mut(), base.0.words(), &mut room),
                _ => {}
            }
            pace.step(self.len().saturating_mul(self.len()).saturating_mul(2))?;
        }
        Ok(result)
    }

    /// The power of two, by the same steps for all exponents of as many bits as the modulus at most. A doubling costs next to nothing.
    ///
    /// # Errors
    /// As [`Modulus::power`].
    pub fn power_of_two(&self, exponent: &Number, pace: &mut Pace<'_>) -> Result<Residue, TeeError> {
        let mut room = self.room()?;
        let (mut result, mut doubled) = (self.one.resized(self.len())?, Number::zero(self.len())?);
        for bit in bits_from_top(exponent, self.bits) {
            self.square_in(result.words_mut(), &mut room);
            words::assign(doubled.words_mut(), result.words(), Word::MAX);
            words::double(doubled.words_mut(), self.n.words());
            words::assign(result.words_mut(), doubled.words(), bit.wrapping_neg());
            pace.step(self.len().saturating_mul(self.len()).saturating_mul(2))?;
        }
        Ok(Residue(result))
    }
}

/// The lower `count` bits of a number, the most significant first.
fn bits_from_top(number: &Number, count: usize) -> impl Iterator<Item = Word> {
    const BITS: usize = Word::BITS as usize;
    (0..count).rev().map(|at| number.words().get(at / BITS).map_or(0, |word| word >> (at % BITS) & 1))
}
