// SPDX-License-Identifier: BSD-2-Clause
//! Data in pieces of any length, for ciphers of which the kernel wants whole blocks.

use super::State;
use super::state::Memory;
use crate::{Result, TeeError};
use core::ptr;
use utee_abi::crypto::AlgorithmId;

/// Longest block in bytes, twice.
const HELD: usize = 32;

/// Bytes that pass through a buffer of this library at a time, when there are held ones before them.
const PIECE: usize = 256;

/// What is held back between the pieces.
pub struct Blocks {
    held: [u8; HELD],
    fill: usize,
    size: usize,
    /// More than one block is held back for the end, which is done in another way (CTS, XTS).
    keeps_last: bool,
}

impl core::fmt::Debug for Blocks {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Blocks").field("fill", &self.fill).field("size", &self.size).finish_non_exhaustive()
    }
}

impl Blocks {
    /// Nothing held, for a cipher.
    #[must_use]
    pub fn new(algorithm: AlgorithmId) -> Self {
        let keeps_last = matches!(algorithm, AlgorithmId::AES_CTS | AlgorithmId::AES_XTS | AlgorithmId::SM4_XTS);
        let size = match algorithm {
            AlgorithmId::AES_CTR | AlgorithmId::SM4_CTR => 1,
            AlgorithmId::DES_ECB_NOPAD | AlgorithmId::DES_CBC_NOPAD | AlgorithmId::DES3_ECB_NOPAD | AlgorithmId::DES3_CBC_NOPAD => 8,
            _ => 16,
        };
        Self { held: [0; HELD], fill: 0, size, keeps_last }
    }

    /// Forgets what is held.
    pub fn clear(&mut self) {
        // Volatile, so that it is not left out before the end.
        // SAFETY: memory of `self`.
        unsafe { ptr::write_volatile(&raw mut self.held, [0; HELD]) };
        self.fill = 0;
    }

    /// Takes over what another one holds.
    pub fn copy_from(&mut self, from: &Self) {
        (self.held, self.fill) = (from.held, from.fill);
    }

    /// Bytes that come out when `total` have come in since the last whole block.
    fn emits(&self, total: usize) -> usize {
        let kept = if self.keeps_last { self.size + 1 } else { 0 };
        total.saturating_sub(kept) / self.size * self.size
    }

    /// Works on a piece; the length of the result, or the room that is needed. Data and `out` may start at the same address.
    ///
    /// # Safety
    /// As [`State::cipher_update`].
    pub unsafe fn update(&mut self, state: &State, data: Memory<*const u8>, out: Memory<*mut u8>) -> (Result<()>, usize) {
        let Some(total) = self.fill.checked_add(data.1) else { return (Err(TeeError::BAD_PARAMETERS), 0) };
        let emit = self.emits(total);
        if emit > out.1 {
            return (Err(TeeError::SHORT_BUFFER), emit);
        }
        if data.1 == 0 && emit == 0 {
            return (Ok(()), 0);
        }
        let result = if self.fill == 0 {
            // SAFETY: passed on; nothing is held before the `emit` bytes, so that both ranges have as many.
            unsafe { self.direct(state, data, out.0, emit) }
        } else {
            // SAFETY: passed on; `emit` bytes fit.
            unsafe { self.carry(state, data, out.0, emit) }
        };
        (result, emit)
    }

    /// Nothing is held: the kernel works from range to range, and the rest is held.
    unsafe fn direct(&mut self, state: &State, data: Memory<*const u8>, out: *mut u8, emit: usize) -> Result<()> {
        if emit > 0 {
            // SAFETY: passed on.
            unsafe { state.cipher_update((data.0, emit), (out, emit)) }.0?;
        }
        self.fill = data.1 - emit;
        // SAFETY: inside the range of the caller; at most two blocks are kept.
        unsafe { ptr::copy(data.0.wrapping_add(emit), self.held.as_mut_ptr(), self.fill) };
        Ok(())
    }

    /// Held bytes come first. As many bytes are always read ahead as are held, so that data and result may be in the same place.
    unsafe fn carry(&mut self, state: &State, data: Memory<*const u8>, out: *mut u8, emit: usize) -> Result<()> {
        let mut buffer = [0u8; HELD + PIECE];
        let mut fill = self.fill;
        buffer[..fill].copy_from_slice(&self.held[..fill]);
        let (mut read, mut written) = (0, 0);
        let mut result = Ok(());
        loop {
            let more = (data.1 - read).min(PIECE);
            // SAFETY: inside the range of the caller; `fill` is at most two blocks here.
            unsafe { ptr::copy(data.0.wrapping_add(read), buffer.as_mut_ptr().wrapping_add(fill), more) };
            read += more;
            fill += more;
            // The last round may write all that comes out; one before it only up to where was read.
            let until = if read == data.1 { emit } else { read / self.size * self.size };
            let now = (until - written).min(fill / self.size * self.size).min(emit - written);
            if now > 0 && result.is_ok() {
                // SAFETY: memory of this function; `written + now` is at most `emit`, which fits.
                result = unsafe { state.cipher_update((buffer.as_ptr(), now), (buffer.as_mut_ptr(), now)) }.0;
                // SAFETY: as above.
                unsafe { ptr::copy(buffer.as_ptr(), out.wrapping_add(written), now) };
            }
            written += now;
            buffer.copy_within(now..fill, 0);
            fill -= now;
            if read == data.1 {
                break;
            }
        }
        self.held[..fill].copy_from_slice(&buffer[..fill]);
        self.fill = fill;
        // SAFETY: memory of this function; volatile, so that it is not left out.
        unsafe { ptr::write_volatile(&raw mut buffer, [0; HELD + PIECE]) };
        result
    }

    /// Works on the last piece; the length of the result, or the room that is needed.
    ///
    /// # Safety
    /// As [`State::cipher_update`].
    pub unsafe fn finish(&mut self, state: &State, data: Memory<*const u8>, out: Memory<*mut u8>) -> (Result<()>, usize) {
        let Some(total) = self.fill.checked_add(data.1) else { return (Err(TeeError::BAD_PARAMETERS), 0) };
        if total > out.1 {
            return (Err(TeeError::SHORT_BUFFER), total);
        }
        if self.fill == 0 {
            // SAFETY: passed on.
            return unsafe { state.cipher_final(data, (out.0, total)) };
        }
        // SAFETY: passed on.
        let (result, done) = unsafe { self.update(state, data, out) };
        if result.is_err() {
            return (result, 0);
        }
        let mut last = [0u8; HELD];
        // SAFETY: memory of this function and of `self`.
        let (result, len) = unsafe { state.cipher_final((self.held.as_ptr(), self.fill), (last.as_mut_ptr(), HELD)) };
        // SAFETY: `total` bytes fit, of which these are the last.
        unsafe { ptr::copy(last.as_ptr(), out.0.wrapping_add(done), len.min(self.fill)) };
        self.clear();
        (result, total)
    }
}

impl Drop for Blocks {
    fn drop(&mut self) {
        self.clear();
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::{Blocks, State};
    use crate::fake;
    use crate::raw::Word;
    use alloc::rc::Rc;
    use alloc::vec;
    use alloc::vec::Vec;
    use core::cell::Cell;
    use utee_abi::crypto::{AlgorithmId, OperationMode};
    use utee_abi::sysnum::Syscall;

    /// A kernel whose cipher adds the position of a byte to it, and that takes whole blocks only, and as the end more than one.
    fn kernel(size: usize, keeps_last: bool) -> State {
        fake::on(Syscall::CrypStateAlloc, |_| 0);
        fake::on(Syscall::CrypStateFree, |_| 0);
        let position = Rc::new(Cell::new(0usize));
        let work = move |args: &[Word]| {
            let (len, at) = (args[2].value(), position.get());
            // SAFETY: the library passes ranges of these lengths, and the cell of the second one.
            unsafe {
                let data: Vec<u8> = (0..len).map(|index| args[1].pointer::<u8>().add(index).read()).collect();
                assert!(args[4].pointer::<u64>().replace(len as u64) >= len as u64);
                for (index, byte) in data.iter().enumerate() {
                    args[3].pointer::<u8>().add(index).write(byte.wrapping_add((at + index) as u8));
                }
            }
            position.set(at + len);
            len
        };
        let update = work.clone();
        fake::on(Syscall::CipherUpdate, move |args| {
            assert!(update(args).is_multiple_of(size));
            0
        });
        let last = work;
        fake::on(Syscall::CipherFinal, move |args| {
            let len = last(args);
            assert!(if keeps_last { len > size } else { len.is_multiple_of(size) }, "{len}");
            0
        });
        State::new(AlgorithmId::AES_CBC_NOPAD, OperationMode::Encrypt, [None, None]).unwrap()
    }

    #[test]
    fn pieces_of_any_length_come_out_in_order_in_place_too() {
        for (algorithm, size, keeps_last) in [
            (AlgorithmId::AES_CBC_NOPAD, 16, false),
            (AlgorithmId::DES_CBC_NOPAD, 8, false),
            (AlgorithmId::AES_CTR, 1, false),
            (AlgorithmId::AES_CTS, 16, true),
        ] {
            for cuts in [&[1usize][..], &[7, 9, 16], &[15, 300, 2], &[33, 17], &[700], &[16, 16, 1, 31, 600]] {
                for in_place in [false, true] {
                    let state = kernel(size, keeps_last);
                    let len = if keeps_last { 1041 } else { 1040 };
                    let data: Vec<u8> = (0..len).map(|index| (index * 7) as u8).collect();
                    let wanted: Vec<u8> = data.iter().enumerate().map(|(index, byte)| byte.wrapping_add(index as u8)).collect();
                    let (mut from, mut to) = (data.clone(), vec![0xEE; data.len()]);
                    let out = if in_place { from.as_mut_ptr() } else { to.as_mut_ptr() };
                    let mut blocks = Blocks::new(algorithm);
                    let (mut read, mut written) = (0, 0);
                    for cut in cuts.iter().cycle() {
                        let now = (*cut).min(data.len() - read);
                        // Results are shorter than data so far, so that they do not run into what is to be read.
                        // SAFETY: ranges of the test.
                        unsafe {
                            let piece = (from.as_ptr().add(read), now);
                            let room = (out.add(written), data.len() - written);
                            let is_last = read + now == data.len();
                            let (result, len) =
                                if is_last { blocks.finish(&state, piece, room) } else { blocks.update(&state, piece, room) };
                            assert_eq!(result, Ok(()));
                            read += now;
                            written += len;
                            if is_last {
                                break;
                            }
                        }
                    }
                    assert_eq!(written, data.len());
                    assert_eq!(if in_place { from } else { to }, wanted, "{algorithm:?} {cuts:?} {in_place}");
                }
            }
        }
    }

    #[test]
    fn too_little_room_changes_nothing() {
        let state = kernel(16, false);
        let mut blocks = Blocks::new(AlgorithmId::AES_CBC_NOPAD);
        let (data, mut out) = ([1u8; 40], [0u8; 48]);
        // SAFETY: ranges of the test.
        unsafe {
            let short = blocks.update(&state, (data.as_ptr(), 40), (out.as_mut_ptr(), 31));
            assert_eq!(short, (Err(crate::TeeError::SHORT_BUFFER), 32));
            assert_eq!(blocks.update(&state, (data.as_ptr(), 40), (out.as_mut_ptr(), 32)), (Ok(()), 32));
            let short = blocks.finish(&state, (data.as_ptr(), 8), (out.as_mut_ptr(), 15));
            assert_eq!(short, (Err(crate::TeeError::SHORT_BUFFER), 16));
            assert_eq!(blocks.finish(&state, (data.as_ptr(), 8), (out.as_mut_ptr().add(32), 16)), (Ok(()), 16));
        }
        let wanted: Vec<u8> = (0..48).map(|index| 1 + index as u8).collect();
        assert_eq!(out[..], wanted);
    }
}
