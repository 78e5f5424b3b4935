// SPDX-License-Identifier: BSD-2-Clause
//! Authenticated encryption: CCM and GCM behind one type.

use super::block::Kind;
use super::ccm::Ccm;
use super::gcm::Gcm;
use crate::crypto::engine::MaybeEngine;
use subtle::ConstantTimeEq;
use utee_abi::crypto::AlgorithmId as Id;
use utee_abi::result::TeeError;
use zeroize::Zeroize;

/// Longest tag in bytes.
pub const MAX_TAG: usize = 16;

/// Longest nonce in bytes that a TA may give.
pub const MAX_NONCE: usize = 512;

/// How it is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// Counter with CBC-MAC (SP 800-38C).
    Ccm,
    /// Galois/counter mode (SP 800-38D).
    Gcm,
}

/// The rows.
pub const ROWS: &[(Id, (Kind, Scheme))] = &[(Id::AES_CCM, (Kind::Aes, Scheme::Ccm)), (Id::AES_GCM, (Kind::Aes, Scheme::Gcm))];

/// What the TA says when it starts.
#[derive(Clone, Copy, Debug)]
pub struct Start<'a> {
    /// Nonce.
    pub nonce: &'a [u8],
    /// Bytes of the tag.
    pub tag_len: usize,
    /// Bytes of additional data; counts for CCM only.
    pub aad_len: u64,
    /// Bytes of payload; counts for CCM only.
    pub payload_len: u64,
}

#[derive(Clone)]
enum Inner {
    Ccm(Ccm),
    Gcm(Gcm),
}

/// An encryption or decryption under way.
#[derive(Clone)]
pub struct Ae {
    inner: Inner,
    decrypts: bool,
    tag_len: usize,
    payload_begun: bool,
}

impl Ae {
    /// Starts, on `engine` if there is one.
    ///
    /// # Errors
    /// NOT_SUPPORTED for a tag of such a length; BAD_PARAMETERS for a key or nonce of a wrong length, or lengths that do not go with it.
    pub fn new(engine: MaybeEngine, kind: Kind, scheme: Scheme, decrypts: bool, key: &[u8], start: &Start<'_>) -> Result<Self, TeeError> {
        let allowed = match scheme {
            Scheme::Ccm => (4..=MAX_TAG).contains(&start.tag_len) && start.tag_len.is_multiple_of(2),
            Scheme::Gcm => (12..=MAX_TAG).contains(&start.tag_len),
        };
        if !allowed {
            return Err(TeeError::NOT_SUPPORTED);
        }
        let block = super::block::Block::new(engine, kind, key)?;
        let inner = match scheme {
            Scheme::Ccm => Inner::Ccm(Ccm::new(block, start)?),
            Scheme::Gcm => Inner::Gcm(Gcm::new(block, start.nonce)?),
        };
        Ok(Self { inner, decrypts, tag_len: start.tag_len, payload_begun: false })
    }

    /// Bytes of the tag.
    pub fn tag_len(&self) -> usize {
        self.tag_len
    }

    /// True for decryption.
    pub fn decrypts(&self) -> bool {
        self.decrypts
    }

    /// Checks that so many bytes of additional data may come.
    ///
    /// # Errors
    /// BAD_STATE after the payload has begun; BAD_PARAMETERS for more than there may be.
    pub fn admits_aad(&self, len: u64) -> Result<(), TeeError> {
        if self.payload_begun {
            return Err(TeeError::BAD_STATE);
        }
        match &self.inner {
            Inner::Ccm(ccm) => ccm.admits_aad(len),
            Inner::Gcm(gcm) => gcm.admits_aad(len),
        }
    }

    /// Takes in additional data, which was admitted.
    pub fn aad(&mut self, data: &[u8]) {
        match &mut self.inner {
            Inner::Ccm(ccm) => ccm.aad(data),
            Inner::Gcm(gcm) => gcm.aad(data),
        }
    }

    /// Checks that so many bytes of payload may come.
    ///
    /// # Errors
    /// BAD_STATE when additional data is missing; BAD_PARAMETERS for more than there may be.
    pub fn admits_payload(&self, len: u64) -> Result<(), TeeError> {
        match &self.inner {
            Inner::Ccm(ccm) => ccm.admits_payload(len),
            Inner::Gcm(gcm) => gcm.admits_payload(len),
        }
    }

    /// Works on payload in place, which was admitted.
    pub fn payload(&mut self, data: &mut [u8]) {
        if !self.payload_begun {
            self.payload_begun = true;
            match &mut self.inner {
                Inner::Ccm(ccm) => ccm.end_aad(),
                Inner::Gcm(gcm) => gcm.end_aad(),
            }
        }
        match &mut self.inner {
            Inner::Ccm(ccm) => ccm.payload(data, self.decrypts),
            Inner::Gcm(gcm) => gcm.payload(data, self.decrypts),
        }
    }

    /// The tag of what was taken in; [`Ae::tag_len`] says how much of it counts.
    ///
    /// # Errors
    /// BAD_STATE when less came than was said at the start.
    pub fn tag(&mut self) -> Result<[u8; MAX_TAG], TeeError> {
        self.payload(&mut []);
        match &mut self.inner {
            Inner::Ccm(ccm) => ccm.tag(),
            Inner::Gcm(gcm) => Ok(gcm.tag()),
        }
    }

    /// Compares the tag in constant time.
    ///
    /// # Errors
    /// MAC_INVALID; BAD_STATE as [`Ae::tag`].
    pub fn verify(&mut self, tag: &[u8]) -> Result<(), TeeError> {
        let mut computed = self.tag()?;
        let wanted = computed.get(..self.tag_len).ok_or(TeeError::GENERIC)?;
        let equal = bool::from(wanted.ct_eq(tag));
        computed.zeroize();
        if equal { Ok(()) } else { Err(TeeError::MAC_INVALID) }
    }
}
