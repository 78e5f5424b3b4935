// SPDX-License-Identifier: BSD-2-Clause
//! Access rights and cache maintenance.

use super::Env;
use crate::ports::{AddressSpace, Platform};
use utee_abi::access::{AccessFlags, CacheOperation};
use utee_abi::result::TeeError;
use utee_abi::ta_head::TaFlags;
use utee_abi::uaddr::UserSlice;

/// TEE_CheckMemoryAccessRights.
///
/// # Errors
/// ACCESS_DENIED; BAD_PARAMETERS for flags that do not exist.
pub fn check_access_rights<P: Platform>(env: &Env<'_, '_, P>, flags: u32, buffer: Option<UserSlice>) -> Result<(), TeeError> {
    let flags = AccessFlags::from_bits(flags).ok_or(TeeError::BAD_PARAMETERS)?;
    env.body.space.check(buffer.ok_or(TeeError::ACCESS_DENIED)?, flags)
}

/// Cache maintenance of shared memory, for devices that do not see the caches.
///
/// # Errors
/// NOT_SUPPORTED without the TA flag, BAD_PARAMETERS for an unknown operation, ACCESS_DENIED for private memory.
pub fn cache_operation<P: Platform>(env: &mut Env<'_, '_, P>, buffer: Option<UserSlice>, operation: u32) -> Result<(), TeeError> {
    if !env.instance.flags.contains(TaFlags::CACHE_MAINTENANCE) {
        return Err(TeeError::NOT_SUPPORTED);
    }
    let operation = CacheOperation::try_from(operation).map_err(|_| TeeError::BAD_PARAMETERS)?;
    let buffer = buffer.ok_or(TeeError::ACCESS_DENIED)?;
    env.body.space.check(buffer, AccessFlags::READ | AccessFlags::ANY_OWNER)?;
    if env.body.space.check(buffer, AccessFlags::READ).is_ok() && !buffer.is_empty() {
        return Err(TeeError::ACCESS_DENIED);
    }
    env.body.space.tables.cache(buffer, operation);
    Ok(())
}
