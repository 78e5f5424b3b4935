// SPDX-License-Identifier: BSD-2-Clause
//! The published vectors of every algorithm, which the tests on the host play too.

use crate::checks::Checks;
use alloc::vec;
use alloc::vec::Vec;
use known_answers::{Attribute as Given, FAMILIES, KINDS, Keys, Sealing, Section, Tee};
use utee::crypto::{Ae, Attribute, Cipher, Decryptor, Direction, Encryptor, Mac, Object, Signer, Sm2Exchange, Verifier};
use utee::digest::Digest;
use utee::utee_abi::crypto::{AlgorithmId as Id, AttributeId, ObjectType};
use utee::{Result, TeeError};

/// Plays the vectors of a family: each is a check.
pub(crate) fn family(checks: &mut Checks, index: usize) -> Result<()> {
    let family = FAMILIES.get(index).ok_or(TeeError::BAD_PARAMETERS)?;
    for (number, vector) in family.vectors().enumerate() {
        checks.answers(vector.name, number, known_answers::play(&mut Calls, *family, vector));
    }
    Ok(())
}

/// Has keys of every type made, and tries them: each is a check.
pub(crate) fn generated(checks: &mut Checks) -> Result<()> {
    for (number, kind) in KINDS.iter().enumerate() {
        checks.answers(kind.kind.name().unwrap_or_default(), number, known_answers::generate(&mut Calls, *kind));
    }
    Ok(())
}

/// A vector of an algorithm, by its number.
pub(crate) fn vector(id: Id, number: usize) -> Result<Section> {
    known_answers::vectors_of(id).nth(number).ok_or(TeeError::ITEM_NOT_FOUND)
}

/// The key that a vector names.
pub(crate) fn key(vector: Section, by: &str) -> Result<Section> {
    vector.text(by).and_then(known_answers::key).ok_or(TeeError::ITEM_NOT_FOUND)
}

/// The bytes of a field: as many as the array has.
pub(crate) fn field<const N: usize>(section: Section, name: &str) -> Result<[u8; N]> {
    let bytes = section.bytes(name).ok_or(TeeError::ITEM_NOT_FOUND)?;
    bytes.try_into().map_err(|_| TeeError::BAD_FORMAT)
}

/// This TA's calls.
struct Calls;

/// Bytes that an RSA key, a signature or a shared secret has at most.
const MOST: usize = 512;

fn attributes(given: &[Given]) -> Vec<Attribute<'_>> {
    let one = |given| match given {
        &Given::Bytes(id, ref bytes) => Attribute::Bytes(id, bytes),
        &Given::Value(id, value) => Attribute::Value(id, value, 0),
    };
    given.iter().map(one).collect()
}

/// What a call writes to the start of so much room.
fn written(room: usize, call: impl FnOnce(&mut [u8]) -> Result<usize>) -> Result<Vec<u8>> {
    let mut out = vec![0; room];
    let len = call(&mut out)?;
    out.truncate(len);
    Ok(out)
}

fn direction(decrypts: bool) -> Direction {
    if decrypts { Direction::Decrypt } else { Direction::Encrypt }
}

fn started(id: Id, decrypts: bool, key: &Object, with: &Sealing, len: usize) -> Result<Ae> {
    let mut ae = Ae::new(id, direction(decrypts), key)?;
    ae.start(&with.nonce, with.tag.len(), with.aad.len(), len)?;
    ae.add(&with.aad)?;
    Ok(ae)
}

impl Tee for Calls {
    type Key = Object;

    fn key(&mut self, kind: ObjectType, bits: u32, given: &[Given]) -> Result<Object> {
        Object::from_attributes(kind, bits, &attributes(given))
    }

    fn generate(&mut self, kind: ObjectType, bits: u32, given: &[Given]) -> Result<Object> {
        Object::generate_with(kind, bits, &attributes(given))
    }

    fn attribute(&mut self, key: &Object, id: AttributeId) -> Result<Vec<u8>> {
        written(MOST, |out| key.bytes(id, out))
    }

    fn digest(&mut self, id: Id, message: &[u8], len: usize) -> Result<Vec<u8>> {
        let mut digest = Digest::by_id(id.raw())?;
        let (first, second) = message.split_at(message.len() / 2);
        digest.update(first)?;
        written(len, |out| digest.finish(second, out))
    }

    fn code(&mut self, id: Id, key: &Object, message: &[u8]) -> Result<Vec<u8>> {
        let mut mac = Mac::new(id, key)?;
        let (first, second) = message.split_at(message.len() / 2);
        mac.update(first)?;
        written(64, |out| mac.finish(second, out))
    }

    fn cipher(&mut self, id: Id, decrypts: bool, keys: Keys<'_, Object>, iv: &[u8], data: &[u8]) -> Result<Vec<u8>> {
        let mut cipher = match keys.1 {
            None => Cipher::new(id, direction(decrypts), keys.0)?,
            Some(second) => Cipher::with_two_keys(id, direction(decrypts), keys.0, second)?,
        };
        cipher.start(iv)?;
        written(data.len(), |out| cipher.finish(data, out))
    }

    fn seal(&mut self, id: Id, key: &Object, with: &Sealing, message: &[u8]) -> Result<(Vec<u8>, Vec<u8>)> {
        let mut ae = started(id, false, key, with, message.len())?;
        let (mut text, mut tag) = (vec![0; message.len()], vec![0; 16]);
        let (len, tag_len) = ae.seal(message, &mut text, &mut tag)?;
        text.truncate(len);
        tag.truncate(tag_len);
        Ok((text, tag))
    }

    fn open(&mut self, id: Id, key: &Object, with: &Sealing, text: &[u8]) -> Result<Vec<u8>> {
        let mut ae = started(id, true, key, with, text.len())?;
        written(text.len(), |out| ae.open(text, out, &with.tag))
    }

    fn encrypt(&mut self, id: Id, key: &Object, with: &[Given], message: &[u8]) -> Result<Vec<u8>> {
        let encryptor = Encryptor::new(id, key)?;
        written(MOST, |out| encryptor.encrypt(&attributes(with), message, out))
    }

    fn decrypt(&mut self, id: Id, key: &Object, with: &[Given], text: &[u8]) -> Result<Vec<u8>> {
        let decryptor = Decryptor::new(id, key)?;
        written(MOST, |out| decryptor.decrypt(&attributes(with), text, out))
    }

    fn sign(&mut self, id: Id, key: &Object, with: &[Given], digest: &[u8]) -> Result<Vec<u8>> {
        let signer = Signer::new(id, key)?;
        written(MOST, |out| signer.sign_with(&attributes(with), digest, out))
    }

    fn verify(&mut self, id: Id, key: &Object, with: &[Given], digest: &[u8], signature: &[u8]) -> Result<()> {
        Verifier::new(id, key)?.verify_with(&attributes(with), digest, signature)
    }

    fn derive(&mut self, id: Id, keys: Keys<'_, Object>, with: &[Given], len: usize) -> Result<Vec<u8>> {
        let secret = match keys.1 {
            None => {
                let bits = u32::try_from(8 * len).map_err(|_| TeeError::BAD_PARAMETERS)?;
                Object::derive(ObjectType::GENERIC_SECRET, bits, id, keys.0, &attributes(with))?
            }
            Some(ephemeral) => exchanged(keys.0, ephemeral, with, len)?,
        };
        written(len, |out| secret.bytes(AttributeId::SECRET_VALUE, out))
    }

    fn close(&mut self, key: Object) {
        drop(key);
    }
}

/// What SM2 agrees on.
fn exchanged(key: &Object, ephemeral: &Object, with: &[Given], len: usize) -> Result<Object> {
    let bytes = |wanted: AttributeId| {
        let one = |given: &'_ Given| matches!(given, Given::Bytes(id, _) if *id == wanted);
        match with.iter().find(|given| one(given)) {
            Some(Given::Bytes(_, bytes)) => Ok(bytes.as_slice()),
            _ => Err(TeeError::BAD_PARAMETERS),
        }
    };
    let exchange = Sm2Exchange {
        is_initiator: with.contains(&Given::Value(AttributeId::SM2_KEP_USER, 0)),
        point: (bytes(AttributeId::ECC_PUBLIC_VALUE_X)?, bytes(AttributeId::ECC_PUBLIC_VALUE_Y)?),
        ephemeral: (bytes(AttributeId::ECC_EPHEMERAL_PUBLIC_VALUE_X)?, bytes(AttributeId::ECC_EPHEMERAL_PUBLIC_VALUE_Y)?),
        identities: [bytes(AttributeId::SM2_ID_INITIATOR)?, bytes(AttributeId::SM2_ID_RESPONDER)?],
        confirmation: match bytes(AttributeId::SM2_KEP_CONFIRMATION_IN) {
            Ok(bytes) => Some(bytes.try_into().map_err(|_| TeeError::BAD_PARAMETERS)?),
            Err(_) => None,
        },
    };
    key.exchange(ephemeral, &exchange, len).map(|(secret, _)| secret)
}
