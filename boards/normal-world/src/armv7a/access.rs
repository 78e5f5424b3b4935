// SPDX-License-Identifier: BSD-2-Clause
//! Accesses that may fault, each one instruction, which the handler skips; and what the CPU says of a fault.

use core::arch::asm;

/// Fault status of an access that the bus refuses (short descriptors).
pub(crate) const EXTERNAL_ABORT: u32 = 0x8;
/// The same, told when the instruction was already done.
pub(crate) const LATE_ABORT: u32 = 0x406;
/// Fault status of an access that the page's rights refuse.
pub(crate) const PERMISSION: u32 = 0xF;
/// Fault status of an access to a page that is not there.
pub(crate) const TRANSLATION: u32 = 0x7;

/// Bits of a fault status that say which fault it is: bit 10 and bits 3 to 0.
pub(crate) const FAULT: u32 = 0x40F;

/// Reads a word; it stays as it is when that faults.
///
/// # Safety
/// Reading there harms nothing.
pub(crate) unsafe fn load(address: u64, value: &mut u32) {
    // SAFETY: the caller's.
    unsafe { asm!("ldr {value}, [{address}]", "dsb", value = inout(reg) *value, address = in(reg) address as u32) };
}

/// Writes a word.
///
/// # Safety
/// If it can be written, nothing of this kernel depends on it.
pub(crate) unsafe fn store(address: u64, value: u32) {
    // SAFETY: the caller's.
    unsafe { asm!("str {value}, [{address}]", "dsb", value = in(reg) value, address = in(reg) address as u32) };
}

/// Reads the Secure Configuration Register.
///
/// # Safety
/// The handler of undefined instructions skips it.
pub(crate) unsafe fn secure_configuration(value: &mut u32) {
    // SAFETY: a read.
    unsafe { asm!("mrc p15, 0, {value}, c1, c1, 0", value = inout(reg) * value) };
}
