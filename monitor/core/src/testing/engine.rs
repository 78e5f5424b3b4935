// SPDX-License-Identifier: BSD-2-Clause
//! An engine as a CPU might have one, of the portable crate and of the definitions.

use crate::crypto::engine::{AesKeys, BLOCK, Engine, GhashKey, GhashSum};
use aes::hazmat::{cipher_round, inv_mix_columns};
use aes::{Aes128, Aes192, Aes256};
use cipher::array::Array;
use cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use std::vec::Vec;

/// The engine of [`super::FakePlatform`].
pub struct PortableEngine;

/// The key that the round keys were made of: they begin with it.
fn key(keys: &AesKeys) -> Vec<u8> {
    let words = keys.rounds() - 6;
    keys.round_keys().as_flattened()[..words * 4].to_vec()
}

fn each(keys: &AesKeys, blocks: &mut [[u8; BLOCK]], decrypts: bool) {
    fn with<C: KeyInit + BlockCipherEncrypt + BlockCipherDecrypt>(key: &[u8], blocks: &mut [[u8; BLOCK]], decrypts: bool) {
        let cipher = C::new_from_slice(key).expect("a key of this length");
        for block in blocks {
            let block = Array::slice_as_mut_array(block).expect("a block");
            if decrypts {
                cipher.decrypt_block(block);
            } else {
                cipher.encrypt_block(block);
            }
        }
    }
    match keys.rounds() {
        10 => with::<Aes128>(&key(keys), blocks, decrypts),
        12 => with::<Aes192>(&key(keys), blocks, decrypts),
        _ => with::<Aes256>(&key(keys), blocks, decrypts),
    }
}

impl Engine for PortableEngine {
    fn aes_sub_word(&self, word: [u8; 4]) -> [u8; 4] {
        // ShiftRows does nothing to four equal columns, and MixColumns is undone.
        let mut block = [word, word, word, word].as_flattened().iter().copied().collect();
        cipher_round(&mut block, &Array::default());
        inv_mix_columns(&mut block);
        [block[0], block[1], block[2], block[3]]
    }

    fn aes_encrypt(&self, keys: &AesKeys, blocks: &mut [[u8; BLOCK]]) {
        each(keys, blocks, false);
    }

    fn aes_decrypt(&self, keys: &AesKeys, blocks: &mut [[u8; BLOCK]]) {
        each(keys, blocks, true);
    }

    fn aes_chain(&self, keys: &AesKeys, chain: &mut [u8; BLOCK], blocks: &mut [[u8; BLOCK]]) {
        for block in blocks {
            for (to, from) in block.iter_mut().zip(*chain) {
                *to ^= from;
            }
            each(keys, core::slice::from_mut(block), false);
            *chain = *block;
        }
    }

    fn ghash(&self, key: &GhashKey, sum: &mut GhashSum, blocks: &[[u8; BLOCK]]) {
        for block in blocks {
            let factor = *sum.number_mut() ^ u128::from_be_bytes(*block);
            // Times the key and x^-128, bit by bit (RFC 8452, 3).
            let mut product = 0u128;
            for bit in 0..128 {
                if factor >> bit & 1 == 1 {
                    product ^= key.number();
                }
                product = if product & 1 == 1 { product >> 1 ^ 0xE1 << 120 } else { product >> 1 };
            }
            *sum.number_mut() = product;
        }
    }
}
