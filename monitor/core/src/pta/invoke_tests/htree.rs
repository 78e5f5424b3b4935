// SPDX-License-Identifier: BSD-2-Clause
//! Files in hash trees ([`crate::storage::htree`]), kept in secure memory: what is written is read again by whoever opens the file
//! later, and by nobody once anything of it was changed.

use crate::call::Call;
use crate::crypto::huk::KEY_SIZE;
use crate::ports::{Frames, PAGE_SIZE, Platform};
use crate::storage::backend::Source;
use crate::storage::htree::key::OwnerKey;
use crate::storage::htree::{Expected, Hash, Medium, Tree};
use alloc::vec::Vec;
use utee_abi::htree::{self, BLOCK_SIZE, Version};
use utee_abi::result::TeeError;
use zeroize::Zeroizing;

/// Sizes of files in blocks: a root alone, nodes with one child and with two, and nodes in more than one block of the file.
const SIZES: [u32; 5] = [1, 2, 3, 8, 34];

/// Bytes that the last block has less than a whole one.
const SHORT: u64 = 100;

/// A medium in frames.
struct InFrames<P: Platform>(P::Frames);

impl<P: Platform> InFrames<P> {
    /// Room for a file of so many blocks.
    fn new(platform: &P, blocks: u32) -> Result<Self, TeeError> {
        let len = usize::try_from(htree::block_at(blocks, Version::First)).map_err(|_| TeeError::OUT_OF_MEMORY)?;
        platform.frames(len.div_ceil(PAGE_SIZE)).map(Self)
    }

    fn len(&self) -> usize {
        self.0.pages().saturating_mul(PAGE_SIZE)
    }

    /// Changes a bit.
    fn flip(&self, at: u64) -> Result<(), TeeError> {
        let mut byte = [0];
        self.read(at, &mut byte)?;
        self.write(at, &byte.map(|byte| byte ^ 0x10))
    }
}

impl<P: Platform> Medium for InFrames<P> {
    fn read(&self, at: u64, out: &mut [u8]) -> Result<usize, TeeError> {
        let at = usize::try_from(at).map_err(|_| TeeError::GENERIC)?;
        let count = self.len().saturating_sub(at).min(out.len());
        let there = self.0.read(at, out.get_mut(..count).unwrap_or_default());
        if there { Ok(count) } else { Err(TeeError::GENERIC) }
    }

    fn write(&self, at: u64, bytes: &[u8]) -> Result<(), TeeError> {
        let there = usize::try_from(at).is_ok_and(|at| self.0.write(at, bytes));
        if there { Ok(()) } else { Err(TeeError::STORAGE_NO_SPACE) }
    }

    fn set_len(&self, len: u64) -> Result<(), TeeError> {
        let first = usize::try_from(len).map_err(|_| TeeError::GENERIC)?;
        let zeros = [0; 256];
        for at in (first..self.len()).step_by(zeros.len()) {
            self.write(at as u64, zeros.get(..self.len().saturating_sub(at).min(zeros.len())).unwrap_or_default())?;
        }
        Ok(())
    }
}

/// The bytes of a block in a generation of the file.
#[derive(Clone, Copy)]
struct Pattern {
    block: u32,
    generation: u32,
    len: u64,
}

impl Pattern {
    fn byte(self, at: u64) -> u8 {
        let number = u64::from(self.block).wrapping_mul(131).wrapping_add(u64::from(self.generation).wrapping_mul(29));
        number.wrapping_add(at).wrapping_add(at >> 8).to_le_bytes()[0]
    }
}

impl Source for Pattern {
    fn len(&self) -> u64 {
        self.len
    }

    fn read(&self, at: u64, out: &mut [u8]) -> Result<(), TeeError> {
        for (byte, at) in out.iter_mut().zip(at..) {
            *byte = self.byte(at);
        }
        Ok(())
    }
}

/// A file under test: what it is kept in, and how it is opened.
struct Tested<'c, 't, P: Platform> {
    call: &'c Call<'t, P>,
    medium: InFrames<P>,
    owner: OwnerKey,
    blocks: u32,
}

impl<P: Platform> Tested<'_, '_, P> {
    fn pattern(&self, block: u32, generation: u32) -> Pattern {
        let last = block.saturating_add(1) == self.blocks;
        Pattern { block, generation, len: (BLOCK_SIZE as u64).saturating_sub(if last { SHORT } else { 0 }) }
    }

    fn write(&self, tree: &mut Tree<'_>, block: u32, generation: u32) -> Result<(), TeeError> {
        tree.write(u64::from(block).saturating_mul(BLOCK_SIZE as u64), &self.pattern(block, generation))
    }

    fn open(&self, expected: Expected<'_>) -> Result<Tree<'_>, TeeError> {
        Tree::open(self.call, &self.medium, &self.owner, expected)
    }

    /// Compares a block with what is to be there.
    fn check(&self, tree: &Tree<'_>, block: u32, generation: u32) -> Result<(), TeeError> {
        let (pattern, mut at, mut same) = (self.pattern(block, generation), 0u64, true);
        let from = u64::from(block).saturating_mul(BLOCK_SIZE as u64);
        let count = tree.read(from, pattern.len, &mut |part| {
            for byte in part {
                same &= *byte == pattern.byte(at);
                at = at.saturating_add(1);
            }
            Ok(())
        })?;
        ensure(same && count == pattern.len)
    }

    /// Opens the file and compares all of it.
    fn verify(&self, expected: Expected<'_>, generations: &[u32]) -> Result<(), TeeError> {
        let tree = self.open(expected)?;
        let len = u64::from(self.blocks).saturating_mul(BLOCK_SIZE as u64).saturating_sub(SHORT);
        ensure(tree.len() == len && tree.blocks() == self.blocks)?;
        generations.iter().zip(0..).try_for_each(|(generation, block)| self.check(&tree, block, *generation))
    }

    /// Of two places of the same, one counts: changed there, the file is found to be corrupt, and changed in the other, it is as it was.
    fn one_counts(&self, places: [u64; 2], root: &Hash, generations: &[u32]) -> Result<(), TeeError> {
        let mut found = 0u32;
        for place in places {
            self.medium.flip(place)?;
            match self.verify(Expected::OneOf(&[*root]), generations) {
                Err(TeeError::CORRUPT_OBJECT) => found = found.saturating_add(1),
                result => result?,
            }
            self.medium.flip(place)?;
        }
        ensure(found == 1)
    }

    /// Writes in many orders, opens again, and changes what is kept.
    fn run(&self) -> Result<(), TeeError> {
        ensure(self.open(NEWEST).err() == Some(TeeError::ITEM_NOT_FOUND))?;
        let mut tree = Tree::create(self.call, &self.medium, &self.owner)?;
        for block in 0..self.blocks {
            self.write(&mut tree, block, 0)?;
        }
        let first = tree.commit()?;
        let mut generations = Vec::new();
        generations.try_reserve_exact(index(self.blocks)).map_err(|_| TeeError::OUT_OF_MEMORY)?;
        generations.resize(index(self.blocks), 0);
        self.verify(NEWEST, &generations)?;
        self.verify(Expected::OneOf(&[first]), &generations)?;

        // Written and not committed: nothing has changed.
        let mut tree = self.open(NEWEST)?;
        for block in (0..self.blocks).rev() {
            self.write(&mut tree, block, 9)?;
        }
        self.check(&tree, 0, 9)?;
        drop(tree);
        self.verify(NEWEST, &generations)?;

        // Some blocks, backwards: the first one, and in each generation others.
        let mut root = first;
        for generation in 1..4 {
            let mut tree = self.open(Expected::OneOf(&[root]))?;
            for block in (0..self.blocks).rev().filter(|block| *block == 0 || block % 3 != generation % 3) {
                self.write(&mut tree, block, generation)?;
                *generations.get_mut(index(block)).ok_or(TeeError::GENERIC)? = generation;
            }
            root = tree.commit()?;
            self.verify(Expected::OneOf(&[root]), &generations)?;
        }
        ensure(self.open(Expected::OneOf(&[first])).err() == Some(TeeError::CORRUPT_OBJECT))?;
        ensure(self.open(Expected::Newest { counter: 9 }).err() == Some(TeeError::SECURITY))?;

        let each = |place: &dyn Fn(Version) -> u64| Version::BOTH.map(place);
        let last = self.blocks.saturating_sub(1);
        for byte in [0, 20, 40, 60, 65] {
            self.one_counts(each(&|version| htree::head_at(version).saturating_add(byte)), &root, &generations)?;
            for id in [1, self.blocks] {
                self.one_counts(each(&|version| htree::node_at(id, version).saturating_add(byte)), &root, &generations)?;
            }
            for block in [0, last] {
                self.one_counts(each(&|version| htree::block_at(block, version).saturating_add(byte)), &root, &generations)?;
            }
        }
        // Nobody else's key opens it.
        let stranger = Zeroizing::new([0x77; KEY_SIZE]);
        ensure(Tree::open(self.call, &self.medium, &stranger, NEWEST).err() == Some(TeeError::CORRUPT_OBJECT))?;

        // Cut, and longer again: what was cut off does not come back.
        let mut tree = self.open(NEWEST)?;
        tree.set_len(10)?;
        tree.set_len(u64::from(self.blocks).saturating_mul(BLOCK_SIZE as u64))?;
        tree.commit()?;
        let tree = self.open(NEWEST)?;
        let mut at = 0u64;
        let first = self.pattern(0, *generations.first().ok_or(TeeError::GENERIC)?);
        let mut same = true;
        tree.read(0, tree.len(), &mut |part| {
            for byte in part {
                same &= *byte == if at < 10 { first.byte(at) } else { 0 };
                at = at.saturating_add(1);
            }
            Ok(())
        })?;
        ensure(same && at == tree.len())
    }
}

const NEWEST: Expected<'static> = Expected::Newest { counter: 0 };

fn index(block: u32) -> usize {
    usize::try_from(block).unwrap_or(usize::MAX)
}

fn ensure(holds: bool) -> Result<(), TeeError> {
    if holds { Ok(()) } else { Err(TeeError::GENERIC) }
}

/// Runs it for files of each size.
///
/// # Errors
/// GENERIC, or what else came in its place, after a line on the console with the size of the file.
pub(super) fn run<P: Platform>(call: &Call<'_, P>) -> Result<(), TeeError> {
    for blocks in SIZES {
        let mut owner = Zeroizing::new([0; KEY_SIZE]);
        call.tee.rng.fill(call.platform(), owner.as_mut_slice())?;
        let tested = Tested { call, medium: InFrames::new(call.platform(), blocks)?, owner, blocks };
        tested.run().inspect_err(|error| {
            crate::log!(call.platform(), "E core: test of hash trees failed with {blocks} blocks: {error}");
        })?;
    }
    Ok(())
}
