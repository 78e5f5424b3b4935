// SPDX-License-Identifier: BSD-2-Clause
//! System calls, raw: a number and words.
//!
//! [`RawSyscalls`] has two implementations: [`Kernel`] is `svc #0` in a TA and the recording fake on the development
//! machine. The typed wrappers are in the modules of the API, one per family.

#[cfg(all(target_arch = "aarch64", oxtee_ta, not(feature = "fake")))]
mod aarch64;
#[cfg(all(target_arch = "arm", not(feature = "fake")))]
mod armv7a;

#[cfg(all(any(target_arch = "arm", oxtee_ta), not(feature = "fake")))]
use memory_functions as _;
use utee_abi::sysnum::Syscall;

/// A word of a system call: an integer, or a pointer with its provenance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub struct Word(*mut ());

impl Word {
    /// Zero, and the NULL pointer.
    pub const ZERO: Self = Self(core::ptr::null_mut());

    /// A native integer.
    #[must_use]
    pub const fn size(value: usize) -> Self {
        Self(core::ptr::without_provenance_mut(value))
    }

    /// A 32-bit integer.
    #[must_use]
    pub const fn number(value: u32) -> Self {
        Self::size(value as usize)
    }

    /// A pointer that the kernel reads.
    #[must_use]
    pub const fn from_ptr<T>(pointer: *const T) -> Self {
        Self(pointer.cast_mut().cast())
    }

    /// A pointer that the kernel writes.
    #[must_use]
    pub const fn from_mut<T>(pointer: *mut T) -> Self {
        Self(pointer.cast())
    }

    /// Its integer value.
    #[must_use]
    pub fn value(self) -> usize {
        self.0.addr()
    }

    /// Its pointer.
    #[must_use]
    pub const fn pointer<T>(self) -> *mut T {
        self.0.cast()
    }
}

/// A way to make system calls.
///
/// # Safety
/// `call` touches only memory that the arguments name, as the ABI says for that number. `leave` and `die` do not come back.
pub unsafe trait RawSyscalls {
    /// Makes a system call and returns its result.
    ///
    /// # Safety
    /// The pointers among `args` are valid for what the call reads and writes there. `number` is neither
    /// [`Syscall::Return`] nor [`Syscall::Panic`].
    unsafe fn call<const N: usize>(number: Syscall, args: [Word; N]) -> u32;

    /// Ends the entry with `result` (system call `return`).
    fn leave(result: u32) -> !;

    /// Ends the TA instance (system call `panic`).
    fn die(code: u32) -> !;
}

/// The implementation in use.
#[cfg(all(target_arch = "aarch64", oxtee_ta, not(feature = "fake")))]
pub type Kernel = aarch64::Svc;
/// The implementation in use.
#[cfg(all(target_arch = "arm", not(feature = "fake")))]
pub type Kernel = armv7a::Svc;
/// The implementation in use.
#[cfg(any(not(any(target_arch = "arm", oxtee_ta)), feature = "fake"))]
pub type Kernel = crate::fake::Fake;

/// Makes a system call through [`Kernel`] and checks its result.
///
/// # Safety
/// As [`RawSyscalls::call`].
///
/// # Errors
/// The result, when it is not TEE_SUCCESS.
pub(crate) unsafe fn call<const N: usize>(number: Syscall, args: [Word; N]) -> crate::Result<()> {
    // SAFETY: the caller's promise is the same one.
    crate::TeeError::check(unsafe { Kernel::call(number, args) })
}
