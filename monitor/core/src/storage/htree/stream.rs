// SPDX-License-Identifier: BSD-2-Clause
//! The tree as a row of bytes.

use super::{Tree, memory};
use crate::storage::backend::{Sink, Source};
use alloc::vec::Vec;
use utee_abi::htree::BLOCK_SIZE;
use utee_abi::result::TeeError;
use zeroize::Zeroizing;

const BLOCK: u64 = BLOCK_SIZE as u64;

/// The block with a byte, and which byte of it that is.
fn place(at: u64) -> Result<(u32, usize), TeeError> {
    let index = u32::try_from(at / BLOCK).ok().filter(|index| *index < u32::MAX / 2).ok_or(TeeError::STORAGE_NO_SPACE)?;
    Ok((index, usize::try_from(at % BLOCK).map_err(|_| TeeError::GENERIC)?))
}

impl Tree<'_> {
    /// Blocks with content.
    fn used(&self) -> u64 {
        self.len().div_ceil(BLOCK)
    }

    /// A block as it is to be seen: zeros behind the end.
    fn seen(&self, index: u32, block: &mut [u8]) -> Result<(), TeeError> {
        let begin = u64::from(index).saturating_mul(BLOCK);
        let end = usize::try_from(self.len().saturating_sub(begin).min(BLOCK)).map_err(|_| TeeError::GENERIC)?;
        if end != 0 {
            self.read_block(index, block)?;
        }
        block.get_mut(end..).unwrap_or_default().fill(0);
        Ok(())
    }

    /// Reads from byte `at` on; gives how many bytes there were, `wanted` or as many as there are.
    ///
    /// # Errors
    /// Those of [`Tree::read_block`] and of `to`.
    pub fn read(&self, at: u64, wanted: u64, to: &mut Sink<'_>) -> Result<u64, TeeError> {
        let wanted = wanted.min(self.len().saturating_sub(at));
        if wanted == 0 {
            return Ok(0);
        }
        let mut block = memory(self.machine(), BLOCK_SIZE)?;
        let mut done = 0u64;
        while done < wanted {
            let (index, from) = place(at.saturating_add(done))?;
            self.seen(index, &mut block)?;
            let rest = block.get(from..).unwrap_or_default();
            let len = usize::try_from(wanted.saturating_sub(done)).unwrap_or(usize::MAX).min(rest.len());
            to(rest.get(..len).unwrap_or_default())?;
            done = done.saturating_add(len as u64);
        }
        Ok(done)
    }

    /// Fills `out` from byte `at` on.
    ///
    /// # Errors
    /// CORRUPT_OBJECT for less than that; those of [`Tree::read`].
    pub fn read_exact(&self, at: u64, out: &mut [u8]) -> Result<(), TeeError> {
        let mut done = 0usize;
        let wanted = out.len() as u64;
        let count = self.read(at, wanted, &mut |part| {
            let end = done.saturating_add(part.len());
            out.get_mut(done..end).ok_or(TeeError::GENERIC)?.copy_from_slice(part);
            done = end;
            Ok(())
        })?;
        if count == wanted { Ok(()) } else { Err(TeeError::CORRUPT_OBJECT) }
    }

    /// Writes at byte `at`; what lies between the end and there becomes zeros.
    ///
    /// # Errors
    /// STORAGE_NO_SPACE; those of [`Tree::write_block`] and of `from`.
    pub fn write(&mut self, at: u64, from: &dyn Source) -> Result<(), TeeError> {
        let mut block = memory(self.machine(), BLOCK_SIZE)?;
        let end = at.checked_add(from.len()).ok_or(TeeError::STORAGE_NO_SPACE)?;
        place(end)?;
        if at > self.len() {
            self.fill(at, &mut block)?;
        }
        let mut done = 0u64;
        while done < from.len() {
            let (index, to) = place(at.saturating_add(done))?;
            let len = usize::try_from(from.len().saturating_sub(done)).unwrap_or(BLOCK_SIZE).min(BLOCK_SIZE.saturating_sub(to));
            if len < BLOCK_SIZE {
                self.seen(index, &mut block)?;
            }
            let part = block.get_mut(to..).and_then(|rest| rest.get_mut(..len)).ok_or(TeeError::GENERIC)?;
            from.read(done, part)?;
            self.write_block(index, &mut block)?;
            done = done.saturating_add(len as u64);
            let reached = at.saturating_add(done);
            if reached > self.len() {
                self.set_length(reached)?;
            }
        }
        Ok(())
    }

    /// Cuts the content to `len` bytes, or fills it up with zeros.
    ///
    /// # Errors
    /// As [`Tree::write`].
    pub fn set_len(&mut self, len: u64) -> Result<(), TeeError> {
        place(len)?;
        if len > self.len() {
            let mut block = memory(self.machine(), BLOCK_SIZE)?;
            self.fill(len, &mut block)
        } else {
            self.set_length(len)?;
            self.cut(u32::try_from(self.used()).map_err(|_| TeeError::GENERIC)?)
        }
    }

    /// Makes the content longer, with zeros.
    fn fill(&mut self, len: u64, block: &mut Zeroizing<Vec<u8>>) -> Result<(), TeeError> {
        let first = self.len() / BLOCK;
        for index in first..len.div_ceil(BLOCK) {
            let index = u32::try_from(index).map_err(|_| TeeError::STORAGE_NO_SPACE)?;
            self.seen(index, block)?;
            self.write_block(index, block)?;
        }
        self.set_length(len)
    }
}
