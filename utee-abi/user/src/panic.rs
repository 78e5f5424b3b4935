// SPDX-License-Identifier: BSD-2-Clause
//! Panics: TEE_Panic, and the Rust panic handler that ends in it.

use crate::raw::{Kernel, RawSyscalls};
use crate::{Result, TeeError};

/// Ends this TA instance with `code` (TEE_Panic). Its clients get TEE_ERROR_TARGET_DEAD.
pub fn panic(code: TeeError) -> ! {
    Kernel::die(code.raw())
}

/// Unwraps a result that only a defect of the TA can spoil: GlobalPlatform functions panic the TA then.
pub fn or_panic<T>(result: Result<T>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic(error),
    }
}

#[cfg(all(any(target_arch = "arm", oxtee_ta), not(feature = "fake")))]
mod handler {
    use crate::TeeError;
    use core::panic::PanicInfo;

    #[panic_handler]
    fn on_panic(info: &PanicInfo<'_>) -> ! {
        match info.location() {
            Some(location) => crate::println!("panicked at {location}: {}", info.message()),
            None => crate::println!("panicked: {}", info.message()),
        }
        super::panic(TeeError::GENERIC)
    }

    /// Named by the unwind tables of the prebuilt `core`, and never called: TAs abort on panic.
    #[unsafe(no_mangle)]
    extern "C" fn rust_eh_personality() {}

    /// Called by landing pads of the prebuilt `alloc`, which nothing unwinds to.
    #[unsafe(no_mangle)]
    extern "C" fn _Unwind_Resume() -> ! {
        super::panic(TeeError::GENERIC)
    }
}
