// SPDX-License-Identifier: BSD-2-Clause
//! Real-time clock for the normal world.

use crate::uuid::Uuid;
use num_enum::{IntoPrimitive, TryFromPrimitive};

/// UUID.
pub const UUID: Uuid = Uuid::new(0xf389_f8c8, 0x845f, 0x496c, [0x8b, 0xbe, 0xd6, 0x4b, 0xd2, 0x4c, 0x92, 0xfd]);

/// Version of the information.
pub const INFO_VERSION: u64 = 1;
/// Bytes of a time: u32 each for second, minute, hour, day, month, year, day of the week.
pub const TIME_SIZE: usize = 28;

/// Where the time of an alarm stands, behind its two bytes.
pub const ALARM_TIME: usize = 4;
/// Bytes of an alarm.
pub const ALARM_SIZE: usize = ALARM_TIME + TIME_SIZE;

bitflags::bitflags! {
    /// What the clock can do.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Features: u64 {
        /// Its rate can be corrected.
        const CORRECTION = 1;
        /// It has an alarm.
        const ALARM = 2;
        /// The alarm can wake the machine.
        const WAKE_ALARM = 4;
    }
}

/// Commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoPrimitive, TryFromPrimitive)]
#[repr(u32)]
pub enum Command {
    /// Information: p0 memref out (u64 version, u64 [`Features`], first and last time).
    GetInfo = 0,
    /// Time: p0 memref out.
    GetTime = 1,
    /// Sets it: p0 memref in.
    SetTime = 2,
    /// Correction: p0 value out.
    GetOffset = 3,
    /// Sets it: p0 value in.
    SetOffset = 4,
    /// Alarm: p0 memref out (u8 enabled, u8 pending, time).
    ReadAlarm = 5,
    /// Sets it: p0 memref in.
    SetAlarm = 6,
    /// Switches it: p0 value in.
    EnableAlarm = 7,
    /// Waits for it: p0 value out (0 nothing, 1 alarm, 2 cancelled).
    WaitAlarm = 8,
    /// Ends the waiting.
    CancelWait = 9,
    /// Whether it wakes the machine: p0 value in.
    SetWakeAlarmStatus = 10,
}
