// SPDX-License-Identifier: BSD-2-Clause
//! Making the line: asks the TEE what it is and can do, and settles how to speak to it (OP-TEE ABI, what the Linux driver
//! needs from the secure side).

use super::ports::{Os, Smc, Supplicant};
use super::reserved::Reserved;
use super::slot::{self, LIST, Slot, Slots};
use super::{PAGE_SIZE, SmcTransport};
use crate::error::Error;
use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;
use spin::Mutex;
use utee_abi::result::TeeError;
use utee_abi::smc::{API_REVISION_MAJOR, API_UID, Capabilities, FastCall, NW_CAP_UNIPROCESSOR, ReturnCode, SHM_CACHED, YieldingCall};
use utee_abi::uuid::Uuid;

/// Slots when the TEE does not say how many threads it has.
const DEFAULT_SLOTS: usize = 4;

/// Which memory is shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemoryKind {
    /// Any memory of the normal world, by page lists.
    Dynamic,
    /// The part of it that the board reserves.
    Reserved,
}

/// Which call sends messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Calling {
    /// CALL_WITH_ARG: memory for RPC messages is asked for when it is needed.
    WithArg,
    /// CALL_WITH_RPC_ARG: it stands behind the message, which is given by address.
    WithRpcArg,
    /// CALL_WITH_REGD_ARG: likewise, the message given as a place in registered memory.
    WithRegdArg,
}

/// Choices that are otherwise made from what the TEE can do.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Memory to share.
    pub memory: Option<MemoryKind>,
    /// Call to send messages with.
    pub calling: Option<Calling>,
    /// Calls that may be under way at once.
    pub slots: Option<usize>,
    /// Whether the normal world runs on this CPU alone.
    pub uniprocessor: bool,
}

/// What a TEE says of itself.
#[derive(Clone, Debug)]
pub struct TeeInfo {
    /// Revision of the OP-TEE API: major, minor.
    pub api_revision: (u32, u32),
    /// UUID of the trusted OS.
    pub os_uuid: Uuid,
    /// Revision of the trusted OS: major, minor, build id.
    pub os_revision: (u32, u32, u32),
    /// What it can do.
    pub capabilities: Capabilities,
    /// Largest notification number.
    pub max_notification: u32,
    /// Parameters of an RPC message.
    pub rpc_params: u32,
    /// Secure threads; `None` when it does not say.
    pub threads: Option<u32>,
    /// Reserved shared memory.
    pub reserved_shm: Option<Range<u64>>,
}

/// Why there is no line to a TEE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectError {
    /// Nobody answers with the UID of the OP-TEE API.
    NoTee,
    /// The API has another major revision.
    Revision(u32, u32),
    /// Capabilities cannot be exchanged; the return code.
    Capabilities(u32),
    /// Neither kind of shared memory, or not the one that was wished for.
    NoSharedMemory,
    /// The way to send messages that was wished for is not there.
    NoSuchCall,
    /// A message could not be sent.
    Failed(Error),
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoTee => f.write_str("no TEE answers"),
            Self::Revision(major, minor) => write!(f, "the TEE speaks revision {major}.{minor} of the API"),
            Self::Capabilities(code) => write!(f, "capabilities are refused with {code:#x}"),
            Self::NoSharedMemory => f.write_str("no shared memory of a kind that both sides know"),
            Self::NoSuchCall => f.write_str("the TEE does not take messages that way"),
            Self::Failed(error) => write!(f, "{error}"),
        }
    }
}

impl core::error::Error for ConnectError {}

impl From<Error> for ConnectError {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl TeeInfo {
    /// Asks a TEE what it is.
    ///
    /// # Errors
    /// [`ConnectError`], when it is none or one of another revision.
    pub fn ask(smc: &impl Smc, uniprocessor: bool) -> Result<Self, ConnectError> {
        let ask = |call: FastCall, a1: u32| smc.call([call.into(), a1, 0, 0, 0, 0, 0, 0]);
        if ask(FastCall::CallsUid, 0) != API_UID {
            return Err(ConnectError::NoTee);
        }
        let [major, minor, ..] = ask(FastCall::CallsRevision, 0);
        if major != API_REVISION_MAJOR {
            return Err(ConnectError::Revision(major, minor));
        }
        let [os_major, os_minor, build, _] = ask(FastCall::GetOsRevision, 0);
        let nw_caps = if uniprocessor { NW_CAP_UNIPROCESSOR } else { 0 };
        let [code, caps, max_notification, rpc_params] = ask(FastCall::ExchangeCapabilities, nw_caps);
        if code != ReturnCode::Ok.raw() {
            return Err(ConnectError::Capabilities(code));
        }
        let [threads_code, threads, ..] = ask(FastCall::GetThreadCount, 0);
        let capabilities = Capabilities::from_bits_retain(caps);
        Ok(Self {
            api_revision: (major, minor),
            os_uuid: uuid_of(ask(FastCall::GetOsUuid, 0)),
            os_revision: (os_major, os_minor, build),
            capabilities,
            max_notification,
            rpc_params: rpc_params & 0xFF,
            threads: (threads_code == ReturnCode::Ok.raw() && threads != 0).then_some(threads),
            reserved_shm: reserved_shm(ask(FastCall::GetShmConfig, 0)).filter(|_| capabilities.contains(Capabilities::RESERVED_SHM)),
        })
    }
}

/// A UUID as SMCs give it: each word has four octets, most significant first.
fn uuid_of(words: [u32; 4]) -> Uuid {
    let mut octets = [0; 16];
    for (to, word) in octets.chunks_exact_mut(4).zip(words) {
        to.copy_from_slice(&word.to_be_bytes());
    }
    Uuid::from_octets(octets)
}

fn reserved_shm([code, base, size, settings]: [u32; 4]) -> Option<Range<u64>> {
    let (base, size) = (u64::from(base), u64::from(size));
    let ok = code == ReturnCode::Ok.raw() && settings == SHM_CACHED && size != 0;
    ok.then_some(base..base.saturating_add(size))
}

impl<S: Smc, O: Os, P: Supplicant> SmcTransport<S, O, P> {
    /// Makes a line to the TEE.
    ///
    /// # Errors
    /// [`ConnectError`].
    pub fn connect(smc: S, os: O, supplicant: P, options: Options) -> Result<Self, ConnectError> {
        let info = TeeInfo::ask(&smc, options.uniprocessor)?;
        let kind = memory_kind(&info, options.memory)?;
        let calling = calling(&info, kind, options.calling)?;
        let region = info.reserved_shm.clone().filter(|_| kind == MemoryKind::Reserved);
        let reserved = region.map(|range| Reserved::new(range.start, (range.end - range.start) as usize));
        let count = options.slots.or(info.threads.map(|threads| threads as usize)).unwrap_or(DEFAULT_SLOTS).clamp(1, slot::MAX);
        // Until its memory is registered a slot is sent by address.
        let by_address = if calling == Calling::WithRegdArg { Calling::WithRpcArg } else { calling };
        let mut line = Self {
            smc,
            os,
            supplicant,
            info,
            kind,
            calling: by_address,
            slots: Slots::new(),
            reserved,
            rpc_memory: Mutex::new(Vec::new()),
            last_cookie: Mutex::new(0),
        };
        line.empty_cache();
        line.make_slots(count, calling)?;
        line.calling = calling;
        Ok(line)
    }

    /// Frees what a client before this one left in the cache of RPC messages: here only its cookies, which are not ours.
    fn empty_cache(&self) {
        while self.smc.call([FastCall::DisableShmCache.into(), 0, 0, 0, 0, 0, 0, 0])[0] == ReturnCode::Ok.raw() {}
    }

    fn make_slots(&mut self, count: usize, calling: Calling) -> Result<(), ConnectError> {
        let mut ready = Slots::new();
        for _ in 0..count {
            let mut memory = self.allocate_unregistered(slot::SIZE).ok_or(Error::api(TeeError::OUT_OF_MEMORY))?;
            memory.truncate(LIST);
            let address = memory.address();
            // The one slot at hand while memory is registered is this one itself.
            self.slots = Slots::new();
            self.slots.push(Slot { call: by_address(self.calling, address), memory });
            self.announce_slot()?;
            let mut slot = self.slots.pop().ok_or(ConnectError::NoSharedMemory)?;
            if calling == Calling::WithRegdArg {
                let cookie = slot.memory.cookie.ok_or(ConnectError::NoSharedMemory)?;
                slot.call = [YieldingCall::WithRegdArg.into(), (cookie >> 32) as u32, cookie as u32, 0, 0, 0, 0, 0];
            }
            ready.push(slot);
        }
        self.slots = ready;
        Ok(())
    }
}

impl<S: Smc, O: Os, P: Supplicant> SmcTransport<S, O, P> {
    /// Takes the memory of the slots back from the TEE, each by a message that stands in it and is sent by address.
    pub(super) fn withdraw_slots(&mut self) {
        if self.calling == Calling::WithRegdArg {
            self.calling = Calling::WithRpcArg;
        }
        let mut slots = core::mem::replace(&mut self.slots, Slots::new());
        while let Some(mut slot) = slots.pop() {
            let cookie = slot.memory.cookie.take();
            slot.call = by_address(self.calling, slot.memory.address());
            self.slots.push(slot);
            let lost = cookie.is_some_and(|cookie| self.unregister(cookie).is_err());
            if let Some(slot) = self.slots.pop() {
                // Memory that the TEE does not let go of is lost rather than used again.
                if lost { core::mem::forget(slot) } else { self.free(slot.memory) }
            }
        }
    }
}

fn by_address(calling: Calling, address: u64) -> [u32; 8] {
    let id = match calling {
        Calling::WithArg => YieldingCall::WithArg,
        Calling::WithRpcArg | Calling::WithRegdArg => YieldingCall::WithRpcArg,
    };
    [id.into(), (address >> 32) as u32, address as u32, 0, 0, 0, 0, 0]
}

fn memory_kind(info: &TeeInfo, wish: Option<MemoryKind>) -> Result<MemoryKind, ConnectError> {
    let there = |kind: &MemoryKind| match kind {
        MemoryKind::Dynamic => info.capabilities.contains(Capabilities::DYNAMIC_SHM),
        MemoryKind::Reserved => info.reserved_shm.as_ref().is_some_and(|range| range.end - range.start >= PAGE_SIZE as u64),
    };
    match wish {
        Some(kind) => Some(kind).filter(there),
        None => [MemoryKind::Dynamic, MemoryKind::Reserved].into_iter().find(there),
    }
    .ok_or(ConnectError::NoSharedMemory)
}

fn calling(info: &TeeInfo, kind: MemoryKind, wish: Option<Calling>) -> Result<Calling, ConnectError> {
    let there = |calling: &Calling| match calling {
        Calling::WithArg => true,
        Calling::WithRpcArg => info.capabilities.contains(Capabilities::RPC_ARG),
        Calling::WithRegdArg => info.capabilities.contains(Capabilities::RPC_ARG) && kind == MemoryKind::Dynamic,
    };
    match wish {
        Some(calling) => Some(calling).filter(there),
        None => [Calling::WithRegdArg, Calling::WithRpcArg, Calling::WithArg].into_iter().find(there),
    }
    .ok_or(ConnectError::NoSuchCall)
}
