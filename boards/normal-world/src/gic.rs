// SPDX-License-Identifier: BSD-2-Clause
//! The interrupt controller of the machine, whichever version it is.

use crate::board::board;
use crate::cpu;
use drivers::gicv2::{GicV2, Group};
use drivers::gicv3::{GicV3, cpu_interface};

/// The interrupt controller.
#[derive(Clone, Copy)]
pub(crate) enum Gic {
    V2(GicV2),
    V3(GicV3),
}

/// The interrupt controller of this machine.
pub(crate) fn gic() -> Gic {
    let [distributor, cpu] = board().gic;
    match board().gic_redistributor.filter(|_| cpu::has_gic_registers()) {
        // SAFETY: the interrupt controller, mapped as device memory.
        Some(first) => Gic::V3(unsafe { GicV3::new(distributor as usize, first as usize) }),
        // SAFETY: as above.
        None => Gic::V2(unsafe { GicV2::new(distributor as usize, cpu as usize) }),
    }
}

impl Gic {
    /// Switches this world's interrupts on for this CPU.
    pub(crate) fn init_normal(self) {
        match self {
            Self::V2(gic) => gic.init_normal(),
            Self::V3(gic) => {
                gic.init_normal();
                cpu_interface::init();
            }
        }
    }

    /// Switches interrupt `id` on, a private one for this CPU.
    pub(crate) fn enable(self, id: u32) {
        match self {
            Self::V2(gic) => gic.enable(id),
            Self::V3(gic) => gic.enable(id, cpu::index()),
        }
    }

    /// Switches interrupt `id` off.
    pub(crate) fn disable(self, id: u32) {
        match self {
            Self::V2(gic) => gic.disable(id),
            Self::V3(gic) => gic.disable(id, cpu::index()),
        }
    }

    /// Takes the most urgent pending interrupt of this world.
    pub(crate) fn take(self) -> Option<u32> {
        match self {
            Self::V2(gic) => gic.take(),
            Self::V3(_) => cpu_interface::take(),
        }
    }

    /// Ends an interrupt that was taken.
    pub(crate) fn end(self, id: u32) {
        match self {
            Self::V2(gic) => gic.end(id),
            Self::V3(_) => cpu_interface::end(id),
        }
    }

    /// Sends software interrupt `id` to CPU `target`.
    pub(crate) fn send(self, id: u32, target: usize) {
        match self {
            Self::V2(gic) => gic.send(id, 1 << target, Group::NonSecure),
            Self::V3(_) => cpu_interface::send(id, target),
        }
    }
}
