// SPDX-License-Identifier: BSD-2-Clause
//! Large integers in the memory of C: two words of [`Header`], then the magnitude, the least significant word first.
//! That is what OP-TEE's kit puts there too.

use api::arithmetic::BigInt;
use api::panic::or_panic;
use api::{Result, TeeError};
use core::slice;
use utee_abi::gp::arithmetic::{HEADER_WORDS, Header, MAX_WORDS};

/// The header of an object that TEE_BigIntInit made. Anything else panics the TA.
///
/// # Safety
/// `object` points to a header.
unsafe fn header(object: *const u32) -> Header {
    // SAFETY: the caller's pointer.
    let header = Header::read(unsafe { object.cast::<[u32; HEADER_WORDS]>().read() });
    if header.used > header.room || usize::from(header.room) > MAX_WORDS - HEADER_WORDS {
        api::panic::panic(TeeError::BAD_STATE);
    }
    header
}

/// Bits that there is room for.
///
/// # Safety
/// `object` points to an initialised object.
pub(super) unsafe fn room_in_bits(object: *const u32) -> u32 {
    // SAFETY: the caller's pointer.
    u32::from(unsafe { header(object) }.room) * 32
}

/// Makes an object of `len` words: zero.
///
/// # Safety
/// `object` points to `len` words.
pub(super) unsafe fn initialise(object: *mut u32, len: usize) -> Result<()> {
    if !(HEADER_WORDS..=MAX_WORDS).contains(&len) {
        return Err(TeeError::BAD_PARAMETERS);
    }
    // The header bounds `len`: it fits 16 bits.
    let header = Header { negative: false, room: (len - HEADER_WORDS) as u16, used: 0 };
    // SAFETY: the caller's memory.
    unsafe {
        object.write_bytes(0, len);
        object.cast::<[u32; HEADER_WORDS]>().write(header.to_words());
    }
    Ok(())
}

/// The number in an object.
///
/// # Safety
/// `object` points to an initialised object.
pub(super) unsafe fn load(object: *const u32) -> BigInt {
    // SAFETY: the caller's object; its header says how much of it is used.
    let (header, bytes) = unsafe {
        let header = header(object);
        (header, slice::from_raw_parts(object.add(HEADER_WORDS).cast::<u8>(), usize::from(header.used) * 4))
    };
    or_panic(BigInt::from_le_bytes(bytes, header.negative))
}

/// Puts a number into an object.
///
/// # Errors
/// OVERFLOW when it does not fit; the object is as it was.
///
/// # Safety
/// `object` points to an initialised object.
pub(super) unsafe fn store(object: *mut u32, number: &BigInt) -> Result<()> {
    // SAFETY: the caller's object.
    let header = unsafe { header(object) };
    let used = number.bit_count().div_ceil(32);
    let used = u16::try_from(used).ok().filter(|used| *used <= header.room).ok_or(TeeError::OVERFLOW)?;
    // What was there before is wiped with it.
    let words = usize::from(used.max(header.used));
    // SAFETY: both sizes are within the room.
    let bytes = unsafe { slice::from_raw_parts_mut(object.add(HEADER_WORDS).cast::<u8>(), words * 4) };
    number.write_le_bytes(bytes)?;
    let header = Header { negative: number.is_negative(), used, ..header };
    // SAFETY: the caller's object.
    unsafe { object.cast::<[u32; HEADER_WORDS]>().write(header.to_words()) };
    Ok(())
}
