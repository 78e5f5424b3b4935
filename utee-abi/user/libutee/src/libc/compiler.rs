// SPDX-License-Identifier: BSD-2-Clause
//! What compilers and OP-TEE's headers refer to by themselves: the stack protector, assertions, and locks, of which a TA with its
//! one thread has each at any time.

use crate::c_functions;
use crate::libc::memory::print_assertion;
use api::TeeError;
use core::ffi::{c_char, c_int, c_uint, c_ulong, c_void};
use core::sync::atomic::{AtomicUsize, Ordering};

/// What functions that were compiled with `-fstack-protector` keep below their return address and look for before they return.
#[cfg_attr(any(target_arch = "arm", oxtee_ta), unsafe(no_mangle))]
#[allow(non_upper_case_globals, reason = "the name is the compilers'")]
pub static __stack_chk_guard: AtomicUsize = AtomicUsize::new(0x00FF_0A0D);

/// Makes the guard one that nobody can know. No function that looks for the old one may be under way.
pub fn renew_stack_guard() {
    // Its first byte in memory stays 0, so that no string runs over it and leaves it as it was.
    let random = api::random::next_u64() as usize;
    __stack_chk_guard.store(random & !0xFF, Ordering::Relaxed);
}

c_functions! {
    /// A function found its guard overwritten: the TA ends before it returns to what was written there.
    fn __stack_chk_fail() -> ! {
        api::trace::write(b"E/TA:  stack of a function overwritten\n");
        api::panic::panic(TeeError::OVERFLOW)
    }

    /// What the processor can do, for libraries that look: nothing is told.
    fn __getauxval(kind: c_ulong) -> c_ulong {
        let _ = kind;
        0
    }

    /// Locks a mutex, which is free.
    fn pthread_mutex_lock(mutex: *mut c_void) -> c_int {
        let _ = mutex;
        0
    }

    /// Unlocks it.
    fn pthread_mutex_unlock(mutex: *mut c_void) -> c_int {
        let _ = mutex;
        0
    }

    /// Prints an assertion that does not hold, as OP-TEE's assert.h has it.
    fn _assert_log(expression: *const c_char, file: *const c_char, line: c_int, function: *const c_char) {
        // SAFETY: the caller's strings.
        unsafe { print_assertion(expression, file, c_uint::try_from(line).unwrap_or(0), function) };
    }

    /// Ends the TA after that.
    fn _assert_break() -> ! {
        api::panic::panic(TeeError::GENERIC)
    }
}

#[cfg(test)]
mod tests {
    use super::{__stack_chk_fail, __stack_chk_guard, _assert_break, _assert_log, renew_stack_guard};
    use api::TeeError;
    use api::fake::{self, End};
    use core::sync::atomic::Ordering;
    use utee_abi::sysnum::Syscall;

    #[test]
    fn the_guard_is_random_but_for_a_byte_that_ends_strings() {
        fake::on(Syscall::RandomNumberGenerate, |args| {
            // SAFETY: the buffer of the library.
            unsafe { args[0].pointer::<u8>().write_bytes(0xA5, args[1].value()) };
            0
        });
        renew_stack_guard();
        assert_eq!(__stack_chk_guard.load(Ordering::Relaxed), 0xA5A5_A5A5_A5A5_A500_u64 as usize);
        // SAFETY: it ends the TA.
        let end = fake::run(|| unsafe { __stack_chk_fail() });
        assert_eq!(end, Some(End::Panic(TeeError::OVERFLOW.raw())));
    }

    #[test]
    fn an_assertion_is_printed_before_the_ta_ends() {
        // SAFETY: strings, and none.
        unsafe { _assert_log(c"1 == 2".as_ptr(), c"a.c".as_ptr(), 7, core::ptr::null()) };
        assert_eq!(fake::log(), "assertion failed at a.c:7 in ?: 1 == 2\n");
        // SAFETY: it ends the TA.
        let end = fake::run(|| unsafe { _assert_break() });
        assert_eq!(end, Some(End::Panic(TeeError::GENERIC.raw())));
    }
}
