// SPDX-License-Identifier: BSD-2-Clause
//! The ports: what the core asks of the CPU and of the board.
//!
//! Core declares them, `tee-arch` and the boards implement them, and host tests pass in a fake.
//! Everything here is safe to call; an implementation owns whatever unsafe it needs.
//!
//! * [`Platform`] - the machine: memory, threads, clock, console, entropy, power.
//! * [`Frames`] - secure page frames that belong to someone; [`Sealed`] - ones that nobody writes any more.
//! * [`AddressSpace`] - one TA's view of memory, and the way into user mode.
//! * [`UserContext`] - the user registers of one entry into a TA.
//! * [`NormalWorld`] - the way into the normal world and back.
//! * [`ConsolePort`] - what the console of the trusted OS asks for.

use crate::console::ports::ConsolePort;
use crate::crypto::engine::MaybeEngine;
pub use crate::crypto::huk::{HardwareKey, KeyState};
use crate::journal::Journal;
use alloc::sync::Arc;
use core::ops::{Range, RangeInclusive};
pub use ta_loader::plan::Machine;
use utee_abi::access::CacheOperation;
use utee_abi::regs::RawSyscall;
use utee_abi::result::TeeError;
use utee_abi::uaddr::UserSlice;

/// Size in bytes of a page in every interface of the core.
pub const PAGE_SIZE: usize = 4096;

/// Index of a CPU, from 0 to the board's number of CPUs less one.
pub type CpuIndex = usize;

/// Index of a secure thread, the value that the normal world hands back to resume it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThreadId(pub u32);

/// Access that a mapping gives to user mode. There is no writable and executable one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prot {
    /// Read only, never executable.
    Read,
    /// Read and write, never executable.
    ReadWrite,
    /// Read and execute, never writable.
    ReadExecute,
}

/// Why a secure thread gave the CPU back to the run loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThreadExit {
    /// The call is complete; these are a0..a3 for the normal world. The thread is free again.
    Done([u32; 4]),
    /// The thread waits for the normal world; these are a0..a2 of the RPC, and its command where it has one.
    Rpc([u32; 4]),
    /// A normal-world interrupt is pending; the thread resumes whatever registers come back.
    ForeignInterrupt,
    /// The thread waits inside the secure world, at most until this tick; calls of the normal world do not.
    Wait(Option<u64>),
}

/// What the processor says about a user-mode abort.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Abort {
    /// Kind of exception.
    pub kind: AbortKind,
    /// Faulting address (DFAR, IFAR or FAR_EL1); the program counter for an undefined instruction.
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

/// Why the normal world gave the CPU back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NormalExit {
    /// It executed `smc` with these a0..a7.
    Smc([u32; 8]),
    /// A secure interrupt came while it ran.
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

    /// The registers of the system call that was just made.
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

/// Secure memory whose content never changes again: a verified image, or the boot archive.
pub trait Sealed: Send + Sync + 'static {
    /// The content.
    fn bytes(&self) -> &[u8];
}

/// Secure page frames, zeroed when they were given out, wiped when they are dropped.
pub trait Frames: Sized + Send + Sync + 'static {
    /// The same frames once nobody may write them any more.
    type Sealed: Sealed;

    /// Number of pages.
    fn pages(&self) -> usize;

    /// Copies `out.len()` bytes from byte `offset` on; false when that passes the end.
    #[must_use]
    fn read(&self, offset: usize, out: &mut [u8]) -> bool;

    /// Copies `data` to byte `offset` on; false when that passes the end.
    #[must_use]
    fn write(&self, offset: usize, data: &[u8]) -> bool;

    /// The content of frames that nobody else has and that are mapped nowhere; `None` when they are not in one run.
    fn bytes_mut(&mut self) -> Option<&mut [u8]>;

    /// Ends writing to frames that nobody else has and that are mapped nowhere.
    ///
    /// # Errors
    /// OUT_OF_MEMORY when they are not in one run.
    fn seal(self) -> Result<Self::Sealed, TeeError>;
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

/// The way into the normal world, one for each CPU.
pub trait NormalWorld {
    /// Sets where this CPU's normal world starts: physical entry address and its first arguments.
    fn start(&mut self, entry: u64, args: [u64; 3]);

    /// Runs the normal world until it comes back.
    fn enter(&mut self) -> NormalExit;

    /// Calls `f` with the name and value of each register that the normal world came back with.
    fn for_each_register(&self, _f: &mut dyn FnMut(&'static str, u64)) {}

    /// Sets a0..a3 that the normal world finds when it is entered again; its other registers stay.
    fn set_result(&mut self, result: [u32; 4]);
}

/// Where a range of memory lies and what the TEE may do there, for the boot banner.
#[derive(Clone, Copy, Debug)]
pub struct MapEntry {
    /// What it is, such as `text` or `secure uart`.
    pub name: &'static str,
    /// First physical address.
    pub base: u64,
    /// Length in bytes.
    pub len: u64,
    /// Rights of the TEE kernel, such as `r-x` or `rw-`, and the world, such as `secure`.
    pub rights: &'static str,
}

/// A hardware random number generator, and what its board says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Noise {
    name: &'static str,
    width: usize,
    millibits: u32,
}

impl Noise {
    /// A generator of samples of `width` bytes (1, 2, 4 or 8), each of which is assumed to hold at least `millibits` thousandths
    /// of a bit of min-entropy (NIST SP 800-90B): from 125 up to all its bits. `None` for anything else.
    pub const fn new(name: &'static str, width: usize, millibits: u32) -> Option<Self> {
        let whole = matches!(width, 1 | 2 | 4 | 8);
        if whole && millibits >= 125 && millibits as usize <= 8000 * width { Some(Self { name, width, millibits }) } else { None }
    }

    /// What it is called.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Bytes of a sample.
    pub const fn width(&self) -> usize {
        self.width
    }

    /// Thousandths of a bit of min-entropy that a sample is assumed to hold.
    pub const fn millibits(&self) -> u32 {
        self.millibits
    }
}

/// Where random numbers come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntropyKind {
    /// A hardware random number generator, whose samples the core tests ([`crate::crypto::health`]) and condenses.
    Hardware(Noise),
    /// A stand-in that says what it is; fine for emulation, not for secrets that matter.
    StandIn(&'static str),
}

/// A clock of the board that keeps the time of day.
pub trait RealTimeClock {
    /// Seconds since the start of 1970.
    ///
    /// # Errors
    /// What the clock fails with.
    fn now(&self) -> Result<u64, TeeError>;

    /// Sets it to this second.
    ///
    /// # Errors
    /// What the clock fails with.
    fn set(&self, seconds: u64) -> Result<(), TeeError>;

    /// Seconds that it can be set to.
    fn range(&self) -> RangeInclusive<u64>;
}

/// Where the private objects of TAs are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Store {
    /// In secure memory, until the next reset.
    Memory,
    /// In files of the normal world, which nothing protects: refused in images that are made for a product.
    NormalFiles,
}

/// Sealed memory of a platform.
pub type SealedOf<P> = <<P as Platform>::Frames as Frames>::Sealed;

/// A pool of memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pool {
    /// The kernel heap.
    Heap,
    /// The secure RAM of TAs.
    TaRam,
}

/// What a pool was asked for, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PoolUsage {
    /// All there is.
    pub size: usize,
    /// What is given out.
    pub used: usize,
    /// The most there was.
    pub peak: usize,
    /// Requests that it could not meet.
    pub failures: usize,
    /// The largest of them.
    pub largest_failure: usize,
    /// What was given out when that one failed.
    pub used_at_failure: usize,
}

impl PoolUsage {
    /// Notes a request of `bytes` that was met.
    pub fn take(&mut self, bytes: usize) {
        self.used = self.used.saturating_add(bytes);
        self.peak = self.peak.max(self.used);
    }

    /// Notes that `bytes` came back.
    pub fn give(&mut self, bytes: usize) {
        self.used = self.used.saturating_sub(bytes);
    }

    /// Notes a request of `bytes` that was not met.
    pub fn fail(&mut self, bytes: usize) {
        self.failures = self.failures.saturating_add(1);
        if bytes >= self.largest_failure {
            (self.largest_failure, self.used_at_failure) = (bytes, self.used);
        }
    }

    /// Forgets all but what is given out now; what there was to forget.
    pub fn reset(&mut self) -> Self {
        let now = Self { size: self.size, used: self.used, peak: self.used, ..Self::default() };
        core::mem::replace(self, now)
    }
}

/// The machine that the core runs on.
pub trait Platform: ConsolePort + Send + Sync + Sized + 'static {
    /// A spin lock that masks interrupts of this CPU while it is held.
    type Lock: lock_api::RawMutex + Send + Sync;
    /// Secure page frames.
    type Frames: Frames;
    /// A TA's address space.
    type Space: AddressSpace<Frames = Self::Frames>;

    /// Name of the board, as users know it.
    fn board(&self) -> &'static str;

    /// Number of CPUs.
    fn cpus(&self) -> usize;

    /// The index of the CPU with this affinity (MPIDR without its flag bits), if there is one.
    fn cpu_by_affinity(&self, mpidr: u32) -> Option<CpuIndex>;

    /// Number of secure threads with a stack of their own.
    fn threads(&self) -> usize;

    /// The memory map, for the banner.
    fn memory_map(&self) -> &[MapEntry];

    /// Physical ranges of normal-world RAM, reserved shared memory included.
    fn normal_ram(&self) -> &[Range<u64>];

    /// The part of normal-world RAM that is reserved for shared memory; empty when there is none.
    fn reserved_shm(&self) -> Range<u64>;

    /// Where the boot CPU's normal world starts: entry address and that of the device tree.
    fn normal_entry(&self) -> (u64, u64);

    /// The boot archive (TAs and root keys), in memory that only the secure world can change.
    fn boot_archive(&self) -> &Arc<SealedOf<Self>>;

    /// The code and the constants of the TEE itself, in memory that does not change.
    fn constant_memory(&self) -> [&[u8]; 2];

    /// Copies from normal-world RAM; false when the range is not wholly in [`Platform::normal_ram`].
    #[must_use]
    fn normal_read(&self, pa: u64, out: &mut [u8]) -> bool;

    /// Copies to normal-world RAM; false when the range is not wholly in [`Platform::normal_ram`].
    #[must_use]
    fn normal_write(&self, pa: u64, data: &[u8]) -> bool;

    /// Gives out zeroed secure frames.
    ///
    /// # Errors
    /// OUT_OF_MEMORY.
    fn frames(&self, pages: usize) -> Result<Self::Frames, TeeError>;

    /// Gives out zeroed secure frames in one run.
    ///
    /// # Errors
    /// OUT_OF_MEMORY when there is no such run.
    fn contiguous_frames(&self, pages: usize) -> Result<Self::Frames, TeeError>;

    /// Bytes of secure RAM for TAs: free and total.
    fn ta_ram(&self) -> (usize, usize);

    /// Bytes of the kernel heap: free and total.
    fn heap(&self) -> (usize, usize);

    /// What was asked of a pool since the machine started, or since it was asked with `reset` before.
    fn pool(&self, pool: Pool, reset: bool) -> PoolUsage;

    /// Makes an empty address space.
    ///
    /// # Errors
    /// OUT_OF_MEMORY.
    fn space(&self) -> Result<Self::Space, TeeError>;

    /// Runs a free thread: it executes [`crate::Tee::thread_main`] with `regs` (a0..a7 of the call) on its own stack.
    fn thread_start(&self, thread: ThreadId, regs: [u32; 8]) -> ThreadExit;

    /// Resumes a thread where it suspended; `regs` (a0..a7) are what [`Platform::suspend`] gives back,
    /// and are not looked at by a thread that a foreign interrupt stopped.
    fn thread_resume(&self, thread: ThreadId, regs: [u32; 8]) -> ThreadExit;

    /// Called on a secure thread: leaves to the run loop with `exit` and returns a0..a7 of the resuming call.
    fn suspend(&self, exit: ThreadExit) -> [u32; 8];

    /// What the CPU does faster than portable code, if it does.
    fn engine(&self) -> MaybeEngine {
        None
    }

    /// Monotonic counter.
    fn ticks(&self) -> u64;

    /// Frequency of [`Platform::ticks`] in hertz, never 0.
    fn tick_hz(&self) -> u64;

    /// Asks this CPU for a secure interrupt at the given tick; `None` cancels it.
    fn set_timer(&self, deadline: Option<u64>);

    /// Handles the pending secure interrupt of this CPU.
    fn secure_interrupt(&self);

    /// The interrupt of the normal world (its id in the interrupt controller) that tells it of notifications;
    /// `None` when the board has none.
    fn notification_interrupt(&self) -> Option<u32> {
        None
    }

    /// Makes [`Platform::notification_interrupt`] pending. Called under locks of the core.
    fn raise_notification(&self) {}

    /// Where log lines are kept for the normal world.
    fn journal(&self) -> &Journal<Self::Lock>;

    /// Writes bytes to the secure console in one piece.
    fn console(&self, text: &[u8]);

    /// What [`Platform::entropy`] draws from.
    fn entropy_kind(&self) -> EntropyKind;

    /// Fills `out`, whole samples of the source as they come.
    ///
    /// # Errors
    /// GENERIC when the source says that it failed, or gives nothing. A generator is not asked again then until reset.
    fn entropy(&self, out: &mut [u8]) -> Result<(), TeeError>;

    /// The hardware-unique key, with what is behind it. [`crate::crypto::huk::hardware`] decides whether it may be used.
    ///
    /// # Errors
    /// What the block that keeps the key failed with; there is never a key that anybody knows in its place.
    fn hardware_key(&self) -> Result<HardwareKey, TeeError>;

    /// The clock that keeps the time of day, where the board has one that the TEE is to serve.
    fn clock(&self) -> Option<&dyn RealTimeClock> {
        None
    }

    /// Where private objects of TAs are kept.
    fn storage(&self) -> Store {
        Store::NormalFiles
    }

    /// True when TAs are to be loaded at random addresses; false only while somebody debugs.
    fn randomise(&self) -> bool {
        true
    }

    /// Wakes a CPU that waits in [`crate::Tee::run_cpu`] to be switched on.
    fn wake_cpu(&self, cpu: CpuIndex);

    /// Sleeps until [`Platform::wake_cpu`] or any other event; may return early.
    fn wait_for_event(&self);

    /// Sleeps until an interrupt is pending on this CPU. True for one of the normal world; a secure one is handled.
    ///
    /// Called on the run loop, and on secure threads.
    fn wait_for_interrupt(&self) -> bool;

    /// Puts this CPU's secure state to rest before it is switched off.
    fn cpu_off(&self);

    /// Switches the machine off.
    fn system_off(&self) -> !;

    /// Resets the machine.
    fn system_reset(&self) -> !;
}
