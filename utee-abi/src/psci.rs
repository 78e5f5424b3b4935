// SPDX-License-Identifier: BSD-2-Clause
//! Power State Coordination Interface (Arm DEN 0022), 32-bit calls.

use num_enum::{IntoPrimitive, TryFromPrimitive};

/// PSCI_VERSION answer: 1.0.
pub const VERSION_1_0: u32 = 0x1_0000;
/// SUCCESS
pub const SUCCESS: u32 = 0;
/// MIGRATE_INFO_TYPE: the trusted OS needs no migration.
pub const MIGRATE_NOT_REQUIRED: u32 = 2;

/// Calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoPrimitive, TryFromPrimitive)]
#[repr(u32)]
pub enum Call {
    /// PSCI_VERSION
    Version = 0x8400_0000,
    /// CPU_SUSPEND
    CpuSuspend = 0x8400_0001,
    /// CPU_OFF
    CpuOff = 0x8400_0002,
    /// CPU_ON
    CpuOn = 0x8400_0003,
    /// AFFINITY_INFO
    AffinityInfo = 0x8400_0004,
    /// MIGRATE_INFO_TYPE
    MigrateInfoType = 0x8400_0006,
    /// SYSTEM_OFF
    SystemOff = 0x8400_0008,
    /// SYSTEM_RESET
    SystemReset = 0x8400_0009,
    /// PSCI_FEATURES
    Features = 0x8400_000A,
    /// SYSTEM_SUSPEND
    SystemSuspend = 0x8400_000E,
}

/// Power states of CPU_SUSPEND, in the original format.
pub mod power_state {
    /// The CPU loses its state and goes on at an entry point; without it the call returns (standby).
    pub const POWER_DOWN: u32 = 1 << 16;
    /// Bits that must be zero.
    pub const RESERVED: u32 = 0xFCFE_0000;
    /// Power level: 0 is the CPU alone.
    pub const LEVEL: u32 = 0x0300_0000;
}

/// Errors, negative numbers on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, TryFromPrimitive)]
#[repr(i32)]
pub enum Error {
    /// NOT_SUPPORTED
    NotSupported = -1,
    /// INVALID_PARAMETERS
    InvalidParameters = -2,
    /// DENIED
    Denied = -3,
    /// ALREADY_ON
    AlreadyOn = -4,
    /// ON_PENDING
    OnPending = -5,
    /// INTERNAL_FAILURE
    InternalFailure = -6,
    /// INVALID_ADDRESS
    InvalidAddress = -9,
}

impl Error {
    /// The register value.
    #[must_use]
    pub const fn raw(self) -> u32 {
        self as i32 as u32
    }
}

/// Answers of AFFINITY_INFO.
#[derive(Clone, Copy, Debug, PartialEq, Eq, TryFromPrimitive)]
#[repr(u32)]
pub enum AffinityState {
    /// On.
    On = 0,
    /// Off.
    Off = 1,
    /// Being switched on.
    OnPending = 2,
}

impl AffinityState {
    /// The register value.
    #[must_use]
    pub const fn raw(self) -> u32 {
        self as u32
    }
}

#[cfg(test)]
mod tests {
    use super::{AffinityState, Call, Error};

    #[test]
    fn calls_and_errors_are_those_of_the_specification() {
        let calls = (0x8400_0000u32..0x8400_0020).filter(|id| Call::try_from(*id).is_ok());
        assert!(calls.eq([0, 1, 2, 3, 4, 6, 8, 9, 10, 14].map(|n| 0x8400_0000 + n)));
        assert_eq!(Error::NotSupported.raw(), u32::MAX);
        assert_eq!(Error::InvalidAddress.raw(), 0xFFFF_FFF7);
        assert_eq!(AffinityState::OnPending.raw(), 2);
    }
}
