// SPDX-License-Identifier: BSD-2-Clause
//! Elements of the field of P-256: what `primefield` makes of the arithmetic in [`crate::words`].

use crate::words::{self, Words};
use p256::U256;
use p256::elliptic_curve::bigint::Word;
use p256::elliptic_curve::ff::PrimeField;
use p256::elliptic_curve::ops::BatchInvert;
use p256::elliptic_curve::subtle::{Choice, ConstantTimeEq, CtOption};

primefield::monty_field_params! {
    name: FieldParams,
    modulus: "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff",
    uint: U256,
    byte_order: primefield::ByteOrder::BigEndian,
    multiplicative_generator: 6,
    doc: "The prime of P-256, and what follows from it."
}

primefield::monty_field_element! {
    name: FieldElement,
    params: FieldParams,
    uint: U256,
    doc: "A number modulo the prime of P-256."
}

/// Words of the crates' numbers: 4 or 8.
const LIMBS: usize = FieldParams::LIMBS;

#[allow(clippy::unnecessary_cast, reason = "a limb may be a word")]
const fn split(limbs: [Word; LIMBS]) -> Words {
    let mut words = [0; 8];
    let mut index = 0;
    while index < 8 {
        words[index] = (limbs[index * LIMBS / 8] >> (index * 32 % Word::BITS as usize)) as u32;
        index += 1;
    }
    words
}

#[allow(clippy::unnecessary_cast, reason = "a limb may be a word")]
pub(crate) const fn join(words: Words) -> [Word; LIMBS] {
    let mut limbs = [0; LIMBS];
    let mut index = 0;
    while index < 8 {
        limbs[index * LIMBS / 8] |= (words[index] as Word) << (index * 32 % Word::BITS as usize);
        index += 1;
    }
    limbs
}

impl FieldElement {
    pub(crate) const fn words(&self) -> Words {
        split(self.0.to_montgomery_words())
    }

    pub(crate) const fn from_words(words: Words) -> Self {
        Self(primefield::MontyFieldElement::<FieldParams, LIMBS>::from_montgomery_words(join(words)))
    }

    /// The element that a number below the prime stands for.
    pub(crate) const fn from_uint_unchecked(number: U256) -> Self {
        Self::from_words(words::multiply(&split(number.to_words()), &split(FieldParams::PARAMS.r2().to_words())))
    }

    /// The number below the prime.
    pub(crate) const fn to_canonical(self) -> U256 {
        U256::from_words(join(words::multiply(&self.words(), &[1, 0, 0, 0, 0, 0, 0, 0])))
    }

    /// The sum.
    pub(crate) const fn add(&self, other: &Self) -> Self {
        Self::from_words(words::add(&self.words(), &other.words()))
    }

    /// Twice the element.
    #[must_use]
    pub(crate) const fn double(&self) -> Self {
        self.add(self)
    }

    /// The difference.
    pub(crate) const fn sub(&self, other: &Self) -> Self {
        Self::from_words(words::subtract(&self.words(), &other.words()))
    }

    /// What adds up to zero with it.
    pub(crate) const fn neg(&self) -> Self {
        Self::ZERO.sub(self)
    }

    /// The product.
    pub(crate) const fn multiply(&self, other: &Self) -> Self {
        Self::from_words(words::multiply(&self.words(), &other.words()))
    }

    /// The square.
    #[must_use]
    pub(crate) const fn square(&self) -> Self {
        self.multiply(self)
    }

    /// The square of the square and so on.
    const fn squared(&self, times: u32) -> Self {
        let mut words = self.words();
        let mut count = 0;
        while count < times {
            words = words::multiply(&words, &words);
            count += 1;
        }
        Self::from_words(words)
    }

    /// The inverse, if there is one, in a time that does not depend on the element: its power to the prime less two (Fermat).
    pub(crate) fn invert(&self) -> CtOption<Self> {
        // Named by the number of ones in the exponent.
        let ones2 = self.squared(1).multiply(self);
        let ones4 = ones2.squared(2).multiply(&ones2);
        let ones8 = ones4.squared(4).multiply(&ones4);
        let ones16 = ones8.squared(8).multiply(&ones8);
        let ones24 = ones16.squared(8).multiply(&ones8);
        let ones28 = ones24.squared(4).multiply(&ones4);
        let ones30 = ones28.squared(2).multiply(&ones2);
        let ones32 = ones30.squared(2).multiply(&ones2);
        // FFFFFFFF 00000001 00000000 00000000 00000000 FFFFFFFF FFFFFFFF FFFFFFFD
        let high = ones32.squared(32).multiply(self).squared(128).multiply(&ones32);
        let power = high.squared(32).multiply(&ones32).squared(30).multiply(&ones30).squared(2).multiply(self);
        CtOption::new(power, !self.is_zero())
    }
}

impl BatchInvert for FieldElement {}
