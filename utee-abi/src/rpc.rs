// SPDX-License-Identifier: BSD-2-Clause
//! Requests of the secure world to the normal world (OP-TEE ABI, RPC commands).

use num_enum::{IntoPrimitive, TryFromPrimitive};

/// NOTIFICATION value a: wait.
pub const NOTIFICATION_WAIT: u64 = 0;
/// NOTIFICATION value a: send.
pub const NOTIFICATION_SEND: u64 = 1;

/// Commands in an RPC message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoPrimitive, TryFromPrimitive)]
#[repr(u32)]
pub enum RpcCommand {
    /// LOAD_TA
    LoadTa = 0,
    /// RPMB
    Rpmb = 1,
    /// FS
    Fs = 2,
    /// GET_TIME
    GetTime = 3,
    /// NOTIFICATION
    Notification = 4,
    /// SUSPEND
    Suspend = 5,
    /// SHM_ALLOC
    ShmAlloc = 6,
    /// SHM_FREE
    ShmFree = 7,
    /// GPROF
    Gprof = 9,
    /// SOCKET
    Socket = 10,
    /// FTRACE
    Ftrace = 11,
    /// SUPP_PLUGIN
    SuppPlugin = 12,
    /// I2C_TRANSFER
    I2cTransfer = 21,
    /// RPMB_PROBE_RESET
    RpmbProbeReset = 22,
    /// RPMB_PROBE_NEXT
    RpmbProbeNext = 23,
    /// RPMB_FRAMES
    RpmbFrames = 24,
}

impl RpcCommand {
    /// The number in the message.
    #[must_use]
    pub fn raw(self) -> u32 {
        self.into()
    }
}

/// Sub-commands of FS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoPrimitive, TryFromPrimitive)]
#[repr(u32)]
pub enum FsCommand {
    /// OPEN
    Open = 0,
    /// CREATE
    Create = 1,
    /// CLOSE
    Close = 2,
    /// READ
    Read = 3,
    /// WRITE
    Write = 4,
    /// TRUNCATE
    Truncate = 5,
    /// REMOVE
    Remove = 6,
    /// RENAME
    Rename = 7,
    /// OPENDIR
    OpenDir = 8,
    /// CLOSEDIR
    CloseDir = 9,
    /// READDIR
    ReadDir = 10,
}
