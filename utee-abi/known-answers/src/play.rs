// SPDX-License-Identifier: BSD-2-Clause
//! How a vector is put to a TEE.

use crate::{Family, Section};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use utee_abi::crypto::{AlgorithmId as Id, AttributeId, ObjectType, OperationClass};
use utee_abi::result::TeeError;

/// An attribute of a key, or a parameter of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attribute {
    /// Bytes.
    Bytes(AttributeId, Vec<u8>),
    /// A number.
    Value(AttributeId, u32),
}

/// What belongs to authenticated encryption beside key and text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealing {
    /// Nonce.
    pub nonce: Vec<u8>,
    /// Additional data.
    pub aad: Vec<u8>,
    /// Tag.
    pub tag: Vec<u8>,
}

/// The calls of a TA that vectors are put to. Errors are those of the TEE.
#[expect(missing_docs, clippy::missing_errors_doc, reason = "each is the operation of its name")]
pub trait Tee {
    /// A key.
    type Key;

    fn key(&mut self, kind: ObjectType, bits: u32, attributes: &[Attribute]) -> Result<Self::Key, TeeError>;
    fn generate(&mut self, kind: ObjectType, bits: u32, attributes: &[Attribute]) -> Result<Self::Key, TeeError>;
    /// The bytes of an attribute of a key.
    fn attribute(&mut self, key: &Self::Key, id: AttributeId) -> Result<Vec<u8>, TeeError>;
    /// A digest of so many bytes.
    fn digest(&mut self, id: Id, message: &[u8], len: usize) -> Result<Vec<u8>, TeeError>;
    fn code(&mut self, id: Id, key: &Self::Key, message: &[u8]) -> Result<Vec<u8>, TeeError>;
    /// XTS has a second key.
    fn cipher(&mut self, id: Id, decrypts: bool, keys: Keys<'_, Self::Key>, iv: &[u8], data: &[u8]) -> Result<Vec<u8>, TeeError>;
    /// The text, and a tag as long as that of `with`.
    fn seal(&mut self, id: Id, key: &Self::Key, with: &Sealing, message: &[u8]) -> Result<(Vec<u8>, Vec<u8>), TeeError>;
    fn open(&mut self, id: Id, key: &Self::Key, with: &Sealing, text: &[u8]) -> Result<Vec<u8>, TeeError>;
    fn encrypt(&mut self, id: Id, key: &Self::Key, with: &[Attribute], message: &[u8]) -> Result<Vec<u8>, TeeError>;
    fn decrypt(&mut self, id: Id, key: &Self::Key, with: &[Attribute], text: &[u8]) -> Result<Vec<u8>, TeeError>;
    fn sign(&mut self, id: Id, key: &Self::Key, with: &[Attribute], digest: &[u8]) -> Result<Vec<u8>, TeeError>;
    fn verify(&mut self, id: Id, key: &Self::Key, with: &[Attribute], digest: &[u8], signature: &[u8]) -> Result<(), TeeError>;
    /// A secret of so many bytes at most. SM2 has a second key, that of the exchange.
    fn derive(&mut self, id: Id, keys: Keys<'_, Self::Key>, with: &[Attribute], len: usize) -> Result<Vec<u8>, TeeError>;
    /// A key is used no more.
    fn close(&mut self, key: Self::Key);
}

/// One key or two.
pub type Keys<'k, K> = (&'k K, Option<&'k K>);

/// Puts a vector of a family to a TEE: the published answer has to come out; where chance goes in, it has to be accepted, and what
/// the TEE answers itself as well; and what was changed is refused.
///
/// # Errors
/// What went wrong, in words.
pub fn play<T: Tee>(tee: &mut T, family: Family, vector: Section) -> Result<(), String> {
    let id = vector.algorithm().ok_or("no such algorithm")?;
    let class = id.class().ok_or("no class")?;
    if class == OperationClass::Digest {
        let wanted = field(vector, "out")?;
        let found = tee.digest(id, &field(vector, "message")?, wanted.len()).map_err(|error| said("digest", error))?;
        return same("digest", &found, &wanted);
    }
    let mut keys = Vec::new();
    for (by, secret) in [("by", "key"), ("by2", "key2")] {
        if let Some(name) = vector.text(by) {
            keys.push(named_key(tee, family.key(name).ok_or("no such key")?)?);
        } else if let Some(secret) = vector.bytes(secret) {
            keys.push(secret_key(tee, id, secret)?);
        }
    }
    let done = match (keys.first(), keys.get(1)) {
        (None, _) => Err("no key".to_string()),
        (Some(key), second) => {
            let call = Call { id, vector, keys: (key, second), with: attributes(vector) };
            match class {
                OperationClass::Mac => call.code(tee),
                OperationClass::Cipher => call.cipher(tee),
                OperationClass::AuthenticatedEncryption => call.seal(tee),
                OperationClass::AsymmetricCipher => call.encrypt(tee),
                OperationClass::AsymmetricSignature => call.sign(tee),
                OperationClass::KeyDerivation => call.derive(tee),
                OperationClass::Digest => Err("a digest has no key".to_string()),
            }
        }
    };
    keys.into_iter().for_each(|key| tee.close(key));
    done
}

/// A vector with its keys.
struct Call<'k, K> {
    id: Id,
    vector: Section,
    keys: Keys<'k, K>,
    with: Vec<Attribute>,
}

impl<K> Call<'_, K> {
    fn code<T: Tee<Key = K>>(&self, tee: &mut T) -> Result<(), String> {
        let found = tee.code(self.id, self.keys.0, &field(self.vector, "message")?).map_err(|error| said("code", error))?;
        same("code", &found, &field(self.vector, "out")?)
    }

    fn cipher<T: Tee<Key = K>>(&self, tee: &mut T) -> Result<(), String> {
        let iv = self.vector.bytes("iv").unwrap_or_default();
        let (plain, text) = (field(self.vector, "message")?, field(self.vector, "out")?);
        let found = tee.cipher(self.id, false, self.keys, &iv, &plain).map_err(|error| said("encryption", error))?;
        same("encryption", &found, &text)?;
        let found = tee.cipher(self.id, true, self.keys, &iv, &text).map_err(|error| said("decryption", error))?;
        same("decryption", &found, &plain)
    }

    fn seal<T: Tee<Key = K>>(&self, tee: &mut T) -> Result<(), String> {
        let (plain, text) = (field(self.vector, "message")?, field(self.vector, "out")?);
        let mut with = Sealing { nonce: field(self.vector, "nonce")?, aad: field(self.vector, "aad")?, tag: field(self.vector, "tag")? };
        let (found, tag) = tee.seal(self.id, self.keys.0, &with, &plain).map_err(|error| said("encryption", error))?;
        same("encryption", &found, &text)?;
        same("tag", &tag, &with.tag)?;
        let found = tee.open(self.id, self.keys.0, &with, &text).map_err(|error| said("decryption", error))?;
        same("decryption", &found, &plain)?;
        with.tag = changed(&with.tag);
        refused("another tag", &tee.open(self.id, self.keys.0, &with, &text), TeeError::MAC_INVALID)
    }

    fn encrypt<T: Tee<Key = K>>(&self, tee: &mut T) -> Result<(), String> {
        let (plain, text) = (field(self.vector, "message")?, field(self.vector, "out")?);
        let own = tee.encrypt(self.id, self.keys.0, &self.with, &plain).map_err(|error| said("encryption", error))?;
        if self.is_deterministic() {
            same("encryption", &own, &text)?;
        } else if own == text {
            return Err("no chance went into the encryption".to_string());
        }
        for text in [&text, &own] {
            let found = tee.decrypt(self.id, self.keys.0, &self.with, text).map_err(|error| said("decryption", error))?;
            same("decryption", &found, &plain)?;
        }
        Ok(())
    }

    /// Without a published signature the TEE's own has to do, and with a public key the published one.
    fn sign<T: Tee<Key = K>>(&self, tee: &mut T) -> Result<(), String> {
        let message = field(self.vector, "message")?;
        let digest = match self.vector.text("hash") {
            None => message,
            Some(name) => {
                let named = |other: &str| other.strip_prefix("TEE_ALG_") == Some(name);
                let (_, hash) = Id::ALL.iter().find(|(other, _)| named(other)).ok_or("no such digest")?;
                let len = utee_abi::crypto::Algorithm::try_from(hash.raw()).ok().and_then(|hash| hash.size()).ok_or("no such digest")?;
                tee.digest(*hash, &message, len as usize).map_err(|error| said("digest", error))?
            }
        };
        let published = self.vector.bytes("out");
        let mut signatures: Vec<Vec<u8>> = published.iter().cloned().collect();
        match tee.sign(self.id, self.keys.0, &self.with, &digest) {
            Ok(own) if self.is_deterministic() => same("signature", &own, published.as_deref().unwrap_or_default())?,
            Ok(own) => signatures.push(own),
            // Nobody signs with a public key.
            Err(TeeError::BAD_PARAMETERS) if published.is_some() && !self.is_deterministic() => {}
            Err(error) => return Err(said("signing", error)),
        }
        for signature in &signatures {
            let mut verify = |digest: &[u8], signature: &[u8]| tee.verify(self.id, self.keys.0, &self.with, digest, signature);
            verify(&digest, signature).map_err(|error| said("verification", error))?;
            refused("another digest", &verify(&changed(&digest), signature), TeeError::SIGNATURE_INVALID)?;
            refused("another signature", &verify(&digest, &changed(signature)), TeeError::SIGNATURE_INVALID)?;
        }
        Ok(())
    }

    fn derive<T: Tee<Key = K>>(&self, tee: &mut T) -> Result<(), String> {
        let wanted = field(self.vector, "out")?;
        let found = tee.derive(self.id, self.keys, &self.with, wanted.len()).map_err(|error| said("derivation", error))?;
        same("derivation", &found, &wanted)
    }

    fn is_deterministic(&self) -> bool {
        self.vector.text("deterministic").is_some()
    }
}

/// A key that vectors name.
fn named_key<T: Tee>(tee: &mut T, section: Section) -> Result<T::Key, String> {
    let named = |name: &str| name.strip_prefix("TEE_TYPE_") == section.text("type");
    let (_, kind) = ObjectType::ALL.iter().find(|(name, _)| named(name)).ok_or("no such type of key")?;
    let bits = section.text("bits").and_then(|bits| bits.parse().ok()).ok_or("a key without a size")?;
    tee.key(*kind, bits, &attributes(section)).map_err(|error| said("key", error))
}

/// The key of a vector that has one of its own, of the type that belongs to the algorithm.
fn secret_key<T: Tee>(tee: &mut T, id: Id, secret: Vec<u8>) -> Result<T::Key, String> {
    let (kind, attribute) = match id.main_algorithm() {
        0x47 | 0xC0 => (ObjectType::HKDF_IKM, AttributeId::HKDF_IKM),
        0xC1 => (ObjectType::CONCAT_KDF_Z, AttributeId::CONCAT_KDF_Z),
        0xC2 => (ObjectType::PBKDF2_PASSWORD, AttributeId::PBKDF2_PASSWORD),
        main => (ObjectType::from_raw(ObjectType::GENERIC_SECRET.raw() | main), AttributeId::SECRET_VALUE),
    };
    let bits = u32::try_from(secret.len()).unwrap_or(0).saturating_mul(8);
    tee.key(kind, bits, &[Attribute::Bytes(attribute, secret)]).map_err(|error| said("key", error))
}

/// The fields of a section that are attributes.
fn attributes(section: Section) -> Vec<Attribute> {
    let attribute = |(field, value): (&str, &'static str)| {
        let (_, id) = AttributeId::ALL.iter().find(|(name, _)| name.strip_prefix("TEE_ATTR_") == Some(field))?;
        Some(if id.is_value() {
            Attribute::Value(*id, u32::from_str_radix(value, 16).ok()?)
        } else {
            Attribute::Bytes(*id, crate::bytes(value))
        })
    };
    section.fields().filter_map(attribute).collect()
}

fn field(vector: Section, name: &str) -> Result<Vec<u8>, String> {
    vector.bytes(name).ok_or_else(|| format!("no {name}"))
}

pub(crate) fn said(what: &str, error: TeeError) -> String {
    format!("{what}: {error}")
}

pub(crate) fn same(what: &str, found: &[u8], wanted: &[u8]) -> Result<(), String> {
    if found == wanted { Ok(()) } else { Err(format!("{what}: {found:02x?} instead of {wanted:02x?}")) }
}

/// With another bit near the start, of which a short group takes something of a long digest, too.
pub(crate) fn changed(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let quarter = bytes.len() / 4;
    bytes.iter_mut().skip(quarter).take(1).for_each(|byte| *byte ^= 0x10);
    bytes
}

pub(crate) fn refused<V>(what: &str, found: &Result<V, TeeError>, wanted: TeeError) -> Result<(), String> {
    match found {
        Err(error) if *error == wanted => Ok(()),
        Err(error) => Err(format!("{what}: {error} instead of {wanted}")),
        Ok(_) => Err(format!("{what}: taken")),
    }
}
