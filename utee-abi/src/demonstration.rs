// SPDX-License-Identifier: BSD-2-Clause
//! The demonstration that the console of the TEE shows by `tee`: its TA, and how the normal-world kernel that ships takes
//! part. Oxtee's own; no other normal world need know of it.

use crate::uuid::Uuid;

/// The TA.
pub const TA: Uuid = Uuid::new(0x5dbd_9093, 0xf919, 0x4033, [0x9e, 0x53, 0x25, 0x79, 0x32, 0x44, 0x54, 0x22]);

/// Gives 16 random bytes: p0 and p1 value out.
pub const RANDOM: u32 = 0;
/// Gives p0 value inout back as it is.
pub const ECHO: u32 = 1;
/// Says [`COUNTS`] numbers, one a second.
pub const COUNT: u32 = 2;
/// Reads the word at p0 value in `a`, which is not the TA's to read.
pub const READ: u32 = 3;

/// How far everybody counts.
pub const COUNTS: u32 = 5;

/// Notification: the normal world is to show that it is non-secure, yield by [`YIELD`], and count.
pub const PROVE: u32 = 8;
/// Notification: the normal world is to try to read secure memory, and yield.
pub const REACH: u32 = 9;

/// Notification: the normal world is to derive a key with the DCP, the hardware's engine for that, and yield.
pub const DERIVE: u32 = 10;

/// SMC by which the normal world yields: a fast call of the trusted OS's range, which every EL3 with OP-TEE's dispatcher hands on.
///
/// After [`PROVE`] a1: 1 when it could not read SCR, 0 when it could; a4, a5: the answers to its calls for the white and for the blue
/// light ([`crate::light::SWITCH`]). After [`REACH`] a2: the status of the fault that it met in secure memory, 0 for none; a3: the
/// address. After [`DERIVE`] a1: 1 when it derived a key, whose words are a4 to a7, 0 when not; a2: the status of the fault that it met
/// at the DCP, 0 for none; a3: the address.
pub const YIELD: u32 = 0xB200_4F58;
