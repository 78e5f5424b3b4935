// SPDX-License-Identifier: BSD-2-Clause
//! Transient objects: keys.

use super::State;
use crate::raw::{self, Word};
use crate::{Result, TeeError};
use alloc::vec::Vec;
use core::ops::Deref;
use utee_abi::crypto::{AlgorithmId, AttributeId, Curve, KeyUsage, ObjectType, OperationMode, UteeAttribute, UteeObjectInfo};
use utee_abi::sysnum::Syscall;

/// An attribute that is given to the kernel.
#[derive(Clone, Copy, Debug)]
pub enum Attribute<'a> {
    /// Bytes.
    Bytes(AttributeId, &'a [u8]),
    /// Two numbers.
    Value(AttributeId, u32, u32),
}

impl Attribute<'_> {
    /// An attribute whose bytes the kernel writes. Whoever gives it to the kernel sees to it that they live.
    pub(super) fn output(id: AttributeId, out: &mut [u8]) -> [u8; UteeAttribute::SIZE] {
        UteeAttribute { a: out.as_mut_ptr().expose_provenance() as u64, b: out.len() as u64, id }.to_bytes()
    }

    pub(super) fn raw(&self) -> [u8; UteeAttribute::SIZE] {
        let attribute = match *self {
            Attribute::Bytes(id, bytes) => UteeAttribute { a: bytes.as_ptr().expose_provenance() as u64, b: bytes.len() as u64, id },
            Attribute::Value(id, a, b) => UteeAttribute { a: a.into(), b: b.into(), id },
        };
        attribute.to_bytes()
    }
}

/// An object of this TA that somebody else closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ObjectRef(u32);

impl ObjectRef {
    /// The object of a handle, as the kernel gave it.
    #[must_use]
    pub const fn from_handle(handle: u32) -> Self {
        Self(handle)
    }

    /// Its handle.
    #[must_use]
    pub const fn handle(self) -> u32 {
        self.0
    }

    /// What there is to know of it.
    ///
    /// # Errors
    /// BAD_STATE for a handle that names nothing.
    pub fn info(self) -> Result<UteeObjectInfo> {
        // Words, so that the memory is aligned as the C structure is.
        let mut info = [0u32; UteeObjectInfo::SIZE / 4];
        // SAFETY: the kernel writes as many bytes as `info` has.
        unsafe { raw::call(Syscall::CrypObjGetInfo, [Word::number(self.0), Word::from_mut(info.as_mut_ptr())]) }?;
        let mut bytes = [0; UteeObjectInfo::SIZE];
        for (to, from) in bytes.chunks_exact_mut(4).zip(info) {
            to.copy_from_slice(&from.to_ne_bytes());
        }
        UteeObjectInfo::read(&bytes).ok_or(TeeError::GENERIC)
    }

    /// Takes away from what it may be used for: bits of [`KeyUsage`] that stay.
    ///
    /// # Errors
    /// BAD_STATE.
    pub fn restrict_usage(self, usage: u32) -> Result<()> {
        // SAFETY: no memory is named.
        unsafe { raw::call(Syscall::CrypObjRestrictUsage, [Word::number(self.0), Word::number(usage)]) }
    }

    /// Wipes the attributes.
    ///
    /// # Errors
    /// BAD_STATE.
    pub fn reset(self) -> Result<()> {
        // SAFETY: no memory is named.
        unsafe { raw::call(Syscall::CrypObjReset, [Word::number(self.0)]) }
    }

    /// Closes it.
    ///
    /// # Errors
    /// BAD_STATE; ITEM_NOT_FOUND while an operation has it as its key.
    pub fn close(self) -> Result<()> {
        // SAFETY: no memory is named.
        unsafe { raw::call(Syscall::CrypObjClose, [Word::number(self.0)]) }
    }

    /// Gives it attributes.
    ///
    /// # Errors
    /// Those of TEE_PopulateTransientObject.
    pub fn populate(self, attributes: &[Attribute<'_>]) -> Result<()> {
        let raw: Vec<_> = attributes.iter().map(Attribute::raw).collect();
        // SAFETY: the attributes name memory that lives.
        unsafe { self.populate_raw(&raw) }
    }

    /// As [`ObjectRef::populate`], of attributes as the kernel reads them.
    ///
    /// # Safety
    /// The kernel checks the ranges that the attributes name; no Rust value may be in the way of its reading.
    ///
    /// # Errors
    /// As [`ObjectRef::populate`].
    pub unsafe fn populate_raw(self, raw: &[[u8; UteeAttribute::SIZE]]) -> Result<()> {
        let args = [Word::number(self.0), Word::from_ptr(raw.as_ptr()), Word::size(raw.len())];
        // SAFETY: the kernel reads `raw`, and what it names.
        unsafe { raw::call(Syscall::CrypObjPopulate, args) }
    }

    /// Takes over attributes and usage of another object.
    ///
    /// # Errors
    /// BAD_PARAMETERS when they do not go together.
    pub fn copy_from(self, from: Self) -> Result<()> {
        // SAFETY: no memory is named.
        unsafe { raw::call(Syscall::CrypObjCopy, [Word::number(self.0), Word::number(from.0)]) }
    }

    /// Makes a key of so many bits.
    ///
    /// # Safety
    /// As [`ObjectRef::populate_raw`].
    ///
    /// # Errors
    /// Those of TEE_GenerateKey.
    pub unsafe fn generate_raw(self, bits: u32, raw: &[[u8; UteeAttribute::SIZE]]) -> Result<()> {
        let args = [Word::number(self.0), Word::number(bits), Word::from_ptr(raw.as_ptr()), Word::size(raw.len())];
        // SAFETY: the kernel reads `raw`, and what it names.
        unsafe { raw::call(Syscall::CrypObjGenerateKey, args) }
    }

    /// Copies an attribute of bytes; its length.
    ///
    /// # Errors
    /// ITEM_NOT_FOUND, BAD_PARAMETERS for one that may not be taken out, SHORT_BUFFER.
    pub fn bytes(self, id: AttributeId, out: &mut [u8]) -> Result<usize> {
        // SAFETY: the kernel writes to `out`.
        let (result, len) = unsafe { self.attribute_raw(id, out.as_mut_ptr(), out.len()) };
        result.map(|()| len)
    }

    /// As [`ObjectRef::bytes`] at any address; the length that is needed also when there is too little room.
    ///
    /// # Safety
    /// The kernel checks the range; no Rust value may be in the way of its writing.
    pub unsafe fn attribute_raw(self, id: AttributeId, out: *mut u8, room: usize) -> (Result<()>, usize) {
        let mut size = room as u64;
        let args = [Word::number(self.0), Word::number(id.raw()), Word::from_mut(out), Word::from_mut(&raw mut size)];
        // SAFETY: passed on; the kernel writes the u64 `size`.
        let result = unsafe { raw::call(Syscall::CrypObjGetAttr, args) };
        (result, usize::try_from(size).unwrap_or(usize::MAX))
    }

    /// An attribute that is two numbers.
    ///
    /// # Errors
    /// ITEM_NOT_FOUND, BAD_PARAMETERS.
    pub fn value(self, id: AttributeId) -> Result<(u32, u32)> {
        let mut words = [0u32; 2];
        // SAFETY: the kernel writes 8 bytes at most.
        let (result, _) = unsafe { self.attribute_raw(id, words.as_mut_ptr().cast(), size_of_val(&words)) };
        result.map(|()| (words[0], words[1]))
    }
}

/// A key. Dropping it closes and wipes it.
#[derive(Debug, PartialEq, Eq)]
pub struct Object(ObjectRef);

impl Object {
    /// An empty object for sizes up to `max_bits`.
    ///
    /// # Errors
    /// NOT_SUPPORTED, OUT_OF_MEMORY.
    pub fn new(kind: ObjectType, max_bits: u32) -> Result<Self> {
        let mut handle = 0u32;
        let args = [Word::number(kind.raw()), Word::number(max_bits), Word::from_mut(&raw mut handle)];
        // SAFETY: the kernel writes the u32 `handle`.
        unsafe { raw::call(Syscall::CrypObjAlloc, args) }?;
        Ok(Self(ObjectRef(handle)))
    }

    /// A symmetric key or another secret with these bytes.
    ///
    /// # Errors
    /// NOT_SUPPORTED for a length that keys of the type do not have; OUT_OF_MEMORY.
    pub fn from_secret(kind: ObjectType, secret: &[u8]) -> Result<Self> {
        let object = Self::new(kind, u32::try_from(secret.len()).map_err(|_| TeeError::NOT_SUPPORTED)?.saturating_mul(8))?;
        let id = match kind {
            ObjectType::HKDF_IKM => AttributeId::HKDF_IKM,
            ObjectType::CONCAT_KDF_Z => AttributeId::CONCAT_KDF_Z,
            ObjectType::PBKDF2_PASSWORD => AttributeId::PBKDF2_PASSWORD,
            _ => AttributeId::SECRET_VALUE,
        };
        object.populate(&[Attribute::Bytes(id, secret)])?;
        Ok(object)
    }

    /// A new random key.
    ///
    /// # Errors
    /// NOT_SUPPORTED, OUT_OF_MEMORY.
    pub fn generate(kind: ObjectType, bits: u32) -> Result<Self> {
        let object = Self::new(kind, bits)?;
        // SAFETY: no attributes, no memory.
        unsafe { object.generate_raw(bits, &[]) }?;
        Ok(object)
    }

    /// A new random key or key pair of so many bits, with what is to be said of it: the public exponent of an RSA key, the group of a
    /// key of DSA or Diffie-Hellman.
    ///
    /// # Errors
    /// NOT_SUPPORTED, OUT_OF_MEMORY; ITEM_NOT_FOUND for attributes that are missing or of no use, BAD_PARAMETERS for values that are.
    pub fn generate_with(kind: ObjectType, bits: u32, attributes: &[Attribute<'_>]) -> Result<Self> {
        let object = Self::new(kind, bits)?;
        let raw: Vec<_> = attributes.iter().map(Attribute::raw).collect();
        // SAFETY: the attributes name memory that lives.
        unsafe { object.generate_raw(bits, &raw) }?;
        Ok(object)
    }

    /// A key of these attributes, of `bits` bits at most.
    ///
    /// # Errors
    /// NOT_SUPPORTED, OUT_OF_MEMORY; those of [`ObjectRef::populate`].
    pub fn from_attributes(kind: ObjectType, bits: u32, attributes: &[Attribute<'_>]) -> Result<Self> {
        let object = Self::new(kind, bits)?;
        object.populate(attributes)?;
        Ok(object)
    }

    /// A new random key pair of a curve of NIST, of type ECDSA_KEYPAIR or ECDH_KEYPAIR.
    ///
    /// # Errors
    /// NOT_SUPPORTED for a curve that the TEE lacks, OUT_OF_MEMORY.
    pub fn generate_on(kind: ObjectType, curve: Curve) -> Result<Self> {
        let bits = match curve {
            Curve::NIST_P192 => 192,
            Curve::NIST_P224 => 224,
            Curve::NIST_P256 => 256,
            Curve::NIST_P384 => 384,
            Curve::NIST_P521 => 521,
            _ => return Err(TeeError::NOT_SUPPORTED),
        };
        let object = Self::new(kind, bits)?;
        // SAFETY: the attribute names no memory.
        unsafe { object.generate_raw(bits, &[Attribute::Value(AttributeId::ECC_CURVE, curve.raw(), 0).raw()]) }?;
        Ok(object)
    }

    /// A key that is derived from the secret in `from` by `algorithm` with its parameters.
    ///
    /// # Errors
    /// Those of the derivation: BAD_PARAMETERS for parameters that are missing or of no use.
    pub fn derive(kind: ObjectType, bits: u32, algorithm: AlgorithmId, from: &Self, params: &[Attribute<'_>]) -> Result<Self> {
        let object = Self::new(kind, bits)?;
        let state = State::new(algorithm, OperationMode::Derive, [Some(from.duplicate()?), None])?;
        let raw: Vec<_> = params.iter().map(Attribute::raw).collect();
        // SAFETY: the attributes name memory that lives.
        unsafe { state.derive_raw(&raw, object.0) }?;
        Ok(object)
    }

    /// A second object with the same attributes, for an operation of its own.
    ///
    /// # Errors
    /// OUT_OF_MEMORY, BAD_PARAMETERS for an empty one.
    pub fn duplicate(&self) -> Result<Self> {
        let info = self.info()?;
        let copy = Self::new(ObjectType::from_raw(info.object_type), info.max_object_size)?;
        copy.copy_from(self.0)?;
        Ok(copy)
    }

    /// Whether it may be used for all of that.
    ///
    /// # Errors
    /// BAD_STATE.
    pub fn allows(&self, usage: KeyUsage) -> Result<bool> {
        Ok(KeyUsage::from_bits_retain(self.info()?.usage).contains(usage))
    }

    /// The object of a handle that nobody else closes.
    pub(crate) fn from_ref(object: ObjectRef) -> Self {
        Self(object)
    }

    /// Its handle, to be closed by whoever gets it.
    #[must_use]
    pub fn into_ref(self) -> ObjectRef {
        let object = self.0;
        core::mem::forget(self);
        object
    }
}

impl Deref for Object {
    type Target = ObjectRef;

    fn deref(&self) -> &ObjectRef {
        &self.0
    }
}

impl Drop for Object {
    fn drop(&mut self) {
        // An object that cannot be closed has no other remedy; the kernel closes it with the instance.
        let _ = self.0.close();
    }
}
