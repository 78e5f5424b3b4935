// SPDX-License-Identifier: BSD-2-Clause
//! The hardware-unique key, and keys that are derived from it (OP-TEE ABI, key derivation from the HUK).

use crate::ports::{Platform, Sealed};
use core::fmt;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use utee_abi::boot_image::{Archive, KIND_PRODUCT};
use utee_abi::htree;
use utee_abi::result::TeeError;
use utee_abi::uuid::Uuid;
use zeroize::Zeroizing;

/// What is behind a hardware-unique key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// A secret of this device alone, which its hardware vouches for.
    Device,
    /// What the hardware uses while it does not trust its state, the same on every chip; with the reason.
    Test(&'static str),
    /// What a board without such a key takes in its place; with what that is.
    StandIn(&'static str),
}

/// A hardware-unique key. It is wiped when it is dropped, and does not print.
#[derive(Clone)]
pub struct HardwareKey {
    bytes: Zeroizing<[u8; Self::SIZE]>,
    state: KeyState,
}

/// What keeps the key of this apart from anything else that is made of the same secret.
const LABEL: &[u8] = b"oxtee hardware-unique key";

impl HardwareKey {
    /// Bytes of a key, as in OP-TEE.
    pub const SIZE: usize = 16;

    /// These bytes as a key.
    pub fn new(bytes: [u8; Self::SIZE], state: KeyState) -> Self {
        Self { bytes: Zeroizing::new(bytes), state }
    }

    /// The key made of what the hardware derived from its own secret, of any length: the first half of HMAC-SHA-256 of that over
    /// a label.
    ///
    /// # Errors
    /// GENERIC for nothing at all.
    pub fn derived(secret: &[u8], state: KeyState) -> Result<Self, TeeError> {
        if secret.is_empty() {
            return Err(TeeError::GENERIC);
        }
        let mut mac = Hmac::<Sha256>::new_from_slice(secret).map_err(|_| TeeError::GENERIC)?;
        mac.update(LABEL);
        let mut key = Self::new([0; Self::SIZE], state);
        let code = Zeroizing::new(<[u8; 32]>::from(mac.finalize().into_bytes()));
        for (to, from) in key.bytes.iter_mut().zip(code.iter()) {
            *to = *from;
        }
        Ok(key)
    }

    /// What is behind it.
    pub fn state(&self) -> KeyState {
        self.state
    }

    /// Its bytes.
    pub fn bytes(&self) -> &[u8; Self::SIZE] {
        &self.bytes
    }
}

impl fmt::Debug for HardwareKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HardwareKey").field("state", &self.state).finish_non_exhaustive()
    }
}

/// Whether the boot image was made for a product.
pub fn is_product<P: Platform>(platform: &P) -> bool {
    Archive::read(platform.boot_archive().bytes()).is_some_and(|archive| archive.entries().any(|entry| entry.kind == KIND_PRODUCT))
}

/// The hardware-unique key, if it may be used: in an image that was made for a product, only one that no other device has.
///
/// # Errors
/// SECURITY for a key that may not be used, and what the board fails with.
pub fn hardware<P: Platform>(platform: &P) -> Result<HardwareKey, TeeError> {
    let key = platform.hardware_key()?;
    if key.state() != KeyState::Device && is_product(platform) { Err(TeeError::SECURITY) } else { Ok(key) }
}

/// What a derived key is for. OP-TEE's own purposes are small numbers; these are none of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Purpose {
    /// Authenticates the versions of TAs that the normal world stores.
    TaVersions = 0x4F58_0001,
    /// Seeds the key that [`crate::pta::attestation`] signs with.
    Attestation = 0x4F58_0003,
    /// Encrypts the file that this key is kept in.
    AttestationFile = 0x4F58_0004,
    /// Shows on the console that there is one, and is used for nothing.
    Demonstration = 0x4F58_0002,
    /// Authenticates the times of TAs that the normal world stores.
    TaTimes = 0x4F58_0008,
}

/// Bytes of a derived key.
pub const KEY_SIZE: usize = 32;

/// OP-TEE's number of the purpose of [`ta_key`].
const USAGE_TA_KEY: u32 = 3;

/// HMAC-SHA-256 of the hardware-unique key, begun with the number of what the result is for.
fn begin<P: Platform>(platform: &P, usage: u32) -> Result<Hmac<Sha256>, TeeError> {
    let hardware = hardware(platform)?;
    let mut mac = Hmac::<Sha256>::new_from_slice(hardware.bytes()).map_err(|_| TeeError::GENERIC)?;
    mac.update(&usage.to_le_bytes());
    Ok(mac)
}

fn finish(mac: Hmac<Sha256>) -> Zeroizing<[u8; KEY_SIZE]> {
    let mut key = Zeroizing::new([0; KEY_SIZE]);
    key.copy_from_slice(&mac.finalize().into_bytes());
    key
}

/// The key for a purpose: HMAC-SHA-256 of the hardware-unique key over the purpose's number.
///
/// # Errors
/// As [`hardware`]: a key that anybody knows would be worse than none.
pub fn subkey<P: Platform>(platform: &P, purpose: Purpose) -> Result<Zeroizing<[u8; KEY_SIZE]>, TeeError> {
    begin(platform, purpose as u32).map(finish)
}

/// A key that only one TA on one device can have: as OP-TEE derives it, so that a TA finds the same key again on the same
/// hardware-unique key. `extra` feeds what the TA tells its keys apart by.
///
/// # Errors
/// As [`subkey`], and those of `extra`.
pub fn ta_key<P: Platform>(
    platform: &P,
    ta: &Uuid,
    extra: impl FnOnce(&mut dyn FnMut(&[u8])) -> Result<(), TeeError>,
) -> Result<Zeroizing<[u8; KEY_SIZE]>, TeeError> {
    let mut mac = begin(platform, USAGE_TA_KEY)?;
    mac.update(&ta.to_memory());
    extra(&mut |part| mac.update(part))?;
    Ok(finish(mac))
}

/// The key that the keys of a TA's files are encrypted with, or of the files that belong to none: as OP-TEE derives it where it is built
/// to be compatible with itself, so that its files open on the same hardware-unique key.
///
/// # Errors
/// As [`subkey`].
pub fn storage_key<P: Platform>(platform: &P, owner: Option<&Uuid>) -> Result<Zeroizing<[u8; KEY_SIZE]>, TeeError> {
    let begin = |key: &[u8]| Hmac::<Sha256>::new_from_slice(key).map_err(|_| TeeError::GENERIC);
    let mut of_all = begin(hardware(platform)?.bytes())?;
    of_all.update(&htree::SSK_CHIP_ID);
    of_all.update(&htree::SSK_LABEL);
    let mut of_owner = begin(finish(of_all).as_slice())?;
    match owner {
        Some(ta) => of_owner.update(&ta.to_memory()),
        None => of_owner.update(&htree::NO_OWNER),
    }
    Ok(finish(of_owner))
}

/// HMAC-SHA-256 with the key for a purpose.
///
/// # Errors
/// As [`subkey`].
pub fn mac<P: Platform>(platform: &P, purpose: Purpose) -> Result<Hmac<Sha256>, TeeError> {
    Hmac::<Sha256>::new_from_slice(subkey(platform, purpose)?.as_slice()).map_err(|_| TeeError::GENERIC)
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::{HardwareKey, KeyState};
    use std::format;
    use utee_abi::result::TeeError;

    #[test]
    fn a_key_made_of_a_secret_is_not_the_secret() {
        let secret = [0x11; 32];
        let key = HardwareKey::derived(&secret, KeyState::Device).unwrap();
        // HMAC-SHA-256 as `openssl dgst -mac HMAC` gives it.
        let expected = 0x1a92_cb88_6f16_d489_e74f_5d8d_d97d_c7ac_u128.to_be_bytes();
        assert_eq!(key.bytes(), &expected);
        assert_ne!(HardwareKey::derived(&secret[..31], KeyState::Device).unwrap().bytes(), key.bytes());
        assert_eq!(HardwareKey::derived(&[], KeyState::Device).unwrap_err(), TeeError::GENERIC);
    }

    #[test]
    fn a_key_does_not_print() {
        let text = format!("{:?}", HardwareKey::new([0xAB; 16], KeyState::Test("open chip")));
        assert_eq!(text, "HardwareKey { state: Test(\"open chip\"), .. }");
    }
}
