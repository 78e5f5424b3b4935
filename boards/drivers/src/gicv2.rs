// SPDX-License-Identifier: BSD-2-Clause
//! Generic Interrupt Controller, version 2 (Arm IHI 0048), from either world.

use crate::mmio::Block;

const GICD_CTLR: usize = 0x000;
const GICD_TYPER: usize = 0x004;
const GICD_IGROUPR: usize = 0x080;
const GICD_ISENABLER: usize = 0x100;
const GICD_ICENABLER: usize = 0x180;
const GICD_ISPENDR: usize = 0x200;
const GICD_IPRIORITYR: usize = 0x400;
const GICD_ITARGETSR: usize = 0x800;
const GICD_SGIR: usize = 0xF00;

const GICC_CTLR: usize = 0x00;
const GICC_PMR: usize = 0x04;
const GICC_IAR: usize = 0x0C;
const GICC_EOIR: usize = 0x10;

const ENABLE_GROUP0: u32 = 1 << 0;
const ENABLE_GROUP1: u32 = 1 << 1;
const FIQ_ENABLE: u32 = 1 << 3;

/// Interrupt ids from here on are none.
const SPURIOUS: u32 = 1020;

/// Priority of secure interrupts: above everything that the normal world can set.
const PRIORITY_SECURE: u8 = 0x20;
/// Priority of the rest.
const PRIORITY_NORMAL: u8 = 0xA0;

/// Group of an interrupt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Group 0: secure, signalled as FIQ.
    Secure,
    /// Group 1: non-secure, signalled as IRQ.
    NonSecure,
}

/// An interrupt controller.
#[derive(Clone, Copy, Debug)]
pub struct GicV2 {
    distributor: Block,
    cpu: Block,
}

impl GicV2 {
    /// Bit of the distributor's first word that is set from [`GicV2::init_secure_distributor`] on, as secure code sees it.
    pub const ENABLED_SECURE: u32 = ENABLE_GROUP0;

    /// The controller with its distributor and CPU interface at these addresses.
    ///
    /// # Safety
    /// As [`Block::new`], for both.
    pub const unsafe fn new(distributor: usize, cpu: usize) -> Self {
        // SAFETY: the caller's.
        unsafe { Self { distributor: Block::new(distributor), cpu: Block::new(cpu) } }
    }

    /// Secure world, boot CPU: puts every shared interrupt into group 1 and switches both groups on.
    pub fn init_secure_distributor(&self) {
        let lines = (self.distributor.read(GICD_TYPER) & 0x1F) as usize + 1;
        self.distributor.write(GICD_CTLR, 0);
        for word in 1..lines {
            self.distributor.write(GICD_IGROUPR + 4 * word, u32::MAX);
        }
        for word in 8..lines * 8 {
            self.distributor.write(GICD_IPRIORITYR + 4 * word, u32::from_ne_bytes([PRIORITY_NORMAL; 4]));
        }
        self.distributor.write(GICD_CTLR, ENABLE_GROUP0 | ENABLE_GROUP1);
    }

    /// Secure world, each CPU: its private interrupts into group 1 but for `secure` (one bit each), which are
    /// switched on; group 0 as FIQ.
    pub fn init_secure_cpu(&self, secure: u32) {
        self.distributor.write(GICD_IGROUPR, !secure);
        for id in 0..32 {
            let priority = if secure >> id & 1 != 0 { PRIORITY_SECURE } else { PRIORITY_NORMAL };
            self.distributor.write8(GICD_IPRIORITYR + id, priority);
        }
        self.distributor.write(GICD_ISENABLER, secure);
        self.cpu.write(GICC_PMR, 0xFF);
        self.cpu.write(GICC_CTLR, ENABLE_GROUP0 | ENABLE_GROUP1 | FIQ_ENABLE);
    }

    /// Normal world: switches its group on for this CPU.
    pub fn init_normal(&self) {
        self.distributor.write(GICD_CTLR, ENABLE_GROUP0);
        self.cpu.write(GICC_PMR, 0xFF);
        self.cpu.write(GICC_CTLR, ENABLE_GROUP0);
    }

    /// Switches interrupt `id` on; a shared one goes to the first CPU.
    pub fn enable(&self, id: u32) {
        if id >= 32 {
            self.distributor.write8(GICD_ITARGETSR + id as usize, 1);
        }
        self.distributor.write(GICD_ISENABLER + 4 * (id as usize / 32), 1 << (id % 32));
    }

    /// Secure world: takes shared interrupt `id` for itself, signalled as FIQ to CPU `cpu`, and switches it on.
    pub fn claim_secure(&self, id: u32, cpu: u8) {
        let (word, bit) = (4 * (id as usize / 32), 1 << (id % 32));
        self.distributor.write(GICD_IGROUPR + word, self.distributor.read(GICD_IGROUPR + word) & !bit);
        self.distributor.write8(GICD_IPRIORITYR + id as usize, PRIORITY_SECURE);
        self.distributor.write8(GICD_ITARGETSR + id as usize, 1u8.checked_shl(u32::from(cpu)).unwrap_or(1));
        self.distributor.write(GICD_ISENABLER + word, bit);
    }

    /// Switches interrupt `id` off.
    pub fn disable(&self, id: u32) {
        self.distributor.write(GICD_ICENABLER + 4 * (id as usize / 32), 1 << (id % 32));
    }

    /// Makes interrupt `id` pending, as its device would.
    pub fn pend(&self, id: u32) {
        self.distributor.write(GICD_ISPENDR + 4 * (id as usize / 32), 1 << (id % 32));
    }

    /// Takes the most urgent pending interrupt of this world; it is to be ended with [`GicV2::end`].
    pub fn take(&self) -> Option<u32> {
        let id = self.cpu.read(GICC_IAR) & 0x3FF;
        (id < SPURIOUS).then_some(id)
    }

    /// Ends an interrupt that was taken.
    pub fn end(&self, id: u32) {
        self.cpu.write(GICC_EOIR, id);
    }

    /// Sends software interrupt `id` (0 to 15) of a group to the CPUs in `targets`.
    pub fn send(&self, id: u32, targets: u8, group: Group) {
        let nsatt = u32::from(group == Group::NonSecure) << 15;
        self.distributor.write(GICD_SGIR, u32::from(targets) << 16 | nsatt | id & 0xF);
    }
}
