// SPDX-License-Identifier: BSD-2-Clause
//! Why an image is not loaded.

use thiserror::Error;
use utee_abi::result::TeeError;

/// Why an image is not loaded. Everything that concerns the signed container is SECURITY towards clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum LoadError {
    /// The container is cut short or longer than it says.
    #[error("signed image has the wrong length")]
    Length,
    /// The first word is wrong.
    #[error("not a signed image")]
    Magic,
    /// The signature algorithm is not one that is accepted.
    #[error("signature algorithm not accepted")]
    Algorithm,
    /// Hash or signature have the wrong size for the algorithm.
    #[error("hash or signature of the wrong size")]
    Size,
    /// No root key verifies the signature.
    #[error("no root key verifies the signature")]
    Signature,
    /// The digest of the content is another one.
    #[error("content does not match the signed digest")]
    Digest,
    /// An encrypted image or one that is signed by a subkey.
    #[error("kind of image not supported")]
    ImageType,
    /// The image is another TA.
    #[error("image is for another UUID")]
    Uuid,
    /// The ELF file breaks a rule.
    #[error("ELF: {0}")]
    Elf(&'static str),
    /// The TA header breaks a rule.
    #[error("TA header: {0}")]
    Head(&'static str),
    /// There is no memory for the plan, or the TA is larger than the limits.
    #[error("TA too large")]
    Memory,
}

impl LoadError {
    /// The code that clients get.
    #[must_use]
    pub fn code(self) -> TeeError {
        match self {
            Self::Elf(_) | Self::Head(_) => TeeError::BAD_FORMAT,
            Self::Memory => TeeError::OUT_OF_MEMORY,
            _ => TeeError::SECURITY,
        }
    }
}
