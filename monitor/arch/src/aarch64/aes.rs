// SPDX-License-Identifier: BSD-2-Clause
//! AES, GHASH, SHA-256 and SHA-512 with the CPU's instructions for them.

use super::{sysreg, vfp};
use core::arch::global_asm;
use tee_core::crypto::engine::{AesKeys, BLOCK, Engine, GhashKey, GhashSum, MaybeEngine, sha512_portable};
use zeroize::Zeroize;

global_asm!(include_str!("aes.s"), options(raw));
global_asm!(include_str!("sha256.s"), options(raw));
global_asm!(include_str!("sha512.s"), options(raw));

/// Blocks that the registers are borrowed for at a time: at most 5,000 instructions with interrupts masked.
const AES_BLOCKS: usize = 64;
const GHASH_BLOCKS: usize = 128;
const SHA256_BLOCKS: usize = 32;
const SHA512_BLOCKS: usize = 7;

unsafe extern "C" {
    fn aes_ce_sub_bytes(block: *mut [u8; BLOCK]);
    fn aes_ce_encrypt(keys: *const [u8; BLOCK], rounds: usize, blocks: *mut [u8; BLOCK], count: usize);
    fn aes_ce_decrypt(keys: *const [u8; BLOCK], rounds: usize, blocks: *mut [u8; BLOCK], count: usize);
    fn aes_ce_cbc_encrypt(keys: *const [u8; BLOCK], rounds: usize, blocks: *mut [u8; BLOCK], count: usize, chain: *mut [u8; BLOCK]);
    fn sha256_ce(state: *mut u32, blocks: *const [u8; 64], count: usize);
    fn sha512_ce(state: *mut u64, blocks: *const [u8; 128], count: usize);
    fn ghash_ce(sum: *mut u128, key: *const u128, blocks: *const [u8; BLOCK], count: usize);
}

/// The Cryptographic Extension of this CPU.
struct Instructions {
    /// Whether SHA-512 is a part of it.
    sha512: bool,
}

impl Engine for Instructions {
    fn aes_sub_word(&self, word: [u8; 4]) -> [u8; 4] {
        let mut block = [word; 4];
        // SAFETY: 16 bytes are read and written, and the registers that this uses are borrowed.
        vfp::borrow(|| unsafe { aes_ce_sub_bytes((&raw mut block).cast()) });
        let word = block[0];
        block.zeroize();
        word
    }

    fn aes_encrypt(&self, keys: &AesKeys, blocks: &mut [[u8; BLOCK]]) {
        for part in blocks.chunks_mut(AES_BLOCKS) {
            let (keys, rounds) = (keys.round_keys().as_ptr(), keys.rounds());
            // SAFETY: there is one more round key than `rounds`, `part` is as long as it says and not empty, and the registers that this
            // uses are borrowed.
            vfp::borrow(|| unsafe { aes_ce_encrypt(keys, rounds, part.as_mut_ptr(), part.len()) });
        }
    }

    fn aes_decrypt(&self, keys: &AesKeys, blocks: &mut [[u8; BLOCK]]) {
        for part in blocks.chunks_mut(AES_BLOCKS) {
            let (keys, rounds) = (keys.round_keys().as_ptr(), keys.rounds());
            // SAFETY: as in `aes_encrypt`.
            vfp::borrow(|| unsafe { aes_ce_decrypt(keys, rounds, part.as_mut_ptr(), part.len()) });
        }
    }

    fn aes_chain(&self, keys: &AesKeys, chain: &mut [u8; BLOCK], blocks: &mut [[u8; BLOCK]]) {
        for part in blocks.chunks_mut(AES_BLOCKS) {
            let (keys, rounds) = (keys.round_keys().as_ptr(), keys.rounds());
            // SAFETY: as in `aes_encrypt`; `chain` is a block.
            vfp::borrow(|| unsafe { aes_ce_cbc_encrypt(keys, rounds, part.as_mut_ptr(), part.len(), chain) });
        }
    }

    fn sha256(&self, state: &mut [u32; 8], blocks: &[[u8; 64]]) {
        for part in blocks.chunks(SHA256_BLOCKS) {
            // SAFETY: `state` has eight words, `part` is as long as it says and not empty, and the registers that this uses are borrowed.
            vfp::borrow(|| unsafe { sha256_ce(state.as_mut_ptr(), part.as_ptr(), part.len()) });
        }
    }

    fn sha512(&self, state: &mut [u64; 8], blocks: &[[u8; 128]]) {
        if !self.sha512 {
            sha512_portable(state, blocks);
            return;
        }
        for part in blocks.chunks(SHA512_BLOCKS) {
            // SAFETY: as in `sha256`, and this CPU has the instructions.
            vfp::borrow(|| unsafe { sha512_ce(state.as_mut_ptr(), part.as_ptr(), part.len()) });
        }
    }

    fn ghash(&self, key: &GhashKey, sum: &mut GhashSum, blocks: &[[u8; BLOCK]]) {
        for part in blocks.chunks(GHASH_BLOCKS) {
            // SAFETY: sum and key are 16 bytes, `part` is as long as it says and not empty, and the registers that this uses are borrowed.
            vfp::borrow(|| unsafe { ghash_ce(sum.number_mut(), key.number(), part.as_ptr(), part.len()) });
        }
    }
}

/// ID_AA64ISAR0_EL1.AES of a CPU that has AES and the 64-bit products of GHASH.
const AES_AND_PMULL: u64 = 2;

/// ID_AA64ISAR0_EL1.SHA2 of a CPU that has SHA-256, and of one that has SHA-512, too.
const SHA256: u64 = 1;
const SHA512: u64 = 2;

/// The engine of this CPU, if it has the instructions.
pub fn engine() -> MaybeEngine {
    let features = sysreg::id_aa64isar0();
    let (aes, sha2) = (features >> 4 & 0xF, features >> 12 & 0xF);
    match (aes >= AES_AND_PMULL, sha2) {
        (true, SHA512..) => Some(&Instructions { sha512: true }),
        (true, SHA256) => Some(&Instructions { sha512: false }),
        _ => None,
    }
}
