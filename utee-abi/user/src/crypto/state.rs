// SPDX-License-Identifier: BSD-2-Clause
//! Cryptographic states of the kernel, by system call.

use super::{Object, ObjectRef};
use crate::Result;
use crate::raw::{self, Word};
use utee_abi::crypto::{AlgorithmId, OperationMode, UteeAttribute};
use utee_abi::sysnum::Syscall;

/// A state. Dropping it frees it in the kernel. Its pointers may be to memory of parameters: the kernel checks them.
#[derive(Debug)]
pub struct State {
    handle: u32,
    keys: [Option<ObjectRef>; 2],
}

/// Memory for a call: address and bytes.
pub(super) type Memory<T> = (T, usize);

fn used(size: u64) -> usize {
    usize::try_from(size).unwrap_or(usize::MAX)
}

impl State {
    /// A state of an algorithm, with its keys, which are the state's from now on: the kernel closes them with it. Without a state they
    /// are closed here.
    ///
    /// # Errors
    /// NOT_SUPPORTED for an algorithm that the TEE lacks; BAD_PARAMETERS for keys or a mode that do not go with it; OUT_OF_MEMORY.
    pub fn new(algorithm: AlgorithmId, mode: OperationMode, keys: [Option<Object>; 2]) -> Result<Self> {
        let mut state = 0u32;
        let [key1, key2] = keys.each_ref().map(|key| Word::number(key.as_ref().map_or(0, |key| key.handle())));
        let args = [Word::number(algorithm.raw()), Word::number(mode.into()), key1, key2, Word::from_mut(&raw mut state)];
        // SAFETY: the kernel writes the u32 `state`.
        unsafe { raw::call(Syscall::CrypStateAlloc, args) }?;
        Ok(Self { handle: state, keys: keys.map(|key| key.map(Object::into_ref)) })
    }

    /// Its keys, for as long as it lives.
    #[must_use]
    pub const fn keys(&self) -> [Option<ObjectRef>; 2] {
        self.keys
    }

    /// Takes over what is under way in another state of the same algorithm and mode.
    ///
    /// # Errors
    /// BAD_PARAMETERS.
    pub fn copy_from(&self, from: &Self) -> Result<()> {
        // SAFETY: no memory is named.
        unsafe { raw::call(Syscall::CrypStateCopy, [Word::number(self.handle), Word::number(from.handle)]) }
    }

    /// Starts a digest or a code.
    ///
    /// # Errors
    /// BAD_PARAMETERS for a key that is empty.
    pub fn hash_init(&self) -> Result<()> {
        // SAFETY: no memory is named.
        unsafe { raw::call(Syscall::HashInit, [Word::number(self.handle), Word::ZERO, Word::ZERO]) }
    }

    /// Takes in data.
    ///
    /// # Safety
    /// The kernel checks the range; no Rust value may be in the way of its reading.
    ///
    /// # Errors
    /// BAD_STATE, ACCESS_DENIED.
    pub unsafe fn hash_update(&self, data: Memory<*const u8>) -> Result<()> {
        // SAFETY: passed on.
        unsafe { raw::call(Syscall::HashUpdate, [Word::number(self.handle), Word::from_ptr(data.0), Word::size(data.1)]) }
    }

    /// Takes in the last data and writes the digest or code; its length, that is needed also when there is too little room.
    ///
    /// # Safety
    /// As [`State::hash_update`], of both ranges.
    pub unsafe fn hash_final(&self, data: Memory<*const u8>, out: Memory<*mut u8>) -> (Result<()>, usize) {
        // SAFETY: passed on.
        unsafe { self.transform(Syscall::HashFinal, data, out) }
    }

    /// Starts a cipher.
    ///
    /// # Safety
    /// As [`State::hash_update`].
    ///
    /// # Errors
    /// BAD_PARAMETERS for a key that is empty or a start value of a wrong length.
    pub unsafe fn cipher_init(&self, iv: Memory<*const u8>) -> Result<()> {
        // SAFETY: passed on.
        unsafe { raw::call(Syscall::CipherInit, [Word::number(self.handle), Word::from_ptr(iv.0), Word::size(iv.1)]) }
    }

    /// Works on whole blocks; the length of the result.
    ///
    /// # Safety
    /// As [`State::hash_final`].
    pub unsafe fn cipher_update(&self, data: Memory<*const u8>, out: Memory<*mut u8>) -> (Result<()>, usize) {
        // SAFETY: passed on.
        unsafe { self.transform(Syscall::CipherUpdate, data, out) }
    }

    /// Works on the last data; the length of the result.
    ///
    /// # Safety
    /// As [`State::hash_final`].
    pub unsafe fn cipher_final(&self, data: Memory<*const u8>, out: Memory<*mut u8>) -> (Result<()>, usize) {
        // SAFETY: passed on.
        unsafe { self.transform(Syscall::CipherFinal, data, out) }
    }

    unsafe fn transform(&self, call: Syscall, data: Memory<*const u8>, out: Memory<*mut u8>) -> (Result<()>, usize) {
        let mut size = out.1 as u64;
        let args =
            [Word::number(self.handle), Word::from_ptr(data.0), Word::size(data.1), Word::from_mut(out.0), Word::from_mut(&raw mut size)];
        // SAFETY: the caller's ranges; the kernel writes the u64 `size`.
        (unsafe { raw::call(call, args) }, used(size))
    }

    /// Starts authenticated encryption or decryption. Lengths are in bytes; those of data and payload count for CCM.
    ///
    /// # Safety
    /// As [`State::hash_update`].
    ///
    /// # Errors
    /// NOT_SUPPORTED for a tag of such a length; BAD_PARAMETERS.
    pub unsafe fn ae_init(&self, nonce: Memory<*const u8>, tag_len: usize, aad_len: usize, payload_len: usize) -> Result<()> {
        let lens = [tag_len, aad_len, payload_len].map(Word::size);
        let args = [Word::number(self.handle), Word::from_ptr(nonce.0), Word::size(nonce.1), lens[0], lens[1], lens[2]];
        // SAFETY: passed on.
        unsafe { raw::call(Syscall::AuthencInit, args) }
    }

    /// Takes in additional data.
    ///
    /// # Safety
    /// As [`State::hash_update`].
    ///
    /// # Errors
    /// BAD_STATE once there was payload.
    pub unsafe fn ae_aad(&self, data: Memory<*const u8>) -> Result<()> {
        // SAFETY: passed on.
        unsafe { raw::call(Syscall::AuthencUpdateAad, [Word::number(self.handle), Word::from_ptr(data.0), Word::size(data.1)]) }
    }

    /// Works on payload; the length of the result.
    ///
    /// # Safety
    /// As [`State::hash_final`].
    pub unsafe fn ae_payload(&self, data: Memory<*const u8>, out: Memory<*mut u8>) -> (Result<()>, usize) {
        // SAFETY: passed on.
        unsafe { self.transform(Syscall::AuthencUpdatePayload, data, out) }
    }

    /// Encrypts the last payload and writes the tag; the lengths of both.
    ///
    /// # Safety
    /// As [`State::hash_final`].
    pub unsafe fn ae_encrypt(&self, data: Memory<*const u8>, out: Memory<*mut u8>, tag: Memory<*mut u8>) -> (Result<()>, usize, usize) {
        let (mut size, mut tag_size) = (out.1 as u64, tag.1 as u64);
        let args = [
            Word::number(self.handle),
            Word::from_ptr(data.0),
            Word::size(data.1),
            Word::from_mut(out.0),
            Word::from_mut(&raw mut size),
            Word::from_mut(tag.0),
            Word::from_mut(&raw mut tag_size),
        ];
        // SAFETY: the caller's ranges; the kernel writes both sizes.
        (unsafe { raw::call(Syscall::AuthencEncFinal, args) }, used(size), used(tag_size))
    }

    /// Decrypts the last payload and compares the tag; the length of the result.
    ///
    /// # Safety
    /// As [`State::hash_final`].
    pub unsafe fn ae_decrypt(&self, data: Memory<*const u8>, out: Memory<*mut u8>, tag: Memory<*const u8>) -> (Result<()>, usize) {
        let mut size = out.1 as u64;
        let args = [
            Word::number(self.handle),
            Word::from_ptr(data.0),
            Word::size(data.1),
            Word::from_mut(out.0),
            Word::from_mut(&raw mut size),
            Word::from_ptr(tag.0),
            Word::size(tag.1),
        ];
        // SAFETY: the caller's ranges; the kernel writes the size.
        (unsafe { raw::call(Syscall::AuthencDecFinal, args) }, used(size))
    }

    /// Signs a digest, encrypts or decrypts by an asymmetric key; the length of the result.
    ///
    /// # Safety
    /// As [`State::hash_final`], and as [`ObjectRef::populate_raw`].
    pub unsafe fn operate(
        &self,
        attributes: &[[u8; UteeAttribute::SIZE]],
        data: Memory<*const u8>,
        out: Memory<*mut u8>,
    ) -> (Result<()>, usize) {
        let mut size = out.1 as u64;
        let args = [
            Word::number(self.handle),
            Word::from_ptr(attributes.as_ptr()),
            Word::size(attributes.len()),
            Word::from_ptr(data.0),
            Word::size(data.1),
            Word::from_mut(out.0),
            Word::from_mut(&raw mut size),
        ];
        // SAFETY: the caller's ranges; the kernel writes the u64 `size`.
        (unsafe { raw::call(Syscall::AsymmOperate, args) }, used(size))
    }

    /// Verifies the signature of a digest.
    ///
    /// # Safety
    /// As [`State::hash_update`], and as [`ObjectRef::populate_raw`].
    ///
    /// # Errors
    /// SIGNATURE_INVALID.
    pub unsafe fn verify(
        &self,
        attributes: &[[u8; UteeAttribute::SIZE]],
        digest: Memory<*const u8>,
        signature: Memory<*const u8>,
    ) -> Result<()> {
        let args = [
            Word::number(self.handle),
            Word::from_ptr(attributes.as_ptr()),
            Word::size(attributes.len()),
            Word::from_ptr(digest.0),
            Word::size(digest.1),
            Word::from_ptr(signature.0),
            Word::size(signature.1),
        ];
        // SAFETY: the caller's ranges.
        unsafe { raw::call(Syscall::AsymmVerify, args) }
    }

    /// Derives a key.
    ///
    /// # Safety
    /// As [`ObjectRef::populate_raw`].
    ///
    /// # Errors
    /// Those of the derivation.
    pub unsafe fn derive_raw(&self, raw: &[[u8; UteeAttribute::SIZE]], object: ObjectRef) -> Result<()> {
        let args = [Word::number(self.handle), Word::from_ptr(raw.as_ptr()), Word::size(raw.len()), Word::number(object.handle())];
        // SAFETY: the kernel reads `raw`, and what it names.
        unsafe { raw::call(Syscall::CrypDeriveKey, args) }
    }
}

impl Drop for State {
    fn drop(&mut self) {
        // A state that cannot be freed has no other remedy; the kernel frees it with the instance.
        // SAFETY: no memory is named.
        let _ = unsafe { raw::call(Syscall::CrypStateFree, [Word::number(self.handle)]) };
    }
}
