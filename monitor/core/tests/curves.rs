// SPDX-License-Identifier: BSD-2-Clause
//! Keys and operations on every curve as TAs see them, by system call.

mod common;

use common::keys::{OK, attribute, derive, generate, new_object, object, operate, populate, same, state, verify};
use tee_core::testing::script::Ta;
use utee_abi::crypto::{AlgorithmId as Alg, AttributeId as Id, ObjectType as Type, OperationMode as Mode};
use utee_abi::result::TeeError;
use utee_abi::sysnum::Syscall as S;

const BAD_PARAMETERS: u32 = TeeError::BAD_PARAMETERS.raw();
const BAD_STATE: u32 = TeeError::BAD_STATE.raw();
const NOT_FOUND: u32 = TeeError::ITEM_NOT_FOUND.raw();
const NOT_SUPPORTED: u32 = TeeError::NOT_SUPPORTED.raw();
const SHORT: u32 = TeeError::SHORT_BUFFER.raw();
const INVALID: u32 = TeeError::SIGNATURE_INVALID.raw();

fn text<E: std::fmt::Debug>(error: E) -> String {
    format!("{error:x?}")
}

fn free(ta: &mut Ta, state: u32) -> Result<(), String> {
    same(ta.syscall(S::CrypStateFree, &[state.into()]), OK)
}

#[test]
fn every_curve_of_nist_signs_and_agrees() {
    common::keys::run(|ta| {
        for (number, bits, size) in [(1u32, 192, 24), (2, 224, 28), (3, 256, 32), (4, 384, 48), (5, 521, 66)] {
            let curve = number.to_le_bytes();
            let curve = [(Id::ECC_CURVE, &curve[..])];
            same(generate(ta, Type::ECDSA_KEYPAIR, bits, &[]), Err(NOT_FOUND))?;
            same(generate(ta, Type::ECDSA_KEYPAIR, bits, &[curve[0], curve[0]]), Err(NOT_FOUND))?;
            let wrong = (number % 5 + 1).to_le_bytes();
            same(generate(ta, Type::ECDSA_KEYPAIR, bits, &[(Id::ECC_CURVE, &wrong)]), Err(BAD_PARAMETERS))?;
            same(generate(ta, Type::ECDSA_PUBLIC_KEY, bits, &curve), Err(NOT_SUPPORTED))?;
            let pair = generate(ta, Type::ECDSA_KEYPAIR, bits, &curve).map_err(text)?;
            let sign = state(ta, Alg::ECDSA_SHA512, Mode::Sign, [pair, 0]).map_err(text)?;
            same(operate(ta, sign, &[], &[7; 64], 2 * size - 1), Err((SHORT, 2 * size as usize)))?;
            let signature = operate(ta, sign, &[], &[7; 64], 2 * size).map_err(text)?;
            let [x, y] = [Id::ECC_PUBLIC_VALUE_X, Id::ECC_PUBLIC_VALUE_Y].map(|id| attribute(ta, pair, id));
            let (x, y) = (x.map_err(text)?, y.map_err(text)?);
            let public = object(ta, Type::ECDSA_PUBLIC_KEY, bits, &[(Id::ECC_PUBLIC_VALUE_X, &x), (Id::ECC_PUBLIC_VALUE_Y, &y), curve[0]]);
            let check = state(ta, Alg::ECDSA_SHA512, Mode::Verify, [public.map_err(text)?, 0]).map_err(text)?;
            same(verify(ta, check, &[], &[7; 64], &signature), OK)?;
            same(verify(ta, check, &[], &[8; 64], &signature), INVALID)?;
            free(ta, sign)?;
            free(ta, check)?;

            let pairs = [0; 2].map(|_| generate(ta, Type::ECDH_KEYPAIR, bits, &curve));
            let [one, two] = pairs.map(|pair| pair.unwrap_or(0));
            // An agreement takes nothing of the public half: OP-TEE's own suite puts the other side's there. It is on the curve all the same.
            let own = attribute(ta, one, Id::ECC_PRIVATE_VALUE).map_err(text)?;
            let (x, y) = point(ta, two)?;
            let halves = |x, y| [(Id::ECC_PRIVATE_VALUE, &own[..]), (Id::ECC_PUBLIC_VALUE_X, x), (Id::ECC_PUBLIC_VALUE_Y, y), curve[0]];
            object(ta, Type::ECDH_KEYPAIR, bits, &halves(&x, &y)).map_err(text)?;
            same(object(ta, Type::ECDH_KEYPAIR, bits, &halves(&y, &x)), Err(BAD_PARAMETERS))?;
            same(object(ta, Type::ECDSA_KEYPAIR, bits, &halves(&x, &y)), Err(BAD_PARAMETERS))?;
            let (mut secrets, mut states) = (Vec::new(), Vec::new());
            for (own, other) in [(one, two), (two, one)] {
                let x = attribute(ta, other, Id::ECC_PUBLIC_VALUE_X).map_err(text)?;
                let y = attribute(ta, other, Id::ECC_PUBLIC_VALUE_Y).map_err(text)?;
                let agree = state(ta, Alg::ECDH_DERIVE_SHARED_SECRET, Mode::Derive, [own, 0]).map_err(text)?;
                let point = [(Id::ECC_PUBLIC_VALUE_X, &x[..]), (Id::ECC_PUBLIC_VALUE_Y, &y[..])];
                secrets.push(derive(ta, agree, &point, 528).map_err(text)?);
                let turned = [(Id::ECC_PUBLIC_VALUE_X, &y[..]), (Id::ECC_PUBLIC_VALUE_Y, &x[..])];
                same(derive(ta, agree, &turned, 528), Err(BAD_PARAMETERS))?;
                states.push(agree);
            }
            // Their keys go with them.
            states.into_iter().try_for_each(|state| free(ta, state))?;
            same(secrets[0].len(), size as usize)?;
            same(&secrets[0], &secrets[1])?;
        }
        same(new_object(ta, Type::ECDSA_KEYPAIR, 191), Err(NOT_SUPPORTED))
    });
}

#[test]
fn eddsa_signs_messages_of_any_length_in_every_variant() {
    common::keys::run(|ta| {
        for (algorithm, pair_type, public_type, ids, bits, size) in [
            (Alg::ED25519, Type::ED25519_KEYPAIR, Type::ED25519_PUBLIC_KEY, [Id::ED25519_PRIVATE_VALUE, Id::ED25519_PUBLIC_VALUE], 256, 64),
            (Alg::ED448, Type::ED448_KEYPAIR, Type::ED448_PUBLIC_KEY, [Id::ED448_PRIVATE_VALUE, Id::ED448_PUBLIC_VALUE], 448, 114),
        ] {
            same(generate(ta, pair_type, bits, &[(Id::ECC_CURVE, &[0, 3, 0, 0])]), Err(NOT_FOUND))?;
            same(generate(ta, public_type, bits, &[]), Err(NOT_SUPPORTED))?;
            let pair = generate(ta, pair_type, bits, &[]).map_err(text)?;
            let [secret, public] = ids.map(|id| attribute(ta, pair, id));
            let (secret, public) = (secret.map_err(text)?, public.map_err(text)?);
            // A public key that is not the secret's: the holes of double public keys.
            let other = generate(ta, pair_type, bits, &[]).map_err(text)?;
            let foreign = attribute(ta, other, ids[1]).map_err(text)?;
            same(object(ta, pair_type, bits, &[(ids[0], &secret), (ids[1], &foreign)]), Err(BAD_PARAMETERS))?;
            same(object(ta, pair_type, bits, &[(ids[0], &secret)]), Err(NOT_FOUND))?;
            same(object(ta, public_type, bits, &[(ids[1], &public[1..])]), Err(BAD_PARAMETERS))?;
            // The neutral point.
            let mut low = vec![0; public.len()];
            low[0] = 1;
            same(object(ta, public_type, bits, &[(ids[1], &low)]), Err(BAD_PARAMETERS))?;
            let imported = object(ta, pair_type, bits, &[(ids[0], &secret), (ids[1], &public)]).map_err(text)?;
            let alone = new_object(ta, public_type, bits).map_err(text)?;
            same(ta.syscall(S::CrypObjCopy, &[alone.into(), imported.into()]), OK)?;
            same(attribute(ta, alone, ids[0]), Err(NOT_FOUND))?;

            same(state(ta, algorithm, Mode::Sign, [alone, 0]), Err(BAD_PARAMETERS))?;
            let sign = state(ta, algorithm, Mode::Sign, [imported, 0]).map_err(text)?;
            let check = state(ta, algorithm, Mode::Verify, [alone, 0]).map_err(text)?;
            let context = vec![0xC0; 255];
            let (ph, no_ph) = ((Id::EDDSA_PREHASH, &[1, 0, 0, 0][..]), (Id::EDDSA_PREHASH, &[0; 4][..]));
            let variants: [Vec<(Id, &[u8])>; 4] = [vec![], vec![(Id::EDDSA_CTX, &context)], vec![ph], vec![ph, (Id::EDDSA_CTX, b"here")]];
            for len in [0, 1, 1500] {
                let message = vec![0x4D; len];
                let mut seen = Vec::new();
                for variant in &variants {
                    let signature = operate(ta, sign, variant, &message, size).map_err(text)?;
                    same(signature.len(), size as usize)?;
                    for (index, other) in variants.iter().enumerate() {
                        let wanted = if other == variant { OK } else { INVALID };
                        same(verify(ta, check, other, &message, &signature), wanted).map_err(|text| format!("{text}, variant {index}"))?;
                    }
                    same(verify(ta, check, variant, &[&message[..], &[0]].concat(), &signature), INVALID)?;
                    same(verify(ta, check, variant, &message, &signature[1..]), INVALID)?;
                    seen.push(signature);
                }
                // An empty context is none, and signatures do not depend on anything else.
                same(operate(ta, sign, &[(Id::EDDSA_CTX, &[]), no_ph], &message, size).map_err(text)?, seen[0].clone())?;
            }
            let long = vec![0; 256];
            let two = [0x02, 0, 0, 0];
            let useless: [&[(Id, &[u8])]; 4] = [
                &[(Id::EDDSA_CTX, &long)],
                &[(Id::EDDSA_PREHASH, &two)],
                &[(Id::EDDSA_CTX, b"one"), (Id::EDDSA_CTX, b"two")],
                &[(Id::RSA_PSS_SALT_LENGTH, &two)],
            ];
            for attributes in useless {
                same(operate(ta, sign, attributes, b"m", size), Err((BAD_PARAMETERS, size as usize)))?;
                same(verify(ta, check, attributes, b"m", &vec![0; size as usize]), BAD_PARAMETERS)?;
            }
            same(operate(ta, sign, &[], b"m", size - 1), Err((SHORT, size as usize)))?;
            same(operate(ta, check, &[], b"m", size).map_err(|error| error.0), Err(BAD_STATE))?;
            same(verify(ta, sign, &[], b"m", &[0; 64]), BAD_STATE)?;
            // A message that is not the TA's to read, and one that no heap has room for.
            let (out, cell) = (ta.scratch(12), common::keys::put(ta, 13, &size.to_le_bytes()));
            let call = |ta: &mut Ta, at: u64, len: u64| ta.syscall(S::AsymmOperate, &[sign.into(), 0, 0, at, len, out, cell]);
            same(call(ta, 0x10, 5), TeeError::ACCESS_DENIED.raw())?;
            same(call(ta, 0, 5), BAD_PARAMETERS)?;
            free(ta, sign)?;
            free(ta, check)?;
        }
        Ok(())
    });
}

#[test]
fn montgomery_curves_agree_and_refuse_low_order() {
    common::keys::run(|ta| {
        for (algorithm, kind, ids, bits, size) in [
            (Alg::X25519, Type::X25519_KEYPAIR, [Id::X25519_PRIVATE_VALUE, Id::X25519_PUBLIC_VALUE], 256, 32),
            (Alg::X448, Type::X448_KEYPAIR, [Id::X448_PRIVATE_VALUE, Id::X448_PUBLIC_VALUE], 448, 56),
        ] {
            let pairs = [0; 2].map(|_| generate(ta, kind, bits, &[]));
            let [one, two] = pairs.map(|pair| pair.unwrap_or(0));
            let secret = attribute(ta, one, ids[0]).map_err(text)?;
            let foreign = attribute(ta, two, ids[1]).map_err(text)?;
            same(object(ta, kind, bits, &[(ids[0], &secret), (ids[1], &foreign)]), Err(BAD_PARAMETERS))?;
            let (mut secrets, mut states) = (Vec::new(), Vec::new());
            for (own, other) in [(one, two), (two, one)] {
                let public = attribute(ta, other, ids[1]).map_err(text)?;
                let agree = state(ta, algorithm, Mode::Derive, [own, 0]).map_err(text)?;
                // As OP-TEE's tests do: an object for so many bits takes so many bytes.
                secrets.push(derive(ta, agree, &[(ids[1], &public)], size).map_err(text)?);
                let mut one = vec![0; public.len()];
                one[0] = 1;
                for low in [vec![0; public.len()], one] {
                    same(derive(ta, agree, &[(ids[1], &low)], 512), Err(BAD_PARAMETERS))?;
                }
                same(derive(ta, agree, &[(ids[1], &public[1..])], 512), Err(BAD_PARAMETERS))?;
                same(derive(ta, agree, &[], 512), Err(BAD_PARAMETERS))?;
                same(derive(ta, agree, &[(ids[1], &public), (ids[1], &public)], 512), Err(BAD_PARAMETERS))?;
                same(derive(ta, agree, &[(Id::DH_PUBLIC_VALUE, &public)], 512), Err(BAD_PARAMETERS))?;
                states.push(agree);
            }
            // Their keys go with them.
            states.into_iter().try_for_each(|state| free(ta, state))?;
            same(secrets[0].len(), size as usize)?;
            same(&secrets[0], &secrets[1])?;
            let empty = new_object(ta, kind, bits).map_err(text)?;
            let agree = state(ta, algorithm, Mode::Derive, [empty, 0]).map_err(text)?;
            same(derive(ta, agree, &[(ids[1], &foreign)], 512), Err(BAD_PARAMETERS))?;
            free(ta, agree)?;
            let idle = generate(ta, kind, bits, &[]).map_err(text)?;
            same(state(ta, algorithm, Mode::Sign, [idle, 0]), Err(BAD_PARAMETERS))?;
        }
        Ok(())
    });
}

type Point = (Vec<u8>, Vec<u8>);

fn point(ta: &mut Ta, key: u32) -> Result<Point, String> {
    let x = attribute(ta, key, Id::ECC_PUBLIC_VALUE_X).map_err(text)?;
    Ok((x, attribute(ta, key, Id::ECC_PUBLIC_VALUE_Y).map_err(text)?))
}

#[test]
fn sm2_signs_and_encrypts() {
    common::keys::run(|ta| {
        same(generate(ta, Type::SM2_DSA_KEYPAIR, 256, &[(Id::ECC_CURVE, &[0, 4, 0, 0])]), Err(NOT_FOUND))?;
        let pair = generate(ta, Type::SM2_DSA_KEYPAIR, 256, &[]).map_err(text)?;
        let (x, y) = point(ta, pair)?;
        let public = [(Id::ECC_PUBLIC_VALUE_X, &x[..]), (Id::ECC_PUBLIC_VALUE_Y, &y[..])];
        let turned = [(Id::ECC_PUBLIC_VALUE_X, &y[..]), (Id::ECC_PUBLIC_VALUE_Y, &x[..])];
        for kind in [Type::SM2_DSA_PUBLIC_KEY, Type::SM2_KEP_PUBLIC_KEY, Type::SM2_PKE_PUBLIC_KEY] {
            same(object(ta, kind, 256, &turned), Err(BAD_PARAMETERS))?;
            same(object(ta, kind, 256, &public[..1]), Err(NOT_FOUND))?;
        }
        let other = object(ta, Type::SM2_DSA_PUBLIC_KEY, 256, &public).map_err(text)?;
        let sign = state(ta, Alg::SM2_DSA_SM3, Mode::Sign, [pair, 0]).map_err(text)?;
        let check = state(ta, Alg::SM2_DSA_SM3, Mode::Verify, [other, 0]).map_err(text)?;
        same(operate(ta, sign, &[], &[7; 32], 63), Err((SHORT, 64)))?;
        same(operate(ta, sign, &[], &[7; 31], 64).map_err(|error| error.0), Err(BAD_PARAMETERS))?;
        let signature = operate(ta, sign, &[], &[7; 32], 64).map_err(text)?;
        same(verify(ta, check, &[], &[7; 32], &signature), OK)?;
        same(verify(ta, check, &[], &[8; 32], &signature), INVALID)?;
        same(verify(ta, check, &[], &[7; 31], &signature), BAD_PARAMETERS)?;
        same(state(ta, Alg::SM2_PKE, Mode::Encrypt, [pair, 0]), Err(BAD_PARAMETERS))?;

        let pair = generate(ta, Type::SM2_PKE_KEYPAIR, 256, &[]).map_err(text)?;
        let (x, y) = point(ta, pair)?;
        let public =
            object(ta, Type::SM2_PKE_PUBLIC_KEY, 256, &[(Id::ECC_PUBLIC_VALUE_X, &x), (Id::ECC_PUBLIC_VALUE_Y, &y)]).map_err(text)?;
        let encrypt = state(ta, Alg::SM2_PKE, Mode::Encrypt, [public, 0]).map_err(text)?;
        let decrypt = state(ta, Alg::SM2_PKE, Mode::Decrypt, [pair, 0]).map_err(text)?;
        same(operate(ta, encrypt, &[], b"", 256).map_err(|error| error.0), Err(BAD_PARAMETERS))?;
        for len in [1, 19, 32, 33, 500] {
            let message = vec![0x5A; len];
            let text_len = len as u64 + 97;
            same(operate(ta, encrypt, &[], &message, text_len - 1), Err((SHORT, text_len as usize)))?;
            let sealed = operate(ta, encrypt, &[], &message, text_len).map_err(text)?;
            same(sealed.len() as u64, text_len)?;
            same(operate(ta, decrypt, &[], &sealed, len as u64 - 1), Err((SHORT, len)))?;
            same(operate(ta, decrypt, &[], &sealed, len as u64).map_err(text)?, message)?;
            for index in [65, 64 + len, sealed.len() - 1] {
                let mut changed = sealed.clone();
                changed[index] ^= 1;
                let error = operate(ta, decrypt, &[], &changed, 512).map_err(|error| error.0);
                same(error, Err(TeeError::CIPHERTEXT_INVALID.raw()))?;
            }
            let mut changed = sealed.clone();
            changed[40] ^= 1;
            same(operate(ta, decrypt, &[], &changed, 512).map_err(|error| error.0), Err(BAD_PARAMETERS))?;
        }
        same(operate(ta, decrypt, &[], &[4; 96], 512).map_err(|error| error.0), Err(BAD_PARAMETERS))?;
        same(operate(ta, decrypt, &[], &[4; 97], 512).map_err(|error| error.0), Err(BAD_PARAMETERS))
    });
}

#[test]
fn sm2_exchanges_keys() {
    common::keys::run(|ta| {
        let keys = [0; 4].map(|_| generate(ta, Type::SM2_KEP_KEYPAIR, 256, &[]));
        let [a, ra, b, rb] = keys.map(|key| key.unwrap_or(0));
        let points = [point(ta, a)?, point(ta, ra)?, point(ta, b)?, point(ta, rb)?];
        same(state(ta, Alg::SM2_KEP, Mode::Derive, [a, 0]), Err(BAD_PARAMETERS))?;
        same(state(ta, Alg::SM2_KEP, Mode::Derive, [a, a]), Err(BAD_PARAMETERS))?;
        let mut agreed = Vec::new();
        for (who, keys, point, ephemeral) in [(0u8, [a, ra], &points[2], &points[3]), (1, [b, rb], &points[0], &points[1])] {
            let exchange = state(ta, Alg::SM2_KEP, Mode::Derive, keys).map_err(text)?;
            let who = [who, 0, 0, 0];
            let params = [
                (Id::SM2_KEP_USER, &who[..]),
                (Id::ECC_PUBLIC_VALUE_X, &point.0),
                (Id::ECC_PUBLIC_VALUE_Y, &point.1),
                (Id::ECC_EPHEMERAL_PUBLIC_VALUE_X, &ephemeral.0),
                (Id::ECC_EPHEMERAL_PUBLIC_VALUE_Y, &ephemeral.1),
                (Id::SM2_ID_INITIATOR, b"Alice"),
                (Id::SM2_ID_RESPONDER, b"Bob"),
            ];
            for missing in 0..params.len() {
                let mut some = params.to_vec();
                some.remove(missing);
                same(derive(ta, exchange, &some, 16), Err(BAD_PARAMETERS))?;
            }
            let mut off = params;
            (off[3].1, off[4].1) = (&ephemeral.1, &ephemeral.0);
            same(derive(ta, exchange, &off, 16), Err(BAD_PARAMETERS))?;
            let mut off = params;
            off[1].1 = &ephemeral.0;
            same(derive(ta, exchange, &off, 16), Err(BAD_PARAMETERS))?;
            let wrong = [0x11; 32];
            let confirmed = [&params[..], &[(Id::SM2_KEP_CONFIRMATION_IN, &wrong[..])]].concat();
            same(derive(ta, exchange, &confirmed, 16), Err(BAD_STATE))?;
            let short = [&params[..], &[(Id::SM2_KEP_CONFIRMATION_OUT, &wrong[..31])]].concat();
            same(derive(ta, exchange, &short, 16), Err(BAD_PARAMETERS))?;
            // As many bytes as the object has bits, as on OP-TEE, and as many as there are at most.
            let secret = derive(ta, exchange, &params, 16).map_err(text)?;
            same(secret.len(), 16)?;
            let long = derive(ta, exchange, &params, 4096).map_err(text)?;
            same((long.len(), &long[..16]), (512, &secret[..]))?;
            agreed.push(secret);
            free(ta, exchange)?;
        }
        same(&agreed[0], &agreed[1])?;
        let empty = new_object(ta, Type::SM2_KEP_KEYPAIR, 256).map_err(text)?;
        same(populate(ta, empty, &[]), NOT_FOUND)
    });
}
