// SPDX-License-Identifier: BSD-2-Clause
//! Keys that are derived from the hardware-unique key (OP-TEE ABI, key derivation from the HUK).

use crate::ports::Platform;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

/// What a derived key is for. OP-TEE's own purposes are small numbers; these are none of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Purpose {
    /// Authenticates the versions of TAs that the normal world stores.
    TaVersions = 0x4F58_0001,
}

/// Bytes of a derived key.
pub const KEY_SIZE: usize = 32;

/// The key for a purpose: HMAC-SHA-256 of the hardware-unique key over the purpose's number. `None` never comes, as HMAC
/// takes keys of any length; a key that anybody knows would be worse.
pub fn subkey<P: Platform>(platform: &P, purpose: Purpose) -> Option<Zeroizing<[u8; KEY_SIZE]>> {
    let hardware = Zeroizing::new(platform.hardware_key());
    let mut mac = Hmac::<Sha256>::new_from_slice(hardware.as_slice()).ok()?;
    mac.update(&(purpose as u32).to_le_bytes());
    let mut key = Zeroizing::new([0; KEY_SIZE]);
    key.copy_from_slice(&mac.finalize().into_bytes());
    Some(key)
}

/// HMAC-SHA-256 with the key for a purpose.
pub fn mac<P: Platform>(platform: &P, purpose: Purpose) -> Option<Hmac<Sha256>> {
    Hmac::<Sha256>::new_from_slice(subkey(platform, purpose)?.as_slice()).ok()
}
