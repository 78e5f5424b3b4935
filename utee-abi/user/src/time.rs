// SPDX-License-Identifier: BSD-2-Clause
//! Time (GlobalPlatform TEE Internal Core API 1.3.1, chapter 7).

use crate::raw::{self, Word};
use crate::{Result, TeeError};
use core::time::Duration;
use utee_abi::sysnum::Syscall;
use utee_abi::time::{TeeTime, TimeCategory};

pub use utee_abi::time::WAIT_FOREVER;

fn get(category: TimeCategory) -> (Result<()>, TeeTime) {
    let mut time = [0u8; TeeTime::SIZE];
    // SAFETY: the kernel writes the eight bytes of `time`.
    let result = unsafe { raw::call(Syscall::GetTime, [Word::number(category as u32), Word::from_mut(time.as_mut_ptr())]) };
    (result, TeeTime::from_bytes(&time))
}

/// Time since an arbitrary start that never changes while this instance lives (TEE_GetSystemTime).
#[must_use]
pub fn system() -> TeeTime {
    let (result, time) = get(TimeCategory::System);
    crate::panic::or_panic(result);
    time
}

/// Time of the normal world since 1970, which it may set as it likes (TEE_GetREETime).
#[must_use]
pub fn ree() -> TeeTime {
    let (result, time) = get(TimeCategory::Ree);
    crate::panic::or_panic(result);
    time
}

/// Time of this TA that survives as long as the TEE promises (TEE_GetTAPersistentTime).
///
/// # Errors
/// TIME_NOT_SET, TIME_NEEDS_RESET, or OVERFLOW when the seconds do not fit 32 bits.
pub fn persistent() -> Result<TeeTime> {
    let (result, time) = get(TimeCategory::TaPersistent);
    result.map(|()| time)
}

/// Sets the time that [`persistent`] goes on from (TEE_SetTAPersistentTime).
///
/// # Errors
/// BAD_PARAMETERS for 1,000 milliseconds or more; storage errors.
pub fn set_persistent(time: TeeTime) -> Result<()> {
    let time = time.to_bytes();
    // SAFETY: the kernel reads the eight bytes of `time`.
    unsafe { raw::call(Syscall::SetTaTime, [Word::from_ptr(time.as_ptr())]) }
}

/// Sleeps for `millis`, [`WAIT_FOREVER`] for ever, while the normal world goes on (TEE_Wait).
///
/// # Errors
/// CANCEL when the client cancelled and cancellation is not masked.
pub fn wait_ms(millis: u32) -> Result<()> {
    // SAFETY: no memory is named.
    unsafe { raw::call(Syscall::Wait, [Word::number(millis)]) }
}

/// Sleeps for `duration`, rounded up to milliseconds.
///
/// # Errors
/// As [`wait_ms`]; BAD_PARAMETERS from 2^32 - 1 milliseconds.
pub fn wait(duration: Duration) -> Result<()> {
    let millis = duration.as_nanos().div_ceil(1_000_000);
    match u32::try_from(millis) {
        Ok(millis) if millis != WAIT_FOREVER => wait_ms(millis),
        _ => Err(TeeError::BAD_PARAMETERS),
    }
}
