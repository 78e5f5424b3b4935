// SPDX-License-Identifier: BSD-2-Clause
//! Waiting for a device, not for ever.

/// Asks until `done` has an answer, `reads` times at most; `None` when it never had.
///
/// A device is not asked by the clock, which the secure world need not have yet: one read of a register takes some tens of
/// nanoseconds at least, so that the number of reads is a lower bound on the time.
pub(super) fn poll<T>(reads: u32, mut done: impl FnMut() -> Option<T>) -> Option<T> {
    for _ in 0..reads {
        if let Some(answer) = done() {
            return Some(answer);
        }
        core::hint::spin_loop();
    }
    None
}

/// Asks until `done`, `reads` times at most; whether it was.
pub(super) fn until(reads: u32, mut done: impl FnMut() -> bool) -> bool {
    poll(reads, || done().then_some(())).is_some()
}
