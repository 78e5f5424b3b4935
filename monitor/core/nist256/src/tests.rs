// SPDX-License-Identifier: BSD-2-Clause
//! The arithmetic against that of the crates, which is written another way.

use crate::comb;
use crate::curve::Nist256;
use crate::field::{FieldElement, FieldParams};
use crate::scalar::Scalar;
use crate::words::{self, PRIME, Words};
use p256::NistP256;
use p256::elliptic_curve::bigint::modular::ConstMontyParams;
use p256::elliptic_curve::sec1::ToSec1Point;
use p256::elliptic_curve::{FieldBytes, Group, SecretKey, ecdh};
use primefield::MontyFieldElement;
use proptest::prelude::{ProptestConfig, Strategy, any, prop_assert_eq, prop_oneof, proptest};
use sha2::Sha256;

type Generic = MontyFieldElement<FieldParams, { FieldParams::LIMBS }>;

/// Numbers below the prime, many of them near a bound of one of their words, and the last ones.
fn number() -> impl Strategy<Value = Words> {
    let word = prop_oneof![any::<u32>(), proptest::sample::select(std::vec![0, 1, 2, u32::MAX, u32::MAX - 1, 0x8000_0000])];
    let below = proptest::array::uniform8(word).prop_map(|mut words| {
        if !words.iter().rev().lt(PRIME.iter().rev()) {
            words[7] = 0;
        }
        words
    });
    let last = (1..4u32).prop_map(|less| words::subtract(&[0; 8], &[less, 0, 0, 0, 0, 0, 0, 0]));
    prop_oneof![9 => below, 1 => last]
}

fn generic(words: &Words) -> Generic {
    Generic::from_montgomery_words(crate::field::join(*words))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, ..ProptestConfig::default() })]

    #[test]
    fn the_field_is_that_of_another_implementation(a in number(), b in number()) {
        let (x, y) = (generic(&a), generic(&b));
        prop_assert_eq!(generic(&words::add(&a, &b)), x + y);
        prop_assert_eq!(generic(&words::subtract(&a, &b)), x - y);
        prop_assert_eq!(generic(&words::multiply(&a, &b)), x * y);
        prop_assert_eq!(generic(&words::multiply(&a, &a)), x.square());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn inverses_are_those_of_another_implementation(a in number()) {
        let inverse = FieldElement::from_words(a).invert().into_option().map(|inverse| generic(&inverse.words()));
        prop_assert_eq!(inverse, generic(&a).invert().into_option());
    }

    /// Keys, agreements, signatures and their verification are those of the crate `p256`.
    #[test]
    fn the_curve_is_that_of_another_implementation(one: [u8; 32], two: [u8; 32], digest: [u8; 32]) {
        let bytes = |bytes: [u8; 32]| FieldBytes::<NistP256>::from(bytes);
        let pair = |secret| {
            let own = SecretKey::<Nist256>::from_bytes(&bytes(secret)).ok()?;
            Some((own, SecretKey::<NistP256>::from_bytes(&bytes(secret)).ok()?))
        };
        let (Some((own, theirs)), Some((own_other, other))) = (pair(one), pair(two)) else { return Ok(()) };
        let (point, wanted) = (own.public_key().to_sec1_point(false), theirs.public_key().to_sec1_point(false));
        prop_assert_eq!(point.as_bytes(), wanted.as_bytes());
        let shared = ecdh::diffie_hellman(own.to_nonzero_scalar(), own_other.public_key().as_affine());
        let wanted = ecdh::diffie_hellman(theirs.to_nonzero_scalar(), other.public_key().as_affine());
        prop_assert_eq!(shared.raw_secret_bytes(), wanted.raw_secret_bytes());
        let (signature, _) = ecdsa::hazmat::sign_prehashed_rfc6979::<Nist256, Sha256>(&own.to_nonzero_scalar(), &digest, &two);
        let (wanted, _) = ecdsa::hazmat::sign_prehashed_rfc6979::<NistP256, Sha256>(&theirs.to_nonzero_scalar(), &digest, &two);
        prop_assert_eq!(signature.to_bytes(), wanted.to_bytes());
        let point = own.public_key().to_projective();
        prop_assert_eq!(ecdsa::hazmat::verify_prehashed(&point, &digest, &signature).is_ok(), true);
        let other = own_other.public_key().to_projective();
        prop_assert_eq!(ecdsa::hazmat::verify_prehashed(&other, &digest, &signature).is_ok(), one == two);
    }
}

/// Numbers at the ends, and with teeth of the comb missing.
#[test]
fn the_comb_multiplies_every_kind_of_number() {
    let generator = primeorder::ProjectivePoint::<Nist256>::GENERATOR;
    let one = Scalar::ONE;
    let shifted = |bits: u32| (0..bits).fold(one, |scalar, _| scalar.double());
    for scalar in [Scalar::ZERO, one, one.double(), -one, shifted(64), shifted(128), shifted(192), shifted(255), shifted(63) - one] {
        assert_eq!(comb::multiply(&scalar), generator * scalar);
    }
    assert!(bool::from(comb::multiply(&Scalar::ZERO).is_identity()));
    for entry in 1..16u32 {
        let scalar = (0..4).filter(|tooth| entry >> tooth & 1 == 1).fold(Scalar::ZERO, |scalar, tooth| scalar + shifted(64 * tooth));
        assert_eq!(comb::multiply(&scalar), generator * scalar, "entry {entry}");
    }
}
