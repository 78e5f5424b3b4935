// SPDX-License-Identifier: BSD-2-Clause
//! The C functions: objects of exact sizes, the same object as operand and destination, and what panics.

use super::*;
use api::fake::{self, End};
use std::vec;
use std::vec::Vec;

extern crate std;

const OVERFLOW: u32 = TeeError::OVERFLOW.raw();
const SHORT_BUFFER: u32 = TeeError::SHORT_BUFFER.raw();

/// An object for `bits`, followed by words that nothing may touch.
struct Object(Vec<u32>);

impl Object {
    fn new(bits: usize) -> Self {
        let words = utee_abi::gp::arithmetic::words(bits);
        let mut memory = vec![0xA5A5_A5A5; words + 2];
        // SAFETY: so many words are there, and two more.
        unsafe { TEE_BigIntInit(memory.as_mut_ptr(), words) };
        Self(memory)
    }

    fn of(bits: usize, value: i32) -> Self {
        let mut object = Self::new(bits);
        // SAFETY: an object that `new` has initialised, with the size that it says.
        unsafe { TEE_BigIntConvertFromS32(object.to(), value) };
        object
    }

    fn to(&mut self) -> *mut u32 {
        self.0.as_mut_ptr()
    }

    fn at(&self) -> *const u32 {
        self.0.as_ptr()
    }

    fn value(&self) -> i32 {
        let mut value = 0;
        // SAFETY: a number to write to, and an object that `new` has initialised.
        let code = unsafe { TEE_BigIntConvertToS32(&raw mut value, self.at()) };
        assert_eq!(code, 0);
        value
    }
}

impl Drop for Object {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert!(self.0.ends_with(&[0xA5A5_A5A5; 2]), "written past the end");
        }
    }
}

/// The code that `function` panics the TA with.
fn panics(function: impl FnOnce()) -> Option<TeeError> {
    match fake::run(function) {
        Some(End::Panic(code)) => TeeError::check(code).err(),
        _ => None,
    }
}

#[test]
fn arithmetic_of_c() {
    let (a, b, n) = (Object::of(32, -1234), Object::of(32, 77), Object::of(32, 1000));
    let mut to = Object::new(32);
    macro_rules! gives {
        ($value:literal, $name:ident($($operand:ident),*)) => {{
            // SAFETY: objects that `Object::new` has initialised, each with the size that it says.
            unsafe { $name(to.to(), $($operand.at()),*) };
            assert_eq!(to.value(), $value, stringify!($name));
        }};
    }
    gives!(-1157, TEE_BigIntAdd(a, b));
    gives!(-1311, TEE_BigIntSub(a, b));
    gives!(1234, TEE_BigIntNeg(a));
    gives!(-95_018, TEE_BigIntMul(a, b));
    gives!(5929, TEE_BigIntSquare(b));
    gives!(766, TEE_BigIntMod(a, n));
    gives!(843, TEE_BigIntAddMod(a, b, n));
    gives!(689, TEE_BigIntSubMod(a, b, n));
    gives!(982, TEE_BigIntMulMod(a, b, n));
    gives!(756, TEE_BigIntSquareMod(a, n));
    gives!(13, TEE_BigIntInvMod(b, n));
    // SAFETY: likewise; NULL stands where the functions take it for nothing that is wanted.
    unsafe {
        let mut rest = Object::new(32);
        TEE_BigIntDiv(to.to(), rest.to(), a.at(), b.at());
        assert_eq!((to.value(), rest.value()), (-16, -2));
        TEE_BigIntDiv(core::ptr::null_mut(), rest.to(), b.at(), n.at());
        assert_eq!(rest.value(), 77);
        assert_eq!(TEE_BigIntExpMod(to.to(), a.at(), b.at(), n.at(), core::ptr::null()), 0);
        assert_eq!(to.value(), 256);
        TEE_BigIntShiftRight(to.to(), a.at(), 3);
        assert_eq!((to.value(), TEE_BigIntGetBit(a.at(), 1), TEE_BigIntGetBit(a.at(), 900)), (-154, true, false));
        assert_eq!((TEE_BigIntCmp(a.at(), b.at()), TEE_BigIntCmpS32(b.at(), 77), TEE_BigIntCmpS32(b.at(), -78)), (-1, 0, 1));
        assert!(TEE_BigIntRelativePrime(b.at(), n.at()) && !TEE_BigIntRelativePrime(a.at(), n.at()));
        let (mut u, mut v) = (Object::new(32), Object::new(32));
        TEE_BigIntComputeExtendedGcd(to.to(), u.to(), v.to(), a.at(), n.at());
        assert_eq!((to.value(), u.value() * -1234 + v.value() * 1000), (2, 2));
        TEE_BigIntComputeExtendedGcd(to.to(), core::ptr::null_mut(), core::ptr::null_mut(), a.at(), n.at());
        assert_eq!(to.value(), 2);
        assert_eq!((TEE_BigIntIsProbablePrime(b.at(), 80), TEE_BigIntIsProbablePrime(Object::of(32, 79).at(), 80)), (0, 1));
    }
}

#[test]
fn an_object_may_be_operand_and_destination() {
    let mut a = Object::of(64, 12);
    let at = a.to();
    // SAFETY: objects that `Object::new` has initialised, which live to the end; that they are one and the same is what is tested.
    unsafe {
        TEE_BigIntMul(at, at, at);
        TEE_BigIntAdd(at, at, at);
        TEE_BigIntSub(at, at, Object::of(32, 8).at());
        assert_eq!(a.value(), 280);
        let mut rest = Object::of(32, 27);
        let by = rest.to();
        TEE_BigIntDiv(at, by, at, by);
        assert_eq!((a.value(), rest.value()), (10, 10));
        assert_eq!((TEE_BigIntAssign(at, at), TEE_BigIntAbs(at, at)), (0, 0));
        TEE_BigIntNeg(at, at);
        assert_eq!(a.value(), -10);
        TEE_BigIntMod(at, at, Object::of(32, 7).at());
        assert_eq!(a.value(), 4);
    }
}

#[test]
fn octets_and_bits() {
    let mut number = Object::new(40);
    let (mut bytes, mut len) = ([0x77u8; 8], 8);
    // SAFETY: objects that `Object::new` has initialised, and as many octets as is said: `bytes` has eight, and of none the address
    // is not used.
    unsafe {
        assert_eq!(TEE_BigIntConvertFromOctetString(number.to(), [0, 0, 1, 2, 3, 4, 5].as_ptr(), 7, -1), 0);
        assert_eq!(TEE_BigIntGetBitCount(number.at()), 33);
        assert_eq!(TEE_BigIntCmpS32(number.at(), 0), -1);
        assert_eq!(TEE_BigIntConvertToOctetString(bytes.as_mut_ptr(), &raw mut len, number.at()), 0);
        assert_eq!((len, bytes), (5, [1, 2, 3, 4, 5, 0x77, 0x77, 0x77]));
        len = 4;
        assert_eq!(TEE_BigIntConvertToOctetString(bytes.as_mut_ptr(), &raw mut len, number.at()), SHORT_BUFFER);
        assert_eq!(len, 5);
        let mut value = 7;
        assert_eq!((TEE_BigIntConvertToS32(&raw mut value, number.at()), value), (OVERFLOW, 7));
        // 40 bits take two words: room for 64.
        assert_eq!(TEE_BigIntConvertFromOctetString(number.to(), [1; 9].as_ptr(), 9, 1), OVERFLOW);
        assert_eq!(TEE_BigIntGetBitCount(number.at()), 33);
        assert_eq!((TEE_BigIntSetBit(number.to(), 63, true), TEE_BigIntSetBit(number.to(), 64, true)), (0, OVERFLOW));
        assert_eq!(TEE_BigIntGetBitCount(number.at()), 64);
        let mut small = Object::new(32);
        assert_eq!((TEE_BigIntAssign(small.to(), number.at()), TEE_BigIntAbs(small.to(), number.at())), (OVERFLOW, OVERFLOW));
        assert_eq!(small.value(), 0);
        assert_eq!(TEE_BigIntConvertFromOctetString(number.to(), core::ptr::dangling(), 0, -1), 0);
        len = 0;
        assert_eq!((TEE_BigIntConvertToOctetString(core::ptr::null_mut(), &raw mut len, number.at()), len), (0, 0));
        assert_eq!((TEE_BigIntCmpS32(number.at(), 0), number.0[2..4].iter().sum()), (0, 0u32));
    }
}

#[test]
fn fast_multiplication() {
    for modulus in [999_999_937, 1_000_000] {
        let (n, a, b) = (Object::of(32, modulus), Object::of(32, 123_456_789), Object::of(32, -77_777));
        // SAFETY: it takes a number alone.
        let len = unsafe { TEE_BigIntFMMContextSizeInU32(30) };
        let mut context = vec![0xA5A5_A5A5u32; len + 1];
        let fast = || {
            let mut memory = Object::new(64);
            // SAFETY: an object for 64 bits has the words that one of 32 bits needs here; `Object`'s last words would tell.
            unsafe { TEE_BigIntInitFMM(memory.to(), TEE_BigIntFMMSizeInU32(32)) };
            memory
        };
        let (mut x, mut y, mut to) = (fast(), fast(), Object::new(32));
        // SAFETY: objects that were initialised above, and a context of the words that were asked for.
        unsafe {
            assert_eq!(TEE_BigIntInitFMMContext1(context.as_mut_ptr(), len, n.at()), 0);
            let at = context.as_ptr();
            TEE_BigIntConvertToFMM(x.to(), a.at(), n.at(), at);
            TEE_BigIntConvertToFMM(y.to(), b.at(), n.at(), at);
            let to_x = x.to();
            TEE_BigIntComputeFMM(to_x, to_x, y.at(), n.at(), at);
            TEE_BigIntConvertFromFMM(to.to(), x.at(), n.at(), at);
        }
        let wanted = (123_456_789i64 * -77_777).rem_euclid(i64::from(modulus));
        assert_eq!((i64::from(to.value()), context[len]), (wanted, 0xA5A5_A5A5));
    }
}

#[test]
fn what_the_specification_panics_for() {
    let bad = Some(TeeError::BAD_PARAMETERS);
    let overflow = Some(TeeError::OVERFLOW);
    let number = |value| Object::of(32, value);
    macro_rules! panics {
        ($name:ident($($argument:expr),*)) => {
            panics(|| {
                // SAFETY: objects live to the end of the call. What is no object, or is said to be longer than it is, the function is
                // to refuse before it touches it; that is what is tested.
                let _ = unsafe { $name($($argument),*) };
            })
        };
    }
    for modulus in [1, 0, -5] {
        assert_eq!(panics!(TEE_BigIntMod(number(0).to(), number(9).at(), number(modulus).at())), bad);
        assert_eq!(panics!(TEE_BigIntAddMod(number(0).to(), number(9).at(), number(9).at(), number(modulus).at())), bad);
        assert_eq!(panics!(TEE_BigIntSubMod(number(0).to(), number(9).at(), number(9).at(), number(modulus).at())), bad);
        assert_eq!(panics!(TEE_BigIntMulMod(number(0).to(), number(9).at(), number(9).at(), number(modulus).at())), bad);
        assert_eq!(panics!(TEE_BigIntSquareMod(number(0).to(), number(9).at(), number(modulus).at())), bad);
        assert_eq!(panics!(TEE_BigIntInvMod(number(0).to(), number(9).at(), number(modulus).at())), bad);
        let power = |exponent| {
            panics!(TEE_BigIntExpMod(number(0).to(), number(9).at(), number(exponent).at(), number(modulus).at(), core::ptr::null()))
        };
        assert_eq!(power(9), bad);
        assert_eq!(panics!(TEE_BigIntInitFMMContext1([0; 9].as_mut_ptr(), 9, number(modulus).at())), bad);
    }
    assert_eq!(panics!(TEE_BigIntDiv(number(0).to(), number(0).to(), number(9).at(), number(0).at())), bad);
    assert_eq!(panics!(TEE_BigIntInvMod(number(0).to(), number(0).at(), number(9).at())), bad);
    assert_eq!(panics!(TEE_BigIntInvMod(number(0).to(), number(6).at(), number(9).at())), bad);
    assert_eq!(panics!(TEE_BigIntExpMod(number(0).to(), number(9).at(), number(-1).at(), number(9).at(), core::ptr::null())), bad);
    assert_eq!(panics!(TEE_BigIntInitFMMContext([0; 2].as_mut_ptr(), 2, number(9).at())), bad);
    for len in [0, 1, 1025, usize::MAX] {
        assert_eq!(panics!(TEE_BigIntInit([0; 3].as_mut_ptr(), len)), bad);
        assert_eq!(panics!(TEE_BigIntInitFMM([0; 3].as_mut_ptr(), len)), bad);
    }
    // Destinations without room.
    let large = || number(i32::MAX);
    assert_eq!(panics!(TEE_BigIntMul(number(0).to(), large().at(), large().at())), overflow);
    assert_eq!(panics!(TEE_BigIntSquare(number(0).to(), large().at())), overflow);
    assert_eq!(panics!(TEE_BigIntNeg(Object::new(0).to(), large().at())), overflow);
    assert_eq!(panics!(TEE_BigIntAdd(Object::new(0).to(), large().at(), large().at())), overflow);
    assert_eq!(panics!(TEE_BigIntSub(Object::new(0).to(), large().at(), number(1).at())), overflow);
    assert_eq!(panics!(TEE_BigIntConvertFromS32(Object::new(0).to(), 1)), overflow);
    assert_eq!(panics!(TEE_BigIntShiftRight(Object::new(0).to(), large().at(), 3)), overflow);
    assert_eq!(panics!(TEE_BigIntDiv(Object::new(0).to(), number(0).to(), large().at(), number(2).at())), overflow);
    // Memory that no function initialised.
    assert_eq!(panics!(TEE_BigIntNeg(number(0).to(), [1, 0x0002_0001, 0, 0].as_ptr())), Some(TeeError::BAD_STATE));
    let mut fast = number(0);
    assert_eq!(panics!(TEE_BigIntConvertToFMM(fast.to(), number(3).at(), number(9).at(), [0; 4].as_ptr())), Some(TeeError::BAD_STATE));
}
