// SPDX-License-Identifier: BSD-2-Clause
//! Requests of the secure world to the normal world (OP-TEE ABI, RPC commands).

use num_enum::{IntoPrimitive, TryFromPrimitive};

/// Bytes of the buffer in which the names of files travel.
pub const FS_NAME_SIZE: usize = 350;
/// Bytes of the card identification register of RPMB_PROBE_NEXT.
pub const RPMB_CID_SIZE: usize = 16;
/// RPMB_PROBE_NEXT value a: an eMMC device.
pub const RPMB_EMMC: u64 = 0;
/// SUPP_PLUGIN value a: invoke.
pub const PLUGIN_INVOKE: u64 = 0;
/// I2C_TRANSFER value a: read.
pub const I2C_READ: u64 = 0;
/// I2C_TRANSFER value a: write.
pub const I2C_WRITE: u64 = 1;
/// I2C_TRANSFER flag: addresses of ten bits.
pub const I2C_TEN_BIT: u64 = 1;
/// SHM_ALLOC alignment, in bytes.
pub const SHM_ALIGN: u64 = 8;

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

impl FsCommand {
    /// Number of parameters, which the supplicant insists on.
    #[must_use]
    pub const fn params(self) -> u32 {
        match self {
            Self::Close | Self::Truncate | Self::CloseDir => 1,
            Self::Read | Self::Write | Self::Remove | Self::ReadDir => 2,
            Self::Open | Self::Create | Self::Rename | Self::OpenDir => 3,
        }
    }
}

/// Who is to use memory of SHM_ALLOC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoPrimitive, TryFromPrimitive)]
#[repr(u32)]
pub enum ShmType {
    /// The supplicant.
    Application = 0,
    /// The normal world's kernel.
    Kernel = 1,
    /// Both.
    Global = 2,
}

/// Sub-commands of SOCKET.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoPrimitive, TryFromPrimitive)]
#[repr(u32)]
pub enum SocketCommand {
    /// OPEN
    Open = 0,
    /// CLOSE
    Close = 1,
    /// CLOSE_ALL
    CloseAll = 2,
    /// SEND
    Send = 3,
    /// RECV
    Recv = 4,
    /// IOCTL
    Ioctl = 5,
}

/// Numbers of notifications.
///
/// With asynchronous notifications the first 64 are those, and the ones that a thread waits for follow; without, the
/// latter begin at 0.
pub mod notification {
    /// Asynchronous: run the bottom half.
    pub const DO_BOTTOM_HALF: u32 = 0;
    /// Number of asynchronous notifications.
    pub const ASYNC_COUNT: u32 = 64;
    /// Bit of GET_ASYNC_NOTIF_VALUE: the value is one.
    pub const VALUE_VALID: u32 = 1 << 0;
    /// Bit of GET_ASYNC_NOTIF_VALUE: more are pending.
    pub const VALUE_PENDING: u32 = 1 << 1;
}

#[cfg(test)]
mod tests {
    use super::{FsCommand, RpcCommand, SocketCommand};

    #[test]
    fn only_known_commands_are_decoded() {
        let known = |raw: u32| raw <= 12 && raw != 8 || (21..=24).contains(&raw);
        for raw in 0..64 {
            assert_eq!(RpcCommand::try_from(raw).is_ok(), known(raw), "{raw}");
            assert_eq!(FsCommand::try_from(raw).is_ok(), raw <= 10);
            assert_eq!(SocketCommand::try_from(raw).is_ok(), raw <= 5);
        }
    }

    #[test]
    fn file_commands_have_as_many_parameters_as_the_supplicant_wants() {
        let all = (0..=10).map(|raw| FsCommand::try_from(raw).unwrap().params());
        assert!(all.eq([3, 3, 1, 2, 2, 1, 2, 3, 3, 1, 2]));
    }
}
