// SPDX-License-Identifier: BSD-2-Clause
//! Signed images: accepted as signed, refused with anything changed. Keys are in `keys`; `images` were signed by OpenSSL.

mod signing;

use proptest::prelude::{any, proptest};
use proptest::test_runner::Config;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use rsa::{Pkcs1v15Sign, Pss};
use sha2::{Digest, Sha256};
use signing::{KEY_2048, KEY_3072, KEY_4096, Key};
use ta_loader::image::payload_offset;
use ta_loader::{LoadError, RootKey, VerifiedImage, verify, verify_with};
use utee_abi::image::{
    ALGO_RSASSA_PKCS1_V1_5_SHA256, ALGO_RSASSA_PSS_SHA256, BootstrapHeader, DIGEST_SIZE, ImageType, MAGIC, SignedHeader,
};
use utee_abi::result::TeeError;
use utee_abi::uuid::Uuid;

const PAYLOAD: &[u8] = b"\x7fELF, as far as this test is concerned";
const SALT: usize = 32;

fn uuid() -> Uuid {
    "8aaaf200-2450-11e4-abe2-0002a5d5c51b".parse().unwrap()
}

/// What is signed, so that a test can change a part of it before.
#[derive(Clone, Copy)]
struct Image {
    img_type: u32,
    algo: u32,
    hash_size: u16,
    img_size: u32,
    salt: usize,
}

impl Default for Image {
    fn default() -> Self {
        let img_size = PAYLOAD.len() as u32;
        Self { img_type: ImageType::Bootstrap.into(), algo: ALGO_RSASSA_PSS_SHA256, hash_size: 32, img_size, salt: SALT }
    }
}

impl Image {
    fn sign(&self, key: &Key) -> Vec<u8> {
        let Self { img_type, algo, hash_size, img_size, salt } = *self;
        let sig_size = key.modulus.len() as u16;
        let header = SignedHeader { magic: MAGIC, img_type, img_size, algo, hash_size, sig_size }.to_bytes();
        let sub = match ImageType::try_from(img_type) {
            Ok(ImageType::Legacy) => vec![],
            _ => BootstrapHeader { uuid: uuid(), ta_version: 5 }.to_bytes().to_vec(),
        };
        let hash = Sha256::new().chain_update(header).chain_update(&sub).chain_update(PAYLOAD).finalize();
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let signature = if algo == ALGO_RSASSA_PKCS1_V1_5_SHA256 {
            key.private.sign(Pkcs1v15Sign::new::<Sha256>(), &hash)
        } else {
            key.private.sign_with_rng(&mut rng, Pss::<Sha256>::new_with_salt(salt), &hash)
        };
        [&header[..], &hash, &signature.unwrap(), &sub, PAYLOAD].concat()
    }
}

fn refused(bytes: &[u8]) -> LoadError {
    let error = verify(bytes, &uuid(), &[KEY_2048.root()]).unwrap_err();
    assert_eq!(error.code(), TeeError::SECURITY);
    error
}

#[test]
fn signed_images_are_accepted() {
    for key in [&*KEY_2048, &*KEY_3072, &*KEY_4096] {
        for algo in [ALGO_RSASSA_PSS_SHA256, ALGO_RSASSA_PKCS1_V1_5_SHA256] {
            let bytes = Image { algo, ..Image::default() }.sign(key);
            let VerifiedImage { elf, uuid: found, version, digest } = verify(&bytes, &uuid(), &[key.root()]).unwrap();
            assert_eq!((elf, found, version), (PAYLOAD, uuid(), 5));
            assert_eq!(digest, bytes[SignedHeader::SIZE..][..DIGEST_SIZE]);
            assert_eq!(payload_offset(&bytes).map(|at| &bytes[at..]), Some(PAYLOAD));
        }
    }
}

#[test]
fn images_of_another_implementation_are_accepted() {
    let images: [(&[u8], &Key); 3] = [
        (include_bytes!("images/pss-2048.ta"), &KEY_2048),
        (include_bytes!("images/pss-4096.ta"), &KEY_4096),
        (include_bytes!("images/pkcs1-2048.ta"), &KEY_2048),
    ];
    for (bytes, key) in images {
        let image = verify(bytes, &uuid(), &[key.root()]).unwrap();
        assert_eq!((image.elf.len(), image.version), (64, 7));
    }
    // The salt is to be as long as the digest.
    assert_eq!(refused(include_bytes!("images/pss-2048-salt20.ta")), LoadError::Signature);
}

#[test]
fn legacy_images_have_no_sub_header() {
    let bytes = Image { img_type: ImageType::Legacy.into(), ..Image::default() }.sign(&KEY_2048);
    let image = verify(&bytes, &uuid(), &[KEY_2048.root()]).unwrap();
    assert_eq!((image.elf, image.uuid, image.version), (PAYLOAD, uuid(), 0));
    assert_eq!(payload_offset(&bytes).map(|at| &bytes[at..]), Some(PAYLOAD));
}

#[test]
fn any_of_the_root_keys_will_do_but_no_other() {
    let bytes = Image::default().sign(&KEY_2048);
    assert!(verify(&bytes, &uuid(), &[KEY_4096.root(), KEY_2048.root()]).is_ok());
    assert_eq!(verify(&bytes, &uuid(), &[KEY_4096.root(), KEY_3072.root()]), Err(LoadError::Signature));
    assert_eq!(verify(&bytes, &uuid(), &[]), Err(LoadError::Signature));
    let exponent = RootKey { exponent: 3, ..KEY_2048.root() };
    assert_eq!(verify(&bytes, &uuid(), &[exponent]), Err(LoadError::Signature));
}

#[test]
fn any_changed_byte_is_refused() {
    let bytes = Image::default().sign(&KEY_2048);
    for at in 0..bytes.len() {
        // Every bit of the fixed header, one bit of each byte of the rest.
        let bits = if at < SignedHeader::SIZE { 0..8 } else { at % 8..at % 8 + 1 };
        for bit in bits {
            let mut changed = bytes.clone();
            changed[at] ^= 1 << bit;
            refused(&changed);
        }
    }
}

#[test]
fn images_of_another_length_are_refused() {
    let bytes = Image::default().sign(&KEY_2048);
    for len in 0..bytes.len() {
        refused(&bytes[..len]);
    }
    for more in [1, 16, 4096] {
        let longer = [&bytes[..], &vec![0; more]].concat();
        assert_eq!(refused(&longer), LoadError::Length);
    }
}

#[test]
fn each_check_has_its_error() {
    let bytes = Image::default().sign(&KEY_2048);
    let with = |at: usize, data: &[u8]| {
        let mut bytes = bytes.clone();
        bytes[at..at + data.len()].copy_from_slice(data);
        refused(&bytes)
    };
    assert_eq!(with(0, b"X"), LoadError::Magic);
    assert_eq!(with(12, &0x7021_2930u32.to_le_bytes()), LoadError::Algorithm);
    assert_eq!(with(16, &20u16.to_le_bytes()), LoadError::Size);
    assert_eq!(with(18, &128u16.to_le_bytes()), LoadError::Size);
    assert_eq!(with(18, &516u16.to_le_bytes()), LoadError::Size);
    assert_eq!(with(SignedHeader::SIZE, &[0; 4]), LoadError::Signature);
    assert_eq!(with(bytes.len() - 1, b"!"), LoadError::Digest);
    assert_eq!(with(4, &0u32.to_le_bytes()), LoadError::Length);
    assert_eq!(with(308, &[0]), LoadError::Uuid);
    assert_eq!(verify(&bytes, &Uuid::NIL, &[KEY_2048.root()]), Err(LoadError::Uuid));
}

#[test]
fn images_that_are_signed_but_not_supported_are_refused_by_name() {
    let signed = |img_type: u32| refused(&Image { img_type, ..Image::default() }.sign(&KEY_2048));
    assert_eq!(signed(ImageType::Encrypted.into()), LoadError::Encrypted);
    assert_eq!(signed(4), LoadError::ImageType);
    assert_eq!(refused(&Image { img_size: PAYLOAD.len() as u32 - 1, ..Image::default() }.sign(&KEY_2048)), LoadError::Length);
}

#[test]
fn root_keys_of_any_shape_are_refused_without_panic() {
    let bytes = Image::default().sign(&KEY_2048);
    let good = &KEY_2048.modulus;
    let changed = |change: fn(&mut Vec<u8>)| {
        let mut modulus = good.clone();
        change(&mut modulus);
        modulus
    };
    let moduli = [
        vec![],
        vec![1],
        vec![0; 256],
        vec![0xFF; 256],
        [vec![0; 255], vec![1]].concat(),
        [vec![0; 255], vec![3]].concat(),
        [vec![1], vec![0; 254], vec![1]].concat(),
        changed(|modulus| modulus[0] &= 0x7F),
        changed(|modulus| modulus[255] &= 0xFE),
        changed(|modulus| modulus.insert(0, 0)),
        changed(|modulus| modulus.truncate(128)),
        vec![0xFF; 513],
        vec![0xFF; 1024],
    ];
    for modulus in &moduli {
        for exponent in [0, 1, 2, 3, 4, 65537, u32::MAX] {
            assert_eq!(verify(&bytes, &uuid(), &[RootKey { exponent, modulus }]), Err(LoadError::Signature));
        }
    }
    for exponent in [0, 1, 2, 4, 65536, u32::MAX] {
        assert_eq!(verify(&bytes, &uuid(), &[RootKey { exponent, modulus: good }]), Err(LoadError::Signature));
    }
    // Signatures that are not below the modulus, and those that stay what they are under any exponent.
    let at = SignedHeader::SIZE + DIGEST_SIZE;
    for fill in [0, 1, 0xFF] {
        for algo in [ALGO_RSASSA_PSS_SHA256, ALGO_RSASSA_PKCS1_V1_5_SHA256] {
            let mut bytes = Image { algo, ..Image::default() }.sign(&KEY_2048);
            bytes[at..at + 256].fill(if fill == 1 { 0 } else { fill });
            bytes[at + 255] = fill;
            assert_eq!(refused(&bytes), LoadError::Signature);
        }
    }
    let mut bytes = bytes;
    bytes[at..at + 256].copy_from_slice(good);
    assert_eq!(refused(&bytes), LoadError::Signature);
}

#[test]
fn a_caller_may_hash() {
    let bytes = Image::default().sign(&KEY_2048);
    let keys = [KEY_2048.root()];
    let mut seen = Vec::new();
    let verified = verify_with(&bytes, &uuid(), &keys, |parts| {
        seen = parts.concat();
        Sha256::digest(&seen).into()
    });
    assert_eq!(verified, verify(&bytes, &uuid(), &keys));
    assert_eq!(seen.len(), SignedHeader::SIZE + BootstrapHeader::SIZE + PAYLOAD.len());
    assert_eq!(verify_with(&bytes, &uuid(), &keys, |_| [0; 32]), Err(LoadError::Digest));
    // Nothing is hashed whose signature does not hold.
    assert_eq!(verify_with(&bytes, &uuid(), &[], |_| unreachable!()), Err(LoadError::Signature));
}

proptest! {
    #![proptest_config(Config { cases: if cfg!(miri) { 2 } else { 500 }, failure_persistence: None, ..Config::default() })]

    #[test]
    fn nothing_but_the_signed_bytes_is_accepted(
        changes in proptest::collection::vec((any::<usize>(), any::<u8>()), 1..8),
        cut in 0usize..8,
    ) {
        let bytes: &[u8] = include_bytes!("images/pss-2048.ta");
        let mut changed = bytes.to_vec();
        for (at, byte) in changes {
            let at = at % changed.len();
            changed[at] = byte;
        }
        changed.truncate(changed.len() - cut / 4);
        let _ = payload_offset(&changed);
        assert_eq!(verify(&changed, &uuid(), &[KEY_2048.root()]).is_ok(), changed == bytes);
    }

    #[test]
    fn any_bytes_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..700)) {
        let _ = payload_offset(&bytes);
        refused(&bytes);
        let mut bytes = bytes;
        let start = &include_bytes!("images/pss-2048.ta")[..SignedHeader::SIZE];
        bytes.splice(..bytes.len().min(start.len()), start.iter().copied());
        refused(&bytes);
    }
}
