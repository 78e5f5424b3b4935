// SPDX-License-Identifier: BSD-2-Clause
//! Result codes and their origins (GlobalPlatform TEE Internal Core API 1.3.1, section 3.3.1).

use core::fmt;
use num_enum::{IntoPrimitive, TryFromPrimitive};

/// An error code; anything but 0. Codes that a TA makes up are errors as well.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TeeError(u32);

/// TEE_SUCCESS.
pub const SUCCESS: u32 = 0;

macro_rules! errors {
    ($($name:ident = $value:literal),* $(,)?) => {
        impl TeeError {
            $(
                #[doc = concat!("TEE_ERROR_", stringify!($name))]
                pub const $name: Self = Self($value);
            )*

            /// Every named code.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// Every named code, by its name in the C headers.
            pub const TABLE: &'static [(&'static str, u32)] = &[$((concat!("TEE_ERROR_", stringify!($name)), $value)),*];

            /// The name after `TEE_ERROR_`, if the code has one.
            #[must_use]
            pub const fn name(self) -> Option<&'static str> {
                match self.0 {
                    $($value => Some(stringify!($name)),)*
                    _ => None,
                }
            }
        }
    };
}

errors! {
    CORRUPT_OBJECT = 0xF010_0001,
    CORRUPT_OBJECT_2 = 0xF010_0002,
    STORAGE_NOT_AVAILABLE = 0xF010_0003,
    STORAGE_NOT_AVAILABLE_2 = 0xF010_0004,
    UNSUPPORTED_VERSION = 0xF010_0005,
    CIPHERTEXT_INVALID = 0xF010_0006,
    GENERIC = 0xFFFF_0000,
    ACCESS_DENIED = 0xFFFF_0001,
    CANCEL = 0xFFFF_0002,
    ACCESS_CONFLICT = 0xFFFF_0003,
    EXCESS_DATA = 0xFFFF_0004,
    BAD_FORMAT = 0xFFFF_0005,
    BAD_PARAMETERS = 0xFFFF_0006,
    BAD_STATE = 0xFFFF_0007,
    ITEM_NOT_FOUND = 0xFFFF_0008,
    NOT_IMPLEMENTED = 0xFFFF_0009,
    NOT_SUPPORTED = 0xFFFF_000A,
    NO_DATA = 0xFFFF_000B,
    OUT_OF_MEMORY = 0xFFFF_000C,
    BUSY = 0xFFFF_000D,
    COMMUNICATION = 0xFFFF_000E,
    SECURITY = 0xFFFF_000F,
    SHORT_BUFFER = 0xFFFF_0010,
    EXTERNAL_CANCEL = 0xFFFF_0011,
    TIMEOUT = 0xFFFF_3001,
    OVERFLOW = 0xFFFF_300F,
    TARGET_DEAD = 0xFFFF_3024,
    STORAGE_NO_SPACE = 0xFFFF_3041,
    MAC_INVALID = 0xFFFF_3071,
    SIGNATURE_INVALID = 0xFFFF_3072,
    TIME_NOT_SET = 0xFFFF_5000,
    TIME_NEEDS_RESET = 0xFFFF_5001,
}

impl TeeError {
    /// The result that a raw code stands for.
    ///
    /// # Errors
    /// The code, when it is not 0.
    pub const fn check(raw: u32) -> Result<(), Self> {
        if raw == SUCCESS { Ok(()) } else { Err(Self(raw)) }
    }

    /// The error of a raw code, named or not; `None` for success.
    #[must_use]
    pub const fn from_raw(raw: u32) -> Option<Self> {
        if raw == SUCCESS { None } else { Some(Self(raw)) }
    }

    /// The raw code.
    #[must_use]
    pub const fn raw(self) -> u32 {
        self.0
    }
}

/// The raw code of a result.
#[must_use]
pub fn raw(result: Result<(), TeeError>) -> u32 {
    result.err().map_or(SUCCESS, TeeError::raw)
}

impl fmt::Display for TeeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => write!(f, "TEE_ERROR_{name}"),
            None => write!(f, "TEE_Result {:#010x}", self.0),
        }
    }
}

impl fmt::Debug for TeeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl core::error::Error for TeeError {}

/// Who a result comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoPrimitive, TryFromPrimitive)]
#[repr(u32)]
pub enum Origin {
    /// The client API.
    Api = 1,
    /// The way between the worlds.
    Comms = 2,
    /// The TEE.
    Tee = 3,
    /// The trusted application.
    TrustedApp = 4,
}

impl Origin {
    /// The raw code.
    #[must_use]
    pub fn raw(self) -> u32 {
        self.into()
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::{Origin, TeeError};
    use std::string::ToString;

    #[test]
    fn codes_are_shown_by_their_name() {
        assert_eq!(TeeError::SHORT_BUFFER.to_string(), "TEE_ERROR_SHORT_BUFFER");
        assert_eq!(TeeError::from_raw(0x1234).unwrap().to_string(), "TEE_Result 0x00001234");
        assert_eq!(TeeError::from_raw(0), None);
        assert_eq!(super::raw(Err(TeeError::BUSY)), 0xFFFF_000D);
        assert_eq!(super::raw(Ok(())), 0);
    }

    #[test]
    fn origins_are_four() {
        for raw in 0..16 {
            assert_eq!(Origin::try_from(raw).map(Origin::raw).ok(), (1..=4).contains(&raw).then_some(raw));
        }
    }

    #[test]
    fn every_code_has_a_name_and_no_two_are_equal() {
        for (index, error) in TeeError::ALL.iter().enumerate() {
            assert!(error.name().is_some());
            assert_eq!(TeeError::check(error.raw()), Err(*error));
            assert!(TeeError::ALL[..index].iter().all(|other| other != error));
        }
        assert_eq!(TeeError::check(0), Ok(()));
    }
}
