// SPDX-License-Identifier: BSD-2-Clause
//! Numbers as slices of words, the least significant first. Slices that belong together have the same length; what is left
//! over of a longer one is not touched.

use crate::Word;

#[cfg(target_pointer_width = "32")]
type Wide = u64;
#[cfg(not(target_pointer_width = "32"))]
type Wide = u128;

/// `factor * other + addend + carry`, which never overflows two words: the lower and the upper one.
#[inline(always)]
fn multiply_add(factor: Word, other: Word, addend: Word, carry: Word) -> (Word, Word) {
    let wide = Wide::from(factor).wrapping_mul(Wide::from(other)).wrapping_add(Wide::from(addend)).wrapping_add(Wide::from(carry));
    (wide as Word, (wide >> Word::BITS) as Word)
}

/// `first + second + carry`, a carry being 0 or 1: the sum and the carry.
#[inline(always)]
fn add_carry(first: Word, second: Word, carry: Word) -> (Word, Word) {
    let (sum, over) = first.overflowing_add(second);
    let (sum, again) = sum.overflowing_add(carry);
    (sum, Word::from(over | again))
}

/// `first - second - borrow`, a borrow being 0 or 1: the difference and the borrow.
#[inline(always)]
fn sub_borrow(first: Word, second: Word, borrow: Word) -> (Word, Word) {
    let (rest, under) = first.overflowing_sub(second);
    let (rest, again) = rest.overflowing_sub(borrow);
    (rest, Word::from(under | again))
}

/// Adds `digit * row` to `to`; what is carried on.
fn add_row(to: &mut [Word], digit: Word, row: &[Word]) -> Word {
    to.iter_mut().zip(row).fold(0, |carry, (to, other)| {
        let next;
        (*to, next) = multiply_add(digit, *other, *to, carry);
        next
    })
}

/// Two rows at a time, the second one a word above the first, so that each word of the sum is read and written once for both.
struct Rows {
    digits: [Word; 2],
    carries: [Word; 2],
    /// The word of the row before, which the second digit has still to be multiplied by.
    last: Word,
}

impl Rows {
    #[inline(always)]
    fn step(&mut self, to: &mut Word, other: Word) {
        let [low, high] = &mut self.carries;
        let sum;
        (sum, *low) = multiply_add(self.digits[0], other, *to, *low);
        (*to, *high) = multiply_add(self.digits[1], self.last, sum, *high);
        self.last = other;
    }

    /// Adds both to `to`. Nearly all time is spent here, so that it goes in steps of four words, for which the registers suffice.
    #[inline(never)]
    fn add(mut self, to: &mut [Word], row: &[Word]) -> Self {
        let (to_fours, to_rest) = to.as_chunks_mut::<4>();
        let (row_fours, row_rest) = row.as_chunks::<4>();
        for (to, row) in to_fours.iter_mut().zip(row_fours) {
            for (to, other) in to.iter_mut().zip(row) {
                self.step(to, *other);
            }
        }
        for (to, other) in to_rest.iter_mut().zip(row_rest) {
            self.step(to, *other);
        }
        self
    }

    /// Adds what is left, and `over`, to the two words above the row; 1 for what does not fit.
    fn finish(self, to: &mut [Word; 2], over: Word) -> Word {
        let [low, high] = to;
        let (sum, carry) = add_carry(*low, self.carries[0], over);
        let upper;
        (*low, upper) = multiply_add(self.digits[1], self.last, sum, self.carries[1]);
        let over;
        (*high, over) = add_carry(*high, upper, carry);
        over
    }
}

/// `len` words of `out` from `at` on, and the two above them.
fn window(out: &mut [Word], at: usize, len: usize) -> Option<(&mut [Word], &mut [Word; 2])> {
    out.get_mut(at..)?.get_mut(..len.wrapping_add(2))?.split_last_chunk_mut()
}

/// The product, in as many words as both have together.
pub(crate) fn product(out: &mut [Word], first: &[Word], second: &[Word]) {
    out.fill(0);
    let (pairs, rest) = first.as_chunks::<2>();
    for (at, digits) in (0usize..).step_by(2).zip(pairs) {
        let Some((row, above)) = window(out, at, second.len()) else { return };
        Rows { digits: *digits, carries: [0; 2], last: 0 }.add(row, second).finish(above, 0);
    }
    if let ([digit], Some(top)) = (rest, out.get_mut(first.len().wrapping_sub(1)..))
        && let Some((carry, row)) = top.split_last_mut()
    {
        *carry = add_row(row, *digit, second);
    }
}

/// The square, in twice as many words: each product of two different digits is made once and doubled.
pub(crate) fn square(out: &mut [Word], number: &[Word]) {
    out.fill(0);
    // Products of digits with higher ones, of two digits at a time: theirs with each other, then those with the rest.
    let (mut rest, mut at) = (number, 1usize);
    while let [low, high, higher @ ..] = rest {
        let Some((first, row)) = out.get_mut(at..).and_then(<[Word]>::split_first_mut) else { return };
        let carry;
        (*first, carry) = multiply_add(*low, *high, *first, 0);
        let Some((row, above)) = window(row, 0, higher.len()) else { return };
        Rows { digits: [*low, *high], carries: [carry, 0], last: 0 }.add(row, higher).finish(above, 0);
        rest = higher;
        at = at.wrapping_add(4);
    }
    let (mut carry, mut top) = (0, 0);
    let (pairs, _) = out.as_chunks_mut::<2>();
    for ([low, high], digit) in pairs.iter_mut().zip(number) {
        let doubled = *low << 1 | top;
        let doubled_high = *high << 1 | *low >> (Word::BITS - 1);
        top = *high >> (Word::BITS - 1);
        let upper;
        (*low, upper) = multiply_add(*digit, *digit, doubled, carry);
        let over;
        (*high, over) = doubled_high.overflowing_add(upper);
        carry = Word::from(over);
    }
}

/// Divides the double-width `wide` by R modulo `modulus`: adds multiples of the modulus that make the lower half zero. The result
/// is the upper half, below twice the modulus when `wide` is below `modulus * R`; 1 for what does not fit it.
pub(crate) fn reduce(wide: &mut [Word], modulus: &[Word], inverse: Word) -> Word {
    let (mut over, mut at) = (0, 0usize);
    if let [n0, n1, upper @ ..] = modulus {
        while at.wrapping_add(1) < modulus.len() {
            let Some((row, above)) = window(wide, at, modulus.len()) else { return 0 };
            let [w0, w1, row @ ..] = row else { return 0 };
            // The second factor is known when the first one has made its word zero.
            let first = w0.wrapping_mul(inverse);
            let (_, low) = multiply_add(first, *n0, *w0, 0);
            let (sum, low) = multiply_add(first, *n1, *w1, low);
            let second = sum.wrapping_mul(inverse);
            let (_, high) = multiply_add(second, *n0, sum, 0);
            over = Rows { digits: [first, second], carries: [low, high], last: *n1 }.add(row, upper).finish(above, over);
            at = at.wrapping_add(2);
        }
    }
    if at < modulus.len()
        && let Some((next, row)) = wide.get_mut(at..).and_then(|wide| wide.get_mut(..=modulus.len())).and_then(<[Word]>::split_last_mut)
    {
        let factor = row.first().map_or(0, |lowest| lowest.wrapping_mul(inverse));
        let carry = add_row(row, factor, modulus);
        (*next, over) = add_carry(*next, carry, over);
    }
    over
}

/// Adds; 1 for what does not fit.
pub(crate) fn add(to: &mut [Word], other: &[Word]) -> Word {
    to.iter_mut().zip(other).fold(0, |carry, (to, other)| {
        let next;
        (*to, next) = add_carry(*to, *other, carry);
        next
    })
}

/// Adds one word; 1 for what does not fit.
pub(crate) fn add_word(to: &mut [Word], word: Word) -> Word {
    to.iter_mut().fold(word, |carry, to| {
        let over;
        (*to, over) = to.overflowing_add(carry);
        Word::from(over)
    })
}

/// Subtracts `other` when `mask` is all ones, nothing when it is 0; 1 when there was too little.
pub(crate) fn sub_masked(to: &mut [Word], other: &[Word], mask: Word) -> Word {
    to.iter_mut().zip(other).fold(0, |borrow, (to, other)| {
        let next;
        (*to, next) = sub_borrow(*to, *other & mask, borrow);
        next
    })
}

/// Adds `other` when `mask` is all ones, nothing when it is 0.
pub(crate) fn add_masked(to: &mut [Word], other: &[Word], mask: Word) {
    to.iter_mut().zip(other).fold(0, |carry, (to, other)| {
        let next;
        (*to, next) = add_carry(*to, *other & mask, carry);
        next
    });
}

/// 1 when `first` is below `second`, of the same length.
pub(crate) fn is_less(first: &[Word], second: &[Word]) -> Word {
    first.iter().zip(second).fold(0, |borrow, (first, second)| sub_borrow(*first, *second, borrow).1)
}

/// Subtracts the modulus once, if `over` is 1 or the number is not below it.
pub(crate) fn correct(number: &mut [Word], over: Word, modulus: &[Word]) {
    let above = over | (is_less(number, modulus) ^ 1);
    sub_masked(number, modulus, above.wrapping_neg());
}

/// Doubles a number below the modulus.
pub(crate) fn double(number: &mut [Word], modulus: &[Word]) {
    let over = number.iter_mut().fold(0, |carry, word| {
        let next = *word >> (Word::BITS - 1);
        *word = *word << 1 | carry;
        next
    });
    correct(number, over, modulus);
}

/// Takes over `other` when `mask` is all ones, nothing when it is 0.
pub(crate) fn assign(to: &mut [Word], other: &[Word], mask: Word) {
    for (to, other) in to.iter_mut().zip(other) {
        *to ^= (*to ^ *other) & mask;
    }
}

/// What an odd number has to be multiplied by to give -1 modulo the size of a word.
pub(crate) fn negated_inverse(lowest: Word) -> Word {
    // It is its own inverse modulo 8, and each step (Newton's) doubles the bits that are right.
    let mut inverse = lowest;
    for _ in 1..Word::BITS.ilog2() {
        inverse = inverse.wrapping_mul((2 as Word).wrapping_sub(lowest.wrapping_mul(inverse)));
    }
    inverse.wrapping_neg()
}
