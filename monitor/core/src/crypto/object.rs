// SPDX-License-Identifier: BSD-2-Clause
//! Objects: the attributes of a key, by the tables of `utee_abi::crypto::types` (OP-TEE ABI, types and attributes).
//! [`stored`] is how they are kept with a persistent object.

pub mod stored;

pub use stored::Persistent;

use super::algorithms::ecc::{self, Curve};
use super::algorithms::{edwards, sm2};
use super::handles::Handles;
use super::keys::is_number_key;
use crate::limits::MAX_OBJECTS_OF_TA;
use alloc::boxed::Box;
use alloc::vec::Vec;
use utee_abi::crypto::object::USAGE_DEFAULT;
use utee_abi::crypto::types::{AttributeKind, AttributeRow, Rule, TypeRow};
use utee_abi::crypto::{AttributeId, HandleFlags, KeyUsage, ObjectType, UteeAttribute, UteeObjectInfo};
use utee_abi::result::TeeError;
use zeroize::Zeroizing;

/// The objects of a TA.
pub type Objects = Handles<Object, MAX_OBJECTS_OF_TA>;

/// An attribute that an object has, or that a TA gives.
pub enum Value {
    /// Bytes.
    Bytes(Zeroizing<Vec<u8>>),
    /// A number.
    Number(u32),
}

impl Value {
    /// A copy of bytes.
    ///
    /// # Errors
    /// OUT_OF_MEMORY.
    pub fn bytes(from: &[u8]) -> Result<Self, TeeError> {
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(from.len()).map_err(|_| TeeError::OUT_OF_MEMORY)?;
        bytes.extend_from_slice(from);
        Ok(Self::Bytes(Zeroizing::new(bytes)))
    }

    fn copy(&self) -> Result<Self, TeeError> {
        match self {
            Self::Bytes(bytes) => Self::bytes(bytes),
            Self::Number(number) => Ok(Self::Number(*number)),
        }
    }
}

/// An object of a TA.
pub struct Object {
    row: &'static TypeRow,
    size: u32,
    max_size: u32,
    /// A DES key whose bits the TA counts without those of parity.
    counts_no_parity: bool,
    usage: u32,
    is_initialised: bool,
    /// The state that it is a key of holds it.
    pub is_busy: bool,
    /// As the row has attributes.
    values: Vec<Option<Value>>,
    /// What makes it a persistent one.
    persistent: Option<Box<Persistent>>,
}

/// Bits of a DES key as older TAs count them, without those of parity, with parity.
fn with_parity(row: &TypeRow, bits: u32) -> u32 {
    match (row.id, bits) {
        (ObjectType::DES, 56) | (ObjectType::DES3, 112 | 168) => bits.saturating_add(bits / 7),
        _ => bits,
    }
}

/// Bits of a big-endian number.
fn bits_of(number: &[u8]) -> u64 {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    let first = number.get(zeros).map_or(0, |byte| u64::from(byte.leading_zeros()));
    (number.len().saturating_sub(zeros) as u64).saturating_mul(8).saturating_sub(first)
}

impl Object {
    /// An empty object of a type, for sizes up to `max_bits`.
    ///
    /// # Errors
    /// NOT_SUPPORTED for a type that no algorithm uses, or a size that it does not have; OUT_OF_MEMORY.
    pub fn new(id: ObjectType, max_bits: u32) -> Result<Self, TeeError> {
        let row = TypeRow::of(id).filter(|row| is_served(row)).ok_or(TeeError::NOT_SUPPORTED)?;
        let max_size = with_parity(row, max_bits);
        if !row.allows(max_size) {
            return Err(TeeError::NOT_SUPPORTED);
        }
        let mut values = Vec::new();
        values.try_reserve_exact(row.attributes.len()).map_err(|_| TeeError::OUT_OF_MEMORY)?;
        values.resize_with(row.attributes.len(), || None);
        let counts_no_parity = max_size != max_bits;
        Ok(Self {
            row,
            size: 0,
            max_size,
            counts_no_parity,
            usage: USAGE_DEFAULT,
            is_initialised: false,
            is_busy: false,
            values,
            persistent: None,
        })
    }

    /// Its type.
    pub fn id(&self) -> ObjectType {
        self.row.id
    }

    /// True once it has attributes.
    pub fn is_initialised(&self) -> bool {
        self.is_initialised
    }

    /// What the TA is told of it.
    pub fn info(&self) -> UteeObjectInfo {
        let mut flags = if self.is_initialised { HandleFlags::INITIALIZED } else { HandleFlags::empty() };
        let mut data_position = 0;
        if let Some(persistent) = self.persistent() {
            flags |= HandleFlags::PERSISTENT | persistent.flags;
            data_position = persistent.position;
        }
        // TAs compare these with the size that they gave to an operation, which they count likewise.
        let counted = |bits: u32| if self.counts_no_parity { bits.saturating_sub(bits / 8) } else { bits };
        UteeObjectInfo {
            object_type: self.row.id.raw(),
            object_size: counted(self.size),
            max_object_size: counted(self.max_size),
            usage: self.usage,
            data_position,
            handle_flags: flags.bits(),
            ..UteeObjectInfo::default()
        }
    }

    /// Takes away from what it may be used for.
    pub fn restrict_usage(&mut self, usage: u32) {
        self.usage &= usage;
    }

    /// Wipes the attributes of a transient object; it may be used for everything again.
    pub fn reset(&mut self) {
        self.values.iter_mut().for_each(|value| *value = None);
        self.size = 0;
        self.usage = USAGE_DEFAULT;
        self.is_initialised = false;
    }

    /// The attribute of an id that a TA may see.
    ///
    /// # Errors
    /// BAD_PARAMETERS for an object that has none yet, or a secret that may not be taken out; ITEM_NOT_FOUND.
    pub fn readable(&self, id: AttributeId) -> Result<&Value, TeeError> {
        let extractable = KeyUsage::from_bits_retain(self.usage).contains(KeyUsage::EXTRACTABLE);
        if !self.is_initialised || !(id.is_public() || extractable) {
            return Err(TeeError::BAD_PARAMETERS);
        }
        self.value(id).ok_or(TeeError::ITEM_NOT_FOUND)
    }

    /// The attribute of an id.
    pub fn value(&self, id: AttributeId) -> Option<&Value> {
        let rows = self.row.attributes.iter().zip(&self.values);
        rows.filter(|(row, _)| row.id == id).find_map(|(_, value)| value.as_ref())
    }

    /// The secret of a symmetric key.
    ///
    /// # Errors
    /// BAD_PARAMETERS for an object that has none.
    pub fn secret(&self) -> Result<&[u8], TeeError> {
        match self.values.first() {
            Some(Some(Value::Bytes(bytes))) if self.is_initialised => Ok(bytes),
            _ => Err(TeeError::BAD_PARAMETERS),
        }
    }

    /// Bytes of an attribute at most; more is refused before it is copied.
    pub fn longest(&self, id: AttributeId) -> u32 {
        match self.row.attributes.iter().find(|row| row.id == id).map(|row| row.kind) {
            Some(AttributeKind::Fixed(len)) => len,
            // A number of the size of the type, with leading zeros for good measure.
            Some(AttributeKind::Bignum) => (self.row.max / 8).saturating_add(64),
            _ => self.row.max / 8,
        }
    }

    /// Gives it attributes.
    ///
    /// # Errors
    /// BAD_PARAMETERS when it has some, or the size is none of the type's; ITEM_NOT_FOUND for unknown, repeated or missing ones;
    /// SECURITY for a secret longer than any of the type, BAD_STATE for one longer than this object's; OUT_OF_MEMORY.
    pub fn populate(&mut self, given: &[(AttributeId, Value)]) -> Result<(), TeeError> {
        self.fill(given, Self::check_key)
    }

    /// As [`Object::populate`], of a key that was made here: its numbers go together.
    ///
    /// # Errors
    /// As [`Object::populate`].
    pub fn set_key(&mut self, made: &[(AttributeId, Value)]) -> Result<(), TeeError> {
        self.fill(made, |_| Ok(()))
    }

    fn fill(&mut self, given: &[(AttributeId, Value)], check: impl FnOnce(&Self) -> Result<(), TeeError>) -> Result<(), TeeError> {
        if self.is_initialised {
            return Err(TeeError::BAD_PARAMETERS);
        }
        self.check(given)?;
        let mut size = 0;
        let mut result = Ok(());
        for ((id, value), row) in given.iter().filter_map(|pair| Some((pair, self.row.attributes.iter().find(|row| row.id == pair.0)?))) {
            result = self.accept(row, value).and_then(|bits| self.put(*id, value).map(|()| size = bits.unwrap_or(size)));
            if result.is_err() {
                break;
            }
        }
        if result.is_ok() && !self.row.attributes.iter().any(|row| row.gives_size) {
            size = self.row.max;
        }
        result = result.and_then(|()| match size {
            size if size > self.max_size => Err(TeeError::BAD_STATE),
            size if !self.row.allows(size) => Err(TeeError::BAD_PARAMETERS),
            _ => check(self),
        });
        match result {
            Ok(()) => {
                self.size = size;
                self.is_initialised = true;
            }
            Err(_) => self.values.iter_mut().for_each(|value| *value = None),
        }
        result
    }

    /// Whether the numbers of a key go together: points are on their curve.
    fn check_key(&self) -> Result<(), TeeError> {
        if is_number_key(self.row.id) {
            return self.check_numbers();
        }
        if let Some(of) = edwards::Use::of_key(self.row.id) {
            let [secret, public] = of.attributes();
            return match self.value(secret) {
                Some(Value::Bytes(secret)) => of.check_pair(secret, self.number(public)?),
                _ => of.check_public(self.number(public)?),
            };
        }
        if !is_ecc(self.row.id) {
            return Ok(());
        }
        let (x, y) = self.point()?;
        match self.value(AttributeId::ECC_PRIVATE_VALUE) {
            // An agreement takes nothing of the public half, and OP-TEE's own suite puts the other side's there.
            Some(Value::Bytes(secret)) if self.row.id == ObjectType::ECDH_KEYPAIR => {
                ecc::check_secret(self.curve()?, secret).and_then(|()| ecc::check_point(self.curve()?, x, y))
            }
            Some(Value::Bytes(secret)) => ecc::check_pair(self.curve()?, secret, x, y),
            _ => ecc::check_point(self.curve()?, x, y),
        }
    }

    /// The curve of an elliptic key.
    ///
    /// # Errors
    /// BAD_PARAMETERS for another object.
    pub fn curve(&self) -> Result<Curve, TeeError> {
        match self.value(AttributeId::ECC_CURVE) {
            Some(Value::Number(number)) => Curve::of(*number),
            _ if is_sm2(self.row.id) => Ok(Curve::Sm2),
            _ => Err(TeeError::BAD_PARAMETERS),
        }
    }

    /// An attribute of bytes.
    ///
    /// # Errors
    /// BAD_PARAMETERS for an object without it.
    pub fn number(&self, id: AttributeId) -> Result<&[u8], TeeError> {
        match self.value(id) {
            Some(Value::Bytes(bytes)) => Ok(bytes),
            _ => Err(TeeError::BAD_PARAMETERS),
        }
    }

    /// The public point of an elliptic key.
    ///
    /// # Errors
    /// BAD_PARAMETERS for another object.
    pub fn point(&self) -> Result<(&[u8], &[u8]), TeeError> {
        Ok((self.number(AttributeId::ECC_PUBLIC_VALUE_X)?, self.number(AttributeId::ECC_PUBLIC_VALUE_Y)?))
    }

    /// The private number of an elliptic key.
    ///
    /// # Errors
    /// BAD_PARAMETERS for another object.
    pub fn scalar(&self) -> Result<&[u8], TeeError> {
        self.number(AttributeId::ECC_PRIVATE_VALUE)
    }

    /// Unknown, repeated and missing attributes, and half an optional group.
    fn check(&self, given: &[(AttributeId, Value)]) -> Result<(), TeeError> {
        let count = |row: &AttributeRow| given.iter().filter(|(id, _)| *id == row.id).count();
        let known = |id: &AttributeId| self.row.attributes.iter().any(|row| row.id == *id);
        let is_optional = |row: &AttributeRow| matches!(row.rule, Rule::Optional);
        let rows = self.row.attributes;
        let of_group = rows.iter().filter(|row| is_optional(row));
        let (all, some) = (of_group.clone().all(|row| count(row) == 1), of_group.clone().any(|row| count(row) == 1));
        let required = |row: &AttributeRow| !matches!(row.rule, Rule::Optional | Rule::OptionalOrGenerate);
        let fine = given.iter().all(|(id, _)| known(id))
            && rows.iter().all(|row| count(row) <= 1 && (count(row) == 1 || !required(row)))
            && (all || !some);
        if fine { Ok(()) } else { Err(TeeError::ITEM_NOT_FOUND) }
    }

    /// Checks one attribute; the size of the object in bits if it says that.
    fn accept(&self, row: &AttributeRow, value: &Value) -> Result<Option<u32>, TeeError> {
        let bits = match (row.kind, value) {
            (AttributeKind::Value, Value::Number(number)) if row.id == AttributeId::ECC_CURVE => Curve::of(*number)?.bits().into(),
            (AttributeKind::Value, Value::Number(number)) => u64::from(*number),
            (AttributeKind::Secret, Value::Bytes(bytes)) => {
                if bytes.len() as u64 > u64::from(self.row.max / 8) {
                    return Err(TeeError::SECURITY);
                }
                (bytes.len() as u64).saturating_mul(8)
            }
            (AttributeKind::Bignum, Value::Bytes(bytes)) => bits_of(bytes),
            (AttributeKind::Fixed(len), Value::Bytes(bytes)) if bytes.len() as u64 == u64::from(len) => return Ok(None),
            _ => return Err(TeeError::BAD_PARAMETERS),
        };
        if row.is_bounded && bits > u64::from(self.max_size) {
            return Err(TeeError::BAD_STATE);
        }
        let bits = u32::try_from(bits).map_err(|_| TeeError::BAD_STATE)?;
        Ok(row.gives_size.then_some(bits))
    }

    fn put(&mut self, id: AttributeId, value: &Value) -> Result<(), TeeError> {
        let slots = self.row.attributes.iter().zip(self.values.iter_mut());
        let (row, slot) = slots.into_iter().find(|(row, _)| row.id == id).ok_or(TeeError::ITEM_NOT_FOUND)?;
        *slot = Some(match (row.kind, value) {
            // Numbers are kept without leading zeros.
            (AttributeKind::Bignum, Value::Bytes(bytes)) => {
                let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
                Value::bytes(bytes.get(zeros..).unwrap_or_default())?
            }
            _ => value.copy()?,
        });
        Ok(())
    }

    /// Takes over attributes and usage of another object: of the same type, or the public part of a key pair.
    ///
    /// # Errors
    /// BAD_PARAMETERS; OUT_OF_MEMORY.
    pub fn copy_from(&mut self, from: &Self) -> Result<(), TeeError> {
        // A public key has its key pair's number with another kind.
        const KIND: u32 = 0x0100_0000;
        let fits = self.row.id == from.row.id || self.row.id.raw() | KIND == from.row.id.raw();
        if self.is_initialised || !from.is_initialised || !fits || from.size > self.max_size {
            return Err(TeeError::BAD_PARAMETERS);
        }
        let mut result = Ok(());
        for row in self.row.attributes {
            if let Some(value) = from.value(row.id) {
                result = result.and_then(|()| self.put(row.id, value));
            }
        }
        if result.is_err() {
            self.reset();
            return result;
        }
        (self.size, self.usage, self.is_initialised) = (from.size, from.usage, true);
        Ok(())
    }

    /// A transient object with the same attributes and usage.
    ///
    /// # Errors
    /// OUT_OF_MEMORY.
    pub fn duplicate(&self) -> Result<Self, TeeError> {
        let mut copy = Self::new(self.row.id, self.max_size)?;
        for (to, from) in copy.values.iter_mut().zip(&self.values) {
            *to = from.as_ref().map(Value::copy).transpose()?;
        }
        (copy.size, copy.usage, copy.is_initialised) = (self.size, self.usage, self.is_initialised);
        copy.counts_no_parity = self.counts_no_parity;
        Ok(copy)
    }

    /// Checks that a key of so many bits may be generated; bytes of its secret.
    ///
    /// # Errors
    /// BAD_STATE when it has attributes; NOT_SUPPORTED for a size that it cannot have, or a type that has more than a secret.
    pub fn plan_secret(&self, bits: u32) -> Result<usize, TeeError> {
        if self.is_initialised {
            return Err(TeeError::BAD_STATE);
        }
        let bits = with_parity(self.row, bits);
        if !self.has_only_a_secret() || !self.row.allows(bits) || bits > self.max_size {
            return Err(TeeError::NOT_SUPPORTED);
        }
        usize::try_from(bits / 8).map_err(|_| TeeError::NOT_SUPPORTED)
    }

    /// Checks that an elliptic key pair of so many bits may be generated.
    ///
    /// # Errors
    /// BAD_STATE when it has attributes; NOT_SUPPORTED for a size that it cannot have, or no pair.
    pub fn plan_pair(&self, bits: u32) -> Result<(), TeeError> {
        if self.is_initialised {
            return Err(TeeError::BAD_STATE);
        }
        let is_pair = self.row.attributes.iter().any(|row| !row.id.is_public());
        if is_pair && self.row.allows(bits) && bits <= self.max_size { Ok(()) } else { Err(TeeError::NOT_SUPPORTED) }
    }

    /// As [`Object::plan_pair`], of a curve of NIST or of SM2; the curve, and its number if it has one.
    ///
    /// # Errors
    /// As there; ITEM_NOT_FOUND or BAD_PARAMETERS for attributes that are not the curve of that size alone, none for SM2.
    pub fn plan_pair_on(&self, bits: u32, given: &[UteeAttribute]) -> Result<(Curve, Option<u32>), TeeError> {
        self.plan_pair(bits)?;
        let attribute = match given {
            [] if is_sm2(self.row.id) => return Ok((Curve::Sm2, None)),
            [attribute] if !is_sm2(self.row.id) => attribute,
            _ => return Err(TeeError::ITEM_NOT_FOUND),
        };
        if attribute.id != AttributeId::ECC_CURVE {
            return Err(TeeError::ITEM_NOT_FOUND);
        }
        let number = u32::try_from(attribute.a).map_err(|_| TeeError::BAD_PARAMETERS)?;
        let curve = Curve::of(number)?;
        if curve.bits() == bits { Ok((curve, Some(number))) } else { Err(TeeError::BAD_PARAMETERS) }
    }

    /// Gives it a secret that was made here: a generated or a derived key.
    ///
    /// # Errors
    /// BAD_PARAMETERS for one longer than any of the type.
    pub fn set_secret(&mut self, mut secret: Zeroizing<Vec<u8>>) -> Result<(), TeeError> {
        let bits = u32::try_from(secret.len()).ok().and_then(|len| len.checked_mul(8)).filter(|bits| *bits <= self.row.max);
        let bits = bits.filter(|_| self.has_only_a_secret() && !self.is_initialised).ok_or(TeeError::BAD_PARAMETERS)?;
        if matches!(self.row.id, ObjectType::DES | ObjectType::DES3) {
            // Each byte has an odd number of ones.
            secret.iter_mut().for_each(|byte| *byte ^= u8::from((*byte).count_ones().is_multiple_of(2)));
        }
        *self.values.first_mut().ok_or(TeeError::GENERIC)? = Some(Value::Bytes(secret));
        (self.size, self.is_initialised) = (bits, true);
        Ok(())
    }

    /// True for types that derived keys may have: nothing but TEE_ATTR_SECRET_VALUE.
    pub fn takes_derived(&self) -> bool {
        self.has_only_a_secret() && self.row.attributes.iter().all(|row| row.id == AttributeId::SECRET_VALUE)
    }

    fn has_only_a_secret(&self) -> bool {
        only_a_secret(self.row)
    }
}

fn only_a_secret(row: &TypeRow) -> bool {
    matches!(row.attributes, [AttributeRow { kind: AttributeKind::Secret, .. }])
}

/// True for types that an algorithm of the registry uses, and for data.
fn is_served(row: &TypeRow) -> bool {
    only_a_secret(row) || row.id == ObjectType::DATA || is_ecc(row.id) || is_number_key(row.id) || edwards::Use::of_key(row.id).is_some()
}

/// True for key pairs and public keys of the curves of NIST and of SM2.
pub fn is_ecc(id: ObjectType) -> bool {
    let pair = matches!(id, ObjectType::ECDSA_KEYPAIR | ObjectType::ECDH_KEYPAIR);
    pair || matches!(id, ObjectType::ECDSA_PUBLIC_KEY | ObjectType::ECDH_PUBLIC_KEY) || is_sm2(id)
}

fn is_sm2(id: ObjectType) -> bool {
    [sm2::Use::Sign, sm2::Use::Exchange, sm2::Use::Encrypt].iter().any(|of| of.key_types().contains(&id))
}
