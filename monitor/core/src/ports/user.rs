// SPDX-License-Identifier: BSD-2-Clause
//! The ports towards user mode: the registers of a TA and its view of memory.

use super::memory::{Frames, Prot};
use core::ops::Range;
use ta_loader::plan::Machine;
use utee_abi::access::CacheOperation;
use utee_abi::regs::{A32_REGISTER_ARGS, RawSyscall};
use utee_abi::result::TeeError;
use utee_abi::uaddr::UserSlice;

/// What the processor says about a user-mode abort.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Abort {
    /// Kind of exception.
    pub kind: AbortKind,
    /// Faulting address (DFAR, IFAR or FAR_EL1); the program counter for what is not about an address.
    pub address: u64,
    /// Fault status register as the CPU gave it (DFSR, IFSR or ESR_EL1).
    pub status: u32,
}

/// Kind of a user-mode abort.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AbortKind {
    /// Data abort on a read.
    Read,
    /// Data abort on a write.
    Write,
    /// Prefetch abort: execution where it is not allowed.
    Execute,
    /// Undefined instruction.
    Undefined,
    /// An indirect branch to what is no landing pad.
    Branch,
    /// A signed pointer whose signature is wrong.
    Pointer,
}

/// Why user mode came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserReturn {
    /// `svc`: a system call; its registers stand in the context.
    Syscall,
    /// The TA faulted.
    Abort(Abort),
    /// A normal-world interrupt is pending.
    ForeignInterrupt,
    /// A secure interrupt is pending; [`Platform::secure_interrupt`] handles it.
    SecureInterrupt,
}

/// The user registers of one entry into a TA.
pub trait UserContext: Send + 'static {
    /// A context with every register zero.
    fn new() -> Self;

    /// Sets the next entry: instruction set, program counter (Thumb bit as in ELF), stack pointer and the first four
    /// arguments; every other general register and the floating-point state are zero, the thread pointer stays.
    fn start(&mut self, machine: Machine, entry: u64, stack: u64, args: [u64; 4]);

    /// The entry is over: floating-point state is forgotten, and no CPU holds any of it.
    fn stop(&mut self);

    /// Number and first arguments of the system call that was just made, which are all that most have.
    fn short_syscall(&self) -> (u32, [u64; A32_REGISTER_ARGS]);

    /// All registers of that system call.
    fn syscall(&self) -> RawSyscall;

    /// Sets the result register of the system call.
    fn set_result(&mut self, result: u32);

    /// Program counter, stack pointer, link register and frame pointer.
    fn position(&self) -> Position;

    /// Calls `f` with the name and value of each register, for crash dumps.
    fn for_each_register(&self, f: &mut dyn FnMut(&'static str, u64));
}

/// Where user mode stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Program counter.
    pub pc: u64,
    /// Stack pointer.
    pub sp: u64,
    /// Link register.
    pub lr: u64,
    /// Frame pointer (r11 or r7 by instruction set, x29).
    pub fp: u64,
}

/// Bytes of the keys of a TA's pointers at most.
pub const MAX_KEYS: usize = 80;

/// One TA's view of memory. Dropping it unmaps everything; frames belong to whoever holds them.
pub trait AddressSpace: Send + 'static {
    /// The frames that it maps.
    type Frames: Frames;
    /// The registers it runs on.
    type Context: UserContext;

    /// Instruction sets that its TAs may have.
    const MACHINES: &'static [Machine];
    /// User addresses for secure frames.
    const SECURE: Range<u64>;
    /// User addresses for normal-world memory; some tables cannot mix the two worlds in one place.
    const NORMAL: Range<u64>;

    /// Random bytes that [`AddressSpace::set_keys`] wants, [`MAX_KEYS`] at most; 0 on a CPU without keys.
    fn key_bytes() -> usize {
        0
    }

    /// Keys that the CPU authenticates the TA's pointers with, of no use to anybody else.
    fn set_keys(&mut self, _random: &[u8]) {}

    /// Maps `pages` pages of `frames` from page `first` at `va` (page aligned, free, inside [`Self::SECURE`]).
    ///
    /// A mapping that is executable sees what was written to the frames before.
    ///
    /// # Errors
    /// OUT_OF_MEMORY when there is no memory for tables; nothing is mapped then.
    fn map(&mut self, va: u64, frames: &Self::Frames, first: usize, pages: usize, prot: Prot) -> Result<(), TeeError>;

    /// Maps `pages` pages of sealed memory from page `first` at `va`, for reading or for execution.
    ///
    /// # Errors
    /// As [`AddressSpace::map`]; BAD_PARAMETERS when write access is asked for or the memory does not begin and end with a page.
    fn map_sealed(
        &mut self,
        va: u64,
        sealed: &<Self::Frames as Frames>::Sealed,
        first: usize,
        pages: usize,
        prot: Prot,
    ) -> Result<(), TeeError>;

    /// Maps normal-world pages (physical page addresses, checked by the core) inside [`Self::NORMAL`] as non-secure,
    /// never executable memory.
    ///
    /// # Errors
    /// As [`AddressSpace::map`].
    fn map_normal(&mut self, va: u64, pages: &[u64], prot: Prot) -> Result<(), TeeError>;

    /// Unmaps pages; what is not mapped is passed over.
    fn unmap(&mut self, va: u64, pages: usize);

    /// Cleans or invalidates the data cache for mapped user memory, to the point of coherency.
    fn cache(&mut self, slice: UserSlice, operation: CacheOperation);

    /// Runs user mode from `context` on until it comes back, and says why.
    ///
    /// Privileged fields of the context are forced to user mode here, whatever the core wrote.
    fn enter(&mut self, context: &mut Self::Context) -> UserReturn;
}
