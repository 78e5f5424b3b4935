// SPDX-License-Identifier: BSD-2-Clause
//! The port of secure memory: frames that belong to someone, ones that never change again, and pools.

use super::Platform;
use utee_abi::result::TeeError;

/// Size in bytes of a page in every interface of the core.
pub const PAGE_SIZE: usize = 4096;

/// Access that a mapping gives to user mode. There is no writable and executable one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prot {
    /// Read only, never executable.
    Read,
    /// Read and write, never executable.
    ReadWrite,
    /// Read and execute, never writable.
    ReadExecute,
    /// The same, and indirect branches reach landing pads only, on a CPU that knows them.
    GuardedExecute,
}

impl Prot {
    /// True for code.
    #[must_use]
    pub const fn is_executable(self) -> bool {
        matches!(self, Self::ReadExecute | Self::GuardedExecute)
    }
}

/// Secure memory whose content never changes again: a verified image, or the boot archive.
pub trait Sealed: Send + Sync + 'static {
    /// The content.
    fn bytes(&self) -> &[u8];
}

/// Secure page frames, zeroed when they were given out, wiped when they are dropped.
pub trait Frames: Sized + Send + Sync + 'static {
    /// The same frames once nobody may write them any more.
    type Sealed: Sealed;

    /// Number of pages.
    fn pages(&self) -> usize;

    /// Copies `out.len()` bytes from byte `offset` on; false when that passes the end.
    #[must_use]
    fn read(&self, offset: usize, out: &mut [u8]) -> bool;

    /// Copies `data` to byte `offset` on; false when that passes the end.
    #[must_use]
    fn write(&self, offset: usize, data: &[u8]) -> bool;

    /// The content of frames that nobody else has and that are mapped nowhere; `None` when they are not in one run.
    fn bytes_mut(&mut self) -> Option<&mut [u8]>;

    /// Ends writing to frames that nobody else has and that are mapped nowhere.
    ///
    /// # Errors
    /// OUT_OF_MEMORY when they are not in one run.
    fn seal(self) -> Result<Self::Sealed, TeeError>;
}

/// Where a range of memory lies and what the TEE may do there, for the boot banner.
#[derive(Clone, Copy, Debug)]
pub struct MapEntry {
    /// What it is, such as `text` or `secure uart`.
    pub name: &'static str,
    /// First physical address.
    pub base: u64,
    /// Length in bytes.
    pub len: u64,
    /// Rights of the TEE kernel, such as `r-x` or `rw-`, and the world, such as `secure`.
    pub rights: &'static str,
}

/// Sealed memory of a platform.
pub type SealedOf<P> = <<P as Platform>::Frames as Frames>::Sealed;

/// A pool of memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pool {
    /// The kernel heap.
    Heap,
    /// The secure RAM of TAs.
    TaRam,
}

/// What a pool was asked for, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PoolUsage {
    /// All there is.
    pub size: usize,
    /// What is given out.
    pub used: usize,
    /// The most there was.
    pub peak: usize,
    /// Requests that it could not meet.
    pub failures: usize,
    /// The largest of them.
    pub largest_failure: usize,
    /// What was given out when that one failed.
    pub used_at_failure: usize,
}

impl PoolUsage {
    /// Notes a request of `bytes` that was met.
    pub fn take(&mut self, bytes: usize) {
        self.used = self.used.saturating_add(bytes);
        self.peak = self.peak.max(self.used);
    }

    /// Notes that `bytes` came back.
    pub fn give(&mut self, bytes: usize) {
        self.used = self.used.saturating_sub(bytes);
    }

    /// Notes a request of `bytes` that was not met.
    pub fn fail(&mut self, bytes: usize) {
        self.failures = self.failures.saturating_add(1);
        if bytes >= self.largest_failure {
            (self.largest_failure, self.used_at_failure) = (bytes, self.used);
        }
    }

    /// Forgets all but what is given out now; what there was to forget.
    pub fn reset(&mut self) -> Self {
        let now = Self { size: self.size, used: self.used, peak: self.used, ..Self::default() };
        core::mem::replace(self, now)
    }
}
