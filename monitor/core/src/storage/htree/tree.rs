// SPDX-License-Identifier: BSD-2-Clause
//! Blocks, nodes and heads: a file as a row of blocks of which a version counts, and the next one is being made.

use super::key::{FileKey, OwnerKey};
use super::{Machine, Medium, memory, read_padded};
use alloc::vec::Vec;
use sha2::{Digest, Sha256};
use utee_abi::htree::{self, BLOCK_SIZE, HASH_SIZE, HEAD_SIZE, Head, IV_SIZE, Meta, Node, TAG_SIZE, Version};
use utee_abi::result::TeeError;

/// Hash of a root: it says all that is in a file.
pub type Hash = [u8; HASH_SIZE];

/// Which version of a file is wanted.
#[derive(Clone, Copy, Debug)]
pub enum Expected<'e> {
    /// The newest that is whole, but none with a lower counter than this.
    Newest {
        /// The least counter; 0 for any.
        counter: u32,
    },
    /// The newest whose root has one of these hashes.
    OneOf(&'e [Hash]),
}

/// A node in memory.
#[derive(Clone, Copy)]
struct Slot {
    node: Node,
    /// It is to be written by the next commit.
    dirty: bool,
    /// Its block has left the place that counts since the last commit.
    moved: bool,
}

impl Slot {
    const NEW: Self =
        Self { node: Node { hash: [0; HASH_SIZE], iv: [0; IV_SIZE], tag: [0; TAG_SIZE], flags: 0 }, dirty: true, moved: false };

    fn read(node: Node) -> Self {
        Self { node, dirty: false, moved: false }
    }
}

/// An open file.
///
/// What is written counts once [`Tree::stage`] and [`Tree::publish`] are done. After an error of one that writes nothing more is
/// written by this one; the file is as it was, and may be opened again.
pub struct Tree<'m> {
    machine: &'m dyn Machine,
    medium: &'m dyn Medium,
    key: FileKey,
    counter: u32,
    length: u64,
    /// Node 1 first. Behind [`Tree::count`] are those that were cut off since the last commit: their flags say what of it still
    /// counts.
    nodes: Vec<Slot>,
    count: u32,
    state: State,
}

/// How far a version has come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// It may change.
    Open,
    /// All of it is written but the head.
    Staged,
    /// Something failed half way, so that what is in memory goes with nothing.
    Broken,
}

/// Nodes as memory is asked for.
const AT_ONCE: usize = 32;

fn index_of(id: u32) -> usize {
    usize::try_from(id).unwrap_or(usize::MAX).saturating_sub(1)
}

impl<'m> Tree<'m> {
    /// Begins an empty file, in place of whatever the medium has.
    ///
    /// # Errors
    /// Those of the medium; OUT_OF_MEMORY.
    pub fn create(machine: &'m dyn Machine, medium: &'m dyn Medium, owner: &OwnerKey) -> Result<Self, TeeError> {
        let key = FileKey::draw(machine, owner)?;
        medium.set_len(0)?;
        let mut tree = Self { machine, medium, key, counter: 0, length: 0, nodes: Vec::new(), count: 0, state: State::Open };
        tree.add(Slot::NEW)?;
        Ok(tree)
    }

    /// Opens a file and verifies its tree; its blocks are verified as they are read.
    ///
    /// # Errors
    /// ITEM_NOT_FOUND for a file that was never committed, where the newest is wanted; CORRUPT_OBJECT for none of the wanted version;
    /// SECURITY for one that is too old; those of the medium; OUT_OF_MEMORY.
    pub fn open(machine: &'m dyn Machine, medium: &'m dyn Medium, owner: &OwnerKey, expected: Expected<'_>) -> Result<Self, TeeError> {
        // The heads, and with the block behind them the roots and the nodes of a small file.
        let mut begin = memory(machine, 2 * BLOCK_SIZE)?;
        read_padded(medium, 0, &mut begin)?;
        let (heads, nodes) = begin.split_at_mut_checked(BLOCK_SIZE).ok_or(TeeError::GENERIC)?;
        if heads.iter().take(2 * HEAD_SIZE).all(|byte| *byte == 0) {
            return Err(match expected {
                Expected::Newest { .. } => TeeError::ITEM_NOT_FOUND,
                Expected::OneOf(_) => TeeError::CORRUPT_OBJECT,
            });
        }
        let mut candidates = heapless::Vec::<(Head, Node), 2>::new();
        for version in Version::BOTH {
            let at = |at: u64| usize::try_from(at).unwrap_or(usize::MAX);
            let head = heads.get(at(htree::head_at(version))..).and_then(Head::read).ok_or(TeeError::GENERIC)?;
            let root = nodes.get(at(htree::node_in_block(0, version))..).and_then(Node::read).ok_or(TeeError::GENERIC)?;
            let wanted = match expected {
                Expected::Newest { .. } => true,
                Expected::OneOf(hashes) => hashes.contains(&root.hash),
            };
            if wanted && Version::of_counter(head.counter) == version {
                candidates.push((head, root)).map_err(|_| TeeError::GENERIC)?;
            }
        }
        candidates.sort_unstable_by_key(|(head, _)| core::cmp::Reverse(head.counter));
        for (head, root) in &candidates {
            match Self::load(machine, medium, owner, head, root, nodes) {
                // Half a head may be what a loss of power left.
                Err(TeeError::CORRUPT_OBJECT) => (),
                Ok(tree) if matches!(expected, Expected::Newest { counter } if tree.counter < counter) => return Err(TeeError::SECURITY),
                result => return result,
            }
        }
        Err(TeeError::CORRUPT_OBJECT)
    }

    /// Reads the nodes below a root; `block` has the file's first block of nodes, and then other ones.
    fn load(
        machine: &'m dyn Machine,
        medium: &'m dyn Medium,
        owner: &OwnerKey,
        head: &Head,
        root: &Node,
        block: &mut [u8],
    ) -> Result<Self, TeeError> {
        let key = FileKey::of_head(machine, owner, head)?;
        let meta = key.open_head(head, &root.hash)?;
        // It was written by this TEE or one with its key, so that its numbers are good. They are bounded by memory alone.
        let count = meta.max_node.max(1);
        let mut tree =
            Self { machine, medium, key, counter: head.counter, length: meta.length, nodes: Vec::new(), count: 0, state: State::Open };
        tree.reserve(index_of(count).saturating_add(1))?;
        tree.add(Slot::read(*root))?;
        let mut loaded = htree::node_block_at(1).0;
        for id in 2..=count {
            let (at, before) = htree::node_block_at(id);
            if at != loaded {
                read_padded(medium, at, block)?;
                loaded = at;
            }
            let parent = tree.slot(id / 2)?.node;
            let from = htree::node_in_block(before, parent.version(Node::bit_in_parent(id)));
            let from = usize::try_from(from).map_err(|_| TeeError::GENERIC)?;
            let node = block.get(from..).and_then(Node::read).ok_or(TeeError::GENERIC)?;
            tree.add(Slot::read(node))?;
        }
        if loaded != htree::node_block_at(1).0 {
            // As the next candidate needs it.
            read_padded(medium, htree::node_block_at(1).0, block)?;
        }
        for id in 1..=count {
            if tree.hash_of(id)? != tree.slot(id)?.node.hash {
                return Err(TeeError::CORRUPT_OBJECT);
            }
        }
        if u64::from(tree.blocks()) < tree.length.div_ceil(BLOCK_SIZE as u64) {
            return Err(TeeError::CORRUPT_OBJECT);
        }
        Ok(tree)
    }

    fn slot(&self, id: u32) -> Result<&Slot, TeeError> {
        self.nodes.get(index_of(id)).ok_or(TeeError::GENERIC)
    }

    fn slot_mut(&mut self, id: u32) -> Result<&mut Slot, TeeError> {
        self.nodes.get_mut(index_of(id)).ok_or(TeeError::GENERIC)
    }

    fn reserve(&mut self, more: usize) -> Result<(), TeeError> {
        // Growing copies: both are there for a while.
        let nodes = self.nodes.len().saturating_add(more);
        self.machine.admit(nodes.saturating_add(self.nodes.len()).saturating_mul(size_of::<Slot>()))?;
        self.nodes.try_reserve_exact(more).map_err(|_| TeeError::OUT_OF_MEMORY)
    }

    /// Adds a node behind the last one; one that was cut off since the last commit is taken back instead of `new`.
    fn add(&mut self, new: Slot) -> Result<(), TeeError> {
        if let Some(old) = self.nodes.get_mut(index_of(self.count.saturating_add(1))) {
            old.dirty = true;
        } else {
            if self.nodes.len() == self.nodes.capacity() {
                self.reserve(AT_ONCE.max(self.nodes.len() / 2))?;
            }
            self.nodes.push(new);
        }
        self.count = self.count.checked_add(1).ok_or(TeeError::STORAGE_NO_SPACE)?;
        Ok(())
    }

    fn hash_of(&self, id: u32) -> Result<Hash, TeeError> {
        let mut sum = Sha256::new();
        sum.update(self.slot(id)?.node.write().get(HASH_SIZE..).unwrap_or_default());
        if id == 1 {
            sum.update(self.length.to_le_bytes());
        }
        for child in [id.saturating_mul(2), id.saturating_mul(2).saturating_add(1)] {
            if child <= self.count {
                sum.update(self.slot(child)?.node.hash);
            }
        }
        Ok(sum.finalize().into())
    }

    /// Bytes of the content.
    pub fn len(&self) -> u64 {
        self.length
    }

    /// True for no content.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Number of commits that the file has had.
    pub fn counter(&self) -> u32 {
        self.counter
    }

    /// Blocks that there are: one at least, which may never have been written.
    pub fn blocks(&self) -> u32 {
        self.count
    }

    /// The machine.
    pub(super) fn machine(&self) -> &'m dyn Machine {
        self.machine
    }

    /// Sets the length. Its blocks are the caller's matter.
    ///
    /// # Errors
    /// GENERIC.
    pub(super) fn set_length(&mut self, length: u64) -> Result<(), TeeError> {
        self.length = length;
        self.slot_mut(1)?.dirty = true;
        Ok(())
    }

    /// Reads a block.
    ///
    /// # Errors
    /// CORRUPT_OBJECT; those of the medium; OUT_OF_MEMORY; GENERIC past the last block, and for another length than a block's.
    pub fn read_block(&self, index: u32, out: &mut [u8]) -> Result<(), TeeError> {
        let id = index.checked_add(1).filter(|id| *id <= self.count && out.len() == BLOCK_SIZE).ok_or(TeeError::GENERIC)?;
        let node = &self.slot(id)?.node;
        read_padded(self.medium, htree::block_at(index, node.version(Node::BLOCK)), out)?;
        self.key.open_block(&node.iv, &node.tag, out)
    }

    /// Writes a block, or adds one behind the last. What is in `data` afterwards is of no use.
    ///
    /// # Errors
    /// Those of the medium; OUT_OF_MEMORY; GENERIC for a block further behind, for another length than a block's, and after an error.
    pub fn write_block(&mut self, index: u32, data: &mut [u8]) -> Result<(), TeeError> {
        if self.state != State::Open || index > self.count || data.len() != BLOCK_SIZE {
            return Err(TeeError::GENERIC);
        }
        if index == self.count {
            self.add(Slot::NEW)?;
        }
        self.state = State::Broken;
        let mut iv = [0; IV_SIZE];
        self.machine.random(&mut iv)?;
        let tag = self.key.seal_block(&iv, data)?;
        let slot = self.slot_mut(index.saturating_add(1))?;
        if !slot.moved {
            slot.node.flags ^= Node::BLOCK;
        }
        (slot.moved, slot.dirty, slot.node.iv, slot.node.tag) = (true, true, iv, tag);
        let version = slot.node.version(Node::BLOCK);
        self.medium.write(htree::block_at(index, version), data)?;
        self.state = State::Open;
        Ok(())
    }

    /// Leaves so many blocks, one at least. The medium keeps them until [`Tree::trim`].
    ///
    /// # Errors
    /// GENERIC.
    pub fn cut(&mut self, blocks: u32) -> Result<(), TeeError> {
        while self.count > blocks.max(1) {
            let parent = self.count / 2;
            self.slot_mut(parent)?.dirty = true;
            self.count = self.count.saturating_sub(1);
        }
        Ok(())
    }

    /// Writes the nodes of the next version; gives the hash of its root. It does not count yet.
    ///
    /// # Errors
    /// Those of the medium; GENERIC after an error, and for what is staged already.
    pub fn stage(&mut self) -> Result<Hash, TeeError> {
        if self.state != State::Open {
            return Err(TeeError::GENERIC);
        }
        self.state = State::Broken;
        // Each head has a root of its own version.
        self.slot_mut(1)?.dirty = true;
        for id in (1..=self.count).rev() {
            if !self.slot(id)?.dirty {
                continue;
            }
            let version = if id == 1 {
                Version::of_counter(self.counter).other()
            } else {
                let (bit, parent) = (Node::bit_in_parent(id), self.slot_mut(id / 2)?);
                parent.node.flags ^= bit;
                parent.dirty = true;
                parent.node.version(bit)
            };
            let hash = self.hash_of(id)?;
            let slot = self.slot_mut(id)?;
            slot.node.hash = hash;
            (slot.dirty, slot.moved) = (false, false);
            let bytes = slot.node.write();
            self.medium.write(htree::node_at(id, version), &bytes)?;
        }
        self.state = State::Staged;
        Ok(self.root())
    }

    /// Makes what was staged count.
    ///
    /// # Errors
    /// Those of the medium: it counts then or does not. STORAGE_NO_SPACE when the counter is at its end; GENERIC for what was not staged.
    pub fn publish(&mut self) -> Result<(), TeeError> {
        if self.state != State::Staged {
            return Err(TeeError::GENERIC);
        }
        self.state = State::Broken;
        let counter = self.counter.checked_add(1).ok_or(TeeError::STORAGE_NO_SPACE)?;
        let mut iv = [0; IV_SIZE];
        self.machine.random(&mut iv)?;
        let meta = Meta { length: self.length, max_node: if self.count == 1 { 0 } else { self.count } };
        let head = self.key.seal_head(iv, &self.root(), counter, &meta)?;
        self.medium.write(htree::head_at(Version::of_counter(counter)), &head.write())?;
        self.nodes.truncate(index_of(self.count).saturating_add(1));
        self.counter = counter;
        self.state = State::Open;
        Ok(())
    }

    /// Stages and publishes.
    ///
    /// # Errors
    /// Those of both.
    pub fn commit(&mut self) -> Result<Hash, TeeError> {
        let hash = self.stage()?;
        self.publish()?;
        Ok(hash)
    }

    /// Hash of the root as it was staged or opened.
    pub fn root(&self) -> Hash {
        self.nodes.first().map_or([0; HASH_SIZE], |slot| slot.node.hash)
    }

    /// Takes from the medium what is behind the last block. Nothing is lost when it fails.
    ///
    /// # Errors
    /// Those of the medium.
    pub fn trim(&self) -> Result<(), TeeError> {
        self.medium.set_len(htree::block_at(self.count, Version::First))
    }
}
