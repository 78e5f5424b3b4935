// SPDX-License-Identifier: BSD-2-Clause
//! The last lines of TEE and TAs, kept for the normal world to read through the log pseudo-TA.
//!
//! With the feature `log` off nothing is kept and nothing is spent. What may show a TA's secrets (crash dumps) never
//! comes here: [`crate::log_secret!`] writes to the secure console alone.

#[cfg(feature = "log")]
use alloc::vec::Vec;

/// Bytes that are kept.
#[cfg(feature = "log")]
pub const CAPACITY: usize = 16 * 1024;

/// What a reader gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Read {
    /// Bytes that were copied.
    pub len: usize,
    /// Position of the byte behind them: where the next read goes on.
    pub next: u64,
    /// Bytes from the asked position on that were overwritten before they could be read.
    pub lost: u64,
}

/// A ring of log bytes. A position counts every byte since the machine was started.
pub struct Journal<L: lock_api::RawMutex> {
    #[cfg(feature = "log")]
    ring: lock_api::Mutex<L, Ring>,
    #[cfg(not(feature = "log"))]
    none: core::marker::PhantomData<L>,
}

#[cfg(feature = "log")]
struct Ring {
    /// Empty when there was no memory for it, and then nothing is kept.
    bytes: Vec<u8>,
    end: u64,
}

#[cfg(not(feature = "log"))]
impl<L: lock_api::RawMutex> Journal<L> {
    /// One that keeps nothing.
    pub const fn new() -> Self {
        Self { none: core::marker::PhantomData }
    }

    /// Forgets a line.
    pub fn write(&self, _line: &[u8]) {}
}

#[cfg(feature = "log")]
impl<L: lock_api::RawMutex> Journal<L> {
    /// An empty one. It needs the kernel's heap.
    pub fn new() -> Self {
        let mut bytes = Vec::new();
        if bytes.try_reserve_exact(CAPACITY).is_ok() {
            bytes.resize(CAPACITY, 0);
        }
        Self { ring: lock_api::Mutex::new(Ring { bytes, end: 0 }) }
    }

    /// Keeps a line.
    pub fn write(&self, line: &[u8]) {
        self.ring.lock().write(line);
    }

    /// Copies what was written from a position on, as much as fits; a position that is not reached yet counts as the end.
    pub fn read(&self, from: u64, out: &mut [u8]) -> Read {
        self.ring.lock().read(from, out)
    }
}

impl<L: lock_api::RawMutex> Default for Journal<L> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(feature = "log")]
impl Ring {
    /// The two pieces of the ring that hold `len` bytes from a position on.
    fn pieces(&self, position: u64, len: usize) -> [core::ops::Range<usize>; 2] {
        let size = self.bytes.len();
        let at = usize::try_from(position.checked_rem(size as u64).unwrap_or(0)).unwrap_or(0);
        let first = len.min(size.saturating_sub(at));
        [at..at.saturating_add(first), 0..len.saturating_sub(first)]
    }

    fn write(&mut self, line: &[u8]) {
        // A line is shorter than the ring; of anything longer the end is kept.
        let kept = line.get(line.len().saturating_sub(self.bytes.len())..).unwrap_or_default();
        let mut rest = kept;
        for piece in self.pieces(self.end, kept.len()) {
            let Some((part, others)) = rest.split_at_checked(piece.len()) else { return };
            if let Some(to) = self.bytes.get_mut(piece) {
                to.copy_from_slice(part);
            }
            rest = others;
        }
        self.end = self.end.saturating_add(kept.len() as u64);
    }

    fn read(&self, from: u64, out: &mut [u8]) -> Read {
        let oldest = self.end.saturating_sub(self.bytes.len() as u64);
        let from = from.min(self.end);
        let start = from.max(oldest);
        let len = usize::try_from(self.end.saturating_sub(start)).unwrap_or(usize::MAX).min(out.len());
        let mut rest = out;
        for piece in self.pieces(start, len) {
            let Some((to, others)) = rest.split_at_mut_checked(piece.len()) else { break };
            if let Some(part) = self.bytes.get(piece) {
                to.copy_from_slice(part);
            }
            rest = others;
        }
        Read { len, next: start.saturating_add(len as u64), lost: start.saturating_sub(from) }
    }
}

#[cfg(all(test, feature = "log"))]
mod tests {
    use super::{CAPACITY, Journal, Read};
    use alloc::vec;
    use alloc::vec::Vec;
    use proptest::prelude::{any, prop_assert_eq, proptest};

    fn journal() -> Journal<spin::Mutex<()>> {
        Journal::new()
    }

    #[test]
    fn a_reader_follows_and_learns_what_it_missed() {
        let journal = journal();
        let mut out = [0; 8];
        assert_eq!(journal.read(0, &mut out), Read { len: 0, next: 0, lost: 0 });
        journal.write(b"hello world\n");
        assert_eq!(journal.read(0, &mut out), Read { len: 8, next: 8, lost: 0 });
        assert_eq!(&out, b"hello wo");
        assert_eq!(journal.read(8, &mut out), Read { len: 4, next: 12, lost: 0 });
        assert_eq!(journal.read(u64::MAX, &mut out), Read { len: 0, next: 12, lost: 0 });
        journal.write(&vec![b'x'; CAPACITY - 5]);
        assert_eq!(journal.read(0, &mut out), Read { len: 8, next: 15, lost: 7 });
        assert_eq!(&out, b"orld\nxxx");
    }

    proptest! {
        #[test]
        fn it_is_the_end_of_all_that_was_written(
            lines in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..3000), 0..20),
            from in 0u64..40_000,
            room in 0usize..20_000,
        ) {
            let journal = journal();
            let mut all = Vec::new();
            for line in &lines {
                journal.write(line);
                all.extend_from_slice(line);
            }
            let mut out = vec![0; room];
            let Read { len, next, lost } = journal.read(from, &mut out);
            let start = (from as usize).min(all.len()).max(all.len().saturating_sub(CAPACITY));
            prop_assert_eq!(lost as usize, start - (from as usize).min(all.len()));
            prop_assert_eq!(next as usize, start + len);
            prop_assert_eq!(len, room.min(all.len() - start));
            prop_assert_eq!(&out[..len], &all[start..start + len]);
        }
    }
}
