// SPDX-License-Identifier: BSD-2-Clause
//! What the kernel needs to know of QEMU `virt`.

use core::ops::Range;
use core::sync::atomic::{AtomicBool, Ordering};
use drivers::device_tree::DeviceTree;
use drivers::fw_cfg::FwCfg;
use drivers::gicv2::GicV2;
use drivers::pl011::Pl011;
use drivers::pl061::Pl061;
use monitor::boot::Mapping;
use monitor::{Board, layout};
use qemu_virt::clock::Clock;
use qemu_virt::map;
use sha2::{Digest, Sha256};
use spin::Once;
use tee_arch::cp15;
use tee_arch::descriptor::Kernel;
use tee_arch::frames::SealedFrames;
use tee_arch::lock::{mask_interrupts, restore_interrupts};
use tee_core::ports::{EntropyKind, HardwareKey, KeyState, MapEntry, RealTimeClock};
use utee_abi::result::TeeError;

/// Bytes of the device tree that are hashed for entropy: its structure block, cut here.
const TREE_HASHED: usize = 12 << 10;

/// Bytes of RAM when no device tree says how much there is.
const RAM_UNKNOWN: u64 = 128 << 20;

/// The board.
pub(crate) struct QemuVirt {
    cpus: usize,
    ram: Range<u64>,
    seed: [u8; 32],
    randomise: bool,
    /// Device tree of the normal world.
    tree: u64,
}

/// Input came that the console has not looked for yet.
static TYPED: AtomicBool = AtomicBool::new(false);

static RAM: Once<[Range<u64>; 1]> = Once::new();

const fn device(name: &'static str, base: u64) -> MapEntry {
    MapEntry { name, base, len: map::DEVICE_SIZE, rights: "rw-" }
}

const DEVICES: [MapEntry; 8] = [
    MapEntry { name: "boot flash, secure", base: map::FLASH, len: map::FLASH_SIZE, rights: "r--" },
    device("interrupt distributor", map::GIC_DISTRIBUTOR),
    device("interrupt CPU interface", map::GIC_CPU),
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

fn gic() -> GicV2 {
    // SAFETY: the interrupt controller, mapped likewise.
    unsafe { GicV2::new(map::GIC_DISTRIBUTOR as usize, map::GIC_CPU as usize) }
}

fn gpio() -> Pl061 {
    // SAFETY: the secure GPIO block, mapped likewise.
    unsafe { Pl061::new(map::GPIO_SECURE as usize) }
}

impl QemuVirt {
    /// What the kernel maps beside its own RAM.
    pub(crate) fn mappings() -> [Mapping; 8] {
        let page = |base: u64| Mapping { va: base, pa: base..base + map::DEVICE_SIZE, kind: Kernel::Device };
        [
            Mapping { va: map::FLASH_VIRTUAL, pa: map::FLASH..map::FLASH + map::FLASH_SIZE, kind: Kernel::Rodata },
            page(map::GIC_DISTRIBUTOR),
            page(map::GIC_CPU),
            page(map::FW_CFG),
            page(map::CLOCK),
            page(map::UART_SECURE),
            page(map::GPIO_SECURE),
            Mapping { va: map::RAM, pa: map::RAM..map::RAM + map::RAM_MAX, kind: Kernel::NormalWorld },
        ]
    }

    /// Finds out what the emulator was started with.
    pub(crate) fn new() -> Self {
        uart().init();
        gic().init_secure_distributor();
        gic().claim_secure(map::INTERRUPT_UART_SECURE, 0);
        // SAFETY: mapped by `mappings`; nobody else uses it before the normal world runs.
        let config = unsafe { FwCfg::new(map::FW_CFG as usize) };
        // SAFETY: RAM, mapped by `mappings`; nobody runs that could change the tree before the normal world is entered.
        let tree = unsafe { DeviceTree::at(map::RAM as usize) };
        let size = tree.and_then(DeviceTree::ram).map_or(RAM_UNKNOWN, |ram| ram.end - ram.start).min(map::RAM_MAX);
        let cpus = config.map_or(1, |config| config.cpus());
        let mut line = [0; 256];
        let words = config.and_then(|config| Some((config, config.find(map::CMDLINE)?)));
        let len = words.map_or(0, |(config, file)| config.read_file(file, &mut line));
        let words = line.get(..len).unwrap_or_default().split(|byte| byte.is_ascii_whitespace() || *byte == 0);
        let (mut randomise, mut linux) = (true, None);
        for word in words {
            match word {
                b"no-aslr" => randomise = false,
                b"icount" => count_instructions(),
                _ => linux = linux.or_else(|| size_of_linux(word)),
            }
        }
        let ram = map::RAM..map::RAM + size;
        RAM.call_once(|| [ram.clone()]);
        let seed = tree.map_or([0; 32], hash_tree);
        let mut board = Self { cpus: usize::from(cpus), ram, seed, randomise, tree: map::RAM };
        if let (Some(config), Some(size)) = (config, linux) {
            // SAFETY: RAM is mapped by `mappings`; the boot CPU alone runs, and has read of the tree what it needs.
            board.tree = unsafe { crate::linux::hand_over(config, &board.ram, size, board.reserved_shm(), &board.seed) };
        }
        board
    }

    /// A board that can only print and stop, for last words.
    pub(crate) fn console_only() -> Self {
        Self { cpus: 1, ram: 0..0, seed: [0; 32], randomise: false, tree: 0 }
    }
}

/// Bytes of the initial file system, when this word of the command line says that Linux is to be entered.
fn size_of_linux(word: &[u8]) -> Option<u64> {
    core::str::from_utf8(word.strip_prefix(map::LINUX_WORD.as_bytes())?).ok()?.parse().ok()
}

/// Starts the cycle counter, which counts instructions under `-icount`, for the normal world and its programs to read.
fn count_instructions() {
    // SAFETY: the performance monitor counts; nothing of the kernel depends on it.
    unsafe {
        core::arch::asm!(
            "mcr p15, 0, {enable}, c9, c12, 1",
            "mcr p15, 0, {control}, c9, c12, 0",
            "mcr p15, 0, {control}, c9, c14, 0", // PMUSERENR
            enable = in(reg) 1u32 << 31,
            control = in(reg) 1u32,
            options(nostack, preserves_flags)
        );
    }
}

/// Hash of the device tree's structure block: QEMU puts random seeds for kernels into it at each start.
fn hash_tree(tree: DeviceTree<'_>) -> [u8; 32] {
    let bytes = tree.bytes();
    let field = |at: usize| bytes.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_be_bytes) as usize;
    let (start, len) = (field(8), field(36).min(TREE_HASHED));
    Sha256::digest(bytes.get(start..start.saturating_add(len)).unwrap_or_default()).into()
}

impl Board for QemuVirt {
    fn name(&self) -> &'static str {
        "QEMU virt with TrustZone (Armv7-A)"
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

    fn normal_entry(&self) -> (u64, u64) {
        (map::NORMAL_ENTRY, self.tree)
    }

    fn archive(&self) -> SealedFrames {
        let skip = layout::image_len();
        let start = map::FLASH_VIRTUAL as usize + skip;
        // SAFETY: the secure flash behind the image, mapped read-only for ever; the normal world cannot reach it and
        // the kernel never writes it.
        let bytes = unsafe { core::slice::from_raw_parts(start as *const u8, map::FLASH_SIZE as usize - skip) };
        // SAFETY: that is where the flash stands, and nothing was written to it that a cache could hold back.
        unsafe { SealedFrames::fixed(bytes, map::FLASH as usize + skip) }
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
            hash.update(cp15::cntpct().to_le_bytes());
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
        gic().init_secure_cpu(1 << map::INTERRUPT_SECURE_TIMER | 1 << map::INTERRUPT_SECURE_SGI);
    }

    fn secure_interrupt(&self) {
        let before = mask_interrupts();
        if let Some(id) = gic().take() {
            if id == map::INTERRUPT_SECURE_TIMER {
                // SAFETY: switches the secure timer off; whoever wants it again sets it again.
                unsafe { cp15::set_cntp_ctl(0) };
            }
            if id == map::INTERRUPT_UART_SECURE {
                // It stays pending until the bytes are fetched, which is the console's matter.
                uart().interrupt_on_receive(false);
                TYPED.store(true, Ordering::Release);
            }
            gic().end(id);
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
        gic().claim_secure(map::INTERRUPT_UART_SECURE, u8::try_from(cpu).unwrap_or(0));
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
