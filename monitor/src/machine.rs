// SPDX-License-Identifier: BSD-2-Clause
//! The core's platform on a board.

use crate::timer::Timers;
use crate::{heap, layout};
use alloc::sync::Arc;
use core::ops::Range;
use tee_arch::cpu;
use tee_arch::frames::{FramePool, SealedFrames, SecureFrames};
use tee_arch::lock::{IrqSpinLock, mask_interrupts, restore_interrupts};
use tee_arch::memory::NormalRam;
use tee_arch::probe;
use tee_arch::space::Space;
use tee_arch::thread::{self, ThreadCell, ThreadMain};
use tee_core::console::ports::{AccessControl, ConsolePort, KeyEngine, LightError};
use tee_core::console::screen::Screen;
use tee_core::crypto::engine::MaybeEngine;
use tee_core::journal::Journal;
use tee_core::limits::MAX_CPUS;
use tee_core::ports::{
    CpuIndex, EntropyKind, HardwareKey, MapEntry, Platform, Pool, PoolUsage, RealTimeClock, Store, ThreadExit, ThreadId,
};
use utee_abi::light::Light;
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
    /// The clock that keeps the time of day, where there is one.
    fn clock(&self) -> Option<&dyn RealTimeClock> {
        None
    }
    /// Where private objects of TAs are kept. See [`Platform::storage`].
    fn storage(&self) -> Store {
        Store::NormalFiles
    }
    /// The log of what was measured while the machine booted, as earlier boot stages left it; `None` where none of them measures.
    fn event_log(&self) -> Option<&'static [u8]> {
        None
    }
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
    /// True when the secure console takes input.
    fn has_console(&self) -> bool {
        false
    }
    /// True from [`Board::secure_interrupt`] having seen input to the next [`Board::console_listen`].
    fn console_ready(&self) -> bool {
        false
    }
    /// Takes bytes that were typed; 0 when there are none.
    fn console_read(&self, _out: &mut [u8]) -> usize {
        0
    }
    /// Has [`Board::secure_interrupt`] called when there is input.
    fn console_listen(&self) {}
    /// Sends the interrupts of the console to `cpu`, and one at once.
    fn console_route(&self, _cpu: usize) {}
    /// Switches the light for demonstrations on or off, where there is one.
    fn light(&self, _on: bool) {}
    /// Switches a light on or off for the normal world.
    ///
    /// # Errors
    /// See [`LightError`].
    fn lend_light(&self, _light: Light, _on: bool) -> Result<(), LightError> {
        Err(LightError::Absent)
    }
    /// The block that derives keys, on a board of the kind that may have it.
    fn key_engine(&self) -> Option<&dyn KeyEngine> {
        None
    }
    /// The unit that says who may use what on the bus, where there is one.
    fn access_control(&self) -> Option<&dyn AccessControl> {
        None
    }
    /// Switches the machine off.
    fn system_off(&self) -> !;
    /// Resets the machine.
    fn system_reset(&self) -> !;
}

/// A board as the core sees it.
pub struct Machine<B: Board> {
    board: B,
    archive: Arc<SealedFrames>,
    journal: Journal<IrqSpinLock>,
    pool: &'static FramePool,
    screen: Screen<IrqSpinLock>,
    timers: Timers,
    /// Those that serve calls, and the console's.
    threads: [ThreadCell; layout::THREADS + 1],
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
            entry("zeroed data, secure", layout::bss(), "rw-"),
            entry("stacks with guard pages, secure", layout::bss().end..layout::heap().start, "rw-"),
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
        let threads = [const { ThreadCell::new() }; layout::THREADS + 1];
        let (journal, screen, timers) = (Journal::new(), Screen::new(), Timers::new());
        Self { board, archive, journal, screen, timers, pool, threads, main, map, map_len }
    }

    /// The board.
    pub fn board(&self) -> &B {
        &self.board
    }

    /// The stack of a thread, the console's among them.
    fn stack(thread: ThreadId) -> Range<usize> {
        let index = thread.0 as usize;
        if index == layout::THREADS { layout::console_stack() } else { layout::thread_stack(index) }
    }

    /// Whether all of it is RAM of either world, and no device.
    #[cfg(feature = "debug-console")]
    fn is_ram(&self, address: u64, len: usize) -> bool {
        let secure = layout::secure_ram();
        let secure = secure.start as u64..secure.end as u64;
        let end = address.checked_add(len as u64);
        let holds = |range: &Range<u64>| range.start <= address && end.is_some_and(|end| end <= range.end);
        holds(&secure) || self.board.normal_ram().iter().any(holds)
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

    fn engine(&self) -> MaybeEngine {
        tee_arch::aes::engine()
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

    fn guards(&self, f: &mut dyn FnMut(&'static str)) {
        tee_arch::guards::for_each(f);
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

    fn constant_memory(&self) -> [&[u8]; 2] {
        [layout::text(), layout::rodata()].map(|range| {
            // SAFETY: the kernel's own memory as the linker laid it out, mapped for reading alone and never written.
            unsafe { core::slice::from_raw_parts(range.start as *const u8, range.len()) }
        })
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
        match self.threads.get(thread.0 as usize) {
            // SAFETY: the core calls this on the run loop, for a thread that it has just claimed.
            Some(cell) => unsafe { cell.start(thread.0, Self::stack(thread).end, self.main, regs) },
            None => ThreadExit::Done([0; 4]),
        }
    }

    fn thread_resume(&self, thread: ThreadId, regs: [u32; 8]) -> ThreadExit {
        match self.threads.get(thread.0 as usize) {
            // SAFETY: the core calls this on the run loop, for a thread that it knows to be suspended.
            Some(cell) => unsafe { cell.resume(regs) },
            None => ThreadExit::Done([0; 4]),
        }
    }

    fn suspend(&self, exit: ThreadExit) -> [u32; 8] {
        thread::leave(exit)
    }

    fn ticks(&self) -> u64 {
        cpu::ticks()
    }

    fn tick_hz(&self) -> u64 {
        cpu::tick_hz()
    }

    fn set_timer(&self, deadline: Option<u64>) {
        self.timers.set_limit(deadline);
    }

    fn secure_interrupt(&self) {
        let before = self.board.console_ready();
        self.board.secure_interrupt();
        // Taken on a thread it is the timer that brings the console's turn: it comes again until the run loop sees it.
        self.timers.go_on(self.tick_hz() / 1000, !before && self.board.console_ready());
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

    fn storage(&self) -> Store {
        self.board.storage()
    }

    fn event_log(&self) -> Option<&'static [u8]> {
        self.board.event_log()
    }

    fn clock(&self) -> Option<&dyn RealTimeClock> {
        self.board.clock()
    }

    fn randomise(&self) -> bool {
        self.board.randomise()
    }

    fn wake_cpu(&self, _cpu: CpuIndex) {
        cpu::send_event();
    }

    fn wait_for_event(&self) {
        cpu::wait_for_event();
    }

    fn wait_for_interrupt(&self) -> bool {
        let before = mask_interrupts();
        let normal = cpu::wait_for_interrupt();
        if !normal {
            self.secure_interrupt();
        }
        restore_interrupts(before);
        normal
    }

    fn cpu_off(&self) {
        self.set_timer(None);
        self.set_tick(None);
    }

    fn system_off(&self) -> ! {
        self.board.system_off()
    }

    fn system_reset(&self) -> ! {
        self.board.system_reset()
    }
}

impl<B: Board> ConsolePort for Machine<B> {
    type ScreenLock = IrqSpinLock;

    fn screen(&self) -> &Screen<IrqSpinLock> {
        &self.screen
    }

    fn has_console(&self) -> bool {
        self.board.has_console()
    }

    fn console_ready(&self) -> bool {
        self.board.console_ready()
    }

    fn console_read(&self, out: &mut [u8]) -> usize {
        self.board.console_read(out)
    }

    fn console_listen(&self) {
        self.board.console_listen();
    }

    fn console_route(&self, cpu: CpuIndex) {
        self.board.console_route(cpu);
    }

    fn set_tick(&self, tick: Option<u64>) {
        self.timers.set_tick(tick);
    }

    fn return_addresses(&self, thread: ThreadId, found: &mut dyn FnMut(u64)) {
        if let Some(cell) = self.threads.get(thread.0 as usize) {
            // SAFETY: its own stack, and the kernel's code.
            unsafe { cell.return_addresses(Self::stack(thread), layout::text(), found) };
        }
    }

    #[cfg(feature = "debug-console")]
    fn memory_read(&self, address: u64, out: &mut [u8]) -> bool {
        let in_ram = self.is_ram(address, out.len());
        in_ram && out.iter_mut().zip(address..).all(|(byte, at)| probe::load(at as usize).map(|read| *byte = read).is_some())
    }

    #[cfg(feature = "debug-console")]
    fn memory_write(&self, address: u64, value: u32) -> bool {
        // SAFETY: whoever debugs this image has asked for it; products do not have it.
        self.is_ram(address, 4) && unsafe { probe::store(address as usize, value) }
    }

    fn debug_authentication(&self) -> Option<u32> {
        probe::debug_status()
    }

    fn light(&self, on: bool) {
        self.board.light(on);
    }

    fn lend_light(&self, light: Light, on: bool) -> Result<(), LightError> {
        self.board.lend_light(light, on)
    }

    fn key_engine(&self) -> Option<&dyn KeyEngine> {
        self.board.key_engine()
    }

    fn access_control(&self) -> Option<&dyn AccessControl> {
        self.board.access_control()
    }
}
