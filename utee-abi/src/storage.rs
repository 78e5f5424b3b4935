// SPDX-License-Identifier: BSD-2-Clause
//! Persistent objects (GlobalPlatform TEE Internal Core API 1.3.1, section 5; OP-TEE ABI, system calls).

use crate::named::named_ids;
use num_enum::{IntoPrimitive, TryFromPrimitive};

/// Longest object id in bytes.
pub const OBJECT_ID_MAX: usize = 64;
/// Last position of a data stream.
pub const DATA_POSITION_MAX: u32 = u32::MAX;

named_ids! {
    /// A storage. Others do not exist: ITEM_NOT_FOUND.
    pub struct StorageId, "TEE_STORAGE_";
    PRIVATE = 1,
    PRIVATE_REE = 0x8000_0000,
    PRIVATE_RPMB = 0x8000_0100,
}

/// What an offset of a seek counts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoPrimitive, TryFromPrimitive)]
#[repr(u32)]
pub enum Whence {
    /// TEE_DATA_SEEK_SET
    Set = 0,
    /// TEE_DATA_SEEK_CUR
    Cur = 1,
    /// TEE_DATA_SEEK_END
    End = 2,
}
