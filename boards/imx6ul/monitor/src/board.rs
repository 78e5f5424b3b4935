// SPDX-License-Identifier: BSD-2-Clause
//! What the kernel needs to know of a board with an i.MX6UL, ULL or ULZ.

use crate::access::Unit;
use crate::devices::{self, bus, gic};
use crate::emulated::Missing;
use crate::engine::{Engine, TO_DEBUG};
use crate::normal_world::{Contents, RAM, RESERVED_SHM};
use crate::secrets::Secrets;
use core::fmt::{self, Write};
use core::ops::Range;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use drivers::imx6::ccm::{Ccm, Gate, Usdhc};
use drivers::imx6::gpio::Led;
use drivers::imx6::iomuxc::{self, Iomuxc};
use drivers::imx6::lockdown::{Policy, lock_down};
use drivers::imx6::map as chip;
use drivers::imx6::part::Part;
use drivers::imx6::passes::audit;
use drivers::imx6::uart::Uart;
use drivers::imx6::wdog::{Times, Watchdog};
use drivers::imx6::{counter, interrupt, power};
use imx6ul::description::Description;
use imx6ul::{map, policy};
use monitor::boot::Mapping;
use monitor::{Board, layout, panic};
use spin::Once;
use tee_arch::cp15;
use tee_arch::descriptor::Kernel;
use tee_arch::frames::SealedFrames;
use tee_arch::lock::{IrqSpinLock, mask_interrupts, restore_interrupts};
use tee_core::console::ports::{AccessControl, KeyEngine, LightError};
use tee_core::ports::{EntropyKind, HardwareKey, MapEntry};
use utee_abi::light::Light;
use utee_abi::result::TeeError;

/// The board.
pub(crate) struct Imx6ul {
    description: &'static Description,
    part: Part,
    /// Whether TAs are loaded at random addresses.
    randomise: bool,
    watchdog: Service,
    secrets: Secrets,
    engine: Engine,
}

/// How the trusted watchdog is served.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Service {
    /// Silently.
    Silent,
    /// With a line each time.
    Traced,
    /// Not at all: a word of the image says so, to see it bite.
    Stopped,
}

/// Input came that the console has not looked for yet.
static TYPED: AtomicBool = AtomicBool::new(false);

static DESCRIPTION: Once<&'static Description> = Once::new();

/// What the normal world is given: too large for the stack of a CPU that is starting.
static POLICY: Once<Policy<'static>> = Once::new();

/// Times that the trusted watchdog has warned.
static WARNINGS: AtomicU32 = AtomicU32::new(0);

const fn block(name: &'static str, block: chip::Block) -> MapEntry {
    MapEntry { name, base: block.base() as u64, len: block.size() as u64, rights: "rw-" }
}

const DEVICES: [MapEntry; 7] = [
    MapEntry { name: "boot archive, secure", base: map::LOAD as u64, len: map::PAYLOAD_MAX as u64, rights: "r--" },
    block("on-chip RAM, secure", chip::OCRAM),
    block("interrupt distributor", chip::GIC_DISTRIBUTOR),
    block("interrupt CPU interface", chip::GIC_CPU),
    MapEntry {
        name: "peripherals, mapped at f0000000 more",
        base: devices::PERIPHERALS.start,
        len: devices::PERIPHERALS.end - devices::PERIPHERALS.start,
        rights: "rw-",
    },
    MapEntry { name: "RAM, normal world", base: RAM[0].start, len: RAM[0].end - RAM[0].start, rights: "rw-" },
    MapEntry { name: "RAM, normal world", base: RAM[1].start, len: RAM[1].end - RAM[1].start, rights: "rw-" },
];

/// What the kernel maps beside its own RAM.
pub(crate) fn mappings() -> [Mapping; 8] {
    let [a, b, c, d, e] = devices::MAPPINGS;
    let archive = layout::data().end as u64..layout::bss().start as u64;
    let normal = |range: &Range<u64>| Mapping { va: range.start, pa: range.clone(), kind: Kernel::NormalWorld };
    let archive = Mapping { va: archive.start, pa: archive, kind: Kernel::Rodata };
    [a, b, c, d, e, archive, normal(&RAM[0]), normal(&RAM[1])]
}

/// The boot archive: what of the payload is behind the image.
fn archive() -> &'static [u8] {
    let range = layout::data().end..layout::bss().start;
    // SAFETY: mapped read-only for ever, in secure RAM; the kernel never writes it.
    unsafe { core::slice::from_raw_parts(range.start as *const u8, range.len()) }
}

fn uart(description: &Description) -> Uart<'static, drivers::imx6::bus::Mmio> {
    Uart::new(bus(), description.console.block)
}

/// Lines of the board itself.
pub(crate) struct Console<'d>(pub(crate) &'d Description);

impl Write for Console<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        print(self.0, text.as_bytes());
        Ok(())
    }
}

fn print(description: &Description, text: &[u8]) {
    static BUSY: lock_api::Mutex<IrqSpinLock, ()> = lock_api::Mutex::new(());
    let _whole = BUSY.lock();
    uart(description).send(text);
}

macro_rules! say {
    ($description:expr, $($args:tt)*) => {
        // The UART takes everything.
        let _ = core::fmt::Write::write_fmt(&mut $crate::board::Console($description), format_args!("{}\n", format_args!($($args)*)));
    };
}
pub(crate) use say;

impl Imx6ul {
    /// Sets the chip up and locks it down; puts the normal world where it is entered.
    pub(crate) fn new(description: &'static Description) -> Self {
        DESCRIPTION.call_once(|| description);
        set_up_lines(description);
        let part = Part::detect(bus());
        if part != Part::Emulated {
            let frequency = counter::start(bus());
            // SAFETY: what the counter counts; nobody has used it yet.
            unsafe { cp15::set_cntfrq(frequency) };
        }
        gic().init_secure_distributor();
        gic().claim_secure(interrupt::WDOG2, 0);
        gic().claim_secure(description.console.interrupt, 0);
        let Some(contents) = Contents::read(archive()) else {
            panic::stop(&Self::last_words(), format_args!("there is no normal-world kernel in the boot image"))
        };
        let words = contents.arguments;
        let policy = POLICY.call_once(|| {
            let mut policy = policy::policy(description, part, words);
            policy.lends = policy::lends(part, words, TO_DEBUG, contents.product);
            policy
        });
        if part == Part::Emulated {
            say!(description, "W board: QEMU: isolation NOT enforced here; not modelled by QEMU: {Missing}");
            Watchdog::start_trusted(bus(), policy.watchdog);
        } else {
            close(description, policy);
        }
        let keep = words.has("keep-unique-key");
        let secrets = match Secrets::new(part, keep, policy.lends, |error| {
            say!(description, "E board: no hardware key: {error}");
        }) {
            Ok(secrets) => secrets,
            Err(error) => panic::stop(&Self::last_words(), format_args!("no random numbers: {error}")),
        };
        let engine = Engine::new(description, part, policy, words);
        let watchdog = service(description, contents, policy.watchdog);
        if description.leds {
            Led::White.set(bus(), true);
        }
        // SAFETY: mapped by `mappings`; nobody runs there yet.
        if !unsafe { contents.hand_over(description, part != Part::Emulated) } {
            panic::stop(&Self::last_words(), format_args!("the normal world does not fit into its RAM"))
        }
        Self { description, part, randomise: !words.has("no-aslr"), watchdog, secrets, engine }
    }

    /// A board that can only print and stop, for last words.
    pub(crate) fn last_words() -> Self {
        let description = DESCRIPTION.get().copied().unwrap_or(&imx6ul::description::USB_ARMORY_MK2);
        let engine = Engine::none(description);
        Self { description, part: Part::Emulated, randomise: false, watchdog: Service::Silent, secrets: Secrets::none(), engine }
    }
}

/// Locks the chip down, and reads everything back. A chip that is not as it should be goes no further.
fn close(description: &'static Description, policy: &Policy<'_>) {
    if let Err(error) = lock_down(bus(), policy) {
        panic::stop(&Imx6ul::last_words(), format_args!("the chip cannot be locked down: {error}"))
    }
    let mut settings = 0;
    let wrong = audit(bus(), policy, |finding| {
        settings += 1;
        if !finding.is_right() {
            say!(description, "E board: {finding}");
        }
    });
    if wrong != 0 {
        panic::stop(&Imx6ul::last_words(), format_args!("{wrong} settings of the chip are not the policy's"))
    }
    say!(description, "I board: locked down until reset, {settings} settings read back");
}

/// Clocks and pins of what the secure world uses, and of the normal world's UART and card, which cannot reach them.
fn set_up_lines(description: &Description) {
    let (clocks, pins) = (Ccm::new(bus()), Iomuxc::new(bus()));
    let ports = [description.console, description.normal_console];
    let card = match description.card {
        Usdhc::First => Gate::USDHC1,
        Usdhc::Second => Gate::USDHC2,
    };
    for gate in [Gate::WDOG2, Gate::CSU, Gate::OCOTP, card].into_iter().chain(ports.iter().map(|port| port.gate)) {
        clocks.open(gate);
    }
    ports.iter().for_each(|port| pins.set(&port.pads));
    if description.reset_line {
        pins.set(&[iomuxc::WDOG2_RESET]);
    }
    if description.leds {
        clocks.open(Gate::GPIO4);
        Led::ALL.into_iter().for_each(|led| led.set(bus(), false));
        pins.set(&[iomuxc::LED_WHITE, iomuxc::LED_BLUE]);
    }
    for port in ports {
        Uart::new(bus(), port.block).init(clocks.uart_clock());
    }
}

/// Says how the watchdog runs.
fn service(description: &Description, contents: Contents<'_>, times: Times) -> Service {
    let (timeout, warning) = (times.timeout(), times.warning());
    say!(description, "I board: trusted watchdog: resets after {timeout} s, warns {warning} s before");
    if contents.arguments.has("watchdog-stop") {
        say!(description, "W board: trusted watchdog: NOT serviced, as a word of the boot image says");
        Service::Stopped
    } else if contents.arguments.has("watchdog-trace") {
        Service::Traced
    } else {
        Service::Silent
    }
}

impl Board for Imx6ul {
    fn name(&self) -> &'static str {
        let [emulated, ul, ull, ulz] = self.description.with_part;
        match self.part {
            Part::Emulated => emulated,
            Part::Ul => ul,
            Part::Ulz => ulz,
            Part::Ull | Part::Unknown(_) => ull,
        }
    }

    fn cpus(&self) -> usize {
        1
    }

    fn devices(&self) -> &[MapEntry] {
        &DEVICES
    }

    fn normal_ram(&self) -> &[Range<u64>] {
        &RAM
    }

    fn reserved_shm(&self) -> Range<u64> {
        RESERVED_SHM
    }

    fn normal_entry(&self) -> (u64, u64) {
        (map::NORMAL_ENTRY, map::NORMAL_TREE)
    }

    fn archive(&self) -> SealedFrames {
        // SAFETY: secure RAM that is mapped where it stands, that the kernel maps read-only and the normal world cannot reach; the
        // entry code wrote back what the ROM left in caches.
        unsafe { SealedFrames::fixed(archive(), layout::data().end) }
    }

    fn console(&self, text: &[u8]) {
        print(self.description, text);
    }

    fn entropy_kind(&self) -> EntropyKind {
        self.secrets.kind()
    }

    fn entropy(&self, out: &mut [u8]) -> Result<(), TeeError> {
        self.secrets.entropy(out)
    }

    fn hardware_key(&self) -> Result<HardwareKey, TeeError> {
        self.secrets.hardware_key()
    }

    fn randomise(&self) -> bool {
        self.randomise
    }

    fn init_cpu(&self) {
        gic().init_secure_cpu(1 << interrupt::SECURE_TIMER | 1 << map::INTERRUPT_SECURE_SGI);
    }

    fn secure_interrupt(&self) {
        let before = mask_interrupts();
        if let Some(id) = gic().take() {
            if id == interrupt::SECURE_TIMER {
                // SAFETY: switches the secure timer off; whoever wants it again sets it again.
                unsafe { cp15::set_cntp_ctl(0) };
            }
            if id == self.description.console.interrupt {
                // It stays pending until the bytes are fetched, which is the console's matter.
                uart(self.description).interrupt_on_receive(false);
                TYPED.store(true, Ordering::Release);
            }
            if id == interrupt::WDOG2 {
                self.watchdog_warns();
            }
            gic().end(id);
        }
        restore_interrupts(before);
    }

    fn notification_interrupt(&self) -> Option<u32> {
        Some(interrupt::FREE)
    }

    fn raise_notification(&self) {
        gic().pend(interrupt::FREE);
    }

    fn light(&self, on: bool) {
        if self.description.leds {
            Led::Blue.set(bus(), on);
        }
    }

    fn lend_light(&self, light: Light, on: bool) -> Result<(), LightError> {
        let led = match light {
            Light::White => Led::White,
            Light::Blue => Led::Blue,
        };
        match self.description.leds {
            false => Err(LightError::Absent),
            true if !led.is_lent() => Err(LightError::SecureOnly),
            true => {
                led.set(bus(), on);
                Ok(())
            }
        }
    }

    fn key_engine(&self) -> Option<&dyn KeyEngine> {
        Some(&self.engine)
    }

    fn has_console(&self) -> bool {
        true
    }

    fn console_ready(&self) -> bool {
        TYPED.load(Ordering::Acquire)
    }

    fn console_read(&self, out: &mut [u8]) -> usize {
        let mut bytes = core::iter::from_fn(|| uart(self.description).receive());
        out.iter_mut().map_while(|to| bytes.next().map(|byte| *to = byte)).count()
    }

    fn console_listen(&self) {
        TYPED.store(false, Ordering::Release);
        uart(self.description).interrupt_on_receive(true);
    }

    fn console_route(&self, cpu: usize) {
        gic().claim_secure(self.description.console.interrupt, u8::try_from(cpu).unwrap_or(0));
        gic().pend(self.description.console.interrupt);
    }

    fn access_control(&self) -> Option<&dyn AccessControl> {
        // QEMU has none: it reads as 0.
        (self.part != Part::Emulated).then_some(&Unit)
    }

    fn system_off(&self) -> ! {
        uart(self.description).drain();
        power::off(bus());
        wait_for_the_end()
    }

    fn system_reset(&self) -> ! {
        uart(self.description).drain();
        Watchdog::trusted(bus()).reset();
        wait_for_the_end()
    }
}

impl Imx6ul {
    fn watchdog_warns(&self) {
        let count = WARNINGS.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
        let watchdog = Watchdog::trusted(bus());
        if self.watchdog == Service::Stopped {
            // Nobody hears it again: it bites.
            watchdog.end_warning();
            say!(self.description, "W board: trusted watchdog: warned, not serviced");
            return;
        }
        // A closed CSL keeps the normal world from this gate; it costs nothing to be sure.
        Ccm::new(bus()).open(Gate::WDOG2);
        watchdog.service();
        if self.watchdog == Service::Traced {
            say!(self.description, "I board: trusted watchdog: serviced, {count}");
        }
    }
}

fn wait_for_the_end() -> ! {
    loop {
        // SAFETY: waits for the machine to end.
        unsafe { core::arch::asm!("wfi", options(nomem, nostack, preserves_flags)) };
    }
}
