// SPDX-License-Identifier: BSD-2-Clause
//! Large integers in C (GlobalPlatform TEE Internal Core API 1.3.1, chapter 8).
//!
//! Every function reads its operands before it writes a destination, so that the same object may be both. Destinations that
//! are too small panic the TA unless the function has TEE_ERROR_OVERFLOW for them. Numbers in between are on the heap.

mod fast;
mod object;
#[cfg(test)]
mod tests;

use crate::{c_functions, raw};
use api::arithmetic::{BigInt, Primality};
use api::panic::or_panic;
use api::{Result, TeeError};
use core::cmp::Ordering;
use core::slice;
use object::{initialise, load, room_in_bits, store};

pub use fast::{
    TEE_BigIntComputeFMM, TEE_BigIntConvertFromFMM, TEE_BigIntConvertToFMM, TEE_BigIntFMMContextSizeInU32, TEE_BigIntFMMSizeInU32,
    TEE_BigIntInitFMM, TEE_BigIntInitFMMContext, TEE_BigIntInitFMMContext1,
};

/// Stores a result; without one, or room for it, the TA panics.
///
/// # Safety
/// `dest` is an initialised object.
unsafe fn store_or_panic(dest: *mut u32, result: Result<BigInt>) {
    // SAFETY: the caller's object.
    or_panic(result.and_then(|number| unsafe { store(dest, &number) }));
}

/// As [`store_or_panic`], for a destination that may be NULL.
///
/// # Safety
/// `dest` is NULL or an initialised object.
unsafe fn store_if_wanted(dest: *mut u32, number: BigInt) {
    if !dest.is_null() {
        // SAFETY: the caller's object.
        unsafe { store_or_panic(dest, Ok(number)) };
    }
}

fn order(ordering: Ordering) -> i32 {
    ordering as i32
}

macro_rules! operations {
    ($($(#[$attribute:meta])* $name:ident($($operand:ident),*) $expression:expr;)*) => {
        c_functions! {
            $(
                $(#[$attribute])*
                fn $name(dest: *mut u32, $($operand: *const u32),*) {
                    $(
                        // SAFETY: the caller's object.
                        let $operand = &unsafe { load($operand) };
                    )*
                    // SAFETY: the caller's object.
                    unsafe { store_or_panic(dest, $expression) };
                }
            )*
        }
    };
}

operations! {
    /// TEE_BigIntAdd.
    TEE_BigIntAdd(op1, op2) op1 + op2;
    /// TEE_BigIntSub.
    TEE_BigIntSub(op1, op2) op1 - op2;
    /// TEE_BigIntNeg.
    TEE_BigIntNeg(op) Ok(-op);
    /// TEE_BigIntMul.
    TEE_BigIntMul(op1, op2) op1 * op2;
    /// TEE_BigIntSquare.
    TEE_BigIntSquare(op) op.square();
    /// TEE_BigIntMod: from 0 on; panics for a modulus below 2.
    TEE_BigIntMod(op, n) op.modulo(n);
    /// TEE_BigIntAddMod.
    TEE_BigIntAddMod(op1, op2, n) op1.add_mod(op2, n);
    /// TEE_BigIntSubMod.
    TEE_BigIntSubMod(op1, op2, n) op1.sub_mod(op2, n);
    /// TEE_BigIntMulMod.
    TEE_BigIntMulMod(op1, op2, n) op1.mul_mod(op2, n);
    /// TEE_BigIntSquareMod.
    TEE_BigIntSquareMod(op, n) op.square_mod(n);
    /// TEE_BigIntInvMod; panics when there is no inverse.
    TEE_BigIntInvMod(op, n) op.inv_mod(n);
}

c_functions! {
    /// TEE_BigIntInit: zero, in `len` words; panics when they are too few or too many.
    fn TEE_BigIntInit(number: *mut u32, len: usize) {
        // SAFETY: the caller's memory.
        or_panic(unsafe { initialise(number, len) });
    }

    /// TEE_BigIntConvertFromOctetString, the most significant byte first; OVERFLOW when it does not fit.
    fn TEE_BigIntConvertFromOctetString(dest: *mut u32, buffer: *const u8, len: usize, sign: i32) -> u32 {
        // SAFETY: the caller's memory; no bytes may be anywhere.
        let bytes = if len == 0 { &[] } else { unsafe { slice::from_raw_parts(buffer, len) } };
        // SAFETY: the caller's object.
        raw(BigInt::from_be_bytes(bytes, sign < 0).and_then(|number| unsafe { store(dest, &number) }))
    }

    /// TEE_BigIntConvertToOctetString: the magnitude, the most significant byte first; SHORT_BUFFER. Zero has no bytes.
    fn TEE_BigIntConvertToOctetString(buffer: *mut u8, len: *mut usize, number: *const u32) -> u32 {
        // SAFETY: the caller's object and pointer.
        let (number, room) = unsafe { (load(number), len.read()) };
        // SAFETY: the caller's memory; none is needed for no bytes.
        let bytes = if room == 0 || buffer.is_null() { &mut [] } else { unsafe { slice::from_raw_parts_mut(buffer, room) } };
        let result = number.write_be_bytes(bytes);
        // SAFETY: the caller's pointer.
        unsafe { len.write(number.byte_count()) };
        raw(result.map(|_| ()))
    }

    /// TEE_BigIntConvertFromS32.
    fn TEE_BigIntConvertFromS32(dest: *mut u32, value: i32) {
        // SAFETY: the caller's object.
        unsafe { store_or_panic(dest, Ok(BigInt::from(value))) };
    }

    /// TEE_BigIntConvertToS32; OVERFLOW.
    fn TEE_BigIntConvertToS32(dest: *mut i32, src: *const u32) -> u32 {
        // SAFETY: the caller's object.
        let value = i32::try_from(&unsafe { load(src) });
        // SAFETY: the caller's pointer.
        raw(value.map(|value| unsafe { dest.write(value) }))
    }

    /// TEE_BigIntCmp: below, at or above 0.
    fn TEE_BigIntCmp(op1: *const u32, op2: *const u32) -> i32 {
        // SAFETY: the caller's objects.
        order(unsafe { load(op1).cmp(&load(op2)) })
    }

    /// TEE_BigIntCmpS32.
    fn TEE_BigIntCmpS32(op: *const u32, value: i32) -> i32 {
        // SAFETY: the caller's object.
        order(unsafe { load(op) }.cmp(&BigInt::from(value)))
    }

    /// TEE_BigIntShiftRight, of the magnitude.
    fn TEE_BigIntShiftRight(dest: *mut u32, op: *const u32, bits: usize) {
        // SAFETY: the caller's objects.
        unsafe { store_or_panic(dest, Ok(load(op).shift_right(bits))) };
    }

    /// TEE_BigIntGetBit, of the magnitude.
    fn TEE_BigIntGetBit(src: *const u32, index: u32) -> bool {
        // SAFETY: the caller's object.
        unsafe { load(src) }.bit(index)
    }

    /// TEE_BigIntGetBitCount, of the magnitude.
    fn TEE_BigIntGetBitCount(src: *const u32) -> u32 {
        // SAFETY: the caller's object.
        unsafe { load(src) }.bit_count()
    }

    /// TEE_BigIntSetBit; OVERFLOW for a bit that the object has no room for.
    fn TEE_BigIntSetBit(op: *mut u32, index: u32, value: bool) -> u32 {
        // SAFETY: the caller's object.
        let (number, room) = unsafe { (load(op), room_in_bits(op)) };
        if index >= room {
            return TeeError::OVERFLOW.raw();
        }
        // SAFETY: the caller's object.
        raw(number.with_bit(index, value).and_then(|number| unsafe { store(op, &number) }))
    }

    /// TEE_BigIntAssign; OVERFLOW.
    fn TEE_BigIntAssign(dest: *mut u32, src: *const u32) -> u32 {
        // SAFETY: the caller's objects.
        raw(unsafe { store(dest, &load(src)) })
    }

    /// TEE_BigIntAbs; OVERFLOW.
    fn TEE_BigIntAbs(dest: *mut u32, src: *const u32) -> u32 {
        // SAFETY: the caller's objects.
        raw(unsafe { store(dest, &load(src).abs()) })
    }

    /// TEE_BigIntDiv, rounded towards zero; each destination may be NULL. Panics for a division by zero.
    fn TEE_BigIntDiv(quotient: *mut u32, remainder: *mut u32, op1: *const u32, op2: *const u32) {
        // SAFETY: the caller's objects.
        let (q, r) = or_panic(unsafe { load(op1).div_rem(&load(op2)) });
        // SAFETY: the caller's objects.
        unsafe {
            store_if_wanted(quotient, q);
            store_if_wanted(remainder, r);
        }
    }

    /// TEE_BigIntExpMod; panics for a modulus below 2 and an exponent below 0. The context is not needed.
    fn TEE_BigIntExpMod(dest: *mut u32, op1: *const u32, op2: *const u32, n: *const u32, context: *const u32) -> u32 {
        let _ = context;
        // SAFETY: the caller's objects.
        unsafe { store_or_panic(dest, load(op1).exp_mod(&load(op2), &load(n))) };
        utee_abi::result::SUCCESS
    }

    /// TEE_BigIntRelativePrime.
    fn TEE_BigIntRelativePrime(op1: *const u32, op2: *const u32) -> bool {
        // SAFETY: the caller's objects.
        unsafe { load(op1).is_relative_prime(&load(op2)) }
    }

    /// TEE_BigIntComputeExtendedGcd: gcd is u * op1 + v * op2; both factors may be NULL.
    fn TEE_BigIntComputeExtendedGcd(gcd: *mut u32, u: *mut u32, v: *mut u32, op1: *const u32, op2: *const u32) {
        // SAFETY: the caller's objects.
        let (op1, op2) = unsafe { (load(op1), load(op2)) };
        if u.is_null() && v.is_null() {
            // SAFETY: the caller's object.
            unsafe { store_or_panic(gcd, Ok(op1.gcd(&op2))) };
            return;
        }
        let result = or_panic(op1.extended_gcd(&op2));
        // SAFETY: the caller's objects.
        unsafe {
            store_if_wanted(u, result.u);
            store_if_wanted(v, result.v);
            store_or_panic(gcd, Ok(result.gcd));
        }
    }

    /// TEE_BigIntIsProbablePrime: 0 for a composite number, 1 for a prime, -1 for what is one with the confidence asked for.
    fn TEE_BigIntIsProbablePrime(op: *const u32, confidence: u32) -> i32 {
        // SAFETY: the caller's object.
        match unsafe { load(op) }.primality(confidence) {
            Primality::Composite => 0,
            Primality::Prime => 1,
            Primality::Probable => -1,
        }
    }
}
