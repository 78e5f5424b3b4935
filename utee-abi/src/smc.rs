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
