// SPDX-License-Identifier: BSD-2-Clause
//! Cryptographic states of a TA (OP-TEE ABI, state allocation).

use super::algorithms::Service;
use super::algorithms::ae::Ae;
use super::algorithms::cipher::Cipher;
use super::algorithms::digest::Digest;
use super::algorithms::mac::Mac;
use super::handles::Handles;
use crate::limits::MAX_STATES_OF_TA;
use alloc::boxed::Box;
use utee_abi::crypto::{AlgorithmId, OperationMode};

/// What is under way.
#[derive(Clone)]
pub enum Running {
    /// Nothing: before init, after final.
    Nothing,
    /// A message digest.
    Digest(Box<Digest>),
    /// A message authentication code.
    Mac(Box<Mac>),
    /// A cipher.
    Cipher(Box<Cipher>),
    /// Authenticated encryption.
    Ae(Box<Ae>),
}

/// A cryptographic state.
pub struct State {
    /// Algorithm.
    pub algorithm: AlgorithmId,
    /// Mode.
    pub mode: OperationMode,
    /// What serves the algorithm.
    pub service: Service,
    /// Handles of the keys, 0 for none. They stay open as long as the state does.
    pub keys: [u32; 2],
    /// What is under way.
    pub running: Running,
}

/// The states of a TA.
pub type States = Handles<State, MAX_STATES_OF_TA>;
