// SPDX-License-Identifier: BSD-2-Clause
//! Tests of the core, for `xtest`.

use crate::uuid::Uuid;
use num_enum::{IntoPrimitive, TryFromPrimitive};

/// UUID.
pub const UUID: Uuid = Uuid::new(0xd96a_5b40, 0xc3e5, 0x21e3, [0x87, 0x94, 0x10, 0x02, 0xa5, 0xd5, 0xc6, 0x1b]);

/// Test of mutexes: who writes.
pub const MUTEX_WRITER: u32 = 0;
/// Test of mutexes: who reads.
pub const MUTEX_READER: u32 = 1;
/// AES in [`Command::AesPerf`]: decrypt, in the first number beside the bits of the key.
pub const AES_DECRYPT: u32 = 1 << 16;

/// Modes of AES in [`Command::AesPerf`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoPrimitive, TryFromPrimitive)]
#[repr(u32)]
pub enum AesMode {
    /// ECB
    Ecb = 0,
    /// CBC
    Cbc = 1,
    /// CTR
    Ctr = 2,
    /// XTS
    Xts = 3,
    /// GCM
    Gcm = 4,
}

/// Commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoPrimitive, TryFromPrimitive)]
#[repr(u32)]
pub enum Command {
    /// Prints a line.
    Trace = 0,
    /// Checks parameters; what it does goes by their types.
    Params = 1,
    /// Tests the core.
    SelfTests = 2,
    /// Copies to secure data-path memory.
    CopyNsecToSecure = 3,
    /// Reads and changes it.
    ReadModifySecure = 4,
    /// Copies from it.
    CopySecureToNsec = 5,
    /// Tests the hash tree of storage.
    FsHtree = 6,
    /// Tests mutexes: p0 value in (0 writer, 1 reader; delay), p1 value out (concurrency).
    Mutex = 7,
    /// Tests the lock checker.
    Lockdep = 8,
    /// Measures AES: p0 value in (bits, decrypt << 16; mode), p1 value in (repeats, unit), p2 memref in, p3 memref out.
    AesPerf = 9,
    /// Checks a NULL memref: p0 memref inout.
    MemrefNull = 10,
    /// Results of the device-tree driver tests.
    DtDriver = 11,
    /// Tests the transfer list.
    TransferList = 12,
}
