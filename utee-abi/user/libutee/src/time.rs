// SPDX-License-Identifier: BSD-2-Clause
//! Time and random data in C (GlobalPlatform TEE Internal Core API 1.3.1, chapter 7 and section 6.9).

use crate::types::Time;
use crate::{c_functions, raw};
use core::ffi::c_void;
use core::slice;
use utee_abi::time::TeeTime;

c_functions! {
    /// TEE_GetSystemTime.
    fn TEE_GetSystemTime(time: *mut Time) {
        // SAFETY: the caller's pointer.
        unsafe { time.write(api::time::system().into()) };
    }

    /// TEE_GetREETime.
    fn TEE_GetREETime(time: *mut Time) {
        // SAFETY: the caller's pointer.
        unsafe { time.write(api::time::ree().into()) };
    }

    /// TEE_GetTAPersistentTime.
    fn TEE_GetTAPersistentTime(time: *mut Time) -> u32 {
        let result = api::time::persistent();
        let now = result.map_or(Time::default(), Time::from);
        // SAFETY: the caller's pointer.
        unsafe { time.write(now) };
        raw(result.map(|_| ()))
    }

    /// TEE_SetTAPersistentTime.
    fn TEE_SetTAPersistentTime(time: *const Time) -> u32 {
        // SAFETY: the caller's pointer.
        let Time { seconds, millis } = unsafe { time.read() };
        raw(api::time::set_persistent(TeeTime { seconds, millis }))
    }

    /// TEE_Wait.
    fn TEE_Wait(timeout: u32) -> u32 {
        raw(api::time::wait_ms(timeout))
    }

    /// TEE_GenerateRandom.
    fn TEE_GenerateRandom(buffer: *mut c_void, len: usize) {
        if len != 0 {
            // SAFETY: the caller's memory.
            api::random::fill(unsafe { slice::from_raw_parts_mut(buffer.cast(), len) });
        }
    }
}
