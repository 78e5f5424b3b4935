// SPDX-License-Identifier: BSD-2-Clause
//! TAs that are signed by a subkey of a root key: accepted in their namespace, and nowhere else.

mod signing;

use rsa::Pkcs1v15Sign;
use sha2::{Digest, Sha256, Sha512};
use signing::{KEY_2048, KEY_3072, KEY_4096, Key};
use ta_loader::{LoadError, verify};
use utee_abi::crypto::AttributeId;
use utee_abi::image::{
    ALGO_RSASSA_PKCS1_V1_5_SHA256, ALGO_RSASSA_PSS_SHA256, BootstrapHeader, ImageType, MAGIC, SignedHeader, SubkeyRecord,
};
use utee_abi::result::TeeError;
use utee_abi::uuid::Uuid;

const PAYLOAD: &[u8] = b"\x7fELF, as far as this test is concerned";

fn uuid(n: u8) -> Uuid {
    Uuid::from_octets([n; 16])
}

fn link(key: &Key, img_type: ImageType, sub: &[u8], payload: &[u8]) -> Vec<u8> {
    let header = SignedHeader {
        magic: MAGIC,
        img_type: img_type.into(),
        img_size: payload.len() as u32,
        algo: ALGO_RSASSA_PKCS1_V1_5_SHA256,
        hash_size: 32,
        sig_size: key.modulus.len() as u16,
    };
    let hash = Sha256::new().chain_update(header.to_bytes()).chain_update(sub).chain_update(payload).finalize();
    let signature = key.private.sign(Pkcs1v15Sign::new::<Sha256>(), &hash).unwrap();
    [&header.to_bytes()[..], &hash, &signature, sub, payload].concat()
}

fn ta(key: &Key, uuid: Uuid) -> Vec<u8> {
    link(key, ImageType::Bootstrap, &BootstrapHeader { uuid, ta_version: 3 }.to_bytes(), PAYLOAD)
}

/// A subkey as it is signed.
#[derive(Clone)]
struct Subkey<'k> {
    key: &'k Key,
    uuid: Uuid,
    depth: u32,
    algo: u32,
    name: &'k [u8],
    /// Changes the record before it is signed.
    edit: fn(&mut Vec<u8>),
}

impl<'k> Subkey<'k> {
    fn new(key: &'k Key, uuid: Uuid, depth: u32, name: &'k [u8]) -> Self {
        Self { key, uuid, depth, algo: ALGO_RSASSA_PSS_SHA256, name, edit: |_| {} }
    }

    fn sign(&self, parent: &Key) -> Vec<u8> {
        let exponent_at = SubkeyRecord::SIZE as u32 + 24;
        let words = [self.name.len() as u32, 9, self.depth, self.algo, 2];
        let attributes = [
            [AttributeId::RSA_PUBLIC_EXPONENT.raw(), exponent_at, 3],
            [AttributeId::RSA_MODULUS.raw(), exponent_at + 3, self.key.modulus.len() as u32],
        ];
        let mut record = self.uuid.octets().to_vec();
        record.extend(words.iter().chain(attributes.as_flattened()).flat_map(|word| word.to_le_bytes()));
        record.extend([1, 0, 1]);
        record.extend(&self.key.modulus);
        (self.edit)(&mut record);
        [link(parent, ImageType::Subkey, &[], &record), self.name.to_vec()].concat()
    }
}

/// The UUID that a subkey gives to what it signs.
fn derived(uuid: Uuid, name: &[u8]) -> Uuid {
    let mut octets: [u8; 16] = Sha512::new().chain_update(uuid.octets()).chain_update(name).finalize()[..16].try_into().unwrap();
    octets[6] = octets[6] & 0xF | 0x50;
    octets[8] = octets[8] & 0x3F | 0x80;
    Uuid::from_octets(octets)
}

fn refused(bytes: &[u8], requested: Uuid) -> LoadError {
    let error = verify(bytes, &requested, &[KEY_2048.root()]).unwrap_err();
    assert_eq!(error.code(), TeeError::SECURITY);
    error
}

#[test]
fn a_ta_of_a_subkey_has_the_uuid_of_its_name() {
    // The name ends with the first zero.
    let requested = derived(uuid(1), b"my-ta");
    let subkey = Subkey::new(&KEY_3072, uuid(1), 0, b"my-ta\0\0\0");
    let bytes = [subkey.sign(&KEY_2048), ta(&KEY_3072, requested)].concat();
    let image = verify(&bytes, &requested, &[KEY_2048.root()]).unwrap();
    assert_eq!((image.elf, image.uuid, image.version), (PAYLOAD, requested, 3));
    // In the name of another TA the subkey counts for nothing, nor does the TA without it.
    let other = [subkey.sign(&KEY_2048), ta(&KEY_3072, uuid(2))].concat();
    assert_eq!(refused(&other, uuid(2)), LoadError::Uuid);
    assert_eq!(refused(&bytes, uuid(2)), LoadError::Uuid);
    assert_eq!(refused(&ta(&KEY_3072, requested), requested), LoadError::Signature);
    let renamed = [Subkey { name: b"my-tb\0\0\0", ..subkey.clone() }.sign(&KEY_2048), ta(&KEY_3072, requested)].concat();
    assert_eq!(refused(&renamed, requested), LoadError::Uuid);
    // Signed by the root key behind a subkey, or by the subkey for itself.
    assert_eq!(refused(&[subkey.sign(&KEY_2048), ta(&KEY_2048, requested)].concat(), requested), LoadError::Signature);
    assert_eq!(refused(&[subkey.sign(&KEY_3072), ta(&KEY_3072, requested)].concat(), requested), LoadError::Signature);
}

#[test]
fn without_a_name_a_subkey_is_for_its_own_uuid() {
    let subkey = Subkey::new(&KEY_4096, uuid(5), 0, b"");
    let bytes = [subkey.sign(&KEY_2048), ta(&KEY_4096, uuid(5))].concat();
    assert_eq!(verify(&bytes, &uuid(5), &[KEY_2048.root()]).unwrap().elf, PAYLOAD);
}

#[test]
fn subkeys_of_subkeys_stay_in_their_namespace_and_depth() {
    let middle = derived(uuid(1), b"middle");
    let requested = derived(middle, b"ta");
    let chain = |depths: [u32; 2], middle: Uuid| {
        let first = Subkey::new(&KEY_3072, uuid(1), depths[0], b"middle").sign(&KEY_2048);
        let second = Subkey::new(&KEY_4096, middle, depths[1], b"ta").sign(&KEY_3072);
        [first, second, ta(&KEY_4096, requested)].concat()
    };
    let bytes = chain([4, 3], middle);
    assert_eq!(verify(&bytes, &requested, &[KEY_2048.root()]).unwrap().uuid, requested);
    assert_eq!(refused(&chain([4, 4], middle), requested), LoadError::Subkey);
    assert_eq!(refused(&chain([u32::MAX, 3], middle), requested), LoadError::Subkey);
    assert_eq!(refused(&chain([4, 3], uuid(1)), requested), LoadError::Uuid);
    for len in 0..bytes.len() {
        refused(&bytes[..len], requested);
    }
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1 << (at % 8);
        refused(&changed, requested);
    }
}

#[test]
fn a_chain_ends() {
    let links: Vec<u8> = (0..9).rev().flat_map(|depth| Subkey::new(&KEY_2048, uuid(1), depth, b"").sign(&KEY_2048)).collect();
    let bytes = [links, ta(&KEY_2048, uuid(1))].concat();
    assert_eq!(refused(&bytes, uuid(1)), LoadError::Subkey);
    let one_less = &bytes[Subkey::new(&KEY_2048, uuid(1), 0, b"").sign(&KEY_2048).len()..];
    assert!(verify(one_less, &uuid(1), &[KEY_2048.root()]).is_ok());
}

#[test]
fn records_that_make_no_sense_are_refused() {
    let with = |edit: fn(&mut Vec<u8>)| {
        let subkey = Subkey { edit, ..Subkey::new(&KEY_3072, uuid(1), 0, b"") };
        refused(&[subkey.sign(&KEY_2048), ta(&KEY_3072, uuid(1))].concat(), uuid(1))
    };
    fn set(record: &mut [u8], at: usize, value: u32) {
        record[at..at + 4].copy_from_slice(&value.to_le_bytes());
    }
    assert_eq!(with(|record| record.truncate(20)), LoadError::Subkey);
    assert_eq!(with(|record| set(record, 28, 0x7021_2930)), LoadError::Algorithm);
    assert_eq!(with(|record| set(record, 16, u32::MAX)), LoadError::Length);
    for count in [0, 1, u32::MAX] {
        let edit: fn(&mut Vec<u8>) = match count {
            0 => |record| set(record, 32, 0),
            1 => |record| set(record, 32, 1),
            _ => |record| set(record, 32, u32::MAX),
        };
        assert_eq!(with(edit), LoadError::Subkey, "{count}");
    }
    // An exponent or a modulus outside the record, an exponent of more than four bytes, a modulus of nothing but zeros.
    assert_eq!(with(|record| set(record, 40, u32::MAX)), LoadError::Subkey);
    assert_eq!(with(|record| set(record, 52, 100)), LoadError::Subkey);
    assert_eq!(with(|record| set(record, 44, 5)), LoadError::Subkey);
    assert_eq!(with(|record| record[63..].fill(0)), LoadError::Subkey);
    // A modulus that is cut short is no key that signs anything.
    assert_eq!(with(|record| set(record, 56, 128)), LoadError::Signature);
}
