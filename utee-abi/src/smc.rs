// SPDX-License-Identifier: BSD-2-Clause
//! SMC function ids, return codes and capabilities (Arm SMC Calling Convention; OP-TEE ABI, SMC calls).

use bitflags::bitflags;
use num_enum::{IntoPrimitive, TryFromPrimitive};

/// Answer to a function that does not exist.
pub const UNKNOWN_FUNCTION: u32 = 0xFFFF_FFFF;

/// SMCCC_VERSION
pub const SMCCC_VERSION: u32 = 0x8000_0000;
/// SMCCC_ARCH_FEATURES
pub const SMCCC_ARCH_FEATURES: u32 = 0x8000_0001;
/// SMCCC_ARCH_WORKAROUND_1
pub const SMCCC_ARCH_WORKAROUND_1: u32 = 0x8000_8000;
/// SMCCC_ARCH_WORKAROUND_2
pub const SMCCC_ARCH_WORKAROUND_2: u32 = 0x8000_7FFF;
/// Answer of ARCH_FEATURES: the workaround is not required.
pub const SMCCC_NOT_REQUIRED: u32 = 0xFFFF_FFFE;
/// Version 1.1 of the calling convention.
pub const SMCCC_VERSION_1_1: u32 = 0x1_0001;

/// UID of the OP-TEE API, as CALLS_UID answers it.
pub const API_UID: [u32; 4] = [0x384f_b3e0, 0xe7f8_11e3, 0xaf63_0002, 0xa5d5_c51b];
/// Major revision of the OP-TEE API.
pub const API_REVISION_MAJOR: u32 = 2;
/// Minor revision of the OP-TEE API.
pub const API_REVISION_MINOR: u32 = 0;
/// UUID of this trusted OS, as GET_OS_UUID answers it: b1a5f1d0-6c7e-4d3b-9e52-2f8a3c6d7e10.
pub const OS_UUID: [u32; 4] = [0xb1a5_f1d0, 0x6c7e_4d3b, 0x9e52_2f8a, 0x3c6d_7e10];
/// Attribute of reserved shared memory: cached.
pub const SHM_CACHED: u32 = 1;
/// Parameters of an RPC message.
pub const RPC_PARAMS: u32 = 4;
/// Normal-world capability: uniprocessor.
pub const NW_CAP_UNIPROCESSOR: u32 = 1;

/// Who a function id belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// Arm architecture calls.
    Arch,
    /// Standard secure services: PSCI.
    StandardService,
    /// The trusted OS and its API.
    TrustedOs,
    /// Nobody here.
    Other,
}

impl Owner {
    /// The owner of a function id: its bits 29:24.
    #[must_use]
    pub const fn of(id: u32) -> Self {
        match id >> 24 & 0x3F {
            0 => Self::Arch,
            4 => Self::StandardService,
            50..=63 => Self::TrustedOs,
            _ => Self::Other,
        }
    }
}

/// True for a fast call: bit 31.
#[must_use]
pub const fn is_fast(id: u32) -> bool {
    id >> 31 == 1
}

/// A call to the trusted OS, by its function id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SmcCall {
    /// A fast call.
    Fast(FastCall),
    /// A yielding call.
    Yielding(YieldingCall),
    /// A fast call that does not exist: UNKNOWN_FUNCTION.
    UnknownFast(u32),
    /// A yielding call that does not exist: EBADCMD.
    UnknownYielding(u32),
}

impl SmcCall {
    /// What a function id of the trusted OS asks for.
    #[must_use]
    pub fn decode(id: u32) -> Self {
        if is_fast(id) {
            FastCall::try_from(id).map_or(Self::UnknownFast(id), Self::Fast)
        } else {
            YieldingCall::try_from(id).map_or(Self::UnknownYielding(id), Self::Yielding)
        }
    }

    /// The function id.
    #[must_use]
    pub fn id(self) -> u32 {
        match self {
            Self::Fast(call) => call.into(),
            Self::Yielding(call) => call.into(),
            Self::UnknownFast(id) | Self::UnknownYielding(id) => id,
        }
    }
}

/// What L2CC_MUTEX is asked in a1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoPrimitive, TryFromPrimitive)]
#[repr(u32)]
pub enum L2ccMutex {
    /// Address of the mutex.
    GetAddr = 0,
    /// Sets the address.
    SetAddr = 1,
    /// Switches it on.
    Enable = 2,
    /// Switches it off.
    Disable = 3,
}

/// A 64-bit value of two registers, high half first.
#[must_use]
pub const fn from_halves(high: u32, low: u32) -> u64 {
    (high as u64) << 32 | low as u64
}

/// The high and the low half of a 64-bit value.
#[must_use]
pub const fn halves(value: u64) -> (u32, u32) {
    ((value >> 32) as u32, (value & 0xFFFF_FFFF) as u32)
}

/// Fast calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoPrimitive, TryFromPrimitive)]
#[repr(u32)]
pub enum FastCall {
    /// CALLS_COUNT
    CallsCount = 0xBF00_FF00,
    /// CALLS_UID
    CallsUid = 0xBF00_FF01,
    /// CALLS_REVISION
    CallsRevision = 0xBF00_FF03,
    /// GET_OS_UUID
    GetOsUuid = 0xB200_0000,
    /// GET_OS_REVISION
    GetOsRevision = 0xB200_0001,
    /// GET_SHM_CONFIG
    GetShmConfig = 0xB200_0007,
    /// L2CC_MUTEX
    L2ccMutex = 0xB200_0008,
    /// EXCHANGE_CAPABILITIES
    ExchangeCapabilities = 0xB200_0009,
    /// DISABLE_SHM_CACHE
    DisableShmCache = 0xB200_000A,
    /// ENABLE_SHM_CACHE
    EnableShmCache = 0xB200_000B,
    /// BOOT_SECONDARY
    BootSecondary = 0xB200_000C,
    /// VM_CREATED
    VmCreated = 0xB200_000D,
    /// VM_DESTROYED
    VmDestroyed = 0xB200_000E,
    /// GET_THREAD_COUNT
    GetThreadCount = 0xB200_000F,
    /// ENABLE_ASYNC_NOTIF
    EnableAsyncNotif = 0xB200_0010,
    /// GET_ASYNC_NOTIF_VALUE
    GetAsyncNotifValue = 0xB200_0011,
    /// GET_PROTMEM_CONFIG
    GetProtmemConfig = 0xB200_0014,
}

/// Yielding calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoPrimitive, TryFromPrimitive)]
#[repr(u32)]
pub enum YieldingCall {
    /// CALL_RETURN_FROM_RPC
    ReturnFromRpc = 0x3200_0003,
    /// CALL_WITH_ARG
    WithArg = 0x3200_0004,
    /// CALL_WITH_RPC_ARG
    WithRpcArg = 0x3200_0012,
    /// CALL_WITH_REGD_ARG
    WithRegdArg = 0x3200_0013,
}

/// Return codes in a0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, TryFromPrimitive)]
#[repr(u32)]
pub enum ReturnCode {
    /// OK
    Ok = 0,
    /// ETHREAD_LIMIT
    EThreadLimit = 1,
    /// EBUSY
    EBusy = 2,
    /// ERESUME
    EResume = 3,
    /// EBADADDR
    EBadAddr = 4,
    /// EBADCMD
    EBadCmd = 5,
    /// ENOMEM
    ENoMem = 6,
    /// ENOTAVAIL
    ENotAvail = 7,
}

impl ReturnCode {
    /// The raw code.
    #[must_use]
    pub const fn raw(self) -> u32 {
        self as u32
    }
}

bitflags! {
    /// Secure-world capabilities.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Capabilities: u32 {
        /// Reserved shared memory.
        const RESERVED_SHM = 1 << 0;
        /// Unregistered shared memory.
        const UNREGISTERED_SHM = 1 << 1;
        /// Dynamic shared memory.
        const DYNAMIC_SHM = 1 << 2;
        /// Virtualization.
        const VIRTUALIZATION = 1 << 3;
        /// NULL memory references.
        const MEMREF_NULL = 1 << 4;
        /// Asynchronous notifications.
        const ASYNC_NOTIF = 1 << 5;
        /// RPC argument allocated with the call.
        const RPC_ARG = 1 << 6;
        /// RPMB probing.
        const RPMB_PROBE = 1 << 7;
        /// Protected memory.
        const PROTMEM = 1 << 8;
        /// Dynamic protected memory.
        const DYNAMIC_PROTMEM = 1 << 9;
    }
}

/// RPC returns: low half of an a0 whose high half is all ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, TryFromPrimitive)]
#[repr(u32)]
pub enum RpcReturn {
    /// Allocate memory for a message.
    Alloc = 0,
    /// Free such memory.
    Free = 2,
    /// A normal-world interrupt is pending.
    ForeignInterrupt = 4,
    /// A command stands in the RPC message.
    Cmd = 5,
}

/// High half of an a0 that is an RPC.
pub const RPC_PREFIX: u32 = 0xFFFF_0000;

/// The a0 of an RPC.
#[must_use]
pub const fn rpc_return(rpc: RpcReturn) -> u32 {
    RPC_PREFIX | rpc as u32
}

/// The RPC that an a0 asks for; `None` when it is a result.
#[must_use]
pub fn rpc_of(a0: u32) -> Option<Result<RpcReturn, u32>> {
    if a0 == UNKNOWN_FUNCTION || a0 & RPC_PREFIX != RPC_PREFIX {
        return None;
    }
    Some(RpcReturn::try_from(a0 & !RPC_PREFIX).map_err(|_| a0))
}

#[cfg(test)]
mod tests {
    use super::{FastCall, Owner, RpcReturn, SmcCall, UNKNOWN_FUNCTION, YieldingCall, from_halves, halves, is_fast, rpc_of, rpc_return};
    use proptest::prelude::{any, prop_assert_eq, proptest};

    proptest! {
        #[test]
        fn every_id_is_decoded_and_kept(id in any::<u32>()) {
            prop_assert_eq!(SmcCall::decode(id).id(), id);
            let fast = matches!(SmcCall::decode(id), SmcCall::Fast(_) | SmcCall::UnknownFast(_));
            prop_assert_eq!(fast, is_fast(id));
        }

        #[test]
        fn halves_round_trip(value in any::<u64>()) {
            let (high, low) = halves(value);
            prop_assert_eq!(from_halves(high, low), value);
        }
    }

    #[test]
    fn calls_belong_to_the_trusted_os() {
        let mut fast = 0;
        for id in (0xB200_0000..0xB200_0100).chain(0xBF00_FF00..=0xBF00_FFFF) {
            assert_eq!(Owner::of(id), Owner::TrustedOs);
            fast += u32::from(matches!(SmcCall::decode(id), SmcCall::Fast(_)));
        }
        assert_eq!(fast, 17);
        assert_eq!(SmcCall::decode(0x3200_0004), SmcCall::Yielding(YieldingCall::WithArg));
        assert_eq!(SmcCall::decode(0xBF00_FF01), SmcCall::Fast(FastCall::CallsUid));
        assert_eq!(SmcCall::decode(0x3200_0005), SmcCall::UnknownYielding(0x3200_0005));
        assert_eq!(Owner::of(0x8400_0000), Owner::StandardService);
        assert_eq!(Owner::of(0x8000_0000), Owner::Arch);
        assert_eq!(Owner::of(0xB100_0000), Owner::Other);
    }

    #[test]
    fn rpcs_are_told_from_results() {
        for rpc in [RpcReturn::Alloc, RpcReturn::Free, RpcReturn::ForeignInterrupt, RpcReturn::Cmd] {
            assert_eq!(rpc_of(rpc_return(rpc)), Some(Ok(rpc)));
        }
        assert_eq!(rpc_of(0xFFFF_0001), Some(Err(0xFFFF_0001)));
        for result in [0, 1, 7, UNKNOWN_FUNCTION] {
            assert_eq!(rpc_of(result), None);
        }
    }
}
