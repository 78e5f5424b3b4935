// SPDX-License-Identifier: BSD-2-Clause
//! Cryptography behind a registry: which algorithm is served by what, and the states that TAs work with.

pub mod digest;
pub mod entropy;
pub mod health;
pub mod huk;
pub mod rng;
pub mod state;
