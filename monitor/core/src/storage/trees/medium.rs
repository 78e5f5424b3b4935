// SPDX-License-Identifier: BSD-2-Clause
//! Files of the normal world as media of hash trees.

use crate::ports::Platform;
use crate::rpc::buffer::RpcBuffer;
use crate::rpc::fs::{self, File};
use crate::storage::htree::Medium;
use utee_abi::result::TeeError;

/// What the normal world answers as an error of a backend, one of `also` or that the storage cannot be reached: it cannot put words
/// into the TEE's mouth.
pub(super) fn told(also: &'static [TeeError]) -> impl Fn(TeeError) -> TeeError {
    move |answer| if also.contains(&answer) { answer } else { TeeError::STORAGE_NOT_AVAILABLE }
}

/// Of requests that read, or give something back.
pub(super) const NOTHING: &[TeeError] = &[];
/// Of requests that write.
pub(super) const FULL: &[TeeError] = &[TeeError::STORAGE_NO_SPACE];
/// Of requests that name something.
pub(super) const ABSENT: &[TeeError] = &[TeeError::ITEM_NOT_FOUND];

/// An open file.
pub(super) struct NormalFile<'b, 'c, 't, P: Platform> {
    /// What its bytes go over in.
    buffer: &'b RpcBuffer<'c, 't, P>,
    file: File,
}

impl<P: Platform> NormalFile<'_, '_, '_, P> {
    /// Up to a buffer of the bytes of something `len` bytes long, of which `done` are done; `None` when all are.
    fn part(&self, done: usize, len: usize) -> Option<usize> {
        Some(len.saturating_sub(done).min(self.buffer.size())).filter(|part| *part != 0)
    }
}

impl<P: Platform> Medium for NormalFile<'_, '_, '_, P> {
    fn read(&self, at: u64, out: &mut [u8]) -> Result<usize, TeeError> {
        let mut done = 0usize;
        while let Some(part) = self.part(done, out.len()) {
            let count = fs::read(self.buffer, self.file, at.saturating_add(done as u64), part).map_err(told(NOTHING))?;
            let end = done.saturating_add(count);
            self.buffer.read(0, out.get_mut(done..end).ok_or(TeeError::GENERIC)?)?;
            done = end;
            if count < part {
                break;
            }
        }
        Ok(done)
    }

    fn write(&self, at: u64, bytes: &[u8]) -> Result<(), TeeError> {
        let mut done = 0usize;
        while let Some(part) = self.part(done, bytes.len()) {
            let end = done.saturating_add(part);
            self.buffer.write(0, bytes.get(done..end).ok_or(TeeError::GENERIC)?)?;
            fs::write(self.buffer, self.file, at.saturating_add(done as u64), part).map_err(told(FULL))?;
            done = end;
        }
        Ok(())
    }

    fn set_len(&self, len: u64) -> Result<(), TeeError> {
        fs::truncate(self.buffer.call(), self.file, len).map_err(told(FULL))
    }
}

/// An open file for the time of `f`.
///
/// # Errors
/// Those of `f`.
pub(super) fn within<P: Platform, R>(
    buffer: &RpcBuffer<'_, '_, P>,
    file: File,
    f: impl FnOnce(&dyn Medium) -> Result<R, TeeError>,
) -> Result<R, TeeError> {
    let result = f(&NormalFile { buffer, file });
    // What was answered before is done; a supplicant that cannot close keeps the handle, and no more.
    let _ = fs::close(buffer.call(), file);
    result
}

/// Opens a file for the time of `f`.
///
/// # Errors
/// ITEM_NOT_FOUND; STORAGE_NOT_AVAILABLE; those of `f`.
pub(super) fn with<P: Platform, R>(
    buffer: &RpcBuffer<'_, '_, P>,
    name: &[u8],
    f: impl FnOnce(&dyn Medium) -> Result<R, TeeError>,
) -> Result<R, TeeError> {
    let file = fs::open(buffer, name).map_err(told(ABSENT))?;
    within(buffer, file, f)
}

/// Makes a file, or empties the one that is there, and opens it for the time of `f`.
///
/// # Errors
/// STORAGE_NO_SPACE; STORAGE_NOT_AVAILABLE; those of `f`.
pub(super) fn with_new<P: Platform, R>(
    buffer: &RpcBuffer<'_, '_, P>,
    name: &[u8],
    f: impl FnOnce(&dyn Medium) -> Result<R, TeeError>,
) -> Result<R, TeeError> {
    let file = fs::create(buffer, name).map_err(told(FULL))?;
    within(buffer, file, f)
}
