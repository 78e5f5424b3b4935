// SPDX-License-Identifier: BSD-2-Clause
//! P-256, the curve that is used most and has a goal for its speed: compiled for speed, where [`curves`] is compiled for size.
//!
//! The crate `p256` has generic arithmetic for CPUs of 32 bits: 11.6 M instructions a signature on Armv7, 12.4 M a verification, 2.3 M
//! and 3.9 M here. With wider registers the crate is used as it is, but for the feature `own-arithmetic`. Tests compare the two.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

#[cfg(any(target_pointer_width = "32", feature = "own-arithmetic", test))]
mod comb;
#[cfg(any(target_pointer_width = "32", feature = "own-arithmetic", test))]
mod curve;
#[cfg(any(target_pointer_width = "32", feature = "own-arithmetic", test))]
#[allow(deprecated, reason = "the macros of primefield 0.14.0 use what crypto-bigint 0.7.11 has another name for")]
mod field;
#[cfg(any(target_pointer_width = "32", feature = "own-arithmetic", test))]
#[allow(deprecated, reason = "as for the field")]
mod scalar;
#[cfg(test)]
mod tests;
#[cfg(any(target_pointer_width = "32", feature = "own-arithmetic", test))]
mod words;

#[cfg(any(target_pointer_width = "32", feature = "own-arithmetic", test))]
use curve::Nist256;
#[cfg(not(any(target_pointer_width = "32", feature = "own-arithmetic", test)))]
use p256::NistP256 as Nist256;

curves::instance!(Nist256);
curves::ecdsa_instance!(Nist256);
