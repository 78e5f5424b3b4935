// SPDX-License-Identifier: BSD-2-Clause
//! The registry of algorithms: a file a family, a row an algorithm.

pub mod ae;
pub mod block;
pub mod ccm;
pub mod cipher;
pub mod ctr;
pub mod curve25519;
#[cfg(test)]
mod curve_tests;
pub mod dh;
pub mod digest;
pub mod dsa;
pub mod ecc;
pub mod edwards;
pub mod gcm;
pub mod kdf;
pub mod mac;
pub mod numbers;
pub mod prime;
pub mod rsa;
mod rsa_padding;
pub mod sha2;
pub mod sm2;
#[cfg(test)]
pub(crate) mod tests;

use utee_abi::crypto::{Algorithm, AlgorithmId, ObjectType, OperationMode};

/// What serves an algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// A message digest.
    Digest(Algorithm),
    /// A message authentication code.
    Mac(mac::Code),
    /// A cipher.
    Cipher(block::Kind, cipher::Mode),
    /// Authenticated encryption.
    Ae(block::Kind, ae::Scheme),
    /// Derivation of keys from a secret.
    Derivation(kdf::Derivation),
    /// A curve of NIST: signature or agreement.
    Ecc(ecc::Use),
    /// RSA: encryption or signature.
    Rsa(rsa::Use),
    /// Signature by DSA, of digests of an algorithm.
    Dsa(Algorithm),
    /// Agreement modulo a prime.
    Dh,
    /// Curve25519 or Curve448.
    Edwards(edwards::Use),
    /// SM2.
    Sm2(sm2::Use),
}

/// What serves an algorithm; `None` when nothing does.
pub fn find(id: AlgorithmId) -> Option<Service> {
    fn row<T: Copy>(rows: &[(AlgorithmId, T)], id: AlgorithmId) -> Option<T> {
        rows.iter().find(|(row, _)| *row == id).map(|(_, what)| *what)
    }
    row(digest::ROWS, id)
        .map(Service::Digest)
        .or_else(|| row(cipher::ROWS, id).map(|(kind, mode)| Service::Cipher(kind, mode)))
        .or_else(|| row(mac::ROWS, id).map(Service::Mac))
        .or_else(|| row(ae::ROWS, id).map(|(kind, scheme)| Service::Ae(kind, scheme)))
        .or_else(|| row(kdf::ROWS, id).map(Service::Derivation))
        .or_else(|| row(ecc::ROWS, id).map(Service::Ecc))
        .or_else(|| row(rsa::ROWS, id).map(Service::Rsa))
        .or_else(|| row(dsa::ROWS, id).map(Service::Dsa))
        .or_else(|| row(dh::ROWS, id).map(|()| Service::Dh))
        .or_else(|| row(edwards::ROWS, id).map(Service::Edwards))
        .or_else(|| row(sm2::ROWS, id).map(Service::Sm2))
}

/// The types of the keys that an operation takes, first and second.
pub fn key_types(service: Service) -> [Option<ObjectType>; 2] {
    match service {
        Service::Digest(_) => [None, None],
        Service::Mac(code) => [Some(code.key_type()), None],
        Service::Cipher(kind, cipher::Mode::Xts) => [Some(kind.key_type()); 2],
        Service::Cipher(kind, _) | Service::Ae(kind, _) => [Some(kind.key_type()), None],
        Service::Derivation(derivation) => [Some(derivation.key_type()), None],
        Service::Ecc(ecc::Use::Sign(_)) => [Some(ObjectType::ECDSA_KEYPAIR), None],
        Service::Ecc(ecc::Use::Agree) => [Some(ObjectType::ECDH_KEYPAIR), None],
        Service::Rsa(_) => [Some(ObjectType::RSA_KEYPAIR), None],
        Service::Dsa(_) => [Some(ObjectType::DSA_KEYPAIR), None],
        Service::Dh => [Some(ObjectType::DH_KEYPAIR), None],
        Service::Edwards(of) => [Some(of.pair_type()), None],
        // Its key, and the one that it made for this exchange.
        Service::Sm2(sm2::Use::Exchange) => [Some(ObjectType::SM2_KEP_KEYPAIR); 2],
        Service::Sm2(of) => [Some(of.key_types()[0]), None],
    }
}

/// The type of the public keys that do as well, where no secret is needed.
pub fn public_type(service: Service, mode: OperationMode) -> Option<ObjectType> {
    match (service, mode) {
        (Service::Ecc(ecc::Use::Sign(_)), OperationMode::Verify) => Some(ObjectType::ECDSA_PUBLIC_KEY),
        (Service::Rsa(_), OperationMode::Encrypt | OperationMode::Verify) => Some(ObjectType::RSA_PUBLIC_KEY),
        (Service::Dsa(_), OperationMode::Verify) => Some(ObjectType::DSA_PUBLIC_KEY),
        (Service::Edwards(of), OperationMode::Verify) => of.public_type(),
        (Service::Sm2(of), OperationMode::Verify | OperationMode::Encrypt) => Some(of.key_types()[1]),
        _ => None,
    }
}
