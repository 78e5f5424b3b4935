// SPDX-License-Identifier: BSD-2-Clause
//! Accesses and instructions that may not be allowed: they are tried, and a fault is an answer.

use crate::arch::access::{self, FAULT};
pub(crate) use crate::arch::access::{EXTERNAL_ABORT, LATE_ABORT, PERMISSION, TRANSLATION};
use crate::arch::scalable;
use crate::cpu;
use crate::layout::CPUS;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use utee_abi::smc::SMCCC_VERSION;

static PROBING: [AtomicBool; CPUS] = [const { AtomicBool::new(false) }; CPUS];
static STATUS: [AtomicU32; CPUS] = [const { AtomicU32::new(0) }; CPUS];

/// Status of an instruction that is undefined here; no data abort has it.
pub(crate) const UNDEFINED: u32 = 1 << 31;

/// A refusal: the fault status, without the bits that say what kind of access it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refused(pub(crate) u32);

/// Called by the handlers: true when this CPU is probing.
pub(crate) fn faulted(status: u32) -> bool {
    let cpu = cpu::index();
    STATUS[cpu].store(status, Ordering::SeqCst);
    PROBING[cpu].load(Ordering::SeqCst)
}

fn probe(f: impl FnOnce()) -> Result<(), Refused> {
    let cpu = cpu::index();
    STATUS[cpu].store(0, Ordering::SeqCst);
    PROBING[cpu].store(true, Ordering::SeqCst);
    f();
    PROBING[cpu].store(false, Ordering::SeqCst);
    match STATUS[cpu].load(Ordering::SeqCst) {
        0 => Ok(()),
        UNDEFINED => Err(Refused(UNDEFINED)),
        status => Err(Refused(status & FAULT)),
    }
}

/// Reads a word that may not be there for this world.
pub(crate) fn read(address: u64) -> Result<u32, Refused> {
    let mut value = 0u32;
    probe(|| {
        // SAFETY: a fault is skipped by the handler; reading memory or a device that is let through harms nothing here.
        unsafe { access::load(address, &mut value) }
    })?;
    Ok(value)
}

/// Writes a word that may not be there for this world.
///
/// # Safety
/// If it is there, nothing of this kernel depends on it.
pub(crate) unsafe fn write(address: u64, value: u32) -> Result<(), Refused> {
    probe(|| {
        // SAFETY: the caller's; a fault is skipped by the handler.
        unsafe { access::store(address, value) }
    })
}

/// Reads the Secure Configuration Register, which only the secure world may.
pub(crate) fn secure_configuration() -> Result<u32, Refused> {
    let mut value = 0u32;
    probe(|| {
        // SAFETY: a read; undefined in this world, which the handler skips.
        unsafe { access::secure_configuration(&mut value) }
    })?;
    Ok(value)
}

/// Uses a register that EL3 keeps for nobody, on a CPU that has one.
pub(crate) fn kept_register() -> Option<Result<(), Refused>> {
    let mut there = false;
    // SAFETY: a read; undefined in this world, which the handler skips.
    let tried = probe(|| there = unsafe { scalable::kept() });
    there.then_some(tried)
}

/// True when the secure monitor call is there.
pub(crate) fn secure_monitor() -> bool {
    probe(|| {
        cpu::smc([SMCCC_VERSION, 0, 0, 0, 0, 0, 0, 0]);
    })
    .is_ok()
}
