// SPDX-License-Identifier: BSD-2-Clause
//! The region table of a TA against a model that keeps every page by itself: what is a claim is allowed exactly when each of
//! its bytes is.

use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};
use std::collections::BTreeMap;
use std::sync::Arc;
use tee_core::Tee;
use tee_core::msg::shm::Shm;
use tee_core::ports::{AddressSpace, Platform, Prot};
use tee_core::ta::memory::Backing;
use tee_core::ta::space::{Purpose, Region, UserSpace};
use tee_core::testing::{FakePlatform, FakeSpace, RAM};
use utee_abi::access::AccessFlags;
use utee_abi::result::TeeError;
use utee_abi::uaddr::UserSlice;

const PAGE: u64 = 4096;
/// Pages of each half of the address space that are used.
const PAGES: u64 = 12;

#[derive(Clone, Debug)]
enum Step {
    Map { secure: bool, page: u64, pages: usize, prot: Prot, purpose: Purpose },
    UnmapParams,
    Unmap(Purpose),
    Check { at: Place, flags: AccessFlags },
    Write { at: Place, flags: AccessFlags, byte: u8 },
    Read { at: Place, flags: AccessFlags },
}

/// A range of user addresses, around the pages that are used.
#[derive(Clone, Copy, Debug)]
struct Place {
    secure: bool,
    from: u64,
    len: u64,
}

impl Place {
    fn slice(self) -> UserSlice {
        UserSlice::new(base(self.secure) + self.from, self.len).expect("no end of the address space is near")
    }
}

fn base(secure: bool) -> u64 {
    if secure { FakeSpace::SECURE.start } else { FakeSpace::NORMAL.start }
}

struct Page {
    prot: Prot,
    purpose: Purpose,
    secure: bool,
    bytes: Vec<u8>,
}

impl Page {
    fn permits(&self, flags: AccessFlags) -> bool {
        let private = matches!(self.purpose, Purpose::Image | Purpose::Stack | Purpose::Private);
        (!flags.contains(AccessFlags::WRITE) || self.prot == Prot::ReadWrite)
            && (private || flags.contains(AccessFlags::ANY_OWNER))
            && !flags.contains(if self.secure { AccessFlags::NONSECURE } else { AccessFlags::SECURE })
    }
}

#[derive(Default)]
struct Model {
    pages: BTreeMap<u64, Page>,
}

impl Model {
    fn allows(&self, slice: UserSlice, flags: AccessFlags) -> bool {
        let both = flags.contains(AccessFlags::SECURE | AccessFlags::NONSECURE);
        let whole = |address: u64| self.pages.get(&(address / PAGE)).is_some_and(|page| page.permits(flags));
        slice.is_empty() || !both && (slice.addr()..slice.end()).all(whole)
    }

    fn each(&mut self, slice: UserSlice, mut f: impl FnMut(usize, &mut u8)) {
        for (index, address) in (slice.addr()..slice.end()).enumerate() {
            let page = self.pages.get_mut(&(address / PAGE)).expect("allowed before");
            f(index, &mut page.bytes[(address % PAGE) as usize]);
        }
    }
}

struct Both {
    tee: Arc<Tee<FakePlatform>>,
    space: UserSpace<FakePlatform>,
    model: Model,
    /// Where normal-world memory is taken from.
    shared: u64,
}

impl Both {
    fn new() -> Self {
        let tee = FakePlatform::boot(&[], 1);
        let space = UserSpace::new(&tee.platform).unwrap();
        Self { tee, space, model: Model::default(), shared: RAM.start }
    }

    fn map(&mut self, secure: bool, page: u64, pages: usize, prot: Prot, purpose: Purpose) -> Result<(), TeeError> {
        let backing = if secure {
            Backing::Frames(Arc::new(self.tee.platform.frames(pages).unwrap()))
        } else {
            let size = pages as u64 * PAGE;
            let pa = self.shared;
            self.shared += size;
            assert!(self.tee.platform.normal_write(pa, &vec![0; size as usize]));
            Backing::Shm(Arc::new(Shm::contiguous(&self.tee.platform, pa, size).unwrap()))
        };
        self.space.map(Region { va: base(secure) + page * PAGE, pages, prot, purpose, backing, first: 0 })
    }

    fn step(&mut self, step: &Step) -> Result<(), proptest::test_runner::TestCaseError> {
        match *step {
            Step::Map { secure, page, pages, prot, purpose } => {
                let first = base(secure) / PAGE + page;
                let range = first..first + pages as u64;
                let free = range.clone().all(|page| !self.model.pages.contains_key(&page));
                prop_assert_eq!(self.map(secure, page, pages, prot, purpose).is_ok(), free);
                for page in range.filter(|_| free) {
                    self.model.pages.insert(page, Page { prot, purpose, secure, bytes: vec![0; PAGE as usize] });
                }
            }
            Step::UnmapParams => {
                self.space.unmap_params();
                self.model.pages.retain(|_, page| page.purpose != Purpose::Param);
            }
            Step::Unmap(purpose) => {
                self.space.unmap_where(|region| region.purpose == purpose);
                self.model.pages.retain(|_, page| page.purpose != purpose);
            }
            Step::Check { at, flags } => {
                prop_assert_eq!(self.space.check(at.slice(), flags).is_ok(), self.model.allows(at.slice(), flags), "{:?} {:?}", at, flags);
            }
            Step::Write { at, flags, byte } => {
                let data = vec![byte; at.len as usize];
                let allowed = self.model.allows(at.slice(), flags | AccessFlags::WRITE);
                prop_assert_eq!(self.space.write(&self.tee.platform, at.slice(), flags, &data).is_ok(), allowed, "{:?} {:?}", at, flags);
                if allowed {
                    self.model.each(at.slice(), |_, to| *to = byte);
                }
            }
            Step::Read { at, flags } => {
                let mut out = vec![0xEE; at.len as usize];
                let allowed = self.model.allows(at.slice(), flags | AccessFlags::READ);
                prop_assert_eq!(self.space.read(&self.tee.platform, at.slice(), flags, &mut out).is_ok(), allowed, "{:?} {:?}", at, flags);
                if allowed {
                    self.model.each(at.slice(), |index, byte| assert_eq!(out[index], *byte));
                }
            }
        }
        // What user mode sees is what the table says.
        let regions: u64 = self.space.regions().iter().map(|region| region.pages as u64).sum();
        prop_assert_eq!(regions, self.model.pages.len() as u64);
        prop_assert!(self.space.regions().is_sorted_by_key(|region| region.va));
        Ok(())
    }
}

fn purposes() -> impl Strategy<Value = Purpose> {
    prop_oneof![Just(Purpose::Image), Just(Purpose::Stack), Just(Purpose::Private), Just(Purpose::Shareable), Just(Purpose::Param)]
}

/// Ranges that begin and end near the borders of pages, where mistakes are.
fn places() -> impl Strategy<Value = Place> {
    let near =
        (0..PAGES, prop_oneof![Just(-1i64), Just(0), Just(1), -64..64i64]).prop_map(|(page, by)| (page * PAGE).saturating_add_signed(by));
    let len =
        (0..3u64, prop_oneof![Just(-1i64), Just(0), Just(1), -64..64i64]).prop_map(|(pages, by)| (pages * PAGE).saturating_add_signed(by));
    (any::<bool>(), near, len).prop_map(|(secure, from, len)| Place { secure, from, len })
}

fn flags() -> impl Strategy<Value = AccessFlags> {
    // ANY_OWNER most of the time: without it little is allowed.
    (any::<u32>(), 0..4).prop_map(|(bits, owner)| {
        let flags = AccessFlags::from_bits_truncate(bits);
        if owner == 0 { flags } else { (flags | AccessFlags::ANY_OWNER) - AccessFlags::SECURE }
    })
}

fn steps() -> impl Strategy<Value = Step> {
    let prot =
        prop_oneof![Just(Prot::Read), Just(Prot::ReadWrite), Just(Prot::ReadWrite), Just(Prot::ReadExecute), Just(Prot::GuardedExecute)];
    prop_oneof![
        3 => (any::<bool>(), 0..PAGES, 1..4usize, prot, purposes())
            .prop_map(|(secure, page, pages, prot, purpose)| Step::Map { secure, page, pages, prot, purpose }),
        1 => Just(Step::UnmapParams),
        1 => purposes().prop_map(Step::Unmap),
        4 => (places(), flags()).prop_map(|(at, flags)| Step::Check { at, flags }),
        4 => (places(), flags(), any::<u8>()).prop_map(|(at, flags, byte)| Step::Write { at, flags, byte }),
        4 => (places(), flags()).prop_map(|(at, flags)| Step::Read { at, flags }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn claims_are_allowed_exactly_when_every_byte_is(steps in proptest::collection::vec(steps(), 1..60)) {
        let mut both = Both::new();
        for step in &steps {
            both.step(step)?;
        }
    }
}
