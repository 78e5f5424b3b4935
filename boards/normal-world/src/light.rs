// SPDX-License-Identifier: BSD-2-Clause
//! Lights of the board, which the secure world switches when this one asks.

use crate::report::expect;
use crate::{cpu, println};
use alloc::format;
use alloc::string::String;
use utee_abi::light::{Answer, Light, SWITCH};

/// Asks for a light; the answer as it came.
pub(crate) fn switch(light: Light, on: bool) -> u32 {
    cpu::smc([SWITCH, light.into(), on.into(), 0, 0, 0, 0, 0])[0]
}

/// Asks for both: a board that has them gives the blue one alone.
pub(crate) fn demonstrate() -> Result<(), String> {
    let ask = |light, on| Answer::try_from(switch(light, on)).map_err(|error| format!("no answer that there is: {error}"));
    let answers = [ask(Light::White, true)?, ask(Light::Blue, true)?, ask(Light::Blue, false)?];
    if answers == [Answer::NotSupported; 3] {
        println!("  this board has no lights");
        return Ok(());
    }
    println!("  the white one is the secure world's: {:?}; the blue one is lent: {:?}", answers[0], answers[1]);
    expect(answers, [Answer::Denied, Answer::Done, Answer::Done])
}
