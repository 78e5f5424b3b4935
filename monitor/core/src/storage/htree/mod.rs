// SPDX-License-Identifier: BSD-2-Clause
//! Files that nobody but this TEE can read or change, in a medium that anybody can: encrypted blocks under a tree of hashes, in the
//! format of OP-TEE's REE-FS ([`utee_abi::htree`]).
//!
//! * [`Medium`] - what keeps the bytes; [`Machine`] - what else a tree needs.
//! * [`key`] - the key of a file, and what is encrypted with it.
//! * [`tree`] - blocks, nodes and heads: [`Tree`].
//! * [`stream`] - the tree as a row of bytes.
//!
//! **What holds.** A commit is one write of a head: a loss of power leaves the version before it or the one after, since nothing of the
//! version that counts is overwritten. Whoever knows the hash of the root ([`Expected::OneOf`]) gets the version of that hash or
//! CORRUPT_OBJECT, whatever the medium does. Without it ([`Expected::Newest`]) the medium may bring back an old version, whole: what
//! keeps it from that is the caller's matter.

pub mod key;
pub mod stream;
pub mod tree;

pub use tree::{Expected, Hash, Tree};

use crate::call::Call;
use crate::crypto::engine::MaybeEngine;
use crate::limits::admit;
use crate::ports::Platform;
use alloc::vec::Vec;
use utee_abi::result::TeeError;
use zeroize::Zeroizing;

/// A file of bytes that somebody else keeps.
pub trait Medium {
    /// Reads from byte `at` on; gives how many bytes there were: fewer than asked for only at the end.
    ///
    /// # Errors
    /// When the medium cannot be reached. It is no sign of corruption.
    fn read(&self, at: u64, out: &mut [u8]) -> Result<usize, TeeError>;

    /// Writes at byte `at`; what lies between the end and there becomes zeros.
    ///
    /// # Errors
    /// STORAGE_NO_SPACE, and as [`Medium::read`]. A part may be written then.
    fn write(&self, at: u64, bytes: &[u8]) -> Result<(), TeeError>;

    /// Cuts the file.
    ///
    /// # Errors
    /// As [`Medium::write`].
    fn set_len(&self, len: u64) -> Result<(), TeeError>;
}

/// What a tree needs of the machine.
pub trait Machine {
    /// The CPU's instructions for ciphers.
    fn engine(&self) -> MaybeEngine;

    /// Random bytes.
    ///
    /// # Errors
    /// Those of the generator.
    fn random(&self, out: &mut [u8]) -> Result<(), TeeError>;

    /// Refuses so many bytes of memory when others need them.
    ///
    /// # Errors
    /// OUT_OF_MEMORY.
    fn admit(&self, bytes: usize) -> Result<(), TeeError>;
}

impl<P: Platform> Machine for Call<'_, P> {
    fn engine(&self) -> MaybeEngine {
        self.platform().engine()
    }

    fn random(&self, out: &mut [u8]) -> Result<(), TeeError> {
        self.tee.rng.fill(self.platform(), out)
    }

    fn admit(&self, bytes: usize) -> Result<(), TeeError> {
        admit(self.platform(), bytes)
    }
}

/// Memory for content, which is wiped.
fn memory(machine: &dyn Machine, len: usize) -> Result<Zeroizing<Vec<u8>>, TeeError> {
    machine.admit(len)?;
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(len).map_err(|_| TeeError::OUT_OF_MEMORY)?;
    bytes.resize(len, 0);
    Ok(Zeroizing::new(bytes))
}

/// Reads `out` whole; what the medium does not have is zeros, which no hash or tag goes with.
fn read_padded(medium: &dyn Medium, at: u64, out: &mut [u8]) -> Result<(), TeeError> {
    let count = medium.read(at, out)?;
    out.get_mut(count..).unwrap_or_default().fill(0);
    Ok(())
}
