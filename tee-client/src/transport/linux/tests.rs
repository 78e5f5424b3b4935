// SPDX-License-Identifier: BSD-2-Clause
//! The transport against a pretended Linux: a table of blocks and a TA that is a closure.

use super::{Errno, Kernel, Linux, LinuxContext, Shared};
use crate::context::{Cancellation, Context, Identity, Session};
use crate::memory::SharedBytes;
use crate::operation::{Direction, Operation, Param};
use crate::{Error, Origin, TeeError, Uuid};
use alloc::boxed::Box;
use alloc::sync::{Arc, Weak};
use alloc::vec;
use alloc::vec::Vec;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicUsize, Ordering::SeqCst};
use std::sync::{Mutex, MutexGuard};
use utee_abi::linux::{Capabilities, Invoke, MEMREF_NULL, OpenSession, Param as Word};

const UUID: Uuid = Uuid::new(1, 2, 3, [4; 8]);

type Bytes = Mutex<Vec<u8>>;
type Ta = Box<dyn Fn(&Fake, &mut Invoke) -> Result<(), Errno> + Send + Sync>;

struct Fake {
    capabilities: Capabilities,
    blocks: Mutex<Vec<(i32, Weak<Bytes>)>>,
    next: AtomicI32,
    requests: AtomicUsize,
    opened: Mutex<Option<OpenSession>>,
    cancelled: AtomicUsize,
    forked: AtomicBool,
    ta: Ta,
}

struct Memory {
    id: i32,
    bytes: Arc<Bytes>,
}

impl Memory {
    fn bytes(&self) -> MutexGuard<'_, Vec<u8>> {
        self.bytes.lock().unwrap()
    }
}

impl SharedBytes for Memory {
    fn len(&self) -> usize {
        self.bytes().len()
    }
    fn read(&self, at: usize, out: &mut [u8]) -> bool {
        self.bytes().get(at..at + out.len()).map(|from| out.copy_from_slice(from)).is_some()
    }
    fn write(&self, at: usize, data: &[u8]) -> bool {
        self.bytes().get_mut(at..at + data.len()).map(|to| to.copy_from_slice(data)).is_some()
    }
}

impl Shared for Memory {
    fn id(&self) -> i32 {
        self.id
    }
    fn clear(&self, at: usize, len: usize) {
        self.bytes()[at..at + len].fill(0);
    }
    fn into_vec(self) -> Vec<u8> {
        self.bytes().clone()
    }
}

impl Fake {
    fn new(capabilities: Capabilities, ta: impl Fn(&Self, &mut Invoke) -> Result<(), Errno> + Send + Sync + 'static) -> Self {
        Self {
            capabilities,
            blocks: Mutex::default(),
            next: AtomicI32::new(0),
            requests: AtomicUsize::new(0),
            opened: Mutex::default(),
            cancelled: AtomicUsize::new(0),
            forked: AtomicBool::new(false),
            ta: Box::new(ta),
        }
    }

    fn share(&self, bytes: Vec<u8>) -> Memory {
        self.requests.fetch_add(1, SeqCst);
        let memory = Memory { id: self.next.fetch_add(1, SeqCst), bytes: Arc::new(Mutex::new(bytes)) };
        self.blocks.lock().unwrap().push((memory.id, Arc::downgrade(&memory.bytes)));
        memory
    }

    /// Blocks that somebody still holds.
    fn live(&self) -> usize {
        self.blocks.lock().unwrap().iter().filter(|(_, block)| block.strong_count() > 0).count()
    }

    /// Changes the memory of a parameter.
    fn with<R>(&self, word: &Word, change: impl FnOnce(&mut [u8]) -> R) -> R {
        let blocks = self.blocks.lock().unwrap();
        let block = blocks.iter().find(|(id, _)| *id as u64 == word.c).unwrap().1.upgrade().unwrap();
        let mut bytes = block.lock().unwrap();
        change(&mut bytes[word.a as usize..(word.a + word.b) as usize])
    }
}

impl Kernel for Fake {
    type Block = Memory;
    type Loan<'a> = Memory;

    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }
    fn open_session(&self, call: &mut OpenSession) -> Result<(), Errno> {
        *self.opened.lock().unwrap() = Some(*call);
        call.session = 7;
        Ok(())
    }
    fn invoke(&self, call: &mut Invoke) -> Result<(), Errno> {
        self.requests.fetch_add(1, SeqCst);
        (self.ta)(self, call)
    }
    fn cancel(&self, session: u32) -> Result<(), Errno> {
        self.cancelled.store(session as usize, SeqCst);
        Ok(())
    }
    fn close_session(&self, session: u32) -> Result<(), Errno> {
        if session == 7 { Ok(()) } else { Err(Errno(libc::EINVAL)) }
    }
    fn allocate(&self, size: usize) -> Result<Memory, Errno> {
        if size > 1 << 24 { Err(Errno(libc::ENOMEM)) } else { Ok(self.share(vec![0; size])) }
    }
    fn register(&self, buffer: Vec<u8>) -> Result<Memory, Errno> {
        Ok(self.share(buffer))
    }
    fn lend(&self, bytes: &[u8]) -> Result<(i32, Memory), Errno> {
        // A first byte of 0xFF stands for a constant of the program.
        if bytes.first() == Some(&0xFF) {
            return Err(Errno(libc::EFAULT));
        }
        let memory = self.share(bytes.to_vec());
        Ok((memory.id, memory))
    }
    fn lend_mut(&self, _: &mut [u8]) -> Result<(i32, Memory), Errno> {
        Err(Errno(libc::ENOMEM))
    }
    fn forked(&self) -> bool {
        self.forked.swap(false, SeqCst)
    }
}

const ALL: Capabilities = Capabilities::all();

fn session(
    capabilities: Capabilities,
    ta: impl Fn(&Fake, &mut Invoke) -> Result<(), Errno> + Send + Sync + 'static,
) -> (Context<Linux<Fake>>, Session<Linux<Fake>>) {
    let context = Context::new(Linux::new(Fake::new(capabilities, ta)));
    let session = context.open_public(UUID).unwrap();
    (context, session)
}

fn fake(context: &Context<Linux<Fake>>) -> &Fake {
    context.transport().kernel()
}

/// Inverts p0 in place.
fn invert(fake: &Fake, call: &mut Invoke) -> Result<(), Errno> {
    fake.with(&call.params[0], |bytes| bytes.iter_mut().for_each(|byte| *byte = !*byte));
    Ok(())
}

#[test]
fn a_small_buffer_costs_one_request_once_there_is_a_block() {
    let (context, session) = session(ALL, invert);
    let mut bytes = [0x0F; 4096];
    for _ in 0..10 {
        session.invoke(0, &mut Operation::one(Param::inout(&mut bytes))).unwrap();
    }
    assert_eq!(bytes, [0x0F; 4096]);
    assert_eq!(fake(&context).requests.load(SeqCst), 11);
}

#[test]
fn a_block_is_zero_for_the_next_call_and_outputs_are_not_shown() {
    let (_context, session) = session(ALL, |fake, call| {
        let seen = fake.with(&call.params[0], |bytes| bytes.iter().filter(|byte| **byte != 0).count());
        call.params[1].a = seen as u64;
        Ok(())
    });
    let mut secret = [7; 100];
    for (param, seen) in [(Param::input(&[9; 100][..]), 100), (Param::output(&mut secret), 0)] {
        let mut operation = Operation::two(param, Param::value_output());
        session.invoke(0, &mut operation).unwrap();
        assert_eq!(operation.value(1), (seen, 0));
    }
    assert_eq!(secret, [0; 100]);
}

#[test]
fn outputs_are_shown_where_that_is_asked_for() {
    let context = Context::new(Linux::new(Fake::new(ALL, |_, _| Ok(()))).showing_outputs());
    let session = context.open_public(UUID).unwrap();
    let mut bytes = [7; 100];
    session.invoke(0, &mut Operation::one(Param::output(&mut bytes))).unwrap();
    assert_eq!(bytes, [7; 100]);
}

#[test]
fn four_buffers_do_not_touch_and_too_large_ones_leave_the_block() {
    let (context, session) = session(ALL, |fake, call| {
        let words = call.params;
        assert_eq!((words[0].c, words[0].a, words[0].b), (words[1].c, 0, 33));
        assert!(words[1].a >= 33 && words[1].a % 64 == 0);
        assert_ne!(words[2].c, words[0].c);
        fake.with(&words[1], |bytes| bytes.fill(3));
        fake.with(&words[2], |bytes| assert!(bytes.iter().all(|byte| *byte == 5)));
        fake.with(&words[3], |bytes| assert!(bytes.iter().all(|byte| *byte == 0xFF)));
        Ok(())
    });
    let (small, large, constant) = ([1; 33], vec![5; 70_000], vec![0xFF; 80_000]);
    let mut out = [0; 50];
    let params = [Param::input(&small), Param::output(&mut out), Param::input(&large), Param::input(&constant)];
    session.invoke(0, &mut Operation::new(params)).unwrap();
    assert_eq!(out, [3; 50]);
    assert_eq!(fake(&context).live(), 1, "only the block is kept");
}

#[test]
fn a_short_buffer_says_what_it_needs_and_gets_no_more_than_it_has() {
    let (_context, session) = session(ALL, |fake, call| {
        fake.with(&call.params[0], |bytes| bytes.fill(1));
        call.params[0].b = 4000;
        (call.result, call.origin) = (TeeError::SHORT_BUFFER.raw(), Origin::TrustedApp.raw());
        Ok(())
    });
    let mut bytes = [0; 10];
    let mut operation = Operation::one(Param::output(&mut bytes));
    let error = session.invoke(0, &mut operation).unwrap_err();
    assert_eq!((error.code, error.origin, operation.size(0)), (TeeError::SHORT_BUFFER, Origin::TrustedApp, 4000));
    assert_eq!(bytes, [1; 10]);
}

#[test]
fn shared_memory_goes_by_number_and_offset() {
    let (context, session) = session(ALL, |fake, call| {
        assert_eq!((call.params[0].attribute, call.params[0].a, call.params[0].b), (7, 10, 20));
        call.params[0].b = 5;
        fake.with(&call.params[0], |bytes| bytes.fill(9));
        Ok(())
    });
    let memory = context.register(vec![0; 100], Direction::Inout).unwrap();
    let mut operation = Operation::one(Param::partial(&memory, Direction::Inout, 10, 20));
    session.invoke(0, &mut operation).unwrap();
    assert_eq!(operation.size(0), 5);
    let mut outside = Operation::one(Param::partial(&memory, Direction::Inout, 90, 20));
    assert_eq!(session.invoke(0, &mut outside), Err(Error::api(TeeError::BAD_PARAMETERS)));
    let bytes = memory.into_inner().unwrap();
    assert_eq!((bytes[9], &bytes[10..15], bytes[15]), (0, &[9; 5][..], 0));
    assert_eq!(fake(&context).live(), 0);
}

#[test]
fn null_is_null_or_a_small_block() {
    for capabilities in [ALL, Capabilities::GLOBAL_PLATFORM] {
        let (context, session) = session(capabilities, move |_, call| {
            assert_eq!((call.params[0].attribute, call.params[0].b), (7, 0));
            assert_eq!(call.params[0].c == MEMREF_NULL, capabilities.contains(Capabilities::MEMREF_NULL));
            Ok(())
        });
        session.invoke(0, &mut Operation::one(Param::null(Direction::Inout))).unwrap();
        assert_eq!(fake(&context).live(), 0);
    }
}

#[test]
fn without_registered_memory_everything_is_copied() {
    let (context, session) = session(Capabilities::GLOBAL_PLATFORM, invert);
    let mut large = vec![0x0F; 100_000];
    session.invoke(0, &mut Operation::one(Param::inout(&mut large))).unwrap();
    assert_eq!(large, vec![0xF0; 100_000]);
    let memory = context.register(vec![1; 10], Direction::Inout).unwrap();
    session.invoke(0, &mut Operation::one(Param::whole(&memory))).unwrap();
    assert_eq!(memory.into_inner().unwrap(), vec![0xFE; 10]);
}

#[test]
fn error_numbers_become_codes_and_nothing_is_kept_of_a_failed_call() {
    for (number, code) in
        [(libc::ENOMEM, TeeError::OUT_OF_MEMORY), (libc::EINVAL, TeeError::BAD_PARAMETERS), (libc::EIO, TeeError::GENERIC)]
    {
        let (context, session) = session(ALL, move |_, call| {
            call.params[1].a = 99;
            Err(Errno(number))
        });
        let mut operation = Operation::two(Param::input(&[1; 8]), Param::value_output());
        assert_eq!(session.invoke(0, &mut operation), Err(Error::comms(code)));
        assert_eq!(operation.value(1), (0, 0));
        assert_eq!(fake(&context).live(), 1, "the block is back");
    }
    let (context, session) = session(ALL, |_, _| panic!("a call whose buffers were not shared"));
    let mut large = vec![0; 100_000];
    let small = [0; 8];
    let mut operation = Operation::two(Param::input(&small), Param::output(&mut large));
    assert_eq!(session.invoke(0, &mut operation), Err(Error::api(TeeError::OUT_OF_MEMORY)));
    assert_eq!(fake(&context).live(), 1, "the block is back");
}

#[test]
fn blocks_of_the_parent_are_not_used_after_a_fork() {
    let (context, session) = session(ALL, |_, _| Ok(()));
    let call = || session.invoke(0, &mut Operation::one(Param::input(&[1; 8]))).unwrap();
    call();
    fake(&context).forked.store(true, SeqCst);
    call();
    assert_eq!(fake(&context).next.load(SeqCst), 2);
    assert_eq!(fake(&context).live(), 1);
}

#[test]
fn identities_and_cancellation_reach_linux() {
    let (context, session) = session(ALL, |_, _| Ok(()));
    drop(context.open(UUID, Identity::group(0x0102_0304), &mut Operation::none()).unwrap());
    let opened = fake(&context).opened.lock().unwrap().unwrap();
    assert_eq!((opened.uuid, opened.login), (UUID.octets(), 2));
    // Linux copies and converts no more parameters than there are.
    assert_eq!((opened.param_count, opened.length()), (0, core::mem::offset_of!(OpenSession, params) as u64));
    assert_eq!(opened.client[..4], 0x0102_0304u32.to_ne_bytes());
    assert_eq!(opened.client[4..], [0; 12]);
    let handle = session.cancellation();
    std::thread::spawn(move || handle.cancel().unwrap()).join().unwrap();
    assert_eq!(fake(&context).cancelled.load(SeqCst), 7);
    session.close().unwrap();
}

#[test]
fn what_clients_hold_may_go_to_other_threads() {
    fn check<T: Send + Sync>() {}
    check::<LinuxContext>();
    check::<Session<Linux<super::Device>>>();
    check::<Cancellation<Linux<super::Device>>>();
}

/// The edge itself, as far as a machine without a TEE has it.
#[test]
fn nodes_that_are_no_tee_are_told_apart() {
    use super::ConnectError;
    use std::path::Path;
    assert_eq!(LinuxContext::connect_to(Path::new("/dev/there-is-no-such-tee")).err(), Some(ConnectError::NotFound));
    assert_eq!(LinuxContext::connect_to(Path::new("/dev/null")).err(), Some(ConnectError::Unfit("/dev/null".into())));
}

#[test]
fn pages_and_marks() {
    use super::pages::{ForkMark, Pages};
    let pages = Pages::anonymous(100).unwrap();
    let region = pages.region();
    assert!(region.write(90, &[7; 10]) && !region.write(91, &[7; 10]) && !region.write(usize::MAX, &[7]));
    let mut out = [0; 10];
    assert!(region.read(90, &mut out) && !region.read(100, &mut [0]));
    assert_eq!(out, [7; 10]);
    region.clear(95, 1000);
    assert!(region.read(90, &mut out));
    assert_eq!(out, [7, 7, 7, 7, 7, 0, 0, 0, 0, 0]);
    assert!(!ForkMark::new().unwrap().forked());
}
