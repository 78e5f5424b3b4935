// SPDX-License-Identifier: BSD-2-Clause
//! Pseudo-TAs: UUIDs and commands (OP-TEE ABI, pseudo TAs).

/// System services for TAs.
pub mod system {
    use crate::uuid::Uuid;
    use num_enum::{IntoPrimitive, TryFromPrimitive};

    /// UUID.
    pub const UUID: Uuid = Uuid::new(0x3a2f_8978, 0x5dc0, 0x11e8, [0x9c, 0x2d, 0xfa, 0x7a, 0xe0, 0x1b, 0xbe, 0xbc]);

    /// Flag of map: the memory may be handed to other TAs.
    pub const MAP_SHAREABLE: u64 = 1;

    /// Commands.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, IntoPrimitive, TryFromPrimitive)]
    #[repr(u32)]
    pub enum Command {
        /// Adds entropy to the generator: p0 memref in.
        AddRngEntropy = 0,
        /// Derives a key of the TA from the hardware-unique key.
        DeriveTaUniqueKey = 1,
        /// Maps zeroed memory: p0 value in (bytes, flags), p1 value inout (address high, low), p2 value in (pads).
        MapZi = 2,
        /// Unmaps it: p0 value in (bytes, 0), p1 value in (address high, low).
        Unmap = 3,
        /// dlopen.
        DlOpen = 10,
        /// dlsym.
        DlSym = 11,
        /// TPM event log.
        GetTpmEventLog = 12,
        /// Supplicant plugin.
        SuppPluginInvoke = 13,
    }
}

/// Device enumeration.
pub mod device {
    use crate::uuid::Uuid;
    use num_enum::{IntoPrimitive, TryFromPrimitive};

    /// UUID.
    pub const UUID: Uuid = Uuid::new(0x7011_a688, 0xddde, 0x4053, [0xa5, 0xa9, 0x7b, 0x3c, 0x4d, 0xdf, 0x13, 0xb8]);

    /// Commands; each has p0 memref out, an array of UUID octets.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, IntoPrimitive, TryFromPrimitive)]
    #[repr(u32)]
    pub enum Command {
        /// Devices that need nothing else.
        GetDevices = 0,
        /// Devices that need the supplicant.
        GetDevicesSupp = 1,
        /// Devices that need RPMB storage.
        GetDevicesRpmb = 2,
    }
}
