// SPDX-License-Identifier: BSD-2-Clause
//! The functions against those of `num-bigint`, which shares no code with ours, and against published numbers.

use super::{BigInt, ExtendedGcd, FastModulus, MAX_BITS, Primality};
use crate::{TeeError, fake};
use num_bigint::{BigInt as Num, Sign};
use num_integer::Integer;
use proptest::collection::vec;
use proptest::prelude::{Strategy, any, prop, prop_assert, prop_assert_eq, prop_assume, prop_oneof, proptest};
use std::format;
use std::string::ToString;
use std::vec::Vec;
use utee_abi::sysnum::Syscall;

fn num(number: &BigInt) -> Num {
    let sign = if number.is_negative() { Sign::Minus } else { Sign::Plus };
    Num::from_bytes_be(sign, &number.to_be_bytes())
}

fn hex(text: &str) -> BigInt {
    BigInt::from_hex(text).unwrap()
}

/// Numbers of all sizes up to `bytes`, those with long runs of equal bits among them, and the small ones often.
fn numbers(bytes: usize) -> impl Strategy<Value = BigInt> {
    let random = vec(any::<u8>(), 0..=bytes);
    let runs = vec(prop_oneof![prop::strategy::Just(0u8), prop::strategy::Just(255)], 0..=bytes);
    let small = (-9i32..=9).prop_map(|value| value.unsigned_abs().to_be_bytes().to_vec());
    (prop_oneof![4 => random, 1 => runs, 1 => small], any::<bool>())
        .prop_map(|(bytes, negative)| BigInt::from_be_bytes(&bytes, negative).unwrap())
}

fn moduli(bytes: usize) -> impl Strategy<Value = BigInt> {
    numbers(bytes).prop_map(|number| if number.bit_count() < 2 { BigInt::from(2) } else { number.abs() })
}

proptest! {
    #[test]
    fn sums_and_products(a in numbers(70), b in numbers(70)) {
        prop_assert_eq!(num(&(&a + &b).unwrap()), num(&a) + num(&b));
        prop_assert_eq!(num(&(&a - &b).unwrap()), num(&a) - num(&b));
        prop_assert_eq!(num(&(&a * &b).unwrap()), num(&a) * num(&b));
        prop_assert_eq!(num(&a.square().unwrap()), num(&a) * num(&a));
        prop_assert_eq!(num(&-&a), -num(&a));
        prop_assert_eq!(a.cmp(&b), num(&a).cmp(&num(&b)));
    }

    #[test]
    fn quotients(a in numbers(90), b in numbers(60)) {
        prop_assume!(!b.is_zero());
        let (quotient, remainder) = a.div_rem(&b).unwrap();
        let (wanted_quotient, wanted_remainder) = (num(&a) / num(&b), num(&a) % num(&b));
        prop_assert_eq!((num(&quotient), num(&remainder)), (wanted_quotient, wanted_remainder));
    }

    #[test]
    fn residues(a in numbers(70), b in numbers(70), n in moduli(50)) {
        let wanted = |value: Num| value.mod_floor(&num(&n));
        prop_assert_eq!(num(&a.modulo(&n).unwrap()), wanted(num(&a)));
        prop_assert_eq!(num(&a.add_mod(&b, &n).unwrap()), wanted(num(&a) + num(&b)));
        prop_assert_eq!(num(&a.sub_mod(&b, &n).unwrap()), wanted(num(&a) - num(&b)));
        prop_assert_eq!(num(&a.mul_mod(&b, &n).unwrap()), wanted(num(&a) * num(&b)));
        prop_assert_eq!(num(&a.square_mod(&n).unwrap()), wanted(num(&a) * num(&a)));
    }

    #[test]
    fn powers(a in numbers(40), e in numbers(20), n in moduli(40)) {
        let e = e.abs();
        prop_assert_eq!(num(&a.exp_mod(&e, &n).unwrap()), num(&a).modpow(&num(&e), &num(&n)));
    }

    #[test]
    fn powers_of_small_numbers(a in -20i32..20, e in 0u32..40, n in 2u32..70) {
        let (a, e, n) = (BigInt::from(a), BigInt::from(e), BigInt::from(n));
        prop_assert_eq!(num(&a.exp_mod(&e, &n).unwrap()), num(&a).modpow(&num(&e), &num(&n)));
    }

    #[test]
    fn inverses(a in numbers(50), n in moduli(40)) {
        match a.inv_mod(&n) {
            Ok(inverse) => {
                prop_assert!(!inverse.is_negative() && inverse < n);
                prop_assert_eq!((num(&inverse) * num(&a)).mod_floor(&num(&n)), Num::from(1));
            }
            Err(error) => {
                prop_assert_eq!(error, TeeError::BAD_PARAMETERS);
                prop_assert!(num(&a).gcd(&num(&n)) != Num::from(1));
            }
        }
    }

    #[test]
    fn inverses_of_small_numbers(a in -70i32..70, n in 2u32..70) {
        let (a, n) = (BigInt::from(a), BigInt::from(n));
        let coprime = num(&a).gcd(&num(&n)) == Num::from(1);
        prop_assert_eq!(a.inv_mod(&n).is_ok(), coprime);
        prop_assert_eq!(a.is_relative_prime(&n), coprime);
        if let Ok(inverse) = a.inv_mod(&n) {
            prop_assert_eq!(num(&inverse.mul_mod(&a, &n).unwrap()), Num::from(1));
        }
    }

    #[test]
    fn common_divisors(a in numbers(40), b in numbers(40), common in numbers(8)) {
        let (a, b) = ((&a * &common).unwrap(), (&b * &common).unwrap());
        let wanted = num(&a).gcd(&num(&b));
        prop_assert_eq!(num(&a.gcd(&b)), wanted.clone());
        let ExtendedGcd { gcd, u, v } = a.extended_gcd(&b).unwrap();
        prop_assert_eq!(num(&u) * num(&a) + num(&v) * num(&b), wanted.clone());
        prop_assert_eq!(num(&gcd), wanted);
        // No factor is larger than it has to be, so that destinations of the operands' sizes do.
        prop_assert!(u.bit_count() <= b.bit_count().max(1) && v.bit_count() <= a.bit_count().max(1));
    }

    #[test]
    fn fast_products(a in numbers(60), b in numbers(60), n in moduli(50)) {
        let modulus = FastModulus::new(&n).unwrap();
        let prepared = modulus.prepared();
        prop_assert!(prepared.as_ref().is_none_or(|bytes| bytes.len() == FastModulus::prepared_len(n.bit_count() as usize)));
        prop_assert_eq!(&FastModulus::from_prepared(&n, prepared.as_deref()).unwrap(), &modulus);
        let (x, y) = (modulus.enter(&a).unwrap(), modulus.enter(&b).unwrap());
        prop_assert_eq!(num(&modulus.leave(&x).unwrap()), num(&a).mod_floor(&num(&n)));
        let product = modulus.leave(&modulus.multiply(&x, &y).unwrap()).unwrap();
        prop_assert_eq!(num(&product), (num(&a) * num(&b)).mod_floor(&num(&n)));
        prop_assert!(x.as_raw().bit_count() <= n.bit_count());
    }

    #[test]
    fn bits(a in numbers(40), index in 0u32..400, value: bool, shift in 0usize..400) {
        prop_assert_eq!(u64::from(a.bit_count()), num(&a).bits());
        prop_assert_eq!(a.bit(index), num(&a).magnitude().bit(u64::from(index)));
        let mut wanted = num(&a).magnitude().clone();
        wanted.set_bit(u64::from(index), value);
        let with_bit = a.with_bit(index, value).unwrap();
        prop_assert_eq!(num(&with_bit).magnitude().clone(), wanted.clone());
        prop_assert_eq!(with_bit.is_negative(), a.is_negative() && wanted.bits() != 0);
        let shifted = a.shift_right(shift);
        prop_assert_eq!(num(&shifted).magnitude().clone(), num(&a).magnitude() >> shift);
    }

    #[test]
    fn bytes_and_texts(a in numbers(40), zeros in 0usize..9) {
        let bytes = a.to_be_bytes();
        prop_assert_eq!(&BigInt::from_be_bytes(&[&[0, 0], &*bytes].concat(), a.is_negative()).unwrap(), &a);
        let mut le = std::vec![0x55; bytes.len() + zeros];
        a.write_le_bytes(&mut le).unwrap();
        prop_assert_eq!(&BigInt::from_le_bytes(&le, a.is_negative()).unwrap(), &a);
        let mut be = std::vec![0x55; bytes.len() + zeros];
        prop_assert_eq!(a.write_be_bytes(&mut be).unwrap(), bytes.len());
        prop_assert_eq!(&be[..bytes.len()], &*bytes);
        if !bytes.is_empty() {
            prop_assert_eq!(a.write_be_bytes(&mut le[1..bytes.len()]), Err(TeeError::SHORT_BUFFER));
            prop_assert_eq!(a.write_le_bytes(&mut be[1..bytes.len()]), Err(TeeError::SHORT_BUFFER));
        }
        prop_assert_eq!(&hex(&format!("{a:x}")), &a);
        prop_assert_eq!(format!("{a:x}"), num(&a).to_str_radix(16));
    }

    #[test]
    fn numbers_of_32_bits(value: i32, other: u64) {
        let number = BigInt::from(value);
        prop_assert_eq!(num(&number), Num::from(value));
        prop_assert_eq!(i32::try_from(&number), Ok(value));
        prop_assert_eq!(num(&BigInt::from(other)), Num::from(other));
        prop_assert_eq!(i32::try_from(&BigInt::from(other)).ok(), i32::try_from(other).ok());
    }
}

#[test]
fn what_has_no_value_is_refused() {
    let (zero, one, two) = (BigInt::zero(), BigInt::from(1), BigInt::from(2));
    let bad = TeeError::BAD_PARAMETERS;
    assert_eq!(one.div_rem(&zero), Err(bad));
    for modulus in [&zero, &one, &BigInt::from(-7)] {
        assert_eq!(two.modulo(modulus), Err(bad));
        assert_eq!(two.add_mod(&two, modulus), Err(bad));
        assert_eq!(two.sub_mod(&two, modulus), Err(bad));
        assert_eq!(two.mul_mod(&two, modulus), Err(bad));
        assert_eq!(two.exp_mod(&two, modulus), Err(bad));
        assert_eq!(two.inv_mod(modulus), Err(bad));
        assert_eq!(FastModulus::new(modulus), Err(bad));
    }
    assert_eq!(two.exp_mod(&BigInt::from(-1), &BigInt::from(7)), Err(bad));
    assert_eq!(zero.inv_mod(&BigInt::from(7)), Err(bad));
    assert_eq!(
        (BigInt::from_hex(""), BigInt::from_hex("-"), BigInt::from_hex("+1")),
        (Err(TeeError::BAD_FORMAT), Err(TeeError::BAD_FORMAT), Err(TeeError::BAD_FORMAT))
    );
    let minimum = BigInt::from(i32::MIN);
    assert_eq!(i32::try_from(&minimum), Ok(i32::MIN));
    assert_eq!((i32::try_from(&-&minimum), i32::try_from(&(&minimum - &one).unwrap())), (Err(TeeError::OVERFLOW), Err(TeeError::OVERFLOW)));
    assert_eq!((-&zero, BigInt::from_be_bytes(&[0], true).unwrap()), (zero.clone(), zero));
}

#[test]
fn the_limit_is_a_limit() {
    let largest = BigInt::from_be_bytes(&[0xFF; MAX_BITS as usize / 8], false).unwrap();
    assert_eq!(largest.bit_count(), MAX_BITS);
    let overflow = Err(TeeError::OVERFLOW);
    let one = BigInt::from(1);
    assert_eq!(&largest + &one, overflow);
    assert_eq!(&-&largest - &one, overflow);
    assert_eq!(largest.square(), overflow);
    assert_eq!(one.with_bit(MAX_BITS, true), overflow);
    assert_eq!(BigInt::from_be_bytes(&[1; MAX_BITS as usize / 8 + 1], false), overflow);
    assert_eq!(BigInt::from_le_bytes(&[1; MAX_BITS as usize / 8 + 1], false), overflow);
    assert!(BigInt::from_le_bytes(&[&[7; 3], [0; MAX_BITS as usize / 8].as_slice()].concat(), false).is_ok());
    assert_eq!((&largest - &one).unwrap().bit_count(), MAX_BITS);
}

/// RSA of FIPS 186's largest size the long way: the limit of operands, and a product of two.
#[test]
fn operands_of_the_largest_size() {
    let odd = BigInt::from_be_bytes(&[0xC3; 512], false).unwrap();
    let even = (&odd - &BigInt::from(1)).unwrap();
    let base = BigInt::from_be_bytes(&[0x5A; 512], false).unwrap();
    let exponent = BigInt::from_be_bytes(&[0x9B; 512], false).unwrap();
    for modulus in [&odd, &even] {
        assert_eq!(num(&base.exp_mod(&exponent, modulus).unwrap()), num(&base).modpow(&num(&exponent), &num(modulus)));
    }
    assert_eq!((&odd * &even).unwrap().bit_count(), 8192);
}

fn with_random<T>(test: impl FnOnce() -> T) -> T {
    let mut state = 1u64;
    fake::on(Syscall::RandomNumberGenerate, move |args| {
        for index in 0..args[1].value() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            // SAFETY: the function passes a buffer and its size.
            unsafe { args[0].pointer::<u8>().add(index).write((state >> 40) as u8) };
        }
        0
    });
    test()
}

#[test]
fn primes_and_what_looks_like_them() {
    let small = |value: u32| BigInt::from(value).primality(0);
    let primes: Vec<u32> = (0..60).filter(|value| small(*value) == Primality::Prime).collect();
    assert_eq!(primes, [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59]);
    assert_eq!(BigInt::from(-7).primality(80), Primality::Composite);
    // Carmichael numbers, and the composite that is a strong pseudoprime to the first 12 primes (Sorenson and Webster, 2015).
    for composite in ["231", "19a1", "1a3ac3", "437ae92817f9fc85b7e5"] {
        assert_eq!(with_random(|| hex(composite).primality(100)), Primality::Composite, "{composite}");
    }
    // 2^127 - 1, and the prime of Curve25519.
    for prime in [(127, 1), (255, 19)] {
        let number = (&BigInt::zero().with_bit(prime.0, true).unwrap() - &BigInt::from(prime.1)).unwrap();
        assert_eq!(with_random(|| number.primality(100)), Primality::Probable);
        let square = number.square().unwrap();
        assert_eq!(with_random(|| square.primality(0)), Primality::Composite);
    }
}

#[test]
fn no_value_comes_into_a_log_by_accident() {
    assert_eq!(format!("{:?}", BigInt::from(0x1234)), "BigInt(13 bits)");
    assert_eq!(num(&BigInt::from(0x1234)).to_string(), "4660");
}
