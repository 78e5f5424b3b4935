// SPDX-License-Identifier: BSD-2-Clause
//! Random numbers for TAs.

use super::Env;
use crate::ports::Platform;
use utee_abi::access::AccessFlags;
use utee_abi::result::TeeError;
use utee_abi::uaddr::UserSlice;
use zeroize::Zeroize;

/// Fills a buffer with random bytes.
///
/// # Errors
/// ACCESS_DENIED, before a byte is written.
pub fn generate<P: Platform>(env: &Env<'_, '_, P>, buffer: Option<UserSlice>) -> Result<(), TeeError> {
    let buffer = buffer.ok_or(TeeError::ACCESS_DENIED)?;
    env.body.space.check(buffer, AccessFlags::WRITE | AccessFlags::ANY_OWNER)?;
    let mut block = [0u8; 256];
    let mut result = Ok(());
    for part in buffer.parts(block.len() as u64) {
        let Some(bytes) = usize::try_from(part.len()).ok().and_then(|len| block.get_mut(..len)) else { break };
        env.call.tee.rng.fill(env.call.platform(), bytes)?;
        result = env.write_any(part, bytes);
        if result.is_err() {
            break;
        }
    }
    block.zeroize();
    result
}
