// SPDX-License-Identifier: BSD-2-Clause
//! Keys that images are signed with in tests.

// Each test file uses its own part of this.
#![allow(dead_code)]

use rsa::PrivateKey;
use rsa::pkcs8::DecodePrivateKey;
use rsa::traits::PublicKeyParts;
use std::sync::LazyLock;
use ta_loader::RootKey;

pub(crate) struct Key {
    pub(crate) private: PrivateKey,
    pub(crate) modulus: Vec<u8>,
}

impl Key {
    fn read(pem: &str) -> Self {
        let private = PrivateKey::from_pkcs8_pem(pem).unwrap();
        let modulus = private.n().to_be_bytes_trimmed_vartime().into_vec();
        Self { private, modulus }
    }

    pub(crate) fn root(&self) -> RootKey<'_> {
        RootKey { exponent: 65537, modulus: &self.modulus }
    }
}

pub(crate) static KEY_2048: LazyLock<Key> = LazyLock::new(|| Key::read(include_str!("../keys/test-2048.pem")));
pub(crate) static KEY_3072: LazyLock<Key> = LazyLock::new(|| Key::read(include_str!("../keys/test-3072.pem")));
pub(crate) static KEY_4096: LazyLock<Key> = LazyLock::new(|| Key::read(include_str!("../keys/test-4096.pem")));
