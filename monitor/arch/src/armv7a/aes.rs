// SPDX-License-Identifier: BSD-2-Clause
//! AES, GHASH and SHA-512 with NEON, which has no instructions for them, and SHA-256 for the core registers; each in a file of
//! its own.

use super::vfp;
use core::arch::global_asm;
use core::sync::atomic::{AtomicU8, Ordering};
use tee_core::crypto::engine::{AesKeys, BLOCK, Engine, GhashKey, GhashSum, MaybeEngine};
use zeroize::Zeroize;

global_asm!(include_str!("aes.s"), options(raw));
global_asm!(include_str!("ghash.s"), options(raw));
global_asm!(include_str!("sha256.s"), options(raw));
global_asm!(include_str!("sha512.s"), options(raw));

/// Blocks of AES, GHASH and SHA-512 that the registers are borrowed for at a time: at most 8,000 instructions with interrupts masked.
const AES_BLOCKS: usize = 8;
const GHASH_BLOCKS: usize = 32;
const SHA512_BLOCKS: usize = 2;

unsafe extern "C" {
    fn aes_neon_sub_bytes(block: *mut [u8; BLOCK]);
    fn aes_neon_encrypt(keys: *const [u8; BLOCK], rounds: usize, blocks: *mut [u8; BLOCK], count: usize);
    fn aes_neon_decrypt(keys: *const [u8; BLOCK], rounds: usize, blocks: *mut [u8; BLOCK], count: usize);
    fn aes_neon_cbc_encrypt(keys: *const [u8; BLOCK], rounds: usize, blocks: *mut [u8; BLOCK], count: usize, chain: *mut [u8; BLOCK]);
    fn sha256_arm(state: *mut u32, blocks: *const [u8; 64], count: usize);
    fn sha512_neon(state: *mut u64, blocks: *const [u8; 128], count: usize);
    fn ghash_neon(sum: *mut u128, key: *const u128, blocks: *const [u8; BLOCK], count: usize);
}

/// This CPU's NEON.
struct Neon;

impl Engine for Neon {
    fn aes_sub_word(&self, word: [u8; 4]) -> [u8; 4] {
        let mut block = [word; 4];
        // SAFETY: 16 bytes are read and written, and the registers that this uses are borrowed.
        vfp::borrow(|| unsafe { aes_neon_sub_bytes((&raw mut block).cast()) });
        let word = block[0];
        block.zeroize();
        word
    }

    fn aes_encrypt(&self, keys: &AesKeys, blocks: &mut [[u8; BLOCK]]) {
        for part in blocks.chunks_mut(AES_BLOCKS) {
            let (keys, rounds) = (keys.round_keys().as_ptr(), keys.rounds());
            // SAFETY: there is one more round key than `rounds`, `part` is as long as it says and not empty, and the registers that this
            // uses are borrowed.
            vfp::borrow(|| unsafe { aes_neon_encrypt(keys, rounds, part.as_mut_ptr(), part.len()) });
        }
    }

    fn aes_decrypt(&self, keys: &AesKeys, blocks: &mut [[u8; BLOCK]]) {
        for part in blocks.chunks_mut(AES_BLOCKS) {
            let (keys, rounds) = (keys.round_keys().as_ptr(), keys.rounds());
            // SAFETY: as in `aes_encrypt`.
            vfp::borrow(|| unsafe { aes_neon_decrypt(keys, rounds, part.as_mut_ptr(), part.len()) });
        }
    }

    fn aes_chain(&self, keys: &AesKeys, chain: &mut [u8; BLOCK], blocks: &mut [[u8; BLOCK]]) {
        for part in blocks.chunks_mut(AES_BLOCKS) {
            let (keys, rounds) = (keys.round_keys().as_ptr(), keys.rounds());
            // SAFETY: as in `aes_encrypt`; `chain` is a block.
            vfp::borrow(|| unsafe { aes_neon_cbc_encrypt(keys, rounds, part.as_mut_ptr(), part.len(), chain) });
        }
    }

    fn sha256(&self, state: &mut [u32; 8], blocks: &[[u8; 64]]) {
        if !blocks.is_empty() {
            // SAFETY: `state` has eight words, `blocks` is as long as it says and not empty.
            unsafe { sha256_arm(state.as_mut_ptr(), blocks.as_ptr(), blocks.len()) };
        }
    }

    fn sha512(&self, state: &mut [u64; 8], blocks: &[[u8; 128]]) {
        for part in blocks.chunks(SHA512_BLOCKS) {
            // SAFETY: as in `sha256`, and the registers that this uses are borrowed.
            vfp::borrow(|| unsafe { sha512_neon(state.as_mut_ptr(), part.as_ptr(), part.len()) });
        }
    }

    fn ghash(&self, key: &GhashKey, sum: &mut GhashSum, blocks: &[[u8; BLOCK]]) {
        for part in blocks.chunks(GHASH_BLOCKS) {
            // SAFETY: sum and key are 16 bytes, `part` is as long as it says and not empty, and the registers that this uses are borrowed.
            vfp::borrow(|| unsafe { ghash_neon(sum.number_mut(), key.number(), part.as_ptr(), part.len()) });
        }
    }
}

/// The engine of this CPU, if it has NEON.
pub fn engine() -> MaybeEngine {
    /// Not looked yet, no, yes.
    static FOUND: AtomicU8 = AtomicU8::new(0);
    if FOUND.load(Ordering::Relaxed) == 0 {
        FOUND.store(1 + u8::from(vfp::has_neon()), Ordering::Relaxed);
    }
    (FOUND.load(Ordering::Relaxed) == 2).then_some(&Neon)
}
