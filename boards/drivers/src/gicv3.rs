// SPDX-License-Identifier: BSD-2-Clause
//! Generic Interrupt Controller, version 3 (Arm IHI 0069), from EL3 and from either world; affinity routing only.
//!
//! [`cpu_interface`] has the registers of the CPU interface, which are system registers of AArch64 or AArch32.

#[cfg(any(target_arch = "aarch64", target_arch = "arm"))]
pub mod cpu_interface;

use crate::mmio::Block;

const GICD_CTLR: usize = 0x0000;
const GICD_TYPER: usize = 0x0004;
const GICD_IGROUPR: usize = 0x0080;
const GICD_ISENABLER: usize = 0x0100;
const GICD_ICENABLER: usize = 0x0180;
const GICD_ISPENDR: usize = 0x0200;
const GICD_ICPENDR: usize = 0x0280;
const GICD_IPRIORITYR: usize = 0x0400;
const GICD_IGRPMODR: usize = 0x0D00;
const GICD_IROUTER: usize = 0x6000;

const GICR_WAKER: usize = 0x0014;
/// The frame of private interrupts, behind the one of the redistributor.
const SGI_FRAME: usize = 0x1_0000;
/// Bytes of both frames of a CPU.
const REDISTRIBUTOR: usize = 0x2_0000;

const CTLR_GROUP0: u32 = 1 << 0;
const CTLR_GROUP1_NORMAL: u32 = 1 << 1;
const CTLR_GROUP1_SECURE: u32 = 1 << SECURE_ON_BIT;
/// Affinity routing, of the secure world and of the normal world.
const CTLR_ROUTING: u32 = 1 << 4 | 1 << 5;
/// Number of the bit of the distributor's first register that says that secure interrupts are on: a reset clears it, and
/// [`GicV3::init_distributor`] sets it last.
pub const SECURE_ON_BIT: u32 = 2;
const CTLR_WRITE_PENDING: u32 = 1 << 31;
/// The normal world's view of the register.
const CTLR_NORMAL_GROUP1: u32 = 1 << 1;
const CTLR_NORMAL_ROUTING: u32 = 1 << 4;

const WAKER_SLEEP: u32 = 1 << 1;
const WAKER_CHILDREN_ASLEEP: u32 = 1 << 2;

/// Interrupts that each CPU has for itself.
const PRIVATE: u32 = 32;

/// Priority of secure interrupts: above everything that the normal world can set.
const PRIORITY_SECURE: u8 = 0x20;
/// Priority of the rest.
const PRIORITY_NORMAL: u8 = 0xA0;

/// An interrupt controller.
#[derive(Clone, Copy, Debug)]
pub struct GicV3 {
    distributor: Block,
    redistributors: usize,
}

impl GicV3 {
    /// The controller with its distributor and the redistributor of its first CPU at these addresses.
    ///
    /// # Safety
    /// As [`Block::new`], for the distributor and for the redistributors of all CPUs, which follow one another.
    pub const unsafe fn new(distributor: usize, redistributors: usize) -> Self {
        // SAFETY: the caller's.
        Self { distributor: unsafe { Block::new(distributor) }, redistributors }
    }

    fn redistributor(&self, cpu: usize) -> Block {
        // SAFETY: the contract of `new`.
        unsafe { Block::new(self.redistributors + cpu * REDISTRIBUTOR) }
    }

    fn private(&self, cpu: usize) -> Block {
        // SAFETY: the contract of `new`.
        unsafe { Block::new(self.redistributors + cpu * REDISTRIBUTOR + SGI_FRAME) }
    }

    fn wait_for_writes(&self) {
        while self.distributor.read(GICD_CTLR) & CTLR_WRITE_PENDING != 0 {
            core::hint::spin_loop();
        }
    }

    /// EL3, boot CPU: affinity routing, every shared interrupt the normal world's, all groups on.
    pub fn init_distributor(&self) {
        self.distributor.write(GICD_CTLR, 0);
        self.wait_for_writes();
        self.distributor.write(GICD_CTLR, CTLR_ROUTING);
        self.wait_for_writes();
        let words = (self.distributor.read(GICD_TYPER) & 0x1F) as usize + 1;
        for word in 1..words {
            self.distributor.write(GICD_IGROUPR + 4 * word, u32::MAX);
            self.distributor.write(GICD_IGRPMODR + 4 * word, 0);
        }
        for word in 8..words * 8 {
            self.distributor.write(GICD_IPRIORITYR + 4 * word, u32::from_ne_bytes([PRIORITY_NORMAL; 4]));
        }
        self.distributor.write(GICD_CTLR, CTLR_ROUTING | CTLR_GROUP0 | CTLR_GROUP1_NORMAL | CTLR_GROUP1_SECURE);
        self.wait_for_writes();
    }

    /// EL3, each CPU: its redistributor awake; its private interrupts the normal world's but for `secure` (one bit each).
    pub fn init_redistributor(&self, cpu: usize, secure: u32) {
        let redistributor = self.redistributor(cpu);
        redistributor.write(GICR_WAKER, redistributor.read(GICR_WAKER) & !WAKER_SLEEP);
        while redistributor.read(GICR_WAKER) & WAKER_CHILDREN_ASLEEP != 0 {
            core::hint::spin_loop();
        }
        let private = self.private(cpu);
        private.write(GICD_IGROUPR, !secure);
        private.write(GICD_IGRPMODR, secure);
        for id in 0..PRIVATE {
            let priority = if secure >> id & 1 != 0 { PRIORITY_SECURE } else { PRIORITY_NORMAL };
            private.write8(GICD_IPRIORITYR + id as usize, priority);
        }
    }

    /// Normal world: switches its group on.
    pub fn init_normal(&self) {
        self.distributor.write(GICD_CTLR, CTLR_NORMAL_GROUP1 | CTLR_NORMAL_ROUTING);
    }

    /// The registers and the bit of an interrupt; private ones are those of `cpu`.
    fn place(&self, id: u32, cpu: usize) -> (Block, usize, u32) {
        let block = if id < PRIVATE { self.private(cpu) } else { self.distributor };
        (block, 4 * (id as usize / 32), 1 << (id % 32))
    }

    /// Secure world: makes interrupt `id` its own, whatever EL3 has set: a private one of `cpu`, or a shared one. It is off then,
    /// and was not pending.
    pub fn secure(&self, id: u32, cpu: usize) {
        let (block, word, bit) = self.place(id, cpu);
        self.disable(id, cpu);
        block.write(GICD_ICPENDR + word, bit);
        block.write(GICD_IGROUPR + word, block.read(GICD_IGROUPR + word) & !bit);
        block.write(GICD_IGRPMODR + word, block.read(GICD_IGRPMODR + word) | bit);
        block.write8(GICD_IPRIORITYR + id as usize, PRIORITY_SECURE);
    }

    /// Secure world: takes shared interrupt `id` for itself, signalled to CPU `cpu` of the first cluster, and switches it on.
    pub fn claim_secure(&self, id: u32, cpu: usize) {
        self.secure(id, cpu);
        self.route(id, cpu);
        self.distributor.write(GICD_ISENABLER + 4 * (id as usize / 32), 1 << (id % 32));
    }

    /// Sends shared interrupt `id` to CPU `cpu` of the first cluster. The register has 64 bits and is written by halves.
    fn route(&self, id: u32, cpu: usize) {
        let register = GICD_IROUTER + 8 * id as usize;
        self.distributor.write(register, cpu as u32 & 0xFF);
        self.distributor.write(register + 4, 0);
    }

    /// Switches interrupt `id` on: a private one of `cpu`, a shared one for the first CPU.
    pub fn enable(&self, id: u32, cpu: usize) {
        if id >= PRIVATE {
            self.route(id, 0);
        }
        let (block, word, bit) = self.place(id, cpu);
        block.write(GICD_ISENABLER + word, bit);
    }

    /// Switches interrupt `id` off: a private one of `cpu`, or a shared one.
    pub fn disable(&self, id: u32, cpu: usize) {
        let (block, word, bit) = self.place(id, cpu);
        block.write(GICD_ICENABLER + word, bit);
    }

    /// Makes shared interrupt `id` pending, as its device would.
    pub fn pend(&self, id: u32) {
        self.distributor.write(GICD_ISPENDR + 4 * (id as usize / 32), 1 << (id % 32));
    }
}
