// SPDX-License-Identifier: BSD-2-Clause
//! Files of the secure storage that the normal world keeps (OP-TEE ABI, REE-FS secure storage): hash trees over encrypted blocks, and
//! the directory of them.
//!
//! A file is a binary tree of nodes, one for each block: node 1 is the root, 2n and 2n + 1 are the children of n, block k belongs to
//! node k + 1. Head, nodes and blocks have two places each, so that a version stays whole while the next one is written.

use crate::bytes::{array, put, u16_at, u32_at, u64_at};

/// Bytes of a block.
pub const BLOCK_SIZE: usize = 4096;
/// Bytes of a head.
pub const HEAD_SIZE: usize = 68;
/// Bytes of a node.
pub const NODE_SIZE: usize = 66;
/// Bytes of a hash (SHA-256).
pub const HASH_SIZE: usize = 32;
/// Bytes of the key of a file (AES-128).
pub const FEK_SIZE: usize = 16;
/// Bytes of a start value of AES-GCM.
pub const IV_SIZE: usize = 16;
/// Bytes of a tag of AES-GCM.
pub const TAG_SIZE: usize = 16;
/// Bytes of what the head says of the file.
pub const META_SIZE: usize = 16;
/// Bytes of the hash of the root that the head is bound to.
pub const BOUND_HASH_SIZE: usize = 16;
/// Nodes that share a block of the file.
pub const NODES_PER_BLOCK: u32 = 31;

/// Name of the directory's file. The others' are [`DirEntry::file`] in hexadecimal digits, without leading zeros.
pub const DIRECTORY_FILE: &str = "dirf.db";

/// Number of the purpose "key of secure storage" where keys are derived from the hardware-unique key. OP-TEE's compatible derivation
/// leaves it out: the key is HMAC-SHA-256 over [`SSK_CHIP_ID`] and [`SSK_LABEL`].
pub const SSK_CHIP_ID: [u8; 32] = *b"BEEFBEEFBEEFBEEFBEEFBEEFBEEFBEEF";
/// What follows the chip's id; with its NUL.
pub const SSK_LABEL: [u8; 20] = *b"ONLY_FOR_tee_fs_ssk\0";
/// What the key of a file that belongs to no TA is derived from.
pub const NO_OWNER: [u8; 1] = [0];

/// One of the two places of a head, node or block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// The first one.
    First = 0,
    /// The second one.
    Second = 1,
}

impl Version {
    /// Both.
    pub const BOTH: [Self; 2] = [Self::First, Self::Second];

    /// Where the head of a counter is, and its root.
    pub fn of_counter(counter: u32) -> Self {
        if counter & 1 == 0 { Self::First } else { Self::Second }
    }

    /// The other one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::First => Self::Second,
            Self::Second => Self::First,
        }
    }

    fn number(self) -> u64 {
        self as u64
    }
}

/// Byte of the file at which a head is.
pub fn head_at(version: Version) -> u64 {
    (HEAD_SIZE as u64).saturating_mul(version.number())
}

/// Byte of the file at which the block with the node of an id is, and how many nodes are before it there; ids begin at 1.
pub fn node_block_at(id: u32) -> (u64, u32) {
    let index = id.saturating_sub(1);
    let block = u64::from(index / NODES_PER_BLOCK).saturating_mul(BOTH_VERSIONS).saturating_add(1);
    (block.saturating_mul(BLOCK_SIZE as u64), index % NODES_PER_BLOCK)
}

/// Byte in its block at which the node is that has so many before it.
pub fn node_in_block(before: u32, version: Version) -> u64 {
    numbered(before, version).saturating_mul(NODE_SIZE as u64)
}

/// Byte of the file at which a node is.
pub fn node_at(id: u32, version: Version) -> u64 {
    let (block, before) = node_block_at(id);
    block.saturating_add(node_in_block(before, version))
}

/// Byte of the file at which a block of data is.
pub fn block_at(index: u32, version: Version) -> u64 {
    let number = numbered(index, version);
    // The blocks with the first 31 nodes and the next 31 have 61 between them, not 62: so do all.
    let before = number.saturating_add(number / (BOTH_VERSIONS - 1)).saturating_add(2);
    before.saturating_mul(BLOCK_SIZE as u64)
}

/// Both versions of the blocks whose nodes share a block.
const BOTH_VERSIONS: u64 = 2 * NODES_PER_BLOCK as u64;

fn numbered(index: u32, version: Version) -> u64 {
    u64::from(index).saturating_mul(2).saturating_add(version.number())
}

/// What says which version of a file counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Start value for the encryption of [`Head::meta`].
    pub iv: [u8; IV_SIZE],
    /// Tag of it.
    pub tag: [u8; TAG_SIZE],
    /// The file's key, encrypted (AES-256-ECB with the key of the TA).
    pub encrypted_fek: [u8; FEK_SIZE],
    /// [`Meta`], encrypted. Authenticated with it: the first half of the root's hash, the counter, the encrypted key, the start value.
    pub meta: [u8; META_SIZE],
    /// Grows with each version.
    pub counter: u32,
}

impl Head {
    /// Decodes a head; `None` for too few bytes.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        Some(Self {
            iv: array(bytes, 0)?,
            tag: array(bytes, 16)?,
            encrypted_fek: array(bytes, 32)?,
            meta: array(bytes, 48)?,
            counter: u32_at(bytes, 64)?,
        })
    }

    /// Its bytes.
    pub fn write(&self) -> [u8; HEAD_SIZE] {
        let mut bytes = [0; HEAD_SIZE];
        let fields = [(0, &self.iv[..]), (16, &self.tag), (32, &self.encrypted_fek), (48, &self.meta), (64, &self.counter.to_le_bytes())];
        for (at, field) in fields {
            put(&mut bytes, at, field);
        }
        bytes
    }
}

/// What the head says of the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Meta {
    /// Bytes of the content.
    pub length: u64,
    /// The last node's id; 0 while there is the root alone.
    pub max_node: u32,
}

impl Meta {
    /// Decodes it.
    pub fn read(bytes: &[u8; META_SIZE]) -> Option<Self> {
        Some(Self { length: u64_at(bytes, 0)?, max_node: u32_at(bytes, 8)? })
    }

    /// Its bytes.
    pub fn write(&self) -> [u8; META_SIZE] {
        let mut bytes = [0; META_SIZE];
        put(&mut bytes, 0, &self.length.to_le_bytes());
        put(&mut bytes, 8, &self.max_node.to_le_bytes());
        bytes
    }
}

/// A node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Node {
    /// SHA-256 of the rest of it, of the file's length if it is the root, and of the hashes of its children.
    pub hash: [u8; HASH_SIZE],
    /// Start value for the encryption of its block.
    pub iv: [u8; IV_SIZE],
    /// Tag of it. Authenticated with the block: the encrypted key of the file, the start value.
    pub tag: [u8; TAG_SIZE],
    /// Which versions count.
    pub flags: u16,
}

impl Node {
    /// The bit that says which version of its block counts.
    pub const BLOCK: u16 = 1;

    /// The bit of [`Node::flags`] of its parent that says which version of the node counts.
    pub fn bit_in_parent(id: u32) -> u16 {
        if id & 1 == 0 { 2 } else { 4 }
    }

    /// What a bit of its flags says.
    pub fn version(&self, bit: u16) -> Version {
        if self.flags & bit == 0 { Version::First } else { Version::Second }
    }

    /// Decodes a node; `None` for too few bytes.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        Some(Self { hash: array(bytes, 0)?, iv: array(bytes, 32)?, tag: array(bytes, 48)?, flags: u16_at(bytes, 64)? })
    }

    /// Its bytes; those after [`HASH_SIZE`] are hashed.
    pub fn write(&self) -> [u8; NODE_SIZE] {
        let mut bytes = [0; NODE_SIZE];
        for (at, field) in [(0, &self.hash[..]), (32, &self.iv), (48, &self.tag), (64, &self.flags.to_le_bytes())] {
            put(&mut bytes, at, field);
        }
        bytes
    }
}

/// Bytes of an entry of the directory.
pub const DIR_ENTRY_SIZE: usize = 120;
/// Bytes for an object's id in it.
pub const DIR_ID_SIZE: usize = 64;

/// An entry of the directory, whose file is a row of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DirEntry {
    /// UUID of the TA, as it stands in memory.
    pub owner: [u8; 16],
    /// The object's id, filled up with zeros; the first byte of an empty one is 1.
    pub id: [u8; DIR_ID_SIZE],
    /// Bytes of the id.
    pub id_len: u32,
    /// Hash of the root of the object's file.
    pub hash: [u8; HASH_SIZE],
    /// Number of the file.
    pub file: u32,
}

impl DirEntry {
    /// One that holds nothing.
    pub const FREE: Self = Self { owner: [0; 16], id: [0; DIR_ID_SIZE], id_len: 0, hash: [0; HASH_SIZE], file: 0 };

    /// Of an object; `None` for an id that is too long.
    pub fn new(owner: [u8; 16], id: &[u8], hash: [u8; HASH_SIZE], file: u32) -> Option<Self> {
        let mut entry = Self { owner, id_len: u32::try_from(id.len()).ok()?, hash, file, ..Self::FREE };
        if id.is_empty() {
            put(&mut entry.id, 0, &[1])?;
        }
        put(&mut entry.id, 0, id)?;
        Some(entry)
    }

    /// The same for another version of the object's file.
    #[must_use]
    pub fn with_hash(self, hash: [u8; HASH_SIZE]) -> Self {
        Self { hash, ..self }
    }

    /// The id; `None` for an entry that holds nothing.
    pub fn id(&self) -> Option<&[u8]> {
        let id = self.id.get(..usize::try_from(self.id_len).ok()?)?;
        if id.is_empty() && self.id.first() == Some(&0) { None } else { Some(id) }
    }

    /// Decodes an entry; `None` for too few bytes.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        Some(Self {
            owner: array(bytes, 0)?,
            id: array(bytes, 16)?,
            id_len: u32_at(bytes, 80)?,
            hash: array(bytes, 84)?,
            file: u32_at(bytes, 116)?,
        })
    }

    /// Its bytes.
    pub fn write(&self) -> [u8; DIR_ENTRY_SIZE] {
        let mut bytes = [0; DIR_ENTRY_SIZE];
        let (len, file) = (self.id_len.to_le_bytes(), self.file.to_le_bytes());
        for (at, field) in [(0, &self.owner[..]), (16, &self.id), (80, &len), (84, &self.hash), (116, &file)] {
            put(&mut bytes, at, field);
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;
    use std::collections::BTreeMap;
    use std::vec::Vec;

    /// Nothing lies on anything else, whichever blocks there are, and nothing in two blocks of the file that hold something else.
    #[test]
    fn places_do_not_overlap() {
        let mut taken = BTreeMap::new();
        let mut take = |at: u64, len: usize| {
            let before = taken.range(..at + len as u64).next_back().map_or(0, |(at, len): (&u64, &usize)| at + *len as u64);
            assert!(before <= at, "{at:x}");
            taken.insert(at, len);
        };
        for version in Version::BOTH {
            take(head_at(version), HEAD_SIZE);
        }
        for index in 0..200 {
            for version in Version::BOTH {
                take(node_at(index + 1, version), NODE_SIZE);
            }
        }
        for index in 0..200 {
            for version in Version::BOTH {
                let at = block_at(index, version);
                assert!(at.is_multiple_of(BLOCK_SIZE as u64));
                assert_eq!(taken.range(at..at + BLOCK_SIZE as u64).count(), 0, "{index}");
                assert!(taken.range(..at).next_back().is_none_or(|(before, len)| before + *len as u64 <= at));
                taken.insert(at, BLOCK_SIZE);
            }
        }
        // As in the store that a stock OP-TEE left.
        assert_eq!((node_at(1, Version::First), node_at(32, Version::Second)), (0x1000, 63 * 0x1000 + 66));
        assert_eq!((block_at(0, Version::First), block_at(30, Version::First), block_at(30, Version::Second)), (0x2000, 0x3E000, 0x40000));
    }

    #[test]
    fn what_is_written_is_read() {
        let bytes: Vec<u8> = (0..120).collect();
        assert_eq!(Head::read(&bytes).unwrap().write(), bytes[..68]);
        assert_eq!(Node::read(&bytes).unwrap().write(), bytes[..66]);
        assert_eq!(DirEntry::read(&bytes).unwrap().write(), bytes[..]);
        let meta = Meta { length: 0x0102_0304_0506, max_node: 7 };
        assert_eq!(Meta::read(&meta.write()), Some(meta));
        assert!(Head::read(&bytes[..67]).is_none() && Node::read(&bytes[..65]).is_none() && DirEntry::read(&bytes[..119]).is_none());
        for id in [&b""[..], b"\0", b"abc", &[9; 64]] {
            assert_eq!(DirEntry::new([3; 16], id, [4; 32], 5).unwrap().id(), Some(id));
        }
        assert!(DirEntry::new([3; 16], &[9; 65], [4; 32], 5).is_none());
        assert_eq!(DirEntry::FREE.id(), None);
        assert_eq!(DirEntry { id_len: 65, ..DirEntry::FREE }.id(), None);
    }
}
