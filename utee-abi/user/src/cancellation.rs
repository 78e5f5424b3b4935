// SPDX-License-Identifier: BSD-2-Clause
//! Cancellation (GlobalPlatform TEE Internal Core API 1.3.1, section 4.10). Masked at the start of every entry.

use crate::raw::{self, Word};
use utee_abi::sysnum::Syscall;

/// Whether cancellation has an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mask {
    /// It has none.
    Masked,
    /// It has.
    Unmasked,
}

fn word(number: Syscall) -> u32 {
    let mut value = 0u32;
    // SAFETY: the kernel writes the u32 `value`.
    let result = unsafe { raw::call(number, [Word::from_mut(&raw mut value)]) };
    crate::panic::or_panic(result);
    value
}

fn old_mask(number: Syscall) -> Mask {
    if word(number) == 0 { Mask::Unmasked } else { Mask::Masked }
}

/// True when the client cancelled this call and cancellation is not masked (TEE_GetCancellationFlag).
#[must_use]
pub fn is_requested() -> bool {
    word(Syscall::GetCancellationFlag) != 0
}

/// Lets cancellation end waits and show in [`is_requested`] (TEE_UnmaskCancellation); the mask as it was.
pub fn unmask() -> Mask {
    old_mask(Syscall::UnmaskCancellation)
}

/// Masks cancellation again (TEE_MaskCancellation); the mask as it was.
pub fn mask() -> Mask {
    old_mask(Syscall::MaskCancellation)
}
