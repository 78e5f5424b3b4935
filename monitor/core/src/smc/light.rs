// SPDX-License-Identifier: BSD-2-Clause
//! Lights that the normal world asks for.

use crate::Tee;
use crate::console::ports::LightError;
use crate::ports::Platform;
use utee_abi::light::{Answer, Light};

/// Serves a call for a light: a1 which, a2 on or off.
pub fn serve<P: Platform>(tee: &Tee<P>, regs: &[u32; 8]) -> [u32; 4] {
    let [_, light, on, ..] = *regs;
    let answer = match (Light::try_from(light), on) {
        (Ok(light), 0 | 1) => match tee.platform.lend_light(light, on == 1) {
            Ok(()) => Answer::Done,
            Err(LightError::Absent) => Answer::NotSupported,
            Err(LightError::SecureOnly) => Answer::Denied,
        },
        _ => Answer::Invalid,
    };
    [answer.into(), 0, 0, 0]
}
