// SPDX-License-Identifier: BSD-2-Clause
//! What EL3 needs of QEMU `virt`.

use crate::{linux, memory};
use core::fmt::{self, Write};
use core::ops::Range;
use drivers::fw_cfg::FwCfg;
use drivers::gicv3::{GicV3, cpu_interface};
use drivers::pl011::Pl011;
use drivers::pl061::Pl061;
use el3::{Firmware, NormalStart, mmu};
use qemu_virt::map;

/// Private interrupts of the secure world: its timer, and the software interrupts from 8 on.
const SECURE: u32 = 1 << map::INTERRUPT_SECURE_TIMER | 0xFF00;

/// The board.
pub(crate) struct Virt {
    cpus: usize,
    a32: bool,
    /// Bytes of the initial file system of Linux, when that is the normal world.
    linux: Option<u64>,
}

fn uart() -> Pl011 {
    // SAFETY: the secure UART, mapped as device memory at its address by `memory`.
    unsafe { Pl011::new(map::UART_SECURE as usize) }
}

fn config() -> Option<FwCfg> {
    // SAFETY: the device, likewise until the normal world runs; EL3 uses it before.
    unsafe { FwCfg::new(map::FW_CFG as usize) }
}

fn gic() -> GicV3 {
    // SAFETY: the interrupt controller, likewise.
    unsafe { GicV3::new(map::GIC_DISTRIBUTOR as usize, map::GIC_REDISTRIBUTOR as usize) }
}

impl Virt {
    /// Finds out what the emulator was started with.
    pub(crate) fn new() -> Self {
        uart().init();
        let config = config();
        let mut line = [0; 256];
        let len = config.and_then(|config| Some(config.read_file(config.find(map::CMDLINE)?, &mut line))).unwrap_or(0);
        let line = core::str::from_utf8(line.get(..len).unwrap_or_default()).unwrap_or_default();
        let mut board = Self { cpus: config.map_or(1, |config| usize::from(config.cpus())), a32: false, linux: None };
        for word in line.split(|letter: char| letter.is_ascii_whitespace() || letter == '\0') {
            board.a32 |= word == map::NORMAL_A32_WORD;
            board.linux = board.linux.or_else(|| word.strip_prefix(map::LINUX_WORD)?.parse().ok());
        }
        board
    }

    pub(crate) fn init_distributor(&self) {
        gic().init_distributor();
    }
}

impl Firmware for Virt {
    fn cpus(&self) -> usize {
        self.cpus
    }

    fn normal_ram(&self) -> Range<u64> {
        map::RAM..map::RAM + map::RAM_MAX
    }

    fn init_cpu(&self, cpu: usize, el2: bool) {
        gic().init_redistributor(cpu, SECURE);
        // SAFETY: at EL3 with interrupts masked; the board has this controller.
        unsafe { cpu_interface::init_el3(el2) };
    }

    /// An AArch32 kernel gets no machine type, and the device tree third.
    fn normal(&self) -> NormalStart {
        let tree = match (self.linux, config()) {
            // SAFETY: the boot CPU, after the trusted OS has booted and before the normal world.
            (Some(size), Some(config)) => unsafe { linux::hand_over(config, size) },
            _ => map::RAM,
        };
        // SAFETY: the boot CPU; the trusted OS is loaded, the normal world has its tree, and neither is EL3's any more.
        if !unsafe { mmu::forget(&memory::for_start().map(|(range, _)| range)) } {
            stop(format_args!("the memory of the start cannot be taken away"));
        }
        let args = if self.a32 { [0, u64::from(u32::MAX), tree] } else { [tree, 0, 0] };
        NormalStart { entry: map::NORMAL_ENTRY, args, a32: self.a32 }
    }

    fn system_off(&self) -> ! {
        raise(map::GPIO_POWER_OFF)
    }

    fn system_reset(&self) -> ! {
        raise(map::GPIO_RESET)
    }

    fn stop(&self, why: fmt::Arguments<'_>) -> ! {
        stop(why)
    }
}

struct Console;

impl Write for Console {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        uart().send(text.as_bytes());
        Ok(())
    }
}

/// Last words; then the machine is switched off.
pub(crate) fn stop(why: fmt::Arguments<'_>) -> ! {
    // Nothing can be done about a console that does not take it.
    let _ = writeln!(Console, "E el3: PANIC {why}");
    raise(map::GPIO_POWER_OFF)
}

fn raise(line: u32) -> ! {
    // SAFETY: the secure GPIO block, mapped likewise.
    unsafe { Pl061::new(map::GPIO_SECURE as usize) }.raise(line);
    loop {
        // SAFETY: waits for the machine to end.
        unsafe { core::arch::asm!("wfi", options(nomem, nostack, preserves_flags)) };
    }
}
