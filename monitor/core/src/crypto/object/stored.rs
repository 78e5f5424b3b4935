// SPDX-License-Identifier: BSD-2-Clause
//! A key as it is stored with a persistent object (OP-TEE ABI, persistent object file content), and the persistent object of a handle.

use super::{Object, Value};
use crate::limits::admit;
use crate::ports::Platform;
use crate::storage::Place;
use crate::storage::backend::Name;
use crate::storage::opened::Token;
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use utee_abi::bytes::{put, u32_at};
use utee_abi::crypto::types::{AttributeKind, Rule};
use utee_abi::crypto::{HandleFlags, ObjectType};
use utee_abi::result::TeeError;
use zeroize::Zeroizing;

/// Bytes of the head.
pub const HEAD: usize = 24;

/// The head: six words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Bytes of attributes that follow.
    pub attribute_len: u32,
    /// Size in bits.
    pub object_size: u32,
    /// Largest size in bits.
    pub max_object_size: u32,
    /// What it may be used for.
    pub usage: u32,
    /// Type.
    pub object_type: u32,
    /// A bit for each attribute of the type that it has.
    pub has: u32,
}

impl Head {
    /// Byte at which the usage stands.
    pub const USAGE: u64 = 12;

    /// From its bytes.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let word = |index: usize| u32_at(bytes, index.checked_mul(4)?);
        Some(Self {
            attribute_len: word(0)?,
            object_size: word(1)?,
            max_object_size: word(2)?,
            usage: word(3)?,
            object_type: word(4)?,
            has: word(5)?,
        })
    }

    fn write(&self, out: &mut [u8]) -> Option<()> {
        let words = [self.attribute_len, self.object_size, self.max_object_size, self.usage, self.object_type, self.has];
        words.iter().enumerate().try_for_each(|(index, word)| put(out, index.checked_mul(4)?, &word.to_le_bytes()))
    }
}

/// What a handle to a persistent object has beside the object's attributes.
#[derive(Debug)]
pub struct Persistent {
    /// It is open for as long as this lives.
    pub token: Arc<Token>,
    /// Where it is kept.
    pub place: Place,
    /// Its name.
    pub name: Name,
    /// What it was opened for.
    pub flags: HandleFlags,
    /// Position in the data stream.
    pub position: u32,
}

/// Takes a big-endian word from the front.
fn word(bytes: &mut &[u8]) -> Option<u32> {
    let (word, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(u32::from_be_bytes(*word))
}

/// Takes bytes with their length before them from the front.
fn block<'b>(bytes: &mut &'b [u8]) -> Option<&'b [u8]> {
    let len = usize::try_from(word(bytes)?).ok()?;
    let (block, rest) = bytes.split_at_checked(len)?;
    *bytes = rest;
    Some(block)
}

impl Object {
    /// An object without a key.
    ///
    /// # Errors
    /// OUT_OF_MEMORY.
    pub fn data() -> Result<Self, TeeError> {
        let mut object = Self::new(ObjectType::DATA, 0)?;
        object.is_initialised = true;
        Ok(object)
    }

    /// Head and attributes.
    ///
    /// # Errors
    /// OUT_OF_MEMORY.
    pub fn store<P: Platform>(&self, platform: &P) -> Result<Zeroizing<Vec<u8>>, TeeError> {
        let size = self.values.iter().fold(HEAD, |sum, value| {
            let len = if let Some(Value::Bytes(bytes)) = value { bytes.len() } else { 0 };
            sum.saturating_add(len).saturating_add(4)
        });
        admit(platform, size)?;
        let mut out = Zeroizing::new(Vec::new());
        out.try_reserve_exact(size).map_err(|_| TeeError::OUT_OF_MEMORY)?;
        out.resize(HEAD, 0);
        let mut has = 0;
        for (index, value) in self.values.iter().enumerate() {
            has |= if value.is_some() { 1u32.checked_shl(u32::try_from(index).unwrap_or(u32::MAX)).unwrap_or(0) } else { 0 };
            match value {
                Some(Value::Number(number)) => out.extend_from_slice(&number.to_be_bytes()),
                Some(Value::Bytes(bytes)) => {
                    out.extend_from_slice(&u32::try_from(bytes.len()).map_err(|_| TeeError::GENERIC)?.to_be_bytes());
                    out.extend_from_slice(bytes);
                }
                None => out.extend_from_slice(&[0; 4]),
            }
        }
        // The sizes as the TA counts them.
        let info = self.info();
        let head = Head {
            attribute_len: u32::try_from(out.len().saturating_sub(HEAD)).map_err(|_| TeeError::GENERIC)?,
            object_size: info.object_size,
            max_object_size: info.max_object_size,
            usage: self.usage,
            object_type: self.row.id.raw(),
            has,
        };
        head.write(&mut out).ok_or(TeeError::GENERIC)?;
        Ok(out)
    }

    /// The object of a head and attributes, which may say anything.
    ///
    /// # Errors
    /// CORRUPT_OBJECT for what [`Object::store`] does not make; NOT_SUPPORTED for a type that is not served, OUT_OF_MEMORY.
    pub fn restore(head: &Head, attributes: &[u8]) -> Result<Self, TeeError> {
        let mut object = match ObjectType::from_raw(head.object_type) {
            ObjectType::DATA => Self::data()?,
            kind => Self::new(kind, head.max_object_size)?,
        };
        object.usage = head.usage;
        let fine = |result: Result<(), TeeError>| match result {
            Err(error) if error != TeeError::OUT_OF_MEMORY => Err(TeeError::CORRUPT_OBJECT),
            result => result,
        };
        fine(object.take(head, attributes))?;
        object.is_initialised = true;
        fine(object.check_key())?;
        Ok(object)
    }

    fn take(&mut self, head: &Head, mut rest: &[u8]) -> Result<(), TeeError> {
        let row = self.row;
        let mut size = None;
        for (index, row) in row.attributes.iter().enumerate() {
            let number = if row.kind == AttributeKind::Value { word(&mut rest) } else { None };
            let bytes = if row.kind == AttributeKind::Value { None } else { block(&mut rest) };
            let is_there = head.has & 1u32.checked_shl(u32::try_from(index).unwrap_or(u32::MAX)).unwrap_or(0) != 0;
            let value = match (number, bytes) {
                (Some(number), _) => Value::Number(number),
                (_, Some(bytes)) if bytes.len() as u64 <= u64::from(self.longest(row.id)) => Value::bytes(bytes)?,
                _ => return Err(TeeError::CORRUPT_OBJECT),
            };
            if is_there {
                size = self.accept(row, &value)?.or(size);
                self.put(row.id, &value)?;
            } else if !matches!(row.rule, Rule::Optional | Rule::OptionalOrGenerate) {
                return Err(TeeError::CORRUPT_OBJECT);
            }
        }
        // Types without an attribute that gives the size have one size alone.
        self.size = size.unwrap_or(row.max);
        let info = self.info();
        let more = u32::try_from(row.attributes.len()).ok().and_then(|count| head.has.checked_shr(count)).unwrap_or(0);
        let same = (info.object_size, info.max_object_size) == (head.object_size, head.max_object_size);
        if more == 0 && rest.is_empty() && same && self.size <= row.max { Ok(()) } else { Err(TeeError::CORRUPT_OBJECT) }
    }

    /// Makes it the object of a persistent handle.
    pub fn persist(&mut self, persistent: Box<Persistent>) {
        self.persistent = Some(persistent);
    }

    /// What makes it persistent, if it is.
    pub fn persistent(&self) -> Option<&Persistent> {
        self.persistent.as_deref()
    }

    /// The same, to change it.
    pub fn persistent_mut(&mut self) -> Option<&mut Persistent> {
        self.persistent.as_deref_mut()
    }

    /// Sets what it may be used for: what all handles of a persistent object share.
    pub fn set_usage(&mut self, usage: u32) {
        self.usage = usage;
    }
}

#[cfg(test)]
mod tests {
    use super::{HEAD, Head, Object};
    use crate::crypto::object::Value;
    use alloc::vec::Vec;
    use proptest::prelude::{any, prop_assert, proptest};
    use utee_abi::crypto::{AttributeId, ObjectType};
    use utee_abi::result::TeeError;

    /// A platform is asked for the room in the heap alone.
    fn stored(object: &Object) -> Vec<u8> {
        object.store(&crate::testing::FakePlatform::boot(&[], 1).platform).unwrap().to_vec()
    }

    fn again(bytes: &[u8]) -> Result<Object, TeeError> {
        Object::restore(&Head::read(bytes).unwrap(), &bytes[HEAD..])
    }

    fn key(secret: &[u8]) -> Object {
        let mut object = Object::new(ObjectType::AES, 256).unwrap();
        object.populate(&[(AttributeId::SECRET_VALUE, Value::bytes(secret).unwrap())]).unwrap();
        object
    }

    /// Field by field, as OP-TEE lays it out.
    #[test]
    fn a_key_is_laid_out_as_op_tee_does() {
        let mut object = key(&[7; 16]);
        object.restrict_usage(6);
        let bytes = stored(&object);
        let head = [20, 128, 256, 6, 0xA000_0010, 1u32].map(u32::to_le_bytes).concat();
        assert_eq!(bytes, [&head[..], &[0, 0, 0, 16], &[7; 16]].concat());
        let back = again(&bytes).unwrap();
        assert_eq!((back.secret(), back.info()), (object.secret(), object.info()));
        let data = stored(&Object::data().unwrap());
        assert_eq!(data, [0, 0, 0, u32::MAX, 0xA000_00BF, 0].map(u32::to_le_bytes).concat());
        assert!(again(&data).unwrap().is_initialised());
    }

    #[test]
    fn each_byte_of_a_head_and_each_length_counts() {
        let bytes = stored(&key(&[7; 16]));
        for at in (0..HEAD + 4).filter(|at| !(12..16).contains(at)) {
            let mut bad = bytes.clone();
            bad[at] ^= 0x40;
            let head = Head::read(&bad).unwrap();
            // The length of the attributes is for whoever reads them.
            let attributes = bad[HEAD..].get(..head.attribute_len as usize).unwrap_or(&bad[..1]);
            assert!(Object::restore(&head, attributes).is_err(), "byte {at}");
        }
        for len in HEAD..bytes.len() {
            assert!(again(&bytes[..len]).is_err(), "{len}");
        }
        assert!(again(&[&bytes[..], &[0]].concat()).is_err());
    }

    proptest! {
        #[test]
        fn whatever_is_read_is_an_object_or_none(
            words in any::<[u32; 4]>(), kind in 0..ObjectType::ALL.len(), rest in any::<Vec<u8>>()
        ) {
            let (_, kind) = ObjectType::ALL[kind];
            let head = Head {
                attribute_len: rest.len() as u32,
                object_size: words[0] % 5000,
                max_object_size: words[1] % 5000,
                usage: words[2],
                object_type: kind.raw(),
                has: words[3],
            };
            if let Ok(object) = Object::restore(&head, &rest) {
                prop_assert!(Object::restore(&head, &stored(&object)[HEAD..]).is_ok());
            }
        }
    }
}
