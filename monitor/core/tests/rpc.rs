// SPDX-License-Identifier: BSD-2-Clause
//! Payload memory from the normal world, with honest and with malicious answers.

use std::sync::{Arc, Mutex};
use tee_core::ports::Platform;
use tee_core::rpc::buffer::{Direction, RpcBuffer, filled};
use tee_core::testing::normal::NormalWorld;
use tee_core::testing::{FakePlatform, RAM, RESERVED, SECURE_PROBE};
use utee_abi::msg::{ATTR_META, ATTR_NONCONTIG, Kind, MsgParam};
use utee_abi::result::TeeError;
use utee_abi::rpc::{RpcCommand, ShmType};

const COOKIE: u64 = 0xC0_0C1E;
const SIZE: usize = 10_000;

/// What the normal world was asked, in order.
type Asked = Arc<Mutex<Vec<(RpcCommand, MsgParam)>>>;

/// A normal world that answers every allocation with `answer`.
fn world(answer: MsgParam) -> (NormalWorld, Asked) {
    let mut world = NormalWorld::new(FakePlatform::boot(&[], 2));
    let asked = Asked::default();
    let log = Arc::clone(&asked);
    world.supplicant = Box::new(move |_, command, params| {
        log.lock().unwrap().push((command, params[0]));
        if command == RpcCommand::ShmAlloc {
            params[0] = answer;
        }
        0
    });
    (world, asked)
}

fn answer(attr: u64, words: [u64; 3]) -> MsgParam {
    MsgParam { attr: u64::from(u8::from(Kind::TmemOutput)) | attr, words }
}

fn freed(kind: ShmType) -> (RpcCommand, MsgParam) {
    (RpcCommand::ShmFree, MsgParam::value_in(u64::from(u32::from(kind)), COOKIE, 0))
}

#[test]
fn a_contiguous_buffer_is_reached_by_address_and_given_back() {
    let at = RESERVED.start + 8;
    let (mut world, asked) = world(answer(0, [at, 4096, COOKIE]));
    let params = world.within(|call| {
        let buffer = RpcBuffer::allocate(call, ShmType::Kernel, 1000).unwrap();
        assert_eq!(buffer.size(), 1000, "what was asked for, not what was given");
        buffer.write(990, b"0123456789").unwrap();
        let mut back = [0; 4];
        buffer.read(996, &mut back).unwrap();
        assert_eq!(&back, b"6789");
        assert_eq!(buffer.write(991, &[0; 10]), Err(TeeError::BAD_PARAMETERS));
        assert_eq!(buffer.read(usize::MAX, &mut back), Err(TeeError::BAD_PARAMETERS));
        assert_eq!(buffer.param(Direction::In, 1000, 1), Err(TeeError::BAD_PARAMETERS));
        [Direction::In, Direction::Out, Direction::InOut].map(|direction| buffer.param(direction, 16, 20).unwrap())
    });
    let kinds = [Kind::TmemInput, Kind::TmemOutput, Kind::TmemInout];
    assert_eq!(params, kinds.map(|kind| MsgParam::new(kind, [at + 16, 20, COOKIE])));
    assert_eq!(world.read(at + 990, 10), b"0123456789");
    let wanted = (RpcCommand::ShmAlloc, MsgParam::value_in(1, 1000, 8));
    assert_eq!(*asked.lock().unwrap(), [wanted, freed(ShmType::Kernel)]);
}

#[test]
fn a_scattered_buffer_is_reached_by_its_cookie_and_page_list() {
    let list = RAM.start + 0x1000;
    let pages = [RAM.start + 0x9000, RAM.start + 0x5000, RAM.start + 0x7000];
    let (mut world, asked) = world(answer(ATTR_NONCONTIG, [list + 0x40, 12_000, COOKIE]));
    for (index, page) in pages.iter().enumerate() {
        world.write(list + 8 * index as u64, &page.to_le_bytes());
    }
    let data: Vec<u8> = (0..SIZE).map(|n| (n % 251) as u8).collect();
    let sent = data.clone();
    let param = world.within(move |call| {
        let buffer = RpcBuffer::allocate(call, ShmType::Application, SIZE).unwrap();
        buffer.write(0, &sent).unwrap();
        let mut back = vec![0; SIZE];
        buffer.read(0, &mut back).unwrap();
        assert!(back == sent);
        buffer.param(Direction::Out, 100, 5000).unwrap()
    });
    assert_eq!(param, MsgParam::new(Kind::RmemOutput, [100, 5000, COOKIE]));
    assert_eq!(world.read(pages[0] + 0x40, 4096 - 0x40), data[..4096 - 0x40]);
    assert_eq!(world.read(pages[2], 100), data[8192 - 0x40..][..100]);
    assert_eq!(asked.lock().unwrap().last(), Some(&freed(ShmType::Application)));
}

#[test]
fn malicious_answers_are_refused_and_what_they_name_is_given_back() {
    let good = RAM.start + 0x1000;
    let bad_list = RAM.start + 0x2000;
    let bad = [
        (answer(0, [good, SIZE as u64 - 1, COOKIE]), true),
        (answer(0, [SECURE_PROBE, SIZE as u64, COOKIE]), true),
        (answer(0, [RAM.end - SIZE as u64 + 1, SIZE as u64, COOKIE]), true),
        (answer(0, [u64::MAX - 1, u64::MAX, COOKIE]), true),
        (answer(ATTR_NONCONTIG, [SECURE_PROBE, SIZE as u64, COOKIE]), true),
        (answer(ATTR_NONCONTIG, [bad_list, u64::MAX, COOKIE]), true),
        (answer(ATTR_META, [good, SIZE as u64, COOKIE]), false),
        (MsgParam::value_in(good, SIZE as u64, COOKIE), false),
        (MsgParam::new(Kind::RmemOutput, [0, SIZE as u64, COOKIE]), false),
        (MsgParam::new(Kind::None, [0; 3]), false),
    ];
    for (index, (answer, named)) in bad.into_iter().enumerate() {
        let (mut world, asked) = world(answer);
        // Two good pages, then one that is the secure world's.
        for (slot, page) in [good, good, SECURE_PROBE].into_iter().enumerate() {
            world.write(bad_list + 8 * slot as u64, &page.to_le_bytes());
        }
        let refused = world.within(|call| RpcBuffer::allocate(call, ShmType::Kernel, SIZE).err());
        assert_eq!(refused, Some(TeeError::COMMUNICATION), "answer {index}");
        assert_eq!(asked.lock().unwrap().contains(&freed(ShmType::Kernel)), named, "answer {index}");
    }
}

#[test]
fn refusals_and_nonsense_sizes_come_back_as_they_are() {
    let (mut world, asked) = world(answer(0, [0; 3]));
    world.supplicant = Box::new(|_, _, _| TeeError::OUT_OF_MEMORY.raw());
    assert_eq!(world.within(|call| RpcBuffer::allocate(call, ShmType::Kernel, SIZE).err()), Some(TeeError::OUT_OF_MEMORY));
    assert_eq!(world.within(|call| RpcBuffer::allocate(call, ShmType::Kernel, 0).err()), Some(TeeError::BAD_PARAMETERS));
    assert!(asked.lock().unwrap().is_empty());
    let said = |size| filled(&MsgParam::new(Kind::RmemOutput, [0, size, COOKIE]), 512);
    assert_eq!((said(0), said(512)), (Ok(0), Ok(512)));
    assert_eq!((said(513), said(u64::MAX)), (Err(TeeError::COMMUNICATION), Err(TeeError::COMMUNICATION)));
}

#[test]
fn a_page_list_that_changes_later_changes_nothing() {
    // The list is copied when the buffer is made.
    let list = RAM.start + 0x1000;
    let page = RAM.start + 0x5000;
    let (mut world, _) = world(answer(ATTR_NONCONTIG, [list, 4096, COOKIE]));
    world.write(list, &page.to_le_bytes());
    world.within(move |call| {
        let buffer = RpcBuffer::allocate(call, ShmType::Kernel, 64).unwrap();
        assert!(call.platform().normal_write(list, &SECURE_PROBE.to_le_bytes()));
        buffer.write(0, b"still here").unwrap();
    });
    assert_eq!(world.read(page, 10), b"still here");
}
