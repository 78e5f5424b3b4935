// SPDX-License-Identifier: BSD-2-Clause
//! Armv7-A has no SVE, and no EL3 of another width.

/// No registers.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Registers;

impl Registers {
    pub(crate) fn pattern() -> Self {
        Self
    }
}

/// Never calls.
pub(crate) fn outlive<R>(_: &Registers, _: &mut Registers, _: impl FnOnce() -> R) -> Option<R> {
    None
}

/// Nothing is kept.
///
/// # Safety
/// None is needed.
pub(crate) unsafe fn kept() -> bool {
    false
}
