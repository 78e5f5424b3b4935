// SPDX-License-Identifier: BSD-2-Clause
//! The registry; published vectors, and that pieces make no difference, a file a family.

mod ciphers;
mod codes;
mod curves;

mod sealed;

use super::{Service, ae, cipher, dh, digest, dsa, ecc, edwards, find, kdf, mac, rsa, sm2};
use crate::crypto::engine::MaybeEngine;
use crate::testing::PortableEngine;
use std::vec::Vec;
use utee_abi::crypto::{AlgorithmId, OperationClass};

pub(crate) fn hex(digits: &str) -> Vec<u8> {
    let digits: Vec<u8> = digits.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(core::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

fn upto(from: u8, to: u8) -> Vec<u8> {
    (from..to).collect()
}

#[test]
fn every_id_is_served_once() {
    let rows: Vec<AlgorithmId> = (digest::ROWS.iter().map(|row| row.0))
        .chain(cipher::ROWS.iter().map(|row| row.0))
        .chain(mac::ROWS.iter().map(|row| row.0))
        .chain(ae::ROWS.iter().map(|row| row.0))
        .chain(kdf::ROWS.iter().map(|row| row.0))
        .chain(ecc::ROWS.iter().map(|row| row.0))
        .chain(rsa::ROWS.iter().map(|row| row.0))
        .chain(dsa::ROWS.iter().map(|row| row.0))
        .chain(dh::ROWS.iter().map(|row| row.0))
        .chain(edwards::ROWS.iter().map(|row| row.0))
        .chain(sm2::ROWS.iter().map(|row| row.0))
        .collect();
    for (name, id) in AlgorithmId::ALL {
        let count = rows.iter().filter(|row| *row == id).count();
        assert_eq!((count, find(*id).is_some()), (1, true), "{name}");
    }
    assert_eq!(rows.len(), AlgorithmId::ALL.len());
    assert!(find(AlgorithmId::from_raw(0)).is_none());
}

#[test]
fn what_serves_an_id_is_what_its_name_says() {
    for (name, id) in AlgorithmId::ALL {
        let class = match find(*id) {
            Some(Service::Digest(algorithm)) => {
                assert_eq!(id.raw(), u32::from(algorithm), "{name}");
                OperationClass::Digest
            }
            Some(Service::Mac(code)) => {
                assert_eq!(code.key_type().raw() & 0xFF, id.main_algorithm(), "{name}");
                OperationClass::Mac
            }
            Some(Service::Cipher(kind, mode)) => {
                assert_eq!(kind.key_type().raw() & 0xFF, id.main_algorithm(), "{name}");
                assert_eq!(mode as u32, id.chain_mode().min(4), "{name}");
                OperationClass::Cipher
            }
            Some(Service::Ae(..)) => OperationClass::AuthenticatedEncryption,
            Some(Service::Derivation(derivation)) => {
                assert!(name.contains(["HKDF", "CONCAT", "PBKDF2"][(derivation.key_type().raw() & 3) as usize]), "{name}");
                OperationClass::KeyDerivation
            }
            Some(Service::Ecc(ecc::Use::Agree) | Service::Sm2(sm2::Use::Exchange)) => OperationClass::KeyDerivation,
            Some(Service::Edwards(of)) if !of.signs() => OperationClass::KeyDerivation,
            Some(Service::Edwards(_) | Service::Sm2(sm2::Use::Sign)) => OperationClass::AsymmetricSignature,
            Some(Service::Sm2(sm2::Use::Encrypt)) => OperationClass::AsymmetricCipher,
            Some(Service::Ecc(ecc::Use::Sign(algorithm))) => {
                // The ids of these signatures count from SHA-1 on.
                // SHA-3 follows SHA-512 there, and SM3 stands between them in digests.
                let behind = if id.digest_number() > 5 { 2 } else { 1 };
                assert_eq!(u32::from(algorithm) & 0xFF, id.digest_number() + behind, "{name}");
                OperationClass::AsymmetricSignature
            }
            Some(Service::Rsa(how)) => {
                let (digest, mgf) = match how {
                    rsa::Use::Raw | rsa::Use::Pkcs1v15 | rsa::Use::SignPkcs1v15(None) => (0, 0),
                    rsa::Use::SignPkcs1v15(Some(digest)) => (u32::from(digest), 0),
                    // OAEP names one digest only.
                    rsa::Use::Oaep(digest) => (0, u32::from(digest)),
                    rsa::Use::SignPss(digest) => (u32::from(digest), u32::from(digest)),
                };
                assert_eq!((digest & 0xFF, mgf & 0xFF), (id.digest_number(), id.mgf_digest_number()), "{name}");
                if how.is_signature() { OperationClass::AsymmetricSignature } else { OperationClass::AsymmetricCipher }
            }
            Some(Service::Dsa(digest)) => {
                assert_eq!(u32::from(digest) & 0xFF, id.digest_number(), "{name}");
                OperationClass::AsymmetricSignature
            }
            Some(Service::Dh) => OperationClass::KeyDerivation,
            None => continue,
        };
        assert_eq!(Some(class), id.class(), "{name}");
    }
}

/// Portable code, and an engine.
const ENGINES: [MaybeEngine; 2] = [None, Some(&PortableEngine)];
