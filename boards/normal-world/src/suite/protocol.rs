// SPDX-License-Identifier: BSD-2-Clause
//! The SMC and message protocol, good and bad.

use crate::board::board;
use crate::report::{Report, expect};
use crate::{cpu, memory};
use alloc::string::String;
use utee_abi::msg::{ATTR_META, ATTR_NONCONTIG, Command, Kind, MsgHeader, MsgParam, message_size};
use utee_abi::psci;
use utee_abi::result::{Origin, TeeError};
use utee_abi::smc::{API_UID, FastCall, ReturnCode, RpcReturn, UNKNOWN_FUNCTION, YieldingCall, rpc_return};

fn smc(id: u32, a1: u32, a2: u32, a3: u32) -> [u32; 4] {
    cpu::smc([id, a1, a2, a3, 0, 0, 0, 0])
}

fn code(a0: u32) -> Result<ReturnCode, String> {
    ReturnCode::try_from(a0).map_err(|_| alloc::format!("a0 is {a0:#x}"))
}

/// The first two results.
fn two([a0, a1, ..]: [u32; 4]) -> [u32; 2] {
    [a0, a1]
}

pub(super) fn run(report: &mut Report) {
    report.step("fast calls", fast_calls());
    report.step("ids that do not exist", unknown());
    report.step("PSCI", psci_calls());
    report.step(
        "resume of no thread",
        code(smc(YieldingCall::ReturnFromRpc.into(), 0, 0, 3)[0]).and_then(|got| expect(got, ReturnCode::EResume)),
    );
    report.step("message addresses", addresses());
    report.step("number of parameters", parameter_counts());
    report.step("message refusals", refusals());
    report.step("shared memory by page lists", shared_memory());
}

fn fast_calls() -> Result<(), String> {
    expect(smc(FastCall::CallsUid.into(), 0, 0, 0), API_UID)?;
    expect(two(smc(FastCall::CallsRevision.into(), 0, 0, 0)), [2, 0])?;
    let config = smc(FastCall::GetShmConfig.into(), 0, 0, 0);
    let reserved = &board().reserved_shm;
    expect(config, [0, reserved.start as u32, (reserved.end - reserved.start) as u32, 1])?;
    expect(two(smc(FastCall::ExchangeCapabilities.into(), 0, 0, 0)), [0, 0x75])?;
    expect(two(smc(FastCall::ExchangeCapabilities.into(), 2, 0, 0)), [ReturnCode::ENotAvail.raw(), 2])?;
    expect(smc(FastCall::EnableShmCache.into(), 0, 0, 0)[0], 0)?;
    expect(smc(FastCall::DisableShmCache.into(), 0, 0, 0)[0], ReturnCode::ENotAvail.raw())
}

fn unknown() -> Result<(), String> {
    for id in [0xB200_00FF, 0xBF00_0000, 0xB200_0003, 0xC300_0000, 0x8600_0000] {
        expect(smc(id, 0, 0, 0)[0], UNKNOWN_FUNCTION)?;
    }
    expect(code(smc(0x3200_00FF, 0, 0, 0)[0])?, ReturnCode::EBadCmd)
}

fn psci_calls() -> Result<(), String> {
    // Other firmware than ours serves a later one.
    let version = smc(psci::Call::Version.into(), 0, 0, 0)[0];
    expect(version >> 16, psci::VERSION_1_0 >> 16)?;
    expect(smc(psci::Call::Features.into(), psci::Call::CpuOn.into(), 0, 0)[0], 0)?;
    expect(smc(psci::Call::Features.into(), 0x8400_00FF, 0, 0)[0], psci::Error::NotSupported.raw())?;
    expect(smc(psci::Call::AffinityInfo.into(), 0, 0, 0)[0], psci::AffinityState::On.raw())?;
    expect(smc(psci::Call::AffinityInfo.into(), 77, 0, 0)[0], psci::Error::InvalidParameters.raw())?;
    expect(smc(psci::Call::CpuOn.into(), 0, board().entry as u32, 0)[0], psci::Error::AlreadyOn.raw())?;
    if version != psci::VERSION_1_0 {
        // It may take an address in secure memory, and the CPU would be lost there.
        return Ok(());
    }
    let second = smc(psci::Call::AffinityInfo.into(), 1, 0, 0)[0];
    let there = second != psci::Error::InvalidParameters.raw();
    let wanted = if there { psci::Error::InvalidAddress } else { psci::Error::InvalidParameters };
    expect(smc(psci::Call::CpuOn.into(), 1, board().secure_ram.start as u32, 0)[0], wanted.raw())
}

/// A page to write messages into.
fn page() -> Result<u64, String> {
    memory::allocate(1).ok_or_else(|| "no page".into())
}

/// Writes to memory of this test's, or reserved shared memory that nobody else uses meanwhile.
fn poke(at: u64, data: &[u8]) {
    // SAFETY: as above.
    unsafe { memory::copy(at as *mut u8, data.as_ptr(), data.len()) };
}

fn put(at: u64, header: &MsgHeader, params: &[MsgParam]) {
    let mut bytes = [0u8; message_size(8)];
    let _ = header.write(&mut bytes);
    for (index, param) in params.iter().enumerate() {
        let _ = param.write(&mut bytes, index);
    }
    poke(at, &bytes);
}

fn call(at: u64) -> u32 {
    yielding(YieldingCall::WithArg, (at >> 32) as u32, at as u32, 0)
}

/// Makes a yielding call that asks for nothing; its last a0.
fn yielding(call: YieldingCall, a1: u32, a2: u32, a3: u32) -> u32 {
    let mut regs = [call.into(), a1, a2, a3, 0, 0, 0, 0];
    loop {
        let [a0, _, _, thread] = cpu::smc(regs);
        // The tick goes on: a call that it interrupts is resumed.
        if a0 != rpc_return(RpcReturn::ForeignInterrupt) {
            return a0;
        }
        regs = [YieldingCall::ReturnFromRpc.into(), 0, 0, thread, 0, 0, 0, 0];
    }
}

/// Performs a command without parameters on a page; its result, or `a0` when that is none.
pub(super) fn command(page: u64, command: Command) -> u32 {
    put(page, &MsgHeader::request(command.into(), 0), &[]);
    match call(page) {
        0 => answer(page).ret,
        code => code,
    }
}

fn answer(at: u64) -> MsgHeader {
    let mut bytes = [0u8; 32];
    // SAFETY: a page of this test's.
    unsafe { memory::copy(bytes.as_mut_ptr(), at as *const u8, bytes.len()) };
    MsgHeader::read(&bytes).unwrap_or_default()
}

fn addresses() -> Result<(), String> {
    let page = page()?;
    put(page, &MsgHeader::request(Command::CloseSession.into(), 0), &[]);
    expect(call(page), 0)?;
    for bad in [page + 8, board().secure_ram.start, board().secure_ram.start - 16, 0, board().device, 0xFFFF_F000, 0x10_0000_0000] {
        expect(call(bad), ReturnCode::EBadAddr.raw())?;
    }
    let reserved = board().reserved_shm.start + 0x108;
    put(reserved, &MsgHeader::request(Command::CloseSession.into(), 0), &[]);
    expect(call(reserved), 0)?;
    expect(call(board().reserved_shm.end - 16), ReturnCode::EBadAddr.raw())?;
    expect(yielding(YieldingCall::WithRegdArg, 0x1234, 0x5678, 0), ReturnCode::EBadAddr.raw())?;
    memory::release(page, 1);
    Ok(())
}

fn parameter_counts() -> Result<(), String> {
    let page = page()?;
    for (count, wanted) in [
        (0, Some(TeeError::BAD_PARAMETERS)),
        (5, Some(TeeError::BAD_PARAMETERS)),
        (31, Some(TeeError::BAD_PARAMETERS)),
        (127, Some(TeeError::BAD_PARAMETERS)),
        (128, None),
        (0x0800_0000, None),
        (u32::MAX, None),
    ] {
        put(page, &MsgHeader::request(Command::OpenSession.into(), count), &[]);
        match wanted {
            Some(error) => {
                expect(call(page), 0)?;
                expect((answer(page).ret, answer(page).ret_origin), (error.raw(), Origin::Tee.raw()))?;
            }
            None => expect(call(page), ReturnCode::EBadAddr.raw())?,
        }
    }
    memory::release(page, 1);
    Ok(())
}

fn refusals() -> Result<(), String> {
    let page = page()?;
    let refused = |header: MsgHeader, params: &[MsgParam], wanted: TeeError| {
        put(page, &header, params);
        expect(call(page), 0)?;
        expect(answer(page).ret, wanted.raw())
    };
    refused(MsgHeader::request(Command::CloseSession.into(), 0), &[], TeeError::ITEM_NOT_FOUND)?;
    refused(MsgHeader::request(Command::InvokeCommand.into(), 0), &[], TeeError::BAD_PARAMETERS)?;
    refused(MsgHeader::request(Command::CloseSession.into(), 1), &[MsgParam::default()], TeeError::BAD_PARAMETERS)?;
    refused(
        MsgHeader::request(Command::RegisterShm.into(), 1),
        &[MsgParam::new(Kind::TmemOutput, [page, 1, 1])],
        TeeError::BAD_PARAMETERS,
    )?;
    refused(
        MsgHeader::request(Command::UnregisterShm.into(), 1),
        &[MsgParam::new(Kind::RmemInput, [0, 0, 0x77])],
        TeeError::BAD_PARAMETERS,
    )?;
    let [a, b] = hello_world::proto::UUID.words();
    let meta = |words| MsgParam::new(Kind::ValueInput, words).with(ATTR_META);
    let open = MsgHeader::request(Command::OpenSession.into(), 2);
    for login in [3, 7, 0xF000_0000, u64::MAX] {
        refused(open, &[meta([a, b, 0]), meta([0, 0, login])], TeeError::BAD_PARAMETERS)?;
    }
    let with = |param: MsgParam| [meta([a, b, 0]), meta([0; 3]), param];
    let open = MsgHeader::request(Command::OpenSession.into(), 3);
    for bad in [4u64, 8, 0xC, 0xFF, ATTR_META | 1] {
        refused(open, &with(MsgParam { attr: bad, words: [0; 3] }), TeeError::BAD_PARAMETERS)?;
    }
    // Memory that is not shared: secure RAM directly, by page list, and a list that itself is secure.
    refused(open, &with(MsgParam::new(Kind::TmemInout, [board().secure_ram.start, 16, 0])), TeeError::BAD_PARAMETERS)?;
    refused(open, &with(MsgParam::new(Kind::TmemInout, [board().secure_ram.start, 16, 0]).with(ATTR_NONCONTIG)), TeeError::BAD_PARAMETERS)?;
    let list = page + 2048;
    poke(list & !0xFFF, &board().secure_ram.start.to_le_bytes());
    let other = memory::allocate(1).ok_or("no page")?;
    poke(other, &board().secure_ram.start.to_le_bytes());
    refused(open, &with(MsgParam::new(Kind::TmemInout, [other, 16, 0]).with(ATTR_NONCONTIG)), TeeError::BAD_PARAMETERS)?;
    refused(open, &with(MsgParam::new(Kind::TmemInout, [other, u64::MAX, 0]).with(ATTR_NONCONTIG)), TeeError::BAD_PARAMETERS)?;
    put(page, &MsgHeader::request(99, 0), &[]);
    expect(call(page), ReturnCode::EBadCmd.raw())?;
    memory::release(other, 1);
    memory::release(page, 1);
    Ok(())
}

fn shared_memory() -> Result<(), String> {
    let message = page()?;
    let pages = memory::allocate(600).ok_or("no pages")?;
    let list = memory::allocate(2).ok_or("no pages")?;
    for index in 0..600u64 {
        let at = list + index / 511 * 4096 + index % 511 * 8;
        poke(at, &(pages + index * 4096).to_le_bytes());
    }
    poke(list + 511 * 8, &(list + 4096).to_le_bytes());
    for (offset, size) in [(0u64, 600 * 4096u64), (1, 4096), (4095, 2), (100, 599 * 4096)] {
        let cookie = 0xC000_0000 + offset;
        let param = MsgParam::new(Kind::TmemOutput, [list | offset, size, cookie]).with(ATTR_NONCONTIG);
        put(message, &MsgHeader::request(Command::RegisterShm.into(), 1), &[param]);
        expect(call(message), 0)?;
        expect(answer(message).ret, 0)?;
        put(message, &MsgHeader::request(Command::UnregisterShm.into(), 1), &[MsgParam::new(Kind::RmemInput, [0, 0, cookie])]);
        expect(call(message), 0)?;
        expect(answer(message).ret, 0)?;
    }
    memory::release(list, 2);
    memory::release(pages, 600);
    memory::release(message, 1);
    Ok(())
}
