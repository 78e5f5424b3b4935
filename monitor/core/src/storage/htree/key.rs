// SPDX-License-Identifier: BSD-2-Clause
//! The key of a file, and what is encrypted with it (OP-TEE ABI, REE-FS secure storage, cryptography).

use super::{Hash, Machine};
use crate::crypto::algorithms::ae::{Ae, Scheme, Start};
use crate::crypto::algorithms::block::{Block, Kind};
use crate::crypto::engine::MaybeEngine;
use crate::crypto::huk::KEY_SIZE;
use utee_abi::htree::{BOUND_HASH_SIZE, FEK_SIZE, Head, IV_SIZE, Meta, TAG_SIZE};
use utee_abi::result::TeeError;
use zeroize::Zeroizing;

/// The key that the keys of a TA's files are encrypted with.
pub type OwnerKey = Zeroizing<[u8; KEY_SIZE]>;

/// The key of a file.
pub struct FileKey {
    engine: MaybeEngine,
    fek: Zeroizing<[u8; FEK_SIZE]>,
    encrypted: [u8; FEK_SIZE],
}

impl FileKey {
    /// A new one.
    ///
    /// # Errors
    /// Those of the generator.
    pub fn draw(machine: &dyn Machine, owner: &OwnerKey) -> Result<Self, TeeError> {
        let mut fek = Zeroizing::new([0; FEK_SIZE]);
        machine.random(fek.as_mut_slice())?;
        // First, so that no copy in the clear is left when there is no memory for it.
        let cipher = Block::new(machine.engine(), Kind::Aes, owner.as_slice())?;
        let mut encrypted = *fek;
        cipher.encrypt(&mut encrypted);
        Ok(Self { engine: machine.engine(), fek, encrypted })
    }

    /// The one of a head. Whether it is right shows when it opens something.
    ///
    /// # Errors
    /// OUT_OF_MEMORY.
    pub fn of_head(machine: &dyn Machine, owner: &OwnerKey, head: &Head) -> Result<Self, TeeError> {
        let mut fek = Zeroizing::new(head.encrypted_fek);
        Block::new(machine.engine(), Kind::Aes, owner.as_slice())?.decrypt(fek.as_mut_slice());
        Ok(Self { engine: machine.engine(), fek, encrypted: head.encrypted_fek })
    }

    fn cipher(&self, decrypts: bool, iv: &[u8; IV_SIZE], aad: &[&[u8]]) -> Result<Ae, TeeError> {
        let start = Start { nonce: iv, tag_len: TAG_SIZE, aad_len: 0, payload_len: 0 };
        let mut ae = Ae::new(self.engine, Kind::Aes, Scheme::Gcm, decrypts, self.fek.as_slice(), &start)?;
        for part in aad.iter().chain(&[&self.encrypted[..], iv]) {
            ae.aad(part);
        }
        Ok(ae)
    }

    fn open(mut ae: Ae, tag: &[u8; TAG_SIZE], data: &mut [u8]) -> Result<(), TeeError> {
        ae.payload(data);
        ae.verify(tag).map_err(|_| {
            data.fill(0);
            TeeError::CORRUPT_OBJECT
        })
    }

    /// Encrypts a block in place; gives its tag.
    ///
    /// # Errors
    /// OUT_OF_MEMORY.
    pub fn seal_block(&self, iv: &[u8; IV_SIZE], data: &mut [u8]) -> Result<[u8; TAG_SIZE], TeeError> {
        let mut ae = self.cipher(false, iv, &[])?;
        ae.payload(data);
        ae.tag()
    }

    /// Decrypts a block in place.
    ///
    /// # Errors
    /// CORRUPT_OBJECT, and the block is zeros then; OUT_OF_MEMORY.
    pub fn open_block(&self, iv: &[u8; IV_SIZE], tag: &[u8; TAG_SIZE], data: &mut [u8]) -> Result<(), TeeError> {
        Self::open(self.cipher(true, iv, &[])?, tag, data)
    }

    /// A head of this counter over a tree.
    ///
    /// # Errors
    /// OUT_OF_MEMORY.
    pub fn seal_head(&self, iv: [u8; IV_SIZE], root: &Hash, counter: u32, meta: &Meta) -> Result<Head, TeeError> {
        let mut meta = meta.write();
        let mut ae = self.cipher(false, &iv, &[bound(root), &counter.to_le_bytes()])?;
        ae.payload(&mut meta);
        Ok(Head { iv, tag: ae.tag()?, encrypted_fek: self.encrypted, meta, counter })
    }

    /// What a head says, if it is one over this tree.
    ///
    /// # Errors
    /// CORRUPT_OBJECT; OUT_OF_MEMORY.
    pub fn open_head(&self, head: &Head, root: &Hash) -> Result<Meta, TeeError> {
        let mut meta = head.meta;
        let ae = self.cipher(true, &head.iv, &[bound(root), &head.counter.to_le_bytes()])?;
        Self::open(ae, &head.tag, &mut meta)?;
        Meta::read(&meta).ok_or(TeeError::CORRUPT_OBJECT)
    }
}

/// The part of the root's hash that a head is bound to.
fn bound(root: &Hash) -> &[u8] {
    root.get(..BOUND_HASH_SIZE).unwrap_or(root)
}
