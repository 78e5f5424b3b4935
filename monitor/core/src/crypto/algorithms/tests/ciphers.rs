// SPDX-License-Identifier: BSD-2-Clause
//! Ciphers and their modes.

use super::{ENGINES, hex};
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

struct Vector(Kind, Mode, &'static str, &'static str, &'static str, &'static str, &'static str);

pub(super) const CBC_PLAIN: &str = "6bc1bee22e409f96e93d7e117393172a ae2d8a571e03ac9c9eb76fac45af8e51 30c81c46a35ce411e5fbc1191a0a52ef \
                         f69f2445df4f9b17ad2b417be66c3710";

/// FIPS 197 (ECB), SP 800-38A (CBC, CTR), RFC 3962 (CTS), IEEE 1619 (XTS), SP 800-67 (triple DES), GB/T 32907 (SM4).
const CIPHERS: &[Vector] = &[
    Vector(
        Kind::Aes,
        Mode::Ecb,
        "000102030405060708090a0b0c0d0e0f",
        "",
        "",
        "00112233445566778899aabbccddeeff",
        "69c4e0d86a7b0430d8cdb78070b4c55a",
    ),
    Vector(
        Kind::Aes,
        Mode::Ecb,
        "000102030405060708090a0b0c0d0e0f1011121314151617",
        "",
        "",
        "00112233445566778899aabbccddeeff",
        "dda97ca4864cdfe06eaf70a0ec0d7191",
    ),
    Vector(
        Kind::Aes,
        Mode::Ecb,
        "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
        "",
        "",
        "00112233445566778899aabbccddeeff",
        "8ea2b7ca516745bfeafc49904b496089",
    ),
    Vector(
        Kind::Aes,
        Mode::Cbc,
        "2b7e151628aed2a6abf7158809cf4f3c",
        "",
        "000102030405060708090a0b0c0d0e0f",
        CBC_PLAIN,
        "7649abac8119b246cee98e9b12e9197d 5086cb9b507219ee95db113a917678b2 73bed6b8e3c1743b7116e69e22229516 \
         3ff1caa1681fac09120eca307586e1a7",
    ),
    Vector(
        Kind::Aes,
        Mode::Ctr,
        "2b7e151628aed2a6abf7158809cf4f3c",
        "",
        "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
        CBC_PLAIN,
        "874d6191b620e3261bef6864990db6ce 9806f66b7970fdff8617187bb9fffdff 5ae4df3edbd5d35e5b4f09020db03eab \
         1e031dda2fbe03d1792170a0f3009cee",
    ),
    Vector(
        Kind::Aes,
        Mode::Cts,
        "636869636b656e207465726979616b69",
        "",
        "00000000000000000000000000000000",
        "4920776f756c64206c696b652074686520",
        "c6353568f2bf8cb4d8a580362da7ff7f97",
    ),
    Vector(
        Kind::Aes,
        Mode::Cts,
        "636869636b656e207465726979616b69",
        "",
        "00000000000000000000000000000000",
        "4920776f756c64206c696b65207468652047656e6572616c20476175277320",
        "fc00783e0efdb2c1d445d4c8eff7ed2297687268d6ecccc0c07b25e25ecfe5",
    ),
    Vector(
        Kind::Aes,
        Mode::Cts,
        "636869636b656e207465726979616b69",
        "",
        "00000000000000000000000000000000",
        "4920776f756c64206c696b65207468652047656e6572616c2047617527732043",
        "39312523a78662d5be7fcbcc98ebf5a897687268d6ecccc0c07b25e25ecfe584",
    ),
    Vector(
        Kind::Aes,
        Mode::Cts,
        "636869636b656e207465726979616b69",
        "",
        "00000000000000000000000000000000",
        "4920776f756c64206c696b65207468652047656e6572616c20476175277320436869636b656e2c20706c656173652c",
        "97687268d6ecccc0c07b25e25ecfe584b3fffd940c16a18c1b5549d2f838029e39312523a78662d5be7fcbcc98ebf5",
    ),
    Vector(
        Kind::Aes,
        Mode::Xts,
        "11111111111111111111111111111111",
        "22222222222222222222222222222222",
        "33333333330000000000000000000000",
        "4444444444444444444444444444444444444444444444444444444444444444",
        "c454185e6a16936e39334038acef838bfb186fff7480adc4289382ecd6d394f0",
    ),
    Vector(
        Kind::Aes,
        Mode::Xts,
        "fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0",
        "bfbebdbcbbbab9b8b7b6b5b4b3b2b1b0",
        "9a785634120000000000000000000000",
        "000102030405060708090a0b0c0d0e0f10",
        "6c1625db4671522d3d7599601de7ca09ed",
    ),
    Vector(
        Kind::Des3,
        Mode::Ecb,
        "0123456789abcdef23456789abcdef01456789abcdef0123",
        "",
        "",
        "5468652071756663 6b2062726f776e20 666f78206a756d70",
        "a826fd8ce53b855f cce21c8112256fe6 68d5c05dd9b6b900",
    ),
    Vector(Kind::Des, Mode::Ecb, "133457799bbcdff1", "", "", "0123456789abcdef", "85e813540f0ab405"),
    Vector(
        Kind::Sm4,
        Mode::Ecb,
        "0123456789abcdeffedcba9876543210",
        "",
        "",
        "0123456789abcdeffedcba9876543210",
        "681edf34d206965e86b3e94f536e4246",
    ),
];

#[test]
fn ciphers_agree_with_published_vectors() {
    for Vector(kind, mode, key, key2, iv, plain, text) in CIPHERS {
        let (key, key2) = (hex(key), hex(key2));
        let keys = [key.as_slice(), key2.as_slice()];
        assert_eq!(run(*kind, *mode, false, keys, &hex(iv), &hex(plain)), Ok(hex(text)), "{kind:?} {mode:?} {plain}");
        assert_eq!(run(*kind, *mode, true, keys, &hex(iv), &hex(text)), Ok(hex(plain)), "{kind:?} {mode:?} {text}");
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
