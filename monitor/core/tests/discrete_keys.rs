// SPDX-License-Identifier: BSD-2-Clause
//! DSA and Diffie-Hellman keys as TAs see them, by system call.

mod keys;

use keys::{
    BAD_PARAMETERS, BAD_STATE, INVALID, NOT_FOUND, NOT_SUPPORTED, OK, SHORT, attribute, check, generate, list as put_list, new_object,
    operate, populate, run, state, verify,
};
use num_bigint::BigUint;
use utee_abi::crypto::{AlgorithmId as Alg, AttributeId as Id, ObjectType, OperationMode};
use utee_abi::sysnum::Syscall as S;

/// The group of 1024 bits in RFC 5114, whose vectors TAs play: prime, order, base.
fn group() -> [Vec<u8>; 3] {
    let key = known_answers::key("dh-1024-a").unwrap();
    ["DH_PRIME", "DH_SUBPRIME", "DH_BASE"].map(|name| key.bytes(name).unwrap())
}

#[test]
fn groups_of_dsa_are_checked() {
    run(|ta| {
        let group = group();
        let [p, q, g] = group.each_ref().map(Vec::as_slice);
        let ids = [Id::DSA_PRIME, Id::DSA_SUBPRIME, Id::DSA_BASE];
        fn list(ids: [Id; 3], numbers: [&[u8]; 3]) -> Vec<(Id, &[u8])> {
            ids.into_iter().zip(numbers).collect()
        }
        let key = new_object(ta, ObjectType::DSA_KEYPAIR, 1024).unwrap();
        let even = [&p[..127], &[p[127] & !1]].concat();
        // Even primes, orders that divide nothing or are tiny, generators of nothing or of another group.
        for bad in [[&even[..], q, g], [p, &q[1..], g], [p, &[3], g], [p, q, &[1]], [p, q, &[0]], [p, q, p], [p, q, &[2]]] {
            check!(generate(ta, key, 1024, &list(ids, bad)), BAD_PARAMETERS);
        }
        check!(generate(ta, key, 960, &list(ids, [p, q, g])), BAD_PARAMETERS);
        check!(generate(ta, key, 1000, &list(ids, [p, q, g])), NOT_SUPPORTED);
        check!(generate(ta, key, 1024, &list(ids, [p, q, g])[..2]), NOT_FOUND);
        check!(generate(ta, key, 1024, &list(ids, [p, q, g])), OK);
        check!(generate(ta, key, 1024, &list(ids, [p, q, g])), BAD_STATE);
        let [x, y] = [Id::DSA_PRIVATE_VALUE, Id::DSA_PUBLIC_VALUE].map(|id| attribute(ta, key, id).unwrap());

        let sign = state(ta, Alg::DSA_SHA256, OperationMode::Sign, key).unwrap();
        check!(operate(ta, sign, &[], &[1; 32], 39), Err((SHORT, 40)));
        check!(operate(ta, sign, &[], &[1; 31], 40), Err((BAD_PARAMETERS, 40)));
        // The whole digest, or as much of it as the order has.
        for digest in [&[1; 32][..], &[1; 20]] {
            let signature = operate(ta, sign, &[], digest, 40).unwrap();
            let public = new_object(ta, ObjectType::DSA_PUBLIC_KEY, 1024).unwrap();
            check!(ta.syscall(S::CrypObjCopy, &[public.into(), key.into()]), OK);
            let check = state(ta, Alg::DSA_SHA256, OperationMode::Verify, public).unwrap();
            check!(verify(ta, check, &[], digest, &signature), OK);
            check!(verify(ta, check, &[], &[2; 32], &signature), INVALID);
            check!(verify(ta, check, &[], digest, &signature[..39]), INVALID);
            check!(verify(ta, check, &[], digest, &[&signature[..20], &[0; 20]].concat()), INVALID);
            check!(verify(ta, check, &[], digest, &[&[0; 20], &signature[20..]].concat()), INVALID);
            check!(verify(ta, check, &[], digest, &[q, &signature[20..]].concat()), INVALID);
            check!(verify(ta, check, &[], &[1; 21], &signature), BAD_PARAMETERS);
        }
        // A private value that is not that of the public one.
        let other = new_object(ta, ObjectType::DSA_KEYPAIR, 1024).unwrap();
        let pair = |x: &[u8], y: &[u8]| {
            let numbers = [p, q, g, x, y].map(<[u8]>::to_vec);
            ids.into_iter().chain([Id::DSA_PRIVATE_VALUE, Id::DSA_PUBLIC_VALUE]).zip(numbers).collect::<Vec<_>>()
        };
        for (x, y) in [(&x[..], g), (q, &y), (&[0], &y), (&x, &[1]), (&x, p)] {
            let pair = pair(x, y);
            let pair: Vec<(Id, &[u8])> = pair.iter().map(|(id, number)| (*id, number.as_slice())).collect();
            check!(populate(ta, other, &pair), BAD_PARAMETERS);
        }
        let pair = pair(&x, &y);
        let pair: Vec<(Id, &[u8])> = pair.iter().map(|(id, number)| (*id, number.as_slice())).collect();
        check!(populate(ta, other, &pair), OK);
        OK
    });
}

#[test]
fn both_sides_of_diffie_hellman_agree() {
    run(|ta| {
        let group = group();
        let [p, q, g] = group.each_ref().map(Vec::as_slice);
        let bits = 160u32.to_le_bytes();
        let (prime, base, order) = ((Id::DH_PRIME, p), (Id::DH_BASE, g), (Id::DH_SUBPRIME, q));
        let private_bits = (Id::DH_X_BITS, &bits[..]);
        let bad_bits = 1025u32.to_le_bytes();
        let key = new_object(ta, ObjectType::DH_KEYPAIR, 1024).unwrap();
        check!(generate(ta, key, 1024, &[prime]), NOT_FOUND);
        check!(generate(ta, key, 512, &[prime, base]), BAD_PARAMETERS);
        check!(generate(ta, key, 1024, &[prime, (Id::DH_BASE, &[1])]), BAD_PARAMETERS);
        check!(generate(ta, key, 1024, &[prime, base, (Id::DH_SUBPRIME, &[4])]), BAD_PARAMETERS);
        check!(generate(ta, key, 1024, &[prime, base, (Id::DH_SUBPRIME, &q[1..])]), BAD_PARAMETERS);
        check!(generate(ta, key, 1024, &[prime, base, (Id::DH_X_BITS, &bad_bits)]), BAD_PARAMETERS);
        check!(generate(ta, key, 1024, &[prime, base, (Id::DH_PUBLIC_VALUE, &[7])]), NOT_FOUND);
        // A prime of as many bytes as the key is of has the size of it: OP-TEE's benchmark draws one of any bits.
        let mut shorter = p.to_vec();
        shorter[0] = 0x02;
        check!(generate(ta, key, 1024, &[(Id::DH_PRIME, &shorter[1..]), (Id::DH_BASE, &[5])]), BAD_PARAMETERS);
        check!(generate(ta, key, 1024, &[(Id::DH_PRIME, &shorter), (Id::DH_BASE, &[5])]), OK);
        for extra in [&[][..], &[order], &[private_bits], &[order, private_bits]] {
            let group = [&[prime, base], extra].concat();
            let (mut keys, mut secrets) = (Vec::new(), Vec::new());
            for _ in 0..2 {
                let key = new_object(ta, ObjectType::DH_KEYPAIR, 1024).unwrap();
                check!(generate(ta, key, 1024, &group), OK);
                if extra.contains(&private_bits) {
                    let x = attribute(ta, key, Id::DH_PRIVATE_VALUE).unwrap();
                    check!(BigUint::from_bytes_be(&x).bits(), 160);
                }
                keys.push(key);
            }
            let publics = [1, 0].map(|other: usize| attribute(ta, keys[other], Id::DH_PUBLIC_VALUE).unwrap());
            for (own, public) in keys.into_iter().zip(publics) {
                let derive = state(ta, Alg::DH_DERIVE_SHARED_SECRET, OperationMode::Derive, own).unwrap();
                let target = new_object(ta, ObjectType::GENERIC_SECRET, 1024).unwrap();
                let cut = public.get(1..).unwrap();
                // The element of order 2: it tells whether the private value is odd.
                let mut minus_one = p.to_vec();
                *minus_one.last_mut().unwrap() ^= 1;
                let bad: [&[(Id, &[u8])]; 6] = [
                    &[(Id::DH_PUBLIC_VALUE, &minus_one)],
                    &[(Id::DH_PUBLIC_VALUE, &[1])],
                    &[(Id::DH_PUBLIC_VALUE, p)],
                    &[(Id::DH_PUBLIC_VALUE, &[0])],
                    &[],
                    &[(Id::DH_PRIVATE_VALUE, cut)],
                ];
                for bad in bad {
                    let at = put_list(ta, bad);
                    let args = [derive.into(), at, bad.len() as u64, target.into()];
                    check!(ta.syscall(S::CrypDeriveKey, &args), BAD_PARAMETERS);
                }
                let at = put_list(ta, &[(Id::DH_PUBLIC_VALUE, &public)]);
                check!(ta.syscall(S::CrypDeriveKey, &[derive.into(), at, 1, target.into()]), OK);
                secrets.push(attribute(ta, target, Id::SECRET_VALUE).unwrap());
                check!(ta.syscall(S::CrypStateFree, &[derive.into()]), OK);
            }
            check!(secrets[0] == secrets[1] && secrets[0].len() > 100, true);
        }
        OK
    });
}
