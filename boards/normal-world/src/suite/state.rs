// SPDX-License-Identifier: BSD-2-Clause
//! What a call must leave alone: this world's registers, floating point included.

use crate::cpu::{self, cp};
use crate::report::{Report, expect};
use crate::tee::{self, operation};
use alloc::string::{String, ToString};
use conformance::proto as conformance;
use core::arch::{asm, global_asm};
use sleeper::proto as sleep;
use tee_client::Param;
use utee_abi::smc::FastCall;

global_asm!(
    ".fpu neon",
    // r0: 32 double words.
    ".global fp_load",
    "fp_load: vldmia r0!, {{d0-d15}}",
    "vldmia r0!, {{d16-d31}}",
    "bx lr",
    ".global fp_store",
    "fp_store: vstmia r0!, {{d0-d15}}",
    "vstmia r0!, {{d16-d31}}",
    "bx lr",
    ".global fp_enable",
    "fp_enable: mov r0, #0x40000000",
    "vmsr fpexc, r0",
    "bx lr",
);

unsafe extern "C" {
    fn fp_load(values: *const [u64; 32]);
    fn fp_store(values: *mut [u64; 32]);
    fn fp_enable();
}

pub(super) fn run(report: &mut Report) {
    report.step("registers across a fast call", registers());
    report.step("floating point across calls", floating_point());
    report.step("a busy TA is interrupted", interrupted());
}

/// r4 to r11 keep their values; what is in r0 to r3 are results and nothing else.
fn registers() -> Result<(), String> {
    let mut seen = [0u32; 5];
    // SAFETY: all registers that the call may change are named; r4 to r10 are put back by hand.
    unsafe {
        asm!(
            ".arch_extension sec",
            "push {{r4-r11}}",
            "mov r4, #0x44", "mov r5, #0x55", "mov r8, #0x88", "mov r9, #0x99", "mov r10, #0xAA",
            "smc #0",
            "mov r0, r4", "mov r1, r5", "mov r2, r8", "mov r3, r9", "mov r12, r10",
            "pop {{r4-r11}}",
            inlateout("r0") u32::from(FastCall::CallsUid) => seen[0],
            inlateout("r1") 0 => seen[1], inlateout("r2") 0 => seen[2], inlateout("r3") 0 => seen[3],
            lateout("r12") seen[4], lateout("lr") _,
        );
    }
    expect(seen, [0x44, 0x55, 0x88, 0x99, 0xAA])
}

fn floating_point() -> Result<(), String> {
    let mut values = [0u64; 32];
    for (index, value) in values.iter_mut().enumerate() {
        *value = 0x0101_0101_0101_0101 * (index as u64 + 1);
    }
    let tee = tee::tee()?;
    let session = tee.open_public(conformance::UUID).map_err(|error| error.to_string())?;
    let group = conformance::GROUPS.iter().position(|group| *group == "floating point").unwrap_or(0);
    let mut params = operation([Param::value_input(group as u32, 0), Param::value_output()]);
    let mut after = [0u64; 32];
    // SAFETY: this kernel is built soft-float, so that the registers are this test's alone.
    unsafe {
        cp::set_cpacr(cp::cpacr() | 0x00F0_0000);
        fp_enable();
        fp_load(&values);
    }
    let done = session.invoke(conformance::RUN_GROUP, &mut params);
    // SAFETY: as above.
    unsafe { fp_store(&mut after) };
    done.map_err(|error| error.to_string())?;
    expect(params.value(1).1, 0)?;
    expect(after, values)
}

fn interrupted() -> Result<(), String> {
    const BUSY_MS: u32 = 300;
    let tee = tee::tee()?;
    let session = tee.open_public(sleep::UUID).map_err(|error| error.to_string())?;
    let before = crate::entry::TICKS.load(core::sync::atomic::Ordering::Relaxed);
    let mut params = operation([Param::value_input(BUSY_MS, 0), Param::value_output()]);
    session.invoke(sleep::BUSY, &mut params).map_err(|error| error.to_string())?;
    let ticks = crate::entry::TICKS.load(core::sync::atomic::Ordering::Relaxed) - before;
    // A tick each 10 ms reaches this world only if the TA is left for it.
    if ticks >= 10 { Ok(()) } else { Err(alloc::format!("{ticks} ticks came through at {} Hz", cpu::cp::cntfrq())) }
}
