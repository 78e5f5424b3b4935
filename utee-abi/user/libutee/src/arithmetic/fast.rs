// SPDX-License-Identifier: BSD-2-Clause
//! Fast modular multiplication (GlobalPlatform TEE Internal Core API 1.3.1, sections 8.5 and 8.11).
//!
//! A context is a mark, the number of words that were prepared, and these; none for an even modulus.

use super::object::{initialise, load, store};
use crate::c_functions;
use api::arithmetic::{BigInt, FastModulus, FastNumber};
use api::panic::or_panic;
use api::{Result, TeeError};
use core::slice;
use utee_abi::gp::arithmetic::{MAX_BITS, words};

/// First word of a context.
const MARK: u32 = 0x4D4D_464F;

/// Words before what was prepared.
const CONTEXT_WORDS: usize = 2;

/// Words that are prepared for a modulus of `bits`.
fn prepared_words(bits: usize) -> usize {
    FastModulus::prepared_len(bits) / 4
}

/// # Safety
/// `context` points to `len` words, `modulus` to an initialised object.
unsafe fn prepare(context: *mut u32, len: usize, modulus: *const u32) -> Result<()> {
    // SAFETY: the caller's object.
    let modulus = unsafe { load(modulus) };
    let prepared = FastModulus::new(&modulus)?.prepared();
    let words = prepared.as_ref().map_or(0, |bytes| bytes.len() / 4);
    if len < CONTEXT_WORDS + words {
        return Err(TeeError::BAD_PARAMETERS);
    }
    // SAFETY: `len` words, which is enough.
    let context = unsafe { slice::from_raw_parts_mut(context, len) };
    context.fill(0);
    let (head, body) = context.split_at_mut(CONTEXT_WORDS);
    head.copy_from_slice(&[MARK, words as u32]);
    let bytes = prepared.iter().flat_map(|bytes| bytes.chunks_exact(4));
    for (to, from) in body.iter_mut().zip(bytes) {
        *to = from.iter().rev().fold(0, |word, byte| word << 8 | u32::from(*byte));
    }
    Ok(())
}

/// The modulus and its context.
///
/// # Safety
/// `modulus` points to an initialised object, `context` is NULL or what [`prepare`] wrote.
unsafe fn prepared(modulus: *const u32, context: *const u32) -> Result<FastModulus> {
    // SAFETY: the caller's object.
    let modulus = unsafe { load(modulus) };
    if context.is_null() {
        return FastModulus::new(&modulus);
    }
    // SAFETY: the caller's context.
    let [mark, words] = unsafe { context.cast::<[u32; CONTEXT_WORDS]>().read() };
    if mark != MARK || words > MAX_BITS / 32 + 4 {
        return Err(TeeError::BAD_STATE);
    }
    if words == 0 {
        return FastModulus::from_prepared(&modulus, None);
    }
    // SAFETY: as many words as the context says.
    let bytes = unsafe { slice::from_raw_parts(context.add(CONTEXT_WORDS).cast::<u8>(), words as usize * 4) };
    FastModulus::from_prepared(&modulus, Some(bytes))
}

/// # Safety
/// Pointers to initialised objects, `context` as for [`prepared`].
unsafe fn convert(
    dest: *mut u32,
    src: *const u32,
    n: *const u32,
    context: *const u32,
    by: impl FnOnce(&FastModulus, BigInt) -> Result<BigInt>,
) {
    // SAFETY: the caller's objects.
    let result = unsafe { prepared(n, context).and_then(|modulus| store(dest, &by(&modulus, load(src))?)) };
    or_panic(result);
}

c_functions! {
    /// TEE_BigIntFMMContextSizeInU32: words of a context.
    fn TEE_BigIntFMMContextSizeInU32(bits: usize) -> usize {
        prepared_words(bits).saturating_add(CONTEXT_WORDS)
    }

    /// TEE_BigIntFMMSizeInU32: words of a number.
    fn TEE_BigIntFMMSizeInU32(bits: usize) -> usize {
        words(bits)
    }

    /// TEE_BigIntInitFMM.
    fn TEE_BigIntInitFMM(number: *mut u32, len: usize) {
        // SAFETY: the caller's memory.
        or_panic(unsafe { initialise(number, len) });
    }

    /// TEE_BigIntInitFMMContext.
    fn TEE_BigIntInitFMMContext(context: *mut u32, len: usize, modulus: *const u32) {
        // SAFETY: the caller's memory.
        or_panic(unsafe { prepare(context, len, modulus) });
    }

    /// TEE_BigIntInitFMMContext1. Even moduli work too.
    fn TEE_BigIntInitFMMContext1(context: *mut u32, len: usize, modulus: *const u32) -> u32 {
        // SAFETY: the caller's memory.
        or_panic(unsafe { prepare(context, len, modulus) });
        utee_abi::result::SUCCESS
    }

    /// TEE_BigIntConvertToFMM.
    fn TEE_BigIntConvertToFMM(dest: *mut u32, src: *const u32, n: *const u32, context: *const u32) {
        // SAFETY: the caller's objects.
        unsafe { convert(dest, src, n, context, |modulus, number| Ok(modulus.enter(&number)?.as_raw().clone())) };
    }

    /// TEE_BigIntConvertFromFMM.
    fn TEE_BigIntConvertFromFMM(dest: *mut u32, src: *const u32, n: *const u32, context: *const u32) {
        // SAFETY: the caller's objects.
        unsafe { convert(dest, src, n, context, |modulus, number| modulus.leave(&FastNumber::from_raw(number))) };
    }

    /// TEE_BigIntComputeFMM: the product.
    fn TEE_BigIntComputeFMM(dest: *mut u32, op1: *const u32, op2: *const u32, n: *const u32, context: *const u32) {
        // SAFETY: the caller's object.
        let second = FastNumber::from_raw(unsafe { load(op2) });
        // SAFETY: the caller's objects.
        unsafe {
            convert(dest, op1, n, context, |modulus, first| {
                Ok(modulus.multiply(&FastNumber::from_raw(first), &second)?.as_raw().clone())
            });
        }
    }
}
