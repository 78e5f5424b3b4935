// SPDX-License-Identifier: BSD-2-Clause
//! Elliptic curves by the crates that have them, behind functions that are not generic.
//!
//! The crates' code is generic over the curve, and generic code is compiled where it is made concrete: here, for size, as the profile
//! in the workspace's manifest says. P-256 has a goal for its speed and a crate of its own, which takes [`on`] from here.
//!
//! In constant time where a secret is at work. A public point is checked to be on its curve whenever it comes in, and is never the
//! point at infinity.
#![no_std]
#![forbid(unsafe_code)]

pub mod curve448;
mod dom;
pub mod on;
pub mod sm2;

pub use dom::{Dom, Verifying};
pub use on::{FRESH, MAX_SCALAR, Pair};

/// P-192.
pub mod p192 {
    crate::instance!(p192::NistP192);
    crate::ecdsa_instance!(p192::NistP192);
}

/// P-224.
pub mod p224 {
    crate::instance!(p224::NistP224);
    crate::ecdsa_instance!(p224::NistP224);
}

/// P-384.
pub mod p384 {
    crate::instance!(p384::NistP384);
    crate::ecdsa_instance!(p384::NistP384);
}

/// P-521.
pub mod p521 {
    crate::instance!(p521::NistP521);
    crate::ecdsa_instance!(p521::NistP521);
}
