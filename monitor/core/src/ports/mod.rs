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

mod board;
mod memory;
mod user;
mod world;

use crate::console::ports::ConsolePort;
use crate::crypto::engine::MaybeEngine;
pub use crate::crypto::huk::{HardwareKey, KeyState};
use crate::journal::Journal;
use alloc::sync::Arc;
pub use board::*;
use core::ops::Range;
pub use memory::*;
pub use ta_loader::plan::Machine;
pub use user::*;
use utee_abi::result::TeeError;
pub use world::*;

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

    /// Calls `f` with the name of each guard of the CPU against code that was taken over, as far as it was seen to hold, for the banner.
    fn guards(&self, _f: &mut dyn FnMut(&'static str)) {}

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

    /// The log of what was measured while the machine booted (TCG PC Client Platform Firmware Profile, section 10), as earlier boot
    /// stages left it; `None` where none of them measures.
    fn event_log(&self) -> Option<&'static [u8]> {
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
