// SPDX-License-Identifier: BSD-2-Clause
//! Cancellation flag and mask (GlobalPlatform TEE Internal Core API 1.3.1, section 4.10).

use super::Env;
use crate::ports::Platform;
use crate::session::Masking;
use utee_abi::result::TeeError;

/// Writes 1 to `flag` when the running operation is cancelled and cancellation is unmasked, else 0.
///
/// # Errors
/// ACCESS_DENIED.
pub fn get_flag<P: Platform>(env: &Env<'_, '_, P>, flag: u64) -> Result<(), TeeError> {
    let cancelled = env.session.is_cancelled(env.call.platform().ticks());
    env.put_u32(flag, u32::from(cancelled))
}

/// Unmasks cancellation and writes the old mask.
///
/// # Errors
/// ACCESS_DENIED.
pub fn unmask<P: Platform>(env: &Env<'_, '_, P>, old: u64) -> Result<(), TeeError> {
    set(env, Masking::Unmasked, old)
}

/// Masks cancellation and writes the old mask.
///
/// # Errors
/// ACCESS_DENIED.
pub fn mask<P: Platform>(env: &Env<'_, '_, P>, old: u64) -> Result<(), TeeError> {
    set(env, Masking::Masked, old)
}

fn set<P: Platform>(env: &Env<'_, '_, P>, mask: Masking, old: u64) -> Result<(), TeeError> {
    let before = env.session.set_masked(mask);
    env.put_u32(old, u32::from(before == Masking::Masked))
}
