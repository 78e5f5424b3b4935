// SPDX-License-Identifier: BSD-2-Clause
//! What a call must leave alone: this world's registers, floating point included.

use crate::arch::scalable;
use crate::arch::state::{FP_WORDS, WORDS, Word, fp_enable, fp_load, fp_store, smc_registers};
use crate::board::board;
use crate::cpu;
use crate::memory;
use crate::probe::{self, Refused};
use crate::report::{Report, expect};
use crate::tee::{self, operation};
use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use conformance::proto as conformance;
use hostile::proto as hostile;
use sleeper::proto as sleep;
use tee_client::Param;
use tee_client::{Error, Operation, Origin, TeeError};
use utee_abi::msg::{Command, HEADER_SIZE, MsgHeader};
use utee_abi::psci;
use utee_abi::smc::{API_UID, FastCall, ReturnCode, UNKNOWN_FUNCTION, YieldingCall};

pub(super) fn run(report: &mut Report) {
    report.step("registers across calls of every kind", registers());
    report.step("floating point across calls", floating_point());
    if let Some(outcome) = scalable_vectors() {
        report.step("vectors and predicates of SVE across calls", outcome);
    }
    if let Some(tried) = probe::kept_register() {
        report.step("what EL3 keeps is undefined here", expect(tried, Err(Refused(probe::UNDEFINED))));
    }
    report.step("a busy TA is interrupted", interrupted());
    report.step("secure interrupts cannot be masked or switched off", secure_interrupts());
}

/// Whatever is called: all but the first four registers keep their values, and these are results, zero or what they were.
fn registers() -> Result<(), String> {
    let page = memory::allocate(1).ok_or("no page")?;
    let mut bytes = [0; HEADER_SIZE];
    MsgHeader::request(Command::CloseSession.into(), 0).write(&mut bytes).ok_or("no room for a header")?;
    // SAFETY: a page that was allocated for this.
    unsafe { memory::copy(page as *mut u8, bytes.as_ptr(), bytes.len()) };
    let yielding: u32 = YieldingCall::WithArg.into();
    let version = cpu::smc([psci::Call::Version.into(), 0, 0, 0, 0, 0, 0, 0])[0];
    let calls: [(u32, u32, [u32; 4]); 6] = [
        (FastCall::CallsUid.into(), 0, API_UID),
        (FastCall::VmCreated.into(), 0x5EED, [UNKNOWN_FUNCTION, 0, 0, 0]),
        (psci::Call::Version.into(), 0x5EED, [version, 0, 0, 0]),
        (YieldingCall::ReturnFromRpc.into(), 0x5EED, [ReturnCode::EResume.raw(), 0, 0, 0]),
        (yielding + 0x40, 0x5EED, [ReturnCode::EBadCmd.raw(), 0, 0, 0]),
        (yielding, 0, [ReturnCode::Ok.raw(), 0, 0, 0]),
    ];
    // A call that is interrupted comes back early, even where this world masks the interrupt.
    let masked = cpu::mask_interrupts();
    cpu::stop_tick();
    let outcome = calls.into_iter().try_for_each(|(id, a1, wanted)| {
        let mut registers: [Word; WORDS] = core::array::from_fn(|index| 0x0111_1111 * index as Word);
        let a2 = if id == yielding { page as u32 } else { 0x5EED };
        registers[..4].copy_from_slice(&[id, a1, a2, 0x5EED].map(Word::from));
        let before = registers;
        // SAFETY: the function keeps what the calling convention asks for; the calls touch no memory but the page.
        unsafe { smc_registers(&mut registers) };
        expect(registers[4..] == before[4..], true).map_err(|error| format!("{id:#x}: kept registers: {error}: {registers:x?}"))?;
        let clean = (0..4).all(|index| registers[index] == Word::from(wanted[index]) || index > 0 && registers[index] == before[index]);
        expect(clean, true).map_err(|error| format!("{id:#x}: results: {error}: {registers:x?}"))
    });
    cpu::next_tick(crate::entry::HZ);
    cpu::restore_interrupts(masked);
    memory::release(page, 1);
    outcome
}

/// This world can neither mask secure interrupts nor switch them off: a TA that loops is still ended.
fn secure_interrupts() -> Result<(), String> {
    // Whether the mask can be set or not: what counts is that the TA below is ended all the same.
    expect(cpu::mask_fast_interrupts(), true).map_err(|error| format!("the mask: {error}"))?;
    for id in [board().secure_timer, board().secure_sgi] {
        crate::gic::gic().disable(id);
    }
    let session = tee::tee()?.open_public(hostile::UUID).map_err(|error| error.to_string())?;
    let code = session.invoke(hostile::LOOP, &mut Operation::none());
    expect(code, Err(Error { code: TeeError::TARGET_DEAD, origin: Origin::Tee }))
}

fn floating_point() -> Result<(), String> {
    let mut values = [0u64; FP_WORDS];
    for (index, value) in values.iter_mut().enumerate() {
        *value = 0x0101_0101_0101_0101 * (index as u64 + 1);
    }
    let tee = tee::tee()?;
    let session = tee.open_public(conformance::UUID).map_err(|error| error.to_string())?;
    let group = conformance::GROUPS.iter().position(|group| *group == "floating point").unwrap_or(0);
    let mut params = operation([Param::value_input(group as u32, 0), Param::value_output()]);
    let mut after = [0u64; FP_WORDS];
    // SAFETY: this kernel is built soft-float, so that the registers are this test's alone.
    unsafe {
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

/// The TA uses the floating-point registers below them.
fn scalable_vectors() -> Option<Result<(), String>> {
    let before = Box::new(scalable::Registers::pattern());
    let mut after = before.clone();
    let session = match tee::tee().and_then(|tee| tee.open_public(conformance::UUID).map_err(|error| error.to_string())) {
        Ok(session) => session,
        Err(error) => return Some(Err(error)),
    };
    let group = conformance::GROUPS.iter().position(|group| *group == "floating point").unwrap_or(0);
    let mut params = operation([Param::value_input(group as u32, 0), Param::value_output()]);
    let done = scalable::outlive(&before, &mut after, || session.invoke(conformance::RUN_GROUP, &mut params))?;
    let outcome = done.map_err(|error| error.to_string()).and_then(|()| expect(params.value(1).1, 0));
    Some(outcome.and_then(|()| expect(before == after, true)))
}

fn interrupted() -> Result<(), String> {
    const BUSY_MS: u32 = 300;
    let tee = tee::tee()?;
    let session = tee.open_public(sleep::UUID).map_err(|error| error.to_string())?;
    let before = crate::entry::TICKS.load(core::sync::atomic::Ordering::Relaxed);
    let mut params = operation([Param::value_input(BUSY_MS, 0), Param::value_output()]);
    session.invoke(sleep::BUSY, &mut params).map_err(|error| error.to_string())?;
    let ticks = crate::entry::TICKS.load(core::sync::atomic::Ordering::Relaxed) - before;
    // A tick each 10 ms reaches this world only if the TA is left for it; else the one that waits at the end does. A busy
    // machine lets the emulator run so late that many ticks become one.
    if ticks >= 3 { Ok(()) } else { Err(alloc::format!("{ticks} ticks came through at {} Hz", cpu::frequency())) }
}
