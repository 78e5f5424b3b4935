// SPDX-License-Identifier: BSD-2-Clause
//! Signed ELF files for scripted TAs, and boot archives of them.

use rsa::pkcs8::DecodePrivateKey;
use rsa::traits::PublicKeyParts;
use rsa::{Pkcs1v15Sign, PrivateKey};
use sha2::{Digest, Sha256};
use std::sync::OnceLock;
use std::vec::Vec;
use utee_abi::boot_image::{ENTRY_SIZE, HEADER_SIZE, KIND_PRODUCT, KIND_ROOT_KEY, KIND_TA, MAGIC};
use utee_abi::image::{ALGO_RSASSA_PKCS1_V1_5_SHA256, BootstrapHeader, ImageType, SignedHeader};
use utee_abi::ta_head::{TaFlags, TaHead};
use utee_abi::uuid::Uuid;

/// The public development key pair.
const KEY: &str = include_str!("../../../../boards/xtask/keys/ta-dev.pem");

fn key() -> &'static PrivateKey {
    static KEY_PAIR: OnceLock<PrivateKey> = OnceLock::new();
    KEY_PAIR.get_or_init(|| PrivateKey::from_pkcs8_pem(KEY).expect("the development key reads"))
}

/// The word at a TA's entry point that its script is found by.
pub(super) fn word_of(uuid: &Uuid) -> u32 {
    let [a, b] = uuid.words();
    let mixed = a ^ b.rotate_left(17);
    (mixed ^ mixed >> 32) as u32
}

/// An ELF file: a page to run, which begins with the TA header, and a page to write.
pub fn elf(uuid: &Uuid, flags: TaFlags, stack_size: u32) -> Vec<u8> {
    const PAGE: usize = 4096;
    const ENTRY: u32 = 0x100;
    let mut out = std::vec![0u8; 3 * PAGE];
    let mut put = |at: usize, words: &[u32]| {
        for (index, word) in words.iter().enumerate() {
            out[at + 4 * index..at + 4 * index + 4].copy_from_slice(&word.to_le_bytes());
        }
    };
    // Identification, type and machine (DYN, ARM), version, entry, program headers at 52.
    put(0, &[0x464C_457F, 0x0001_0101, 0, 0, 3 | 40 << 16, 1, ENTRY, 52, 0, 0x0500_0000, 52 | 32 << 16, 2]);
    put(52, &[1, 0x1000, 0, 0, 0x1000, 0x1000, 5, 0x1000]);
    put(84, &[1, 0x2000, 0x1000, 0x1000, 0x1000, 0x2000, 6, 0x1000]);
    put(0x1000 + ENTRY as usize, &[word_of(uuid)]);
    let head = TaHead { uuid: *uuid, stack_size, flags: flags.bits(), depr_entry: TaHead::NO_ENTRY };
    out[0x1000..0x1000 + TaHead::SIZE].copy_from_slice(&head.to_bytes());
    out
}

/// The same for AArch64.
pub fn elf64(uuid: &Uuid, flags: TaFlags, stack_size: u32) -> Vec<u8> {
    const PAGE: u64 = 4096;
    const ENTRY: u64 = 0x100;
    let mut out = elf(uuid, flags, stack_size);
    out[..PAGE as usize].fill(0);
    let mut put = |at: usize, words: &[u64]| {
        for (index, word) in words.iter().enumerate() {
            out[at + 8 * index..at + 8 * index + 8].copy_from_slice(&word.to_le_bytes());
        }
    };
    // Identification, type, machine (DYN, AARCH64) and version, entry, program headers at 64, no flags, sizes.
    put(0, &[0x0001_0102_464C_457F, 0, 3 | 183 << 16 | 1 << 32, ENTRY, 64, 0, 64 << 32 | 56 << 48, 2]);
    put(64, &[1 | 5 << 32, PAGE, 0, 0, PAGE, PAGE, PAGE]);
    put(120, &[1 | 6 << 32, 2 * PAGE, PAGE, PAGE, PAGE, 2 * PAGE, PAGE]);
    out
}

/// Signs an ELF file with the development key.
pub fn signed(uuid: &Uuid, elf: &[u8]) -> Vec<u8> {
    signed_version(uuid, elf, 0)
}

/// Signs an ELF file as this version of a TA.
pub fn signed_version(uuid: &Uuid, elf: &[u8], ta_version: u32) -> Vec<u8> {
    let header = SignedHeader {
        magic: utee_abi::image::MAGIC,
        img_type: ImageType::Bootstrap.into(),
        img_size: elf.len() as u32,
        algo: ALGO_RSASSA_PKCS1_V1_5_SHA256,
        hash_size: 32,
        sig_size: key().size() as u16,
    };
    let sub = BootstrapHeader { uuid: *uuid, ta_version };
    let mut digest = Sha256::new();
    digest.update(header.to_bytes());
    digest.update(sub.to_bytes());
    digest.update(elf);
    let hash = digest.finalize();
    let signature = key().sign(Pkcs1v15Sign::new::<Sha256>(), &hash).expect("the development key signs");
    [&header.to_bytes()[..], &hash, &signature, &sub.to_bytes(), elf].concat()
}

/// A boot archive of signed TAs, with the development key as its root; that of a product, if `product`.
pub fn archive(tas: &[(Uuid, Vec<u8>)], product: bool) -> Vec<u8> {
    let root = [&65537u32.to_le_bytes()[..], &key().n_bytes()].concat();
    let mut entries: Vec<(u32, Uuid, &[u8])> = tas.iter().map(|(uuid, bytes)| (KIND_TA, *uuid, &bytes[..])).collect();
    entries.push((KIND_ROOT_KEY, Uuid::NIL, &root));
    entries.extend(product.then_some((KIND_PRODUCT, Uuid::NIL, &[][..])));
    let mut offset = HEADER_SIZE + entries.len() * ENTRY_SIZE;
    let (mut table, mut payload) = (Vec::new(), Vec::new());
    for (kind, uuid, data) in &entries {
        for word in [*kind, offset as u32, data.len() as u32, 0] {
            table.extend(word.to_le_bytes());
        }
        table.extend(uuid.octets());
        payload.extend_from_slice(data);
        offset += data.len();
    }
    [&MAGIC[..], &(entries.len() as u32).to_le_bytes(), &(offset as u32).to_le_bytes(), &table, &payload].concat()
}
