// SPDX-License-Identifier: BSD-2-Clause
//! What the kernel needs to know of QEMU `virt` on AArch64.

use crate::archive::Place;
use crate::event_log;
use core::ops::Range;
use core::sync::atomic::{AtomicBool, Ordering};
use drivers::device_tree::DeviceTree;
use drivers::device_tree::announce::{Tee, with_tee};
use drivers::fw_cfg::FwCfg;
use drivers::gicv3::{GicV3, cpu_interface};
use drivers::pl011::Pl011;
use drivers::pl061::Pl061;
use monitor::Board;
use monitor::boot::Mapping;
use qemu_virt::clock::Clock;
use qemu_virt::map;
use sha2::{Digest, Sha256};
use spin::Once;
use tee_arch::cache::{self, Maintenance};
use tee_arch::cpu;
use tee_arch::descriptor::Kernel;
use tee_arch::frames::SealedFrames;
use tee_arch::lock::{mask_interrupts, restore_interrupts};
use tee_core::limits::MAX_CPUS;
use tee_core::ports::{EntropyKind, HardwareKey, KeyState, MapEntry, RealTimeClock};
use utee_abi::result::TeeError;

/// Bytes of the device tree that are hashed for entropy: its structure block, cut here.
const TREE_HASHED: usize = 12 << 10;

/// Bytes of RAM when no device tree says how much there is.
const RAM_UNKNOWN: u64 = 128 << 20;

/// The board.
pub(crate) struct Virt {
    cpus: usize,
    ram: Range<u64>,
    seed: [u8; 32],
    randomise: bool,
    /// The boot archive; `None` for a board that can only print.
    archive: Option<Place>,
}

/// Input came that the console has not looked for yet.
static TYPED: AtomicBool = AtomicBool::new(false);

static RAM: Once<[Range<u64>; 1]> = Once::new();

const fn device(name: &'static str, base: u64) -> MapEntry {
    MapEntry { name, base, len: map::DEVICE_SIZE, rights: "rw-" }
}

/// Bytes of the redistributors of all CPUs.
const REDISTRIBUTORS: u64 = MAX_CPUS as u64 * map::GIC_REDISTRIBUTOR_SIZE;

const DEVICES: [MapEntry; 8] = [
    MapEntry { name: "boot flash, secure", base: map::FLASH, len: map::FLASH_SIZE, rights: "r--" },
    MapEntry { name: "interrupt distributor", base: map::GIC_DISTRIBUTOR, len: map::GIC_DISTRIBUTOR_SIZE, rights: "rw-" },
    MapEntry { name: "interrupt redistributors", base: map::GIC_REDISTRIBUTOR, len: REDISTRIBUTORS, rights: "rw-" },
    device("firmware configuration", map::FW_CFG),
    device("clock", map::CLOCK),
    device("UART, secure", map::UART_SECURE),
    device("GPIO, secure", map::GPIO_SECURE),
    MapEntry { name: "RAM, normal world", base: map::RAM, len: map::RAM_MAX, rights: "rw-" },
];

fn uart() -> Pl011 {
    // SAFETY: the secure UART, mapped as device memory at its address by `mappings`.
    unsafe { Pl011::new(map::UART_SECURE as usize) }
}

fn gic() -> GicV3 {
    // SAFETY: the interrupt controller, mapped likewise.
    unsafe { GicV3::new(map::GIC_DISTRIBUTOR as usize, map::GIC_REDISTRIBUTOR as usize) }
}

fn gpio() -> Pl061 {
    // SAFETY: the secure GPIO block, mapped likewise.
    unsafe { Pl061::new(map::GPIO_SECURE as usize) }
}

impl Virt {
    /// What the kernel maps beside its own RAM.
    pub(crate) fn mappings() -> [Mapping; 8] {
        let device = |base: u64, size: u64| Mapping { va: base, pa: base..base + size, kind: Kernel::Device };
        let flash = map::FLASH..map::FLASH + map::FLASH_SIZE;
        [
            Mapping { va: map::FLASH_VIRTUAL_A64, pa: flash, kind: Kernel::Rodata },
            device(map::GIC_DISTRIBUTOR, map::GIC_DISTRIBUTOR_SIZE),
            device(map::GIC_REDISTRIBUTOR, REDISTRIBUTORS),
            device(map::FW_CFG, map::DEVICE_SIZE),
            device(map::CLOCK, map::DEVICE_SIZE),
            device(map::UART_SECURE, map::DEVICE_SIZE),
            device(map::GPIO_SECURE, map::DEVICE_SIZE),
            Mapping { va: map::RAM, pa: map::RAM..map::RAM + map::RAM_MAX, kind: Kernel::NormalWorld },
        ]
    }

    /// Finds out what the emulator was started with; `tree` is the address of the device tree that EL3 gave, or 0.
    pub(crate) fn new(archive: Place, tree: u64) -> Self {
        uart().init();
        gic().claim_secure(map::INTERRUPT_UART_SECURE, 0);
        // SAFETY: mapped by `mappings`; nobody else uses it before the normal world runs.
        let config = unsafe { FwCfg::new(map::FW_CFG as usize) };
        let tree = Some(tree).filter(|tree| *tree == map::RAM);
        // SAFETY: RAM, mapped by `mappings`; nobody runs that could change the tree before the normal world is entered.
        let tree = tree.and_then(|tree| unsafe { DeviceTree::at(tree as usize) });
        if let Some(range) = tree.and_then(DeviceTree::event_log) {
            // SAFETY: the pool is given out by the TEE, which is made of this board.
            unsafe { event_log::take(&range) };
        }
        let size = tree.and_then(DeviceTree::ram).map_or(RAM_UNKNOWN, |ram| ram.end - ram.start).min(map::RAM_MAX);
        let cpus = config.map_or(1, |config| config.cpus());
        let mut line = [0; 256];
        let words = config.and_then(|config| Some((config, config.find(map::CMDLINE)?)));
        let len = words.map_or(0, |(config, file)| config.read_file(file, &mut line));
        let words = line.get(..len).unwrap_or_default().split(|byte| byte.is_ascii_whitespace() || *byte == 0);
        let randomise = !words.into_iter().any(|word| word == b"no-aslr");
        let ram = map::RAM..map::RAM + size;
        RAM.call_once(|| [ram.clone()]);
        let seed = tree.map_or([0; 32], hash_tree);
        Self { cpus: usize::from(cpus), ram, seed, randomise, archive: Some(archive) }
    }

    /// Puts the TEE into the device tree that EL3 has given, for the normal world: under another EL3 than ours nobody else does.
    /// True unless there is a tree and it has no room.
    pub(crate) fn announce(&self, tree: u64) -> bool {
        let Some(tree) = Some(tree).filter(|tree| *tree == map::RAM) else { return true };
        // SAFETY: RAM, mapped by `mappings`; the normal world does not run yet.
        let Some(old) = (unsafe { DeviceTree::at(tree as usize) }) else { return true };
        // Another hash than the seed of this kernel, so that the normal world cannot tell that one.
        let seed = Sha256::new().chain_update(b"device tree").chain_update(self.seed).finalize();
        let tee = Tee { reserved: self.reserved_shm(), notification: self.notification_interrupt(), seed: &seed };
        let Some(new) = with_tee(old, &tee) else { return true };
        let len = old.bytes().len().max(new.len());
        if len > old.bytes().len().max(map::TREE_SIZE) || tree.checked_add(len as u64).is_none_or(|end| end > self.ram.end) {
            return false;
        }
        // SAFETY: RAM, mapped by `mappings`, where the tree stands and grows as OP-TEE lets it grow; `old` is not used any more.
        // What is left of it holds the old seeds and goes. The normal world reads the tree with its caches off.
        unsafe {
            core::ptr::copy_nonoverlapping(new.as_ptr(), tree as *mut u8, new.len());
            core::ptr::write_bytes((tree as *mut u8).add(new.len()), 0, len - new.len());
            cache::maintain(tree as usize, len, Maintenance::Clean);
        }
        true
    }

    /// A board that can only print and stop, for last words.
    pub(crate) fn console_only() -> Self {
        Self { cpus: 1, ram: 0..0, seed: [0; 32], randomise: false, archive: None }
    }
}

/// Hash of the device tree's structure block: QEMU puts random seeds for kernels into it at each start.
fn hash_tree(tree: DeviceTree<'_>) -> [u8; 32] {
    let bytes = tree.bytes();
    let field = |at: usize| bytes.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_be_bytes) as usize;
    let (start, len) = (field(8), field(36).min(TREE_HASHED));
    Sha256::digest(bytes.get(start..start.saturating_add(len)).unwrap_or_default()).into()
}

impl Board for Virt {
    fn name(&self) -> &'static str {
        "QEMU virt with TrustZone (AArch64)"
    }

    fn cpus(&self) -> usize {
        self.cpus
    }

    fn devices(&self) -> &[MapEntry] {
        &DEVICES
    }

    fn normal_ram(&self) -> &[Range<u64>] {
        RAM.get().map_or(&[], |ranges| ranges.as_slice())
    }

    fn reserved_shm(&self) -> Range<u64> {
        let range = map::RESERVED_SHM..map::RESERVED_SHM + map::RESERVED_SHM_SIZE;
        if range.end <= self.ram.end { range } else { 0..0 }
    }

    fn event_log(&self) -> Option<&'static [u8]> {
        event_log::get()
    }

    fn normal_entry(&self) -> (u64, u64) {
        // EL3 knows; this is for the banner.
        (map::NORMAL_ENTRY, map::RAM)
    }

    fn archive(&self) -> SealedFrames {
        match self.archive {
            Some(archive) => archive.sealed(),
            // SAFETY: there is nothing in it.
            None => unsafe { SealedFrames::fixed(&[], 0) },
        }
    }

    fn console(&self, text: &[u8]) {
        static BUSY: lock_api::Mutex<tee_arch::lock::IrqSpinLock, ()> = lock_api::Mutex::new(());
        let _whole = BUSY.lock();
        uart().send(text);
    }

    fn entropy_kind(&self) -> EntropyKind {
        EntropyKind::StandIn("seeds that QEMU put into the device tree, and the counter")
    }

    fn entropy(&self, out: &mut [u8]) -> Result<(), TeeError> {
        for (index, part) in out.chunks_mut(32).enumerate() {
            let mut hash = Sha256::new();
            hash.update(self.seed);
            hash.update(cpu::ticks().to_le_bytes());
            hash.update(index.to_le_bytes());
            for (to, from) in part.iter_mut().zip(hash.finalize()) {
                *to = from;
            }
        }
        Ok(())
    }

    fn hardware_key(&self) -> Result<HardwareKey, TeeError> {
        // The emulator has no key of its own; the banner says that no secret is safe here.
        Ok(HardwareKey::new([0; HardwareKey::SIZE], KeyState::StandIn("zeros, as the emulator has none")))
    }

    fn clock(&self) -> Option<&dyn RealTimeClock> {
        // SAFETY: mapped at its address by `mappings`.
        static CLOCK: Clock = unsafe { Clock::new() };
        Some(&CLOCK)
    }

    fn randomise(&self) -> bool {
        self.randomise
    }

    fn init_cpu(&self) {
        cpu_interface::init();
        for id in [map::INTERRUPT_SECURE_TIMER, map::INTERRUPT_SECURE_SGI] {
            // Another EL3 than ours may have given it to the normal world.
            gic().secure(id, cpu::index());
            gic().enable(id, cpu::index());
        }
    }

    fn secure_interrupt(&self) {
        let before = mask_interrupts();
        if let Some(id) = cpu_interface::take() {
            if id == map::INTERRUPT_SECURE_TIMER {
                // Whoever wants it again sets it again.
                cpu::set_timer(None);
            }
            if id == map::INTERRUPT_UART_SECURE {
                // It stays pending until the bytes are fetched, which is the console's matter.
                uart().interrupt_on_receive(false);
                TYPED.store(true, Ordering::Release);
            }
            cpu_interface::end(id);
        }
        restore_interrupts(before);
    }

    fn notification_interrupt(&self) -> Option<u32> {
        Some(map::INTERRUPT_NOTIFICATION)
    }

    fn raise_notification(&self) {
        gic().pend(map::INTERRUPT_NOTIFICATION);
    }

    fn has_console(&self) -> bool {
        true
    }

    fn console_ready(&self) -> bool {
        TYPED.load(Ordering::Acquire)
    }

    fn console_read(&self, out: &mut [u8]) -> usize {
        let mut bytes = core::iter::from_fn(|| uart().receive());
        out.iter_mut().map_while(|to| bytes.next().map(|byte| *to = byte)).count()
    }

    fn console_listen(&self) {
        TYPED.store(false, Ordering::Release);
        uart().interrupt_on_receive(true);
    }

    fn console_route(&self, cpu: usize) {
        gic().claim_secure(map::INTERRUPT_UART_SECURE, cpu);
        gic().pend(map::INTERRUPT_UART_SECURE);
    }

    fn system_off(&self) -> ! {
        stop(map::GPIO_POWER_OFF)
    }

    fn system_reset(&self) -> ! {
        stop(map::GPIO_RESET)
    }
}

fn stop(line: u32) -> ! {
    gpio().raise(line);
    loop {
        // SAFETY: waits for the machine to end.
        unsafe { core::arch::asm!("wfi", options(nomem, nostack, preserves_flags)) };
    }
}
