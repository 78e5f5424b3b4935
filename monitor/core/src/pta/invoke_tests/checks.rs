// SPDX-License-Identifier: BSD-2-Clause
//! Checks of the machine under the core: its heap, its frames, its clock, its random numbers, and cryptography as it was compiled.

use crate::call::Call;
use crate::crypto::algorithms::block::Kind;
use crate::crypto::algorithms::cipher::{Cipher, Mode};
use crate::ports::{Frames, PAGE_SIZE, Platform};
use alloc::vec::Vec;
use sha2::{Digest, Sha256};
use utee_abi::result::TeeError;

/// Runs them all.
///
/// # Errors
/// GENERIC, after a line on the console with the name of each that fails.
pub(super) fn run<P: Platform>(call: &Call<'_, P>) -> Result<(), TeeError> {
    let platform = call.platform();
    let checks = [
        ("heap", heap()),
        ("frames", frames(platform)),
        ("clock", clock(call)),
        ("random numbers", random(call)),
        ("cryptography", cryptography(platform)),
    ];
    let mut result = Ok(());
    for (name, good) in checks {
        if good.is_none() {
            crate::log!(platform, "E core: self test failed: {name}");
            result = Err(TeeError::GENERIC);
        }
    }
    result
}

fn ensure(holds: bool) -> Option<()> {
    holds.then_some(())
}

/// Allocations of many sizes keep what is written to them, grow with it, and what cannot be had is refused.
fn heap() -> Option<()> {
    let mut all: Vec<Vec<u8>> = Vec::new();
    for size in (0..12).map(|power| 1usize << power) {
        let mut one = Vec::new();
        one.try_reserve_exact(size).ok()?;
        one.resize(size, size.to_le_bytes()[0] ^ 0x5A);
        all.try_reserve(1).ok()?;
        all.push(one);
    }
    for one in &mut all {
        let first = *one.first()?;
        ensure(one.iter().all(|byte| *byte == first))?;
        let len = one.len();
        one.try_reserve(len).ok()?;
        one.extend(core::iter::repeat_n(!first, len));
        ensure(one.iter().filter(|byte| **byte == first).count() == len)?;
    }
    let mut aligned: Vec<u64> = Vec::new();
    aligned.try_reserve_exact(3).ok()?;
    ensure(aligned.as_ptr().addr().is_multiple_of(align_of::<u64>()))?;
    ensure(Vec::<u8>::new().try_reserve_exact(isize::MAX as usize).is_err())
}

/// Frames are zero, keep what is written to them, end where they end, and come back.
fn frames<P: Platform>(platform: &P) -> Option<()> {
    const PAGES: usize = 3;
    for _ in 0..2 {
        let frames = platform.frames(PAGES).ok()?;
        ensure(frames.pages() == PAGES)?;
        let mut word = [1; 4];
        for page in 0..PAGES {
            let at = page.checked_mul(PAGE_SIZE)?;
            ensure(frames.read(at, &mut word) && word == [0; 4])?;
            ensure(frames.write(at, &[0xC3; 4]))?;
        }
        let end = PAGES.checked_mul(PAGE_SIZE)?;
        ensure(!frames.read(end.checked_sub(2)?, &mut word) && !frames.write(end, &[1]) && frames.read(0, &mut word) && word == [0xC3; 4])?;
    }
    ensure(platform.frames(usize::MAX / PAGE_SIZE).is_err())
}

/// Time does not go back, and goes on while the normal world sleeps for this thread.
fn clock<P: Platform>(call: &Call<'_, P>) -> Option<()> {
    let platform = call.platform();
    let mut last = platform.ticks();
    for _ in 0..1000 {
        let now = platform.ticks();
        ensure(now >= last)?;
        last = now;
    }
    ensure(platform.tick_hz() != 0)?;
    call.sleep(core::time::Duration::from_millis(2)).ok()?;
    ensure(platform.ticks() > last)
}

/// Two draws are not alike, and not all of one byte.
fn random<P: Platform>(call: &Call<'_, P>) -> Option<()> {
    let mut draws = [[0u8; 32]; 2];
    for draw in &mut draws {
        call.tee.rng.fill(call.platform(), draw).ok()?;
        let first = *draw.first()?;
        ensure(draw.iter().any(|byte| *byte != first))?;
    }
    let [one, other] = draws;
    ensure(one != other)
}

/// FIPS 180-4, "abc"; FIPS 197, appendix C.1, and back.
fn cryptography<P: Platform>(platform: &P) -> Option<()> {
    const ABC: u128 = 0xba78_16bf_8f01_cfea_4141_40de_5dae_2223;
    ensure(Sha256::digest(b"abc").get(..16)? == ABC.to_be_bytes())?;
    let mut key = [0u8; 16];
    for (byte, number) in key.iter_mut().zip(0..) {
        *byte = number;
    }
    let plain = 0x0011_2233_4455_6677_8899_aabb_ccdd_eeff_u128.to_be_bytes();
    let mut block = plain;
    let cipher = |decrypts| Cipher::new(platform.engine(), Kind::Aes, Mode::Ecb, decrypts, [Some(&key), None], &[]).ok();
    cipher(false)?.update(&mut block).ok()?;
    ensure(block == 0x69c4_e0d8_6a7b_0430_d8cd_b780_70b4_c55a_u128.to_be_bytes())?;
    cipher(true)?.update(&mut block).ok()?;
    ensure(block == plain)
}
