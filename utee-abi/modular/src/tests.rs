// SPDX-License-Identifier: BSD-2-Clause
//! Against `num-bigint`.

use super::{Modulus, Number, Pace, Word};
use alloc::vec;
use alloc::vec::Vec;
use num_bigint::BigUint;
use proptest::prelude::{Strategy, any, prop_assert, prop_assert_eq, proptest};
use utee_abi::result::TeeError;

fn big(number: &Number) -> BigUint {
    let mut bytes = vec![0; size_of_val(number.words())];
    number.write_be(&mut bytes).unwrap();
    BigUint::from_bytes_be(&bytes)
}

fn number(bytes: &[u8]) -> Number {
    Number::from_bytes(bytes).unwrap()
}

/// Bytes of numbers, with those at the edges of words among them.
fn bytes(longest: usize) -> impl Strategy<Value = Vec<u8>> {
    let edge = proptest::sample::select(vec![0u8, 1, 0x7F, 0x80, 0xFE, 0xFF]);
    let byte = proptest::prop_oneof![any::<u8>(), edge.clone(), edge];
    proptest::prop_oneof![proptest::collection::vec(byte, 1..=longest), (1..=longest, any::<u8>()).prop_map(|(len, byte)| vec![byte; len]),]
}

/// Odd numbers of 3 at least.
fn odd(longest: usize) -> impl Strategy<Value = Vec<u8>> {
    bytes(longest).prop_map(|mut bytes| {
        bytes[0] |= 2;
        *bytes.last_mut().unwrap() |= 1;
        bytes
    })
}

fn free(f: impl FnOnce(&mut Pace<'_>)) {
    f(&mut Pace::new(&mut || Ok(())));
}

proptest! {
    #[test]
    fn numbers_keep_their_value(a in bytes(80), b in bytes(80)) {
        let (x, y) = (number(&a), number(&b));
        let (big_x, big_y) = (BigUint::from_bytes_be(&a), BigUint::from_bytes_be(&b));
        prop_assert_eq!(big(&x), big_x.clone());
        prop_assert_eq!(x.bits() as u64, big_x.bits());
        prop_assert_eq!(x.is_below(&y), big_x < big_y);
        prop_assert_eq!(x.is_same(&y), big_x == big_y);
        prop_assert_eq!((x.is_zero(), x.is_one(), x.is_odd()), (big_x == 0u8.into(), big_x == 1u8.into(), big_x.bit(0)));
        prop_assert_eq!(big(&x.product(&y).unwrap()), &big_x * &big_y);
        let mut sum = x.resized(12).unwrap();
        sum.add(&y);
        prop_assert_eq!(big(&sum), &big_x + &big_y);
        sum.sub(&x.resized(12).unwrap());
        prop_assert_eq!(big(&sum), big_y);
        prop_assert_eq!(x.rest_of(65_521), (&big_x % 65_521u32).try_into().unwrap());
        for times in [0, 1, 31, 32, 33, 64, 95, 128] {
            prop_assert_eq!(big(&x.halved(times).unwrap()), &big_x >> times);
        }
    }

    #[test]
    fn residues_are_those_of_another_implementation(n in odd(72), a in bytes(200), b in bytes(72), e in bytes(9)) {
        let modulus = Modulus::from_bytes(&n).unwrap();
        let big_n = BigUint::from_bytes_be(&n);
        let [big_a, big_b, big_e] = [&a, &b, &e].map(|bytes| BigUint::from_bytes_be(bytes));
        let (x, y) = (modulus.enter(&number(&a)).unwrap(), modulus.enter(&number(&b)).unwrap());
        let value = |residue: &super::Residue| big(&modulus.leave(residue).unwrap());
        prop_assert_eq!(modulus.bits() as u64, big_n.bits());
        prop_assert_eq!(value(&x), &big_a % &big_n);
        prop_assert_eq!(value(&modulus.one().unwrap()), BigUint::from(1u8) % &big_n);
        prop_assert_eq!(value(&modulus.multiply(&x, &y).unwrap()), &big_a * &big_b % &big_n);
        prop_assert_eq!(value(&modulus.multiply(&x, &x).unwrap()), big_a.modpow(&2u8.into(), &big_n));
        prop_assert_eq!(value(&modulus.add(&x, &y).unwrap()), (&big_a + &big_b) % &big_n);
        prop_assert_eq!(value(&modulus.subtract(&x, &y).unwrap()), (&big_a + &big_n - &big_b % &big_n) % &big_n);
        let power = big_a.modpow(&big_e, &big_n);
        free(|pace| assert_eq!(value(&modulus.power(&x, &number(&e), pace).unwrap()), power));
        free(|pace| assert_eq!(value(&modulus.public_power(&x, &number(&e), pace).unwrap()), power));
        if big_e < big_n {
            let two = BigUint::from(2u8).modpow(&big_e, &big_n);
            free(|pace| assert_eq!(value(&modulus.power_of_two(&number(&e), pace).unwrap()), two));
        }
        prop_assert!(x.is_same(&modulus.enter(&number(&a)).unwrap()));
    }
}

#[test]
fn what_is_no_modulus_is_refused() {
    for bytes in [&[][..], &[0], &[1], &[2], &[0x80, 0], &[0xFF; 300].map(|byte: u8| byte - 1)] {
        assert_eq!(Modulus::from_bytes(bytes).err(), Some(TeeError::BAD_PARAMETERS), "{bytes:x?}");
    }
    let wide = Number::from_be(&[5], 2).unwrap();
    assert_eq!(Modulus::new(wide).err(), Some(TeeError::BAD_PARAMETERS));
    assert!(Modulus::from_bytes(&[0, 0, 0, 0, 0, 0, 0, 0, 0, 3]).is_ok());
}

#[test]
fn what_does_not_fit_is_refused() {
    let bytes = vec![1; 1 + size_of::<Word>()];
    assert_eq!(Number::from_be(&bytes, 1).err(), Some(TeeError::BAD_PARAMETERS));
    let number = Number::from_be(&bytes, 2).unwrap();
    assert_eq!(number.resized(1).err(), Some(TeeError::BAD_PARAMETERS));
    assert_eq!(number.write_be(&mut vec![0; bytes.len() - 1]), Err(TeeError::BAD_PARAMETERS));
    assert_eq!(number.write_be(&mut vec![0; bytes.len() + 9]), Ok(()));
}

#[test]
fn a_long_power_asks_whether_to_go_on() {
    let modulus = Modulus::from_bytes(&[0xFF; 512]).unwrap();
    let base = modulus.enter(&number(&[3; 512])).unwrap();
    let mut asked = 0;
    let mut go_on = || {
        asked += 1;
        if asked == 2 { Err(TeeError::TARGET_DEAD) } else { Ok(()) }
    };
    let ended = modulus.power(&base, &number(&[0xFF; 512]), &mut Pace::new(&mut go_on));
    assert_eq!((ended.err(), asked), (Some(TeeError::TARGET_DEAD), 2));
}
