// SPDX-License-Identifier: BSD-2-Clause
//! Ciphers and their modes.

use super::ENGINES;
use crate::crypto::algorithms::block::{Block, Kind};
use crate::crypto::algorithms::cipher::{self, Cipher, Mode};
use crate::crypto::algorithms::ctr::Counter;
use crate::crypto::engine::MaybeEngine;
use proptest::prelude::{prop_assert_eq, proptest};
use std::vec;
use std::vec::Vec;
use utee_abi::result::TeeError;

/// Encrypts in one piece with nothing kept back. An engine makes no difference.
fn run(kind: Kind, mode: Mode, decrypts: bool, keys: [&[u8]; 2], iv: &[u8], data: &[u8]) -> Result<Vec<u8>, TeeError> {
    let [portable, on_engine] = ENGINES.map(|engine| run_on(engine, kind, mode, decrypts, keys, iv, data));
    assert_eq!(portable, on_engine, "{kind:?} {mode:?}");
    portable
}

fn run_on(
    engine: MaybeEngine,
    kind: Kind,
    mode: Mode,
    decrypts: bool,
    keys: [&[u8]; 2],
    iv: &[u8],
    data: &[u8],
) -> Result<Vec<u8>, TeeError> {
    let mut cipher = Cipher::new(engine, kind, mode, decrypts, keys.map(Some), iv)?;
    let mut out = data.to_vec();
    let body = data.len() - cipher.tail(data.len() as u64) as usize;
    cipher.update(&mut out[..body])?;
    cipher.finish(&mut out[body..])?;
    Ok(out)
}

#[test]
fn ciphers_agree_with_published_vectors() {
    for (id, (kind, mode)) in cipher::ROWS {
        for vector in known_answers::vectors_of(*id) {
            let [key, key2, iv, plain, text] = ["key", "key2", "iv", "message", "out"].map(|name| vector.bytes(name).unwrap_or_default());
            let keys = [key.as_slice(), key2.as_slice()];
            assert_eq!(run(*kind, *mode, false, keys, &iv, &plain), Ok(text.clone()), "{id}");
            assert_eq!(run(*kind, *mode, true, keys, &iv, &text), Ok(plain), "{id}");
        }
    }
}

#[test]
fn wrong_lengths_are_refused() {
    let key = [1; 16];
    let other = [2; 16];
    for len in 0..48usize {
        for (mode, fine) in [
            (Mode::Ecb, len.is_multiple_of(16)),
            (Mode::Cbc, len.is_multiple_of(16)),
            (Mode::Ctr, true),
            (Mode::Cts, len > 16),
            (Mode::Xts, len == 0 || len >= 16),
        ] {
            let iv: &[u8] = if mode == Mode::Ecb { &[] } else { &[3; 16] };
            let cipher = Cipher::new(None, Kind::Aes, mode, false, [Some(&key), Some(&other)], iv).unwrap();
            assert_eq!(cipher.ends_with(len as u64), fine, "{mode:?} {len}");
            assert_eq!(run(Kind::Aes, mode, false, [&key, &other], iv, &vec![0; len]).is_ok(), fine, "{mode:?} {len}");
            let wrong = Cipher::new(None, Kind::Aes, mode, false, [Some(&key), Some(&other)], &vec![0; len]).is_ok();
            assert_eq!(wrong, mode == Mode::Ecb || len == 16, "{mode:?} {len}");
        }
        for (kind, lens) in [(Kind::Aes, &[16, 24, 32][..]), (Kind::Des, &[8]), (Kind::Des3, &[16, 24]), (Kind::Sm4, &[16])] {
            for engine in ENGINES {
                assert_eq!(Block::new(engine, kind, &vec![7; len]).is_ok(), lens.contains(&len), "{kind:?} {len}");
            }
        }
    }
    assert!(Cipher::new(None, Kind::Aes, Mode::Xts, false, [Some(&key), None], &[0; 16]).is_err());
    assert!(Cipher::new(None, Kind::Aes, Mode::Xts, false, [Some(&key), Some(&[0; 32])], &[0; 16]).is_err());
}

/// The counters of GCM wrap in their own 32 bits and leave the nonce alone (SP 800-38D, 6.2).
#[test]
fn narrow_counters_do_not_carry_into_the_nonce() {
    let block = Block::new(None, Kind::Aes, &[9; 16]).unwrap();
    let mut first = [0xAB; 16];
    first[12..].fill(0xFF);
    let mut stream = [0; 32];
    Counter::new(first, 4).apply(&block, &mut stream);
    let mut wanted = [first, first];
    wanted[1][12..].fill(0);
    wanted.iter_mut().for_each(|counter| block.encrypt(counter));
    assert_eq!(stream, *wanted.as_flattened());
    // One block further, and with all bits counting.
    let mut next = [0; 16];
    Counter::after(first, 4).apply(&block, &mut next);
    assert_eq!(next, wanted[1]);
    let (mut carried, mut wanted) = ([0; 16], [0xAB; 16]);
    Counter::after(first, 16).apply(&block, &mut carried);
    wanted[11..].copy_from_slice(&[0xAC, 0, 0, 0, 0]);
    block.encrypt(&mut wanted);
    assert_eq!(carried, wanted);
}

proptest! {
    /// Pieces of any length make no difference, and decryption undoes encryption.
    #[test]
    fn pieces_make_no_difference_to_ciphers(row in 0..cipher::ROWS.len(), data: Vec<u8>, cuts: Vec<u8>, seed: [u8; 32], on_engine: bool) {
        let (_, (kind, mode)) = cipher::ROWS[row];
        let size = kind.block_size();
        let key = &seed[..if kind == Kind::Des { 8 } else { 16 }];
        let key2: Vec<u8> = key.iter().map(|byte| !byte).collect();
        let iv = &seed[16..16 + if mode == Mode::Ecb { 0 } else { size }];
        let mut data = data;
        match mode {
            Mode::Ctr => {}
            Mode::Cts | Mode::Xts => data.resize(data.len().max(17), 5),
            _ => data.resize(data.len().next_multiple_of(size), 5),
        }
        let whole = run(kind, mode, false, [key, &key2], iv, &data).unwrap();
        for (decrypts, from, to) in [(false, &data, &whole), (true, &whole, &data)] {
            let mut cipher = Cipher::new(ENGINES[usize::from(on_engine)], kind, mode, decrypts, [Some(key), Some(&key2)], iv).unwrap();
            let mut out = from.clone();
            let body = out.len() - cipher.tail(out.len() as u64) as usize;
            let mut rest = &mut out[..];
            let mut left = body;
            for cut in &cuts {
                let wanted = if mode == Mode::Ctr { usize::from(*cut) } else { usize::from(*cut) / size * size };
                let (now, later) = rest.split_at_mut(wanted.min(left));
                cipher.update(now).unwrap();
                left -= now.len();
                rest = later;
            }
            let (now, later) = rest.split_at_mut(left);
            cipher.update(now).unwrap();
            cipher.finish(later).unwrap();
            prop_assert_eq!(&out, to);
        }
    }
}
