// SPDX-License-Identifier: BSD-2-Clause
//! Numbers of a fixed width.

use crate::{Word, low_bits, words};
use alloc::vec::Vec;
use core::fmt;
use subtle::ConstantTimeEq;
use utee_abi::result::TeeError;
use zeroize::Zeroizing;

const BYTES: usize = size_of::<Word>();

/// A number of some words, leading zeros included. It is wiped when it is dropped, and its `Debug` shows its length alone.
pub struct Number(Zeroizing<Vec<Word>>);

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Number({} words)", self.0.len())
    }
}

impl Number {
    /// Zero, of so many words.
    ///
    /// # Errors
    /// OUT_OF_MEMORY.
    pub fn zero(len: usize) -> Result<Self, TeeError> {
        let mut words = Vec::new();
        words.try_reserve_exact(len).map_err(|_| TeeError::OUT_OF_MEMORY)?;
        words.resize(len, 0);
        Ok(Self(Zeroizing::new(words)))
    }

    /// From bytes, the most significant first, in so many words.
    ///
    /// # Errors
    /// BAD_PARAMETERS when it does not fit; OUT_OF_MEMORY.
    pub fn from_be(bytes: &[u8], len: usize) -> Result<Self, TeeError> {
        let mut number = Self::zero(len)?;
        let mut rest = bytes;
        for word in number.0.iter_mut() {
            let (lower, last) = rest.split_at(rest.len().saturating_sub(BYTES));
            *word = last.iter().fold(0, |word, byte| word << 8 | Word::from(*byte));
            rest = lower;
        }
        if rest.iter().fold(0, |all, byte| all | byte) == 0 { Ok(number) } else { Err(TeeError::BAD_PARAMETERS) }
    }

    /// From bytes, the most significant first, in as many words as these are.
    ///
    /// # Errors
    /// OUT_OF_MEMORY.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, TeeError> {
        Self::from_be(bytes, bytes.len().div_ceil(BYTES).max(1))
    }

    /// A copy in so many words.
    ///
    /// # Errors
    /// BAD_PARAMETERS when it does not fit; OUT_OF_MEMORY.
    pub fn resized(&self, len: usize) -> Result<Self, TeeError> {
        let mut number = Self::zero(len)?;
        number.0.iter_mut().zip(self.0.iter()).for_each(|(to, from)| *to = *from);
        let lost = self.0.iter().skip(len).fold(0, |all, word| all | word);
        if lost == 0 { Ok(number) } else { Err(TeeError::BAD_PARAMETERS) }
    }

    /// Fills `out` with the number, the most significant byte first.
    ///
    /// # Errors
    /// BAD_PARAMETERS when it does not fit.
    pub fn write_be(&self, out: &mut [u8]) -> Result<(), TeeError> {
        let mut lost = 0;
        let mut bytes = self.0.iter().flat_map(|word| word.to_le_bytes());
        for to in out.iter_mut().rev() {
            *to = bytes.next().unwrap_or(0);
        }
        bytes.for_each(|byte| lost |= byte);
        if lost == 0 { Ok(()) } else { Err(TeeError::BAD_PARAMETERS) }
    }

    /// Its words, the least significant first.
    #[must_use]
    pub fn words(&self) -> &[Word] {
        &self.0
    }

    /// Its words, to change them.
    pub fn words_mut(&mut self) -> &mut [Word] {
        &mut self.0
    }

    /// Bits without leading zeros. This many are no secret afterwards.
    #[must_use]
    pub fn bits(&self) -> usize {
        let zeros = self.0.iter().rev().take_while(|word| **word == 0).count();
        let used = self.0.len().saturating_sub(zeros);
        let top = used.checked_sub(1).and_then(|at| self.0.get(at)).map_or(0, |word| word.leading_zeros());
        used.saturating_mul(Word::BITS as usize).saturating_sub(top as usize)
    }

    /// Whether it is odd.
    #[must_use]
    pub fn is_odd(&self) -> bool {
        self.0.first().is_some_and(|word| word & 1 == 1)
    }

    /// Whether it is zero.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.0.iter().fold(0, |all, word| all | word) == 0
    }

    /// Whether it is one.
    #[must_use]
    pub fn is_one(&self) -> bool {
        self.0.iter().skip(1).fold(self.0.first().map_or(0, |word| word ^ 1), |all, word| all | word) == 0
    }

    /// Whether it is below `other`.
    #[must_use]
    pub fn is_below(&self, other: &Self) -> bool {
        let lower = self.0.len().min(other.0.len());
        let (mine, theirs) = (self.0.iter().skip(lower), other.0.iter().skip(lower));
        let (mine, theirs) = (mine.fold(0, |all, word| all | word), theirs.fold(0, |all, word| all | word));
        mine == 0 && (theirs != 0 || words::is_less(&self.0, &other.0) == 1)
    }

    /// Whether both are the same number.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        let lower = self.0.len().min(other.0.len());
        let rest = self.0.iter().skip(lower).chain(other.0.iter().skip(lower)).fold(0, |all, word| all | word);
        let equal = self.0.iter().zip(other.0.iter()).fold(0, |all, (first, second)| all | (first ^ second));
        (rest | equal).ct_eq(&0).into()
    }

    /// Adds; what does not fit is lost.
    pub fn add(&mut self, other: &Self) {
        let len = other.0.len().min(self.0.len());
        let carry = words::add(&mut self.0, &other.0);
        if let Some(rest) = self.0.get_mut(len..) {
            words::add_word(rest, carry);
        }
    }

    /// Adds a word; what does not fit is lost.
    pub fn add_word(&mut self, word: Word) {
        words::add_word(&mut self.0, word);
    }

    /// Subtracts a number of as many words, or a word; below zero it goes on at the top.
    pub fn sub(&mut self, other: &Self) {
        words::sub_masked(&mut self.0, &other.0, Word::MAX);
    }

    /// The product, in as many words as both have together.
    ///
    /// # Errors
    /// OUT_OF_MEMORY.
    pub fn product(&self, other: &Self) -> Result<Self, TeeError> {
        let mut out = Self::zero(self.0.len().saturating_add(other.0.len()))?;
        words::product(&mut out.0, &self.0, &other.0);
        Ok(out)
    }

    /// Half of it, so many times.
    ///
    /// # Errors
    /// OUT_OF_MEMORY.
    pub fn halved(&self, times: usize) -> Result<Self, TeeError> {
        const BITS: usize = Word::BITS as usize;
        let mut out = Self::zero(self.0.len())?;
        let shift = (times % BITS) as u32;
        let mut from = self.0.iter().skip(times / BITS).copied().peekable();
        for to in out.0.iter_mut() {
            let low = from.next().unwrap_or(0);
            let high = from.peek().map_or(0, |word| word.checked_shl(Word::BITS.wrapping_sub(shift)).unwrap_or(0));
            *to = low >> shift | high;
        }
        Ok(out)
    }

    /// What is left when it is divided by a small number; 0 for a division by 0.
    #[must_use]
    pub fn rest_of(&self, divisor: u16) -> u16 {
        // By parts of words, so that all divisions are of 32 bits.
        let digits =
            self.0.iter().rev().flat_map(|word| (0..Word::BITS).step_by(16).rev().map(move |shift| low_bits(word >> shift) & 0xFFFF));
        let rest = digits.fold(0u32, |rest, digit| (rest << 16 | digit).checked_rem(divisor.into()).unwrap_or(0));
        rest as u16
    }
}
