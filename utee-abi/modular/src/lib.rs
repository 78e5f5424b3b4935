// SPDX-License-Identifier: BSD-2-Clause
//! Arithmetic modulo odd numbers of any size (Montgomery's), for RSA, DSA and Diffie-Hellman.
//!
//! `crypto-bigint`, which the curves use and which inverts and divides for these too, has products and powers of its own. Those of its
//! boxed numbers want 12 KiB of stack for 4096 bits, of the 24 that a secure thread has for everything; they come as one
//! routine for each size, and take twice the instructions on Armv7-A, having no squares. These here go row by row, in one
//! routine for all sizes.
//!
//! Times depend on the lengths of numbers in words, which callers make the same for all secrets of a key, and on nothing else;
//! where more shows, the function says so. Memory is on the heap, asked for, and wiped when it is dropped.
#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)
)]

extern crate alloc;

mod modulus;
mod number;
#[cfg(test)]
mod tests;
mod words;

pub use modulus::{Modulus, Pace, Residue};
pub use number::Number;

/// What numbers are made of: as many bits as the CPU multiplies at a time.
#[cfg(target_pointer_width = "32")]
pub type Word = u32;
/// What numbers are made of: as many bits as the CPU multiplies at a time.
#[cfg(not(target_pointer_width = "32"))]
pub type Word = u64;

/// The lower half of a word, at least: its last 32 bits.
#[allow(clippy::unnecessary_cast, reason = "a word may have no more")]
const fn low_bits(word: Word) -> u32 {
    word as u32
}
