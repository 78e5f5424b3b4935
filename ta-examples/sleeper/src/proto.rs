// SPDX-License-Identifier: BSD-2-Clause
//! UUID and commands of `sleeper`.

use utee_abi::uuid::Uuid;

/// UUID.
pub const UUID: Uuid = Uuid::new(0x0f8b_1c2e, 0x6d0a, 0x4f0e, [0x9c, 0x57, 0x3b, 0x1d, 0x2a, 0x7e, 0x4c, 0x10]);

/// Steps of [`SLEEP`] without a parameter.
pub const STEPS: u32 = 5;
/// Milliseconds of a step.
pub const STEP_MS: u32 = 1000;

/// Sleeps [`STEPS`] steps of [`STEP_MS`] and prints each. With p0 value inout: `a` steps of `b` milliseconds; `a` becomes
/// the steps that were slept. CANCEL when it is cancelled.
pub const SLEEP: u32 = 0;
/// Computes for p0 value in `a` milliseconds without a system call but the clock: p1 value out `a` is the rounds done. With
/// `b` not 0 it looks for cancellation in each round: CANCEL.
pub const BUSY: u32 = 1;
