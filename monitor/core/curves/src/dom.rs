// SPDX-License-Identifier: BSD-2-Clause
//! What the signatures on both curves of RFC 7748 share.

use utee_abi::result::TeeError;

/// The variant of a signature.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dom<'c> {
    /// The digest of the message is signed.
    pub is_prehashed: bool,
    /// Bytes that set the use apart, 255 at most (RFC 8032, section 2).
    pub context: &'c [u8],
}

impl Dom<'_> {
    /// Neither a digest nor a context.
    pub fn is_pure(self) -> bool {
        !self.is_prehashed && self.context.is_empty()
    }

    /// The two bytes before the context.
    pub fn head(self) -> [u8; 2] {
        [u8::from(self.is_prehashed), u8::try_from(self.context.len()).unwrap_or(u8::MAX)]
    }
}

/// A signature that is being verified.
pub trait Verifying {
    /// Takes in a piece of the message.
    fn update(&mut self, part: &[u8]);

    /// Tells whether the signature is right.
    ///
    /// # Errors
    /// SIGNATURE_INVALID.
    fn finish(self) -> Result<(), TeeError>;
}
