// SPDX-License-Identifier: BSD-2-Clause
//! The central security unit at the console: `csl` and `sa`.

use crate::devices::bus;
use drivers::imx6::csu::{Access, CSL_COUNT, Csu, MASTER_COUNT, Slot};
use tee_core::console::ports::{AccessControl, AccessError, Right};

/// The unit of the chip.
pub(crate) struct Unit;

/// Bits of a master in SA: non-secure, locked.
const NON_SECURE: u32 = 1;
const LOCKED: u32 = 2;

/// Rights that a peripheral is documented to take.
const VALUES: [Access; 8] = [
    Access::All,
    Access::NormalPrivileged,
    Access::NormalReads,
    Access::NormalPrivilegedReads,
    Access::Secure,
    Access::SecurePrivileged,
    Access::SecureReads,
    Access::None,
];

fn slot(peripheral: u8, slave: u8) -> Option<(Slot, u32)> {
    let slot = Slot::new(peripheral, slave)?;
    Some((slot, Csu::new(bus()).csl(peripheral) >> (16 * u32::from(slave))))
}

fn master_bits(master: u8) -> Option<u32> {
    (master < MASTER_COUNT).then(|| Csu::new(bus()).sa() >> (2 * u32::from(master)))
}

impl AccessControl for Unit {
    fn counts(&self) -> (u8, u8) {
        (CSL_COUNT, MASTER_COUNT)
    }

    fn peripheral(&self, peripheral: u8, slave: u8) -> Option<Right<u8>> {
        let (_, bits) = slot(peripheral, slave)?;
        Some(Right { value: bits as u8, locked: bits & 1 << 8 != 0 })
    }

    fn set_peripheral(&self, peripheral: u8, slave: u8, value: u8) -> Result<(), AccessError> {
        let (slot, bits) = slot(peripheral, slave).ok_or(AccessError::Unknown)?;
        let access = VALUES.into_iter().find(|access| *access as u8 == value).ok_or(AccessError::Unknown)?;
        if bits & 1 << 8 != 0 {
            return Err(AccessError::Locked("the lock of its CSL"));
        }
        Csu::new(bus()).set(slot, access, false);
        Ok(())
    }

    fn master(&self, master: u8) -> Option<Right<bool>> {
        let bits = master_bits(master)?;
        Some(Right { value: bits & NON_SECURE == 0, locked: bits & LOCKED != 0 })
    }

    fn set_master(&self, master: u8, secure: bool) -> Result<(), AccessError> {
        if master_bits(master).ok_or(AccessError::Unknown)? & LOCKED != 0 {
            return Err(AccessError::Locked("the lock of SA"));
        }
        let unit = Csu::new(bus());
        let bit = NON_SECURE << (2 * u32::from(master));
        unit.set_sa(if secure { unit.sa() & !bit } else { unit.sa() | bit });
        Ok(())
    }
}
