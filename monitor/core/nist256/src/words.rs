// SPDX-License-Identifier: BSD-2-Clause
//! Numbers modulo the prime of P-256 in eight words of 32 bits, the least first, for CPUs that multiply no wider: a product is 64
//! multiplications with two additions each, which the compiler makes `umaal` of, and eight more for its reduction.
//!
//! Every function takes numbers below the prime, gives one below it, and takes the same time for all.

/// A number below the prime.
pub(crate) type Words = [u32; 8];

/// 2^256 - 2^224 + 2^192 + 2^96 - 1.
pub(crate) const PRIME: Words = [u32::MAX, u32::MAX, u32::MAX, 0, 0, 0, 1, u32::MAX];

/// The lower and the upper word of `a * b + c + d`, which never overflows.
#[inline(always)]
const fn multiply_add(a: u32, b: u32, c: u32, d: u32) -> (u32, u32) {
    let wide = a as u64 * b as u64 + c as u64 + d as u64;
    (wide as u32, (wide >> 32) as u32)
}

/// `a + b + carry` and the carry.
#[inline(always)]
const fn add_carry(a: u32, b: u32, carry: u32) -> (u32, u32) {
    let wide = a as u64 + b as u64 + carry as u64;
    (wide as u32, (wide >> 32) as u32)
}

/// `a - b - borrow` and the borrow.
#[inline(always)]
const fn subtract_borrow(a: u32, b: u32, borrow: u32) -> (u32, u32) {
    let wide = (a as u64).wrapping_sub(b as u64).wrapping_sub(borrow as u64);
    (wide as u32, (wide >> 63) as u32)
}

/// `number + top * 2^256`, less than twice the prime, less the prime unless it is below it.
#[inline(always)]
const fn reduce_once(number: &Words, top: u32) -> Words {
    let (less, borrow) = subtract_raw(number, &PRIME);
    // All ones when it was below.
    let below = top.wrapping_sub(borrow);
    let mut out = [0; 8];
    let mut index = 0;
    while index < 8 {
        out[index] = less[index] ^ (below & (less[index] ^ number[index]));
        index += 1;
    }
    out
}

#[inline(always)]
const fn subtract_raw(a: &Words, b: &Words) -> (Words, u32) {
    let mut out = [0; 8];
    let (mut index, mut borrow) = (0, 0);
    while index < 8 {
        (out[index], borrow) = subtract_borrow(a[index], b[index], borrow);
        index += 1;
    }
    (out, borrow)
}

#[inline(always)]
const fn add_raw(a: &Words, b: &Words) -> (Words, u32) {
    let mut out = [0; 8];
    let (mut index, mut carry) = (0, 0);
    while index < 8 {
        (out[index], carry) = add_carry(a[index], b[index], carry);
        index += 1;
    }
    (out, carry)
}

/// The sum.
pub(crate) const fn add(a: &Words, b: &Words) -> Words {
    let (sum, carry) = add_raw(a, b);
    reduce_once(&sum, carry)
}

/// The difference.
pub(crate) const fn subtract(a: &Words, b: &Words) -> Words {
    let (difference, borrow) = subtract_raw(a, b);
    let mask = 0u32.wrapping_sub(borrow);
    let mut masked = PRIME;
    let mut index = 0;
    while index < 8 {
        masked[index] &= mask;
        index += 1;
    }
    add_raw(&difference, &masked).0
}

/// The product, divided by 2^256: of numbers in Montgomery's form, in that form.
///
/// After each word of `a` the lowest word of the sum, m, is made zero by adding m times the prime, whose inverse modulo 2^32 is minus
/// one; what is added are m at 96 and 192, and m times 2^32 - 1 at 224 bits. The sum stays below twice the prime.
pub(crate) const fn multiply(a: &Words, b: &Words) -> Words {
    let [mut t0, mut t1, mut t2, mut t3, mut t4, mut t5, mut t6, mut t7, mut t8] = [0; 9];
    let mut index = 0;
    while index < 8 {
        let word = a[index];
        let (m, carry) = multiply_add(word, b[0], t0, 0);
        let (u1, carry) = multiply_add(word, b[1], t1, carry);
        let (u2, carry) = multiply_add(word, b[2], t2, carry);
        let (u3, carry) = multiply_add(word, b[3], t3, carry);
        let (u4, carry) = multiply_add(word, b[4], t4, carry);
        let (u5, carry) = multiply_add(word, b[5], t5, carry);
        let (u6, carry) = multiply_add(word, b[6], t6, carry);
        let (u7, carry) = multiply_add(word, b[7], t7, carry);
        let (u8, top) = add_carry(t8, carry, 0);
        let carry;
        (t0, t1) = (u1, u2);
        (t2, carry) = add_carry(u3, m, 0);
        let (v3, carry) = add_carry(u4, 0, carry);
        let (v4, carry) = add_carry(u5, 0, carry);
        let (v5, carry) = add_carry(u6, m, carry);
        let (v6, carry) = multiply_add(m, u32::MAX, u7, carry);
        let (v7, carry) = add_carry(u8, carry, 0);
        (t3, t4, t5, t6, t7, t8) = (v3, v4, v5, v6, v7, top + carry);
        index += 1;
    }
    reduce_once(&[t0, t1, t2, t3, t4, t5, t6, t7], t8)
}
