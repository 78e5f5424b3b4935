// SPDX-License-Identifier: BSD-2-Clause
//! Lights of a board that the normal world may ask for: an SMC fast call of the trusted OS's range. Oxtee's own.

use crate::psci::{self, Error};
use num_enum::{IntoPrimitive, TryFromPrimitive};

/// Switches a light. a1: the [`Light`]; a2: 1 for on, 0 for off. a0: an [`Answer`].
pub const SWITCH: u32 = 0xB200_4F59;

/// A light.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoPrimitive, TryFromPrimitive)]
#[repr(u32)]
pub enum Light {
    /// The secure world's alone.
    White = 0,
    /// Lent to the normal world.
    Blue = 1,
}

/// What comes of asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoPrimitive, TryFromPrimitive)]
#[repr(u32)]
pub enum Answer {
    /// It is switched.
    Done = psci::SUCCESS,
    /// The board has no lights, or nobody knows of this call.
    NotSupported = Error::NotSupported.raw(),
    /// There is no such light, or it cannot be switched to that.
    Invalid = Error::InvalidParameters.raw(),
    /// It is the secure world's alone.
    Denied = Error::Denied.raw(),
}
