// SPDX-License-Identifier: BSD-2-Clause
//! This world's try at the DCP, which derives keys from one that no other chip has: the driver that the secure world uses, over
//! accesses that may be refused.

use crate::probe::{self, Refused};
use crate::{cpu, memory};
use core::cell::Cell;
use core::fmt;
use drivers::imx6::bus::Bus;
use drivers::imx6::dcp::{self, Dcp};
use drivers::imx6::dma::Ram;
use drivers::imx6::map::Register;
use drivers::imx6::passes::{DIVERSIFIER, Key};

/// Why there is no key.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Failure {
    /// An access was refused: its status, and where.
    Refused(u32, u32),
    /// There is no memory for packets.
    Memory,
    /// The block failed.
    Block(dcp::Error),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(status, address) => write!(f, "it met a fault of status {status:#x} at {address:#010x}"),
            Self::Memory => f.write_str("there is no memory for it"),
            Self::Block(error) => error.fmt(f),
        }
    }
}

/// Registers, up to the first access that is refused; none are touched after that.
#[derive(Default)]
struct Probing {
    refused: Cell<Option<(u32, u32)>>,
}

impl Probing {
    fn attempt(&self, register: Register, access: impl FnOnce(u64) -> Result<u32, Refused>) -> u32 {
        if self.refused.get().is_some() {
            return 0;
        }
        match access(register.address().into()) {
            Ok(value) => value,
            Err(Refused(status)) => {
                self.refused.set(Some((status, register.address())));
                0
            }
        }
    }
}

impl Bus for Probing {
    fn read(&self, register: Register) -> u32 {
        self.attempt(register, probe::read)
    }

    fn write(&self, register: Register, value: u32) {
        // SAFETY: the driver writes registers of the DCP, which nothing of this kernel depends on.
        self.attempt(register, |address| unsafe { probe::write(address, value) }.map(|()| 0));
    }

    /// The DCP has none of this size.
    fn read16(&self, register: Register) -> u16 {
        self.read(register) as u16
    }

    fn write16(&self, register: Register, value: u16) {
        self.write(register, value.into());
    }
}

/// Derives the key of the demonstration.
pub(crate) fn derive() -> Result<Key, Failure> {
    let page = memory::allocate(1).ok_or(Failure::Memory)?;
    let bus = Probing::default();
    // SAFETY: a page of this kernel's own, mapped where it is, until it is released.
    let dcp = Dcp::new(&bus, unsafe { Ram::new(page as u32, cpu::flush) });
    let key = dcp.start().and_then(|()| dcp.derive(&DIVERSIFIER));
    memory::release(page, 1);
    match (bus.refused.get(), key) {
        (Some((status, address)), _) => Err(Failure::Refused(status, address)),
        (None, key) => key.map_err(Failure::Block),
    }
}
