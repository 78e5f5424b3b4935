// SPDX-License-Identifier: BSD-2-Clause
//! Products of limbs, row by row. Those of the crate split their operands on the stack: 12 KiB for 4096 bits, where TAs have
//! 2 to 8. The time depends on the numbers of limbs alone.

use alloc::vec;
use crypto_bigint::{BoxedUint, CtSelect, Limb, Word};

/// `digit` times `row` and `carry` are added to as many limbs of `to`; what is carried on.
fn add_row(to: &mut [Limb], digit: Limb, row: &[Limb], mut carry: Limb) -> Limb {
    for (to, other) in to.iter_mut().zip(row) {
        (*to, carry) = digit.carrying_mul_add(*other, *to, carry);
    }
    carry
}

/// The product, in as many limbs as both have together.
pub(super) fn product(first: &BoxedUint, second: &BoxedUint) -> BoxedUint {
    let (first, second) = (first.as_limbs(), second.as_limbs());
    let mut out = vec![Limb::ZERO; first.len() + second.len()];
    for (at, digit) in first.iter().enumerate() {
        out[at + second.len()] = add_row(&mut out[at..], *digit, second, Limb::ZERO);
    }
    out.into()
}

/// What an odd number has to be multiplied by to give -1 modulo the size of a limb.
pub(super) fn negated_inverse(odd: &BoxedUint) -> Word {
    let lowest = odd.as_words().first().copied().unwrap_or(1);
    // It is its own inverse modulo 8, and each step (Newton's) doubles the bits that are right.
    let mut inverse = lowest;
    for _ in 0..Word::BITS.ilog2() - 1 {
        inverse = inverse.wrapping_mul((2 as Word).wrapping_sub(lowest.wrapping_mul(inverse)));
    }
    inverse.wrapping_neg()
}

/// Montgomery's product: `first * second / R` modulo the odd `modulus`, with R just above its limbs. Both are below the modulus.
/// In as many limbs as the modulus has.
pub(super) fn montgomery(first: &BoxedUint, second: &BoxedUint, modulus: &BoxedUint, inverse: Word) -> BoxedUint {
    let (first, second, n) = (first.as_limbs(), second.as_limbs(), modulus.as_limbs());
    let len = n.len();
    let mut sum = vec![Limb::ZERO; len + 2];
    for at in 0..len {
        let digit = first.get(at).copied().unwrap_or(Limb::ZERO);
        let mut carry = add_row(&mut sum, digit, second, Limb::ZERO);
        for to in &mut sum[second.len()..] {
            (*to, carry) = to.carrying_add(carry, Limb::ZERO);
        }
        // A multiple of the modulus makes the lowest limb zero, which is left out then.
        let factor = Limb(sum[0].0.wrapping_mul(inverse));
        carry = add_row(&mut sum, factor, n, Limb::ZERO);
        for to in &mut sum[len..] {
            (*to, carry) = to.carrying_add(carry, Limb::ZERO);
        }
        sum.copy_within(1.., 0);
        sum[len + 1] = Limb::ZERO;
    }
    sum.truncate(len + 1);
    // Below twice the modulus: one subtraction at most, chosen without a branch.
    let sum = BoxedUint::from(sum);
    let (reduced, borrow) = sum.underflowing_sub(modulus);
    let mut limbs = reduced.ct_select(&sum, borrow).into_limbs().into_vec();
    limbs.truncate(len);
    limbs.into()
}
