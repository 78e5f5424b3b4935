// SPDX-License-Identifier: BSD-2-Clause
//! Cryptography behind a registry: which algorithm is served by what, and the objects and states that TAs work with.
//!
//! - [`algorithms`] is the registry: [`algorithms::find`] tells for an id which [`algorithms::Service`] serves it. Each family
//!   has a file with its rows; an id without a row is NOT_SUPPORTED, and a test names each of those.
//! - [`object`] has the keys and other attributes of a TA, by the tables of `utee_abi::crypto::types`; [`state`] has what is under way.
//!   Both live in [`handles::Handles`], one table each per TA instance. [`keys`] makes of objects the keys that are large numbers.
//! - The system calls (`crate::syscall`: `state`, `hash`, `cipher`, `authenc`, `object`, `derive`) check claims on memory and move bytes
//!   in pieces; nothing here sees a user pointer.
//!
//! To add an algorithm: its id in `utee-abi`, a row in the file of its family. To add a family (asymmetric operations, say): a variant of
//! [`algorithms::Service`] with its rows, the key types that it takes in [`algorithms::key_types`], and its calls.

pub mod algorithms;
pub mod engine;
pub mod entropy;
pub mod handles;
pub mod health;
pub mod huk;
pub mod keys;
pub mod object;
pub mod rng;
pub mod state;
