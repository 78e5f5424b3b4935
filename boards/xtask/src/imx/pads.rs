// SPDX-License-Identifier: BSD-2-Clause
//! Pads that the DCDs of both boards write the same way, or nearly so: offset in IOMUXC, value.

use drivers::imx6::iomuxc::Pad;

/// Strength and pulls of the lines of a card.
pub(super) const DATA: u32 = 0x0001_70F9;

/// Pads as a DCD has them: every function, then how each behaves, then the inputs that lead to them, by register.
pub(super) fn set(pads: &[Pad]) -> Vec<(u32, u32)> {
    let functions = pads.iter().map(|pad| (u32::from(pad.function.0), u32::from(pad.function.1)));
    let electric = pads.iter().map(|pad| (u32::from(pad.electric.0), pad.electric.1));
    let mut inputs: Vec<_> = pads.iter().filter_map(|pad| pad.input).map(|(register, value)| (register.into(), value.into())).collect();
    inputs.sort_unstable();
    functions.chain(electric).chain(inputs).collect()
}

/// Those of the DDR; `clock`: strength and kind of its clock line.
pub(super) fn ddr(clock: u32) -> Vec<(u32, u32)> {
    vec![
        (0x4B4, 0x000C_0000),
        (0x4AC, 0),
        (0x27C, 0x30),
        (0x250, 0x30),
        (0x24C, 0x30),
        (0x490, 0x30),
        (0x288, clock),
        (0x270, 0),
        (0x260, 0x30),
        (0x264, 0x30),
        (0x4A0, 0x30),
        (0x494, 0x0002_0000),
        (0x280, 0x30),
        (0x284, 0x30),
        (0x4B0, 0x0002_0000),
        (0x498, 0x30),
        (0x4A4, 0x30),
        (0x244, 0x30),
        (0x248, 0x30),
    ]
}

/// SD controller 1, 4 bits wide, with one more line.
pub(super) fn usdhc1(more: Pad) -> Vec<(u32, u32)> {
    let line = |index: u16| Pad { function: (0x1BC + 4 * index, 0), electric: (0x448 + 4 * index, DATA), input: None };
    set(&[line(0), line(1), line(2), line(3), line(4), line(5), more])
}

/// SD controller 2, 8 bits wide.
pub(super) fn usdhc2() -> Vec<(u32, u32)> {
    /// Inputs of the controller, by register.
    const INPUTS: [(u32, u32); 10] =
        [(0x670, 2), (0x678, 2), (0x67C, 2), (0x680, 2), (0x684, 1), (0x688, 2), (0x68C, 1), (0x690, 1), (0x694, 1), (0x698, 1)];
    let functions = (0..10).map(|line| (0x178 + 4 * line, 1));
    let electric = (0..10).map(|line| (0x404 + 4 * line, DATA)).chain([(0x42C, 0x0000_10B0)]);
    functions.chain(electric).chain(INPUTS).collect()
}
