// SPDX-License-Identifier: BSD-2-Clause
//! The published vectors of every algorithm, by system call. The TA `conformance` plays the same on the machine.

mod common;

use common::keys::{OK, attribute, bytes, derive, generate, new_object, object, operate, put, room, run, state, used, verify};
use known_answers::{Attribute, FAMILIES, KINDS, Keys, Sealing, Tee, play};
use tee_core::testing::script::Ta;
use utee_abi::crypto::{AlgorithmId as Id, AttributeId, ObjectType, OperationMode as Mode, UteeObjectInfo};
use utee_abi::result::TeeError;
use utee_abi::sysnum::Syscall as S;

/// Slots of the script's memory (see `common::keys`): data, result, tag and its length.
const DATA: u64 = 8;
const OUT: u64 = 12;
const TAG: u64 = 21;
const TAG_LEN: u64 = 22;

struct Calls<'t>(&'t mut Ta);

fn error(code: u32) -> TeeError {
    TeeError::from_raw(code).expect("an error")
}

fn done(code: u32) -> Result<(), TeeError> {
    if code == OK { Ok(()) } else { Err(error(code)) }
}

/// Attributes as the helpers take them: of a number, four bytes.
fn owned(attributes: &[Attribute]) -> Vec<(AttributeId, Vec<u8>)> {
    let one = |attribute: &Attribute| match attribute {
        Attribute::Bytes(id, bytes) => (*id, bytes.clone()),
        Attribute::Value(id, value) => (*id, value.to_le_bytes().to_vec()),
    };
    attributes.iter().map(one).collect()
}

fn borrowed(attributes: &[(AttributeId, Vec<u8>)]) -> Vec<(AttributeId, &[u8])> {
    attributes.iter().map(|(id, bytes)| (*id, bytes.as_slice())).collect()
}

impl Calls<'_> {
    /// A copy of a key, which goes with the state that gets it.
    fn copy(&mut self, key: u32) -> Result<u32, TeeError> {
        let info = self.0.scratch(OUT);
        done(self.0.syscall(S::CrypObjGetInfo, &[key.into(), info]))?;
        let info = UteeObjectInfo::read(&bytes(self.0, OUT, UteeObjectInfo::SIZE)).unwrap();
        let copy = new_object(self.0, ObjectType::from_raw(info.object_type), info.max_object_size).map_err(error)?;
        done(self.0.syscall(S::CrypObjCopy, &[copy.into(), key.into()]))?;
        Ok(copy)
    }

    /// Does something with a state that has copies of the keys.
    fn with<V>(
        &mut self,
        id: Id,
        mode: Mode,
        keys: [Option<&u32>; 2],
        work: impl FnOnce(&mut Ta, u32) -> Result<V, TeeError>,
    ) -> Result<V, TeeError> {
        let mut copies = [0; 2];
        for (copy, key) in copies.iter_mut().zip(keys) {
            *copy = key.map_or(Ok(0), |key| self.copy(*key))?;
        }
        let state = match state(self.0, id, mode, copies) {
            Ok(state) => state,
            Err(code) => {
                copies.into_iter().filter(|copy| *copy != 0).for_each(|copy| self.close(copy));
                return Err(error(code));
            }
        };
        let value = work(self.0, state);
        done(self.0.syscall(S::CrypStateFree, &[state.into()]))?;
        value
    }

    /// A digest or a code, taken in by halves.
    fn hash(&mut self, id: Id, mode: Mode, key: Option<&u32>, message: &[u8], len: usize) -> Result<Vec<u8>, TeeError> {
        self.with(id, mode, [key, None], |ta, state| {
            // Codes of whole blocks go on at a block's end all the same.
            let (first, second) = message.split_at(message.len() / 2);
            done(ta.syscall(S::HashInit, &[state.into(), 0, 0]))?;
            let at = put(ta, DATA, first);
            done(ta.syscall(S::HashUpdate, &[state.into(), at, first.len() as u64]))?;
            let (at, out, cell) = (put(ta, DATA, second), ta.scratch(OUT), room(ta, len as u64));
            done(ta.syscall(S::HashFinal, &[state.into(), at, second.len() as u64, out, cell]))?;
            Ok(bytes(ta, OUT, used(ta)))
        })
    }

    /// Starts authenticated encryption.
    fn sealing(ta: &mut Ta, state: u32, with: &Sealing, len: usize) -> Result<(), TeeError> {
        let (at, lens) = (put(ta, DATA, &with.nonce), [with.tag.len(), with.aad.len(), len].map(|len| len as u64));
        done(ta.syscall(S::AuthencInit, &[state.into(), at, with.nonce.len() as u64, lens[0], lens[1], lens[2]]))?;
        let at = put(ta, DATA, &with.aad);
        done(ta.syscall(S::AuthencUpdateAad, &[state.into(), at, lens[1]]))
    }

    fn asymmetric(&mut self, id: Id, mode: Mode, key: u32, with: &[Attribute], data: &[u8]) -> Result<Vec<u8>, TeeError> {
        let with = owned(with);
        self.with(id, mode, [Some(&key), None], |ta, state| {
            operate(ta, state, &borrowed(&with), data, 512).map_err(|(code, _)| error(code))
        })
    }
}

impl Tee for Calls<'_> {
    type Key = u32;

    fn key(&mut self, kind: ObjectType, bits: u32, attributes: &[Attribute]) -> Result<u32, TeeError> {
        object(self.0, kind, bits, &borrowed(&owned(attributes))).map_err(error)
    }

    fn generate(&mut self, kind: ObjectType, bits: u32, attributes: &[Attribute]) -> Result<u32, TeeError> {
        generate(self.0, kind, bits, &borrowed(&owned(attributes))).map_err(error)
    }

    fn attribute(&mut self, key: &u32, id: AttributeId) -> Result<Vec<u8>, TeeError> {
        attribute(self.0, *key, id).map_err(error)
    }

    fn digest(&mut self, id: Id, message: &[u8], len: usize) -> Result<Vec<u8>, TeeError> {
        self.hash(id, Mode::Digest, None, message, len)
    }

    fn code(&mut self, id: Id, key: &u32, message: &[u8]) -> Result<Vec<u8>, TeeError> {
        self.hash(id, Mode::Mac, Some(key), message, 64)
    }

    fn cipher(&mut self, id: Id, decrypts: bool, keys: Keys<'_, u32>, iv: &[u8], data: &[u8]) -> Result<Vec<u8>, TeeError> {
        self.with(id, if decrypts { Mode::Decrypt } else { Mode::Encrypt }, [Some(keys.0), keys.1], |ta, state| {
            let at = put(ta, DATA, iv);
            done(ta.syscall(S::CipherInit, &[state.into(), at, iv.len() as u64]))?;
            let (at, out, cell) = (put(ta, DATA, data), ta.scratch(OUT), room(ta, data.len() as u64));
            done(ta.syscall(S::CipherFinal, &[state.into(), at, data.len() as u64, out, cell]))?;
            Ok(bytes(ta, OUT, used(ta)))
        })
    }

    fn seal(&mut self, id: Id, key: &u32, with: &Sealing, message: &[u8]) -> Result<(Vec<u8>, Vec<u8>), TeeError> {
        self.with(id, Mode::Encrypt, [Some(key), None], |ta, state| {
            Self::sealing(ta, state, with, message.len())?;
            let (at, out, cell) = (put(ta, DATA, message), ta.scratch(OUT), room(ta, message.len() as u64));
            let (tag, tag_cell) = (ta.scratch(TAG), put(ta, TAG_LEN, &16u64.to_le_bytes()));
            done(ta.syscall(S::AuthencEncFinal, &[state.into(), at, message.len() as u64, out, cell, tag, tag_cell]))?;
            let tag_len = u64::from_le_bytes(bytes(ta, TAG_LEN, 8).try_into().unwrap());
            Ok((bytes(ta, OUT, used(ta)), bytes(ta, TAG, tag_len as usize)))
        })
    }

    fn open(&mut self, id: Id, key: &u32, with: &Sealing, text: &[u8]) -> Result<Vec<u8>, TeeError> {
        self.with(id, Mode::Decrypt, [Some(key), None], |ta, state| {
            Self::sealing(ta, state, with, text.len())?;
            let (at, out, cell) = (put(ta, DATA, text), ta.scratch(OUT), room(ta, text.len() as u64));
            let tag = put(ta, TAG, &with.tag);
            done(ta.syscall(S::AuthencDecFinal, &[state.into(), at, text.len() as u64, out, cell, tag, with.tag.len() as u64]))?;
            Ok(bytes(ta, OUT, used(ta)))
        })
    }

    fn encrypt(&mut self, id: Id, key: &u32, with: &[Attribute], message: &[u8]) -> Result<Vec<u8>, TeeError> {
        self.asymmetric(id, Mode::Encrypt, *key, with, message)
    }

    fn decrypt(&mut self, id: Id, key: &u32, with: &[Attribute], text: &[u8]) -> Result<Vec<u8>, TeeError> {
        self.asymmetric(id, Mode::Decrypt, *key, with, text)
    }

    fn sign(&mut self, id: Id, key: &u32, with: &[Attribute], digest: &[u8]) -> Result<Vec<u8>, TeeError> {
        self.asymmetric(id, Mode::Sign, *key, with, digest)
    }

    fn verify(&mut self, id: Id, key: &u32, with: &[Attribute], digest: &[u8], signature: &[u8]) -> Result<(), TeeError> {
        let with = owned(with);
        self.with(id, Mode::Verify, [Some(key), None], |ta, state| done(verify(ta, state, &borrowed(&with), digest, signature)))
    }

    fn derive(&mut self, id: Id, keys: Keys<'_, u32>, with: &[Attribute], len: usize) -> Result<Vec<u8>, TeeError> {
        let with = owned(with);
        // As on OP-TEE the key of SM2 has as many bytes as the object has bits.
        let bits = if id == Id::SM2_KEP { len } else { 8 * len };
        self.with(id, Mode::Derive, [Some(keys.0), keys.1], |ta, state| derive(ta, state, &borrowed(&with), bits as u32).map_err(error))
    }

    fn close(&mut self, key: u32) {
        assert_eq!(self.0.syscall(S::CrypObjClose, &[key.into()]), OK);
    }
}

#[test]
fn every_algorithm_gives_the_published_answer() {
    for family in FAMILIES {
        run(move |ta| {
            let mut failed = Vec::new();
            for (index, vector) in family.vectors().enumerate() {
                if let Err(text) = play(&mut Calls(ta), family, vector) {
                    failed.push(format!("{} ({index}): {text}", vector.name));
                }
            }
            if failed.is_empty() { Ok(()) } else { Err(failed.join("\n")) }
        });
    }
}

#[test]
fn keys_of_every_type_are_generated_and_work() {
    run(|ta| {
        let mut failed = Vec::new();
        for kind in KINDS {
            if let Err(text) = known_answers::generate(&mut Calls(ta), *kind) {
                failed.push(format!("{kind:?}: {text}"));
            }
        }
        if failed.is_empty() { Ok(()) } else { Err(failed.join("\n")) }
    });
}
