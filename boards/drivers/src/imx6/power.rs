// SPDX-License-Identifier: BSD-2-Clause
//! Power off, by the low-power part of the SNVS (chapter "SNVS" of the reference manual, "LP Control Register").

use super::bus::Bus;
use super::map::SNVS_HP;

/// LPCR, which is reached through the high-power part too.
const LPCR: u32 = 0x38;
/// The power controller is told to switch off, and stays so.
const TURN_OFF: u32 = 1 << 6 | 1 << 5;

/// Tells the power controller of the board to switch it off, which takes effect a little later.
pub fn off<B: Bus>(bus: &B) {
    let register = SNVS_HP.register(LPCR);
    bus.write(register, bus.read(register) | TURN_OFF);
}
