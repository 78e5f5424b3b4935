// SPDX-License-Identifier: BSD-2-Clause
//! Properties that the TEE serves (OP-TEE ABI, properties; GlobalPlatform TEE Internal Core API 1.3.1, section 4.7).

use num_enum::{IntoPrimitive, TryFromPrimitive};

/// Property sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoPrimitive, TryFromPrimitive)]
#[repr(u32)]
pub enum Set {
    /// TEE_PROPSET_TEE_IMPLEMENTATION
    Implementation = 0xFFFF_FFFD,
    /// TEE_PROPSET_CURRENT_CLIENT
    Client = 0xFFFF_FFFE,
    /// TEE_PROPSET_CURRENT_TA
    Ta = 0xFFFF_FFFF,
}

/// Types of a property value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoPrimitive, TryFromPrimitive)]
#[repr(u32)]
pub enum Type {
    /// One byte, 0 or 1.
    Bool = 0,
    /// A u32.
    U32 = 1,
    /// A TEE_UUID.
    Uuid = 2,
    /// A TEE_Identity: login method and UUID.
    Identity = 3,
    /// A NUL-terminated string.
    String = 4,
    /// A u32 length and bytes.
    BinaryBlock = 5,
    /// A u64.
    U64 = 6,
}

/// Version of the GlobalPlatform TEE Internal Core API, in the layout of TEE_CORE_API_VERSION.
pub const INTERNAL_CORE_VERSION: u32 = 0x0103_0100;

/// Names in index order.
pub mod names {
    /// Of the client set.
    pub const CLIENT: &[&str] = &["gpd.client.identity", "gpd.client.endian"];
    /// Of the TA set, as far as the TEE serves it.
    pub const TA: &[&str] = &["gpd.ta.appID"];
    /// Of the implementation set.
    pub const IMPLEMENTATION: &[&str] = &[
        "gpd.tee.apiversion",
        "gpd.tee.description",
        "gpd.tee.deviceID",
        "gpd.tee.systemTime.protectionLevel",
        "gpd.tee.TAPersistentTime.protectionLevel",
        "gpd.tee.cryptography.ecc",
        "gpd.tee.trustedStorage.antiRollback.protectionLevel",
        "gpd.tee.trustedos.implementation.version",
        "gpd.tee.trustedos.implementation.binaryversion",
        "gpd.tee.trustedos.manufacturer",
        "gpd.tee.firmware.implementation.version",
        "gpd.tee.firmware.implementation.binaryversion",
        "gpd.tee.firmware.manufacturer",
        // From here on OP-TEE has none.
        "gpd.tee.cryptography.nist",
        "gpd.tee.cryptography.bsi-r",
        "gpd.tee.cryptography.bsi-t",
        "gpd.tee.cryptography.ietf",
        "gpd.tee.cryptography.octa",
        "gpd.tee.trustedStorage.rollbackDetection.protectionLevel",
        "gpd.tee.event.maxSources",
    ];
}
