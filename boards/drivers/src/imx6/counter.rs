// SPDX-License-Identifier: BSD-2-Clause
//! System counter (chapter "System Counter" of the reference manual; Arm ARMv7-A, "System level implementation of the Generic
//! Timer"): what the generic timer of the CPU counts.

use super::bus::Bus;
use super::map::SYSTEM_COUNTER;

const CNTCR: u32 = 0x00;
/// Frequency of mode 0, in hertz.
const CNTFID0: u32 = 0x20;

/// It counts; it stops while a debugger halts the CPU; it counts as mode 0 says.
const CNTCR_VALUE: u32 = 1 << 0 | 1 << 1 | 1 << 8;

/// What the counter counts when its table is empty: the crystal divided by 3.
const USUAL: u32 = 8_000_000;

/// Starts it; gives its frequency in hertz, for CNTFRQ.
pub fn start<B: Bus>(bus: &B) -> u32 {
    let told = bus.read(SYSTEM_COUNTER.register(CNTFID0));
    bus.write(SYSTEM_COUNTER.register(CNTCR), CNTCR_VALUE);
    if told == 0 { USUAL } else { told }
}
