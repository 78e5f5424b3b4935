// SPDX-License-Identifier: BSD-2-Clause
//! Counter with CBC-MAC for data that comes in pieces (SP 800-38C, RFC 3610).

use super::ae::{MAX_TAG, Start};
use super::block::{Block, MAX_BLOCK, xor};
use super::ctr::Counter;
use super::mac::CbcMac;
use utee_abi::result::TeeError;
use zeroize::Zeroize;

/// CCM under way.
#[derive(Clone)]
pub struct Ccm {
    mac: CbcMac,
    counter: Counter,
    /// Encrypted counter block 0, which the tag is hidden by.
    mask: [u8; MAX_BLOCK],
    aad_left: u64,
    payload_left: u64,
}

impl Ccm {
    /// Starts with a nonce of 7 to 13 bytes.
    ///
    /// # Errors
    /// BAD_PARAMETERS for another one, or for more payload than the counter beside it can number.
    pub fn new(block: Block, start: &Start<'_>) -> Result<Self, TeeError> {
        let nonce = start.nonce;
        if !(7..=13).contains(&nonce.len()) || block.size() != MAX_BLOCK {
            return Err(TeeError::BAD_PARAMETERS);
        }
        let width = 15usize.saturating_sub(nonce.len());
        if width < 8 && start.payload_len >> (8 * width) != 0 {
            return Err(TeeError::BAD_PARAMETERS);
        }
        let small = |number: usize| u8::try_from(number).unwrap_or(0);
        let with_aad = if start.aad_len > 0 { 0x40 } else { 0 };
        let tag_code = small(start.tag_len.saturating_sub(2) / 2) << 3;
        let flags = small(width.saturating_sub(1));

        let mut counter = [0; MAX_BLOCK];
        for (to, from) in counter.iter_mut().zip([flags].iter().chain(nonce)) {
            *to = *from;
        }
        let mut first = counter;
        first.iter_mut().take(1).for_each(|byte| *byte |= with_aad | tag_code);
        for (to, from) in first.iter_mut().rev().take(width).zip(start.payload_len.to_le_bytes()) {
            *to = from;
        }
        let mut mac = CbcMac::new(block);
        mac.update(&first);
        match u16::try_from(start.aad_len) {
            Ok(0) => {}
            Ok(short) if short < 0xFF00 => mac.update(&short.to_be_bytes()),
            _ => match u32::try_from(start.aad_len) {
                Ok(middle) => {
                    mac.update(&[0xFF, 0xFE]);
                    mac.update(&middle.to_be_bytes());
                }
                Err(_) => {
                    mac.update(&[0xFF, 0xFF]);
                    mac.update(&start.aad_len.to_be_bytes());
                }
            },
        }
        let mut mask = counter;
        mac.block().encrypt(&mut mask);
        Ok(Self { mac, counter: Counter::after(counter, width), mask, aad_left: start.aad_len, payload_left: start.payload_len })
    }

    /// Checks that so much additional data may come.
    ///
    /// # Errors
    /// BAD_PARAMETERS.
    pub fn admits_aad(&self, len: u64) -> Result<(), TeeError> {
        if len <= self.aad_left { Ok(()) } else { Err(TeeError::BAD_PARAMETERS) }
    }

    /// Takes in additional data.
    pub fn aad(&mut self, data: &[u8]) {
        self.mac.update(data);
        self.aad_left = self.aad_left.saturating_sub(data.len() as u64);
    }

    /// Ends the additional data.
    pub fn end_aad(&mut self) {
        self.mac.pad();
    }

    /// Checks that so much payload may come.
    ///
    /// # Errors
    /// BAD_STATE while additional data is missing; BAD_PARAMETERS.
    pub fn admits_payload(&self, len: u64) -> Result<(), TeeError> {
        if self.aad_left > 0 {
            return Err(TeeError::BAD_STATE);
        }
        if len <= self.payload_left { Ok(()) } else { Err(TeeError::BAD_PARAMETERS) }
    }

    /// Works on payload in place.
    pub fn payload(&mut self, data: &mut [u8], decrypts: bool) {
        self.payload_left = self.payload_left.saturating_sub(data.len() as u64);
        if !decrypts {
            self.mac.update(data);
        }
        self.counter.apply(self.mac.block(), data);
        if decrypts {
            self.mac.update(data);
        }
    }

    /// The tag.
    ///
    /// # Errors
    /// BAD_STATE when less came than was said at the start.
    pub fn tag(&mut self) -> Result<[u8; MAX_TAG], TeeError> {
        if self.aad_left > 0 || self.payload_left > 0 {
            return Err(TeeError::BAD_STATE);
        }
        self.mac.pad();
        let mut tag = self.mac.chain();
        xor(&mut tag, &self.mask);
        Ok(tag)
    }
}

impl Drop for Ccm {
    fn drop(&mut self) {
        self.mask.zeroize();
    }
}
