// SPDX-License-Identifier: BSD-2-Clause
//! The engine against a secure world that follows a script: requests that the core does not make (yet), and broken ones.

use super::{Calling, MemoryKind, NoSupplicant, Options, Os, PAGE_SIZE, RpcParam, Shareable, Smc, SmcTransport, Supplicant};
use crate::context::Context;
use crate::memory::SharedBytes;
use crate::operation::{Direction, Operation};
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;
use std::sync::Mutex;
use utee_abi::msg::{Kind, MsgHeader, MsgParam, message_size};
use utee_abi::result::{SUCCESS, TeeError};
use utee_abi::rpc::{self, RpcCommand};
use utee_abi::smc::{API_UID, Capabilities, FastCall, ReturnCode, RpcReturn, YieldingCall, rpc_return};
use utee_abi::uuid::Uuid;

const BASE: u64 = 0x8000_0000;
const RESERVED: u64 = BASE + 0x10_0000;
const RESERVED_SIZE: u64 = 0x4_0000;
const THREAD: u32 = 5;

/// RAM of a machine; never given back, so that addresses stay telling.
#[derive(Clone)]
struct Ram(Arc<Mutex<(Vec<u8>, u64)>>);

impl Ram {
    fn new() -> Self {
        Self(Arc::new(Mutex::new((vec![0; (RESERVED + RESERVED_SIZE - BASE) as usize], BASE))))
    }

    fn read(&self, pa: u64, out: &mut [u8]) {
        let at = (pa - BASE) as usize;
        out.copy_from_slice(&self.0.lock().unwrap().0[at..at + out.len()]);
    }

    fn write(&self, pa: u64, data: &[u8]) {
        let at = (pa - BASE) as usize;
        self.0.lock().unwrap().0[at..at + data.len()].copy_from_slice(data);
    }

    fn word(&self, pa: u64) -> u64 {
        let mut bytes = [0; 8];
        self.read(pa, &mut bytes);
        u64::from_le_bytes(bytes)
    }
}

struct Memory {
    ram: Ram,
    start: u64,
    len: usize,
}

impl SharedBytes for Memory {
    fn len(&self) -> usize {
        self.len
    }

    fn read(&self, at: usize, out: &mut [u8]) -> bool {
        let inside = at + out.len() <= self.len;
        if inside {
            self.ram.read(self.start + at as u64, out);
        }
        inside
    }

    fn write(&self, at: usize, data: &[u8]) -> bool {
        let inside = at + data.len() <= self.len;
        if inside {
            self.ram.write(self.start + at as u64, data);
        }
        inside
    }
}

impl Shareable for Memory {
    fn offset(&self) -> usize {
        0
    }

    fn page(&self, index: usize) -> u64 {
        self.start + (index * PAGE_SIZE) as u64
    }

    fn into_vec(self) -> Vec<u8> {
        let mut out = vec![0; self.len];
        assert!(self.read(0, &mut out));
        out
    }
}

#[derive(Clone)]
struct Kernel {
    ram: Ram,
    log: Arc<Mutex<Vec<Event>>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Event {
    Slept(u64),
    Yielded,
    Waited(u32, Option<u64>),
    Notified(u32),
}

impl Kernel {
    fn note(&self, event: Event) {
        self.log.lock().unwrap().push(event);
    }
}

impl Os for Kernel {
    type Memory = Memory;

    fn allocate(&self, bytes: usize) -> Option<Memory> {
        let mut state = self.ram.0.lock().unwrap();
        let start = state.1;
        state.1 += (bytes.max(1).div_ceil(PAGE_SIZE) * PAGE_SIZE) as u64;
        (state.1 <= RESERVED).then(|| Memory { ram: self.ram.clone(), start, len: bytes })
    }

    fn adopt(&self, buffer: Vec<u8>) -> Result<Memory, Vec<u8>> {
        Err(buffer)
    }

    fn reserved(&self, pa: u64, bytes: usize) -> Option<Memory> {
        Some(Memory { ram: self.ram.clone(), start: pa, len: bytes })
    }

    fn physical(&self, _address: usize) -> Option<u64> {
        None
    }

    fn sleep(&self, time: Duration) {
        self.note(Event::Slept(time.as_millis() as u64));
    }

    fn yield_now(&self) {
        self.note(Event::Yielded);
    }

    fn wait(&self, number: u32, timeout: Option<Duration>) -> Result<(), TeeError> {
        self.note(Event::Waited(number, timeout.map(|time| time.as_millis() as u64)));
        Ok(())
    }

    fn notify(&self, number: u32) {
        self.note(Event::Notified(number));
    }

    fn now(&self) -> Duration {
        Duration::new(1_000_000, 42)
    }
}

/// What the secure world does on an INVOKE: gets a way to ask, and the machine's memory.
type Script = dyn Fn(&mut Asker<'_>) + Send + Sync;

/// The secure world. A request is played as a conversation: the script runs on a thread of its own.
struct Secure {
    ram: Ram,
    caps: Capabilities,
    script: Arc<Script>,
    /// Ends of the conversation that is under way.
    talk: Mutex<Option<Talk>>,
    registered: Mutex<Vec<(u64, u64)>>,
    refusals: Mutex<u32>,
}

type Talk = (std::sync::mpsc::Receiver<[u32; 4]>, std::sync::mpsc::Sender<[u32; 8]>);

struct Asker<'a> {
    ram: &'a Ram,
    message: u64,
    out: &'a std::sync::mpsc::Sender<[u32; 4]>,
    back: &'a std::sync::mpsc::Receiver<[u32; 8]>,
}

impl Asker<'_> {
    fn raw(&mut self, rpc: u32, a1: u32, a2: u32) -> [u32; 8] {
        self.out.send([rpc, a1, a2, THREAD]).unwrap();
        let regs = self.back.recv().unwrap();
        assert_eq!((regs[0], regs[3]), (YieldingCall::ReturnFromRpc.into(), THREAD));
        regs
    }

    /// Asks by the message that came with the call, or the one at `cookie`.
    fn ask(&mut self, command: u32, params: &mut [MsgParam]) -> u32 {
        self.ask_at(self.message, 0, command, params)
    }

    fn ask_at(&mut self, at: u64, cookie: u64, command: u32, params: &mut [MsgParam]) -> u32 {
        let mut bytes = vec![0; message_size(params.len())];
        MsgHeader::request(command, params.len() as u32).write(&mut bytes).unwrap();
        for (index, param) in params.iter().enumerate() {
            param.write(&mut bytes, index).unwrap();
        }
        self.ram.write(at, &bytes);
        self.raw(rpc_return(RpcReturn::Cmd), (cookie >> 32) as u32, cookie as u32);
        self.ram.read(at, &mut bytes);
        for (index, param) in params.iter_mut().enumerate() {
            *param = MsgParam::read(&bytes, index).unwrap();
        }
        MsgHeader::read(&bytes).unwrap().ret
    }
}

impl Secure {
    fn start(&self, regs: [u32; 8]) -> [u32; 4] {
        let mut refusals = self.refusals.lock().unwrap();
        if *refusals > 0 {
            *refusals -= 1;
            return [ReturnCode::EThreadLimit.raw(), 0, 0, 0];
        }
        drop(refusals);
        let pa = if regs[0] == u32::from(YieldingCall::WithRegdArg) {
            let cookie = u64::from(regs[1]) << 32 | u64::from(regs[2]);
            self.registered.lock().unwrap().iter().find(|(key, _)| *key == cookie).unwrap().1
        } else {
            u64::from(regs[1]) << 32 | u64::from(regs[2])
        };
        let mut bytes = vec![0; message_size(6)];
        self.ram.read(pa, &mut bytes);
        let header = MsgHeader::read(&bytes).unwrap();
        if header.cmd == u32::from(utee_abi::msg::Command::RegisterShm) {
            let [list, _, cookie] = MsgParam::read(&bytes, 0).unwrap().words;
            let first = self.ram.word(list & !0xFFF) + (list & 0xFFF);
            self.registered.lock().unwrap().push((cookie, first));
        }
        let (out, out_end) = std::sync::mpsc::channel();
        let (back_end, back) = std::sync::mpsc::channel();
        *self.talk.lock().unwrap() = Some((out_end, back_end));
        let (ram, script) = (self.ram.clone(), Arc::clone(&self.script));
        let invoke = header.cmd == u32::from(utee_abi::msg::Command::InvokeCommand);
        std::thread::spawn(move || {
            let message = pa + message_size(header.num_params as usize) as u64;
            if invoke {
                script(&mut Asker { ram: &ram, message, out: &out, back: &back });
            }
            let answer = MsgHeader { ret: SUCCESS, session: 1, ..header };
            let mut bytes = [0; 32];
            answer.write(&mut bytes).unwrap();
            ram.write(pa, &bytes);
            let _ = out.send([0; 4]);
        });
        self.next()
    }

    fn next(&self) -> [u32; 4] {
        // A script that fails ends its thread, and the caller sees that here.
        self.talk.lock().unwrap().as_ref().unwrap().0.recv().expect("the script failed")
    }
}

struct Monitor(Arc<Secure>);

impl Smc for Monitor {
    fn call(&self, regs: [u32; 8]) -> [u32; 4] {
        match FastCall::try_from(regs[0]) {
            Ok(FastCall::CallsUid) => API_UID,
            Ok(FastCall::CallsRevision) => [2, 0, 0, 0],
            Ok(FastCall::ExchangeCapabilities) => [0, self.0.caps.bits(), 1, 4],
            Ok(FastCall::GetShmConfig) => [0, RESERVED as u32, RESERVED_SIZE as u32, 1],
            Ok(_) => [ReturnCode::ENotAvail.raw(), 0, 0, 0],
            Err(_) if regs[0] == u32::from(YieldingCall::ReturnFromRpc) => {
                self.0.talk.lock().unwrap().as_ref().unwrap().1.send(regs).unwrap();
                self.0.next()
            }
            Err(_) => self.0.start(regs),
        }
    }
}

struct Files;

impl Supplicant for Files {
    fn load_ta(&self, uuid: Uuid) -> Result<Vec<u8>, TeeError> {
        if uuid == Uuid::NIL { Err(TeeError::ITEM_NOT_FOUND) } else { Ok(vec![0x5A; 5000]) }
    }

    fn request(&self, command: RpcCommand, params: &mut [RpcParam<'_>]) -> Result<(), TeeError> {
        match (command, params) {
            (
                RpcCommand::Fs,
                [
                    RpcParam::Value { words, direction: Direction::Input },
                    RpcParam::Memory { bytes, offset, size, direction: Direction::Output },
                ],
            ) => {
                assert!(bytes.write(*offset, b"file"));
                *size = 4;
                if words[0] == 3 { Ok(()) } else { Err(TeeError::GENERIC) }
            }
            (RpcCommand::Fs, [RpcParam::Null]) => Err(TeeError::NO_DATA),
            _ => Err(TeeError::NOT_SUPPORTED),
        }
    }
}

const CAPS: Capabilities = Capabilities::DYNAMIC_SHM.union(Capabilities::RESERVED_SHM).union(Capabilities::RPC_ARG);

/// Makes a call during which the secure world follows the script; gives what the kernel did.
fn play(options: Options, caps: Capabilities, refusals: u32, script: impl Fn(&mut Asker<'_>) + Send + Sync + 'static) -> Vec<Event> {
    let ram = Ram::new();
    let kernel = Kernel { ram: ram.clone(), log: Arc::default() };
    let secure = Arc::new(Secure {
        ram,
        caps,
        script: Arc::new(script),
        talk: Mutex::new(None),
        registered: Mutex::default(),
        refusals: Mutex::new(0),
    });
    let tee = Context::new(SmcTransport::connect(Monitor(Arc::clone(&secure)), kernel.clone(), Files, options).unwrap());
    let session = tee.open_public(Uuid::new(1, 1, 1, [1; 8])).unwrap();
    *secure.refusals.lock().unwrap() = refusals;
    session.invoke(1, &mut Operation::none()).unwrap();
    kernel.log.lock().unwrap().clone()
}

fn served(script: impl Fn(&mut Asker<'_>) + Send + Sync + 'static) -> Vec<Event> {
    play(Options::default(), CAPS, 0, script)
}

fn value_in(words: [u64; 3]) -> MsgParam {
    MsgParam::new(Kind::ValueInput, words)
}

#[test]
fn sleeping_waking_and_time() {
    let log = served(|tee| {
        assert_eq!(tee.ask(RpcCommand::Suspend.raw(), &mut [value_in([30, 0, 0])]), SUCCESS);
        assert_eq!(tee.ask(RpcCommand::Notification.raw(), &mut [value_in([rpc::NOTIFICATION_WAIT, 3, 0])]), SUCCESS);
        assert_eq!(tee.ask(RpcCommand::Notification.raw(), &mut [value_in([rpc::NOTIFICATION_WAIT, 3, 70])]), SUCCESS);
        assert_eq!(tee.ask(RpcCommand::Notification.raw(), &mut [value_in([rpc::NOTIFICATION_SEND, 4, 0])]), SUCCESS);
        let mut time = [MsgParam::value_out()];
        assert_eq!(tee.ask(RpcCommand::GetTime.raw(), &mut time), SUCCESS);
        assert_eq!(time[0].words, [1_000_000, 42, 0]);
        tee.raw(rpc_return(RpcReturn::ForeignInterrupt), 0, 0);
    });
    let wanted = [Event::Slept(30), Event::Waited(3, None), Event::Waited(3, Some(70)), Event::Notified(4), Event::Yielded];
    assert_eq!(log, wanted);
}

#[test]
fn broken_requests_are_refused_and_the_thread_goes_on() {
    let bad = TeeError::BAD_PARAMETERS.raw();
    let log = served(move |tee| {
        assert_eq!(tee.ask(99, &mut []), TeeError::NOT_SUPPORTED.raw());
        for command in [RpcCommand::GetTime, RpcCommand::Suspend, RpcCommand::Notification, RpcCommand::ShmAlloc, RpcCommand::LoadTa] {
            assert_eq!(tee.ask(command.raw(), &mut []), bad);
            assert_eq!(tee.ask(command.raw(), &mut [MsgParam::default()]), bad);
            assert_eq!(tee.ask(command.raw(), &mut [MsgParam::default(); 4]), bad);
        }
        assert_eq!(tee.ask(RpcCommand::Notification.raw(), &mut [value_in([2, 0, 0])]), bad);
        assert_eq!(tee.ask(RpcCommand::ShmAlloc.raw(), &mut [value_in([0, 0, 8])]), bad);
        assert_eq!(tee.ask(RpcCommand::ShmAlloc.raw(), &mut [value_in([0, u64::MAX >> 1, 8])]), TeeError::OUT_OF_MEMORY.raw());
        assert_eq!(tee.ask(RpcCommand::ShmFree.raw(), &mut [value_in([0, 77, 0])]), TeeError::ITEM_NOT_FOUND.raw());
        assert_eq!(tee.ask(RpcCommand::Socket.raw(), &mut []), TeeError::NOT_SUPPORTED.raw());
        let unknown = MsgParam::new(Kind::RmemOutput, [0, 10, 1234]);
        assert_eq!(tee.ask(RpcCommand::Fs.raw(), &mut [value_in([3, 0, 0]), unknown]), bad);
        // Requests that do not exist, by registers.
        tee.raw(rpc_return(RpcReturn::Cmd) + 1, 0, 0);
        tee.raw(rpc_return(RpcReturn::Free), 0, 99);
        let mut header = [0; 32];
        MsgHeader::request(RpcCommand::GetTime.raw(), 0xFFFF_FFFF).write(&mut header).unwrap();
        tee.ram.write(tee.message, &header);
        tee.raw(rpc_return(RpcReturn::Cmd), 0, 0);
        tee.ram.read(tee.message, &mut header);
        assert_eq!(MsgHeader::read(&header).unwrap().ret, bad);
    });
    assert_eq!(log, []);
}

/// Asks for memory; gives its cookie and the physical address of its first byte.
fn allocate(tee: &mut Asker<'_>, size: u64) -> (u64, u64) {
    let mut memory = [value_in([0, size, 8])];
    assert_eq!(tee.ask(RpcCommand::ShmAlloc.raw(), &mut memory), SUCCESS);
    let [address, len, cookie] = memory[0].words;
    assert_eq!((memory[0].kind(), len), (Some(Kind::TmemOutput), size));
    let first = if memory[0].is_noncontig() { tee.ram.word(address) } else { address };
    (cookie, first)
}

#[test]
fn memory_for_files_and_images() {
    for memory in [MemoryKind::Dynamic, MemoryKind::Reserved] {
        let options = Options { memory: Some(memory), ..Options::default() };
        play(options, CAPS, 0, move |tee| {
            let (cookie, first) = allocate(tee, 6000);
            assert_eq!(first >= RESERVED, memory == MemoryKind::Reserved);
            let part = |offset: u64, size: u64| match memory {
                MemoryKind::Dynamic => MsgParam::new(Kind::RmemOutput, [offset, size, cookie]),
                MemoryKind::Reserved => MsgParam::new(Kind::TmemOutput, [first.wrapping_add(offset), size, cookie]),
            };
            // A file, into the middle of it.
            let mut read = [value_in([3, 0, 0]), part(100, 50)];
            assert_eq!(tee.ask(RpcCommand::Fs.raw(), &mut read), SUCCESS);
            assert_eq!(read[1].words[1], 4);
            let mut text = [0; 4];
            tee.ram.read(first + 100, &mut text);
            assert_eq!(&text, b"file");
            for (offset, size) in [(0, 6001), (6000, 1), (u64::MAX, 2)] {
                let code = tee.ask(RpcCommand::Fs.raw(), &mut [value_in([3, 0, 0]), part(offset, size)]);
                assert_eq!(code, TeeError::BAD_PARAMETERS.raw());
            }
            let null = MsgParam::new(Kind::TmemInput, [0; 3]);
            assert_eq!(tee.ask(RpcCommand::Fs.raw(), &mut [null]), TeeError::NO_DATA.raw());
            // An image: its size first, then itself.
            let [a, b] = Uuid::new(7, 7, 7, [7; 8]).words();
            let mut load = [value_in([a, b, 0]), MsgParam::new(Kind::TmemOutput, [0; 3])];
            assert_eq!(tee.ask(RpcCommand::LoadTa.raw(), &mut load), SUCCESS);
            assert_eq!(load[1].words[1], 5000);
            assert_eq!(tee.ask(RpcCommand::LoadTa.raw(), &mut [value_in([a, b, 0]), part(0, 4999)]), TeeError::SHORT_BUFFER.raw());
            assert_eq!(tee.ask(RpcCommand::LoadTa.raw(), &mut [value_in([a, b, 0]), part(8, 5000)]), SUCCESS);
            let mut image = [0; 5000];
            tee.ram.read(first + 8, &mut image);
            assert!(image.iter().all(|byte| *byte == 0x5A));
            assert_eq!(tee.ask(RpcCommand::LoadTa.raw(), &mut [value_in([0; 3]), part(0, 10)]), TeeError::ITEM_NOT_FOUND.raw());
            assert_eq!(tee.ask(RpcCommand::ShmFree.raw(), &mut [value_in([0, cookie, 0])]), SUCCESS);
            assert_eq!(tee.ask(RpcCommand::ShmFree.raw(), &mut [value_in([0, cookie, 0])]), TeeError::ITEM_NOT_FOUND.raw());
        });
    }
}

#[test]
fn pages_of_large_memory_are_all_listed() {
    served(|tee| {
        let mut memory = [value_in([1, 150 * 4096 + 1, 8])];
        assert_eq!(tee.ask(RpcCommand::ShmAlloc.raw(), &mut memory), SUCCESS);
        let [list, ..] = memory[0].words;
        let first = tee.ram.word(list);
        for index in 0..151 {
            assert_eq!(tee.ram.word(list + 8 * index), first + 4096 * index);
        }
    });
}

#[test]
fn without_an_rpc_argument_memory_for_messages_is_asked_for() {
    let log = play(Options::default(), Capabilities::DYNAMIC_SHM, 0, |tee| {
        let [_, high, low, _, cookie_high, cookie_low, ..] = tee.raw(rpc_return(RpcReturn::Alloc), message_size(4) as u32, 0);
        let (pa, cookie) = (u64::from(high) << 32 | u64::from(low), u64::from(cookie_high) << 32 | u64::from(cookie_low));
        assert_eq!(pa % 4096, 0);
        assert_ne!((pa, cookie), (0, 0));
        assert_eq!(tee.ask_at(pa, cookie, RpcCommand::Suspend.raw(), &mut [value_in([9, 0, 0])]), SUCCESS);
        tee.raw(rpc_return(RpcReturn::Free), cookie_high, cookie_low);
        // Freed memory holds no messages any more.
        assert_eq!(tee.ask_at(pa, cookie, RpcCommand::Suspend.raw(), &mut [value_in([9, 0, 0])]), TeeError::GENERIC.raw());
    });
    assert_eq!(log, [Event::Slept(9)]);
}

#[test]
fn a_tee_without_a_free_thread_is_asked_again_later_and_later() {
    let log = play(Options { calling: Some(Calling::WithRpcArg), ..Options::default() }, CAPS, 10, |_| {});
    let sleeps: Vec<_> = [1, 2, 4, 8, 10, 10].map(Event::Slept).into();
    assert_eq!(log, [vec![Event::Yielded; 4], sleeps].concat());
}

#[test]
fn without_a_supplicant_nothing_is_found_and_nothing_served() {
    assert_eq!(NoSupplicant.load_ta(Uuid::NIL), Err(TeeError::ITEM_NOT_FOUND));
    assert_eq!(NoSupplicant.request(RpcCommand::Fs, &mut []), Err(TeeError::NOT_SUPPORTED));
}
