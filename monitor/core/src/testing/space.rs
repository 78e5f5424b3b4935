// SPDX-License-Identifier: BSD-2-Clause
//! Frames, address spaces and user mode that are pretended.

use super::platform::Ram;
use super::script::{Request, Running, Scripts};
use crate::ports::{Abort, AbortKind, AddressSpace, Frames, Machine, PAGE_SIZE, Position, Prot, Sealed, UserContext, UserReturn};
use core::ops::Range;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::vec::Vec;
use utee_abi::access::CacheOperation;
use utee_abi::regs::{A32_REGISTER_ARGS, MAX_ARGS, RawSyscall};
use utee_abi::result::TeeError;
use utee_abi::uaddr::UserSlice;

/// Bytes that stand for pages.
pub(super) type Bytes = Arc<Mutex<Vec<u8>>>;

/// Secure frames.
pub struct FakeFrames {
    pub(super) bytes: Bytes,
    pub(super) used: Arc<AtomicUsize>,
}

/// Memory that nobody writes any more.
pub struct FakeSealed {
    bytes: Vec<u8>,
    pages: Option<Arc<AtomicUsize>>,
}

impl FakeSealed {
    /// Memory that is not of the pool.
    pub(super) fn fixed(bytes: Vec<u8>) -> Self {
        Self { bytes, pages: None }
    }
}

impl Sealed for FakeSealed {
    fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for FakeSealed {
    fn drop(&mut self) {
        if let Some(used) = &self.pages {
            used.fetch_sub(self.bytes.len() / PAGE_SIZE, Ordering::SeqCst);
        }
    }
}

impl Frames for FakeFrames {
    type Sealed = FakeSealed;

    fn bytes_mut(&mut self) -> Option<&mut [u8]> {
        Some(Arc::get_mut(&mut self.bytes).expect("frames are mapped").get_mut().unwrap())
    }

    fn seal(self) -> Result<FakeSealed, TeeError> {
        assert_eq!(Arc::strong_count(&self.bytes), 1, "sealed while they are mapped");
        let bytes = self.bytes.lock().unwrap().clone();
        self.used.fetch_add(bytes.len() / PAGE_SIZE, Ordering::SeqCst);
        Ok(FakeSealed { bytes, pages: Some(Arc::clone(&self.used)) })
    }

    fn pages(&self) -> usize {
        self.bytes.lock().unwrap().len() / PAGE_SIZE
    }

    fn read(&self, offset: usize, out: &mut [u8]) -> bool {
        let bytes = self.bytes.lock().unwrap();
        let part = offset.checked_add(out.len()).and_then(|end| bytes.get(offset..end));
        part.map(|part| out.copy_from_slice(part)).is_some()
    }

    fn write(&self, offset: usize, data: &[u8]) -> bool {
        let mut bytes = self.bytes.lock().unwrap();
        let part = offset.checked_add(data.len()).and_then(|end| bytes.get_mut(offset..end));
        part.map(|part| part.copy_from_slice(data)).is_some()
    }
}

impl Drop for FakeFrames {
    fn drop(&mut self) {
        let mut bytes = self.bytes.lock().unwrap();
        self.used.fetch_sub(bytes.len() / PAGE_SIZE, Ordering::SeqCst);
        bytes.fill(0);
    }
}

#[derive(Clone)]
enum Behind {
    Secure(Bytes, usize),
    Sealed(Arc<Vec<u8>>),
    Normal(u64),
}

/// What user mode sees: pages by address.
#[derive(Clone, Default)]
pub(super) struct Pages(Arc<Mutex<BTreeMap<u64, (Prot, Behind)>>>);

impl Pages {
    /// Accesses user memory as the CPU would: whole rights, page by page.
    pub(super) fn access(&self, ram: &Ram, address: u64, bytes: &mut [u8], kind: AbortKind) -> Result<(), Abort> {
        let pages = self.0.lock().unwrap();
        for (index, byte) in bytes.iter_mut().enumerate() {
            let at = address.wrapping_add(index as u64);
            let fault = Abort { kind, address: at, status: 5 };
            let (prot, behind) = pages.get(&(at / PAGE_SIZE as u64)).ok_or(fault)?;
            if kind == AbortKind::Write && *prot != Prot::ReadWrite {
                return Err(fault);
            }
            let inside = at as usize % PAGE_SIZE;
            match (behind, kind) {
                (Behind::Secure(frames, page), AbortKind::Write) => frames.lock().unwrap()[page * PAGE_SIZE + inside] = *byte,
                (Behind::Sealed(page), _) => *byte = page[inside],
                (Behind::Secure(frames, page), _) => *byte = frames.lock().unwrap()[page * PAGE_SIZE + inside],
                (Behind::Normal(pa), AbortKind::Write) => assert!(ram.write(pa + inside as u64, &[*byte])),
                (Behind::Normal(pa), _) => {
                    let mut one = [0];
                    assert!(ram.read(pa + inside as u64, &mut one));
                    *byte = one[0];
                }
            }
        }
        Ok(())
    }
}

/// A TA's address space, with the script that runs in it.
pub struct FakeSpace {
    pub(super) pages: Pages,
    pub(super) ram: Ram,
    pub(super) scripts: Scripts,
    pub(super) running: Option<Running>,
}

impl AddressSpace for FakeSpace {
    type Frames = FakeFrames;
    type Context = FakeContext;

    const MACHINES: &'static [Machine] = &[Machine::Arm, Machine::Aarch64];
    const SECURE: Range<u64> = 0x1000..0x0200_0000;
    const NORMAL: Range<u64> = 0x0200_0000..0x0400_0000;

    fn map(&mut self, va: u64, frames: &FakeFrames, first: usize, pages: usize, prot: Prot) -> Result<(), TeeError> {
        let mut map = self.pages.0.lock().unwrap();
        for index in 0..pages {
            let before = map.insert(va / PAGE_SIZE as u64 + index as u64, (prot, Behind::Secure(Arc::clone(&frames.bytes), first + index)));
            assert!(before.is_none(), "mapped twice");
        }
        Ok(())
    }

    fn map_sealed(&mut self, va: u64, sealed: &FakeSealed, first: usize, pages: usize, prot: Prot) -> Result<(), TeeError> {
        assert_ne!(prot, Prot::ReadWrite, "sealed memory is not written");
        let mut map = self.pages.0.lock().unwrap();
        for index in 0..pages {
            let at = (first + index) * PAGE_SIZE;
            let page = sealed.bytes.get(at..at + PAGE_SIZE).ok_or(TeeError::BAD_PARAMETERS)?.to_vec();
            let before = map.insert(va / PAGE_SIZE as u64 + index as u64, (prot, Behind::Sealed(Arc::new(page))));
            assert!(before.is_none(), "mapped twice");
        }
        Ok(())
    }

    fn map_normal(&mut self, va: u64, pages: &[u64], prot: Prot) -> Result<(), TeeError> {
        let mut map = self.pages.0.lock().unwrap();
        for (index, pa) in pages.iter().enumerate() {
            let before = map.insert(va / PAGE_SIZE as u64 + index as u64, (prot, Behind::Normal(*pa)));
            assert!(before.is_none(), "mapped twice");
        }
        Ok(())
    }

    fn unmap(&mut self, va: u64, pages: usize) {
        let mut map = self.pages.0.lock().unwrap();
        for index in 0..pages {
            map.remove(&(va / PAGE_SIZE as u64 + index as u64));
        }
    }

    fn cache(&mut self, _slice: UserSlice, _operation: CacheOperation) {}

    fn enter(&mut self, context: &mut FakeContext) -> UserReturn {
        if core::mem::take(&mut context.fresh) {
            self.running = Some(self.scripts.start(self.pages.clone(), self.ram.clone(), context));
        } else if let Some(result) = context.result.take() {
            let running = self.running.as_ref().expect("a script runs");
            running.answer(result);
        }
        let running = self.running.as_ref().expect("a script runs");
        match running.next() {
            Request::Syscall(raw) => {
                context.raw = raw;
                UserReturn::Syscall
            }
            Request::Abort(abort) => UserReturn::Abort(abort),
            Request::ForeignInterrupt => {
                context.result = Some(0);
                UserReturn::ForeignInterrupt
            }
            Request::SecureInterrupt => {
                context.result = Some(0);
                UserReturn::SecureInterrupt
            }
        }
    }
}

/// The registers of a scripted TA.
pub struct FakeContext {
    pub(super) machine: Machine,
    pub(super) entry: u64,
    pub(super) stack: u64,
    pub(super) args: [u64; 4],
    fresh: bool,
    raw: RawSyscall,
    result: Option<u32>,
}

impl UserContext for FakeContext {
    fn new() -> Self {
        let raw = RawSyscall { number: 0, args: [0; MAX_ARGS], extra: None };
        Self { machine: Machine::Arm, entry: 0, stack: 0, args: [0; 4], fresh: false, raw, result: None }
    }

    fn start(&mut self, machine: Machine, entry: u64, stack: u64, args: [u64; 4]) {
        *self = Self { machine, entry, stack, args, fresh: true, ..Self::new() };
    }

    fn stop(&mut self) {
        self.result = None;
    }

    fn short_syscall(&self) -> (u32, [u64; A32_REGISTER_ARGS]) {
        let [a, b, c, d, ..] = self.raw.args;
        (self.raw.number, [a, b, c, d])
    }

    fn syscall(&self) -> RawSyscall {
        self.raw
    }

    fn set_result(&mut self, result: u32) {
        self.result = Some(result);
    }

    fn position(&self) -> Position {
        Position { pc: self.entry, sp: self.stack, lr: 0, fp: 0 }
    }

    fn for_each_register(&self, f: &mut dyn FnMut(&'static str, u64)) {
        f("pc", self.entry);
        f("sp", self.stack);
    }
}
