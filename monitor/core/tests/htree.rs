// SPDX-License-Identifier: BSD-2-Clause
//! Hash trees against a plain vector: random changes, the power cut at each write, every bit changed, and old bytes put back.

use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, Strategy, any, prop_oneof, proptest};
use std::cell::{Cell, RefCell};
use tee_core::crypto::engine::MaybeEngine;
use tee_core::storage::htree::key::OwnerKey;
use tee_core::storage::htree::{Expected, Hash, Machine, Medium, Tree};
use utee_abi::htree::{BLOCK_SIZE, HEAD_SIZE, NODE_SIZE, Version, block_at, head_at, node_at};
use utee_abi::result::TeeError;

type Result<T> = core::result::Result<T, TeeError>;

const NEWEST: Expected<'static> = Expected::Newest { counter: 0 };

/// Bytes in memory, on a machine with a generator that is none.
#[derive(Default)]
struct World {
    bytes: RefCell<Vec<u8>>,
    state: Cell<u64>,
    /// Writes until the power is cut, and how much of the last one is done, of 256.
    cut: Cell<Option<(usize, usize)>>,
    writes: Cell<usize>,
}

impl Machine for World {
    fn engine(&self) -> MaybeEngine {
        None
    }

    fn random(&self, out: &mut [u8]) -> Result<()> {
        for byte in out {
            self.state.set(self.state.get().wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(0x1405_7B7E_F767_814F));
            *byte = (self.state.get() >> 56) as u8;
        }
        Ok(())
    }

    fn admit(&self, _bytes: usize) -> Result<()> {
        Ok(())
    }
}

impl World {
    /// How many of so many bytes are written.
    fn allowed(&self, len: usize) -> usize {
        self.writes.set(self.writes.get() + 1);
        match self.cut.get() {
            Some((0, part)) => {
                self.cut.set(Some((0, 0)));
                len * part / 256
            }
            Some((left, part)) => {
                self.cut.set(Some((left - 1, part)));
                len
            }
            None => len,
        }
    }
}

impl Medium for World {
    fn read(&self, at: u64, out: &mut [u8]) -> Result<usize> {
        let bytes = self.bytes.borrow();
        let there = bytes.get(at as usize..).unwrap_or_default();
        let count = there.len().min(out.len());
        out[..count].copy_from_slice(&there[..count]);
        Ok(count)
    }

    fn write(&self, at: u64, data: &[u8]) -> Result<()> {
        let allowed = self.allowed(data.len());
        if allowed > 0 {
            let mut bytes = self.bytes.borrow_mut();
            let (at, end) = (at as usize, at as usize + allowed);
            let len = bytes.len().max(end);
            bytes.resize(len, 0);
            bytes[at..end].copy_from_slice(&data[..allowed]);
        }
        if allowed == data.len() { Ok(()) } else { Err(TeeError::STORAGE_NOT_AVAILABLE) }
    }

    fn set_len(&self, len: u64) -> Result<()> {
        if self.allowed(1) == 0 {
            return Err(TeeError::STORAGE_NOT_AVAILABLE);
        }
        self.bytes.borrow_mut().resize(len as usize, 0);
        Ok(())
    }
}

fn owner() -> OwnerKey {
    OwnerKey::new([0x42; 32])
}

fn content(tree: &Tree<'_>) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    let count = tree.read(0, u64::MAX, &mut |part| {
        out.extend_from_slice(part);
        Ok(())
    })?;
    assert_eq!((count, tree.len()), (out.len() as u64, out.len() as u64));
    Ok(out)
}

/// What whoever opens the file sees.
fn seen(world: &World, expected: Expected<'_>) -> Result<Vec<u8>> {
    content(&Tree::open(world, world, &owner(), expected)?)
}

#[derive(Clone, Debug)]
enum Step {
    Write(usize, usize, u8),
    SetLen(usize),
    Commit,
    Trim,
    Reopen,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    // Near the ends of blocks, and where the second block of nodes begins.
    let place =
        || prop_oneof![0..3 * BLOCK_SIZE, (0..6usize, 0..3usize).prop_map(|(block, by)| (block * BLOCK_SIZE + by).saturating_sub(1))];
    let far = || prop_oneof![9 => place(), 1 => 30 * BLOCK_SIZE..33 * BLOCK_SIZE];
    let step = prop_oneof![
        4 => (far(), prop_oneof![0..300usize, 4000..9000usize], any::<u8>()).prop_map(|(at, len, byte)| Step::Write(at, len, byte)),
        2 => far().prop_map(Step::SetLen),
        2 => proptest::strategy::Just(Step::Commit),
        1 => proptest::strategy::Just(Step::Trim),
        1 => proptest::strategy::Just(Step::Reopen),
    ];
    vec(step, 1..14)
}

/// The content as it is, as it was committed, and as a commit under way would have it.
#[derive(Default)]
struct Model {
    now: Vec<u8>,
    committed: Option<(Hash, Vec<u8>)>,
    coming: Option<Vec<u8>>,
}

impl Model {
    fn play(&mut self, world: &World, steps: &[Step]) -> Result<()> {
        let owner = owner();
        let mut tree = Tree::create(world, world, &owner)?;
        for step in steps {
            match *step {
                Step::Write(at, len, byte) => {
                    let data: Vec<u8> = (0..len).map(|at| (at as u8).wrapping_mul(3) ^ byte).collect();
                    tree.write(at as u64, &data.as_slice())?;
                    let end = if len == 0 { at } else { at + len };
                    let len = self.now.len().max(end);
                    self.now.resize(len, 0);
                    self.now[at..at + data.len()].copy_from_slice(&data);
                }
                Step::SetLen(len) => {
                    tree.set_len(len as u64)?;
                    self.now.resize(len, 0);
                }
                Step::Commit => {
                    let hash = tree.stage()?;
                    self.coming = Some(self.now.clone());
                    tree.publish()?;
                    self.coming = None;
                    self.committed = Some((hash, self.now.clone()));
                    assert_eq!(content(&tree).unwrap(), self.now);
                }
                // As a caller does it: what is on its way is not to be cut.
                Step::Trim => {
                    if self.committed.as_ref().is_some_and(|(_, content)| *content == self.now) {
                        tree.trim()?;
                    }
                }
                Step::Reopen => {
                    if let Some((hash, content)) = &self.committed {
                        self.now = content.clone();
                        tree = Tree::open(world, world, &owner, Expected::OneOf(&[*hash])).expect("it was committed");
                    }
                }
            }
        }
        assert_eq!(content(&tree).unwrap(), self.now);
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// With the power cut at each write, in the middle of it: what counts is what was committed last, or what was being committed.
    #[test]
    fn any_change_is_whole_or_none(steps in steps(), part in 0..256usize) {
        let world = World::default();
        let mut model = Model::default();
        model.play(&world, &steps).unwrap();
        if let Some((hash, committed)) = &model.committed {
            assert_eq!(&seen(&world, NEWEST).unwrap(), committed);
            assert_eq!(&seen(&world, Expected::OneOf(&[*hash])).unwrap(), committed);
        }
        let writes = world.writes.get();
        // Every write where there are few of them.
        for cut in (0..writes).step_by(writes.div_ceil(40).max(1)) {
            let world = World { cut: Cell::new(Some((cut, part))), ..World::default() };
            let mut model = Model::default();
            model.play(&world, &steps).unwrap_err();
            world.cut.set(None);
            let newest = seen(&world, NEWEST);
            match (&model.committed, &model.coming) {
                (Some((hash, committed)), coming) => {
                    assert_eq!(&seen(&world, Expected::OneOf(&[*hash])).unwrap(), committed);
                    let newest = newest.unwrap();
                    assert!(newest == *committed || Some(&newest) == coming.as_ref());
                    // It goes on from there.
                    let owner = owner();
                    let mut tree = Tree::open(&world, &world, &owner, Expected::OneOf(&[*hash])).unwrap();
                    tree.write(0, &&b"later"[..]).unwrap();
                    let hash = tree.commit().unwrap();
                    assert_eq!(seen(&world, NEWEST), seen(&world, Expected::OneOf(&[hash])));
                }
                (None, Some(coming)) => assert!(newest.as_ref() == Ok(coming) || newest.is_err()),
                (None, None) => assert!(matches!(newest, Err(TeeError::ITEM_NOT_FOUND | TeeError::CORRUPT_OBJECT))),
            }
        }
    }

    /// Bytes of old versions put back in any mixture: one of these versions, whole, or none; and with the hash, that version or none.
    #[test]
    fn no_mixture_of_versions_passes(choices in vec(0..4usize, 1..40), lens in vec(1..14_000usize, 4)) {
        let (world, owner) = (World::default(), owner());
        let (mut snapshots, mut contents, mut hash) = (Vec::new(), Vec::new(), [0; 32]);
        let mut tree = Tree::create(&world, &world, &owner).unwrap();
        for (generation, len) in lens.iter().enumerate() {
            tree.set_len(0).unwrap();
            tree.write(0, &vec![generation as u8; *len].as_slice()).unwrap();
            hash = tree.commit().unwrap();
            snapshots.push(world.bytes.borrow().clone());
            contents.push(content(&tree).unwrap());
        }
        let longest = snapshots.iter().map(Vec::len).max().unwrap();
        for whole_blocks in [true, false] {
            let mut mixed = vec![0; longest];
            let (mut at, mut choices) = (0, choices.iter().cycle());
            while at < longest {
                // Heads and nodes one by one.
                let len = match at {
                    _ if whole_blocks => BLOCK_SIZE,
                    0..=67 => HEAD_SIZE,
                    68..=4095 => BLOCK_SIZE - HEAD_SIZE,
                    4096..=8191 => NODE_SIZE,
                    _ => BLOCK_SIZE,
                };
                let end = (at + len).min(longest);
                let from = snapshots[*choices.next().unwrap()].get(at..).unwrap_or_default();
                for (to, from) in mixed[at..end].iter_mut().zip(from) {
                    *to = *from;
                }
                at = end;
            }
            world.bytes.replace(mixed);
            match seen(&world, Expected::OneOf(&[hash])) {
                Ok(seen) => assert_eq!(Some(&seen), contents.last()),
                Err(error) => assert_eq!(error, TeeError::CORRUPT_OBJECT),
            }
            match seen(&world, NEWEST) {
                Ok(seen) => assert!(contents.contains(&seen)),
                Err(error) => assert!(matches!(error, TeeError::CORRUPT_OBJECT | TeeError::ITEM_NOT_FOUND), "{error}"),
            }
        }
    }
}

/// Each byte of the version that counts is protected, and none of the other one is needed.
#[test]
fn every_byte_that_counts_is_protected() {
    let (world, owner) = (World::default(), owner());
    let mut tree = Tree::create(&world, &world, &owner).unwrap();
    let text: Vec<u8> = (0..2 * BLOCK_SIZE + 7).map(|at| (at / 3) as u8).collect();
    tree.write(0, &text.as_slice()).unwrap();
    tree.commit().unwrap();
    tree.write(5000, &&text[5000..5100]).unwrap();
    let hash = tree.commit().unwrap();
    let (mut found, mut tried) = (0, Vec::new());
    for version in Version::BOTH {
        tried.extend(head_at(version)..head_at(version) + HEAD_SIZE as u64);
        for id in 1..4 {
            tried.extend(node_at(id, version)..node_at(id, version) + NODE_SIZE as u64);
            // Of blocks some: a tag is a tag.
            tried.extend((block_at(id - 1, version)..block_at(id, Version::First)).step_by(61).take(68));
        }
    }
    for at in &tried {
        for bit in [0x01, 0x80] {
            let good = world.bytes.borrow().get(*at as usize).copied().unwrap_or(0);
            world.write(*at, &[good ^ bit]).unwrap();
            for (expected, mine) in [(Expected::OneOf(&[hash]), 1), (NEWEST, 0)] {
                match seen(&world, expected) {
                    Ok(seen) => assert_eq!(seen, text),
                    Err(error) => {
                        assert_eq!(error, TeeError::CORRUPT_OBJECT);
                        found += mine;
                    }
                }
            }
            world.write(*at, &[good]).unwrap();
        }
    }
    assert_eq!(found, 2 * (HEAD_SIZE + 3 * NODE_SIZE + 3 * 68), "half of {}", 2 * tried.len());
}

/// An old version, whole, is refused by whoever knows the hash or the counter; a file without a key of its own opens for nobody else.
#[test]
fn old_versions_and_other_owners() {
    let (world, owner) = (World::default(), owner());
    let mut tree = Tree::create(&world, &world, &owner).unwrap();
    assert_eq!(seen(&world, NEWEST), Err(TeeError::ITEM_NOT_FOUND), "nothing was committed");
    let empty = tree.commit().unwrap();
    assert_eq!(seen(&world, Expected::OneOf(&[empty])), Ok(Vec::new()));
    let old = world.bytes.borrow().clone();
    tree.write(0, &&b"one"[..]).unwrap();
    let one = tree.commit().unwrap();
    assert_eq!(tree.counter(), 2);
    assert_eq!(seen(&world, Expected::OneOf(&[empty])), Ok(Vec::new()), "the version before is whole until the next one");
    assert_eq!(seen(&world, Expected::OneOf(&[empty, one])), Ok(b"one".to_vec()), "the newest of both");
    let other = OwnerKey::new([0x43; 32]);
    assert_eq!(Tree::open(&world, &world, &other, Expected::OneOf(&[one])).err(), Some(TeeError::CORRUPT_OBJECT));
    world.bytes.replace(old);
    assert_eq!(seen(&world, Expected::OneOf(&[one])), Err(TeeError::CORRUPT_OBJECT));
    assert_eq!(seen(&world, Expected::Newest { counter: 2 }), Err(TeeError::SECURITY));
    assert_eq!(seen(&world, Expected::Newest { counter: 1 }), Ok(Vec::new()));
    assert_eq!(seen(&world, Expected::OneOf(&[])), Err(TeeError::CORRUPT_OBJECT));
}

/// What failed half way writes nothing more.
#[test]
fn a_tree_that_failed_is_not_used_on() {
    let (world, owner) = (World::default(), owner());
    let mut tree = Tree::create(&world, &world, &owner).unwrap();
    tree.write(0, &&b"good"[..]).unwrap();
    assert_eq!(tree.publish(), Err(TeeError::GENERIC), "it was not staged");
    let hash = tree.commit().unwrap();
    for writes in 0..3 {
        let mut tree = Tree::open(&world, &world, &owner, Expected::OneOf(&[hash])).unwrap();
        world.cut.set(Some((writes, 100)));
        let failed = tree.write(0, &&b"evil"[..]).and_then(|()| tree.commit());
        assert_eq!(failed, Err(TeeError::STORAGE_NOT_AVAILABLE));
        world.cut.set(None);
        let before = world.bytes.borrow().clone();
        assert!(tree.write(0, &&b"evil"[..]).is_err());
        assert_eq!((tree.stage(), tree.publish()), (Err(TeeError::GENERIC), Err(TeeError::GENERIC)));
        assert_eq!(*world.bytes.borrow(), before);
        assert_eq!(seen(&world, Expected::OneOf(&[hash])), Ok(b"good".to_vec()));
    }
}
