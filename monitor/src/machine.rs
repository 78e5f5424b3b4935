// SPDX-License-Identifier: BSD-2-Clause
//! The core's platform on a board with an Armv7-A CPU.

use crate::{heap, layout};
use alloc::sync::Arc;
use core::arch::asm;
use core::ops::Range;
use tee_arch::cp15;
use tee_arch::frames::{FramePool, SealedFrames, SecureFrames};
use tee_arch::lock::{IrqSpinLock, mask_interrupts, restore_interrupts};
use tee_arch::memory::NormalRam;
use tee_arch::space::Space;
use tee_arch::thread::{self, ThreadCell, ThreadMain};
use tee_core::journal::Journal;
use tee_core::limits::MAX_CPUS;
use tee_core::ports::{CpuIndex, EntropyKind, HardwareKey, MapEntry, Platform, Pool, PoolUsage, ThreadExit, ThreadId};
use utee_abi::result::TeeError;

/// What differs from board to board.
pub trait Board: Send + Sync + 'static {
    /// Name of the board.
    fn name(&self) -> &'static str;
    /// Number of CPUs.
    fn cpus(&self) -> usize;
    /// Devices and memory beside the kernel's own, for the banner.
    fn devices(&self) -> &[MapEntry];
    /// Normal-world RAM.
    fn normal_ram(&self) -> &[Range<u64>];
    /// Reserved shared memory, part of it.
    fn reserved_shm(&self) -> Range<u64>;
    /// Entry and first argument of the normal world.
    fn normal_entry(&self) -> (u64, u64);
    /// The boot archive, in memory that nobody can change.
    fn archive(&self) -> SealedFrames;
    /// Writes to the secure console, in one piece.
    fn console(&self, text: &[u8]);
    /// Where entropy comes from.
    fn entropy_kind(&self) -> EntropyKind;
    /// Fills `out`: whole samples of a generator as they come, or a stand-in's bytes. See [`Platform::entropy`].
    ///
    /// # Errors
    /// GENERIC when the source fails.
    fn entropy(&self, out: &mut [u8]) -> Result<(), TeeError>;
    /// The hardware-unique key, with what is behind it. See [`Platform::hardware_key`].
    ///
    /// # Errors
    /// What the block that keeps the key failed with.
    fn hardware_key(&self) -> Result<HardwareKey, TeeError>;
    /// Whether TAs are loaded at random addresses.
    fn randomise(&self) -> bool;
    /// Sets up the interrupt controller for this CPU.
    fn init_cpu(&self);
    /// Handles the pending secure interrupt of this CPU.
    fn secure_interrupt(&self);
    /// The interrupt that tells the normal world of notifications, if there is one.
    fn notification_interrupt(&self) -> Option<u32> {
        None
    }
    /// Makes it pending.
    fn raise_notification(&self) {}
    /// Switches the machine off.
    fn system_off(&self) -> !;
    /// Resets the machine.
    fn system_reset(&self) -> !;
}

const TIMER_ENABLE: u32 = 1;

/// A board as the core sees it.
pub struct Machine<B: Board> {
    board: B,
    archive: Arc<SealedFrames>,
    journal: Journal<IrqSpinLock>,
    pool: &'static FramePool,
    threads: [ThreadCell; layout::THREADS],
    main: ThreadMain,
    map: [MapEntry; 16],
    map_len: usize,
}

impl<B: Board> Machine<B> {
    /// The machine on a board; `main` is what secure threads execute.
    pub fn new(board: B, pool: &'static FramePool, main: ThreadMain) -> Self {
        let entry = |name, range: Range<usize>, rights| MapEntry { name, base: range.start as u64, len: range.len() as u64, rights };
        let own = [
            entry("text, secure", layout::text(), "r-x"),
            entry("rodata, secure", layout::rodata(), "r--"),
            entry("data, secure", layout::data(), "rw-"),
            entry("stacks with guard pages, secure", layout::data().end..layout::heap().start, "rw-"),
            entry("heap, secure", layout::heap(), "rw-"),
            entry("TA memory, secure", layout::ta_pool(), "rw-"),
        ];
        let mut map = [MapEntry { name: "", base: 0, len: 0, rights: "" }; 16];
        let mut map_len = 0;
        for (slot, entry) in map.iter_mut().zip(own.iter().chain(board.devices())) {
            *slot = *entry;
            map_len += 1;
        }
        let archive = Arc::new(board.archive());
        Self { board, archive, journal: Journal::new(), pool, threads: [const { ThreadCell::new() }; layout::THREADS], main, map, map_len }
    }

    /// The board.
    pub fn board(&self) -> &B {
        &self.board
    }

    fn ram(&self) -> NormalRam<'_> {
        // SAFETY: boot has mapped the board's normal-world RAM, non-secure, at its physical addresses.
        unsafe { NormalRam::new(self.board.normal_ram()) }
    }
}

impl<B: Board> Platform for Machine<B> {
    type Lock = IrqSpinLock;
    type Frames = SecureFrames;
    type Space = Space;

    fn board(&self) -> &'static str {
        self.board.name()
    }

    fn cpus(&self) -> usize {
        self.board.cpus().min(MAX_CPUS)
    }

    fn cpu_by_affinity(&self, mpidr: u32) -> Option<CpuIndex> {
        let index = (mpidr & 0xFF) as usize;
        (mpidr & 0x00FF_FFFF == index as u32 && index < self.cpus()).then_some(index)
    }

    fn threads(&self) -> usize {
        layout::THREADS
    }

    fn memory_map(&self) -> &[MapEntry] {
        &self.map[..self.map_len]
    }

    fn normal_ram(&self) -> &[Range<u64>] {
        self.board.normal_ram()
    }

    fn reserved_shm(&self) -> Range<u64> {
        self.board.reserved_shm()
    }

    fn normal_entry(&self) -> (u64, u64) {
        self.board.normal_entry()
    }

    fn boot_archive(&self) -> &Arc<SealedFrames> {
        &self.archive
    }

    fn normal_read(&self, pa: u64, out: &mut [u8]) -> bool {
        self.ram().read(pa, out)
    }

    fn normal_write(&self, pa: u64, data: &[u8]) -> bool {
        self.ram().write(pa, data)
    }

    fn frames(&self, pages: usize) -> Result<SecureFrames, TeeError> {
        self.pool.take(pages)
    }

    fn contiguous_frames(&self, pages: usize) -> Result<SecureFrames, TeeError> {
        self.pool.take_run(pages)
    }

    fn ta_ram(&self) -> (usize, usize) {
        self.pool.usage()
    }

    fn heap(&self) -> (usize, usize) {
        heap::usage()
    }

    fn pool(&self, pool: Pool, reset: bool) -> PoolUsage {
        match pool {
            Pool::Heap => heap::statistics(reset),
            Pool::TaRam => self.pool.statistics(reset),
        }
    }

    fn space(&self) -> Result<Space, TeeError> {
        Space::new()
    }

    fn thread_start(&self, thread: ThreadId, regs: [u32; 8]) -> ThreadExit {
        let stack = layout::thread_stack(thread.0 as usize);
        match self.threads.get(thread.0 as usize) {
            // SAFETY: the core calls this on the run loop, in Monitor mode, for a thread that it has just claimed.
            Some(cell) => unsafe { cell.start(thread.0, stack.end, self.main, regs) },
            None => ThreadExit::Done([0; 4]),
        }
    }

    fn thread_resume(&self, thread: ThreadId, regs: [u32; 8]) -> ThreadExit {
        match self.threads.get(thread.0 as usize) {
            // SAFETY: the core calls this on the run loop, in Monitor mode, for a thread that it knows to be suspended.
            Some(cell) => unsafe { cell.resume(regs) },
            None => ThreadExit::Done([0; 4]),
        }
    }

    fn suspend(&self, exit: ThreadExit) -> [u32; 8] {
        thread::leave(exit)
    }

    fn ticks(&self) -> u64 {
        cp15::cntpct()
    }

    fn tick_hz(&self) -> u64 {
        u64::from(cp15::cntfrq().max(1))
    }

    fn set_timer(&self, deadline: Option<u64>) {
        if let Some(tick) = deadline {
            cp15::set_cntp_cval(tick);
        }
        let control = if deadline.is_some() { TIMER_ENABLE } else { 0 };
        // SAFETY: in secure state this is the secure timer, whose interrupt this kernel handles.
        unsafe { cp15::set_cntp_ctl(control) };
    }

    fn secure_interrupt(&self) {
        self.board.secure_interrupt();
    }

    fn notification_interrupt(&self) -> Option<u32> {
        self.board.notification_interrupt()
    }

    fn raise_notification(&self) {
        self.board.raise_notification();
    }

    fn journal(&self) -> &Journal<IrqSpinLock> {
        &self.journal
    }

    fn console(&self, text: &[u8]) {
        self.board.console(text);
    }

    fn entropy_kind(&self) -> EntropyKind {
        self.board.entropy_kind()
    }

    fn entropy(&self, out: &mut [u8]) -> Result<(), TeeError> {
        self.board.entropy(out)
    }

    fn hardware_key(&self) -> Result<HardwareKey, TeeError> {
        self.board.hardware_key()
    }

    fn randomise(&self) -> bool {
        self.board.randomise()
    }

    fn wake_cpu(&self, _cpu: CpuIndex) {
        // SAFETY: an event that every CPU that waits sees; each then looks whether it was meant.
        unsafe { asm!("dsb", "sev", options(nostack, preserves_flags)) };
    }

    fn wait_for_event(&self) {
        // SAFETY: sleeps until an event.
        unsafe { asm!("wfe", options(nomem, nostack, preserves_flags)) };
    }

    fn wait_for_interrupt(&self) -> bool {
        let before = mask_interrupts();
        while cp15::isr() & (cp15::ISR_IRQ | cp15::ISR_FIQ) == 0 {
            cp15::wait_for_interrupt();
        }
        let normal = cp15::isr() & cp15::ISR_IRQ != 0;
        if !normal {
            self.secure_interrupt();
        }
        restore_interrupts(before);
        normal
    }

    fn cpu_off(&self) {
        self.set_timer(None);
    }

    fn system_off(&self) -> ! {
        self.board.system_off()
    }

    fn system_reset(&self) -> ! {
        self.board.system_reset()
    }
}
