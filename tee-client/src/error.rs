// SPDX-License-Identifier: BSD-2-Clause
//! Errors: a code and who it comes from.

use core::fmt;
use utee_abi::result::{Origin, TeeError};

/// Why a call failed (GlobalPlatform TEE Client API 1.0, sections 4.4.2 and 4.4.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Error {
    /// The code.
    pub code: TeeError,
    /// Who it comes from.
    pub origin: Origin,
}

impl Error {
    /// An error that the client side itself found.
    #[must_use]
    pub const fn api(code: TeeError) -> Self {
        Self { code, origin: Origin::Api }
    }

    /// An error of the way between the worlds.
    #[must_use]
    pub const fn comms(code: TeeError) -> Self {
        Self { code, origin: Origin::Comms }
    }

    /// What a raw result and a raw origin stand for.
    ///
    /// # Errors
    /// The error, when the result is not 0. An origin that does not exist counts as the way between the worlds.
    pub fn check(result: u32, origin: u32) -> Result<(), Self> {
        let origin = |code| Self { code, origin: Origin::try_from(origin).unwrap_or(Origin::Comms) };
        TeeError::check(result).map_err(origin)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let origin = match self.origin {
            Origin::Api => "the client",
            Origin::Comms => "the way to the TEE",
            Origin::Tee => "the TEE",
            Origin::TrustedApp => "the TA",
        };
        write!(f, "{} from {origin}", self.code)
    }
}

impl core::error::Error for Error {}
