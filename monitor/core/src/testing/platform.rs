// SPDX-License-Identifier: BSD-2-Clause
//! The pretended machine.

use super::console::Console;
use super::image;
use super::script::Scripts;
use super::space::{FakeFrames, FakeSealed, FakeSpace, Pages};
use super::threads::{self, HostThreads};
use crate::Tee;
use crate::console::ports::{AccessControl, ConsolePort, KeyEngine, LightError};
use crate::console::screen::Screen;
use crate::crypto::engine::MaybeEngine;
use crate::journal::Journal;
use crate::ports::{
    CpuIndex, EntropyKind, HardwareKey, KeyState, MapEntry, PAGE_SIZE, Platform, Pool, PoolUsage, RealTimeClock, Store, ThreadExit,
    ThreadId,
};
use core::ops::{Range, RangeInclusive};
use std::boxed::Box;
use std::string::String;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, Weak};
use std::vec::Vec;
use utee_abi::light::Light;
use utee_abi::result::TeeError;
use utee_abi::uuid::Uuid;

/// Normal-world RAM.
pub const RAM: Range<u64> = 0x4000_0000..0x4080_0000;
/// Reserved shared memory in it.
pub const RESERVED: Range<u64> = 0x4070_0000..0x4080_0000;
/// An address of secure RAM, which nobody outside may reach.
pub const SECURE_PROBE: u64 = 0x0E00_0000;

/// Bytes of normal-world RAM.
#[derive(Clone)]
pub(super) struct Ram(Arc<Mutex<Vec<u8>>>);

impl Ram {
    fn range(pa: u64, len: usize) -> Option<Range<usize>> {
        let start = usize::try_from(pa.checked_sub(RAM.start)?).ok()?;
        let end = start.checked_add(len)?;
        (end as u64 <= RAM.end - RAM.start).then_some(start..end)
    }

    pub(super) fn read(&self, pa: u64, out: &mut [u8]) -> bool {
        let range = Self::range(pa, out.len());
        range.map(|range| out.copy_from_slice(&self.0.lock().unwrap()[range])).is_some()
    }

    pub(super) fn write(&self, pa: u64, data: &[u8]) -> bool {
        let range = Self::range(pa, data.len());
        range.map(|range| self.0.lock().unwrap()[range].copy_from_slice(data)).is_some()
    }
}

/// Fills a buffer with entropy.
pub type Entropy = dyn FnMut(&mut [u8]) -> Result<(), TeeError> + Send;

/// What a machine knows that nobody else does.
pub struct Secrets {
    /// What `entropy` is.
    pub entropy_kind: EntropyKind,
    /// Gives entropy.
    pub entropy: Box<Entropy>,
    /// The hardware-unique key.
    pub key: Result<HardwareKey, TeeError>,
    /// Whether the boot image is made for a product.
    pub product: bool,
    /// Where objects of TAs are kept.
    pub store: Store,
    /// What earlier boot stages measured.
    pub event_log: Option<&'static [u8]>,
}

impl Default for Secrets {
    fn default() -> Self {
        let entropy = |out: &mut [u8]| {
            out.fill(0x5A);
            Ok(())
        };
        Self {
            entropy_kind: EntropyKind::StandIn("a test"),
            entropy: Box::new(entropy),
            key: Ok(HardwareKey::new([7; 16], KeyState::StandIn("a test"))),
            product: false,
            store: Store::Memory,
            event_log: None,
        }
    }
}

/// A clock that stands still.
struct Calendar(AtomicU64);

impl RealTimeClock for Calendar {
    fn now(&self) -> Result<u64, TeeError> {
        Ok(self.0.load(Ordering::SeqCst))
    }

    fn set(&self, seconds: u64) -> Result<(), TeeError> {
        self.0.store(seconds, Ordering::SeqCst);
        Ok(())
    }

    fn range(&self) -> RangeInclusive<u64> {
        0..=u64::from(u32::MAX)
    }
}

/// A machine in a host process.
pub struct FakePlatform {
    ram: Ram,
    /// What the core read of the normal world, while that is noted.
    reads: Mutex<Option<Vec<Range<u64>>>>,
    archive: Arc<FakeSealed>,
    scripts: Scripts,
    threads: HostThreads,
    thread_count: usize,
    pages: usize,
    used: Arc<AtomicUsize>,
    clock: AtomicU64,
    timer: Mutex<Option<u64>>,
    console: Mutex<String>,
    operator: Console,
    journal: Journal<spin::Mutex<()>>,
    notifies: bool,
    notified: AtomicUsize,
    secrets: Mutex<Secrets>,
    calendar: OnceLock<Calendar>,
    tee: OnceLock<Weak<Tee<Self>>>,
}

impl FakePlatform {
    /// A TEE with these TAs; `threads` secure threads, 1024 pages for TAs.
    pub fn boot(tas: &[(Uuid, Vec<u8>)], threads: usize) -> Arc<Tee<Self>> {
        Self::boot_with(tas, threads, false)
    }

    /// The same with an interrupt for notifications.
    pub fn boot_notifying(tas: &[(Uuid, Vec<u8>)], threads: usize) -> Arc<Tee<Self>> {
        Self::boot_with(tas, threads, true)
    }

    /// The same as [`FakePlatform::boot`] with one thread on a machine with these secrets.
    ///
    /// # Errors
    /// As [`Tee::new`].
    pub fn boot_keeping(secrets: Secrets, tas: &[(Uuid, Vec<u8>)]) -> Result<Arc<Tee<Self>>, TeeError> {
        Self::try_boot(tas, 1, false, secrets)
    }

    /// The same with so many threads.
    ///
    /// # Errors
    /// As [`Tee::new`].
    pub fn boot_threads(secrets: Secrets, tas: &[(Uuid, Vec<u8>)], threads: usize) -> Result<Arc<Tee<Self>>, TeeError> {
        Self::try_boot(tas, threads, false, secrets)
    }

    fn boot_with(tas: &[(Uuid, Vec<u8>)], threads: usize, notifies: bool) -> Arc<Tee<Self>> {
        Self::try_boot(tas, threads, notifies, Secrets::default()).expect("the fake platform boots")
    }

    fn try_boot(tas: &[(Uuid, Vec<u8>)], threads: usize, notifies: bool, secrets: Secrets) -> Result<Arc<Tee<Self>>, TeeError> {
        let platform = Self {
            ram: Ram(Arc::new(Mutex::new(std::vec![0; (RAM.end - RAM.start) as usize]))),
            reads: Mutex::default(),
            archive: Arc::new(FakeSealed::fixed(image::archive(tas, secrets.product))),
            scripts: Scripts::default(),
            threads: HostThreads::new(threads + 1),
            thread_count: threads,
            pages: 1024,
            used: Arc::default(),
            clock: AtomicU64::new(1),
            timer: Mutex::new(None),
            console: Mutex::default(),
            operator: Console::default(),
            journal: Journal::new(),
            notifies,
            notified: AtomicUsize::new(0),
            secrets: Mutex::new(secrets),
            calendar: OnceLock::new(),
            tee: OnceLock::new(),
        };
        let tee = Arc::new(Tee::new(platform)?);
        let _ = tee.platform.tee.set(Arc::downgrade(&tee));
        Ok(tee)
    }

    /// What TAs do.
    pub fn scripts(&self) -> &Scripts {
        &self.scripts
    }

    /// Everything that was printed.
    pub fn printed(&self) -> String {
        self.console.lock().unwrap().clone()
    }

    /// Builds a clock into the machine that stands at this second; it can be set to the first 32 bits of seconds.
    pub fn add_clock(&self, seconds: u64) {
        let _ = self.calendar.set(Calendar(AtomicU64::new(seconds)));
    }

    /// What an operator has and does.
    pub fn operator(&self) -> &Console {
        &self.operator
    }

    /// Lets time pass.
    pub fn advance(&self, milliseconds: u64) {
        self.clock.fetch_add(milliseconds, Ordering::SeqCst);
    }

    /// Runs a part, and gives what the core read of the normal world in it, in its order.
    pub fn noting_reads(&self, part: impl FnOnce()) -> Vec<Range<u64>> {
        *self.reads.lock().unwrap() = Some(Vec::new());
        part();
        self.reads.lock().unwrap().take().unwrap_or_default()
    }

    /// Pages that TAs have.
    pub fn pages_used(&self) -> usize {
        self.used.load(Ordering::SeqCst)
    }

    /// The tick that the secure timer is set to.
    pub fn timer(&self) -> Option<u64> {
        *self.timer.lock().unwrap()
    }

    /// How often the notification interrupt was raised.
    pub fn notified(&self) -> usize {
        self.notified.load(Ordering::SeqCst)
    }

    /// Runs `main` on secure thread 0, as the core does a yielding call; until its end or its next request.
    pub(super) fn start(&self, main: impl FnOnce(&Tee<Self>) -> [u32; 4] + Send + 'static) -> ThreadExit {
        let tee = self.tee();
        self.threads.start(0, move || main(&tee))
    }

    fn tee(&self) -> Arc<Tee<Self>> {
        self.tee.get().and_then(Weak::upgrade).expect("the TEE outlives its threads")
    }
}

impl Platform for FakePlatform {
    type Lock = spin::Mutex<()>;
    type Frames = FakeFrames;
    type Space = FakeSpace;

    fn board(&self) -> &'static str {
        "host process"
    }

    fn engine(&self) -> MaybeEngine {
        Some(&super::PortableEngine)
    }

    fn cpus(&self) -> usize {
        2
    }

    fn cpu_by_affinity(&self, mpidr: u32) -> Option<CpuIndex> {
        (mpidr < 2).then_some(mpidr as usize)
    }

    fn threads(&self) -> usize {
        self.thread_count
    }

    fn memory_map(&self) -> &[MapEntry] {
        &[]
    }

    fn normal_ram(&self) -> &[Range<u64>] {
        const RANGES: [Range<u64>; 1] = [RAM];
        &RANGES
    }

    fn reserved_shm(&self) -> Range<u64> {
        RESERVED
    }

    fn normal_entry(&self) -> (u64, u64) {
        (RAM.start, 0)
    }

    fn boot_archive(&self) -> &Arc<FakeSealed> {
        &self.archive
    }

    fn constant_memory(&self) -> [&[u8]; 2] {
        [b"the code of the TEE", b"its constants"]
    }

    fn normal_read(&self, pa: u64, out: &mut [u8]) -> bool {
        if let Some(reads) = &mut *self.reads.lock().unwrap() {
            reads.push(pa..pa.saturating_add(out.len() as u64));
        }
        self.ram.read(pa, out)
    }

    fn normal_write(&self, pa: u64, data: &[u8]) -> bool {
        self.ram.write(pa, data)
    }

    fn frames(&self, pages: usize) -> Result<FakeFrames, TeeError> {
        if self.used.fetch_add(pages, Ordering::SeqCst) + pages > self.pages {
            self.used.fetch_sub(pages, Ordering::SeqCst);
            return Err(TeeError::OUT_OF_MEMORY);
        }
        Ok(FakeFrames { bytes: Arc::new(Mutex::new(std::vec![0; pages * PAGE_SIZE])), used: Arc::clone(&self.used) })
    }

    fn contiguous_frames(&self, pages: usize) -> Result<FakeFrames, TeeError> {
        self.frames(pages)
    }

    fn ta_ram(&self) -> (usize, usize) {
        ((self.pages - self.pages_used()) * PAGE_SIZE, self.pages * PAGE_SIZE)
    }

    fn heap(&self) -> (usize, usize) {
        (1 << 20, 1 << 20)
    }

    fn pool(&self, pool: Pool, _reset: bool) -> PoolUsage {
        let (free, size) = if pool == Pool::Heap { self.heap() } else { self.ta_ram() };
        PoolUsage { size, used: size - free, peak: size - free, ..PoolUsage::default() }
    }

    fn space(&self) -> Result<FakeSpace, TeeError> {
        Ok(FakeSpace { pages: Pages::default(), ram: self.ram.clone(), scripts: self.scripts.clone(), running: None })
    }

    fn thread_start(&self, thread: ThreadId, regs: [u32; 8]) -> ThreadExit {
        let tee = self.tee();
        self.threads.start(thread.0 as usize, move || tee.thread_main(thread, &regs))
    }

    fn thread_resume(&self, thread: ThreadId, regs: [u32; 8]) -> ThreadExit {
        self.threads.resume(thread.0 as usize, regs)
    }

    fn suspend(&self, exit: ThreadExit) -> [u32; 8] {
        threads::suspend(exit)
    }

    fn ticks(&self) -> u64 {
        self.clock.load(Ordering::SeqCst)
    }

    fn tick_hz(&self) -> u64 {
        1000
    }

    fn set_timer(&self, deadline: Option<u64>) {
        *self.timer.lock().unwrap() = deadline;
    }

    fn secure_interrupt(&self) {
        self.set_timer(None);
    }

    fn notification_interrupt(&self) -> Option<u32> {
        self.notifies.then_some(100)
    }

    fn raise_notification(&self) {
        self.notified.fetch_add(1, Ordering::SeqCst);
    }

    fn journal(&self) -> &Journal<Self::Lock> {
        &self.journal
    }

    fn console(&self, text: &[u8]) {
        self.console.lock().unwrap().push_str(&String::from_utf8_lossy(text));
    }

    fn entropy_kind(&self) -> EntropyKind {
        self.secrets.lock().unwrap().entropy_kind
    }

    fn entropy(&self, out: &mut [u8]) -> Result<(), TeeError> {
        (self.secrets.lock().unwrap().entropy)(out)
    }

    fn clock(&self) -> Option<&dyn RealTimeClock> {
        self.calendar.get().map(|clock| clock as &dyn RealTimeClock)
    }

    fn hardware_key(&self) -> Result<HardwareKey, TeeError> {
        self.secrets.lock().unwrap().key.clone()
    }

    fn storage(&self) -> Store {
        self.secrets.lock().unwrap().store
    }

    fn event_log(&self) -> Option<&'static [u8]> {
        self.secrets.lock().unwrap().event_log
    }

    fn wake_cpu(&self, _cpu: CpuIndex) {}

    fn wait_for_event(&self) {}

    fn wait_for_interrupt(&self) -> bool {
        // The next tick of the normal world's timer.
        self.advance(1);
        true
    }

    fn cpu_off(&self) {}

    fn system_off(&self) -> ! {
        panic!("the machine was switched off")
    }

    fn system_reset(&self) -> ! {
        self.operator.reset()
    }
}

impl ConsolePort for FakePlatform {
    type ScreenLock = spin::Mutex<()>;

    fn screen(&self) -> &Screen<Self::ScreenLock> {
        &self.operator.screen
    }

    fn has_console(&self) -> bool {
        true
    }

    fn console_ready(&self) -> bool {
        self.operator.ready()
    }

    fn console_read(&self, out: &mut [u8]) -> usize {
        self.operator.read(out)
    }

    fn console_listen(&self) {
        self.operator.listen();
    }

    fn console_route(&self, cpu: CpuIndex) {
        self.operator.route(cpu);
    }

    fn set_tick(&self, tick: Option<u64>) {
        self.operator.set_tick(tick);
    }

    fn return_addresses(&self, thread: ThreadId, found: &mut dyn FnMut(u64)) {
        found(SECURE_PROBE + 0x100 * u64::from(thread.0) + 4);
        found(SECURE_PROBE + 0x100 * u64::from(thread.0) + 8);
    }

    #[cfg(feature = "debug-console")]
    fn memory_read(&self, address: u64, out: &mut [u8]) -> bool {
        self.ram.read(address, out)
    }

    #[cfg(feature = "debug-console")]
    fn memory_write(&self, address: u64, value: u32) -> bool {
        self.ram.write(address, &value.to_le_bytes())
    }

    fn debug_authentication(&self) -> Option<u32> {
        Some(0xAF)
    }

    fn lend_light(&self, light: Light, on: bool) -> Result<(), LightError> {
        self.operator.lend_light(light, on)
    }

    fn key_engine(&self) -> Option<&dyn KeyEngine> {
        self.operator.key_engine()
    }

    fn access_control(&self) -> Option<&dyn AccessControl> {
        self.operator.access_control()
    }
}
