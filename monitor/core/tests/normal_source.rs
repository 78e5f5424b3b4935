// SPDX-License-Identifier: BSD-2-Clause
//! TAs that the normal world keeps: asked for, copied, verified, shared, held, and refused.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tee_core::Tee;
use tee_core::ports::Platform;
use tee_core::testing::image::{elf, signed, signed_version};
use tee_core::testing::normal::NormalWorld;
use tee_core::testing::{FakePlatform, RAM, SECURE_PROBE};
use utee_abi::msg::{ATTR_NONCONTIG, Kind, MsgParam};
use utee_abi::result::TeeError;
use utee_abi::rpc::RpcCommand;
use utee_abi::ta_head::TaFlags;
use utee_abi::uuid::Uuid;

const A: Uuid = Uuid::new(1, 2, 3, [4; 8]);
const PAGE: u64 = 4096;

/// What the supplicant does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Evil {
    No,
    /// Gives a buffer in secure memory.
    SecureBuffer,
    /// Gives fewer bytes than were asked for.
    SmallBuffer,
    /// Answers an allocation with a value.
    ValueBuffer,
    /// Says that the TA is larger than anything, after giving its length.
    Grows,
    /// Says so from the start.
    Huge,
    /// Says that it is empty.
    Empty,
    /// Answers the load with a value.
    ValueLoad,
    /// Answers the load with a result that is none.
    OddResult,
}

/// The file system and memory of a supplicant.
struct Store {
    files: BTreeMap<Uuid, Vec<u8>>,
    buffers: BTreeMap<u64, u64>,
    next: u64,
    loads: u32,
    evil: Evil,
}

impl Store {
    fn serve(&mut self, platform: &FakePlatform, command: RpcCommand, params: &mut [MsgParam]) -> u32 {
        match (command, params) {
            (RpcCommand::ShmAlloc, [param]) => self.allocate(platform, param),
            (RpcCommand::ShmFree, [param]) => {
                assert!(self.buffers.remove(&param.words[1]).is_some(), "freed what was not allocated");
                0
            }
            (RpcCommand::LoadTa, [uuid, place]) => self.load(platform, uuid, place),
            _ => TeeError::NOT_SUPPORTED.raw(),
        }
    }

    fn allocate(&mut self, platform: &FakePlatform, param: &mut MsgParam) -> u32 {
        let [_, size, _] = param.words;
        let (list, cookie) = (self.next, self.next | 1);
        // A list page, then the buffer; it begins in the middle of its first page.
        let pages = (size + 0x100).div_ceil(PAGE);
        assert!(pages <= 511);
        for index in 0..pages {
            let page = if self.evil == Evil::SecureBuffer { SECURE_PROBE } else { list + PAGE * (index + 1) };
            assert!(platform.normal_write(list + 8 * index, &page.to_le_bytes()));
        }
        self.next += PAGE * (pages + 1);
        self.buffers.insert(cookie, list + PAGE + 0x100);
        let given = if self.evil == Evil::SmallBuffer { size - 1 } else { size };
        *param = MsgParam::new(Kind::TmemOutput, [list | 0x100, given, cookie]).with(ATTR_NONCONTIG);
        if self.evil == Evil::ValueBuffer {
            *param = MsgParam::new(Kind::ValueOutput, param.words);
        }
        0
    }

    fn load(&mut self, platform: &FakePlatform, uuid: &MsgParam, place: &mut MsgParam) -> u32 {
        let uuid = Uuid::from_words(uuid.words[0], uuid.words[1]);
        let Some(file) = self.files.get(&uuid) else { return TeeError::ITEM_NOT_FOUND.raw() };
        self.loads += 1;
        let (offset, room, cookie) = (place.words[0], place.words[1], place.words[2]);
        place.words[1] = match self.evil {
            Evil::Grows if self.loads > 1 => room + 1,
            Evil::Huge => 1 << 40,
            Evil::Empty => 0,
            _ => file.len() as u64,
        };
        if self.evil == Evil::ValueLoad {
            *place = MsgParam::new(Kind::ValueOutput, [0; 3]);
            return 0;
        }
        if self.evil == Evil::OddResult {
            return 0x1234_5678;
        }
        if room >= file.len() as u64 {
            assert_eq!(place.kind(), Some(Kind::RmemOutput), "memory by cookie is referred to by cookie");
            assert!(platform.normal_write(self.buffers[&cookie] + offset, file));
        }
        0
    }
}

struct Machine {
    tee: Arc<Tee<FakePlatform>>,
    world: NormalWorld,
    store: Arc<Mutex<Store>>,
}

fn machine() -> Machine {
    let tee = FakePlatform::boot(&[], 2);
    let mut world = NormalWorld::new(Arc::clone(&tee));
    let start = RAM.start + 0x20_0000;
    let store = Store { files: BTreeMap::new(), buffers: BTreeMap::new(), next: start, loads: 0, evil: Evil::No };
    let store = Arc::new(Mutex::new(store));
    let served = Arc::clone(&store);
    world.supplicant = Box::new(move |platform, command, params| served.lock().unwrap().serve(platform, command, params));
    Machine { tee, world, store }
}

impl Machine {
    fn put(&self, uuid: &Uuid, file: Vec<u8>) {
        self.tee.platform.scripts().set(uuid, |_| 0);
        self.store.lock().unwrap().files.insert(*uuid, file);
    }

    /// Opens and closes a session; what the open gave.
    fn open(&mut self, uuid: &Uuid) -> u32 {
        let reply = self.world.open(uuid, &[]);
        if reply.header.ret == 0 {
            assert_eq!(self.world.close(reply.header.session).header.ret, 0);
        }
        assert!(self.store.lock().unwrap().buffers.is_empty(), "the normal world has its memory back");
        reply.header.ret
    }

    fn refusals(&self) -> usize {
        self.tee.platform.printed().matches("refused").count()
    }
}

fn image(uuid: &Uuid, stack: u32) -> Vec<u8> {
    signed(uuid, &elf(uuid, TaFlags::empty(), stack))
}

#[test]
fn a_ta_of_the_normal_world_is_loaded_and_its_text_is_shared() {
    let mut machine = machine();
    assert_eq!(machine.open(&A), TeeError::ITEM_NOT_FOUND.raw());
    machine.put(&A, image(&A, 8192));
    assert_eq!(machine.open(&A), 0);
    let held = machine.tee.platform.pages_used();
    assert!(held > 0, "the image is held for the next open");
    let first = machine.world.open(&A, &[]).header;
    let one = machine.tee.platform.pages_used();
    let second = machine.world.open(&A, &[]).header;
    let two = machine.tee.platform.pages_used();
    assert_eq!((first.ret, second.ret), (0, 0));
    // Two pages to write and two of stack; the page to run is the image's own.
    assert_eq!((one - held, two - one), (4, 4));
    for session in [first.session, second.session] {
        machine.world.close(session);
    }
    assert_eq!(machine.tee.platform.pages_used(), held);
}

#[test]
fn a_ta_that_was_replaced_is_replaced_at_the_next_open() {
    let mut machine = machine();
    machine.put(&A, image(&A, 8192));
    let before = machine.world.open(&A, &[]).header;
    let one = machine.tee.platform.pages_used();
    machine.put(&A, image(&A, 16384));
    let after = machine.world.open(&A, &[]).header;
    assert_eq!((before.ret, after.ret), (0, 0));
    // Its own image of four pages, four pages of stack, two to write.
    assert_eq!(machine.tee.platform.pages_used() - one, 10);
    machine.world.close(before.session);
    machine.world.close(after.session);
    machine.store.lock().unwrap().files.clear();
    assert_eq!(machine.open(&A), TeeError::ITEM_NOT_FOUND.raw());
    assert_eq!(machine.tee.platform.pages_used(), 0, "nothing of a TA that is gone is held");
}

#[test]
fn forged_images_are_refused_and_not_held() {
    let mut machine = machine();
    let good = image(&A, 8192);
    // Magic, type, size, algorithm, hash, signature, UUID, content.
    for at in [0, 4, 8, 12, 16, 18, 20, 52, 310, 1000, good.len() - 1] {
        let mut bad = good.clone();
        bad[at] ^= 1;
        machine.put(&A, bad);
        assert_eq!(machine.open(&A), TeeError::SECURITY.raw(), "byte {at}");
    }
    for len in [1, 19, 20, 52, 100, good.len() - 1] {
        machine.put(&A, good[..len].to_vec());
        assert_eq!(machine.open(&A), TeeError::SECURITY.raw(), "length {len}");
    }
    machine.put(&A, [&good[..], &[0]].concat());
    assert_eq!(machine.open(&A), TeeError::SECURITY.raw());
    assert_eq!(machine.tee.platform.pages_used(), 0);
    machine.put(&A, good);
    assert_eq!(machine.open(&A), 0);
}

#[test]
fn an_older_version_is_refused_once_a_newer_one_was_loaded() {
    let mut machine = machine();
    let version = |number| signed_version(&A, &elf(&A, TaFlags::empty(), 8192), number);
    for (number, expected) in [(0, 0), (2, 0), (1, TeeError::ACCESS_CONFLICT.raw()), (2, 0), (3, 0), (0, TeeError::ACCESS_CONFLICT.raw())] {
        machine.put(&A, version(number));
        assert_eq!(machine.open(&A), expected, "version {number}");
    }
    assert_eq!(machine.refusals(), 2);
}

#[test]
fn held_images_make_room_for_others() {
    let mut machine = machine();
    // Each image holds 4 of 1024 pages and its TA 250 of stack more; all of them together would not fit as instances.
    for number in 0..20 {
        let uuid = Uuid::new(number, 2, 3, [4; 8]);
        machine.put(&uuid, image(&uuid, 250 << 12));
        assert_eq!(machine.open(&uuid), 0, "TA {number}");
    }
    assert!(machine.tee.platform.pages_used() <= 8 * 4, "held: {}", machine.tee.platform.pages_used());
    let big = image(&A, 1000 << 12);
    machine.put(&A, big);
    assert_eq!(machine.open(&A), 0, "held images go when their pages are needed");
}

#[test]
fn whatever_the_supplicant_answers_hurts_only_the_open() {
    let mut machine = machine();
    machine.put(&A, image(&A, 8192));
    let answers = [
        (Evil::SecureBuffer, TeeError::COMMUNICATION),
        (Evil::SmallBuffer, TeeError::COMMUNICATION),
        (Evil::ValueBuffer, TeeError::COMMUNICATION),
        (Evil::Grows, TeeError::COMMUNICATION),
        (Evil::Huge, TeeError::OUT_OF_MEMORY),
        (Evil::Empty, TeeError::BAD_FORMAT),
        (Evil::ValueLoad, TeeError::COMMUNICATION),
        (Evil::OddResult, TeeError::COMMUNICATION),
    ];
    for (evil, error) in answers {
        {
            let mut store = machine.store.lock().unwrap();
            (store.evil, store.loads) = (evil, 0);
        }
        let reply = machine.world.open(&A, &[]);
        assert_eq!(reply.header.ret, error.raw(), "{evil:?}");
        let lost = machine.store.lock().unwrap().buffers.len();
        assert_eq!(lost, usize::from(evil == Evil::ValueBuffer), "{evil:?}");
        machine.store.lock().unwrap().buffers.clear();
    }
    machine.store.lock().unwrap().evil = Evil::No;
    assert_eq!(machine.open(&A), 0);
}
